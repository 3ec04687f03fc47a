"""Which port feeds which phone: readings of switches against the inventory. Pure.

LLDP and CDP are heard on one cable only: who is named there hangs there. A learned MAC address
is seen on every switch on the way; it counts on the port with the fewest others, and not at all
on a port that leads to other switches. What was seen before comes in as a value and goes out
again, so that a dead phone still has its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from monitors import signals
from monitors.places import Located, Occupant, Place, Remembered, Topology, strength, weaker
from monitors.signals import PortPower, SwitchState, Whereabouts
from monitors.switches.reading import Neighbour, PortReading, SwitchReading
from provisioner.mac import MacAddress

MOST_BEHIND_A_PHONE = 4
"""Addresses on a port that still may belong to one phone: its own, and computers behind it."""

_NO_LINK = frozenset({signals.Link.DOWN, signals.Link.ADMIN_DOWN, signals.Link.BLOCKED})
PROVEN, LIKELY = signals.Mapping.PROVEN, signals.Mapping.LIKELY


@dataclass(frozen=True, slots=True)
class _Sighting:
    """One phone on one port. ``sure``: that it is there; ``mapping``: and that it is fed there."""

    place: Place
    sure: signals.Mapping
    mapping: signals.Mapping
    crowd: int
    powered: bool
    vlans: frozenset[int] = frozenset()
    voice_vlan: int | None = None
    ip: str = ""
    names_ip: bool | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """Who is who."""

    ours: frozenset[MacAddress]
    makers: frozenset[str]

    def is_phone(self, mac: MacAddress | None) -> bool:
        return mac is not None and (mac in self.ours or mac.oui in self.makers)


def locate(
    readings: Iterable[SwitchReading],
    phones: Iterable[MacAddress],
    remembered: Mapping[MacAddress, Remembered],
    now_s: float,
    makers: frozenset[str] = frozenset(),
) -> Topology:
    """Return where every phone is.

    Args:
        readings: of all switches; those that could not be read say so.
        phones: MACs of the inventory.
        remembered: where they were before.
        now_s: the clock that ``remembered`` is written by.
        makers: OUIs of phones' makers: who has one and is not in the inventory is a stranger.
    """
    every = list(readings)
    known = _Known(frozenset(phones), makers)
    uplinks: set[Place] = set()
    occupants: dict[Place, tuple[Occupant, ...]] = {}
    sightings: dict[MacAddress, list[_Sighting]] = {}
    for reading, port, place in _ports(every):
        if is_uplink(port):
            uplinks.add(place)
        there = _occupants(port, known)
        if there:
            occupants[place] = there
        for mac, sighting in _sightings(reading, port, place, known.ours):
            sightings.setdefault(mac, []).append(sighting)
    unread = frozenset(r.name for r in every if r.state is not SwitchState.UP)
    found: dict[MacAddress, Located] = {}
    memory: dict[MacAddress, Remembered] = {}
    for mac in sorted(known.ours):
        seen, before = sightings.get(mac, []), remembered.get(mac)
        now = _memory(seen, before, now_s)
        found[mac] = _located(mac, seen, now, now_s, unread if every else None)
        if now is not None:
            memory[mac] = now
    strangers = tuple(
        (place, somebody)
        for place, there in occupants.items()
        for somebody in there
        if somebody.is_phone and not somebody.is_ours
    )
    read = frozenset(r.name for r in every) - unread
    return Topology(_with_swaps(found), occupants, frozenset(uplinks), strangers, memory, read)


def is_uplink(port: PortReading) -> bool:
    """Whether a port leads to another switch or an access point, or to a crowd."""
    if any(n.is_phone for n in port.neighbours):
        return False
    if any(n.is_bridge for n in port.neighbours):
        return True
    return len({seen.mac for seen in port.learned}) > MOST_BEHIND_A_PHONE


def _ports(
    readings: Iterable[SwitchReading],
) -> Iterable[tuple[SwitchReading, PortReading, Place]]:
    for reading in readings:
        for port in reading.ports:
            if port.if_index is not None:
                yield reading, port, Place(reading.name, port.if_index, port.name)


def _occupants(port: PortReading, known: _Known) -> tuple[Occupant, ...]:
    there = [_named(n, known) for n in port.neighbours]
    if not is_uplink(port) and port.link not in _NO_LINK:
        told = {o.mac for o in there}
        learned = dict.fromkeys(seen.mac for seen in port.learned)
        there += [Occupant(m, known.is_phone(m), m in known.ours) for m in learned if m not in told]
    return tuple(there)


def _named(seen: Neighbour, known: _Known) -> Occupant:
    return Occupant(
        seen.mac,
        seen.is_phone or known.is_phone(seen.mac),
        seen.mac in known.ours,
        seen.name,
        seen.description,
        seen.is_bridge,
    )


def _sightings(
    reading: SwitchReading, port: PortReading, place: Place, ours: frozenset[MacAddress]
) -> Iterable[tuple[MacAddress, _Sighting]]:
    """Who of ours is on a port. Its link must not be down: tables forget slowly."""
    if port.link in _NO_LINK:
        return
    vlans: dict[MacAddress, set[int]] = {}
    for seen in port.learned:
        vlans.setdefault(seen.mac, set()).update({seen.vlan} if seen.vlan is not None else ())
    told = {n.mac: n for n in port.neighbours if n.mac is not None and n.mac in ours}
    by_address = set() if is_uplink(port) else ours & set(vlans)
    for mac in sorted({*told, *by_address}):
        neighbour = told.get(mac)
        sure = PROVEN if neighbour is not None else LIKELY
        yield (
            mac,
            _Sighting(
                place,
                sure,
                weaker(sure, port.mapping) if port.pse is not None else sure,
                len(vlans),
                port.state is PortPower.DELIVERING,
                frozenset(vlans.get(mac, ())),
                neighbour.voice_vlan if neighbour else None,
                (neighbour.ip if neighbour else "") or reading.addresses.get(mac, ""),
                bool(neighbour.ip and not neighbour.by_arp) if neighbour else None,
            ),
        )


def _best(seen: Sequence[_Sighting]) -> _Sighting | None:
    """The surest sighting; of equals the one that feeds it, then the one with fewest others."""
    key = [(strength(s.sure), s.powered, -s.crowd) for s in seen]
    return seen[key.index(max(key))] if seen else None


def _memory(
    seen: Sequence[_Sighting], before: Remembered | None, now_s: float
) -> Remembered | None:
    """What is remembered after these sightings. Home stays, unless it was less sure."""
    best = _best(seen)
    if best is None:
        return before
    if before is None:
        return Remembered(best.place, best.sure, best.place, now_s, best.mapping)
    settled = before.accepted or strength(before.home_sure) >= strength(best.sure)
    if settled:
        home, sure = before.home, before.home_sure
        if home == best.place:
            home = best.place  # its name may be new
    else:
        home, sure = best.place, best.sure
    return replace(
        before, home=home, home_sure=sure, last=best.place, last_at_s=now_s, mapping=best.mapping
    )


def _located(
    mac: MacAddress,
    seen: Sequence[_Sighting],
    memory: Remembered | None,
    now_s: float,
    unread: frozenset[str] | None,
) -> Located:
    """Where a phone is. ``unread``: switches without an answer; None: there are no switches."""
    best = _best(seen)
    home = memory.home if memory else None
    if best is None:
        return _unseen(mac, memory, now_s, unread)
    if best.sure is LIKELY and home and home != best.place and home.switch in (unread or ()):
        return Located(mac, Whereabouts.UNKNOWN, None, home, since_s=0.0)
    rivals = tuple(
        s.place
        for s in seen
        if s.place != best.place
        and s.sure is best.sure
        and (s.sure is PROVEN or (s.powered and best.powered))
    )
    where = Whereabouts.IN_PLACE if best.place == home else Whereabouts.OTHER_PORT
    return Located(
        mac,
        Whereabouts.TWO_PLACES if rivals else where,
        best.place,
        home,
        best.mapping,
        rivals,
        vlans=best.vlans,
        voice_vlan=best.voice_vlan,
        ip=best.ip,
        names_ip=best.names_ip,
        since_s=0.0,
    )


def _unseen(
    mac: MacAddress, memory: Remembered | None, now_s: float, unread: frozenset[str] | None
) -> Located:
    if memory is None:
        nothing_to_see = unread is None or bool(unread)
        return Located(mac, Whereabouts.UNKNOWN if nothing_to_see else Whereabouts.NEVER)
    hidden = unread is None or memory.home.switch in unread
    return Located(
        mac,
        Whereabouts.UNKNOWN if hidden else Whereabouts.GONE,
        None,
        memory.home,
        memory.mapping,
        since_s=max(now_s - memory.last_at_s, 0.0),
    )


def _with_swaps(found: Mapping[MacAddress, Located]) -> dict[MacAddress, Located]:
    """Two phones, each at the other's home."""
    by_home = {one.home: mac for mac, one in found.items() if one.home is not None}
    result: dict[MacAddress, Located] = {}
    for mac, one in found.items():
        moved = one.place if one.whereabouts is Whereabouts.OTHER_PORT else None
        other = by_home.get(moved) if moved is not None else None
        swapped = other is not None and found[other].place == one.home
        result[mac] = replace(one, swapped_with=other) if swapped else one
    return result
