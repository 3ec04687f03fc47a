"""What a rule is, and the ladder it stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from monitors.evidence import Evidence


class Layer(IntEnum):
    """The ladder, from the wall socket up: proof on one step proves all steps below."""

    NOTHING = 0
    POWER = 1
    LINK = 2
    PLACE = 3
    ADDRESS = 4
    CONFIG = 5
    REGISTRATION = 6
    REACHABILITY = 7
    WELL = 8


class Sureness(StrEnum):
    """How sure a diagnosis is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Weight(StrEnum):
    """What a rule is about."""

    FAULT = "fault"  # something says that it is so
    ABSENCE = "absence"  # nothing says that it is not so
    WARNING = "warning"  # the phone works, and something is wrong all the same
    NOTE = "note"  # the phone works; worth knowing


Condition = Callable[[Evidence], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the decision table (the monitoring notes, 7.3).

    Attributes:
        id: as in the table: ``B5``. Its texts are found by it.
        needs: names of signals that would make a less sure answer surer.
    """

    id: str
    layer: Layer
    when: Condition
    weight: Weight = Weight.FAULT
    sureness: Sureness = Sureness.LIKELY
    needs: tuple[str, ...] = ()
