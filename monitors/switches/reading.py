"""What was read of a switch, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping as Facts
from dataclasses import dataclass, field
from enum import StrEnum

from monitors.signals import Link, Mapping, PortPower, SwitchState
from monitors.snmp.values import Failure, Oid
from provisioner.mac import MacAddress

Pse = tuple[int, ...]
"""Index of a power port in its table: group and port, or the interface where a maker does so."""


class How(StrEnum):
    """How a neighbour made itself known, surest first."""

    LLDP = "lldp"
    CDP = "cdp"
    FDB = "fdb"  # its MAC address was learned


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A device at the other end of a cable.

    Attributes:
        name: what it calls itself.
        description: maker, model or firmware, in its own words.
        is_phone: it says so, or its protocol leaves no other possibility.
        is_bridge: it passes on what others send: a switch, router or access point.
        voice_vlan: the VLAN it uses for voice (LLDP-MED, CDP), if it says so.
        by_arp: its address is of the switch's ARP table: it did not name it itself.
    """

    how: How
    mac: MacAddress | None = None
    ip: str = ""
    name: str = ""
    description: str = ""
    is_phone: bool = False
    is_bridge: bool = False
    voice_vlan: int | None = None
    by_arp: bool = False


@dataclass(frozen=True, slots=True)
class Learned:
    """A MAC address in the forwarding table. ``vlan``: None when the table does not tell."""

    mac: MacAddress
    vlan: int | None = None


@dataclass(frozen=True, slots=True)
class PortReading:
    """One port.

    Attributes:
        pse: its index as a power port; None: it is none.
        maker_index: its index in the maker's power table; None: it is not in it.
        if_index: its index as an interface; None: nobody knows which interface it is.
        admin: whether somebody allows power; None: unknown.
        words: the state in the maker's own words, if there are any.
        device: what it feeds, as some agents write it in the power table.
        mapping: how sure it is that power port and interface are the same socket.
        blocked_by: why the switch has shut it, or empty.
        vlan: its untagged VLAN, if known. ``voice_vlan``: what it offers to phones.
        counters: by name, as they stand (``monitors.switches.counters``).
    """

    pse: Pse | None = None
    maker_index: Oid | None = None
    if_index: int | None = None
    name: str = ""
    alias: str = ""
    admin: bool | None = None
    state: PortPower = PortPower.UNKNOWN
    words: str = ""
    power_mw: int | None = None
    limit_mw: int | None = None
    poe_class: int | None = None
    device: str = ""
    mapping: Mapping = Mapping.NONE
    link: Link = Link.UNKNOWN
    speed_mbit: int | None = None
    half_duplex: bool = False
    blocked_by: str = ""
    vlan: int | None = None
    voice_vlan: int | None = None
    neighbours: tuple[Neighbour, ...] = ()
    learned: tuple[Learned, ...] = ()
    counters: Facts[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PoeGroup:
    """One power supply for ports: a switch, a member of a stack, a module.

    Attributes:
        threshold_percent: use above which the switch itself raises an alarm; None: not set.
    """

    group: int
    total_w: float | None = None
    used_w: float | None = None
    faulty: bool = False
    threshold_percent: int | None = None


@dataclass(frozen=True, slots=True)
class PoeBudget:
    """The power supplies of a switch."""

    groups: tuple[PoeGroup, ...] = ()

    def of(self, pse: Pse | None) -> PoeGroup | None:
        """Return the group that feeds a port; the only one when there is no other."""
        if len(self.groups) == 1:
            return self.groups[0]
        if pse is None or len(pse) != 2:  # noqa: PLR2004 - group and port
            return None
        return next((g for g in self.groups if g.group == pse[0]), None)


@dataclass(frozen=True, slots=True)
class SwitchReading:
    """One switch at one moment.

    Attributes:
        name: what the inventory calls it.
        platform: id of its platform file; empty: none fits.
        power_table: id of the maker's power table that answered, and ``power_base`` the OID
            its columns are relative to.
        uptime_ticks: hundredths of a second since its agent started.
        addresses: IPv4 address by MAC, as the switch itself has seen them.
        failure: why it could not be read, or what broke off the reading.
        remarks: what a person should know of the reading, in plain words.
    """

    name: str
    state: SwitchState
    platform: str = ""
    power_table: str = ""
    power_base: Oid = ()
    description: str = ""
    sys_name: str = ""
    uptime_ticks: int | None = None
    ports: tuple[PortReading, ...] = ()
    budget: PoeBudget = PoeBudget()
    addresses: Facts[MacAddress, str] = field(default_factory=dict)
    failure: Failure | None = None
    remarks: tuple[str, ...] = ()

    def port(self, if_index: int) -> PortReading | None:
        """Return the port with this interface index."""
        return next((p for p in self.ports if p.if_index == if_index), None)
