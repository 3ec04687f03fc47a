"""Whole site files: what one would change, and applying it. As ``bellwire plan`` and ``apply``."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import yaml
from pydantic import Field, RootModel
from sqlalchemy.orm import Session

from provisioner.apply import Applier, file_diffs
from provisioner.edits.documents import bare_account, bare_room, etag_of, head_document
from provisioner.edits.edit import EditError
from provisioner.edits.whole import apply_whole
from provisioner.edits.written import (
    account_as_written,
    room_as_written,
    site_as_written,
)
from provisioner.errors import SiteFileError
from provisioner.filestore.site_names import check_library_names
from provisioner.inventory import store as stored_inventory
from provisioner.inventory.fetches import forget_waiting
from provisioner.inventory.records import Inventory
from provisioner.inventory.site_file import SiteFile, parse_site_file, schema
from provisioner.inventory.site_records import to_inventory
from provisioner.inventory.site_shape import FileContent
from provisioner.phone_checks import check_phones
from provisioner.plan import Plan
from web.accounts.people import Role, Scope
from web.api.areas.editing import written
from web.api.etags import check_new, check_unchanged
from web.api.operation import JSON, YAML, Call, Document, Operation, Reply
from web.api.paging import Asked, Flag, Whole
from web.api.problems import ProblemError
from web.api.shapes.documents import Written
from web.installation import Installation

TAG = "site files"
BYTES_MAX = 16 * 1024 * 1024
LOOKED_AT = 200
"""Phones rendered to find the diffs that are shown."""
_FILE = "site file"
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class SiteFileAsked(Asked):
    """How a site file is meant."""

    prune: Flag = Field(default=False, description="retire what the file no longer names")
    diffs: Whole = Field(default=5, ge=0, le=50, description="diffs of so many phones' files")


class ApplyAsked(SiteFileAsked):
    """How a site file is applied."""

    dry_run: Flag = Field(default=False, description="only say what would change")


class JsonSchema(RootModel[dict[str, Any]]):
    """A JSON Schema."""


def plan(call: Call) -> Reply:
    """Say what a site file would change."""
    applier = call.installation.applier
    wanted, warnings = _read(applier, call.body)
    made = applier.plan(wanted, prune=call.query.prune)
    return _planned(call, applier, made, warnings)


def _planned(call: Call, applier: Applier, made: Plan, warnings: dict[str, int]) -> Reply:
    differing = (pair for pair in _diffs(applier, made) if pair[1])
    diffs = list(itertools.islice(differing, call.query.diffs))
    return Reply(written(made, made.affected, warnings, diffs=diffs))


def _diffs(applier: Applier, made: Plan) -> Any:  # noqa: ANN401 - an iterator of pairs
    return file_diffs(applier, made, made.affected[:LOOKED_AT]) if made.affected else iter(())


def apply(call: Call) -> Reply:
    """Apply a site file: all of it or nothing, as often as one likes."""
    if call.dry_run:
        return plan(call)
    here = call.installation
    wanted, warnings = _read(here.applier, call.body)
    try:
        done = apply_whole(
            here.applier, wanted, who=call.who.signature, prune=call.query.prune,
            check=_unchanged(call, wanted),
        )  # fmt: skip
    except EditError as problem:
        raise ProblemError("conflict", str(problem)) from problem
    forget_waiting(here.events, [str(phone.mac) for phone in wanted.phones])
    return Reply(written(done, done.affected, warnings, stored=True))


def _read(applier: Applier, body: Any) -> tuple[Inventory, dict[str, int]]:  # noqa: ANN401 - text
    """Read and check a site file; it cannot reach into the server with its tags."""
    source = parse(body)
    inventory, where = to_inventory((source,), applier.catalogue)
    with applier.database.read() as session:
        check_library_names(session, (source,))
    return inventory, check_phones(applier.catalogue, inventory, where)


def parse(text: str) -> SiteFile:
    """Return a site file that came from outside.

    Raises:
        SiteFileError: it is not one, or reads a secret by ``!env`` or ``!file``: these would be
            the server's own.
    """
    try:
        for event in yaml.parse(text, Loader=_Loader):
            tag = str(getattr(event, "tag", None) or "").rsplit(":", 1)[-1]
            if tag in {"!env", "!file"}:
                line = event.start_mark.line + 1 if event.start_mark else 0
                raise SiteFileError(_FILE, line, "", f"{tag} cannot be used here: send the value")
    except yaml.YAMLError:
        pass  # what is wrong is said in the house's words below
    return parse_site_file(_FILE, text)


def export(call: Call) -> Reply:
    """Write a whole site as a site file, without its secrets."""
    with call.installation.database.read() as session:
        document = _whole(session, call.installation, call.site)
    return Reply(document, etag=etag_of(document))


def _whole(session: Session, here: Installation, name: str) -> dict[str, Any]:
    """A whole site as its file; none of it: there is no such site."""
    held = stored_inventory.stored(session, here.box, [name], account_secrets=False)
    phones: dict[str, list[Any]] = {}
    for phone in held.phones:
        phones.setdefault(phone.room, []).append(phone)
    rooms = sorted(held.rooms, key=lambda room: room.id)
    documents = [
        {
            **head_document(site_as_written(site, here.catalogue)),
            "accounts": [bare_account(account_as_written(a)) for a in held.accounts],
            "rooms": [
                bare_room(room_as_written(room, phones.get(room.id, []), site, here.catalogue))
                for room in rooms
            ],
        }
        for site in held.sites
    ]
    return {"sites": documents}


def _unchanged(call: Call, wanted: Inventory) -> Callable[[Session], None]:
    """What refuses a file that was made from a site which is another one by now."""

    def check(session: Session) -> None:
        if call.if_match is None and call.if_none_match is None:
            return
        if len(wanted.sites) != 1:
            told = "If-Match and If-None-Match are for a file of one site"
            raise ProblemError("invalid", told)
        document = _whole(session, call.installation, wanted.sites[0].id)
        if not document["sites"]:
            check_new(call)
        elif call.if_match is None:
            raise ProblemError("stale", "the site exists, and If-None-Match says it must not")
        else:
            check_unchanged(call, etag_of(document))

    return check


def shape(_call: Call) -> Reply:
    """Return the JSON Schema of a site file."""
    return Reply(schema())


_WRITE: dict[str, Any] = {
    "tag": TAG, "method": "POST", "role": Role.ADMIN, "body": Document(FileContent, (JSON, YAML)),
    "answers": {200: Written}, "bytes_max": BYTES_MAX, "refusals": (409,),
}  # fmt: skip
OPERATIONS = (
    Operation(
        id="plan_site_file", path="/sites/plan", scope=Scope.READ, handler=plan,
        summary="What a site file would change", query=SiteFileAsked,
        note="As `bellwire plan`. Tags such as !env are refused.", **_WRITE,
    ),
    Operation(
        id="apply_site_file", path="/sites/apply", scope=Scope.CHANGE, handler=apply,
        summary="Apply a site file: all of it or nothing", query=ApplyAsked,
        note="As `bellwire apply`; again with the same file it changes nothing.", may_match=True,
        **_WRITE,
    ),
    Operation(
        id="get_site_file", method="GET", path="/sites/{site}/file", tag=TAG, scope=Scope.READ,
        summary="A whole site as a site file, without its secrets", handler=export,
        answers={200: Document(FileContent)}, has_etag=True,
    ),
    Operation(
        id="get_site_file_schema", method="GET", path="/site-file-schema", tag=TAG,
        scope=Scope.READ, summary="The JSON Schema of a site file", handler=shape,
        answers={200: JsonSchema},
    ),
)  # fmt: skip
