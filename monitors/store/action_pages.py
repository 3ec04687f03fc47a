"""Remedies as people and later rounds see them, and the end of old ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from monitors.remedies.action import Action, ActionState
from monitors.store.tables import remedy_action
from monitors.store.upsert import changed
from provisioner.db import Database


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
