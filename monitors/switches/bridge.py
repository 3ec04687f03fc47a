"""Forwarding tables and ARP: which MAC address was learned where, and its IP address."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Facts

from monitors.snmp.values import Rows
from monitors.switches import mibs
from monitors.switches.interfaces import Interface
from monitors.switches.reading import Learned
from monitors.switches.tables import Columns, column, integer, integers, ipv4_of, mac, mac_of
from provisioner.mac import MacAddress

_LEARNED = 3
_ADDRESS_OCTETS = 4
_IPV4 = (1, 4)  # InetAddressType and length in an index


def base_ports(columns: Columns) -> dict[int, int]:
    """Return the interface by bridge port."""
    return integers(column(columns, mibs.BASE_PORT))


def learned(
    columns: Columns,
    interfaces: Facts[int, Interface],
    bridge: Facts[int, int],
    *,
    by_interface: bool = False,
    others: Facts[int, int] | None = None,
    vlan: int | None = None,
) -> dict[int, list[Learned]]:
    """Return learned MAC addresses by ifIndex.

    The table by VLAN (Q-BRIDGE) is better; the plain one serves where there is no other.

    Args:
        columns: the forwarding tables.
        interfaces: by ifIndex.
        bridge: interface by bridge port.
        by_interface: the tables name interfaces, not bridge ports.
        others: interface by another number of ports (LLDP's), for tables that use it.
        vlan: of the plain table, when it was read for one VLAN.
    """
    by_vlan = column(columns, mibs.Q_FDB_PORT)
    rows = by_vlan or column(columns, mibs.FDB_PORT)
    states = column(columns, mibs.Q_FDB_STATUS if by_vlan else mibs.FDB_STATUS)
    where_is = _numbering(rows, interfaces, bridge, others or {}, by_interface=by_interface)
    written = column(columns, mibs.FDB_ADDRESS)
    vlans = _vlans(columns) if by_vlan else {}
    found: dict[int, dict[Learned, None]] = {}
    for index, port in rows.items():
        address = mac(written[index]) if index in written else mac_of(index)
        if address is None or not isinstance(port, int) or not _is_learned(states, index):
            continue
        where = where_is.get(port)
        if where is not None:
            seen = Learned(address, vlans.get(index[0]) if by_vlan else vlan)
            found.setdefault(where, {})[seen] = None
    return {where: list(seen) for where, seen in found.items()}


def _vlans(columns: Columns) -> dict[int, int]:
    """The VLAN of each forwarding database: often, not always, they have the same number."""
    told = column(columns, mibs.Q_VLAN_FDB)
    if told:
        return {fdb: index[-1] for index, fdb in told.items() if isinstance(fdb, int)}
    untagged = {v for v in column(columns, mibs.PVID).values() if isinstance(v, int)}
    return {vlan: vlan for vlan in untagged}


def _is_learned(states: Rows, index: tuple[int, ...]) -> bool:
    return integer(states, index) in {_LEARNED, None}


def _numbering(
    rows: Rows,
    interfaces: Facts[int, Interface],
    bridge: Facts[int, int],
    others: Facts[int, int],
    *,
    by_interface: bool,
) -> Facts[int, int]:
    """Return the interface by the numbers that a table calls its ports.

    They are bridge ports. Where not one of them is, they are what else fits them all.
    """
    own = {index: index for index in interfaces}
    if by_interface:
        return own
    ports = {p for p in rows.values() if isinstance(p, int) and p}
    if ports & set(bridge):
        return {port: where for port, where in bridge.items() if where in interfaces}
    return next((kind for kind in (others, own) if ports and ports <= set(kind)), {})


def merged(parts: Iterable[Facts[int, list[Learned]]]) -> dict[int, tuple[Learned, ...]]:
    """Return learned addresses of several tables, each once."""
    found: dict[int, dict[Learned, None]] = {}
    for part in parts:
        for where, seen in part.items():
            found.setdefault(where, {}).update(dict.fromkeys(seen))
    return {where: tuple(seen) for where, seen in found.items()}


def addresses(columns: Columns) -> dict[MacAddress, str]:
    """Return the IPv4 address by MAC, from either of the ARP tables."""
    found: dict[MacAddress, str] = {}
    for index, value in column(columns, mibs.ARP).items():
        _note(found, value, index[-_ADDRESS_OCTETS:])
    for index, value in column(columns, mibs.ARP_ANY).items():
        if index[1:3] == _IPV4:
            _note(found, value, index[3:])
    return found


def _note(found: dict[MacAddress, str], value: object, octets: tuple[int, ...]) -> None:
    address = mac(value) if isinstance(value, bytes) else None
    ip = ipv4_of(octets) if len(octets) == _ADDRESS_OCTETS else ""
    if address is not None and ip:
        found.setdefault(address, ip)
