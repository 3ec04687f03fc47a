"""Maintenance that a person sets at the moment; what is planned is in the site file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from monitors.policy import Window
from monitors.store.tables import maintenance
from monitors.store.upsert import changed
from provisioner.db import Database


@dataclass(frozen=True, slots=True)
class KeptWindow:
    """A maintenance window with who set it and why."""

    id: int
    site: str
    window: Window
    reason: str
    who: str


def set_maintenance(
    database: Database, site: str, window: Window, reason: str = "", who: str = ""
) -> int:
    """Store a window; returns its id."""
    values = {
        "site": site,
        "begins": window.start,
        "ends": window.end,
        "rooms": sorted(window.rooms),
        "switches": sorted(window.switches),
        "reason": reason[:200],
        "who": who[:100],
    }
    with database.write() as session:
        put = insert(maintenance).values(**values).returning(maintenance.c.id)
        return int(session.execute(put).scalar_one())


def end_maintenance(database: Database, window_id: int, now: datetime) -> bool:
    """End a window now; False: it had ended, or there is none."""
    row = maintenance.c
    with database.write() as session:
        going = update(maintenance).where(row.id == window_id, row.ends > now)
        return bool(changed(session, going.values(ends=now)))


def windows_of(database: Database, site: str, now: datetime) -> tuple[KeptWindow, ...]:
    """Return the windows of a site that have not ended."""
    row = maintenance.c
    query = select(maintenance).where(row.site == site, row.ends > now).order_by(row.begins)
    with database.read() as session:
        return tuple(
            KeptWindow(
                found.id,
                found.site,
                Window(found.begins, found.ends, _words(found.rooms), _words(found.switches)),
                found.reason,
                found.who,
            )
            for found in session.execute(query)
        )


def forget_windows(database: Database, before: datetime) -> int:
    """Delete windows that ended before a time; returns how many."""
    with database.write() as session:
        return changed(session, delete(maintenance).where(maintenance.c.ends < before))


def _words(values: Iterable[str]) -> frozenset[str]:
    return frozenset(values)
