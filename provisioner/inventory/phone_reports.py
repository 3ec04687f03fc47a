"""What phones report of themselves by their action URLs, kept beside the fetch log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, DateTime, Index, Integer, MetaData, String, Table, func, select

from provisioner.db import Database

metadata = MetaData()
"""Of all tables of the events database."""

report_table = Table(
    "phone_report",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("mac", String(12), nullable=False),
    Column("site", String(64), nullable=False),
    Column("event", String(32), nullable=False),
    Column("address", String(64), nullable=False),
    Column("ip", String(64), nullable=False),
    Column("account", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("firmware", String(64), nullable=False),
    Index("phone_report_mac_at", "mac", "at"),
    Index("phone_report_at", "at"),
)


@dataclass(frozen=True, slots=True)
class PhoneReport:
    """One call of an action URL.

    Attributes:
        at: naive UTC.
        event: the vendor's word for it, as its template writes it.
        address: where the call came from.
        ip: the phone's own address, as it says; empty: it does not.
        account: whom it is about; empty: the phone as a whole.
        model: the inventory's.
        firmware: as the phone says; empty: it does not.
    """

    at: datetime
    mac: str
    site: str
    event: str
    address: str
    ip: str = ""
    account: str = ""
    model: str = ""
    firmware: str = ""


def reports_of(database: Database, mac: str, limit: int = 50) -> list[PhoneReport]:
    """Return a phone's last reports, newest first."""
    with database.read() as session:
        query = (
            select(report_table)
            .where(report_table.c.mac == mac)
            .order_by(report_table.c.id.desc())
            .limit(limit)
        )
        return [_report(row) for row in session.execute(query).mappings()]


def reports_since(database: Database, since: datetime, limit: int = 50_000) -> list[PhoneReport]:
    """Return the reports of all phones since a moment (naive UTC), newest first."""
    with database.read() as session:
        query = (
            select(report_table)
            .where(report_table.c.at >= since)
            .order_by(report_table.c.id.desc())
            .limit(limit)
        )
        return [_report(row) for row in session.execute(query).mappings()]


def last_reports(database: Database) -> dict[str, PhoneReport]:
    """Return the last report of every phone that ever reported, by MAC."""
    newest = select(func.max(report_table.c.id)).group_by(report_table.c.mac)
    with database.read() as session:
        rows = session.execute(select(report_table).where(report_table.c.id.in_(newest)))
        return {row["mac"]: _report(row) for row in rows.mappings()}


def _report(row: object) -> PhoneReport:
    values = dict(row)  # type: ignore[call-overload]
    del values["id"]
    return PhoneReport(**values)
