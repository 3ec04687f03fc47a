"""A switch's reading as it is shown: its ports, who hangs on each, its power supplies. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from monitors.signals import Mapping
from monitors.switches.reading import How, Neighbour, PoeBudget, PortReading, SwitchReading
from monitors.switches.signals_of import budget_signal
from monitors.topology import MOST_BEHIND_A_PHONE, is_uplink
from provisioner.mac import MacAddress

KnownPhone = Callable[[MacAddress], bool]
"""Tells a phone by its MAC."""
_PHONE_WORD = re.compile(r"\bphone\b|SoundPoint", re.IGNORECASE)


def description(reading: SwitchReading, is_phone: KnownPhone) -> dict[str, Any]:
    """Return a reading as ``bellwire switch read --json`` shows it."""
    return {
        "platform": reading.platform or "unknown",
        "ports": [port_row(port, reading, is_phone) for port in reading.ports],
        "budget": budget_row(reading.budget),
    }


def budget_row(budget: PoeBudget) -> dict[str, Any] | None:
    """Return the power supplies as they are shown: all together, and each."""
    groups = [
        {
            "group": g.group,
            "used_w": g.used_w,
            "total_w": g.total_w,
            "state": str(budget_signal(g)),
        }
        for g in budget.groups
    ]
    if not groups:
        return None
    return {
        "used_w": _sum(g.used_w for g in budget.groups),
        "total_w": _sum(g.total_w for g in budget.groups),
        "groups": groups,
    }


def _sum(watts: Iterable[float | None]) -> float | None:
    known = [w for w in watts if w is not None]
    return round(sum(known), 1) if known else None


def port_row(port: PortReading, reading: SwitchReading, is_phone: KnownPhone) -> dict[str, Any]:
    """Return one port as it is shown."""
    seen = neighbour_of(port, is_phone)
    neighbour = None
    if seen is not None:
        address = seen.ip or (reading.addresses.get(seen.mac, "") if seen.mac else "")
        neighbour = {
            "mac": seen.mac.colons if seen.mac else None,
            "ip": address or None,
            "name": seen.name or seen.description or None,
            "is_phone": seen.is_phone,
        }
    return {
        "pse": ".".join(map(str, port.pse)) if port.pse is not None else None,
        "if_index": port.if_index,
        "if_name": port.name or None,
        "admin": port.admin,
        "state": str(port.state),
        "power_mw": port.power_mw,
        "link": str(port.link),
        "neighbour": neighbour,
        "mapping": str(_mapping(port, seen)),
    }


def neighbour_of(port: PortReading, is_phone: KnownPhone) -> Neighbour | None:
    """Return who hangs on a port: a phone first, then who says so, then who was learned."""
    told = [
        Neighbour(n.how, n.mac, n.ip, n.name, n.description, is_phone=True)
        if n.mac is not None and is_phone(n.mac)
        else n
        for n in port.neighbours
    ]
    macs = list(dict.fromkeys(seen.mac for seen in port.learned))
    if not is_uplink(port) and len(macs) <= MOST_BEHIND_A_PHONE:
        told += [Neighbour(How.FDB, mac, is_phone=True) for mac in macs if is_phone(mac)]
        if len(macs) == 1 and not told:
            told.append(Neighbour(How.FDB, macs[0]))
    if not told and port.device:
        phone = bool(_PHONE_WORD.search(port.device))
        return Neighbour(How.CDP, name=port.device, is_phone=phone)
    return min(told, key=lambda n: not n.is_phone, default=None)


def _mapping(port: PortReading, seen: Neighbour | None) -> Mapping:
    """How sure the socket is: of a power port its numbering, of another who is seen there."""
    if port.pse is not None:
        return port.mapping
    if seen is None or seen.mac is None:
        return Mapping.NONE
    return Mapping.LIKELY if seen.how is How.FDB else Mapping.PROVEN
