"""The stages of a rollout: which rooms come first, which next. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provisioner.errors import UnknownThingError

MAX_STAGES = 20
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Stage:
    """Rooms or floors that get a firmware together.

    Attributes:
        everything: the whole site; then neither rooms nor floors are named.
    """

    rooms: tuple[str, ...] = ()
    floors: tuple[str, ...] = ()
    everything: bool = False

    def holds(self, room: str, floor: str) -> bool:
        """Whether a phone in that room belongs here."""
        return self.everything or room in self.rooms or (floor in self.floors and floor != "")

    def __str__(self) -> str:
        """The stage as ``--stages`` wants it."""
        if self.everything:
            return "all"
        name, things = ("rooms", self.rooms) if self.rooms else ("floor", self.floors)
        return f"{name}={','.join(things)}"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a phone is, and what it is."""

    room: str
    floor: str
    model: str


def stage_of(stages: Sequence[Stage], room: str, floor: str) -> int | None:
    """Return the first stage that a room belongs to, counted from 0; None: to none."""
    return next((n for n, stage in enumerate(stages) if stage.holds(room, floor)), None)


def read_stages(text: str) -> tuple[Stage, ...]:
    """Read stages as a person writes them: ``rooms=214,215 floor=2 all``.

    Raises:
        UnknownThingError: a word is no stage.
    """
    stages = tuple(_read_stage(word) for word in text.split())
    if not 0 < len(stages) <= MAX_STAGES:
        raise UnknownThingError(f"a rollout has 1 to {MAX_STAGES} stages, {len(stages)} are given")
    return stages


def _read_stage(word: str) -> Stage:
    if word == "all":
        return Stage(everything=True)
    name, _, rest = word.partition("=")
    things = tuple(thing for thing in rest.split(",") if thing)
    if name in {"room", "rooms"} and things:
        return Stage(rooms=things)
    if name in {"floor", "floors"} and things:
        return Stage(floors=things)
    raise UnknownThingError(f"{word!r} is no stage; write rooms=214,215 or floor=2 or all")


def default_stages(
    spots: Iterable[Spot], rooms: Sequence[str] = (), floors: Sequence[str] = ()
) -> tuple[Stage, ...]:
    """Return careful stages: a first room for each model, its floor, then the rest.

    Args:
        spots: the phones that the firmware is for.
        rooms: only these rooms, when given.
        floors: only these floors, when given.
    """
    reach = _reach(rooms, floors)
    inside = [spot for spot in spots if any(stage.holds(spot.room, spot.floor) for stage in reach)]
    first = _first_rooms(inside)
    its_floors = {spot.floor for spot in inside if spot.room in first and spot.floor}
    stages = [Stage(rooms=first)] if first else []
    if not rooms and not floors and its_floors:
        stages.append(Stage(floors=tuple(sorted(its_floors, key=_counted))))
    return tuple(dict.fromkeys((*stages, *reach)))


def _reach(rooms: Sequence[str], floors: Sequence[str]) -> list[Stage]:
    if not rooms and not floors:
        return [Stage(everything=True)]
    named = [Stage(rooms=tuple(rooms))] if rooms else []
    return [*named, *([Stage(floors=tuple(floors))] if floors else [])]


def _first_rooms(spots: Iterable[Spot]) -> tuple[str, ...]:
    """The first room of each model, in the order people count in: 9 before 10."""
    first: dict[str, str] = {}
    for spot in sorted(spots, key=lambda s: _counted(s.room)):
        first.setdefault(spot.model, spot.room)
    return tuple(dict.fromkeys(first.values()))


def _counted(room: str) -> list[tuple[int, int, str]]:
    parts = _NUMBERS.split(room)
    return [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts if p]
