"""From columns to a reading: the one place where all tables of a switch meet. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Facts
from dataclasses import dataclass, field, replace

from monitors.signals import PortPower, SwitchState
from monitors.snmp.values import Oid, Value
from monitors.switches import bridge, mibs
from monitors.switches import neighbours as neighbouring
from monitors.switches.budget import budget
from monitors.switches.cdp import cdp_neighbours
from monitors.switches.interfaces import Interface, interfaces, sockets_of_units
from monitors.switches.lldp import lldp_neighbours, local_ports
from monitors.switches.platform import UNKNOWN
from monitors.switches.power_ports import Layout, PowerPort, PowerPorts, power_ports
from monitors.switches.pse_map import Ground, physical_ports, power_column
from monitors.switches.reading import Learned, Neighbour, PortReading, SwitchReading
from monitors.switches.tables import Columns, column, integers, text
from provisioner.mac import MacAddress

_VLANS = range(1, 4095)


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that came back from a switch.

    Attributes:
        system: the scalars, by OID.
        columns: the tables.
        by_vlan: bridge tables read for one VLAN at a time.
    """

    system: Facts[Oid, Value] = field(default_factory=dict)
    columns: Columns = field(default_factory=dict)
    by_vlan: Facts[int, Columns] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Places:
    """What is known by ifIndex."""

    interfaces: Facts[int, Interface]
    neighbours: Facts[int, tuple[Neighbour, ...]]
    learned: Facts[int, tuple[Learned, ...]]
    vlans: Facts[int, int]
    voice_vlans: Facts[int, int]


def assembled(name: str, platform_id: str, layout: Layout, asked: Asked) -> SwitchReading:
    """Return the reading of a switch that answered.

    Args:
        name: what the inventory calls it.
        platform_id: id of its platform, or empty.
        layout: the maker's facts that apply.
        asked: what it answered.
    """
    columns = asked.columns
    found = interfaces(columns)
    base_ports = bridge.base_ports(columns)
    arp = bridge.addresses(columns)
    places = _places(columns, layout, found, base_ports, asked.by_vlan, arp)
    rule_column = power_column(layout.rules)
    ground = Ground(
        found,
        base_ports,
        physical_ports(column(columns, rule_column)) if rule_column else {},
        column(columns, mibs.ENT_ALIAS),
    )
    powered = power_ports(columns, layout, ground, places.neighbours)
    uptime = asked.system.get(mibs.SYS_UPTIME)
    return SwitchReading(
        name=name,
        state=SwitchState.UP,
        platform=platform_id or UNKNOWN,
        power_table=layout.table_id,
        power_base=layout.base,
        description=text(asked.system.get(mibs.SYS_DESCR)),
        sys_name=text(asked.system.get(mibs.SYS_NAME)),
        uptime_ticks=uptime if isinstance(uptime, int) else None,
        ports=tuple(_ports(powered, places)),
        budget=budget(columns, layout.platform.budget if layout.platform else None),
        addresses=arp,
        remarks=(powered.remark,) if powered.remark else (),
    )


def _places(
    columns: Columns,
    layout: Layout,
    found: Facts[int, Interface],
    base_ports: Facts[int, int],
    by_vlan: Facts[int, Columns],
    arp: Facts[MacAddress, str],
) -> _Places:
    units = sockets_of_units(found.values())
    platform = layout.platform
    lldp = lldp_neighbours(columns, found, base_ports, platform.lldp_local if platform else None)
    by_interface = platform is not None and platform.fdb_ports == "if-index"
    others = local_ports(columns, found, base_ports)
    tables = [bridge.learned(columns, found, base_ports, by_interface=by_interface, others=others)]
    for vlan, part in by_vlan.items():
        tables.append(bridge.learned(part, found, bridge.base_ports(part), vlan=vlan))
    together: dict[int, list[Neighbour]] = {}
    for protocol in (lldp, cdp_neighbours(columns)):
        for where, seen in protocol.items():
            together.setdefault(units.get(where, where), []).extend(seen)
    return _Places(
        found,
        {where: _addressed(neighbouring.merged(seen), arp) for where, seen in together.items()},
        bridge.merged(
            {units.get(where, where): seen for where, seen in table.items()} for table in tables
        ),
        _access_vlans(columns, base_ports, units),
        _valid(integers(column(columns, mibs.CISCO_VOICE_VLAN))),
    )


def _addressed(seen: Iterable[Neighbour], arp: Facts[MacAddress, str]) -> tuple[Neighbour, ...]:
    """Add the addresses that ARP knows to those who did not say theirs."""
    return tuple(
        replace(n, ip=arp[n.mac], by_arp=True)
        if n.mac is not None and not n.ip and n.mac in arp
        else n
        for n in seen
    )


def _access_vlans(
    columns: Columns, base_ports: Facts[int, int], units: Facts[int, int]
) -> dict[int, int]:
    untagged = _valid(integers(column(columns, mibs.PVID)))
    found = {
        units.get(base_ports[port], base_ports[port]): vlan
        for port, vlan in untagged.items()
        if port in base_ports
    }
    return found | _valid(integers(column(columns, mibs.CISCO_ACCESS_VLAN)))


def _valid(vlans: Facts[int, int]) -> dict[int, int]:
    return {where: vlan for where, vlan in vlans.items() if vlan in _VLANS}


def _ports(powered: PowerPorts, places: _Places) -> Iterable[PortReading]:
    """Power ports first, in their order; then the other sockets."""
    taken = set()
    for port in powered.ports:
        if port.if_index is not None:
            taken.add(port.if_index)
        yield _powered(port, _located(port.if_index, places))
    bare = PortPower.NOT_POE if powered.placed else PortPower.UNKNOWN
    for index, interface in sorted(places.interfaces.items()):
        if index not in taken and (interface.is_socket or index in places.neighbours):
            yield replace(_located(index, places), state=bare)


def _powered(port: PowerPort, where: PortReading) -> PortReading:
    row = port.row
    return replace(
        where,
        pse=port.pse,
        maker_index=port.maker_index,
        admin=row.admin,
        state=row.state,
        words=row.words,
        power_mw=row.power_mw,
        limit_mw=row.limit_mw,
        poe_class=row.poe_class,
        device=row.type,
        mapping=port.mapping,
        counters={**where.counters, **row.counters},
    )


def _located(index: int | None, places: _Places) -> PortReading:
    interface = places.interfaces.get(index) if index is not None else None
    if index is None or interface is None:
        return PortReading()
    counters = {
        name: value
        for name, value in (
            ("in_errors", interface.in_errors),
            ("last_change", interface.last_change),
        )
        if value is not None
    }
    return PortReading(
        if_index=index,
        name=interface.label,
        alias=interface.alias,
        link=interface.link,
        speed_mbit=interface.speed_mbit,
        half_duplex=interface.half_duplex,
        blocked_by=interface.blocked_by,
        vlan=places.vlans.get(index),
        voice_vlan=places.voice_vlans.get(index),
        neighbours=places.neighbours.get(index, ()),
        learned=places.learned.get(index, ()),
        counters=counters,
    )
