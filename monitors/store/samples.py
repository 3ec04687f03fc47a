"""Samples of phones, rolled up and pruned.

A bucket is made once all its parts are there, and always from all of them: rolling up again gives
the same. Nothing is pruned that has not been rolled up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, func, select
from sqlalchemy.orm import Session

from monitors.history import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    Bucket,
    Quantity,
    Sample,
    roll_up,
    single,
    start_of,
)
from monitors.store.tables import (
    day_sample,
    hour_sample,
    minute_sample,
    rolled_up,
    sampled_phone,
)
from monitors.store.upsert import changed, inserting
from provisioner.config import Retention
from provisioner.db import Database

SETTLE_S = 300
"""A sample may come this late; then its hour is closed."""
_STEPS = ((HOUR_S, minute_sample, hour_sample), (DAY_S, hour_sample, day_sample))
_PHONES_AT_ONCE = 2000
_BUCKETS_MAX = 10_000
_TABLES = {MINUTE_S: minute_sample, HOUR_S: hour_sample, DAY_S: day_sample}


def keep_samples(database: Database, samples: Iterable[Sample]) -> None:
    """Store samples; those of the same phone and minute fill each other's gaps."""
    wanted = sorted(samples, key=lambda sample: (sample.at_s, sample.mac))
    if not wanted:
        return
    with database.write() as session:
        numbers = _numbers(session, {sample.mac for sample in wanted})
        put = inserting(session, minute_sample)
        values = {
            q.column: func.coalesce(put.excluded[q.column], minute_sample.c[q.column])
            for q in Quantity
        }
        put = put.on_conflict_do_update(index_elements=["at", "phone"], set_=values)
        session.execute(put, [_row(sample, numbers[sample.mac]) for sample in wanted])


def _row(sample: Sample, phone: int) -> dict[str, int | None]:
    values = {q.column: getattr(sample, q.column) for q in Quantity}
    if sample.registered is not None:
        values["registered"] = int(sample.registered)
    return {"phone": phone, "at": start_of(sample.at_s, MINUTE_S), **values}


def _numbers(session: Session, macs: set[str]) -> dict[str, int]:
    known = _known(session)
    new = sorted(macs - set(known))
    if new:
        put = inserting(session, sampled_phone).on_conflict_do_nothing(index_elements=["mac"])
        session.execute(put, [{"mac": mac} for mac in new])
        known = _known(session)
    return known


def _known(session: Session) -> dict[str, int]:
    return {row.mac: row.id for row in session.execute(select(sampled_phone))}


def roll_up_samples(database: Database, now_s: int) -> int:
    """Make every hour and day whose parts are all there; returns how many buckets were made.

    Args:
        database: the monitor's.
        now_s: seconds since 1970.
    """
    made = 0
    for width_s, source, target in _STEPS:
        while True:
            count = _next(database, width_s, source, target, now_s)
            if count is None:
                break
            made += count
    return made


def _next(database: Database, width_s: int, source: Table, target: Table, now_s: int) -> int | None:
    """Roll one hour or day up; None: there is none to do, or another worker has done it."""
    with database.read() as session:
        start = _start(session, width_s, source)
        ready = _done_until(session, HOUR_S) if source is hour_sample else now_s - SETTLE_S
        highest = session.scalar(select(func.max(sampled_phone.c.id))) or 0
    if start is None or ready is None or start + width_s > ready:
        return None
    count = 0
    for first in range(0, highest + 1, _PHONES_AT_ONCE):  # other writers wait a moment only
        phones = range(first, first + _PHONES_AT_ONCE)
        with database.read() as session:
            made = roll_up(_parts(session, source, start, start + width_s, phones), width_s)
        with database.write() as session:
            _put(session, target, made)
        count += len(made)
    with database.write() as session:
        return count if _moved_on(session, width_s, start, start + width_s) else None


def _start(session: Session, width_s: int, source: Table) -> int | None:
    done = _done_until(session, width_s)
    first = session.scalar(
        select(func.min(source.c.at)).where(source.c.at >= (done if done is not None else 0))
    )
    return None if first is None else start_of(int(first), width_s)


def _done_until(session: Session, width_s: int) -> int | None:
    return session.scalar(select(rolled_up.c.until).where(rolled_up.c.width_s == width_s))


def _moved_on(session: Session, width_s: int, start: int, end: int) -> bool:
    """Say that all is done up to here; no worker ever sets it back."""
    put = inserting(session, rolled_up).values(width_s=width_s, until=end)
    put = put.on_conflict_do_update(
        index_elements=["width_s"], set_={"until": end}, where=rolled_up.c.until <= start
    )
    return bool(changed(session, put))


