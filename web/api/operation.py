"""An operation of the API, as it is declared: the one source of routes, checks and documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from web.accounts.people import Person, Role, Scope
from web.installation import Installation

JSON = "application/json"
YAML = "application/yaml"
BODY_BYTES_MAX = 1024 * 1024
_NAMES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was read and checked, as far as its declaration goes.

    Attributes:
        now: naive UTC.
        path: what the address names, by name: texts, whole numbers and MACs.
        query: of the declared model; None: none is declared.
        body: of the declared model; a dict for a document; text for a site file.
        if_match: tags of the header, ``*`` included; None: it was not sent.
        if_none_match: the same of If-None-Match.
        base: how the caller reaches the server, such as ``https://prov.example``.
        where: the path, as it was asked for.
        arguments: the query, as it was sent.
    """

    installation: Installation
    who: Person
    now: datetime
    path: Mapping[str, Any]
    query: Any = None
    body: Any = None
    if_match: tuple[str, ...] | None = None
    if_none_match: tuple[str, ...] | None = None
    base: str = ""
    where: str = ""
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def site(self) -> str:
        """The site that the address names."""
        return str(self.path["site"])

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be stored."""
        return bool(getattr(self.query, "dry_run", False))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        value: of the model that is declared for the status, or what it is made from.
        etag: without quotes; empty: none.
        location: path below the API; empty: none.
    """

    value: Any = None
    status: int = 200
    etag: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A part of a site file, sent or answered as it stands there.

    It is checked where it is stored, with the sentences people know from ``bellwire apply``.

    Attributes:
        shape: describes it.
        types: media types in which it may be sent.
    """

    shape: type[BaseModel]
    types: tuple[str, ...] = (JSON,)


Handler = Callable[[Call], Reply]
Shape = type[BaseModel] | Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation.

    Attributes:
        id: unique; programs that are generated from the document call it so.
        path: below the API, with ``{names}`` of ``paths.NAMES``.
        scope: that a token needs; None: no token is needed.
        role: that its user needs at least.
        query, body: what may be sent.
        answers: what is answered by HTTP status; None: nothing.
        refusals: statuses of errors that follow from nothing else here.
        must_match: it replaces or removes a document, so If-Match must be sent.
        may_match: If-Match and If-None-Match are heeded where they are sent.
        new_site: the site it names need not exist.
        bytes_max: of the body.
    """

    id: str
    method: str
    path: str
    tag: str
    summary: str
    handler: Handler
    scope: Scope | None
    answers: Mapping[int, Shape | None]
    role: Role = Role.VIEWER
    query: type[BaseModel] | None = None
    body: Shape | None = None
    body_needed: bool = True
    refusals: tuple[int, ...] = ()
    must_match: bool = False
    may_match: bool = False
    has_etag: bool = False
    new_site: bool = False
    bytes_max: int = BODY_BYTES_MAX
    note: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What its address names."""
        return tuple(_NAMES.findall(self.path))

    @property
    def problems(self) -> tuple[int, ...]:
        """The statuses of all errors it can answer with, but for those of a broken server."""
        found = {503, *self.refusals}
        if self.scope is not None:
            found |= {401, 403, 422, 429}
        if self.names:
            found.add(404)
        if self.body is not None:
            found |= {400, 413, 415, 422}
        if self.must_match:
            found |= {412, 428}
        if self.may_match:
            found.add(412)
        return tuple(sorted(found))
