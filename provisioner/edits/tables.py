"""The table of edits: what was changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from provisioner.inventory.tables import Base


class ChangeRow(Base):
    """A change of a site. ``sealed`` holds it before and after, encrypted: it has secrets.

    Attributes:
        targets: what was touched: ``head``, ``room/214``, ``account/214``.
        undoes: the change that this one took back.
        undone_by: the change that took this one back.
    """

    __tablename__ = "site_change"
    __table_args__ = (Index("site_change_site", "site_id", "id"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(DateTime)
    who: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(String(500), server_default="")
    summary: Mapped[str] = mapped_column(String(1000), server_default="")
    targets: Mapped[list[Any]] = mapped_column(JSON)
    affected: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    undoes: Mapped[int | None] = mapped_column(Integer)
    undone_by: Mapped[int | None] = mapped_column(Integer)
