"""INSERT ... ON CONFLICT, which SQLite and PostgreSQL write alike and SQLAlchemy does not."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

Insert = sqlite.Insert


def inserting(session: Session, table: Table) -> Insert:
    """Return an INSERT that knows ``on_conflict_do_update`` and ``on_conflict_do_nothing``."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return cast(Insert, postgresql.insert(table))  # the same methods


def changed(session: Session, statement: Executable) -> int:
    """Execute an INSERT, UPDATE or DELETE; return how many rows it met."""
    kept = {"preserve_rowcount": True}  # SQLAlchemy forgets that of an INSERT otherwise
    result = cast(CursorResult[Any], session.execute(statement, execution_options=kept))
    return int(result.rowcount)
