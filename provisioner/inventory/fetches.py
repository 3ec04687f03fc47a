"""The fetch log and the waiting list, written without slowing an answer.

Events go through a bounded queue to one writing thread, which stores them in batches in a
database of their own. Should the queue ever be full, events are counted as dropped.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    Integer,
    Result,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from provisioner.db import Database
from provisioner.inventory.call_quality import CallQuality, quality_table
from provisioner.inventory.event_rows import AT_ONCE, fetch_row, insert_fetches, values_of
from provisioner.inventory.phone_reports import PhoneReport, report_table

log = logging.getLogger(__name__)

MAX_QUEUE = 100_000
FLUSH_S = 0.25

metadata = report_table.metadata
fetch_table = Table(
    "fetch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("mac", String(12), nullable=False),
    Column("site", String(64), nullable=False),
    Column("protocol", String(8), nullable=False),
    Column("path", String(256), nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(256), nullable=False),
    Column("model", String(64), nullable=False),
    Column("firmware", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("duration_us", Integer, nullable=False),
    Index("fetch_mac_at", "mac", "at"),
    Index("fetch_at", "at"),
)
waiting_table = Table(
    "waiting",
    metadata,
    Column("mac", String(12), primary_key=True),
    Column("vendor", String(32), nullable=False),
    Column("model", String(64), nullable=False),
    Column("firmware", String(64), nullable=False),
    Column("agent", String(256), nullable=False),
    Column("address", String(64), nullable=False),
    Column("via", String(8), nullable=False),
    Column("first_seen", DateTime, nullable=False),
    Column("last_seen", DateTime, nullable=False),
    Column("times", Integer, nullable=False),
)


@dataclass(slots=True)  # not frozen: one is made for each request
class FetchEvent:
    """One request with its outcome. ``path`` holds no token."""

    at: datetime
    mac: str
    site: str
    protocol: str
    path: str
    address: str
    agent: str
    model: str
    firmware: str
    outcome: str
    reason: str
    digest: str = ""
    size_bytes: int = 0
    duration_us: int = 0


@dataclass(frozen=True, slots=True)
class WaitingPhone:
    """A phone that asked and is in no inventory. Times are naive UTC."""

    mac: str
    vendor: str
    model: str
    firmware: str
    agent: str
    address: str
    via: str
    first_seen: datetime
    last_seen: datetime
    times: int = 1


Event = FetchEvent | WaitingPhone | PhoneReport | CallQuality
_TABLES = {PhoneReport: report_table, CallQuality: quality_table}


class Recorder:
    """Takes events from any thread; one thread of its own writes them."""

    def __init__(self, database: Database, waiting_max: int = 1000) -> None:
        self.dropped = 0
        self._told_dropped = 0
        self._database = database
        self._waiting_max = waiting_max
        self._queue: deque[Event] = deque()
        self._wake = threading.Event()
        self._stop = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the writing thread."""
        self._thread = threading.Thread(target=self._run, name="fetch-log", daemon=True)
        self._thread.start()

    def record(self, event: Event) -> None:
        """Queue an event; never waits."""
        if len(self._queue) >= MAX_QUEUE:
            self.dropped += 1
            return
        self._queue.append(event)

    def close(self) -> None:
        """Write what is queued and stop."""
        self._stop = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self.flush()

    def flush(self) -> None:
        """Write what is queued now; what cannot be written is tried again at the next flush."""
        if self.dropped > self._told_dropped:
            self._told_dropped = self.dropped
            log.warning("the fetch log was full: %d events are lost since the start", self.dropped)
        events: list[Event] = []
        while self._queue and len(events) < MAX_QUEUE:
            events.append(self._queue.popleft())
        if not events:
            return
        try:
            self._write(events)
        except SQLAlchemyError:
            log.exception("the fetch log cannot be written; %d events wait", len(events))
            self._queue.extendleft(reversed(events))

    def _run(self) -> None:
        while not self._stop:
            self._wake.wait(FLUSH_S)
            self.flush()

    def _write(self, events: Iterable[Event]) -> None:
        rows: dict[Table, list[dict[str, Any]]] = {}
        waiting: dict[str, WaitingPhone] = {}
        fetched: list[FetchEvent] = []
        for event in events:
            if isinstance(event, FetchEvent):
                fetched.append(event)
            elif isinstance(event, WaitingPhone):
                waiting.pop(event.mac, None)  # whoever asked last stands last
                waiting[event.mac] = event
            else:
                rows.setdefault(_TABLES[type(event)], []).append(values_of(event))
        with self._database.write() as session:
            if fetched:
                self._insert_fetches(session, fetched)
            for table, values in rows.items():
                session.execute(insert(table), values)
            # of a flood only those that would be kept: the others cost as much and are gone at once
            for phone in list(waiting.values())[-self._waiting_max :]:
                self._upsert(session, phone)
            if waiting:
                self._make_room(session)

    def _insert_fetches(self, session: Session, fetched: list[FetchEvent]) -> None:
        """Write fetches; on SQLite by the driver itself, in half the time: storms are long."""
        if not self._database.is_sqlite:
            session.execute(insert(fetch_table), [values_of(event) for event in fetched])
            return
        for start in range(0, len(fetched), AT_ONCE):
            rows = [fetch_row(event) for event in fetched[start : start + AT_ONCE]]
            values = tuple(chain.from_iterable(rows))
            session.connection().exec_driver_sql(insert_fetches(len(rows)), values)

    def _upsert(self, session: Session, phone: WaitingPhone) -> None:
        values = values_of(phone)
        known = update(waiting_table).where(waiting_table.c.mac == phone.mac)
        fresh = {k: v for k, v in values.items() if v and k not in {"first_seen", "times"}}
        if _count(session.execute(known.values(**fresh, times=waiting_table.c.times + 1))):
            return
        session.execute(insert(waiting_table).values(**values))

    def _make_room(self, session: Session) -> None:
        """Forget those that have been silent longest."""
        held = session.scalar(select(func.count()).select_from(waiting_table)) or 0
        if held > self._waiting_max:
            by_age = select(waiting_table.c.mac).order_by(waiting_table.c.last_seen)
            silent = by_age.limit(held - self._waiting_max)
            session.execute(delete(waiting_table).where(waiting_table.c.mac.in_(silent)))


