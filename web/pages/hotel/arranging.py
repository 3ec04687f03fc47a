"""From a board to what is drawn: floors of tiles, a list of phones, counts, filters. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitors.status import State
from web.pages.hotel.board import Board, BoardPhone, BoardRoom
from web.pages.hotel.order import floor_order
from web.pages.hotel.wishes import NO_FLOOR, TROUBLES, Wanted
from web.pages.words import ORDER

TILES_MAX = 300
"""More rooms are not drawn at once: floors are closed then, or turned like pages."""
ROWS_MAX = 50
_RANK = {state: rank for rank, state in enumerate(ORDER)}
_EXTRAS_MAX = 6
_TROUBLE_TILES = 120
_TROUBLE_TILES_LEAST = 6

Counts = tuple[tuple[State, int], ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """A room on the plan.

    Attributes:
        state: of its worst phone; not installed when it has none.
        mac: of that phone; empty: there is none.
        others: states of its other phones, worst first.
        more: how many further ones are not in ``others``.
    """

    room: str
    name: str
    state: State
    mac: str
    others: tuple[State, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Floor:
    """A floor.

    Attributes:
        name: empty: rooms without a floor.
        is_open: whether all of its tiles are here; else only rooms in trouble.
        hidden: how many rooms are not drawn.
    """

    name: str
    rooms: int
    counts: Counts
    tiles: tuple[Tile, ...]
    is_open: bool = True
    hidden: int = 0

    @property
    def key(self) -> str:
        """What an address calls it."""
        return self.name or NO_FLOOR


@dataclass(frozen=True, slots=True)
class Plan:
    """What is drawn.

    Attributes:
        counts: of all phones of the site, whatever is filtered.
        models: those there are, with how many phones.
        floors: what is drawn in the view of tiles; ``rows``: in that of a list.
        found: how many rooms, or phones of the list, the filters leave.
        pages: how many pages that makes.
    """

    counts: Counts
    phones: int
    models: tuple[tuple[str, int], ...]
    floor_names: tuple[str, ...]
    floors: tuple[Floor, ...] = ()
    rows: tuple[BoardPhone, ...] = ()
    found: int = 0
    pages: int = 1


def arrange(board: Board, wanted: Wanted) -> Plan:
    """Return what is drawn of a board."""
    names = sorted({room.floor for room in board.rooms.values()}, key=floor_order)
    plan = Plan(
        counts=counts_of(p.state for p in board.phones),
        phones=len(board.phones),
        models=tuple(Counter(p.model for p in board.phones).most_common()),
        floor_names=tuple(names),
    )
    if wanted.is_filtered or board.chosen is not None:
        kept = [p for p in board.phones if _fits(board, p, wanted)]
    else:
        kept = list(board.phones)
    return _listed(plan, kept, wanted) if wanted.view == "list" else _tiled(
        board, plan, kept, wanted, names
    )  # fmt: skip


def _fits(board: Board, phone: BoardPhone, wanted: Wanted) -> bool:
    room = board.rooms.get(phone.room)
    return (
        (not wanted.state or phone.state in wanted.states)
        and (not wanted.model or phone.model == wanted.model)
        and (not wanted.floor or (room is not None and _on(room, wanted.floor)))
        and (board.chosen is None or phone.mac in board.chosen.macs)
    )


def _on(room: BoardRoom, floor: str) -> bool:
    return room.floor == ("" if floor == NO_FLOOR else floor)


def _listed(plan: Plan, kept: Sequence[BoardPhone], wanted: Wanted) -> Plan:
    ordered = sorted(kept, key=lambda phone: _RANK[phone.state])  # the rest is in order
    pages = max(1, -(-len(ordered) // ROWS_MAX))
    first = (min(wanted.page, pages) - 1) * ROWS_MAX
    rows = tuple(ordered[first : first + ROWS_MAX])
    return _with(plan, rows=rows, found=len(ordered), pages=pages)


def _tiled(
    board: Board, plan: Plan, kept: Sequence[BoardPhone], wanted: Wanted, names: Sequence[str]
) -> Plan:
    by_room: dict[str, list[BoardPhone]] = {}
    for phone in kept:
        by_room.setdefault(phone.room, []).append(phone)
    rooms = [room for room in board.rooms.values() if _is_drawn(board, room, by_room, wanted)]
    by_floor: dict[str, list[BoardRoom]] = {name: [] for name in names}
    for room in rooms:
        by_floor[room.floor].append(room)
    is_much = len(rooms) > TILES_MAX
    if is_much and (wanted.is_filtered):
        return _turned(plan, by_floor, by_room, wanted)
    share = max(_TROUBLE_TILES // max(1, len(by_floor)), _TROUBLE_TILES_LEAST)
    floors = tuple(
        _closed(name, some, by_room, share) if is_much else _open(name, some, by_room)
        for name, some in by_floor.items()
        if some
    )
    return _with(plan, floors=floors, found=len(rooms))


def _is_drawn(
    board: Board, room: BoardRoom, by_room: Mapping[str, list[BoardPhone]], wanted: Wanted
) -> bool:
    """Whether a room has a phone that is wanted; one without phones is there unless filtered."""
    if room.id in by_room:
        return True
    if wanted.state or wanted.model or wanted.switch:
        return False
    if wanted.floor and not _on(room, wanted.floor):
        return False
    return board.chosen is None or room.id in board.chosen.rooms


def _turned(
    plan: Plan,
    by_floor: Mapping[str, list[BoardRoom]],
    by_room: Mapping[str, list[BoardPhone]],
    wanted: Wanted,
) -> Plan:
    """Too many rooms that were asked for: page by page."""
    ordered = [room for some in by_floor.values() for room in some]
    pages = -(-len(ordered) // TILES_MAX)
    first = (min(wanted.page, pages) - 1) * TILES_MAX
    here = ordered[first : first + TILES_MAX]
    floors = []
    for name, some in by_floor.items():
        drawn = [room for room in here if room.floor == name]
        if drawn:
            whole = _open(name, some, by_room, drawn)
            floors.append(whole)
    return _with(plan, floors=tuple(floors), found=len(ordered), pages=pages)


def _open(
    name: str,
    rooms: Sequence[BoardRoom],
    by_room: Mapping[str, list[BoardPhone]],
    drawn: Sequence[BoardRoom] | None = None,
) -> Floor:
    tiles = tuple(_tile(room, by_room.get(room.id, ())) for room in (drawn or rooms))
    states = (p.state for room in rooms for p in by_room.get(room.id, ()))
    return Floor(name, len(rooms), counts_of(states), tiles, hidden=len(rooms) - len(tiles))


def _closed(
    name: str, rooms: Sequence[BoardRoom], by_room: Mapping[str, list[BoardPhone]], most: int
) -> Floor:
    """A floor with only its rooms in trouble, the worst first, and not too many of them."""
    states = [p.state for room in rooms for p in by_room.get(room.id, ())]
    sick = [
        room for room in rooms if any(p.state in TROUBLES for p in by_room.get(room.id, ()))
    ]  # fmt: skip
    tiles = sorted((_tile(room, by_room[room.id]) for room in sick), key=lambda t: _RANK[t.state])
    shown = tuple(tiles[:most])
    return Floor(
        name, len(rooms), counts_of(states), shown, is_open=False, hidden=len(rooms) - len(shown)
    )


def _tile(room: BoardRoom, phones: Sequence[BoardPhone]) -> Tile:
    if not phones:
        return Tile(room.id, room.shown, State.NOT_INSTALLED, "")
    if len(phones) == 1:
        return Tile(room.id, room.shown, phones[0].state, phones[0].mac)
    worst, *rest = sorted(phones, key=lambda p: (_RANK[p.state], p.position))
    others = tuple(p.state for p in rest[:_EXTRAS_MAX])
    return Tile(room.id, room.shown, worst.state, worst.mac, others, len(rest) - len(others))


def counts_of(states: Iterable[State]) -> Counts:
    """Return how many there are of each state, what wants to be seen first in front."""
    counted = Counter(states)
    return tuple((state, counted[state]) for state in ORDER if counted[state])


def _with(plan: Plan, **values: object) -> Plan:
    return Plan(plan.counts, plan.phones, plan.models, plan.floor_names, **values)  # type: ignore[arg-type]
