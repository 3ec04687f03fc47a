"""A site's rooms and phones with their states: few columns, a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from monitors.status import State
from monitors.store.memory import PLACE
from monitors.store.tables import reading, status
from provisioner.db import Database
from provisioner.inventory.tables import AccountRow, PhoneRow, RoomRow, SiteRow, StampRow
from web.installation import Installation
from web.pages.hotel.order import room_order
from web.pages.hotel.wishes import Wanted


class BoardPhone(NamedTuple):
    """A phone on the board; ``state``: unknown before it was judged. A tuple: there are many."""

    mac: str
    room: str
    position: str
    model: str
    state: State


@dataclass(frozen=True, slots=True)
class BoardRoom:
    """A room; ``shown`` is what people call it in a list of rooms: its name, or its number."""

    id: str
    name: str
    floor: str
    template: str
    extension: str

    @property
    def shown(self) -> str:
        """What stands on its tile."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Board:
    """A site at one moment.

    Attributes:
        rooms: by id, in the order of floors and numbers.
        phones: all of the site, in the order of rooms and positions.
        chosen: MACs and ids of rooms that a search or a switch leaves; None: all.
        switches: their names.
        judged_at: when the monitor judged last; None: never.
    """

    site: str
    name: str
    timezone: str
    rooms: Mapping[str, BoardRoom]
    phones: Sequence[BoardPhone]
    switches: tuple[str, ...] = ()
    judged_at: datetime | None = None
    chosen: Chosen | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a search, or a switch, leaves."""

    macs: frozenset[str] = frozenset()
    rooms: frozenset[str] = field(default_factory=frozenset)


def read_board(installation: Installation, site: str, wanted: Wanted) -> Board | None:
    """Return a site's board; None: there is no such site. Seven queries at most."""
    states = _states(installation, site)
    with installation.database.read() as session:
        ground = _ground(session, installation.database, site)
        if ground is None:
            return None
        phones = [
            BoardPhone(mac, room, position, model, states.get(mac, _UNJUDGED)[0])
            for mac, room, position, model in ground.phones
        ]
        rooms, chosen = ground.rooms, None
        if wanted.text:
            chosen = _searched(session, site, wanted.text, phones, rooms)
    if wanted.switch:
        there = _on_switch(installation, wanted.switch, {p.mac for p in phones})
        chosen = Chosen(there & chosen.macs if chosen else there)
    return Board(
        site=site,
        name=ground.name,
        timezone=ground.timezone,
        rooms=rooms,
        phones=phones,
        switches=ground.switches,
        judged_at=max((at for _, at in states.values()), default=None),
        chosen=chosen,
    )


def _states(installation: Installation, site: str) -> dict[str, tuple[State, datetime]]:
    """State by MAC, and when phones of this state were judged last.

    The database joins the MACs of each state: a row for each of thousands of phones costs more
    than all the rest of a page.
    """
    row = status.c
    macs = func.aggregate_strings(row.mac, ",")
    query = select(row.state, func.max(row.judged_at), macs).where(row.site == site)
    found: dict[str, tuple[State, datetime]] = {}
    with installation.monitoring.read() as session:
        for word, at, joined in session.execute(query.group_by(row.state)):
            if word in _KNOWN:
                found |= dict.fromkeys(joined.split(","), (State(word), at))
    return found


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the inventory says of a site, at a stamp: all that no sweep changes."""

    stamp: tuple[int, ...]
    name: str
    timezone: str
    switches: tuple[str, ...]
    rooms: Mapping[str, BoardRoom]
    phones: tuple[tuple[str, str, str, str], ...]


_GROUNDS: WeakKeyDictionary[Database, dict[str, _Ground]] = WeakKeyDictionary()
_GROUNDS_MAX = 50
"""Sites kept in memory; a big one takes a few megabytes."""
_UNJUDGED = (State.UNKNOWN, None)
_KNOWN = frozenset(State)


def _ground(session: Session, database: Database, site: str) -> _Ground | None:
    """The site's rooms and phones; read again only when something of the inventory is new."""
    columns = select(StampRow.generation, StampRow.epoch, StampRow.sites)
    stamp = tuple(session.execute(columns).one())
    grounds = _GROUNDS.setdefault(database, {})
    kept = grounds.get(site)
    if kept is not None and kept.stamp == stamp:
        return kept
    query = select(SiteRow.name, SiteRow.timezone, SiteRow.switches).where(SiteRow.id == site)
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    switches = tuple(s.get("name") or s["host"] for s in found.switches)
    rooms = _rooms(session, site)
    phones = _phones(session, site, {room: rank for rank, room in enumerate(rooms)})
    made = _Ground(stamp, found.name, found.timezone, switches, rooms, phones)
    if len(grounds) >= _GROUNDS_MAX:
        grounds.clear()
    grounds[site] = made
    return made


