"""All guarded sites of a process: the PBXs' questions go to their desk, changes to the database.

Everything here runs in one event loop; databases are read and written in threads of their own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from monitors.calls.rate_csv import RateError
from monitors.calls.tollfree import DAY_S
from monitors.guarding.agi import AgiRequest
from monitors.guarding.desk import CallDesk, OverRecord
from monitors.guarding.facts import SiteFacts, guarded_sites, read_facts
from monitors.guarding.incidents import open_missing
from monitors.guarding.keeping import write
from monitors.guarding.line import Journal
from monitors.guarding.records import record_of
from monitors.store.calls import book_of, toll_free_calls
from monitors.store.calls_blocks import call_stamps
from provisioner.db import Database
from provisioner.inventory.records import Site
from provisioner.inventory.stamp import read_sites_stamp
from provisioner.numbering.number import NumberError
from provisioner.secrets import Box

log = logging.getLogger(__name__)

HISTORY_DAYS = 40
"""A month of calls is read at the start, and a little more."""
KEEP_WAIT_S = 4.0
"""So long the PBX waits to hear that the end of a call is stored; else it keeps its own record."""
NEW_S = 2.0
"""A call that began so short before may have no channel in the list yet."""
_HIDDEN = "prohib"  # how Asterisk's presentations of hidden numbers begin


@dataclass(slots=True)
class _Guarded:
    """A guarded site.

    Attributes:
        stamp: of what was read of it.
        missing: when a call was last there of which the PBX has no channel, by its id.
    """

    desk: CallDesk
    stamp: tuple[object, ...]
    stored: asyncio.Event = field(default_factory=asyncio.Event)
    missing: dict[str, float] = field(default_factory=dict)


class Exchange:
    """The guarded sites; one for a process.

    Args:
        database: the inventory.
        monitoring: where calls are kept.
        box: opens the sites' secrets.
        clock: gives the time, with its zone.
        changed: is called with a site whose calls have changed: cuts are to be looked at.
        can_cut: whether calls of a site can be cut now.

    Attributes:
        sites: those that are guarded, as they were last read.
    """

    def __init__(
        self,
        database: Database,
        monitoring: Database,
        box: Box,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        changed: Callable[[str], None] = lambda _: None,
        can_cut: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self.sites: tuple[Site, ...] = ()
        self._database = database
        self._monitoring = monitoring
        self._box = box
        self._clock = clock
        self._changed = changed
        self._can_cut = can_cut
        self._guarded: dict[str, _Guarded] = {}
        self._unreadable: dict[str, tuple[object, ...]] = {}
        self._applied: int | None = None

    def desk(self, site: str) -> CallDesk | None:
        """Return the desk of a site, or None."""
        found = self._guarded.get(site)
        return found.desk if found else None

    async def refresh(self) -> None:
        """Read again what has changed: site files, and what people did to blocks and lists."""
        applied, stamps = await asyncio.to_thread(self._read_stamps)
        if applied != self._applied:
            self.sites = await asyncio.to_thread(guarded_sites, self._database, self._box)
            self._applied = applied
        for site in self.sites:
            stamp = (applied, stamps.get(site.id, 0))
            known = self._guarded.get(site.id)
            read = known.stamp if known is not None else self._unreadable.get(site.id)
            if read != stamp:
                await self._read(site, stamp)
        for gone in set(self._guarded) - {site.id for site in self.sites}:
            del self._guarded[gone]

    async def answer(self, asked: AgiRequest) -> Mapping[str, str]:
        """Answer a PBX; an empty answer leaves the call to the PBX's own rules."""
        site, *rest = asked.arguments or ("",)
        guarded = self._guarded.get(site)
        if guarded is None:
            return {}
        if asked.script == "outgoing":
            return self._outgoing(site, guarded.desk, rest)
        if asked.script == "incoming":
            return self._incoming(guarded.desk, rest, asked.headers)
        if asked.script == "over":
            return await self._over(site, rest)
        if asked.script == "code" and rest:
            self.code_missed(site, rest[0])
        return {}

    def answered(self, site: str, call_id: str, at_s: float) -> None:
        """The PBX tells that a call was answered."""
        guarded = self._guarded.get(site)
        if guarded is not None and guarded.desk.answered(call_id, at_s):
            self._changed(site)

    def over(self, site: str, record: OverRecord) -> int | None:
        """The PBX tells that a call has ended; returns the ledger's mark, None: no such site."""
        guarded = self._guarded.get(site)
        if guarded is None:
            return None
        if guarded.desk.over(record):
            self._changed(site)
        return guarded.desk.ledger.mark

    def withdrawn(self, site: str, call_id: str) -> None:
        """A call that was let through is not made after all."""
        guarded = self._guarded.get(site)
        if guarded is not None and guarded.desk.lost(call_id, self._clock().timestamp()):
            self._changed(site)

    def code_missed(self, site: str, caller: str) -> None:
        """The PBX tells that a caller keyed a wrong code, or none."""
        guarded = self._guarded.get(site)
        if guarded is not None:
            guarded.desk.code_missed(caller)

    async def take_journal(self, site: str, journal: Journal) -> list[str]:
        """Take what the PBX kept; returns the ids that it need not keep any longer.

        A call that goes on here, and of which the PBX has no channel any more, ended when the PBX
        was last heard.
        """
        guarded = self._guarded.get(site)
        if guarded is None:
            return []
        desk = guarded.desk
        for record in journal.records.values():
            desk.over(record)
        before, guarded.missing = guarded.missing, {}
        for call in list(desk.book.running()):
            caller = call.id.rpartition("-")[0]
            here = journal.alive & {call.id, caller}
            since_s = before.get(call.id, journal.silent_since_s)
            if not here and call.started_s < journal.at_s - NEW_S:
                desk.lost(call.id, since_s)
            elif not here:
                guarded.missing[call.id] = since_s
        self._changed(site)
        told = {key for key, record in journal.records.items() if record.ended_s is not None}
        gone = {key for key in journal.records if key not in journal.alive and desk.is_over(key)}
        return sorted(told | gone) if await self.settled(site) else []

    async def keep(self) -> None:
        """Write what has changed, of all sites; what fails is tried again the next time."""
        for site, guarded in list(self._guarded.items()):
            batch = guarded.desk.ledger.take()
            if batch is None:
                continue
            currency = guarded.desk.calls.currency
            try:
                await asyncio.to_thread(write, self._monitoring, site, currency, batch)
            except (SQLAlchemyError, OSError):
                log.exception("calls of %s could not be stored; it is tried again", site)
                guarded.desk.ledger.failed()
            else:
                guarded.desk.ledger.written()
                guarded.stored.set()
                guarded.stored = asyncio.Event()

    async def settled(self, site: str) -> bool:
        """Wait until all that was noted of a site is stored; returns whether it is."""
        guarded = self._guarded.get(site)
        if guarded is None:
            return True
        ledger, mark = guarded.desk.ledger, guarded.desk.ledger.mark
        try:
            async with asyncio.timeout(KEEP_WAIT_S):
                while not ledger.has_stored(mark):
                    await guarded.stored.wait()
        except TimeoutError:
            return False
        return True

    def forget(self) -> None:
        """Drop from memory what no limit reaches any more."""
        for guarded in self._guarded.values():
            guarded.desk.forget(self._clock())

    def _outgoing(self, site: str, desk: CallDesk, rest: Sequence[str]) -> Mapping[str, str]:
        call_id, account, keyed = _three(rest)
        can_cut = self._can_cut(site)
        said = desk.outgoing(call_id, account, keyed, self._clock(), can_cut=can_cut)
        if said.get("BW_VERDICT") == "dial":
            self._changed(site)
        return said

    def _incoming(
        self, desk: CallDesk, rest: Sequence[str], headers: Mapping[str, str]
    ) -> Mapping[str, str]:
        call_id, extension, dialled = _three(rest)
        hidden = len(rest) > 3 and rest[3].startswith(_HIDDEN)  # noqa: PLR2004 - the fourth
        shown = headers.get("callerid", "")
        caller = "" if hidden or shown == "unknown" else shown
        return desk.incoming(call_id, extension, dialled, caller, self._clock())

    async def _over(self, site: str, rest: Sequence[str]) -> Mapping[str, str]:
        record = record_of(rest)
        if record is None:
            return {}
        self.over(site, record)
        return {"BW_KEPT": "1"} if await self.settled(site) else {}

    def _read_stamps(self) -> tuple[int, dict[str, int]]:
        with self._database.read() as session:
            applied = read_sites_stamp(session)
        return applied, call_stamps(self._monitoring)

    async def _read(self, site: Site, stamp: tuple[object, ...]) -> None:
        try:
            facts = await asyncio.to_thread(read_facts, self._database, self._monitoring, site)
            known = self._guarded.get(site.id)
            if known is None:
                desk = await asyncio.to_thread(self._new_desk, facts)
                self._guarded[site.id] = _Guarded(desk, stamp)
            else:
                known.desk.renew(facts)
                known.stamp = stamp
        except (NumberError, RateError):
            log.exception("the rules of %s cannot be read; those of before hold", site.id)
            self._unreadable[site.id] = stamp
            if (known := self._guarded.get(site.id)) is not None:
                known.stamp = stamp
        self._changed(site.id)

    def _new_desk(self, facts: SiteFacts) -> CallDesk:
        open_missing(self._monitoring, facts.site.id)
        now = self._clock()
        since = (now - timedelta(days=HISTORY_DAYS)).date()
        book = book_of(self._monitoring, facts.site.id, since)
        day_ago_s = now.timestamp() - DAY_S
        calls = toll_free_calls(self._monitoring, facts.site.id, day_ago_s)
        return CallDesk(facts, book, tuple(calls))


def _three(rest: Sequence[str]) -> tuple[str, str, str]:
    first, second, third, *_ = (*rest, "", "", "")
    return first, second, third
