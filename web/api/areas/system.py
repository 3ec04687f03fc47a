"""The API itself: its document, its health, who asks."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version

from pydantic import Field, RootModel

from web.accounts.people import Role, Scope
from web.api.operation import Call, Operation, Reply
from web.api.shapes.values import Answer

TAG = "system"


class Health(Answer):
    """That the process answers and its database can be read."""

    status: str


class Version(Answer):
    """Which bellwire this is."""

    version: str
    api: str = Field(description="the version of this API")
    simulated: bool = Field(description="its phones are simulated: it is a demonstration")


class Me(Answer):
    """Whose token it is, and what it is good for."""

    user: str
    role: Role
    scopes: list[Scope]
    all_sites: bool
    sites: list[str] = Field(description="ids of the sites assigned; empty when all are")


class OpenApi(RootModel[dict[str, object]]):
    """An OpenAPI 3.1 document."""


def health(call: Call) -> Reply:
    """Say that all is well."""
    with call.installation.database.read() as session:
        session.connection()
    return Reply({"status": "ok"})


def about(call: Call) -> Reply:
    """Say which bellwire this is."""
    simulated = call.installation.simulated_mark.exists()
    return Reply({"version": version("bellwire"), "api": "v1", "simulated": simulated})


def me(call: Call) -> Reply:
    """Say whose token it is."""
    who = call.who
    return Reply(
        {
            "user": who.name,
            "role": who.role,
            "scopes": sorted(who.scopes or ()),
            "all_sites": who.sees_all,
            "sites": [] if who.sees_all else sorted(who.sites),
        }
    )


def openapi(_call: Call) -> Reply:
    """Return the document of this API."""
    return Reply(_document())


@lru_cache(maxsize=1)
def _document() -> dict[str, object]:
    from web.api.openapi import document
    from web.api.table import OPERATIONS, TAGS

    return document(OPERATIONS, version("bellwire"), TAGS)


OPERATIONS = (
    Operation(
        id="get_openapi", method="GET", path="/openapi.json", tag=TAG, scope=None,
        summary="This document", handler=openapi, answers={200: OpenApi},
    ),
    Operation(
        id="get_health", method="GET", path="/health", tag=TAG, scope=None,
        summary="Whether it answers", handler=health, answers={200: Health},
    ),
    Operation(
        id="get_version", method="GET", path="/version", tag=TAG, scope=Scope.READ,
        summary="Which bellwire this is", handler=about, answers={200: Version},
    ),
    Operation(
        id="get_me", method="GET", path="/me", tag=TAG, scope=Scope.READ,
        summary="Whose token it is", handler=me, answers={200: Me},
    ),
)  # fmt: skip
