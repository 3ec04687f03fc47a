"""What was injected, what was said of it, and whether that is right."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.faults.fault import Case, Fault, Heal, Shows
from tests.faults.telephones import Telephone

SILENT = "-"


@dataclass(slots=True)
class Injected:
    """One or two faults on a phone, and what was said of it.

    Attributes:
        rule: the diagnosis, once it was stable; ``SILENT``: nothing was said.
        seen: every change: seconds, state and rule.
        evidence: the signals, when the diagnosis is not right.
    """

    faults: tuple[Fault, ...]
    case: Case
    rule: str = ""
    state: str = ""
    seen: list[tuple[float, str, str]] = field(default_factory=list)
    evidence: str = ""
    has_incident: bool = False
    trouble: str = ""
    heals: list[Heal] = field(default_factory=list)

    @property
    def phone(self) -> Telephone:
        """Whose fault it is."""
        return self.case.phone

    @property
    def name(self) -> str:
        """What was injected."""
        return " + ".join(f.id for f in self.faults)

    @property
    def leading(self) -> tuple[Fault, ...]:
        """The faults that may be named: those on the lowest step that stop the phone."""
        stopping = [f for f in self.faults if f.shows is Shows.DOWN] or list(self.faults)
        lowest = min(f.step for f in stopping)
        first = tuple(f for f in stopping if f.step == lowest)
        ids = {f.id for f in first}
        return (*first, *(f for f in self.faults if f not in first and ids & set(f.covers)))

    @property
    def right(self) -> frozenset[str]:
        """Rules that are right."""
        return frozenset().union(*(f.right for f in self.leading))

    @property
    def is_right(self) -> bool:
        """Whether a cause was named that is one."""
        return self.rule in self.right and not self.trouble

    @property
    def is_silent(self) -> bool:
        """Whether nothing was said although there was something to say."""
        wants = {f.shows for f in self.leading}
        if wants <= {Shows.NOTE, Shows.ABSENT}:
            return False
        return self.rule in {SILENT, "I1", "I5", "H4", "H5", "I6"}

    @property
    def involved(self) -> set[str]:
        """MACs of phones that are touched."""
        found = {self.phone.mac}
        if self.case.neighbour is not None:
            found.add(self.case.neighbour.mac)
        return found


@dataclass(slots=True)
class Wave:
    """Faults that were there at the same time, in different rooms.

    Attributes:
        false_alarms: phones that nobody touched, and what was said of them.
        slow: phones that nobody touched, and that did answer slowly, as bellwire said: the machine
            had more to do than it could.
        left: what was still wrong after everything had been put right.
    """

    injected: list[Injected]
    false_alarms: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    took_s: float = 0.0