def _parts(
    session: Session, source: Table, start: int, end: int, phones: range
) -> Iterable[Bucket]:
    column = source.c
    query = select(source).where(
        column.at >= start, column.at < end, column.phone.between(phones.start, phones.stop - 1)
    )
    for row in session.execute(query):
        if source is not minute_sample:
            yield _bucket(row)
            continue
        for quantity in Quantity:
            value = getattr(row, quantity.column)
            if value is not None:
                yield single(row.phone, row.at, quantity, value)


def _bucket(row: Any) -> Bucket:  # noqa: ANN401 - a row
    return Bucket(
        row.phone, row.at, Quantity(row.quantity), row.count, row.total, row.least, row.most
    )


def _put(session: Session, target: Table, buckets: Sequence[Bucket]) -> None:
    if not buckets:
        return
    put = inserting(session, target)
    values = {name: put.excluded[name] for name in ("count", "total", "least", "most")}
    put = put.on_conflict_do_update(index_elements=["at", "phone", "quantity"], set_=values)
    session.execute(put, [_columns(bucket) for bucket in buckets])


def _columns(bucket: Bucket) -> dict[str, int]:
    return {
        "phone": bucket.phone,
        "at": bucket.at_s,
        "quantity": int(bucket.quantity),
        "count": bucket.count,
        "total": bucket.total,
        "least": bucket.least,
        "most": bucket.most,
    }


def prune_samples(database: Database, keep: Retention, now_s: int) -> int:
    """Delete what is older than the retention and has been rolled up; returns how many rows."""
    gone = 0
    with database.write() as session:
        for width_s, table, days in (
            (HOUR_S, minute_sample, keep.minute_days),
            (DAY_S, hour_sample, keep.hour_days),
        ):
            done = _done_until(session, width_s)
            if done is not None:
                before = min(start_of(now_s - days * DAY_S, MINUTE_S), done)
                gone += changed(session, delete(table).where(table.c.at < before))
        last = delete(day_sample).where(day_sample.c.at < now_s - keep.day_days * DAY_S)
        return gone + changed(session, last)


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity of one phone over time, oldest first."""

    mac: str
    quantity: Quantity
    width_s: int
    buckets: tuple[Bucket, ...]


def series(
    database: Database, mac: str, quantity: Quantity, start_s: int, end_s: int, width_s: int
) -> Series:
    """Return a phone's figures.

    Args:
        database: the monitor's.
        mac: the phone.
        quantity: what was measured.
        start_s: seconds since 1970; included.
        end_s: not included.
        width_s: ``MINUTE_S``, ``HOUR_S`` or ``DAY_S``.

    Raises:
        ValueError: more than 10,000 buckets.
    """
    table = _TABLES[width_s]
    starts = range(start_of(start_s + width_s - 1, width_s), end_s, width_s)
    if len(starts) > _BUCKETS_MAX:
        raise ValueError(f"{len(starts)} figures at once are too many; ask for wider ones")
    with database.read() as session:
        mine = session.scalar(select(sampled_phone.c.id).where(sampled_phone.c.mac == mac))
        # each start by itself: the tables are ordered by time, a range would read every phone
        query = select(table).where(table.c.at.in_(starts), table.c.phone == mine)
        rows = list(session.execute(query.order_by(table.c.at)))
    if width_s == MINUTE_S:
        values = ((row, getattr(row, quantity.column)) for row in rows)
        found = [single(row.phone, row.at, quantity, v) for row, v in values if v is not None]
    else:
        found = [_bucket(row) for row in rows if row.quantity == quantity]
    return Series(mac, quantity, width_s, tuple(found))


def forget_phones(database: Database, macs: Iterable[str]) -> int:
    """Delete all figures of phones that are no more; returns how many phones."""
    gone = set(macs)
    with database.write() as session:
        numbers = [number for mac, number in _known(session).items() if mac in gone]
        for table in _TABLES.values():
            session.execute(delete(table).where(table.c.phone.in_(numbers)))
        return changed(session, delete(sampled_phone).where(sampled_phone.c.id.in_(numbers)))


def latest_samples(database: Database, since_s: int) -> dict[str, dict[Quantity, int]]:
    """Return the newest value of each quantity that was measured after a time, by MAC."""
    found: dict[str, dict[Quantity, int]] = {}
    with database.read() as session:
        macs = {number: mac for mac, number in _known(session).items()}
        query = select(minute_sample).where(minute_sample.c.at >= since_s)
        for row in session.execute(query.order_by(minute_sample.c.at)):
            values = found.setdefault(macs.get(row.phone, ""), {})
            for quantity in Quantity:
                value = getattr(row, quantity.column)
                if value is not None:
                    values[quantity] = value
    found.pop("", None)
    return found
