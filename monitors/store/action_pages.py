"""Remedies as people and later rounds see them, and the end of old ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from monitors.store.tables import remedy_action
from monitors.store.upsert import changed
from provisioner.db import Database


class ActionState(StrEnum):
    """How far it is."""

    PLANNED = "planned"  # nothing is written yet
    OFF = "off"  # power may be away
    DONE = "done"  # it is not known yet whether it helped
    VERIFIED = "verified"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Action:
    """One row. Times are naive UTC.

    Attributes:
        switch: which one is written to; empty: none.
        undo: JSON form of what gives power back; empty: nothing has to be given back.
        who: a person; empty: bellwire itself.
        off_at: when the first write began.
        deadline: until when the worker that claimed it is waited for.
        seen: times of what proves that it helped, by name.
        detail: what went wrong, or what a person should know.
    """

    id: int
    site: str
    mac: str
    remedy: str
    way: str
    state: ActionState
    who: str
    at: datetime
    deadline: datetime
    switch: str = ""
    if_index: int = 0
    port: str = ""
    undo: Mapping[str, Any] = field(default_factory=dict)
    incident_id: int | None = None
    off_at: datetime | None = None
    done_at: datetime | None = None
    ended_at: datetime | None = None
    claimed_by: str = ""
    tries: int = 0
    seen: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""


def actions_to_verify(database: Database) -> list[Action]:
    """Return what was done and not looked at to its end."""
    query = select(remedy_action).where(remedy_action.c.state == str(ActionState.DONE))
    with database.read() as session:
        return read_actions(session, query.order_by(remedy_action.c.id))


def action_of(database: Database, action_id: int) -> Action | None:
    """Return one action."""
    with database.read() as session:
        found = read_actions(session, select(remedy_action).where(remedy_action.c.id == action_id))
    return found[0] if found else None


def actions_of(
    database: Database,
    *,
    site: str | None = None,
    mac: str | None = None,
    incidents: Iterable[int] | None = None,
    limit: int = 50,
) -> list[Action]:
    """Return actions, newest first: of a site, of a phone, of some incidents, or all."""
    query = select(remedy_action).order_by(remedy_action.c.id.desc()).limit(limit)
    if site is not None:
        query = query.where(remedy_action.c.site == site)
    if mac is not None:
        query = query.where(remedy_action.c.mac == mac)
    if incidents is not None:
        query = query.where(remedy_action.c.incident_id.in_(list(incidents)))
    with database.read() as session:
        return read_actions(session, query)


def forget_actions(database: Database, before: datetime) -> int:
    """Delete what ended before a time; returns how many."""
    with database.write() as session:
        return changed(session, delete(remedy_action).where(remedy_action.c.ended_at < before))


def read_actions(session: Session, query: Select[Any]) -> list[Action]:
    """Return the actions that a query finds."""
    names = {f for f in Action.__slots__ if f != "state"}
    return [
        Action(state=ActionState(row.state), **{n: getattr(row, n) for n in names})
        for row in session.execute(query)
    ]
