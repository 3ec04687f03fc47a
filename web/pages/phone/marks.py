"""Whether anything of a phone's page is new; four short queries."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import func, select

from monitors.store.tables import incident_phone, remedy_action, remedy_wish, status
from provisioner.inventory.fetches import fetch_table
from provisioner.inventory.tables import PhoneRow
from web.installation import Installation

ANYWAY = timedelta(minutes=1)


def phone_mark(installation: Installation, mac: str, now: datetime, *more: str) -> str:
    """Return a text that is another one when something of a phone's page may be.

    Args:
        installation: the opened data folder.
        mac: of the phone.
        now: naive UTC; ages on the page are never older than a minute.
        more: what else the page depends on.
    """
    row, done, wish = status.c, remedy_action.c, remedy_wish.c
    newest = select(func.max(done.id)).where(done.mac == mac).scalar_subquery()
    asked = select(func.max(wish.id)).where(wish.mac == mac).scalar_subquery()
    query = select(
        select(row.judged_at).where(row.mac == mac).scalar_subquery(),
        newest,
        select(done.state).where(done.id == newest).scalar_subquery(),
        select(wish.state).where(wish.id == asked).scalar_subquery(),
        select(func.max(incident_phone.c.joined_at))
        .where(incident_phone.c.mac == mac)
        .scalar_subquery(),
    )
    with installation.monitoring.read() as session:
        known = tuple(session.execute(query).one())
    with installation.events.read() as session:
        last = session.scalar(select(func.max(fetch_table.c.id)).where(fetch_table.c.mac == mac))
    with installation.database.read() as session:
        stored = session.scalar(select(PhoneRow.generation).where(PhoneRow.mac == mac))
    spell = int(now.timestamp() // ANYWAY.total_seconds())
    made = repr((known, last, stored, spell, more))
    return hashlib.sha256(made.encode()).hexdigest()[:20]
