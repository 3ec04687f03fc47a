"""Interfaces: names, links and what blocks them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from monitors.signals import Link
from monitors.switches import mibs
from monitors.switches.tables import Columns, column, integers, text

_ETHERNET = frozenset({6, 62, 69, 117})  # IANAifType-MIB: Ethernet, and three it has replaced
_VIRTUAL = re.compile(
    r"(vlan|vl\d|po\d|port-channel|lag|trk|lo\d|loopback|null|nu\d|cpu|bridge|tunnel|"
    r"internal|stack|vtss\.|system)",
    re.IGNORECASE,
)
_UNIT = re.compile(r"^(.+\d)\.\d+$")
_UP, _DOWN, _DORMANT, _NOT_PRESENT = 1, 2, 5, 6
_OPER_DOWN = frozenset({_DOWN, _NOT_PRESENT, 7})
_HALF_DUPLEX = 2
SLOW_MBIT = 10
_BLOCKS = {
    1: "UDLD", 2: "BPDU guard", 5: "trunk flaps", 6: "link flaps", 8: "802.1X violation",
    9: "port security", 11: "too many DHCP packets", 14: "storm control", 15: "inline power",
    16: "ARP inspection", 17: "loop", 19: "too many MAC addresses", 62: "loop",
}  # fmt: skip
"""Why Cisco shuts a port (CISCO-ERR-DISABLE-MIB, CErrDisableFeatureID)."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A row of the interface tables. Numbers are as in IF-MIB; None: the agent has none."""

    index: int
    name: str = ""
    descr: str = ""
    alias: str = ""
    kind: int | None = None
    admin: int | None = None
    oper: int | None = None
    speed_mbit: int | None = None
    half_duplex: bool = False
    last_change: int | None = None
    in_errors: int | None = None
    blocked_by: str = ""

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name or self.descr

    @property
    def is_socket(self) -> bool:
        """Whether a cable can be plugged in: no VLAN, bundle or loopback."""
        if _VIRTUAL.match(self.label) or self.oper == _NOT_PRESENT:
            return False
        return self.kind is None or self.kind in _ETHERNET

    @property
    def link(self) -> Link:
        """How the link fares."""
        if self.blocked_by:
            return Link.BLOCKED
        if self.admin == _DOWN:
            return Link.ADMIN_DOWN
        if self.oper in {_UP, _DORMANT}:
            slow = self.speed_mbit is not None and 0 < self.speed_mbit <= SLOW_MBIT
            return Link.DEGRADED if slow or self.half_duplex else Link.UP
        return Link.DOWN if self.oper in _OPER_DOWN else Link.UNKNOWN

    @property
    def is_up(self) -> bool:
        """Whether something answers at the other end."""
        return self.oper in {_UP, _DORMANT}


def interfaces(columns: Columns) -> dict[int, Interface]:
    """Return the interfaces by ifIndex."""
    numbers = {
        name: integers(column(columns, which))
        for name, which in {
            "kind": mibs.IF_TYPE,
            "admin": mibs.IF_ADMIN,
            "oper": mibs.IF_OPER,
            "speed_mbit": mibs.IF_HIGH_SPEED,
            "last_change": mibs.IF_LAST_CHANGE,
            "in_errors": mibs.IF_IN_ERRORS,
        }.items()
    }
    names, descriptions, aliases = (
        {index[0]: text(value) for index, value in column(columns, which).items()}
        for which in (mibs.IF_NAME, mibs.IF_DESCR, mibs.IF_ALIAS)
    )
    duplex = integers(column(columns, mibs.DUPLEX))
    blocked = integers(column(columns, mibs.CISCO_ERR_DISABLED))
    found: dict[int, Interface] = {}
    for index in sorted({*names, *descriptions, *numbers["oper"]}):
        found[index] = Interface(
            index,
            names.get(index, ""),
            descriptions.get(index, ""),
            aliases.get(index, ""),
            half_duplex=duplex.get(index) == _HALF_DUPLEX,
            blocked_by=_BLOCKS.get(blocked[index], "error") if index in blocked else "",
            **{name: values.get(index) for name, values in numbers.items()},
        )
    return found


def sockets_of_units(found: Iterable[Interface]) -> dict[int, int]:
    """Return the interface that has the socket, by logical unit: ge-0/0/1 of ge-0/0/1.0."""
    by_name = {i.name: i.index for i in found if i.name}
    units: dict[int, int] = {}
    for name, index in by_name.items():
        match = _UNIT.match(name)
        if match and match[1] in by_name:
            units[index] = by_name[match[1]]
    return units
