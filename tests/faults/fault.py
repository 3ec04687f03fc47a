"""What a fault is: what is broken, how it is put right, and what bellwire should say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.house import House
from tests.faults.telephones import Telephone

Heal = Callable[[], object]


class Shows(StrEnum):
    """How a fault shows."""

    DOWN = "down"  # the phone does not work, and an incident is open
    WARNING = "warning"  # the phone works, and something is said of it
    NOTE = "note"  # nothing is wrong: a fault must not be made of it
    GROUP = "group"  # many phones fail, and one incident is open for all of them
    STANDING = "standing"  # an incident is open although every phone works
    ABSENT = "absent"  # a phone that is not there yet


class Step(StrEnum):
    """The step of the ladder a fault is on: of two, the lower one is the cause to name."""

    POWER = "1 power"
    LINK = "2 link"
    PLACE = "3 place"
    ADDRESS = "4 address"
    CONFIG = "5 config"
    REGISTRATION = "6 registration"
    REACH = "7 reachability"
    WELL = "8 the phone works"
    GROUP = "0 many phones"


@dataclass(slots=True)
class Case:
    """A fault on a phone.

    Attributes:
        neighbour: the phone of another room that some faults need, such as a swap.
    """

    house: House
    phone: Telephone
    neighbour: Telephone | None = None

    @property
    def other(self) -> Telephone:
        """The neighbour."""
        if self.neighbour is None:
            raise ValueError("this fault needs a second phone")
        return self.neighbour


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the catalogue.

    Attributes:
        id: short name.
        what: what happened, in a sentence.
        rule: row of the decision table (the monitoring notes, 7.3) that is its cause.
        inject: breaks something; returns what puts it right.
        also: another row that is right as well, because the table itself cannot tell them apart.
        why: then, why not.
        floors: where it can be injected: makers' switches say more or less, phones obey us or not.
        models: of the phone; empty: any.
        position: of the phone in its room; empty: any.
        spare: on a phone that was never installed.
        needs_neighbour: a second phone, of another room on the same switch.
        moves: it moves plugs: two of these on one phone make no sense.
        shares_power: it changes what all phones of a switch get.
        settle_s: how long it takes until it can be seen.
        alone: it cannot be on a phone together with another fault.
        covers: faults of lower steps that cannot be seen while this one is there, or that it
            explains as well: of such a pair this one is right too.
        covers_why: then, how.
    """

    id: str
    what: str
    rule: str
    inject: Callable[[Case], Heal]
    step: Step
    shows: Shows = Shows.DOWN
    also: tuple[str, ...] = ()
    why: str = ""
    floors: tuple[int, ...] = (1, 2, 3)
    models: tuple[str, ...] = ()
    position: str = ""
    spare: bool = False
    needs_neighbour: bool = False
    moves: bool = False
    shares_power: bool = False
    settle_s: float = 0.0
    alone: bool = False
    covers: tuple[str, ...] = ()
    covers_why: str = ""

    @property
    def right(self) -> frozenset[str]:
        """Every row that counts as right."""
        return frozenset({self.rule, *self.also})

    def fits(self, phone: Telephone) -> bool:
        """Whether it can be injected on a phone."""
        return (
            int(phone.home[0].rpartition("-")[2]) in self.floors
            and (not self.models or phone.model in self.models)
            and (not self.position or phone.position == self.position)
            and self.spare == phone.is_spare
        )
