"""All sites at a glance: how many phones work, and how many do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, SQLColumnExpression, func, select
from sqlalchemy.orm import Session

from monitors.status import State
from monitors.store.tables import incident, status
from provisioner.inventory.tables import PhoneRow, RoomRow, SiteRow
from web.accounts.people import Person
from web.installation import Installation
from web.pages.access import now, person
from web.pages.desk import desk
from web.pages.words import ORDER

PAGES = Blueprint("overview", __name__)
STALE = timedelta(minutes=10)
"""When nobody has judged phones for so long, the monitor does not run."""


@dataclass(frozen=True, slots=True)
class SiteTile:
    """A site and how its phones are.

    Attributes:
        counts: phones by state, what wants to be seen first in front; those that nobody has
            judged yet are unknown.
        judged_at: when one was last judged; None: never.
        is_stale: that was so long ago that the figures may be wrong.
        incidents: that are open.
    """

    id: str
    name: str
    rooms: int
    phones: int
    counts: tuple[tuple[State, int], ...] = ()
    judged_at: datetime | None = None
    is_stale: bool = False
    incidents: int = 0

    @property
    def all_work(self) -> bool:
        """Whether every phone works."""
        return bool(self.counts) and self.counts[0][0] is State.WORKING


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the monitor knows of a site's phones together."""

    counts: Mapping[State, int]
    last_at: datetime | None


@PAGES.get("/")
def sites() -> ResponseReturnValue:
    """Show all sites that somebody may see."""
    return render_template("sites.html", tiles=tiles_of(desk().installation, person(), now()))


def tiles_of(installation: Installation, who: Person, at: datetime) -> list[SiteTile]:
    """Return the sites of a person; five queries, however many phones there are."""
    with installation.database.read() as reading:
        query = select(SiteRow.id, SiteRow.name).order_by(SiteRow.name, SiteRow.id)
        names = {row.id: row.name for row in reading.execute(query) if who.sees(row.id)}
        phones, rooms = _count(reading, PhoneRow.site_id), _count(reading, RoomRow.site_id)
    with installation.monitoring.read() as reading:
        judged = _judged(reading)
        incidents = _count(reading, incident.c.site, incident.c.closed_at.is_(None))
    never = _Judged({}, None)
    tiles = []
    for site, name in names.items():
        known, count = judged.get(site, never), phones.get(site, 0)
        is_stale = known.last_at is not None and at - known.last_at > STALE
        tiles.append(
            SiteTile(
                site, name, rooms.get(site, 0), count, ordered(known.counts, count),
                known.last_at, is_stale, incidents.get(site, 0),
            )
        )  # fmt: skip
    return tiles


def ordered(counts: Mapping[State, int], phones: int) -> tuple[tuple[State, int], ...]:
    """Return the counts that are not nought, what wants to be seen first in front. Pure.

    Args:
        counts: of the phones that were judged.
        phones: how many there are; the rest is not known.
    """
    rest = max(0, phones - sum(counts.values()))
    whole = {**counts, State.UNKNOWN: counts.get(State.UNKNOWN, 0) + rest}
    return tuple((state, whole[state]) for state in ORDER if whole.get(state))


def _count(
    reading: Session, column: SQLColumnExpression[str], *conditions: ColumnElement[bool]
) -> dict[str, int]:
    """How many rows there are of each site."""
    query = select(column, func.count()).where(*conditions).group_by(column)
    return {row[0]: row[1] for row in reading.execute(query)}


def _judged(reading: Session) -> dict[str, _Judged]:
    query = select(
        status.c.site, status.c.state, func.count(), func.max(status.c.judged_at)
    ).group_by(status.c.site, status.c.state)
    made: dict[str, _Judged] = {}
    for site, state, count, last_at in reading.execute(query):
        before = made.get(site, _Judged({}, last_at))
        counts = {**before.counts, State(state): count}
        made[site] = _Judged(counts, max(before.last_at or last_at, last_at))
    return made
