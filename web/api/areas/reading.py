"""What several areas read: which sites somebody sees, and documents with their ETags."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import InstrumentedAttribute

from provisioner.edits.documents import (
    account_document,
    etag_of,
    room_document,
    site_document,
)
from provisioner.errors import UnknownThingError
from provisioner.inventory.tables import PhoneRow
from provisioner.mac import MacAddress
from web.accounts.people import Person
from web.api.operation import Call, Reply
from web.api.problems import not_found

Json = dict[str, Any]


def seen_by(who: Person, column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Return the condition that a row is of a site somebody sees."""
    return true() if who.sees_all else column.in_(sorted(who.sites))


def head(call: Call) -> Json | None:
    """Return the head of the site that is named; None: there is none."""
    here = call.installation
    with here.database.read() as session:
        try:
            return site_document(session, here.box, call.site, here.catalogue)
        except UnknownThingError:
            return None


def room(call: Call, name: str) -> Json | None:
    """Return a room of the site that is named; None: there is none."""
    here = call.installation
    with here.database.read() as session:
        try:
            return room_document(session, here.box, call.site, name, here.catalogue)
        except UnknownThingError:
            return None


def account(call: Call, extension: str) -> Json | None:
    """Return an account of the site that is named; None: there is none."""
    here = call.installation
    with here.database.read() as session:
        try:
            return account_document(session, here.box, call.site, extension)
        except UnknownThingError:
            return None


def phone_place(call: Call, mac: MacAddress | None = None) -> tuple[str, str]:
    """Return room and position of the phone that is named.

    Raises:
        ProblemError: the site has no such phone; that another one has it is not said.
    """
    wanted = mac or call.path["mac"]
    with call.installation.database.read() as session:
        row = session.get(PhoneRow, str(wanted))
        if row is None or row.site_id != call.site:
            raise not_found(f"site {call.site} has no phone {wanted.colons}")
        return row.room_id, row.position


def found(document: Json | None, what: str) -> Reply:
    """Answer with a document and its ETag.

    Raises:
        ProblemError: there is none.
    """
    if document is None:
        raise not_found(f"there is no {what}")
    return Reply(document, etag=etag_of(document))
