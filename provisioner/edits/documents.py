"""Reading documents: parts of a site in the shape of the site file, without their secrets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.catalogue.loader import Catalogue, load
from provisioner.edits.secret_places import (
    secrets_of_account,
    secrets_of_head,
    secrets_of_room,
    without,
)
from provisioner.edits.written import account_as_written, room_as_written, site_as_written
from provisioner.errors import UnknownThingError
from provisioner.inventory import store
from provisioner.inventory.phones import require_site
from provisioner.inventory.site_yaml import Path_
from provisioner.inventory.tables import AccountRow, PhoneRow, RoomRow
from provisioner.secrets import Box

Json = dict[str, Any]


def site_document(
    session: Session, box: Box, site: str, catalogue: Catalogue | None = None
) -> Json:
    """Return the head of a site: everything but its rooms and accounts.

    Args:
        session: a reading session.
        box: opens what is encrypted.
        site: its id.
        catalogue: the vendor knowledge; None: the shipped one.

    Raises:
        UnknownThingError: there is no such site.
    """
    record = store.site_of(require_site(session, site), box)
    return head_document(site_as_written(record, catalogue or load()))


def room_document(
    session: Session, box: Box, site: str, room: str, catalogue: Catalogue | None = None
) -> Json:
    """Return one room with its phones; the arguments are those of ``site_document``.

    Raises:
        UnknownThingError: there is no such site or room.
    """
    row = session.get(RoomRow, (site, room))
    head = store.site_of(require_site(session, site), box)
    if row is None:
        raise UnknownThingError(f"{site} has no room {room!r}")
    query = select(PhoneRow).where(PhoneRow.site_id == site, PhoneRow.room_id == room)
    phones = [store.phone_of(phone, box) for phone in session.scalars(query)]
    record = store.room_of(row, box)
    return bare_room(room_as_written(record, phones, head, catalogue or load()))


def account_document(session: Session, box: Box, site: str, extension: str) -> Json:
    """Return one account; raises UnknownThingError."""
    require_site(session, site)
    row = session.get(AccountRow, (site, extension))
    if row is None:
        raise UnknownThingError(f"{site} has no account {extension!r}")
    return bare_account(account_as_written(store.account_of(row, box)))


def kept_secrets(session: Session, box: Box, site: str) -> tuple[Path_, ...]:
    """Return where the head of a site holds secrets that its document leaves out."""
    record = store.site_of(require_site(session, site), box)
    return tuple(secrets_of_head(site_as_written(record, load())))


def head_document(written: Mapping[str, Any]) -> Json:
    """Return a head without its secrets."""
    return without(written, secrets_of_head(written))


def bare_room(written: Mapping[str, Any]) -> Json:
    """Return a room without its secrets."""
    return without(written, secrets_of_room(written))


def bare_account(written: Mapping[str, Any]) -> Json:
    """Return an account without its secret."""
    return without(written, secrets_of_account(written))


def etag_of(document: Mapping[str, Any]) -> str:
    """Return a strong validator of a document: the digest of its canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
