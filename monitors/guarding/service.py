"""The guard's event loop: listens to PBXs, keeps what changed, reads what people changed."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_network

from sqlalchemy.exc import SQLAlchemyError

from monitors.guarding.agi import AgiRequest, AgiServer
from monitors.guarding.desk import OverRecord
from monitors.guarding.exchange import Exchange
from monitors.guarding.facts import addresses_of
from monitors.guarding.line import Journal, PbxLine
from monitors.probes.pbx.asterisk import AsteriskAccess
from monitors.store.calls_guard import TELLS_EVERY_S, GuardSeen, keep_seen, seen_of
from provisioner.access import inside
from provisioner.config import CallQuestions
from provisioner.db import Database
from provisioner.delivery import utc_now
from provisioner.errors import BellwireError, SettingsError
from provisioner.inventory.records import Pbx, Site
from provisioner.pbx.asterisk_syntax import context_prefix
from provisioner.secrets import Box

log = logging.getLogger(__name__)

KEEP_EVERY_S = 0.1
SWITCH_S = 0.0005
"""Threads that write take turns with the one that answers so often (``sys.setswitchinterval``)."""
SOON_S, LATEST_S = 0.005, 0.2
"""Cuts are looked at so soon after a change; later where that is much work."""
REFRESH_EVERY_S = 1.0
ROOM_S = 1.5
"""A call waits so long at most for others to make room for it; the PBX waits somewhat longer."""
RESOLVE_EVERY_S = 60.0
FORGET_EVERY_S = 3600.0
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
Address = tuple[str, int]


class GuardService:
    """Guards the calls of all sites; one for a process.

    Args:
        database: the inventory.
        monitoring: where calls are kept.
        box: opens the sites' secrets.
        settings: where to listen.
    """

    def __init__(
        self, database: Database, monitoring: Database, box: Box, settings: CallQuestions
    ) -> None:
        self._settings = settings
        self._monitoring = monitoring
        self._dirty: dict[str, asyncio.Event] = {}
        self._cut_after_s = SOON_S
        self._exchange = Exchange(
            database, monitoring, box, changed=self._moved, can_cut=self._can_cut
        )
        self._lines: dict[str, tuple[Pbx, PbxLine]] = {}
        self._told: dict[str, bool] = {}
        self._over: deque[tuple[str, int, str]] = deque()
        self._peers: frozenset[str] = frozenset()
        self._resolved: tuple[Site, ...] | None = None
        self._resolve_s = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, stop: threading.Event, ready: Callable[[Address], object] | None = None) -> None:
        """Serve until ``stop`` is set; ``ready`` is called with the address once it listens.

        Raises:
            SettingsError: the address or the port cannot be had.
        """
        before = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        try:
            asyncio.run(self._serve(stop, ready))
        finally:
            sys.setswitchinterval(before)

    async def _serve(
        self, stop: threading.Event, ready: Callable[[Address], object] | None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        await self._refresh()
        server = AgiServer(self._answer, self._admits)
        try:
            address = await server.start(self._settings.host, self._settings.port)
        except OSError as problem:
            where = f"{self._settings.host}:{self._settings.port}"
            reason = problem.strerror or problem
            raise SettingsError(f"cannot listen on {where} for calls: {reason}") from problem
        log.info("calls on %s port %d", *address)
        tasks = [
            asyncio.create_task(_again(KEEP_EVERY_S, self._keep)),
            asyncio.create_task(_again(REFRESH_EVERY_S, self._refresh)),
            asyncio.create_task(_again(FORGET_EVERY_S, self._forget)),
            asyncio.create_task(_again(TELLS_EVERY_S, self._tell)),
        ]
        with suppress(SQLAlchemyError):  # it is tried again
            await self._tell()
        if ready is not None:
            ready(address)
        try:
            await asyncio.to_thread(stop.wait)
        finally:
            await self._end(server, tasks)

    async def _end(self, server: AgiServer, tasks: Iterable[asyncio.Task[None]]) -> None:
        await server.close()
        await asyncio.gather(*(asyncio.to_thread(line.stop) for _, line in self._lines.values()))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._exchange.keep()

    async def _keep(self) -> None:
        await self._exchange.keep()
        self._let_go()

    def _moved(self, site: str) -> None:
        """Calls of a site have changed: what shares their money is cut at another time, soon."""
        if site not in self._dirty and self._loop is not None:
            self._dirty[site] = asyncio.Event()
            self._loop.call_later(self._cut_after_s, self._cut, site)

    def _cut(self, site: str) -> None:
        looked = self._dirty.pop(site, None)
        desk, line = self._exchange.desk(site), self._lines.get(site)
        if looked is None:
            return
        if desk is not None and line is not None:
            began_s = time.perf_counter()
            line[1].cut(desk.news(datetime.now(UTC)))
            took_s = time.perf_counter() - began_s
            self._cut_after_s = min(LATEST_S, max(SOON_S, took_s * 10))
        looked.set()

    def _can_cut(self, site: str) -> bool:
        """Whether calls of a site can be cut now; without a manager user nobody expects it."""
        line = self._lines.get(site)
        return line is None or line[1].is_up

    def _let_go(self) -> None:
        """What is stored need not stand in the PBXs' journals any longer."""
        waiting = len(self._over)
        for _ in range(waiting):
            site, mark, call_id = self._over.popleft()
            desk, line = self._exchange.desk(site), self._lines.get(site)
            if desk is None or line is None:
                continue
            if desk.ledger.has_stored(mark):
                line[1].drop(call_id)
            else:
                self._over.append((site, mark, call_id))

    async def _answer(self, asked: AgiRequest) -> Mapping[str, str]:
        said = await self._exchange.answer(asked)
        line = self._lines.get(asked.arguments[0]) if asked.arguments else None
        if line is None or not line[1].is_up:
            return {"BW_TELL": "agi", **said}
        if said.get("BW_VERDICT") == "dial":
            return await self._make_room(line[1], asked, said)
        return said

    async def _make_room(
        self, line: PbxLine, asked: AgiRequest, said: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Let a call go once those that share its money end the sooner for it."""
        site, call_id, *_ = asked.arguments
        line.begins(call_id, asked.headers.get("channel", ""), float(said["BW_MOST_S"]))
        if self._cut_after_s <= SOON_S:
            self._cut(site)
        try:
            async with asyncio.timeout(ROOM_S):
                if (looked := self._dirty.get(site)) is not None:
                    await looked.wait()
                if line.is_behind:
                    await asyncio.wrap_future(line.settled())
        except OSError:  # it is not in time, or the line breaks
            log.warning("%s: a call could not be let go, for the PBX does not answer", site)
            self._exchange.withdrawn(site, call_id)
            return {"BW_VERDICT": "refuse"}
        return said

    async def _refresh(self) -> None:
        await self._exchange.refresh()
        wanted = {site.id: site for site in self._exchange.sites}
        for site in wanted.values():
            known = self._lines.get(site.id)
            if known is None or known[0] != site.pbx:
                await self._connect(site)
        for gone in set(self._lines) - set(wanted):
            await asyncio.to_thread(self._lines.pop(gone)[1].stop)
        if self._exchange.sites is not self._resolved or time.monotonic() > self._resolve_s:
            self._resolved = self._exchange.sites
            self._resolve_s = time.monotonic() + RESOLVE_EVERY_S
            self._peers = await asyncio.to_thread(addresses_of, self._resolved)
        if any(self._told.get(site) is not line.is_up for site, (_, line) in self._lines.items()):
            await self._tell()

    async def _forget(self) -> None:
        self._exchange.forget()

    async def _tell(self) -> None:
        """Say that it is there: the pages show it."""
        now = utc_now()
        seen = [self._seen(site.id, now) for site in self._exchange.sites]
        await asyncio.to_thread(keep_seen, self._monitoring, seen)
        self._told = {each.site: each.connected for each in seen}

    def _seen(self, site: str, now: datetime) -> GuardSeen:
        if site not in self._lines:
            return GuardSeen(site, now, connected=False)
        line = self._lines[site][1]
        read_s = line.reconciled_s
        read_at = datetime.fromtimestamp(read_s, UTC).replace(tzinfo=None) if read_s else None
        return GuardSeen(site, now, line.is_up, line.problem, read_at)

    async def _connect(self, site: Site) -> None:
        before = self._lines.pop(site.id, None)
        if before is not None:
            await asyncio.to_thread(before[1].stop)
        pbx = site.pbx
        if pbx is None or not pbx.host or pbx.kind != "asterisk":
            return
        secret = pbx.secret.get_secret_value() if pbx.secret is not None else ""
        line = PbxLine(
            site.id,
            AsteriskAccess(pbx.host, pbx.port, pbx.username, secret),
            f"{context_prefix(site.id)}-calls",
            partial(self._heard, self._exchange.answered, site.id),
            partial(self._heard, self._heard_over, site.id),
            partial(self._heard, self._exchange.code_missed, site.id),
            partial(self._take_journal, site.id),
        )
        self._lines[site.id] = (pbx, line)
        line.start(_heard_s(await asyncio.to_thread(seen_of, self._monitoring, site.id)))

    def _heard(self, take: Callable[..., object], *what: object) -> None:
        """In the line's thread: let the loop take it."""
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended; the journal keeps it
                self._loop.call_soon_threadsafe(take, *what)

    def _heard_over(self, site: str, record: OverRecord) -> None:
        mark = self._exchange.over(site, record)
        if mark is not None and record.since_s is not None:
            self._over.append((site, mark, record.call_id))

    def _take_journal(self, site: str, journal: Journal) -> Sequence[str]:
        """In the line's thread, which waits for the answer."""
        if self._loop is None:
            return ()
        taken = self._exchange.take_journal(site, journal)
        try:
            return asyncio.run_coroutine_threadsafe(taken, self._loop).result(timeout=10)
        except (TimeoutError, RuntimeError):  # it is too busy, or ends
            return ()

    def _admits(self, address: str) -> bool:
        mapped = address.removeprefix("::ffff:")
        return mapped in self._peers or inside(mapped, [*_LOOPBACK, *self._settings.peers])


async def _again(every_s: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do a work again and again; what goes wrong once is tried again."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await work()
        except (BellwireError, SQLAlchemyError, OSError):
            log.exception("the guard of calls could not do all of its work")


def _heard_s(seen: GuardSeen | None) -> float | None:
    """When the PBX of a site was last heard, by what the process of before said of itself."""
    at = None if seen is None else seen.seen_at if seen.connected else seen.reconciled_at
    return None if at is None else at.replace(tzinfo=UTC).timestamp()
