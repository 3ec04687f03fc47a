"""Incidents read for their pages: open ones, those that are over, and one with its phones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitors.store.incident_pages import closed_incidents, incident_of, recent_incidents
from web.installation import Installation
from web.overview.incidents import incident_view
from web.overview.narrow import OTHER, read_some
from web.overview.phones import phone_overview
from web.overview.reading import StoredSite
from web.overview.remedies import fitting_remedies
from web.overview.values import ORDER, IncidentView, PhoneOverview, WindowView
from web.overview.wording import by_number
from web.pages.hotel.headlines import PHONES_MAX, Card, card_of, importance

OPEN_MAX = 100
PER_PAGE = 20
PHONES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Desk:
    """The page of a site's incidents.

    Attributes:
        open: how many are open; ``cards`` are the first of them.
        past: those that are over, newest first; ``older``: there are more.
    """

    stored: StoredSite
    cards: tuple[Card, ...]
    open: int
    past: tuple[IncidentView, ...]
    older: int | None

    @property
    def windows(self) -> tuple[WindowView, ...]:
        """Maintenance that goes on or is to come."""
        return self.stored.windows


@dataclass(frozen=True, slots=True)
class Whole:
    """One incident.

    Attributes:
        phones: those that are in it and still in the inventory, worst first.
        gone: MACs of those that are not.
        more: how many are not shown.
        remedy: what fits, for an incident of one phone.
    """

    stored: StoredSite
    view: IncidentView
    phones: tuple[PhoneOverview, ...]
    gone: tuple[str, ...]
    more: int
    remedy: tuple[str, str] | None


def read_desk(
    installation: Installation, site: str, language: str, now: datetime, before: int | None
) -> Desk:
    """Return open incidents and a page of those that are over.

    Args:
        installation: the opened data folder.
        site: its id.
        language: of the words.
        now: naive UTC.
        before: of those that are over, only smaller numbers; None: from the newest.

    Raises:
        UnknownThingError: there is no such site.
    """
    monitoring = installation.monitoring
    going = [i for i in recent_incidents(monitoring, site, now) if i.is_open]
    going.sort(key=importance)
    past = closed_incidents(monitoring, site, PER_PAGE + 1, before)
    older = past[PER_PAGE - 1].id if len(past) > PER_PAGE else None
    shown, past = going[:OPEN_MAX], past[:PER_PAGE]
    macs = {mac for i in shown for mac in i.macs[:PHONES_MAX]}
    macs |= {i.macs[0] for i in past if len(i.macs) == 1}
    rooms = [i.facts[OTHER] for i in (*shown, *past) if i.facts.get(OTHER)]
    stored = read_some(installation, site, macs, language, now, also_rooms=rooms)
    states = {mac: kept.status.state for mac, kept in stored.statuses.items()}
    return Desk(
        stored=stored,
        cards=tuple(card_of(i, stored, states) for i in shown),
        open=len(going),
        past=tuple(incident_view(i, stored) for i in past),
        older=older,
    )


def read_incident(
    installation: Installation, site: str, number: int, language: str, now: datetime
) -> Whole | None:
    """Return an incident with its timeline and phones; None: this site has none of this number."""
    found = incident_of(installation.monitoring, number)
    if found is None or found.site != site:
        return None
    said = {entry.mac for entry in found.timeline if entry.mac}
    rooms = [found.facts[OTHER]] if found.facts.get(OTHER) else []
    stored = read_some(
        installation, site, said.union(found.macs), language, now, also_rooms=rooms
    )  # fmt: skip
    here = [phone_overview(stored, mac, found) for mac in found.macs if mac in stored.phones]
    here.sort(key=lambda phone: (ORDER.index(phone.status), by_number(phone.place)))
    remedies = {} if found.grouped else fitting_remedies(found.rule, stored.voice)
    return Whole(
        stored=stored,
        view=incident_view(found, stored),
        phones=tuple(here[:PHONES_SHOWN]),
        gone=tuple(mac for mac in found.macs if mac not in stored.phones),
        more=max(0, len(here) - PHONES_SHOWN),
        remedy=next(iter(remedies.items()), None) if found.is_open else None,
    )
