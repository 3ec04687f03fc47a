"""Phones by MAC, and arming them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from provisioner.db import Database
from provisioner.errors import UnknownThingError
from provisioner.inventory.audit import note
from provisioner.inventory.stamp import next_generation
from provisioner.inventory.tables import PhoneRow, SiteRow
from provisioner.mac import MacAddress


def phone_row(session: Session, mac: MacAddress) -> PhoneRow:
    """Return the row of a phone.

    Raises:
        UnknownThingError: there is no such phone.
    """
    row = session.get(PhoneRow, str(mac))
    if row is None:
        raise UnknownThingError(f"there is no phone {mac.colons}; bellwire status lists them")
    return row


def phone_rows(database: Database, site: str | None = None) -> list[PhoneRow]:
    """Return all phones, or those of a site; raises UnknownThingError."""
    with database.read() as session:
        query = select(PhoneRow).order_by(PhoneRow.site_id, PhoneRow.room_id, PhoneRow.position)
        if site is not None:
            require_site(session, site)
            query = query.where(PhoneRow.site_id == site)
        return list(session.scalars(query))


def require_site(session: Session, site: str) -> SiteRow:
    """Return the row of a site; raises UnknownThingError naming those there are."""
    row = session.get(SiteRow, site)
    if row is None:
        known = ", ".join(session.scalars(select(SiteRow.id))) or "none"
        raise UnknownThingError(f"there is no site {site!r}; known are: {known}")
    return row


def arm(database: Database, mac: MacAddress, hours: int, who: str) -> datetime:
    """Let a phone make first contact again; returns until when (naive UTC). Audited.

    Raises:
        UnknownThingError: there is no such phone.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    until = now + timedelta(hours=hours)
    with database.write() as session:
        phone_row(session, mac)
        generation = next_generation(session)
        session.execute(
            update(PhoneRow)
            .where(PhoneRow.mac == str(mac))
            .values(armed_until=until, generation=generation)
        )
        note(session, now, who, "arm", mac.colons, f"until {until:%Y-%m-%d %H:%M} UTC")
    return until
