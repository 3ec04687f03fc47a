"""Plots of a report: money and calls by day, and who or where most of the money went. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monitors.store.calls_sums import By, Sum
from web.calls.reports import Report
from web.pages.phone.charts import Columns, columns_of

RANKS = 10


@dataclass(frozen=True, slots=True)
class Rank:
    """One of those that most of the money, or of the calls, is of; share of the first: 0 to 1."""

    row: Sum
    share: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """The plots of a report.

    Attributes:
        most: the day with most money; None: there was none.
        busiest: the day with most calls.
        ends: first, middle and last day of the columns.
        by_money: ranks are by money; else, where no call cost anything, by calls.
    """

    money: Columns
    calls: Columns
    most: Sum | None
    busiest: Sum | None
    ends: tuple[date, ...]
    ranks: tuple[Rank, ...]
    by_money: bool


def draw(report: Report, currency: str, by: By) -> Drawn:
    """Return the plots of a report; ranks only of what is in the site's currency."""
    days = list(report.days.all_of_them())
    found = {row.name: row for row in report.by_day}
    per_day = [found.get(day.isoformat()) for day in days]
    money = columns_of([float(row.cost) if row else 0.0 for row in per_day], 1.0)
    calls = columns_of([float(row.calls) if row else 0.0 for row in per_day], 4.0)
    spent = [row for row in report.by_day if row.cost]
    ends = dict.fromkeys((days[0], days[len(days) // 2], days[-1]))
    rows = () if by == "day" else [row for row in report.rows if row.currency == currency]
    by_money = any(row.cost for row in rows)
    return Drawn(
        money, calls,
        max(spent, key=lambda row: row.cost, default=None),
        max(report.by_day, key=lambda row: row.calls, default=None),
        tuple(ends), ranks_of(rows, by_money=by_money), by_money,
    )  # fmt: skip


def ranks_of(rows: Sequence[Sum], *, by_money: bool) -> tuple[Rank, ...]:
    """Return the first of some sums; one alone needs no drawing."""
    if len(rows) < 2:  # noqa: PLR2004 - one
        return ()

    def size(row: Sum) -> Decimal:
        return row.cost if by_money else Decimal(row.calls)

    first = sorted(rows, key=size, reverse=True)[:RANKS]
    return tuple(Rank(row, float(size(row) / size(first[0]))) for row in first if size(row))
