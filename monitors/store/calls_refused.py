"""Refused calls and warnings of some days, a page at a time: an attacker makes many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, literal, select, tuple_

from monitors.calls.decision import Because
from monitors.store.calls import Refusals
from monitors.store.calls_blocks import CallWarning
from monitors.store.calls_tables import call_warning, refused_call
from provisioner.db import Database

_refused = refused_call.c
_ORDER = (_refused.last_at, _refused.day, _refused.rule, _refused.country, _refused.account)
_warned = call_warning.c


@dataclass(frozen=True, slots=True)
class RefusedCalls:
    """How many calls were refused, and of how many extensions."""

    calls: int
    accounts: int


def count_refused(
    database: Database, site: str, first: date, last: date, accounts: Sequence[str] = ()
) -> RefusedCalls:
    """Return how many calls were refused on some days of the site."""
    counted = select(
        func.coalesce(func.sum(_refused.calls), 0), func.count(_refused.account.distinct())
    )
    with database.read() as session:
        row = session.execute(counted.where(_refusals_of(site, first, last, accounts))).one()
    return RefusedCalls(int(row[0]), int(row[1]))


def page_of_refusals(
    database: Database,
    site: str,
    first: date,
    last: date,
    limit: int,
    after: str = "",
    accounts: Sequence[str] = (),
) -> list[tuple[str, Refusals]]:
    """Return what was refused on some days of the site, the newest first.

    Args:
        database: the monitor's.
        site: its id.
        first: a day of the site's clock.
        last: included.
        limit: how many at most.
        after: what came with the last one of the page before; empty: the first page. One that
            nobody gave is the end.
        accounts: of these extensions only; none: of all.

    Returns:
        each with what the page after it begins after.
    """
    query = select(refused_call).where(_refusals_of(site, first, last, accounts))
    if after:
        begin = _behind(after)
        if begin is None:
            return []
        query = query.where(begin)
    newest = query.order_by(*(column.desc() for column in _ORDER)).limit(limit)
    with database.read() as session:
        found = [
            Refusals(r.day, r.account, r.rule, r.country, r.calls, r.last_number, r.last_at)
            for r in session.execute(newest)
        ]
    return [(_place(each), each) for each in found]


def _refusals_of(
    site: str, first: date, last: date, accounts: Sequence[str]
) -> ColumnElement[bool]:
    here = and_(_refused.site == site, _refused.day.between(first, last))
    return and_(here, _refused.account.in_(accounts)) if accounts else here


def _place(each: Refusals) -> str:
    return f"{each.last_at.isoformat()} {each.day} {each.rule} {each.country} {each.account}"


def _behind(after: str) -> ColumnElement[bool] | None:
    """What comes after a place in the list; None: nobody gave that place."""
    try:
        at, day, *rest = after.split(" ", 4)
        moment = datetime.fromisoformat(at)
        wanted = (moment, date.fromisoformat(day), *rest)
    except ValueError:
        return None
    if moment.tzinfo is not None or len(wanted) != len(_ORDER):
        return None
    values = (literal(v, c.type) for v, c in zip(wanted, _ORDER, strict=True))
    return tuple_(*_ORDER) < tuple_(*values)


def count_warnings(
    database: Database, site: str, since: datetime, until: datetime, accounts: Sequence[str] = ()
) -> int:
    """Return how many warnings there were between two moments, naive UTC."""
    query = select(func.count()).select_from(call_warning)
    with database.read() as session:
        return session.scalar(query.where(_warnings_of(site, since, until, accounts))) or 0


def page_of_warnings(
    database: Database,
    site: str,
    since: datetime,
    until: datetime,
    limit: int,
    before: int | None = None,
    accounts: Sequence[str] = (),
) -> list[tuple[int, CallWarning]]:
    """Return a site's warnings between two moments with their numbers, the newest first.

    Args:
        database: the monitor's.
        site: its id.
        since: the first moment that counts, naive UTC.
        until: the first that does not.
        limit: how many at most.
        before: older than this number only.
        accounts: of these extensions only; none: of all.
    """
    query = select(call_warning).where(_warnings_of(site, since, until, accounts))
    if before is not None:
        query = query.where(_warned.id < before)
    with database.read() as session:
        rows = session.execute(query.order_by(_warned.id.desc()).limit(limit))
        return [(r.id, CallWarning(r.at, r.account, Because(r.rule, r.facts))) for r in rows]


def _warnings_of(
    site: str, since: datetime, until: datetime, accounts: Sequence[str]
) -> ColumnElement[bool]:
    here = and_(_warned.site == site, _warned.at >= since, _warned.at < until)
    return and_(here, _warned.account.in_(accounts)) if accounts else here
