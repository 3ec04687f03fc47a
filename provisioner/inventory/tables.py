"""The tables of the inventory (SQLAlchemy 2, typed).

Secrets are stored encrypted; tokens are stored as hashes and, for writing them into files,
encrypted. ``generation`` rises with every change, so that readers in memory see what is new.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, Any]


class Base(DeclarativeBase):
    """All tables of the inventory."""

    type_annotation_map = {Json: JSON, list[Any]: JSON}  # noqa: RUF012 - SQLAlchemy's own form


class StampRow(Base):
    """One row: what readers in memory compare.

    Attributes:
        generation: rises with every change.
        epoch: rises when phones were removed.
        sites: rises when site files were applied.
    """

    __tablename__ = "stamp"
    id: Mapped[int] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(Integer, default=0)
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    sites: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    catalogue_digest: Mapped[str] = mapped_column(String(64), default="")
    key_check: Mapped[str] = mapped_column(String(255), default="")


class SiteRow(Base):
    """A hotel. ``pbx``, ``switches`` and ``monitoring`` hold their secrets encrypted.

    ``calls`` is NULL where they are not guarded.
    """

    __tablename__ = "site"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    timezone: Mapped[str] = mapped_column(String(64))
    languages: Mapped[list[Any]]
    networks: Mapped[list[Any]]
    url: Mapped[str] = mapped_column(String(500))
    numbers: Mapped[Json]
    settings: Mapped[Json]
    presets: Mapped[Json]
    room_templates: Mapped[Json] = mapped_column(JSON, server_default="{}")
    phonebook: Mapped[list[Any]] = mapped_column(JSON, server_default="[]")
    switches: Mapped[list[Any]]
    pbx: Mapped[Json | None]
    monitoring: Mapped[Json] = mapped_column(JSON, server_default="{}")
    calls: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))


class RoomRow(Base):
    """A place with phones."""

    __tablename__ = "room"
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    floor: Mapped[str] = mapped_column(String(32))
    template: Mapped[str] = mapped_column(String(64))
    extension: Mapped[str] = mapped_column(String(64))
    settings: Mapped[Json]


class AccountRow(Base):
    """A SIP account; ``secret`` is encrypted. ``listed``: NULL: nobody has said."""

    __tablename__ = "account"
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), primary_key=True)
    extension: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    secret: Mapped[str] = mapped_column(String(500))
    voicemail: Mapped[bool] = mapped_column(Boolean, server_default=false())
    listed: Mapped[bool | None] = mapped_column(Boolean)


class SoftPhoneRow(Base):
    """A one-time link by which a soft phone fetches an account; only its hash is kept."""

    __tablename__ = "soft_phone_link"
    __table_args__ = (
        ForeignKeyConstraint(
            ["site_id", "extension"], ["account.site_id", "account.extension"], ondelete="CASCADE"
        ),
    )
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    site_id: Mapped[str] = mapped_column(String(64))
    extension: Mapped[str] = mapped_column(String(64))
    app: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime] = mapped_column(DateTime)
    made_by: Mapped[str] = mapped_column(String(100))
    expires_at: Mapped[datetime] = mapped_column(DateTime)
    used_at: Mapped[datetime | None] = mapped_column(DateTime)


class PhoneRow(Base):
    """A device. ``secrets`` is an encrypted JSON text; ``token_hash`` finds it by its token.

    Attributes:
        offered: the firmware that its files offer it, in words; empty: none.
        version_matters: its files depend on the firmware it reports.
        stored_names: files of the library that its files name.
        watched: what the monitor must know of its settings (``provisioner.watched``).
    """

    __tablename__ = "phone"
    __table_args__ = (
        ForeignKeyConstraint(["site_id", "room_id"], ["room.site_id", "room.id"]),
        UniqueConstraint("site_id", "room_id", "position"),
        Index("phone_generation", "generation"),
        Index("phone_dirty", "dirty"),
    )
    mac: Mapped[str] = mapped_column(String(12), primary_key=True)
    site_id: Mapped[str] = mapped_column(String(64))
    room_id: Mapped[str] = mapped_column(String(64))
    position: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(64))
    preset: Mapped[str] = mapped_column(String(64))
    accounts: Mapped[list[Any]]
    keys: Mapped[list[Any]]
    settings: Mapped[Json]
    handsets: Mapped[list[Any]]
    accessories: Mapped[list[Any]]
    tftp_without_token: Mapped[bool] = mapped_column(Boolean, server_default=false())
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    secrets: Mapped[str] = mapped_column(String(2000))
    armed_until: Mapped[datetime | None] = mapped_column(DateTime)
    token_seen_at: Mapped[datetime | None] = mapped_column(DateTime)
    firmware: Mapped[str] = mapped_column(String(64), server_default="")
    dirty: Mapped[bool] = mapped_column(Boolean, server_default=true())
    generation: Mapped[int] = mapped_column(Integer, server_default="0")
    problem: Mapped[str] = mapped_column(String(1000), server_default="")
    offered: Mapped[str] = mapped_column(String(255), server_default="")
    version_matters: Mapped[bool] = mapped_column(Boolean, server_default=false())
    stored_names: Mapped[list[Any]] = mapped_column(JSON, server_default="[]")
    watched: Mapped[Json] = mapped_column(JSON, server_default="{}")


class RenderedRow(Base):
    """A finished file; ``body`` is encrypted. ``content_digest`` is without the version counter."""

    __tablename__ = "rendered"
    mac: Mapped[str] = mapped_column(ForeignKey("phone.mac"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    aliases: Mapped[list[Any]]
    media_type: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    content_digest: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(BigInteger, server_default="0")


class AuditRow(Base):
    """Who did what to what; never holds a secret."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime)
    who: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(String(1000), server_default="")
