"""Sums of guarded calls, made by the database: a month has many calls, a page shows few figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, or_, select

from monitors.calls.book import HOUR_S
from monitors.store.calls import MICROS
from monitors.store.calls_tables import do_not_call_check, guarded_call, toll_free_call
from monitors.store.calls_tables import guarded_call as calls
from provisioner.db import Database

By = Literal["extension", "destination", "day"]
UNKNOWN = "?"
"""A destination of which nobody knows the country."""
_COLUMNS = {"extension": calls.c.account, "destination": calls.c.country, "day": calls.c.day}
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Used:
    """What calls of an account, made in one room, have used. Calls that go on cost nothing here.

    Attributes:
        spent_day, spent_month: of the day that was asked for, and of its month until then.
        hour, day, month: international calls, whether they go on or not.
    """

    account: str
    room: str
    spent_day: Decimal
    spent_month: Decimal
    hour: int
    day: int
    month: int


@dataclass(frozen=True, slots=True)
class Sum:
    """Calls that have something in common, all together.

    Attributes:
        name: extension, country or day.
        answered: how many were answered.
        seconds: of those, in begun seconds.
    """

    name: str
    currency: str
    calls: int
    answered: int
    international: int
    seconds: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call that is over, as a line of a list."""

    day: date
    account: str
    room: str
    number: str
    country: str
    seconds: int
    cost: Decimal
    currency: str


def used_on(
    database: Database, site: str, day: date, now_s: float, since: date | None = None
) -> list[Used]:
    """Return what was used on a day, in its month and in the last hour, by account and room.

    Args:
        database: the monitor's.
        site: its id.
        day: of the site's clock.
        now_s: Unix time.
        since: calls of days before it do not count; None: all of the month do.
    """
    first = day.replace(day=1)
    in_month = and_(calls.c.day >= first, calls.c.day <= day)
    is_day, over = calls.c.day == day, calls.c.ended_s.is_not(None)
    abroad = calls.c.international
    in_hour = and_(abroad, calls.c.started_s > now_s - HOUR_S, calls.c.started_s <= now_s)
    query = select(
        calls.c.account,
        calls.c.room,
        _total(and_(is_day, over), calls.c.cost_micros),
        _total(and_(in_month, over), calls.c.cost_micros),
        _total(in_hour, 1),
        _total(and_(abroad, is_day), 1),
        _total(and_(abroad, in_month), 1),
    )
    # the last hour may have begun in the month before
    begin = max(first - timedelta(days=1), since or date.min)
    query = query.where(calls.c.site == site, calls.c.day >= begin)
    grouped = query.group_by(calls.c.account, calls.c.room).order_by(calls.c.account, calls.c.room)
    with database.read() as session:
        return [
            Used(
                account, room, _money(spent), _money(spent_month), int(hour), int(today), int(month)
            )
            for account, room, spent, spent_month, hour, today, month in session.execute(grouped)
        ]


def count_calls(database: Database, site: str, first: date, last: date) -> int:
    """Return how many calls some days have; read from an index alone."""
    query = select(func.count()).select_from(calls)
    with database.read() as session:
        here = (calls.c.site == site, calls.c.day.between(first, last))
        return session.scalar(query.where(*here)) or 0


def spent_between(
    database: Database, site: str, first: date, last: date
) -> dict[tuple[str, str], tuple[Decimal, int]]:
    """Return money and international calls of some days, by account and room."""
    query = select(
        calls.c.account, calls.c.room, func.sum(calls.c.cost_micros),
        _total(calls.c.international, 1),
    ).where(calls.c.site == site, calls.c.day.between(first, last))  # fmt: skip
    with database.read() as session:
        rows = session.execute(query.group_by(calls.c.account, calls.c.room))
        return {(each[0], each[1]): (_money(each[2]), int(each[3])) for each in rows}


def sums_between(database: Database, site: str, first: date, last: date, by: By) -> list[Sum]:
    """Return the sums of the calls of some days, the dearest first; days in their order."""
    name = _COLUMNS[by]
    query = select(
        name,
        calls.c.currency,
        func.count(),
        _total(calls.c.answered_s.is_not(None), 1),
        _total(calls.c.international, 1),
        func.coalesce(func.sum(_seconds()), 0),
        func.sum(calls.c.cost_micros),
    ).where(*_of_days(site, first, last))
    with database.read() as session:
        rows = session.execute(query.group_by(name, calls.c.currency))
        found = [
            Sum(str(each) or UNKNOWN, currency, int(count), int(answered), int(abroad),
                int(spoken), _money(cost))
            for each, currency, count, answered, abroad, spoken, cost in rows
        ]  # fmt: skip
    if by == "day":
        return sorted(found, key=lambda each: (each.name, each.currency))
    return sorted(found, key=lambda each: (-each.cost, -each.calls, each.name))


def lines_between(database: Database, site: str, first: date, last: date) -> Iterator[CallLine]:
    """Yield the calls of some days that are over, the oldest first; few are held at a time."""
    query = select(
        calls.c.day, calls.c.account, calls.c.room, calls.c.number, calls.c.country, _seconds(),
        calls.c.cost_micros, calls.c.currency,
    ).where(*_of_days(site, first, last))  # fmt: skip
    query = query.order_by(calls.c.started_s).execution_options(yield_per=_AT_ONCE)
    with database.read() as session:
        for day, account, room, number, country, spoken, cost, currency in session.execute(query):
            shown = (day, account, room, number, country)
            yield CallLine(*shown, int(spoken), _money(cost), currency)


def toll_free_counts(
    database: Database, site: str, callers: Iterable[str], now_s: float
) -> dict[str, tuple[int, int]]:
    """Return calls of some callers of toll-free numbers in the last hour and in 24 hours."""
    row = toll_free_call.c
    query = select(row.caller, _total(row.at_s > now_s - HOUR_S, 1), func.count())
    mine = (row.site == site, row.at_s > now_s - 24 * HOUR_S, row.caller.in_(sorted(callers)))
    with database.read() as session:
        rows = session.execute(query.where(*mine).group_by(row.caller))
        return {caller: (int(hour), int(day)) for caller, hour, day in rows}


def check_counts(database: Database, site: str, since: datetime, until: datetime) -> dict[str, int]:
    """Return how many do-not-call checks had which result, between two moments, naive UTC."""
    row = do_not_call_check.c
    query = select(row.result, func.count()).where(
        row.site == site, row.at >= since, row.at < until
    )
    with database.read() as session:
        return {result: int(count) for result, count in session.execute(query.group_by(row.result))}


def _of_days(site: str, first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    days = guarded_call.c.day.between(first, last)
    return guarded_call.c.site == site, days, guarded_call.c.ended_s.is_not(None)


def _total(condition: ColumnElement[bool], value: Any) -> ColumnElement[Any]:  # noqa: ANN401 - a column or a number
    return func.coalesce(func.sum(case((condition, value), else_=0)), 0)


def _seconds() -> ColumnElement[int]:
    """How long a call was spoken, in begun seconds; both databases can round, not all can ceil."""
    spoken = calls.c.ended_s - calls.c.answered_s
    near = func.round(spoken)
    begun = near + case((spoken > near, 1), else_=0)
    silent = or_(calls.c.answered_s.is_(None), spoken < 0)
    return cast(case((silent, 0), else_=begun), Integer)


def _money(micros: int) -> Decimal:
    return Decimal(int(micros)) / MICROS
