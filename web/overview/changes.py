"""What has changed since the last look, read cheaply: for a view that is open all day.

Each look asks each database one short question. Only when the monitor has judged since, the narrow
columns of the statuses are read, and the whole ones only if some phone's state or cause is another.
The inventory is read again only when it has changed, or when a phone that has not been judged yet
may have fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select

from monitors.store.incident_pages import all_open
from monitors.store.statuses import KeptStatus, statuses
from monitors.store.tables import incident, incident_phone, status
from provisioner.inventory.fetches import fetch_table
from provisioner.inventory.tables import StampRow
from web.installation import Installation
from web.overview.phones import phone_overview, site_overview
from web.overview.reading import StoredSite, read_sites
from web.overview.sentences import status_of
from web.overview.values import PhoneOverview, SiteOverview
from web.overview.wording import Voice

Mark = tuple[object, ...]
Said = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A phone whose status or cause is not what it was.

    Attributes:
        at: naive UTC, when it was found so.
        before: the status it had.
    """

    at: datetime
    voice: Voice
    site_name: str
    before: str
    phone: PhoneOverview


class Watcher:
    """Keeps what was last seen of a site, or of all, and says what has changed.

    Args:
        installation: the opened data folder.
        site: its id; None: all.
        language: of the words.
        clock: gives naive UTC.

    Raises:
        UnknownThingError: there is no such site.
    """

    def __init__(
        self,
        installation: Installation,
        site: str | None,
        language: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._installation = installation
        self._site, self._language, self._clock = site, language, clock
        self._ground, self._judged = self._ground_mark(unjudged=True), self._judged_mark()
        self._sites = read_sites(installation, site, language, clock())
        self._said = _said(self._sites)

    def sites(self) -> tuple[SiteOverview, ...]:
        """Return what is known, as of the last look."""
        now, sweep_s = self._clock(), self._installation.settings.monitor.sweep_s
        return tuple(
            site_overview(replace(one, voice=replace(one.voice, now=now)), sweep_s)
            for one in self._sites
        )

    def look(self) -> tuple[Change, ...]:
        """Read what is new; return the phones that have changed, in the order of the sites."""
        unjudged = any(one.phones.keys() - one.statuses.keys() for one in self._sites)
        ground, judged = self._ground_mark(unjudged=unjudged), self._judged_mark()
        if ground != self._ground:
            now = self._clock()
            self._sites = read_sites(self._installation, self._site, self._language, now)
        elif judged != self._judged:
            self._sites = self._judged_anew()
        else:
            return ()
        self._ground, self._judged = ground, judged
        before, self._said = self._said, _said(self._sites)
        return tuple(self._changes(before))

    def _changes(self, before: dict[str, Said]) -> Iterator[Change]:
        now = self._clock()
        for one in self._sites:
            for mac in one.phones:
                if mac not in before or before[mac] == self._said[mac]:
                    continue
                kept = one.statuses.get(mac)
                line = phone_overview(one, mac)
                at = kept.judged_at if kept else now
                yield Change(at, one.voice, one.name, before[mac][0], line)

    def _judged_anew(self) -> tuple[StoredSite, ...]:
        """The sites with their new statuses; a status that says the same is kept."""
        monitoring = self._installation.monitoring
        narrow = select(status.c.mac, status.c.state, status.c.rule, status.c.judged_at)
        if self._site is not None:
            narrow = narrow.where(status.c.site == self._site)
        with monitoring.read() as session:
            rows = {row.mac: row for row in session.execute(narrow)}
        known = {mac: kept for one in self._sites for mac, kept in one.statuses.items()}
        ours = {mac for one in self._sites for mac in one.phones}
        is_new = any(
            mac not in known or _words_of(known[mac]) != (rows[mac].state, rows[mac].rule)
            for mac in ours & rows.keys()
        )
        if is_new:
            fresh = statuses(monitoring, self._site)
        else:
            fresh = {
                mac: replace(kept, judged_at=rows[mac].judged_at)
                for mac, kept in known.items()
                if mac in rows
            }
        going = all_open(monitoring)
        return tuple(
            replace(
                one,
                statuses={mac: fresh[mac] for mac in one.phones if mac in fresh},
                incidents=tuple(i for i in going if i.site == one.id),
            )
            for one in self._sites
        )

    def _ground_mark(self, *, unjudged: bool) -> Mark:
        """What changes with the inventory; and with each fetch while some phone is not judged."""
        stamp = select(StampRow.generation, StampRow.epoch, StampRow.sites)
        with self._installation.database.read() as session:
            row = tuple(session.execute(stamp).one())
        if not unjudged:
            return row
        with self._installation.events.read() as session:
            return (*row, session.scalar(select(func.max(fetch_table.c.id))))

    def _judged_mark(self) -> Mark:
        """What changes with every judging, incident and acknowledgement."""
        last = select(func.max(status.c.judged_at))
        if self._site is not None:
            last = last.where(status.c.site == self._site)
        going = select(func.count()).select_from(incident).where(incident.c.closed_at.is_(None))
        query = select(
            last.scalar_subquery(),
            going.scalar_subquery(),
            select(func.max(incident.c.id)).scalar_subquery(),
            select(func.max(incident.c.acknowledged_at)).scalar_subquery(),
            select(func.max(incident_phone.c.joined_at)).scalar_subquery(),
        )
        with self._installation.monitoring.read() as session:
            return tuple(session.execute(query).one())


def _said(sites: Iterable[StoredSite]) -> dict[str, Said]:
    """Status and cause of every phone."""
    return {
        mac: _words_of(one.statuses[mac]) if mac in one.statuses else (status_of(one, mac), "")
        for one in sites
        for mac in one.phones
    }


def _words_of(kept: KeptStatus) -> Said:
    return str(kept.status.state), kept.status.rule
