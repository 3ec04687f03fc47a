"""The library's files under a phone's token, and the count of images that it took whole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from provisioner.db import Database
from provisioner.filestore.coverage import Coverage
from provisioner.filestore.files import best_for
from provisioner.filestore.formats import FileKind
from provisioner.filestore.offers import wish_of
from provisioner.filestore.records import device_of, rollouts_of
from provisioner.filestore.rollout import in_charge
from provisioner.filestore.tables import LibraryFileRow, RolloutPhoneRow
from provisioner.filestore.vault import Vault
from provisioner.inventory.audit import note
from provisioner.inventory.stamp import next_generation
from provisioner.inventory.tables import PhoneRow, RoomRow
from provisioner.mac import MacAddress
from provisioner.resources import Resource
from provisioner.shelf import Entry

log = logging.getLogger(__name__)


class LibraryShelf:
    """Gives a phone the files that its own files name, and no others.

    Args:
        database: the inventory.
        vault: the bytes.
        now: the clock, naive UTC.
    """

    def __init__(self, database: Database, vault: Vault, now: Callable[[], datetime]) -> None:
        self._database = database
        self._vault = vault
        self._now = now
        self._coverage = Coverage()

    def find(self, entry: Entry, name: str, query: str) -> Resource | None:  # noqa: ARG002 - the protocol's
        """Return a file of the library; None: this phone may have none of that name."""
        if not self.may_have(entry, name):
            return None
        row = self._row(entry, name)
        body = self._vault.view(row.digest) if row else None
        if row is None or body is None:
            log.error("%s may have %s, and the library has it not", entry.mac.colons, name)
            return None
        sent = None
        if row.kind == FileKind.FIRMWARE:
            sent = partial(self._sent, entry.mac, row.id, row.size_bytes)
        return Resource(row.name, row.media_type, body, row.digest, sent)

    def may_have(self, entry: Entry, name: str) -> bool:
        """Whether a phone's own files name this one."""
        wanted = name.lower()
        return any(named.lower() == wanted for named in entry.stored_names)

    def close(self) -> None:
        """Nothing is held open."""

    def _row(self, entry: Entry, name: str) -> LibraryFileRow | None:
        with self._database.read() as session:
            query = select(LibraryFileRow).where(func.lower(LibraryFileRow.name) == name.lower())
            return best_for(session.scalars(query), entry.site, entry.model)

    def _sent(self, mac: MacAddress, file_id: int, size: int, start: int, end: int) -> None:
        """A part of an image has gone out; write it down when the whole has."""
        if not self._coverage.add((mac, file_id), start, end, size):
            return
        try:
            count_fetch(self._database, mac, file_id, self._now())
        except SQLAlchemyError:
            log.exception("that %s took an image cannot be written down", mac.colons)


def count_fetch(database: Database, mac: MacAddress, file_id: int, now: datetime) -> None:
    """Write down that a phone took the whole of an image.

    When that was once too often, its files are made again, without the offer. Audited.
    """
    with database.write() as session:
        row = session.get(PhoneRow, str(mac))
        if row is None:
            return
        floor = session.get_one(RoomRow, (row.site_id, row.room_id)).floor
        device = device_of(row, floor, row.firmware)
        rollouts = in_charge(rollouts_of(session, row.site_id), device)
        rollout = next((r for r in rollouts if r.image.id == file_id), None)
        if rollout is None:
            return
        version = "" if rollout.image.handset else device.version
        held = session.get(RolloutPhoneRow, (rollout.id, device.mac), with_for_update=True)
        if held is None:
            first = {"rollout_id": rollout.id, "mac": device.mac, "version": version}
            made = insert(RolloutPhoneRow).values(**first, fetches=1, first_at=now, last_at=now)
            session.execute(made)
        elif held.version != version:
            held.fetches, held.version, held.first_at, held.last_at = 1, version, now, now
        else:
            held.fetches, held.last_at = held.fetches + 1, now
        session.flush()
        if row.offered and wish_of(session, row, floor, row.firmware).text != row.offered:
            generation = next_generation(session)
            marked = update(PhoneRow).where(PhoneRow.mac == row.mac)
            session.execute(marked.values(dirty=True, generation=generation))
            words = f"{rollout.image.name} was fetched in vain too often"
            note(session, now, "bellwire", "firmware-guard", mac.colons, words)
