"""Power ports: the standard table and the maker's, made into one state each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from monitors.signals import PortPower
from monitors.snmp.values import Oid, Value
from monitors.switches import mibs
from monitors.switches.platform import MILLIWATTS, PowerTable, StateColumn
from monitors.switches.reading import Pse
from monitors.switches.tables import Columns, column, integer, text

_ON, _OFF = 1, 2
_DETECTED = {
    1: PortPower.OFF,
    2: PortPower.SEARCHING,
    3: PortPower.DELIVERING,
    4: PortPower.FAULT,
    5: PortPower.SEARCHING,
    6: PortPower.FAULT,
}
"""pethPsePortDetectionStatus (RFC 3621)."""
_TROUBLE = frozenset(
    {
        PortPower.OFF,
        PortPower.DENIED,
        PortPower.OVERLOAD,
        PortPower.SHORT,
        PortPower.FAULT,
        PortPower.HARDWARE,
        PortPower.NOT_POE,
    }
)
_MOST_CLASS = 8


@dataclass(frozen=True, slots=True)
class PowerRow:
    """What the tables say of one power port.

    Attributes:
        detection: the standard table's word; None: it has none.
        said: the maker's word. ``fault``: the maker's reason for a port without power.
        type: what hangs on it, as Cisco writes it there from CDP.
        poe_class: 0 to 8, if it is known. None: it is not.
    """

    detection: PortPower | None = None
    admin: bool | None = None
    no_poe: bool = False
    said: PortPower | None = None
    fault: PortPower | None = None
    words: str = ""
    power_mw: int | None = None
    limit_mw: int | None = None
    poe_class: int | None = None
    type: str = ""
    counters: dict[str, int] = field(default_factory=dict)

    @property
    def state(self) -> PortPower:
        """The one word for it."""
        if self.no_poe:
            return PortPower.NOT_POE
        if self.admin is False:
            return PortPower.OFF
        known = self.detection or self.said
        if known is None:
            return self._by_watts()
        if known is PortPower.DELIVERING:
            return known
        if self.said in _TROUBLE:
            known = self.said
        return self._with_fault(known)

    def _by_watts(self) -> PortPower:
        if self.power_mw:
            return PortPower.DELIVERING
        if self.fault is not None:
            return self.fault
        return PortPower.SEARCHING if self.admin and self.power_mw == 0 else PortPower.UNKNOWN

    def _with_fault(self, known: PortPower) -> PortPower:
        """A refusal shows while the port searches; any other reason only names a fault."""
        if self.fault is not None and (
            known in {PortPower.FAULT, PortPower.UNKNOWN}
            or (known is PortPower.SEARCHING and self.fault is PortPower.DENIED)
        ):
            return self.fault
        return known


def standard_rows(columns: Columns) -> dict[Pse, PowerRow]:
    """Return the rows of POWER-ETHERNET-MIB by group and port."""
    allowed = column(columns, mibs.PETH_ADMIN)
    detected = column(columns, mibs.PETH_DETECTION)
    classes = column(columns, mibs.PETH_CLASS)
    types = column(columns, mibs.PETH_TYPE)
    rows: dict[Pse, PowerRow] = {}
    for pse in sorted({*allowed, *detected}):
        state = _DETECTED.get(integer(detected, pse) or 0)
        given = integer(classes, pse)  # class 0 is 1, and old news unless it delivers
        counted = {
            name: value
            for name, which in mibs.PETH_COUNTERS.items()
            if (value := integer(column(columns, which), pse)) is not None
        }
        rows[pse] = PowerRow(
            detection=state,
            admin={_ON: True, _OFF: False}.get(integer(allowed, pse) or 0),
            poe_class=_class(given - 1) if given and state is PortPower.DELIVERING else None,
            type=text(types.get(pse)),
            counters=counted,
        )
    return rows


def maker_rows(columns: Columns, table: PowerTable, base: Oid) -> dict[Oid, PowerRow]:
    """Return the rows of a maker's table by their index there."""

    def rows_of(relative: Oid) -> dict[Oid, Value]:
        return dict(column(columns, (*base, *relative)))

    watts = rows_of(table.watts.column)
    limits = rows_of(table.limit.column) if table.limit else {}
    allowed = rows_of(table.admin.column) if table.admin else {}
    classes = rows_of(table.poe_class.column) if table.poe_class else {}
    states = [(part, rows_of(part.column)) for part in table.states]
    faults = [(part, rows_of(part.column)) for part in table.faults]
    indexes = {*watts, *allowed, *(index for _, rows in states for index in rows)}
    found: dict[Oid, PowerRow] = {}
    for index in sorted(indexes):
        admin, no_poe = _allowed(table, allowed.get(index))
        said, words = _first_state(states, index)
        fault, reason = _first_state(faults, index)
        found[index] = PowerRow(
            admin=admin,
            no_poe=no_poe,
            said=said,
            fault=fault,
            words=words or (reason if fault else ""),
            power_mw=_milliwatts(watts.get(index), MILLIWATTS[table.watts.unit]),
            limit_mw=_milliwatts(limits.get(index), MILLIWATTS[table.limit.unit])
            if table.limit
            else None,
            poe_class=_maker_class(table, classes.get(index)),
        )
    return found


def joined(standard: PowerRow | None, maker: PowerRow | None) -> PowerRow:
    """Return what both tables say of a port; the standard's administration and class hold."""
    if standard is None or maker is None:
        return standard or maker or PowerRow()
    return PowerRow(
        detection=standard.detection,
        admin=standard.admin if standard.admin is not None else maker.admin,
        no_poe=maker.no_poe,
        said=maker.said,
        fault=maker.fault,
        words=maker.words,
        power_mw=maker.power_mw,
        limit_mw=maker.limit_mw,
        poe_class=standard.poe_class if standard.poe_class is not None else maker.poe_class,
        type=standard.type,
        counters=standard.counters,
    )


def _milliwatts(value: Value | None, factor: int) -> int | None:
    return value * factor if isinstance(value, int) and value >= 0 else None


def _class(number: int) -> int | None:
    return number if 0 <= number <= _MOST_CLASS else None


def _maker_class(table: PowerTable, value: Value | None) -> int | None:
    if table.poe_class is None or not isinstance(value, int) or value in table.poe_class.none:
        return None
    return _class(value + table.poe_class.offset)


def _allowed(table: PowerTable, value: Value | None) -> tuple[bool | None, bool]:
    """Return whether power is allowed, and whether the port has none at all."""
    if table.admin is None or not isinstance(value, int):
        return None, False
    if value in table.admin.none:
        return None, True
    if value in table.admin.on:
        return True, False
    return (False if value in table.admin.off else None), False


def _first_state(
    parts: Iterable[tuple[StateColumn, dict[Oid, Value]]], index: Oid
) -> tuple[PortPower | None, str]:
    for part, rows in parts:
        value = rows.get(index)
        if value is None:
            continue
        state = _state(part, value)
        if state is not None:
            return state, text(value)
    return None, ""


def _state(part: StateColumn, value: Value) -> PortPower | None:
    if isinstance(value, int):
        return part.codes.get(value)
    if not isinstance(value, bytes):
        return None
    for bit, state in sorted(part.bits.items()):
        if _bit(value, bit):
            return state
    written = text(value)
    return next((w.state for w in part.words if re.search(w.match, written)), None)


def _bit(value: bytes, number: int) -> bool:
    octet, place = divmod(number, 8)
    return octet < len(value) and bool(value[octet] & (0x80 >> place))