def _count(result: Result[Any]) -> int:
    return int(getattr(result, "rowcount", 0))


def waiting_phones(database: Database) -> list[WaitingPhone]:
    """Return the phones that wait, newest first."""
    with database.read() as session:
        query = select(waiting_table).order_by(waiting_table.c.last_seen.desc())
        return [WaitingPhone(**row) for row in session.execute(query).mappings()]


def forget_waiting(database: Database, macs: Iterable[str]) -> None:
    """Take phones off the waiting list: they have been adopted."""
    with database.read() as session:
        waiting = set(session.scalars(select(waiting_table.c.mac)))
    gone = sorted(waiting.intersection(macs))  # the list is short, an inventory may be long
    if gone:
        with database.write() as session:
            session.execute(delete(waiting_table).where(waiting_table.c.mac.in_(gone)))


def fetches_of(database: Database, mac: str, limit: int = 50) -> list[FetchEvent]:
    """Return a phone's last fetches, newest first."""
    with database.read() as session:
        query = (
            select(fetch_table)
            .where(fetch_table.c.mac == mac)
            .order_by(fetch_table.c.at.desc(), fetch_table.c.id.desc())  # several processes write
            .limit(limit)
        )
        return [_event(row) for row in session.execute(query)]


def last_fetches(database: Database, macs: Iterable[str] | None = None) -> dict[str, FetchEvent]:
    """Return the last fetch of every phone that ever asked, or of some phones, by MAC."""
    newest = select(func.max(fetch_table.c.id)).where(fetch_table.c.mac != "")
    if macs is not None:
        newest = newest.where(fetch_table.c.mac.in_(list(macs)))
    with database.read() as session:
        query = select(fetch_table).where(fetch_table.c.id.in_(newest.group_by(fetch_table.c.mac)))
        rows = session.execute(query)
        return {row.mac: _event(row) for row in rows}


def prune(database: Database, days: int, rows: int, waiting_days: int) -> int:
    """Delete what is older than the retention, or beyond its number; returns how many."""
    now = datetime.now(UTC).replace(tzinfo=None)
    gone = 0
    with database.write() as session:
        for table in (fetch_table, *_TABLES.values()):
            newest = session.scalar(select(func.max(table.c.id))) or 0
            old = (table.c.at < now - timedelta(days=days)) | (table.c.id <= newest - rows)
            gone += _count(session.execute(delete(table).where(old)))
        stale = waiting_table.c.last_seen < now - timedelta(days=waiting_days)
        session.execute(delete(waiting_table).where(stale))
    return gone


def _event(row: Any) -> FetchEvent:  # noqa: ANN401 - a row
    return FetchEvent(*row[1:])  # the columns after the id are the fields, in their order
