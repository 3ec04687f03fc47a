"""Rooms by floor, how far each has come, and which is next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from monitors.status import State
from monitors.store.tables import status
from provisioner.inventory.tables import PhoneRow, RoomRow
from web.installation import Installation
from web.overview.wording import by_number
from web.pages.install.ground import Ground, worded
from web.pages.words import ORDER

TILES_MAX = 300
"""With more rooms only one floor is drawn at once."""
_RANK = {state: rank for rank, state in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class RoomProgress:
    """How far a room has come.

    Attributes:
        template: its id; empty: none is chosen.
        phones: how many it has, of ``places``; ``working``: of them.
        state: of its worst phone; not installed without phones.
    """

    id: str
    name: str
    floor: str
    template: str
    template_name: str
    places: int
    phones: int
    working: int
    state: State


@dataclass(frozen=True, slots=True)
class FloorProgress:
    """A floor. ``name``: empty for rooms without one; ``is_open``: its rooms are drawn."""

    name: str
    rooms: tuple[RoomProgress, ...]
    is_open: bool = True

    @property
    def fitted(self) -> int:
        """How many of its rooms have a phone."""
        return sum(room.phones > 0 for room in self.rooms)


def read_rooms(
    installation: Installation, ground: Ground, language: str
) -> tuple[RoomProgress, ...]:
    """Return a site's rooms by floor and number; three queries, however many there are."""
    site = ground.site.id
    with installation.database.read() as session:
        query = select(RoomRow.id, RoomRow.name, RoomRow.floor, RoomRow.template)
        rooms = session.execute(query.where(RoomRow.site_id == site)).all()
        of_phones = select(PhoneRow.mac, PhoneRow.room_id).where(PhoneRow.site_id == site)
        where = {row.mac: row.room_id for row in session.execute(of_phones)}
    with installation.monitoring.read() as session:
        of_states = select(status.c.mac, status.c.state).where(status.c.site == site)
        states = {row.mac: State(row.state) for row in session.execute(of_states)}
    inside: dict[str, list[State]] = {}
    for mac, room in where.items():
        inside.setdefault(room, []).append(states.get(mac, State.UNKNOWN))
    made = []
    for row in rooms:
        template, here = ground.templates.get(row.template), inside.get(row.id, [])
        made.append(
            RoomProgress(
                row.id, row.name, row.floor, row.template,
                worded(template.name, language, row.template) if template else row.template,
                max(len(template.positions) if template else 0, len(here)), len(here),
                sum(state is State.WORKING for state in here),
                min(here, key=_RANK.__getitem__, default=State.NOT_INSTALLED),
            )
        )  # fmt: skip
    return tuple(sorted(made, key=lambda room: (_floor_order(room.floor), by_number(room.id))))


def by_floor(rooms: Sequence[RoomProgress], chosen: str | None) -> tuple[FloorProgress, ...]:
    """Return floors with their rooms.

    Args:
        rooms: in their order.
        chosen: a floor; None: when not all are drawn, the first with a room without phones.
    """
    names = list(dict.fromkeys(room.floor for room in rooms))
    if len(rooms) > TILES_MAX and chosen not in names:
        first = next_room(rooms)
        chosen = next((r.floor for r in rooms if r.id == first), names[0])
    return tuple(
        FloorProgress(
            name,
            tuple(room for room in rooms if room.floor == name),
            len(rooms) <= TILES_MAX or name == chosen,
        )
        for name in names
    )


def next_room(rooms: Sequence[RoomProgress], after: str = "") -> str | None:
    """Return the next room without phones, at the end again from the first; None: there is none."""
    ids = [room.id for room in rooms]
    start = ids.index(after) + 1 if after in ids else 0
    turned = (*rooms[start:], *rooms[:start])
    return next((room.id for room in turned if not room.phones and room.id != after), None)


def usual_template(rooms: Iterable[RoomProgress]) -> str:
    """Return the template that most rooms have."""
    counts = Counter(room.template for room in rooms if room.template)
    return counts.most_common(1)[0][0] if counts else ""


def _floor_order(floor: str) -> tuple[int, tuple[tuple[int, str], ...]]:
    """Basements below the ground, rooms without a floor at the end."""
    if floor.lstrip("-").isdecimal():
        return (0, ((int(floor), ""),))
    return (1 if floor else 2, by_number(floor))
