"""Guarded calls in the database: each once, whoever tells of it and however often.

The guard's book in memory decides; what stands here is what it knew last. A call is written by its
id and site, with all of its values, so that writing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from monitors.calls.book import CallBook, OutgoingCall
from monitors.calls.rates import Rate
from monitors.store.calls_tables import guarded_call, refused_call, toll_free_call
from monitors.store.upsert import inserting
from provisioner.db import Database

MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call to the outside as it is stored; ``cost`` is that of its end."""

    call: OutgoingCall
    account: str
    room: str
    cost: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Refusals:
    """Calls of an account that one rule refused on a day, all together."""

    day: date
    account: str
    rule: str
    country: str
    count: int
    last_number: str
    last_at: datetime


def keep_calls(session: Session, site: str, calls: Iterable[OutgoingCall], currency: str) -> None:
    """Write calls as they are now, in the caller's transaction; a later state replaces."""
    rows = [_row(site, call, currency) for call in calls]
    if not rows:
        return
    put = inserting(session, guarded_call)
    values = {name: put.excluded[name] for name in ("answered_s", "ended_s", "cost_micros")}
    session.execute(
        put.on_conflict_do_update(index_elements=["site", "call_id"], set_=values), rows
    )


def book_of(database: Database, site: str, since: date) -> CallBook:
    """Return the book of a site: all calls since a day, and those that go on."""
    book = CallBook()
    wanted = or_(guarded_call.c.day >= since, guarded_call.c.ended_s.is_(None))
    query = select(guarded_call).where(guarded_call.c.site == site, wanted)
    countries = select(guarded_call.c.account, guarded_call.c.country).distinct()
    with database.read() as session:
        for row in session.execute(query.order_by(guarded_call.c.started_s)):
            _tell(book, _call(row))
        for row in session.execute(countries.where(guarded_call.c.site == site)):
            book.learn(("account", row.account), [row.country])
    return book


def _tell(book: CallBook, call: OutgoingCall) -> None:
    """Tell a book of a call as it happened."""
    book.start(replace(call, answered_s=None, ended_s=None))
    if call.ended_s is not None:
        book.end(call.id, call.ended_s, call.answered_s)
    elif call.answered_s is not None:
        book.answer(call.id, call.answered_s)


def calls_between(
    database: Database, site: str, first: date, last: date, account: str | None = None
) -> list[KeptCall]:
    """Return the calls of some days of the site, the oldest first."""
    query = select(guarded_call).where(
        guarded_call.c.site == site, guarded_call.c.day.between(first, last)
    )
    if account is not None:
        query = query.where(guarded_call.c.account == account)
    with database.read() as session:
        return [_kept(row) for row in session.execute(query.order_by(guarded_call.c.started_s))]


def live_calls(database: Database, site: str | None = None) -> list[tuple[str, KeptCall]]:
    """Return the calls that go on, with their sites."""
    query = select(guarded_call).where(guarded_call.c.ended_s.is_(None))
    if site is not None:
        query = query.where(guarded_call.c.site == site)
    with database.read() as session:
        rows = session.execute(query.order_by(guarded_call.c.started_s))
        return [(row.site, _kept(row)) for row in rows]


def count_refusals(session: Session, site: str, refusals: Iterable[Refusals]) -> None:
    """Add refused calls to those of their day, in the caller's transaction."""
    for each in refusals:
        put = inserting(session, refused_call).values(
            site=site, day=each.day, account=each.account, rule=each.rule, country=each.country,
            calls=each.count, last_number=each.last_number, last_at=each.last_at,
        )  # fmt: skip
        session.execute(
            put.on_conflict_do_update(
                index_elements=["site", "day", "account", "rule", "country"],
                set_={
                    "calls": refused_call.c.calls + put.excluded["calls"],
                    "last_number": put.excluded["last_number"],
                    "last_at": put.excluded["last_at"],
                },
            )
        )


