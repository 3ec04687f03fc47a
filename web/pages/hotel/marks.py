"""Whether anything of a hotel's page is new, so that a tab that looks all day costs little."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import func, select, union_all

from monitors.store.tables import incident, incident_phone, maintenance, status
from provisioner.inventory.tables import StampRow
from web.installation import Installation

ANYWAY = timedelta(minutes=5)
"""So often a page is made again though nothing is new: the times on it would be old."""


def mark_of(installation: Installation, site: str, now: datetime, *more: str) -> str:
    """Return a text that is another one when something of a site's page may be.

    Two queries, which read no phone by itself.

    Args:
        installation: the opened data folder.
        site: its id.
        now: naive UTC.
        more: what else the page depends on: who sees it, in which language, which filters.
    """
    row = status.c
    states = (
        select(row.state, row.rule, func.count(), func.min(row.since), func.max(row.since))
        .where(row.site == site)
        .group_by(row.state, row.rule)
        .order_by(row.state, row.rule)
    )
    going = incident.c.site == site, incident.c.closed_at.is_(None)
    joined = incident_phone.c.incident_id == incident.c.id
    incidents = union_all(
        select(
            func.count(), func.max(incident.c.id), func.max(incident.c.acknowledged_at),
            func.max(incident.c.round_at),
        ).where(*going),
        select(
            func.count(), func.max(incident_phone.c.incident_id),
            func.max(incident_phone.c.joined_at), func.max(incident_phone.c.left_at),
        ).select_from(incident_phone).join(incident, joined).where(*going),
        select(
            func.count(), func.max(maintenance.c.id), func.max(maintenance.c.ends),
            func.max(maintenance.c.begins),
        ).where(maintenance.c.site == site, maintenance.c.ends > now),
    )  # fmt: skip
    with installation.database.read() as session:
        stamp = session.execute(select(StampRow.generation, StampRow.epoch)).one()
    with installation.monitoring.read() as session:
        known = [tuple(found) for found in session.execute(states)]
        open_ones = sorted(map(str, session.execute(incidents)))
    spell = int(now.timestamp() // ANYWAY.total_seconds())
    made = repr((tuple(stamp), known, open_ones, spell, more))
    return hashlib.sha256(made.encode()).hexdigest()[:20]
