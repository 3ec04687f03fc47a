"""What switches say of one phone, as the signals of a diagnosis. Pure.

Power, watts and link are of the port where the phone is; when it is nowhere, of the port where
it belongs. Who hangs on a port is asked of the port where it belongs.
"""

from __future__ import annotations

from collections.abc import Mapping as Facts
from dataclasses import dataclass, field

from monitors.places import Located, Place, Topology
from monitors.signals import (
    Budget,
    Link,
    Mapping,
    Neighbour,
    PortPower,
    Signal,
    SwitchState,
    Trouble,
    Vlan,
    Watts,
    Whereabouts,
)
from monitors.switches.counters import FLAPS_AN_HOUR, troubles
from monitors.switches.reading import PoeGroup, PortReading, SwitchReading
from provisioner.mac import MacAddress

LOW_MW = 1000
CLASS_MW = {
    0: 12_950, 1: 3_840, 2: 6_490, 3: 12_950, 4: 25_500, 5: 40_000, 6: 51_000, 7: 62_000, 8: 71_300,
}  # fmt: skip
"""What a device of a class may draw (IEEE 802.3af, at and bt)."""
EXHAUSTED_W = 4.0
"""With less than this left not even the smallest class of phone is fed."""
TIGHT_SHARE = 0.9
_THOUSAND = 1000
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Observed:
    """A reading of a switch and how old it is.

    Attributes:
        age_s: seconds since power and links were read; ``neighbours_age_s``: since everything
            was.
        hour: what each port's counters grew by in the last hour, by ifIndex
            (``monitors.switches.counters.counted``).
    """

    reading: SwitchReading
    age_s: float = 0.0
    neighbours_age_s: float = 0.0
    hour: Facts[int, Facts[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PortSignals:
    """The signals that switches give, and facts for the sentence."""

    mapping: Signal[Mapping] = Signal(Mapping.NONE)
    switch: Signal[SwitchState] = Signal(SwitchState.UNKNOWN)
    power: Signal[PortPower] = Signal(PortPower.UNKNOWN)
    watts: Signal[Watts] = Signal(Watts.UNKNOWN)
    budget: Signal[Budget] = Signal(Budget.UNKNOWN)
    link: Signal[Link] = Signal(Link.UNKNOWN)
    neighbour: Signal[Neighbour] = Signal(Neighbour.UNKNOWN)
    whereabouts: Signal[Whereabouts] = Signal(Whereabouts.UNKNOWN)
    vlan: Signal[Vlan] = Signal(Vlan.UNKNOWN)
    troubles: frozenset[Trouble] = frozenset()
    facts: Facts[str, str] = field(default_factory=dict)


def port_signals(
    mac: MacAddress,
    topology: Topology,
    observed: Facts[str, Observed],
    voice_vlan: int | None = None,
    rooms: Facts[MacAddress, str] | None = None,
) -> PortSignals:
    """Return what is known of a phone's port.

    Args:
        mac: of a phone of the inventory.
        topology: where everything is.
        observed: readings by name of the switch.
        voice_vlan: the VLAN phones should be in; None: nobody said.
        rooms: what to call the room of each phone of the inventory.
    """
    located = topology.phones.get(mac)
    if located is None:
        return PortSignals()
    where = located.place or located.home
    seen = observed.get(where.switch) if where else None
    if where is None or seen is None:
        return PortSignals(whereabouts=Signal(located.whereabouts, 0.0, "snmp"))
    port = seen.reading.port(where.if_index)
    if seen.reading.state is not SwitchState.UP or port is None:
        return PortSignals(
            mapping=_mapping(located, where),
            switch=_switch(seen),
            whereabouts=_whereabouts(located, where),
            facts=_facts(located, where, None, rooms or {}),
        )
    return _of_port(_Case(mac, located, where, port, seen, topology, voice_vlan, rooms or {}))


@dataclass(frozen=True, slots=True)
class _Case:
    mac: MacAddress
    located: Located
    where: Place
    port: PortReading
    seen: Observed
    topology: Topology
    voice_vlan: int | None
    rooms: Facts[MacAddress, str]


def _of_port(case: _Case) -> PortSignals:
    port, seen = case.port, case.seen
    source, age_s = f"snmp {case.where.switch}", seen.age_s
    hour = seen.hour.get(case.where.if_index, {})
    group = seen.reading.budget.of(port.pse)
    link = Link.UNSTABLE if _unstable(port, hour) else port.link
    power = power_signal(port)
    neighbour = case.topology.seen_by(case.mac)
    if neighbour is Neighbour.NOTHING and link in {Link.UP, Link.DEGRADED, Link.UNSTABLE}:
        neighbour = Neighbour.UNKNOWN  # somebody is there, and has not said a word lately
    at_home = case.topology.at_home(case.mac)
    who = ", ".join(o.name or o.description or (o.mac.colons if o.mac else "?") for o in at_home)
    return PortSignals(
        mapping=_mapping(case.located, case.where),
        switch=_switch(seen),
        power=Signal(power, age_s, source, _power_text(port)),
        watts=Signal(watts_signal(port), age_s, source, _watts_text(port)),
        budget=Signal(budget_signal(group), age_s, source, _budget_text(group)),
        link=Signal(link, age_s, source, _link_text(port, hour)),
        neighbour=Signal(neighbour, seen.neighbours_age_s, source, who),
        whereabouts=_whereabouts(case.located, case.where),
        vlan=_vlan(case, source),
        troubles=troubles(hour),
        facts=_facts(case.located, case.where, case, case.rooms),
    )


def power_signal(port: PortReading) -> PortPower:
    """Return how the port fares. A short circuit with a link is a device without PoE."""
    if port.state is PortPower.SHORT and port.link in {Link.UP, Link.DEGRADED}:
        return PortPower.SEARCHING
    return port.state


def watts_signal(port: PortReading) -> Watts:
    """Return what the device draws against what such a device may draw."""
    if port.power_mw is None or port.state is PortPower.UNKNOWN:
        return Watts.UNKNOWN
    if port.state is not PortPower.DELIVERING or port.power_mw == 0:
        return Watts.NONE
    if port.power_mw < LOW_MW:
        return Watts.LOW
    most = CLASS_MW.get(port.poe_class) if port.poe_class is not None else port.limit_mw
    return Watts.HIGH if most and port.power_mw > most else Watts.NORMAL


def budget_signal(group: PoeGroup | None) -> Budget:
    """Return how much power a supply has left."""
    if group is None:
        return Budget.UNKNOWN
    if group.faulty:
        return Budget.FAULTY
    if group.total_w is None or group.used_w is None or group.total_w <= 0:
        return Budget.UNKNOWN
    if group.total_w - group.used_w < EXHAUSTED_W:
        return Budget.EXHAUSTED
    share = TIGHT_SHARE
    if group.threshold_percent is not None:
        share = max(share, group.threshold_percent / _PERCENT)
    return Budget.TIGHT if group.used_w >= share * group.total_w else Budget.ENOUGH


def _unstable(port: PortReading, hour: Facts[str, int]) -> bool:
    return hour.get("flaps", 0) >= FLAPS_AN_HOUR and port.link in {Link.UP, Link.DEGRADED}


def _mapping(located: Located, where: Place) -> Signal[Mapping]:
    return Signal(located.mapping, located.since_s, f"snmp {where.switch}", where.port)


def _switch(seen: Observed) -> Signal[SwitchState]:
    failure = seen.reading.failure
    return Signal(
        seen.reading.state, seen.age_s, f"snmp {seen.reading.name}", failure.text if failure else ""
    )


def _whereabouts(located: Located, where: Place) -> Signal[Whereabouts]:
    places = (located.place, *located.also_at) if located.place else ()
    text = ", ".join(f"{p.switch} {p.port}" for p in places if p)
    return Signal(located.whereabouts, 0.0, f"snmp {where.switch}", text)


def _vlan(case: _Case, source: str) -> Signal[Vlan]:
    """The VLAN its address was learned in; what it says itself is what it was told to use."""
    located, wanted = case.located, case.voice_vlan
    seen = located.vlans or (
        frozenset({located.voice_vlan}) if located.voice_vlan is not None else frozenset()
    )
    text = ", ".join(f"VLAN {v}" for v in sorted(seen))
    if wanted is None or not seen:
        return Signal(Vlan.UNKNOWN, case.seen.neighbours_age_s, source, text)
    value = Vlan.VOICE if wanted in seen else Vlan.WRONG
    return Signal(value, case.seen.neighbours_age_s, source, text)


def _power_text(port: PortReading) -> str:
    return port.words or str(port.state)


def _watts_text(port: PortReading) -> str:
    return "" if port.power_mw is None else f"{port.power_mw / _THOUSAND:.1f} W"


def _budget_text(group: PoeGroup | None) -> str:
    if group is None or group.total_w is None or group.used_w is None:
        return ""
    return f"{group.used_w:.0f} of {group.total_w:.0f} W"


def _link_text(port: PortReading, hour: Facts[str, int]) -> str:
    parts = [port.blocked_by or str(port.link)]
    if port.link in {Link.UP, Link.DEGRADED} and port.speed_mbit:
        duplex = ", half duplex" if port.half_duplex else ""
        parts.append(f"{port.speed_mbit} Mbit/s{duplex}")
    if hour.get("flaps"):
        parts.append(f"{hour['flaps']} changes in an hour")
    if hour.get("in_errors"):
        parts.append(f"{hour['in_errors']} errors in an hour")
    return ", ".join(parts)


def _facts(
    located: Located, where: Place, case: _Case | None, rooms: Facts[MacAddress, str]
) -> dict[str, str]:
    facts = {"switch": where.switch, "port": where.port}
    moved = located.place is not None and located.home is not None and located.place != located.home
    if moved and located.home is not None and located.place is not None:
        facts |= {"port": located.home.port, "other_port": located.place.port}
    elif located.also_at:
        facts["other_port"] = located.also_at[0].port
    if case is not None:
        facts |= _port_facts(case)
        others = [o for o in case.topology.at_home(case.mac) if o.mac != case.mac]
        other = next((o for o in others if o.is_ours and o.mac is not None), None)
        if other is not None and other.mac is not None:
            facts["other_room"] = rooms.get(other.mac, "")
        if others:
            first = other or others[0]
            name = first.name or first.description
            facts["neighbour"] = name or (first.mac.colons if first.mac else "")
    return {name: value for name, value in facts.items() if value}


def _port_facts(case: _Case) -> dict[str, str]:
    port = case.port
    group = case.seen.reading.budget.of(port.pse)
    seen = case.located.vlans
    wrong = case.voice_vlan is not None and seen and case.voice_vlan not in seen
    duplex = "/half" if port.half_duplex else ""
    speed = f"{port.speed_mbit} Mbit/s{duplex}" if port.speed_mbit else ""
    used = "" if group is None or group.used_w is None else f"{group.used_w:.0f}"
    total = "" if group is None or group.total_w is None else f"{group.total_w:.0f}"
    return {
        "watts": _watts_text(port),
        "class": "" if port.poe_class is None else str(port.poe_class),
        "used_w": used,
        "total_w": total,
        "speed": speed,
        "vlan": f"VLAN {case.voice_vlan}" if case.voice_vlan is not None else "",
        "seen_vlan": ", ".join(f"VLAN {v}" for v in sorted(seen)) if wrong else "",
    }