def _rooms(session: Session, site: str) -> dict[str, BoardRoom]:
    row = RoomRow
    query = select(row.id, row.name, row.floor, row.template, row.extension)
    query = query.where(row.site_id == site)
    rooms = [BoardRoom(*found) for found in session.execute(query)]
    rooms.sort(key=lambda room: room_order(room.floor, room.id))
    return {room.id: room for room in rooms}


def _phones(
    session: Session, site: str, ranks: Mapping[str, int]
) -> tuple[tuple[str, str, str, str], ...]:
    row = PhoneRow
    query = select(row.mac, row.room_id, row.position, row.model).where(row.site_id == site)
    phones = [(found[0], found[1], found[2], found[3]) for found in session.execute(query)]
    phones.sort(key=lambda phone: (ranks[phone[1]], phone[2]))
    return tuple(phones)


def _searched(
    session: Session,
    site: str,
    text: str,
    phones: Iterable[BoardPhone],
    rooms: Mapping[str, BoardRoom],
) -> Chosen:
    """What a text is in: a room's id, name or extension, a phone's MAC, an account's name."""
    sought = text.casefold()
    digits = "".join(c for c in sought if c in "0123456789abcdef")
    is_mac = len(digits) > 2 and all(c in "0123456789abcdef:-. " for c in sought)  # noqa: PLR2004
    extensions = _named(session, site, text)
    found = {
        room.id
        for room in rooms.values()
        if sought in room.id.casefold()
        or sought in room.name.casefold()
        or sought in room.extension.casefold()
        or room.extension in extensions
    }
    macs = {p.mac for p in phones if p.room in found or (is_mac and digits in p.mac)}
    if extensions:
        query = select(PhoneRow.mac, PhoneRow.accounts).where(PhoneRow.site_id == site)
        macs |= {mac for mac, accounts in session.execute(query) if extensions & set(accounts)}
    return Chosen(frozenset(macs), frozenset(found))


def _named(session: Session, site: str, text: str) -> frozenset[str]:
    """Extensions of accounts with the text in number or name."""
    account = AccountRow
    within = like(text)
    query = select(account.extension).where(
        account.site_id == site,
        or_(account.extension.ilike(within, escape="\\"), account.name.ilike(within, escape="\\")),
    )
    return frozenset(session.scalars(query.limit(200)))


def like(text: str, *, start: bool = False) -> str:
    """Return a pattern for LIKE, escaped by a backslash: the text anywhere, or at the start."""
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, "\\" + sign)
    return f"{text}%" if start else f"%{text}%"


def _on_switch(installation: Installation, switch: str, macs: set[str]) -> frozenset[str]:
    """Phones that were last seen on a switch."""
    last: Any = reading.c.value["last"]["switch"].as_string()
    query = select(reading.c.target).where(reading.c.probe == PLACE, last == switch)
    with installation.monitoring.read() as session:
        return frozenset(macs.intersection(session.scalars(query)))
