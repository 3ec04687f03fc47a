"""Where phones are and belong, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from monitors import signals
from monitors.signals import Neighbour as NeighbourSignal
from monitors.signals import Whereabouts
from provisioner.mac import MacAddress

_WEAKEST_FIRST = (
    signals.Mapping.NONE,
    signals.Mapping.ASSUMED,
    signals.Mapping.LIKELY,
    signals.Mapping.PROVEN,
)


def weaker(one: signals.Mapping, other: signals.Mapping) -> signals.Mapping:
    """Return the less sure of two."""
    return min(one, other, key=_WEAKEST_FIRST.index)


def strength(mapping: signals.Mapping) -> int:
    """Return how sure a mapping is as a number to compare by."""
    return _WEAKEST_FIRST.index(mapping)


@dataclass(frozen=True, slots=True)
class Place:
    """A socket of a switch. ``port`` is its name, for people; it does not make it another one."""

    switch: str
    if_index: int
    port: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Remembered:
    """Where a phone was.

    Attributes:
        home: where it belongs: a person said so, or it was first seen there.
        home_sure: how sure ``home`` is.
        last: where it was seen last.
        last_at_s: when, by the caller's clock.
        mapping: how sure it was then that ``last`` feeds it.
        accepted: a person said where it belongs.
    """

    home: Place
    home_sure: signals.Mapping
    last: Place
    last_at_s: float
    mapping: signals.Mapping
    accepted: bool = False


def accepted(place: Place, now_s: float) -> Remembered:
    """Return the memory of a phone of which a person says where it belongs."""
    sure = signals.Mapping.LIKELY
    return Remembered(place, sure, place, now_s, sure, accepted=True)


@dataclass(frozen=True, slots=True)
class Occupant:
    """Somebody on a port: a phone of the inventory, a phone nobody entered, or something else."""

    mac: MacAddress | None
    is_phone: bool
    is_ours: bool
    name: str = ""
    description: str = ""
    is_bridge: bool = False


@dataclass(frozen=True, slots=True)
class Located:
    """Where a phone is and belongs.

    Attributes:
        place: where it was seen now; None: nowhere.
        home: where it belongs; None: nobody knows yet.
        mapping: how sure it is that ``place`` is its socket and feeds it; without a place, how
            sure the last one was.
        also_at: other places it was seen at, just as surely.
        swapped_with: the phone that is at this one's home, and this one at its.
        vlans: VLANs its MAC was learned in.
        voice_vlan: the one it uses for voice, if it says so.
        names_ip: whether it tells ``ip`` itself, by LLDP or CDP; None: it speaks neither now.
        since_s: seconds since it was last seen; 0: now; None: never.
    """

    mac: MacAddress
    whereabouts: Whereabouts
    place: Place | None = None
    home: Place | None = None
    mapping: signals.Mapping = signals.Mapping.NONE
    also_at: tuple[Place, ...] = ()
    swapped_with: MacAddress | None = None
    vlans: frozenset[int] = frozenset()
    voice_vlan: int | None = None
    ip: str = ""
    names_ip: bool | None = None
    since_s: float | None = None


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything at its place.

    Attributes:
        phones: every phone of the inventory, by MAC.
        occupants: who is on each port; ports with nobody are not in it.
        uplinks: ports that lead to other switches.
        strangers: phones that nobody entered, and where they are.
        remembered: what to bring along next time.
        read: switches that answered.
    """

    phones: Mapping[MacAddress, Located] = field(default_factory=dict)
    occupants: Mapping[Place, tuple[Occupant, ...]] = field(default_factory=dict)
    uplinks: frozenset[Place] = frozenset()
    strangers: tuple[tuple[Place, Occupant], ...] = ()
    remembered: Mapping[MacAddress, Remembered] = field(default_factory=dict)
    read: frozenset[str] = frozenset()

    def at_home(self, mac: MacAddress) -> tuple[Occupant, ...]:
        """Return who is on the port where a phone belongs, or is."""
        located = self.phones[mac]
        where = located.home or located.place
        return self.occupants.get(where, ()) if where else ()

    def seen_by(self, mac: MacAddress) -> NeighbourSignal:
        """Return what the port where a phone belongs sees at the end of its cable."""
        located = self.phones[mac]
        where = located.home or located.place
        if where is None or where.switch not in self.read:
            return NeighbourSignal.UNKNOWN
        return judged(self.at_home(mac), mac)


def judged(occupants: Iterable[Occupant], mac: MacAddress) -> NeighbourSignal:
    """Return the one word for who is on a phone's port."""
    there = list(occupants)
    phones = {o.mac or o.name for o in there if o.is_phone}
    if len(phones) > 1:
        return NeighbourSignal.TWO_PHONES
    if any(o.mac == mac for o in there):
        return NeighbourSignal.THIS_PHONE
    if any(o.is_ours for o in there):
        return NeighbourSignal.OTHER_PHONE
    if phones:
        return NeighbourSignal.UNKNOWN_PHONE
    return NeighbourSignal.NOT_A_PHONE if there else NeighbourSignal.NOTHING
