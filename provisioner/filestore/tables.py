"""The tables of the library: files, and who is to run which firmware."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from provisioner.inventory.tables import Base, Json


class LibraryFileRow(Base):
    """A file by name; its bytes lie in the vault under ``digest``.

    Attributes:
        site_id: empty: for all sites.
        fits: a digest of ``models``, empty for all; tells files of the same name apart.
        handset: the DECT handset model a firmware is for, or empty.
        facts: what was found out about it: width and height, encoding.
    """

    __tablename__ = "library_file"
    __table_args__ = (
        UniqueConstraint("site_id", "name", "fits"),
        {"sqlite_autoincrement": True},  # a number is never given twice: the audit log names it
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(16))
    site_id: Mapped[str] = mapped_column(String(64), server_default="")
    vendor: Mapped[str] = mapped_column(String(64), server_default="")
    models: Mapped[list[Any]] = mapped_column(JSON)
    fits: Mapped[str] = mapped_column(String(64), server_default="")
    handset: Mapped[str] = mapped_column(String(64), server_default="")
    version: Mapped[str] = mapped_column(String(64), server_default="")
    digest: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(64))
    facts: Mapped[Json] = mapped_column(JSON)
    added_at: Mapped[datetime] = mapped_column(DateTime)
    added_by: Mapped[str] = mapped_column(String(100))


class RolloutRow(Base):
    """A firmware on its way to the phones of a site, stage by stage.

    Attributes:
        stage: which of ``stages`` is open, counted from 0.
        stage_since: when it was opened, or opened again; naive UTC.
        reason: why it stands still, in words.
    """

    __tablename__ = "rollout"
    __table_args__ = (Index("rollout_site", "site_id"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("library_file.id"))
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"))
    stages: Mapped[list[Any]] = mapped_column(JSON)
    stage: Mapped[int] = mapped_column(Integer)
    stage_since: Mapped[datetime] = mapped_column(DateTime)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(1000), server_default="")
    policy: Mapped[Json] = mapped_column(JSON)
    downgrade: Mapped[bool] = mapped_column(Boolean, server_default=false())
    made_at: Mapped[datetime] = mapped_column(DateTime)
    made_by: Mapped[str] = mapped_column(String(100))


class RolloutPhoneRow(Base):
    """What a phone has done about a rollout.

    Attributes:
        fetches: how often it took the whole image while it reported ``version``.
        first_at, last_at: of those fetches; naive UTC.
    """

    __tablename__ = "rollout_phone"
    rollout_id: Mapped[int] = mapped_column(
        ForeignKey("rollout.id", ondelete="CASCADE"), primary_key=True
    )
    mac: Mapped[str] = mapped_column(ForeignKey("phone.mac", ondelete="CASCADE"), primary_key=True)
    fetches: Mapped[int] = mapped_column(Integer)
    version: Mapped[str] = mapped_column(String(64), server_default="")
    first_at: Mapped[datetime] = mapped_column(DateTime)
    last_at: Mapped[datetime] = mapped_column(DateTime)
