"""Incidents as cards: sentence, fix, since when, phones, and the remedy that fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitors.incident_steps import Incident
from monitors.status import State
from monitors.store.incident_pages import recent_incidents
from web.installation import Installation
from web.overview.incidents import incident_view
from web.overview.narrow import OTHER, read_some
from web.overview.reading import StoredSite
from web.overview.remedies import fitting_remedies
from web.overview.values import IncidentView, WindowView
from web.overview.wording import Voice
from web.pages.words import ORDER

CARDS_MAX = 4
PHONES_MAX = 4


@dataclass(frozen=True, slots=True)
class Card:
    """An incident.

    Attributes:
        state: of its worst phone.
        phones: MAC and place of some of its phones; ``more``: how many there are besides.
        remedy: what fits and what it is called, for an incident of one phone.
    """

    view: IncidentView
    state: State
    phones: tuple[tuple[str, str], ...]
    more: int = 0
    remedy: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Headlines:
    """What stands on top of a hotel's page.

    Attributes:
        open: how many incidents there are, shown or not.
    """

    cards: tuple[Card, ...]
    open: int
    windows: tuple[WindowView, ...]
    voice: Voice


def read_headlines(
    installation: Installation,
    site: str,
    language: str,
    now: datetime,
    states: Mapping[str, State],
    limit: int = CARDS_MAX,
) -> Headlines:
    """Return the open incidents of a site, the most important first; a fixed number of queries.

    Args:
        installation: the opened data folder.
        site: its id; one that there is.
        language: of the words.
        now: naive UTC.
        states: of the site's phones, by MAC, in the order of rooms.
        limit: how many cards.
    """
    found = [i for i in recent_incidents(installation.monitoring, site, now) if i.is_open]
    found.sort(key=importance)
    shown = found[:limit]
    some = [mac for incident in shown for mac in _first(incident.macs, states)]
    rooms = [i.facts[OTHER] for i in shown if i.facts.get(OTHER)]
    stored = read_some(
        installation, site, some, language, now, states=False, also_rooms=rooms
    )  # fmt: skip
    cards = tuple(card_of(incident, stored, states) for incident in shown)
    return Headlines(cards, len(found), stored.windows, stored.voice)


def importance(incident: Incident) -> tuple[bool, bool, int, int]:
    """Return what to sort by: what nobody sees to in front, then groups, then what is new."""
    is_known = incident.acknowledged_at is not None
    return is_known, not incident.grouped, -len(incident.macs), -incident.id


def card_of(incident: Incident, stored: StoredSite, states: Mapping[str, State]) -> Card:
    """Return one incident as a card; only phones that ``stored`` holds are named."""
    view = incident_view(incident, stored)
    named = tuple((m, place) for m, place in view.phones.items() if m in stored.phones)[:PHONES_MAX]
    remedies = {} if incident.grouped else fitting_remedies(incident.rule, stored.voice)
    return Card(
        view=view,
        state=_worst(incident.macs, states),
        phones=named,
        more=len(incident.macs) - len(named),
        remedy=next(iter(remedies.items()), None),
    )


def _first(macs: Sequence[str], states: Mapping[str, State]) -> Iterable[str]:
    wanted = set(macs)
    return [mac for mac in states if mac in wanted][:PHONES_MAX] if len(wanted) > 1 else macs


def _worst(macs: Iterable[str], states: Mapping[str, State]) -> State:
    known = [states[mac] for mac in macs if mac in states]
    return min(known, key=ORDER.index, default=State.DOWN)
