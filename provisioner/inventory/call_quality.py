"""How calls sounded, as the phones measured it, kept beside the fetch log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, DateTime, Float, Index, Integer, String, Table, select

from provisioner.db import Database
from provisioner.inventory.phone_reports import metadata

quality_table = Table(
    "call_quality",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("mac", String(12), nullable=False),
    Column("site", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("account", String(64), nullable=False),
    Column("call_id", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("codec", String(32), nullable=False),
    Column("mos_lq", Float),
    Column("mos_cq", Float),
    Column("loss_percent", Float),
    Column("discard_percent", Float),
    Column("jitter_ms", Float),
    Column("rtt_ms", Float),
    Index("call_quality_mac_at", "mac", "at"),
    Index("call_quality_at", "at"),
)


@dataclass(frozen=True, slots=True)
class CallQuality:
    """One report on one call; a value that the phone did not measure is None.

    Attributes:
        at: naive UTC, when the report came.
        mac: the phone's; empty: nobody knows whose report it is.
        address: where it came from.
        account: the phone's own number; the other side's is not kept.
        kind: ``session``, ``interval`` or ``alert``.
        mos_lq: listening quality, 1 to 5.
        mos_cq: conversational quality, 1 to 5: delay counts too.
        loss_percent: packets lost on the way.
        discard_percent: packets that came too late.
        jitter_ms: mean deviation between arrivals.
        rtt_ms: round trip.
    """

    at: datetime
    mac: str
    site: str
    address: str
    account: str
    call_id: str
    kind: str
    codec: str = ""
    mos_lq: float | None = None
    mos_cq: float | None = None
    loss_percent: float | None = None
    discard_percent: float | None = None
    jitter_ms: float | None = None
    rtt_ms: float | None = None


def qualities_since(database: Database, since: datetime, mac: str = "") -> list[CallQuality]:
    """Return the reports since a moment (naive UTC), newest first; of one phone, or of all."""
    query = select(quality_table).where(quality_table.c.at >= since)
    if mac:
        query = query.where(quality_table.c.mac == mac)
    with database.read() as session:
        rows = session.execute(query.order_by(quality_table.c.id.desc())).mappings()
        return [CallQuality(**{n: v for n, v in row.items() if n != "id"}) for row in rows]
