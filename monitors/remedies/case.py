"""What the guards look at, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping as Facts
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitors.places import Located, Place, Remembered
from monitors.remedies.kinds import Remedy
from monitors.remedies.ways import Ways
from monitors.switches.reading import PortReading, SwitchReading
from provisioner.inventory.records import Phone
from provisioner.mac import MacAddress


class Verdict(StrEnum):
    """What a guard says."""

    OK = "ok"
    CONFIRM = "confirm"  # a person may say that it is meant
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard's word, with what it was measured by."""

    name: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class Calls:
    """Who is in a call.

    Attributes:
        busy: extensions with a channel at the PBX.
        problem: why the PBX could not be asked; empty: it was.
    """

    busy: frozenset[str] = frozenset()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ThisHost:
    """The machine bellwire runs on."""

    macs: frozenset[MacAddress] = frozenset()
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the guards look at.

    Attributes:
        extensions: of the phone, its handsets' included.
        neighbours: other phones of the inventory, by MAC: what to call them, and extensions.
        located: where the phone is, by the fresh reading; ``memory``: where it was before.
        switch: the fresh reading, ``port`` the port that is to be written to.
        uplinks: ports that lead to other switches.
        sees_macs: whether the switch tells which MAC addresses it has learned.
        last: when the same was done to this phone last; naive UTC.
        limit: why the limits of port and switch do not allow it now; empty: they do.
        urgent: why the phone is one for emergencies; empty: it is none.
        maintenance: which maintenance goes on there; empty: none.
        excepted: why the site leaves this phone alone; empty: it does not.
    """

    remedy: Remedy
    phone: Phone
    now: datetime
    extensions: tuple[str, ...] = ()
    neighbours: Facts[MacAddress, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    located: Located | None = None
    memory: Remembered | None = None
    switch: SwitchReading | None = None
    port: PortReading | None = None
    uplinks: frozenset[Place] = frozenset()
    sees_macs: bool = True
    host: ThisHost = ThisHost()
    calls: Calls = Calls()
    last: datetime | None = None
    limit: str = ""
    urgent: str = ""
    maintenance: str = ""
    excepted: str = ""
    ways: Ways = field(default_factory=Ways)

    def others(self) -> list[MacAddress]:
        """Return other phones of the inventory on the port."""
        if self.port is None:
            return []
        named = [n.mac for n in self.port.neighbours if n.mac]
        there = dict.fromkeys([*named, *(seen.mac for seen in self.port.learned)])
        return [m for m in there if m in self.neighbours and m != self.phone.mac]


Word = tuple[Verdict, str]
"""What a guard says, and by what it was measured."""
