"""Errors as RFC 9457 writes them: one table of kinds, one of what the code raises."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from provisioner.errors import (
    BellwireError,
    CatalogueError,
    DeviceError,
    DuplicateError,
    FetchError,
    InventoryError,
    SiteFileError,
    UnknownThingError,
)
from web.accounts.refusals import AccountError
from web.api.pointers import pointer, pointer_of_text

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:bellwire:problem:"
READING = frozenset({"GET", "HEAD", "DELETE"})
KINDS: dict[str, tuple[int, str]] = {
    "malformed": (400, "The request cannot be read"),
    "token": (401, "A token is needed"),
    "scope": (403, "The token is not for this"),
    "role": (403, "The user of this token may not do this"),
    "not-found": (404, "There is no such thing"),
    "method": (405, "This address does not take that method"),
    "conflict": (409, "Something stands in the way"),
    "stale": (412, "It was changed meanwhile"),
    "too-large": (413, "The request is too large"),
    "media-type": (415, "The body is of another type"),
    "invalid": (422, "What was sent is not right"),
    "match-needed": (428, "If-Match is needed"),
    "too-many": (429, "Too many wrong tokens"),
    "failed": (500, "Something went wrong"),
    "device": (502, "A device or the PBX did not do it"),
    "busy": (503, "Too busy just now"),
}
"""Kind, HTTP status, title."""
_BY_STATUS = {status: kind for kind, (status, _) in reversed(KINDS.items())}


class ProblemPart(BaseModel):
    """One thing that is wrong."""

    model_config = ConfigDict(extra="forbid")
    pointer: str = Field(description="JSON Pointer into the body; #name: a query parameter")
    detail: str


class Problem(BaseModel):
    """An error, as RFC 9457 writes it."""

    model_config = ConfigDict(extra="forbid")
    type: str = Field(description="urn:bellwire:problem:KIND; programs look at this")
    title: str = Field(description="what kind of error it is, in words")
    status: int = Field(description="the HTTP status", ge=400, le=599)
    detail: str = Field(description="what is wrong this time, and what would be right")
    errors: list[ProblemPart] = Field(default=[], description="where it is wrong")


@dataclass
class ProblemError(Exception):
    """A request is refused, or has failed.

    Attributes:
        kind: a key of ``KINDS``.
        errors: pairs of pointer and sentence.
    """

    kind: str
    detail: str
    errors: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind][0]

    def response(self) -> Response:
        """Return it as it is sent."""
        status, title = KINDS[self.kind]
        parts = [ProblemPart(pointer=at, detail=told) for at, told in self.errors]
        body = Problem(
            type=TYPE + self.kind, title=title, status=status, detail=self.detail, errors=parts
        )
        text = body.model_dump_json(exclude_defaults=True)
        return Response(text, status, headers=dict(self.headers), mimetype=MEDIA_TYPE)


def not_found(detail: str) -> ProblemError:
    """Return that something is not there, or is not to be seen, which look alike."""
    return ProblemError("not-found", detail)


def invalid(at: str, detail: str) -> ProblemError:
    """Return that one field of the body, or ``#name`` of the query, is not right."""
    return ProblemError("invalid", detail, ((at, detail),))


def of_validation(problem: ValidationError, prefix: str = "") -> ProblemError:
    """Return what pydantic found; ``prefix`` is ``#`` for query parameters.

    What was sent is not repeated: it may be a secret.
    """
    found = problem.errors(include_url=False, include_input=False, include_context=False)
    if any(each["type"] == "json_invalid" for each in found):
        return ProblemError("malformed", f"the body is not JSON: {_said(found[0])}")
    errors = tuple((_at(each["loc"], prefix), _said(each)) for each in found[:50])
    at, first = errors[0]
    return ProblemError("invalid", f"{at or 'the body'}: {first}", errors)


def _at(loc: Iterable[str | int], prefix: str) -> str:
    return prefix + "/".join(map(str, loc)) if prefix else pointer(loc)


def _said(error: Any) -> str:  # noqa: ANN401 - pydantic's own dictionary
    return str(error["msg"]).removeprefix("Value error, ")


def problem_of(error: Exception, method: str) -> ProblemError:
    """Return how an exception is answered.

    Args:
        error: anything.
        method: of the request: what an address names and is not there is "not found", what a
            body names is "not right".
    """
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, BellwireError):
        return _of_bellwire(error, method)
    if isinstance(error, HTTPException):
        return of_http(error)
    if isinstance(error, OperationalError):
        log.warning("the API could not use the database: %s", error.orig)
        return ProblemError("busy", "the database is busy; try again", (), {"Retry-After": "5"})
    log.error("a request of the API failed", exc_info=error)
    return ProblemError("failed", "it is written in the server's log; nothing was changed")


def _of_bellwire(error: BellwireError, method: str) -> ProblemError:
    if isinstance(error, SiteFileError):
        at = pointer_of_text(error.field)
        told = str(error).partition(f"{error.field}: ")[2] if error.field else str(error)
        line = f"line {error.line}: " if error.line else ""
        return ProblemError("invalid", f"{line}{error.field}: {told}", ((at, told),))
    if isinstance(error, AccountError):
        return _of_account(error)
    for kind, name in _KINDS_OF.items():
        if isinstance(error, kind):
            by_body = name == "not-found" and method not in READING
            return ProblemError("invalid" if by_body else name, str(error))
    log.error("a request of the API failed", exc_info=error)
    return ProblemError("failed", "it is written in the server's log; nothing was changed")


_KINDS_OF: dict[type[BellwireError], str] = {
    DuplicateError: "conflict",
    UnknownThingError: "not-found",
    InventoryError: "invalid",
    DeviceError: "device",
    FetchError: "conflict",
    CatalogueError: "conflict",
}
_REFUSED_ACCOUNTS = {
    "name-taken": "conflict", "last-admin": "conflict", "unknown-user": "not-found",
    "unknown-token": "not-found",
}  # fmt: skip


def _of_account(error: AccountError) -> ProblemError:
    return ProblemError(_REFUSED_ACCOUNTS.get(error.reason, "invalid"), str(error))


def of_http(error: HTTPException) -> ProblemError:
    """Return an error of the web framework, with what it says in headers, such as Allow."""
    kind = _BY_STATUS.get(error.code or 500, "malformed" if (error.code or 500) < 500 else "failed")  # noqa: PLR2004 - RFC 9110
    kept = {n: v for n, v in error.get_headers() if n.lower() != "content-type"}
    return ProblemError(kind, KINDS[kind][1], (), kept)
