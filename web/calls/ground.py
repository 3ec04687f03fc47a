"""The site whose calls are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select

from monitors.calls.times import at_site, zone_of
from provisioner.errors import UnknownThingError
from provisioner.inventory.calls import Calls, calls_of
from provisioner.inventory.calls_plan import site_plan
from provisioner.inventory.store import site_of
from provisioner.inventory.tables import AccountRow, SiteRow
from provisioner.numbering.plan import Plan
from web.installation import Installation


@dataclass(frozen=True, slots=True)
class Guarded:
    """A site and how its calls are guarded; times are naive UTC.

    Attributes:
        calls: None: they are not.
    """

    id: str
    timezone: str
    calls: Calls | None

    @property
    def rules(self) -> Calls:
        """How they are guarded, or would be."""
        return self.calls or Calls()

    @property
    def currency(self) -> str:
        """Of its rates and limits."""
        return self.rules.currency

    def day_of(self, at: datetime) -> date:
        """Return the day of the site's clock."""
        return at_site(at.replace(tzinfo=UTC), self.timezone).date()

    def begin_of(self, day: date) -> datetime:
        """Return when a day of the site's clock begins."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone_of(self.timezone))
        return midnight.astimezone(UTC).replace(tzinfo=None)


def guarded_site(installation: Installation, site: str) -> Guarded:
    """Return a site; raises UnknownThingError."""
    query = select(SiteRow.timezone, SiteRow.calls).where(SiteRow.id == site)
    with installation.database.read() as session:
        row = session.execute(query).one_or_none()
    if row is None:
        raise UnknownThingError(f"there is no site {site!r}")
    return Guarded(site, row.timezone, None if row.calls is None else calls_of(row.calls))


def plan_of(installation: Installation, site: str) -> Plan:
    """Return how a site reads numbers; raises UnknownThingError."""
    with installation.database.read() as session:
        row = session.get(SiteRow, site)
        if row is None:
            raise UnknownThingError(f"there is no site {site!r}")
        accounts = select(AccountRow.extension).where(AccountRow.site_id == site)
        extensions = list(session.scalars(accounts))
        found = site_of(row, installation.box)
    return site_plan(found, extensions, found.calls)


def seconds(at: datetime) -> float:
    """Return a naive UTC time as Unix time."""
    return at.replace(tzinfo=UTC).timestamp()
