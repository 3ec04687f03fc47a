"""A change of a site's head on its way to the phones, and which head a phone has meanwhile.

The site's row keeps the old head until the last stage is through. A phone that was released has
the new one; so has everything that is made for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    false,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from provisioner.inventory import store
from provisioner.inventory.records import Phone, Site
from provisioner.inventory.tables import Base, Json, SiteRow
from provisioner.secrets import Box

OPEN = ("active", "paused", "stopped")
"""States in which released phones have the new head."""


class StagedRow(Base):
    """A change of a site's head that goes to the phones stage by stage.

    Attributes:
        sealed: the change itself, encrypted: it has secrets.
        stages: the rooms of each stage, with a name.
        stage: which is open, counted from 0; -1: none yet.
        since: when it was opened, or opened again; naive UTC.
        reason: why it stands still, in words.
        change_id: the change it became in the end.
    """

    __tablename__ = "staged_change"
    __table_args__ = (Index("staged_change_site", "site_id"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"))
    made_at: Mapped[datetime] = mapped_column(DateTime)
    made_by: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(String(500), server_default="")
    summary: Mapped[str] = mapped_column(String(1000), server_default="")
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    stages: Mapped[list[Any]] = mapped_column(JSON)
    stage: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(DateTime)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(1000), server_default="")
    policy: Mapped[Json] = mapped_column(JSON)
    change_id: Mapped[int | None] = mapped_column(Integer)


class StagedPhoneRow(Base):
    """A phone that a staged change reaches.

    Attributes:
        stage: which it belongs to, counted from 0.
        released_at: since when its files are the new ones; None: not yet.
        digest: of its files before that.
        before: how it was when it was released: ``working``, ``down``, or empty: nobody knows.
        asked: it was asked to fetch, or needs not be.
        fetched_at, back_at: when it took the new files, and was seen working after that.
    """

    __tablename__ = "staged_phone"
    __table_args__ = (Index("staged_phone_mac", "mac"),)
    staged_id: Mapped[int] = mapped_column(
        ForeignKey("staged_change.id", ondelete="CASCADE"), primary_key=True
    )
    mac: Mapped[str] = mapped_column(ForeignKey("phone.mac", ondelete="CASCADE"), primary_key=True)
    stage: Mapped[int] = mapped_column(Integer)
    released_at: Mapped[datetime | None] = mapped_column(DateTime)
    digest: Mapped[str] = mapped_column(String(64), server_default="")
    before: Mapped[str] = mapped_column(String(16), server_default="")
    asked: Mapped[bool] = mapped_column(Boolean, server_default=false())
    fetched_at: Mapped[datetime | None] = mapped_column(DateTime)
    back_at: Mapped[datetime | None] = mapped_column(DateTime)


@dataclass(frozen=True, slots=True)
class NewHead:
    """What a staged change brings.

    Attributes:
        site: with the new head.
        presets: of phones that follow their room template, by MAC: what it was, and will be.
        head: the parts that were written, each as a whole and with its secrets.
        etag: of the head that they were based on.
    """

    site: Site
    presets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    head: Mapping[str, Any] = field(default_factory=dict)
    etag: str = ""


class _Clear(Box):
    """Leaves secrets as they are: the whole is encrypted at once."""

    def __init__(self) -> None:
        """Read no key file."""

    def seal(self, text: SecretStr | str) -> str:
        """Return the text itself."""
        return text.get_secret_value() if isinstance(text, SecretStr) else text

    def open(self, sealed: str) -> SecretStr:
        """Return the text itself."""
        return SecretStr(sealed)


def seal_head(box: Box, new: NewHead) -> bytes:
    """Return a new head encrypted."""
    values = {
        "site": store.site_values(new.site, _Clear()),
        "presets": dict(new.presets),
        "head": dict(new.head),
        "etag": new.etag,
    }
    return box.seal_body(json.dumps(values).encode("utf-8", "surrogatepass"))


def open_head(box: Box, sealed: bytes) -> NewHead:
    """Return a new head; raises SecretsError."""
    values = json.loads(box.open_body(sealed).decode("utf-8", "surrogatepass"))
    site = store.site_of(SiteRow(**values["site"]), _Clear())
    presets = {mac: (was, will_be) for mac, (was, will_be) in values["presets"].items()}
    return NewHead(site, presets, values["head"], values["etag"])


@dataclass(frozen=True, slots=True)
class _Going:
    """The staged change of a site, with the phones that were released."""

    new: NewHead
    macs: frozenset[str]


def as_released(session: Session, box: Box, phone: Phone, site: Site) -> tuple[Phone, Site]:
    """Return a phone and its site as they count for it now.

    Args:
        session: a reading session; what it has asked once it does not ask again.
        box: opens what is encrypted.
        phone: as stored.
        site: as stored.
    """
    known: dict[str, _Going | None] = session.info.setdefault("staged", {})
    if site.id not in known:
        known[site.id] = _going(session, box, site.id)
    going = known[site.id]
    if going is None or str(phone.mac) not in going.macs:
        return phone, site
    was, will_be = going.new.presets.get(str(phone.mac), ("", ""))
    if phone.preset == was:  # else somebody has chosen another one meanwhile, which counts
        phone = replace(phone, preset=will_be)
    return phone, going.new.site


def as_if_released(session: Session, box: Box, site: str, mac: str) -> bool:
    """Let a session see a phone as the staged change of its site would have it.

    Returns:
        False: there is none for this phone, or it was released already; nothing is different.
    """
    waiting = select(StagedPhoneRow.mac).join(StagedRow, StagedRow.id == StagedPhoneRow.staged_id)
    waiting = waiting.where(
        StagedRow.site_id == site,
        StagedRow.state.in_(OPEN),
        StagedPhoneRow.mac == mac,
        StagedPhoneRow.released_at.is_(None),
    )
    going = _going(session, box, site)
    if going is None or session.scalar(waiting) is None:
        return False
    session.info["staged"] = {site: _Going(going.new, going.macs | {mac})}
    return True


def _going(session: Session, box: Box, site: str) -> _Going | None:
    query = select(StagedRow.id, StagedRow.sealed)
    query = query.where(StagedRow.site_id == site, StagedRow.state.in_(OPEN))
    row = session.execute(query.order_by(StagedRow.id.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    released = select(StagedPhoneRow.mac).where(
        StagedPhoneRow.staged_id == row.id, StagedPhoneRow.released_at.is_not(None)
    )
    return _Going(open_head(box, row.sealed), frozenset(session.scalars(released)))
