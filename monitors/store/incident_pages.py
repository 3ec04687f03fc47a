"""Incidents as people and messages see them, and the end of old ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from monitors.incident_steps import Event, Incident, TimelineEntry
from monitors.store.tables import incident, incident_phone, timeline
from monitors.store.upsert import changed
from provisioner.db import Database

_ALL = select(incident).order_by(incident.c.id)


def recent_incidents(database: Database, site: str, since: datetime) -> tuple[Incident, ...]:
    """Return the open incidents of a site and those closed after ``since``, oldest first."""
    there = or_(incident.c.closed_at.is_(None), incident.c.closed_at > since)
    return _read(database, _ALL.where(incident.c.site == site, there))


def closed_incidents(
    database: Database, site: str, limit: int, before: int | None = None
) -> tuple[Incident, ...]:
    """Return incidents of a site that are over, newest first.

    Args:
        database: the monitor's.
        site: its id.
        limit: how many.
        before: only those with a smaller number.
    """
    query = select(incident).where(incident.c.site == site, incident.c.closed_at.is_not(None))
    if before is not None:
        query = query.where(incident.c.id < before)
    return _read(database, query.order_by(incident.c.id.desc()).limit(limit))


def page_of_incidents(
    database: Database,
    limit: int,
    *,
    sites: Iterable[str] | None,
    is_open: bool | None,
    before: int | None,
) -> tuple[Incident, ...]:
    """Return incidents of several sites, newest first.

    Args:
        database: the monitor's.
        limit: how many.
        sites: their ids; None: all.
        is_open: only those that are open, or over; None: both.
        before: only those with a smaller number.
    """
    query = select(incident)
    if sites is not None:
        query = query.where(incident.c.site.in_(sorted(sites)))
    if is_open is not None:
        closed = incident.c.closed_at
        query = query.where(closed.is_(None) if is_open else closed.is_not(None))
    if before is not None:
        query = query.where(incident.c.id < before)
    return _read(database, query.order_by(incident.c.id.desc()).limit(limit))


def all_open(database: Database) -> tuple[Incident, ...]:
    """Return the open incidents of all sites, oldest first."""
    return _read(database, _ALL.where(incident.c.closed_at.is_(None)))


def incident_of(database: Database, incident_id: int) -> Incident | None:
    """Return an incident with its timeline; None: there is none."""
    found = _read(database, _ALL.where(incident.c.id == incident_id), with_timeline=True)
    return found[0] if found else None


def incidents_of_phone(database: Database, mac: str, limit: int = 50) -> tuple[Incident, ...]:
    """Return the incidents a phone was in, newest first."""
    was_in = select(incident_phone.c.incident_id).where(incident_phone.c.mac == mac)
    query = select(incident).where(incident.c.id.in_(was_in))
    return _read(database, query.order_by(incident.c.id.desc()).limit(limit))


def homes_of(database: Database, macs: Iterable[str]) -> dict[str, int]:
    """Return the numbers of the open incidents that phones are in, by MAC."""
    there, wanted = incident_phone.c, list(macs)
    query = (
        select(there.mac, incident.c.id)
        .join(incident, incident.c.id == there.incident_id)
        .where(there.mac.in_(wanted), there.left_at.is_(None), incident.c.closed_at.is_(None))
        .order_by(incident.c.id)
    )
    with database.read() as session:
        return {mac: number for mac, number in session.execute(query)}  # noqa: C416 - rows


def forget_incidents(database: Database, before: datetime) -> int:
    """Delete incidents closed before a time, with their timelines; returns how many."""
    with database.write() as session:
        return changed(session, delete(incident).where(incident.c.closed_at < before))


def _read(
    database: Database, query: Select[Any], *, with_timeline: bool = False
) -> tuple[Incident, ...]:
    with database.read() as session:
        rows = list(session.execute(query))
        ids = [row.id for row in rows]
        macs = _macs(session, ids)
        lines = _timelines(session, ids) if with_timeline else {}
    made = []
    for row in rows:
        is_open = row.closed_at is None
        there = [m for m, left in macs.get(row.id, ()) if left is None or not is_open]
        made.append(_incident(row, tuple(there), tuple(lines.get(row.id, ()))))
    return tuple(made)


def _macs(session: Session, ids: Iterable[int]) -> dict[int, list[tuple[str, datetime | None]]]:
    table = incident_phone.c
    query = select(incident_phone).where(table.incident_id.in_(list(ids))).order_by(table.mac)
    found: dict[int, list[tuple[str, datetime | None]]] = {}
    for row in session.execute(query):
        found.setdefault(row.incident_id, []).append((row.mac, row.left_at))
    return found


def _timelines(session: Session, ids: Iterable[int]) -> dict[int, list[TimelineEntry]]:
    query = select(timeline).where(timeline.c.incident_id.in_(list(ids))).order_by(timeline.c.id)
    found: dict[int, list[TimelineEntry]] = {}
    for row in session.execute(query):
        entry = TimelineEntry(row.at, Event(row.what), row.mac, row.who, row.detail)
        found.setdefault(row.incident_id, []).append(entry)
    return found


def _incident(row: Any, macs: tuple[str, ...], lines: tuple[TimelineEntry, ...]) -> Incident:  # noqa: ANN401 - a row
    return Incident(
        id=row.id,
        site=row.site,
        key=row.key,
        grouped=row.grouped,
        rule=row.rule,
        sureness=row.sureness,
        name=row.name,
        facts=row.facts,
        began_at=row.began_at,
        round=row.round,
        round_at=row.round_at,
        closed_at=row.closed_at,
        ending=row.ending,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        macs=macs,
        timeline=lines,
    )
