"""The main power supplies: the standard table first, the maker's where there is none."""

from __future__ import annotations

from monitors.snmp.values import Rows
from monitors.switches import mibs
from monitors.switches.platform import MILLIWATTS, BudgetTable
from monitors.switches.reading import PoeBudget, PoeGroup
from monitors.switches.tables import Columns, column, integers

_FAULTY = 3
_MILLI = 1000
_MOST_PERCENT = 100


def budget(columns: Columns, table: BudgetTable | None) -> PoeBudget:
    """Return the supplies by group."""
    standard = _standard(columns)
    if standard or table is None:
        return PoeBudget(standard)
    return PoeBudget(_makers(columns, table))


def _standard(columns: Columns) -> tuple[PoeGroup, ...]:
    total, status, used, threshold = (
        integers(column(columns, which))
        for which in (mibs.MAIN_POWER, mibs.MAIN_STATUS, mibs.MAIN_USED, mibs.MAIN_THRESHOLD)
    )
    groups = []
    for group in sorted({*total, *used}):
        percent = threshold.get(group, 0)
        groups.append(
            PoeGroup(
                group,
                float(total[group]) if group in total else None,
                float(used[group]) if group in used else None,
                faulty=status.get(group) == _FAULTY,
                threshold_percent=percent if 0 < percent < _MOST_PERCENT else None,
            )
        )
    return tuple(groups)


def _makers(columns: Columns, table: BudgetTable) -> tuple[PoeGroup, ...]:
    factor = MILLIWATTS[table.unit] / _MILLI
    total, used, left = (
        _numbers(column(columns, which) if which else {}, factor)
        for which in (table.total, table.used, table.left)
    )
    groups = []
    for number, index in enumerate(sorted(i for i, power in total.items() if power), start=1):
        spent = used.get(index)
        if spent is None and index in left:
            spent = total[index] - left[index]
        groups.append(PoeGroup(index[-1] or number, total[index], spent))
    return tuple(groups)


def _numbers(rows: Rows, factor: float) -> dict[tuple[int, ...], float]:
    return {index: v * factor for index, v in rows.items() if isinstance(v, int) and v >= 0}
