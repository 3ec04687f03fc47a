"""What a simulated switch is, and the rows of its tables. Nothing here comes from bellwire.

Numbers of objects are those of the standards (RFC 2863, 3621, 4188, 4363, 6933, IEEE 802.1AB,
ANSI/TIA-1057) and of the makers' MIBs, as recorded switches show them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Oid = tuple[int, ...]
Value = tuple[str, int | bytes | Oid]
"""Kind (i INTEGER, g Gauge32, c Counter32, t TimeTicks, s OCTET STRING, o OID) and value."""

Kind = Literal["cisco", "radlan", "procurve"]
Trouble = Literal["", "denied", "overload", "short", "hardware"]

UPLINKS = 2
_OFF, _SEARCHING, _DELIVERING, _FAULT = 1, 2, 3, 4
_COUNTERS = {"power_lost": 8, "invalid_signature": 11, "denied": 12, "overload": 13, "short": 14}
_OBJECTS: dict[Kind, tuple[Oid, str]] = {
    "cisco": (
        (1, 3, 6, 1, 4, 1, 9, 1, 1208),
        "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(2)E7",
    ),
    "radlan": (
        (1, 3, 6, 1, 4, 1, 9, 6, 1, 1006, 24, 5),
        "CBS350-24P-4X 24-Port Gigabit PoE Stackable Managed Switch with 10G Uplinks",
    ),
    "procurve": (
        (1, 3, 6, 1, 4, 1, 11, 2, 3, 7, 11, 87),
        "HP J9773A 2530-24G-PoEP Switch, revision YA.16.08.0014, ROM YA.15.20",
    ),
}
_WORDS: dict[str, str] = {
    "off": "Port is off. User setting",
    "denied": "Port is off. Power management - static",
    "overload": "Port is off. Overload state",
    "short": "Port is off. Short condition",
    "hardware": "Port is off. Hardware fault",
    "": "Port is off. Detection in process",
}
_IF, _IFX = (1, 3, 6, 1, 2, 1, 2, 2, 1), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
_PETH, _MAIN = (1, 3, 6, 1, 2, 1, 105, 1, 1, 1), (1, 3, 6, 1, 2, 1, 105, 1, 3, 1, 1)
_BRIDGE, _QBRIDGE = (1, 3, 6, 1, 2, 1, 17), (1, 3, 6, 1, 2, 1, 17, 7, 1)
_LLDP = (1, 0, 8802, 1, 1, 2, 1)
_MED = (*_LLDP, 5, 4795, 1, 3)
_CISCO = (1, 3, 6, 1, 4, 1, 9, 9)
_ENTITY = (1, 3, 6, 1, 2, 1, 47, 1, 3, 2, 1, 2)


@dataclass(slots=True)
class Neighbour:
    """What a device says of itself by LLDP.

    Attributes:
        address: its IPv4 address; empty: it has none and is known by its MAC alone.
        can: its capabilities, as BITS of two octets.
        voice_vlan: the VLAN it uses for voice; None: it speaks no LLDP-MED.
    """

    mac: str
    name: str
    description: str = ""
    address: str = ""
    can: bytes = b"\x24\x00"
    voice_vlan: int | None = None


@dataclass(slots=True)
class Port:
    """One socket of a switch, as it stands now.

    Attributes:
        number: 1 to 24; the uplinks come after them and feed nobody.
        allowed: whether somebody lets it feed.
        trouble: why it feeds nobody although it should.
        last_change: sysUpTime, hundredths of a second, when the link changed.
        blocked: reason in numbers of CISCO-ERR-DISABLE-MIB; 0: it is not blocked.
        learned: MAC addresses and the VLANs they were learned in.
    """

    number: int
    allowed: bool = True
    delivering: bool = False
    trouble: Trouble = ""
    milliwatts: int = 0
    limit_mw: int = 15_400
    poe_class: int = 2
    counters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTERS, 0))
    link_allowed: bool = True
    link: bool = False
    speed_mbit: int = 100
    half_duplex: bool = False
    last_change: int = 0
    in_errors: int = 0
    blocked: int = 0
    vlan: int = 1
    voice_vlan: int = 20
    alias: str = ""
    neighbours: list[Neighbour] = field(default_factory=list)
    learned: list[tuple[str, int]] = field(default_factory=list)


@dataclass(slots=True)
class Switch:
    """A switch as it stands now. Call ``touch`` after a change.

    Attributes:
        answers: whether its agent says anything at all.
        total_w: what its power supply gives; ``used_w``: what it gives now.
        supply: pethMainPseOperStatus: on 1, off 2, faulty 3.
        addresses: its ARP table, IPv4 address by MAC.
        version: counts changes.
    """

    name: str
    kind: Kind
    community: str = "public"
    write_community: str = "private"
    ports: dict[int, Port] = field(default_factory=dict)
    answers: bool = True
    total_w: int = 370
    used_w: int = 0
    supply: int = 1
    addresses: dict[str, str] = field(default_factory=dict)
    vlans: set[int] = field(default_factory=lambda: {1, 20})
    booted_at: float = field(default_factory=lambda: time.monotonic() - 86_400)
    version: int = 0

    @classmethod
    def of(cls, name: str, kind: Kind, ports: int = 24) -> Switch:
        """Return a switch with sockets, and with its link to the other switches."""
        made = cls(name, kind)
        made.ports = {n: Port(n) for n in range(1, ports + UPLINKS + 1)}
        uplink = made.ports[ports + 1]
        uplink.link, uplink.speed_mbit, uplink.alias = True, 1000, "uplink"
        core = Neighbour("00005e000101", "core", "core switch", "127.10.0.1", b"\x28\x00")
        uplink.neighbours = [core]
        return made

    @property
    def sockets(self) -> int:
        """How many ports feed devices."""
        return len(self.ports) - UPLINKS

    def touch(self) -> None:
        """Let the agent see what was changed."""
        self.version += 1

    def ticks(self, now: float) -> int:
        """sysUpTime, hundredths of a second."""
        return round((now - self.booted_at) * 100) % 2**32

    def if_index(self, number: int) -> int:
        """The interface of a port, as its maker numbers them."""
        return {"cisco": 10_100, "radlan": 0, "procurve": 0}[self.kind] + number

    def port_name(self, number: int) -> str:
        """What people call a port."""
        return {"cisco": f"Gi1/0/{number}", "radlan": f"gi{number}", "procurve": f"{number}"}[
            self.kind
        ]


def rows(switch: Switch, vlan: int | None = None) -> dict[Oid, Value]:
    """Return everything the agent shows, by OID; with ``vlan`` the bridge tables of that VLAN."""
    if vlan is not None:
        return dict(_bridge_of(switch, vlan))
    found = dict(_system(switch))
    for port in switch.ports.values():
        found.update(_interface(switch, port))
        found.update(_lldp(switch, port))
        if port.number <= switch.sockets:
            found.update(_power(port))
            found.update(
                {"cisco": _cisco, "radlan": _radlan, "procurve": _procurve}[switch.kind](port)
            )
    found.update(_bridge_of(switch, 1) if switch.kind == "cisco" else _qbridge(switch))
    found.update(_arp(switch))
    if switch.kind == "cisco":
        found.update(_cisco_vlans(switch))
    return found


def set_by_manager(switch: Switch, name: Oid, value: int) -> bool:
    """Write pethPsePortAdminEnable or ifAdminStatus; returns whether it can be written."""
    is_power = name[: len(_PETH) + 1] == (*_PETH, 3) and value in {1, 2}
    is_link = name[: len(_IF) + 1] == (*_IF, 7) and value in {1, 2}
    for port in switch.ports.values():
        if is_power and name[len(_PETH) + 1 :] == (1, port.number):
            port.allowed = value == 1
        elif is_link and name[-1] == switch.if_index(port.number):
            port.link_allowed = value == 1
        else:
            continue
        switch.touch()
        return True
    return False


Rows = Iterator[tuple[Oid, Value]]


def _system(switch: Switch) -> Rows:
    object_id, description = _OBJECTS[switch.kind]
    base = (1, 3, 6, 1, 2, 1, 1)
    yield (*base, 1, 0), ("s", description.encode())
    yield (*base, 2, 0), ("o", object_id)
    yield (*base, 3, 0), ("t", 0)  # told at the moment it is asked
    yield (*base, 5, 0), ("s", switch.name.encode())
    yield (*_MAIN, 2, 1), ("g", switch.total_w)
    yield (*_MAIN, 3, 1), ("i", switch.supply)
    yield (*_MAIN, 4, 1), ("g", switch.used_w)
    yield (*_MAIN, 5, 1), ("i", 80)


def _interface(switch: Switch, port: Port) -> Rows:
    index, name = switch.if_index(port.number), switch.port_name(port.number).encode()
    up = port.link and port.link_allowed and not port.blocked
    yield (*_IF, 1, index), ("i", index)
    yield (*_IF, 2, index), ("s", name)
    yield (*_IF, 3, index), ("i", 6)
    yield (*_IF, 7, index), ("i", 1 if port.link_allowed else 2)
    yield (*_IF, 8, index), ("i", 1 if up else 2)
    yield (*_IF, 9, index), ("t", port.last_change)
    yield (*_IF, 14, index), ("c", port.in_errors)
    yield (*_IFX, 1, index), ("s", name)
    yield (*_IFX, 15, index), ("g", port.speed_mbit if up else 0)
    yield (*_IFX, 18, index), ("s", port.alias.encode())
    yield (1, 3, 6, 1, 2, 1, 10, 7, 2, 1, 19, index), ("i", 2 if port.half_duplex else 3)


def _power(port: Port) -> Rows:
    at = (1, port.number)
    detection = _SEARCHING
    if not port.allowed:
        detection = _OFF
    elif port.delivering:
        detection = _DELIVERING
    elif port.trouble in {"overload", "short", "hardware"}:
        detection = _FAULT
    yield (*_PETH, 3, *at), ("i", 1 if port.allowed else 2)
    yield (*_PETH, 6, *at), ("i", detection)
    yield (*_PETH, 7, *at), ("i", 3)
    yield (*_PETH, 9, *at), ("s", b"")
    yield (*_PETH, 10, *at), ("i", port.poe_class + 1)
    for name, column in _COUNTERS.items():
        yield (*_PETH, column, *at), ("c", port.counters[name])


def _cisco(port: Port) -> Rows:
    base, at = (*_CISCO, 402, 1, 2, 1), (1, port.number)
    bits = {"denied": b"\x80", "overload": b"\x40"}.get(port.trouble, b"\x00")
    yield (*base, 1, *at), ("i", 1 if port.allowed else 4)
    yield (*base, 5, *at), ("s", bits)
    yield (*base, 6, *at), ("g", port.limit_mw)
    yield (*base, 9, *at), ("g", port.milliwatts if port.delivering else 0)
    yield (*base, 11, *at), ("i", 1000 + port.number)
    alias = (*_IF, 1, 10_100 + port.number)
    yield (*_ENTITY, 1000 + port.number, 0), ("o", alias)
    if port.blocked:
        yield (*_CISCO, 548, 1, 3, 1, 1, 2, 10_100 + port.number, 0), ("i", port.blocked)


def _radlan(port: Port) -> Rows:
    base, at = (1, 3, 6, 1, 4, 1, 9, 6, 1, 101, 108, 1, 1), (1, port.number)
    words = _WORDS["off" if not port.allowed else port.trouble]
    if port.allowed and port.delivering:
        words = "Port is on. Valid resistor detected"
    yield (*base, 5, *at), ("i", port.milliwatts if port.delivering else 0)
    yield (*base, 6, *at), ("i", port.limit_mw)
    yield (*base, 7, *at), ("i", 0 if port.delivering else 19)
    yield (*base, 8, *at), ("s", words.encode())


def _procurve(port: Port) -> Rows:
    base, at = (1, 3, 6, 1, 4, 1, 11, 2, 14, 11, 1, 9, 1, 1, 1), (1, port.number)
    state = 3 if port.allowed and port.delivering else 2
    if port.allowed and port.trouble == "denied":
        state = 1
    yield (*base, 8, *at), ("i", port.milliwatts if port.delivering else 0)
    yield (*base, 9, *at), ("i", state)


def _lldp(switch: Switch, port: Port) -> Rows:
    local = switch.if_index(port.number)
    yield (*_LLDP, 3, 7, 1, 3, local), ("s", switch.port_name(port.number).encode())
    yield (*_LLDP, 3, 7, 1, 4, local), ("s", switch.port_name(port.number).encode())
    if not (port.link and port.link_allowed and not port.blocked):
        return
    remote = (*_LLDP, 4, 1, 1)
    for place, seen in enumerate(port.neighbours, start=1):
        at = (0, local, place)
        octets = bytes(map(int, seen.address.split("."))) if seen.address else b""
        chassis = b"\x01" + octets if octets else bytes.fromhex(seen.mac)
        yield (*remote, 4, *at), ("i", 5 if octets else 4)
        yield (*remote, 5, *at), ("s", chassis)
        yield (*remote, 6, *at), ("i", 3)
        yield (*remote, 7, *at), ("s", bytes.fromhex(seen.mac))
        yield (*remote, 9, *at), ("s", seen.name.encode())
        yield (*remote, 10, *at), ("s", seen.description.encode())
        yield (*remote, 11, *at), ("s", seen.can)
        yield (*remote, 12, *at), ("s", seen.can)
        if octets:
            yield (*_LLDP, 4, 2, 1, 3, *at, 1, 4, *octets), ("i", 1)
        if seen.voice_vlan is not None:
            yield (*_MED, 1, 1, 3, *at), ("i", 3)
            yield (*_MED, 2, 1, 2, *at, 1, 0x40), ("i", seen.voice_vlan)


def _bridge_of(switch: Switch, vlan: int) -> Rows:
    """BRIDGE-MIB as Cisco IOS shows it: one VLAN."""
    for port in switch.ports.values():
        yield (*_BRIDGE, 1, 4, 1, 2, port.number), ("i", switch.if_index(port.number))
        for mac, where in _forwarding(port):
            if where == vlan:
                octets = tuple(bytes.fromhex(mac))
                yield (*_BRIDGE, 4, 3, 1, 1, *octets), ("s", bytes(octets))
                yield (*_BRIDGE, 4, 3, 1, 2, *octets), ("i", port.number)
                yield (*_BRIDGE, 4, 3, 1, 3, *octets), ("i", 3)


def _qbridge(switch: Switch) -> Rows:
    for vlan in sorted(switch.vlans):
        yield (*_QBRIDGE, 4, 2, 1, 3, 0, vlan), ("g", vlan)
    for port in switch.ports.values():
        yield (*_BRIDGE, 1, 4, 1, 2, port.number), ("i", switch.if_index(port.number))
        yield (*_QBRIDGE, 4, 5, 1, 1, port.number), ("g", port.vlan)
        for mac, vlan in _forwarding(port):
            octets = tuple(bytes.fromhex(mac))
            yield (*_QBRIDGE, 2, 2, 1, 2, vlan, *octets), ("i", port.number)
            yield (*_QBRIDGE, 2, 2, 1, 3, vlan, *octets), ("i", 3)


def _forwarding(port: Port) -> list[tuple[str, int]]:
    return port.learned if port.link and port.link_allowed and not port.blocked else []


def _arp(switch: Switch) -> Rows:
    for mac, address in switch.addresses.items():
        octets = tuple(map(int, address.split(".")))
        yield (1, 3, 6, 1, 2, 1, 4, 22, 1, 2, 1, *octets), ("s", bytes.fromhex(mac))


def _cisco_vlans(switch: Switch) -> Rows:
    for vlan in sorted(switch.vlans):
        yield (*_CISCO, 46, 1, 3, 1, 1, 2, 1, vlan), ("i", 1)
    for port in switch.ports.values():
        index = switch.if_index(port.number)
        yield (*_CISCO, 68, 1, 2, 2, 1, 2, index), ("i", port.vlan)
        yield (*_CISCO, 68, 1, 5, 1, 1, 1, index), ("i", port.voice_vlan)
