"""Counts that only rise, written in the transaction of what they count."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitors.store.tables import tally
from monitors.store.upsert import inserting
from provisioner.db import Database


def count(session: Session, name: str, site: str, label: str = "", by: int = 1) -> None:
    """Add to a count."""
    put = inserting(session, tally).values(name=name, site=site, label=label, value=by)
    put = put.on_conflict_do_update(
        index_elements=["name", "site", "label"], set_={"value": tally.c.value + by}
    )
    session.execute(put)


def tallies(database: Database) -> dict[tuple[str, str, str], int]:
    """Return all counts by name, site and label."""
    with database.read() as session:
        return {(r.name, r.site, r.label): r.value for r in session.execute(select(tally))}
