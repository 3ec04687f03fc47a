"""All that is known of who hangs on a port, from every protocol, each device once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from monitors.switches.reading import Neighbour


def merged(found: Iterable[Neighbour]) -> tuple[Neighbour, ...]:
    """Return the devices of one port, phones first.

    A device that speaks LLDP and CDP is one: its MAC or its address says so.
    """
    devices: list[Neighbour] = []
    for seen in found:
        place = next((n for n, known in enumerate(devices) if _same(known, seen)), None)
        if place is None:
            devices.append(seen)
        else:
            devices[place] = _with(devices[place], seen)
    return tuple(sorted(devices, key=lambda d: not d.is_phone))


def _same(one: Neighbour, other: Neighbour) -> bool:
    if one.how is other.how:
        return False
    if one.mac and other.mac:
        return one.mac == other.mac
    return bool(one.ip and one.ip == other.ip) or bool(one.name and one.name == other.name)


def _with(first: Neighbour, more: Neighbour) -> Neighbour:
    """Add what another protocol knows; the first one's word stands."""
    is_phone = first.is_phone or more.is_phone
    voice_vlan = first.voice_vlan if first.voice_vlan is not None else more.voice_vlan
    return replace(
        first,
        mac=first.mac or more.mac,
        ip=first.ip or more.ip,
        name=first.name or more.name,
        description=first.description or more.description,
        is_phone=is_phone,
        is_bridge=not is_phone and (first.is_bridge or more.is_bridge),
        voice_vlan=voice_vlan,
    )
