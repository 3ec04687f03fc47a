"""The monitor process watches: a sweep for each site, spread over time, never two at once."""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from monitors.firewall.desk import FirewallDesk
from monitors.firewall.everyone import networks_of_all
from monitors.firewall.gate import Gate
from monitors.snmp.client import SnmpClient
from monitors.store.memory import learned_of, places_of
from monitors.store.statuses import forget_statuses, statuses
from monitors.sweep.keeping import Keeper
from monitors.sweep.loop import LoopThread
from monitors.sweep.news import PhoneNews
from monitors.sweep.pbx_desk import desk_of
from monitors.sweep.site_sweep import SiteSweep
from monitors.sweep.subjects import Subject, read_subjects
from provisioner.delivery import utc_now
from provisioner.errors import BellwireError
from provisioner.inventory.records import Pbx, Site
from provisioner.inventory.stamp import read_stamp
from provisioner.inventory.store import site_of
from provisioner.inventory.tables import PhoneRow, SiteRow
from web.installation import Installation
from web.trapping import TrapDesk

log = logging.getLogger(__name__)

LOOK_S = 10
"""How often new and retired sites are looked for."""


@dataclass(slots=True)
class _Watched:
    """A site that is watched, as of the stamp it was read at."""

    sweep: SiteSweep
    keeper: Keeper
    site: Site | None = None
    subjects: tuple[Subject, ...] = ()
    stamp: tuple[int, int] | None = None
    pbx: Pbx | None = None
    firewall: FirewallDesk | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Sweeper:
    """Watches all sites; one for a process.

    Args:
        installation: the opened data folder.
        scheduler: runs the sweeps; the caller starts and ends it.
        clock: gives naive UTC.
    """

    def __init__(
        self,
        installation: Installation,
        scheduler: BackgroundScheduler,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._installation = installation
        self._scheduler = scheduler
        self._clock = clock
        self._news = PhoneNews(installation.events)
        self._watched: dict[str, _Watched] = {}
        self._is_closed = False
        traps = installation.settings.traps
        self._traps = TrapDesk(traps, self.hurry) if traps.enabled else None
        self._client = SnmpClient()
        self._loop = LoopThread()

    def start(self) -> None:
        """Begin to watch; from now on new sites are found by themselves."""
        self._scheduler.add_job(
            self.look, "interval", seconds=LOOK_S, max_instances=1, coalesce=True,
            next_run_time=datetime.now(UTC),
        )  # fmt: skip

    def look(self) -> None:
        """Give every new site its sweep, and stop those of retired ones."""
        with self._installation.database.read() as session:
            wanted = set(session.scalars(select(SiteRow.id)))
            known = frozenset(session.scalars(select(PhoneRow.mac)))
        self._news.keep_only(known)
        for site in sorted(wanted - set(self._watched)):
            self._watch(site, spread=len(wanted) > 1)
        for site in set(self._watched) - wanted:
            self._scheduler.remove_job(f"sweep {site}")
            self._stop(self._watched.pop(site))
            forget_statuses(self._installation.monitoring, site, ())

    def sweep(self, site: str) -> None:
        """Sweep one site now; what goes wrong is logged and stops nothing else."""
        watched = self._watched.get(site)
        if watched is None or self._is_closed:
            return
        with watched.lock:
            try:
                self._sweep(site, watched)
            except (BellwireError, SQLAlchemyError, OSError):
                log.exception("site %s could not be swept", site)
            except CancelledError:
                log.debug("the sweep of %s was stopped", site)

    def hurry(self, site: str) -> bool:
        """Let a site's next sweep be now; returns whether: not while one is under way."""
        watched = self._watched.get(site)
        if watched is None or self._is_closed:
            return True  # there is nothing to be looked at
        if watched.lock.locked():
            return False
        with suppress(JobLookupError):
            self._scheduler.modify_job(f"sweep {site}", next_run_time=datetime.now(UTC))
        return True

    def close(self) -> None:
        """Stop to watch."""
        self._is_closed = True
        if self._traps is not None:
            self._traps.close()
        for watched in self._watched.values():
            self._stop(watched)
        self._loop.ask(self._client.__aexit__(None, None, None))
        self._loop.close()

    def _watch(self, site: str, *, spread: bool) -> None:
        here = self._installation
        settings = here.settings.monitor
        sweep = SiteSweep(here.catalogue, settings, self._news, self._clock)
        sweep.remembered = places_of(here.monitoring)
        sweep.options.learned.update(learned_of(here.monitoring))
        self._watched[site] = _Watched(sweep, Keeper(here.monitoring))
        # many sites: each has its own moment, always the same
        share = zlib.crc32(site.encode()) % 1000 / 1000 if spread else 0.0
        self._scheduler.add_job(
            self.sweep, "interval", seconds=settings.sweep_s, args=[site], id=f"sweep {site}",
            max_instances=1, coalesce=True, misfire_grace_time=None,
            next_run_time=datetime.now(UTC) + timedelta(seconds=share * settings.sweep_s),
        )  # fmt: skip

    def _sweep(self, site_id: str, watched: _Watched) -> None:
        self._read(site_id, watched)
        if watched.site is None:
            return
        monitoring = self._installation.monitoring
        previous = statuses(monitoring, site_id)
        swept = watched.sweep.sweep(
            watched.site, watched.subjects, previous, self._client, self._loop.ask
        )
        if not self._is_closed:
            watched.keeper.keep(swept)
            if watched.firewall is not None:
                watched.firewall.tick()

    def _read(self, site_id: str, watched: _Watched) -> None:
        """Read site and phones again when anything of the inventory has changed."""
        here = self._installation
        with here.database.read() as session:
            stamp = read_stamp(session)
            if stamp == watched.stamp:
                return
            row = session.get(SiteRow, site_id)
            before = watched.site.switches if watched.site else None
            watched.site = site_of(row, here.box) if row is not None else None
            watched.subjects = read_subjects(session, here.catalogue, site_id)
            everyone = networks_of_all(session)
        watched.stamp = stamp
        if watched.site is not None and watched.site.switches != before:
            self._tell_traps()
        if watched.site is not None:
            watched.firewall = watched.firewall or self._firewall(watched.site)
            watched.firewall.know(watched.site, everyone)
        pbx = watched.site.pbx if watched.site else None
        if pbx != watched.pbx:
            self._stop(watched)
            watched.pbx = pbx
            watched.sweep.pbx = desk_of(pbx, self._clock)
            if watched.sweep.pbx is not None:
                listener = watched.firewall.take if watched.firewall else None
                watched.sweep.pbx.board.listener = listener
                watched.sweep.pbx.start()

    def _firewall(self, site: Site) -> FirewallDesk:
        socket = self._installation.settings.firewall.socket_of(site.id)
        gate = Gate(Path(socket)) if socket else None
        return FirewallDesk(site, self._installation.monitoring, gate, self._clock)

    def _tell_traps(self) -> None:
        """Let the traps of the switches there are now count."""
        if self._traps is not None:
            sites = {name: w.site for name, w in list(self._watched.items())}
            self._traps.know({n: site.switches for n, site in sites.items() if site is not None})

    @staticmethod
    def _stop(watched: _Watched) -> None:
        if watched.sweep.pbx is not None:
            watched.sweep.pbx.stop()
            watched.sweep.pbx = None
