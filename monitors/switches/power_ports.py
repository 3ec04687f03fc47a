"""Power ports with their interfaces: both tables joined, whatever they are numbered by."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Mapping as Facts
from dataclasses import dataclass, field

from monitors.signals import Mapping, PortPower
from monitors.snmp.values import Oid
from monitors.switches.platform import Platform, PowerTable, PseRule, TableIndex
from monitors.switches.power import PowerRow, joined, maker_rows, standard_rows
from monitors.switches.pse_map import OWN, Ground, PseMap, pse_map
from monitors.switches.reading import Pse
from monitors.switches.tables import Columns

_BY_BASE_PORT = PseRule(rule="base-port", sure=Mapping.LIKELY)


@dataclass(frozen=True, slots=True)
class PowerPort:
    """A power port: what is said of it, and where it is."""

    pse: Pse
    row: PowerRow
    maker_index: Oid | None = None
    if_index: int | None = None
    mapping: Mapping = Mapping.NONE


@dataclass(frozen=True, slots=True)
class PowerPorts:
    """All power ports of a switch.

    Attributes:
        placed: whether every one of them is some interface: the others have no PoE then.
        remark: what a person should know of their numbering, or empty.
    """

    ports: tuple[PowerPort, ...] = ()
    placed: bool = False
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which makers' facts apply to a switch."""

    platform: Platform | None = None
    table_id: str = ""
    table: PowerTable | None = None
    base: Oid = field(default=())

    def columns(self) -> tuple[Oid, ...]:
        """The maker's columns of power: its table, and its budget."""
        own = [(*self.base, *c) for c in self.table.columns()] if self.table else []
        if self.platform is not None and self.platform.budget is not None:
            own += self.platform.budget.columns()
        return tuple(own)

    @property
    def rules(self) -> tuple[PseRule, ...]:
        """The maker's rules of numbering."""
        return self.platform.pse if self.platform else ()


def power_ports(
    columns: Columns, layout: Layout, ground: Ground, neighbours: Collection[int]
) -> PowerPorts:
    """Return the power ports of a switch.

    Args:
        columns: all that was read.
        layout: the maker's facts.
        ground: what the rules of numbering work on.
        neighbours: interfaces on which LLDP or CDP saw a device.
    """
    standard = standard_rows(columns)
    maker = maker_rows(columns, layout.table, layout.base) if layout.table else {}
    index = layout.table.index if layout.table else TableIndex.PSE
    if standard and index is not TableIndex.PSE:
        return _attached(standard, maker, layout, ground, neighbours)
    rows = {pse: joined(standard.get(pse), maker.get(pse)) for pse in sorted({*standard, *maker})}
    rules = {
        TableIndex.IF_INDEX: (OWN,),
        TableIndex.BASE_PORT: (_BY_BASE_PORT,),
    }.get(index, layout.rules)
    found = _mapped(rows, rules, layout, ground, neighbours)
    return _ports(rows, {pse: pse for pse in maker}, found)


def _mapped(
    rows: Facts[Pse, PowerRow],
    rules: Iterable[PseRule],
    layout: Layout,
    ground: Ground,
    neighbours: Collection[int],
) -> PseMap:
    if layout.platform is not None and layout.platform.midspan:
        return PseMap(remark="a midspan: its ports are cables, not interfaces of a switch")
    powered = [pse for pse, row in rows.items() if row.state is PortPower.DELIVERING]
    return pse_map(list(rows), rules, ground, powered, neighbours)


def _attached(
    standard: Facts[Pse, PowerRow],
    maker: Facts[Oid, PowerRow],
    layout: Layout,
    ground: Ground,
    neighbours: Collection[int],
) -> PowerPorts:
    """The maker counts other than the standard: the interface, or the port, joins the rows."""
    found = _mapped(standard, layout.rules, layout, ground, neighbours)
    index = layout.table.index if layout.table else TableIndex.PSE
    rows: dict[Pse, PowerRow] = {}
    indexes: dict[Pse, Oid] = {}
    for pse, row in standard.items():
        key = _key(pse, index, found.interfaces.get(pse), ground)
        if key in maker:
            indexes[pse] = key
        rows[pse] = joined(row, maker.get(key))
    return _ports(rows, indexes, found)


def _key(pse: Pse, index: TableIndex, interface: int | None, ground: Ground) -> Oid:
    if index is TableIndex.PORT:
        return pse[-1:]
    if interface is None:
        return ()
    if index is TableIndex.IF_INDEX:
        return (interface,)
    return next(((port,) for port, where in ground.base_ports.items() if where == interface), ())


def _ports(rows: Facts[Pse, PowerRow], indexes: Facts[Pse, Oid], found: PseMap) -> PowerPorts:
    ports = tuple(
        PowerPort(
            pse,
            row,
            indexes.get(pse),
            found.interfaces.get(pse),
            found.sure if pse in found.interfaces else Mapping.NONE,
        )
        for pse, row in rows.items()
    )
    placed = bool(ports) and all(p.if_index is not None for p in ports)
    return PowerPorts(ports, placed, found.remark)
