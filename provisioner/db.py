"""Databases: engines with the right pragmas, and transactions that end.

``read()`` gives a consistent snapshot; ``write()`` takes SQLite's write lock at its start, so that
a transaction never fails half-way because another one wrote meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session

BUSY_TIMEOUT_MS = 10_000
_EMPTY: dict[str, Callable[[], Any]] = {"[]": list, "{}": dict}


def read_json(text: str) -> Any:  # noqa: ANN401 - any JSON
    """Return what a column holds; most are empty, and Python's own reader is slow.

    Half a surrogate pair, which a text from outside may hold, only Python's own reader takes.
    """
    empty = _EMPTY.get(text)
    if empty is not None:
        return empty()
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)


class Database:
    """One database: an engine for readers and one for writers.

    Args:
        url: SQLAlchemy URL; SQLite and PostgreSQL are supported.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            file = make_url(url).database
            if file:
                Path(file).parent.mkdir(parents=True, exist_ok=True)
        self.reader = self._engine("BEGIN")
        self.writer = self._engine("BEGIN IMMEDIATE") if self.is_sqlite else self.reader

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; nothing it does is kept."""
        with Session(self.reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at its end, or rolls everything back on an exception."""
        with Session(self.writer, expire_on_commit=False) as session, session.begin():
            yield session

    def sync(self) -> None:
        """Bring what was committed to the disk, so that a power cut cannot take it back.

        Raises:
            TimeoutError: a reader kept its old view too long.
        """
        if not self.is_sqlite:
            return
        connection = self.writer.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = cursor.fetchone()
        finally:
            connection.close()
        if busy is None or busy[0]:
            raise TimeoutError("the database could not be brought to the disk; try again")

    def close(self) -> None:
        """Close all connections."""
        self.reader.dispose()
        self.writer.dispose()

    def _engine(self, begin: str) -> Engine:
        if not self.is_sqlite:
            return create_engine(
                self.url, pool_pre_ping=True, hide_parameters=True, json_deserializer=read_json
            )
        engine = create_engine(
            self.url,
            connect_args={"check_same_thread": False},
            hide_parameters=True,
            json_deserializer=read_json,
        )

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
            connection.isolation_level = None  # SQLAlchemy says BEGIN, not the driver
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=NORMAL")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.close()

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine
