"""Rendering on change: what is marked is rendered, what is equal keeps its version.

One phone, one transaction: a crash leaves the old files or the new ones. A phone whose files
cannot be rendered keeps its last good ones, and the problem is noted beside it.

Rendering holds no lock: what it starts from is read, files are made, and they are stored only if
the phone has not been marked again meanwhile. So a phone that must be written down at its first
boot does not wait for thousands of others to be rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session, defer

from provisioner.assembly import assemble, place_of
from provisioner.catalogue.loader import Catalogue
from provisioner.db import Database
from provisioner.errors import BellwireError, SecretsError
from provisioner.filestore.offers import Wish, facts_of, wish_of, with_wish
from provisioner.inventory import store
from provisioner.inventory.records import Account, Room
from provisioner.inventory.staged import as_released
from provisioner.inventory.stamp import next_generation
from provisioner.inventory.tables import AccountRow, PhoneRow, RenderedRow, RoomRow, SiteRow
from provisioner.kit import PhoneKit
from provisioner.mac import MacAddress
from provisioner.render import RenderedFile, render
from provisioner.room_keys import watches_rooms
from provisioner.secrets import Box
from provisioner.watched import watched_facts

BATCH = 25
TRIES = 5


@dataclass(frozen=True, slots=True)
class _Job:
    """One phone's finished files, and what they were made from.

    Attributes:
        generation: of the phone when it was read; another one now means: changed meanwhile.
        contents: digest of each file without its version counter, by name.
        facts: columns of the phone that say what its files hold of the library.
        problem: why there are no files, or empty.
    """

    mac: str
    generation: int
    before: Mapping[str, RenderedRow]
    files: tuple[RenderedFile, ...] = ()
    contents: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Press:
    """Renders phones from the database into the database."""

    database: Database
    box: Box
    catalogue: Catalogue

    def render_phone(self, mac: MacAddress) -> None:
        """Render one phone at once, if it is still marked."""
        for _ in range(TRIES):
            if self._render_batch([str(mac)]):
                return

    def render_marked(self, limit: int = BATCH) -> int:
        """Render up to ``limit`` marked phones; returns how many there were."""
        with self.database.read() as session:
            # by chance: several processes at work at once take different ones
            query = select(PhoneRow.mac).where(PhoneRow.dirty).order_by(func.random()).limit(limit)
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
        return self._kit(session, row, firmware)[0]

    def _render_batch(self, macs: Iterable[str]) -> bool:
        """Render these phones if marked; returns whether none was changed meanwhile."""
        now = datetime.now(UTC)
        with self.database.read() as session:
            query = select(PhoneRow).where(PhoneRow.mac.in_(list(macs)), PhoneRow.dirty)
            jobs = [self._job(session, row, now) for row in session.scalars(query).all()]
        if not jobs:
            return True
        with self.database.write() as session:
            same = self._unchanged(session, jobs)
            generation = next_generation(session) if same else 0
            for job in same:
                if not job.problem:
                    self._save(session, job)
                session.execute(
                    update(PhoneRow)
                    .where(PhoneRow.mac == job.mac)
                    .values(
                        dirty=False, generation=generation, problem=job.problem[:1000], **job.facts
                    )
                )
        return len(same) == len(jobs)

    def _unchanged(self, session: Session, jobs: Iterable[_Job]) -> list[_Job]:
        query = select(PhoneRow.mac, PhoneRow.generation).where(
            PhoneRow.mac.in_([job.mac for job in jobs]), PhoneRow.dirty
        )
        now = {row.mac: row.generation for row in session.execute(query.with_for_update())}
        return [job for job in jobs if now.get(job.mac) == job.generation]

    def _job(self, session: Session, row: PhoneRow, now: datetime) -> _Job:
        """Make the files of a phone, or say what keeps it from that."""
        query = select(RenderedRow).where(RenderedRow.mac == row.mac)
        before = {r.name: r for r in session.scalars(query.options(defer(RenderedRow.body)))}
        contents: dict[str, str] = {}

        def version_for(name: str, content_digest: str) -> int:
            contents[name] = content_digest
            old = before.get(name)
            if old is not None and old.content_digest == content_digest:
                return old.version
            return max(old.version + 1 if old else 0, seed)

        try:
            kit, wanted = self._kit(session, row)
            seed = version_seed(kit.dialect.version_counter, now)
            files = render(self.catalogue.folder, kit, version_for=version_for)
        except SecretsError:
            raise
        except (BellwireError, ValidationError) as problem:
            return _Job(row.mac, row.generation, before, problem=str(problem))
        facts = {**facts_of(kit, wanted), "watched": watched_facts(kit)}
        return _Job(row.mac, row.generation, before, files, contents, facts)

    def _save(self, session: Session, job: _Job) -> None:
        """Write what differs; an equal digest is no new version."""
        kept = set()
        for file in job.files:
            kept.add(file.name)
            old = job.before.get(file.name)
            if old is not None and old.digest == file.digest and old.aliases == list(file.aliases):
                continue
            if old is not None:
                _forget(session, job.mac, file.name)
            session.execute(insert(RenderedRow).values(self._row(job.mac, file, job.contents)))
        for name in set(job.before) - kept:
            _forget(session, job.mac, name)

    def _row(self, mac: str, file: RenderedFile, contents: Mapping[str, str]) -> dict[str, Any]:
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

    def _kit(
        self, session: Session, row: PhoneRow, firmware: str | None = None
    ) -> tuple[PhoneKit, Wish]:
        """What a phone's files are made of, and what the library wants of it."""
        phone = store.phone_of(row, self.box)
        site = store.site_of(session.get_one(SiteRow, row.site_id), self.box)
        phone, site = as_released(session, self.box, phone, site)
        room = store.room_of(session.get_one(RoomRow, (row.site_id, row.room_id)), self.box)
        place = place_of(self.catalogue, site, room, phone)
        if watches_rooms(place.preset, phone):
            place = replace(place, rooms=_rooms(session, row.site_id))
        secrets = store.open_phone_secrets(row.secrets, self.box)
        wanted = [*phone.accounts, *(h.extension for h in phone.handsets)]
        accounts = self._accounts(session, row.site_id, wanted)
        shown = firmware or row.firmware
        kit = assemble(self.catalogue, place, accounts, secrets, shown or None)
        rollouts = wish_of(session, row, room.floor, shown)
        return with_wish(session, kit, rollouts), rollouts

    def _accounts(self, session: Session, site: str, wanted: list[str]) -> dict[str, Account]:
        query = select(AccountRow).where(
            AccountRow.site_id == site, AccountRow.extension.in_(wanted)
        )
        return {a.extension: store.account_of(a, self.box) for a in session.scalars(query)}


def version_seed(counter: str, now: datetime) -> int:
    """Return where a version counter starts, so that a rebuilt database lies above the old one.

    Ten digits: yymmddHHMM. Four digits: days since 2026 began, plus one (Fanvil notes, 1.6).
    """
    if counter == "2.10":
        return int(now.strftime("%y%m%d%H%M"))
    return (now.date() - now.date().replace(year=2026, month=1, day=1)).days + 1


def _rooms(session: Session, site: str) -> tuple[Room, ...]:
    """What keys show of a site's rooms; read once for all phones of a session."""
    known: dict[str, tuple[Room, ...]] = session.info.setdefault("rooms", {})
    if site not in known:
        shown = (RoomRow.id, RoomRow.name, RoomRow.floor, RoomRow.template, RoomRow.extension)
        rows = session.execute(select(*shown).where(RoomRow.site_id == site))
        known[site] = tuple(Room(site, *row) for row in rows)
    return known[site]


def _forget(session: Session, mac: str, name: str) -> None:
    session.execute(delete(RenderedRow).where(RenderedRow.mac == mac, RenderedRow.name == name))
