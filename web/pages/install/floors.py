"""Rooms by floor, how far each has come, and which is next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitors.status import State
from web.installation import Installation
from web.pages.hotel.board import read_board
from web.pages.hotel.wishes import Wanted
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
    """Return a site's rooms by floor and number, however many there are by the same queries."""
    board = read_board(installation, ground.site.id, Wanted())
    if board is None:
        return ()
    inside: dict[str, list[State]] = {}
    for phone in board.phones:
        inside.setdefault(phone.room, []).append(phone.state)
    templates = {
        name: (worded(template.name, language, name), len(template.positions))
        for name, template in ground.templates.items()
    }
    made = []
    for room in board.rooms.values():
        here = inside.get(room.id, ())
        name, places = templates.get(room.template, (room.template, 0))
        made.append(
            RoomProgress(
                room.id, room.name, room.floor, room.template, name, max(places, len(here)),
                len(here), here.count(State.WORKING),
                min(here, key=_RANK.__getitem__, default=State.NOT_INSTALLED),
            )
        )  # fmt: skip
    return tuple(made)


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