def refusals_between(database: Database, site: str, first: date, last: date) -> list[Refusals]:
    """Return what was refused on some days of the site."""
    query = select(refused_call).where(
        refused_call.c.site == site, refused_call.c.day.between(first, last)
    )
    order = (refused_call.c.day, refused_call.c.account, refused_call.c.rule)
    with database.read() as session:
        return [
            Refusals(r.day, r.account, r.rule, r.country, r.calls, r.last_number, r.last_at)
            for r in session.execute(query.order_by(*order))
        ]


def keep_toll_free_calls(
    session: Session, site: str, calls: Iterable[tuple[str, str, float]]
) -> None:
    """Write calls to toll-free numbers: id, caller, Unix time; each once."""
    rows = [{"site": site, "call_id": i, "caller": who, "at_s": at} for i, who, at in calls]
    if rows:
        session.execute(inserting(session, toll_free_call).on_conflict_do_nothing(), rows)


def toll_free_calls(database: Database, site: str, since_s: float) -> list[tuple[str, str, float]]:
    """Return id, caller and Unix time of the calls to toll-free numbers since a moment."""
    query = select(toll_free_call).where(
        toll_free_call.c.site == site, toll_free_call.c.at_s >= since_s
    )
    with database.read() as session:
        rows = session.execute(query.order_by(toll_free_call.c.at_s))
        return [(r.call_id, r.caller, r.at_s) for r in rows]


def prune_calls(database: Database, before: date) -> None:
    """Forget calls that ended on days before one, refusals, and calls to toll-free numbers."""
    before_s = datetime(before.year, before.month, before.day, tzinfo=UTC).timestamp()
    with database.write() as session:
        over = guarded_call.c.ended_s.is_not(None)
        session.execute(delete(guarded_call).where(guarded_call.c.day < before, over))
        session.execute(delete(refused_call).where(refused_call.c.day < before))
        session.execute(delete(toll_free_call).where(toll_free_call.c.at_s < before_s))


def _row(site: str, call: OutgoingCall, currency: str) -> dict[str, Any]:
    names = dict(call.scopes)
    cost = call.cost_at(call.ended_s) if call.ended_s is not None else Decimal(0)
    return {
        "site": site,
        "call_id": call.id,
        "account": names.get("account", ""),
        "room": names.get("room", ""),
        "number": call.to,
        "country": call.country,
        "international": call.international,
        "day": call.day,
        "started_s": call.started_s,
        "answered_s": call.answered_s,
        "ended_s": call.ended_s,
        "rate": _rate_values(call.rate),
        "cost_micros": int(cost * MICROS),
        "currency": currency,
    }


def _call(row: Any) -> OutgoingCall:  # noqa: ANN401 - a row
    room = (("room", row.room),) if row.room else ()
    return OutgoingCall(
        id=row.call_id,
        scopes=(("account", row.account), *room, ("site", row.site)),
        day=row.day,
        started_s=row.started_s,
        to=row.number,
        international=row.international,
        country=row.country,
        rate=_rate(row.rate),
        answered_s=row.answered_s,
        ended_s=row.ended_s,
    )


def _kept(row: Any) -> KeptCall:  # noqa: ANN401 - a row
    cost = Decimal(row.cost_micros) / MICROS
    return KeptCall(_call(row), row.account, row.room, cost, row.currency)


def _rate_values(rate: Rate | None) -> dict[str, Any] | None:
    """What a cost is made of; on which days the rate was valid does not matter any more."""
    if rate is None:
        return None
    return {
        "prefix": rate.prefix,
        "per_minute": str(rate.per_minute),
        "name": rate.name,
        "connection_fee": str(rate.connection_fee),
        "first_s": rate.first_s,
        "step_s": rate.step_s,
    }


def _rate(values: Mapping[str, Any] | None) -> Rate | None:
    if values is None:
        return None
    money = {name: Decimal(values[name]) for name in ("per_minute", "connection_fee")}
    return Rate(**{**values, **money})
