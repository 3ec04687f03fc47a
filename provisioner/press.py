"""Rendering on change: what is marked is rendered, what is equal keeps its version.

One phone, one transaction: a crash leaves the old files or the new ones. A phone whose files
cannot be rendered keeps its last good ones, and the problem is noted beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from provisioner.catalogue.loader import Catalogue
from provisioner.db import Database
from provisioner.errors import BellwireError, SecretsError
from provisioner.inventory import store
from provisioner.inventory.records import Account
from provisioner.inventory.stamp import next_generation
from provisioner.inventory.tables import AccountRow, PhoneRow, RenderedRow, RoomRow, SiteRow
from provisioner.kit import PhoneKit, assemble, place_of
from provisioner.mac import MacAddress
from provisioner.render import RenderedFile, render
from provisioner.secrets import Box

BATCH = 25


@dataclass(frozen=True, slots=True)
class Press:
    """Renders phones from the database into the database."""

    database: Database
    box: Box
    catalogue: Catalogue

    def render_phone(self, mac: MacAddress) -> None:
        """Render one phone at once, if it is still marked."""
        self._render_batch([str(mac)])

    def render_marked(self, limit: int = BATCH) -> int:
        """Render up to ``limit`` marked phones; returns how many there were."""
        with self.database.read() as session:
            query = select(PhoneRow.mac).where(PhoneRow.dirty).limit(limit)
            macs = list(session.scalars(query))
        if macs:
            self._render_batch(macs)
        return len(macs)

    def marked(self) -> int:
        """Return how many phones are marked."""
        with self.database.read() as session:
            query = select(func.count()).select_from(PhoneRow).where(PhoneRow.dirty)
            return session.scalars(query).one()

    def problems(self) -> list[tuple[MacAddress, str]]:
        """Return the phones whose files could not be rendered, and why."""
        with self.database.read() as session:
            query = select(PhoneRow.mac, PhoneRow.problem).where(PhoneRow.problem != "")
            return [(MacAddress(row.mac), row.problem) for row in session.execute(query)]

    def versions(self, session: Session, mac: MacAddress) -> dict[str, int]:
        """Return the version counters of a phone's rendered files, by name."""
        query = select(RenderedRow.name, RenderedRow.version).where(RenderedRow.mac == str(mac))
        return {row.name: row.version for row in session.execute(query)}

    def kit(self, session: Session, mac: MacAddress, firmware: str | None = None) -> PhoneKit:
        """Return what one phone's files are made of; raises BellwireError."""
        row = session.get_one(PhoneRow, str(mac))
        return self._kit(session, row, firmware)

    def _render_batch(self, macs: Iterable[str]) -> None:
        now = datetime.now(UTC)
        with self.database.write() as session:
            query = select(PhoneRow).where(PhoneRow.mac.in_(list(macs)), PhoneRow.dirty)
            rows = list(session.scalars(query.with_for_update()))
            if not rows:
                return
            generation = next_generation(session)
            for row in rows:
                problem = self._render_row(session, row, now)
                session.execute(
                    update(PhoneRow)
                    .where(PhoneRow.mac == row.mac)
                    .values(dirty=False, generation=generation, problem=problem[:1000])
                )

    def _render_row(self, session: Session, row: PhoneRow, now: datetime) -> str:
        """Render into the session; returns the problem that kept it from that, or nothing."""
        before = {
            r.name: r
            for r in session.scalars(select(RenderedRow).where(RenderedRow.mac == row.mac))
        }
        contents: dict[str, str] = {}

        def version_for(name: str, content_digest: str) -> int:
            contents[name] = content_digest
            old = before.get(name)
            if old is not None and old.content_digest == content_digest:
                return old.version
            return max(old.version + 1 if old else 0, seed)

        try:
            kit = self._kit(session, row)
            seed = version_seed(kit.dialect.version_counter, now)
            files = render(self.catalogue.folder, kit, version_for=version_for)
        except SecretsError:
            raise
        except BellwireError as problem:
            return str(problem)
        self._save(session, row.mac, files, before, contents)
        return ""

    def _save(
        self,
        session: Session,
        mac: str,
        files: Iterable[RenderedFile],
        before: dict[str, RenderedRow],
        contents: dict[str, str],
    ) -> None:
        """Write what differs; an equal digest is no new version."""
        kept = set()
        for file in files:
            kept.add(file.name)
            old = before.get(file.name)
            if old is not None and old.digest == file.digest and old.aliases == list(file.aliases):
                continue
            if old is not None:
                _forget(session, mac, file.name)
            session.execute(insert(RenderedRow).values(self._row(mac, file, contents)))
        for name in set(before) - kept:
            _forget(session, mac, name)

    def _row(self, mac: str, file: RenderedFile, contents: dict[str, str]) -> dict[str, Any]:
        return {
            "mac": mac,
            "name": file.name,
            "role": str(file.role),
            "aliases": list(file.aliases),
            "media_type": file.media_type,
            "body": self.box.seal_body(file.body),
            "digest": file.digest,
            "content_digest": contents.get(file.name, file.digest),
            "version": file.version,
        }

    def _kit(self, session: Session, row: PhoneRow, firmware: str | None = None) -> PhoneKit:
        phone = store.phone_of(row)
        site = store.site_of(session.get_one(SiteRow, row.site_id), self.box)
        room = store.room_of(session.get_one(RoomRow, (row.site_id, row.room_id)))
        place = place_of(self.catalogue, site, room, phone)
        secrets = store.open_phone_secrets(row.secrets, self.box)
        wanted = [*phone.accounts, *(h.extension for h in phone.handsets)]
        accounts = self._accounts(session, row.site_id, wanted)
        return assemble(self.catalogue, place, accounts, secrets, firmware or row.firmware or None)

    def _accounts(self, session: Session, site: str, wanted: list[str]) -> dict[str, Account]:
        query = select(AccountRow).where(
            AccountRow.site_id == site, AccountRow.extension.in_(wanted)
        )
        return {a.extension: store.account_of(a, self.box) for a in session.scalars(query)}


def version_seed(counter: str, now: datetime) -> int:
    """Return where a version counter starts, so that a rebuilt database lies above the old one.

    Ten digits: yymmddHHMM. Four digits: days since 2026 began, plus one (fanvil.md section 1.6).
    """
    if counter == "2.10":
        return int(now.strftime("%y%m%d%H%M"))
    return (now.date() - now.date().replace(year=2026, month=1, day=1)).days + 1


def _forget(session: Session, mac: str, name: str) -> None:
    session.execute(delete(RenderedRow).where(RenderedRow.mac == mac, RenderedRow.name == name))
