"""The tables of users. Passwords are kept as argon2id hashes, tokens and codes as SHA-256."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, DateTime, ForeignKey, Index, Integer, String, false, true
from sqlalchemy.orm import Mapped, mapped_column

from provisioner.inventory.tables import Base


class UserRow(Base):
    """Somebody who may sign in. Times are naive UTC.

    Attributes:
        name: in lower case, as it is looked for.
        password_hash: empty: none was chosen yet.
        all_sites: also those that are added later; then ``user_site`` does not count.
        language, theme: empty: as the browser wants it.
    """

    __tablename__ = "user"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255), server_default="")
    role: Mapped[str] = mapped_column(String(16))
    all_sites: Mapped[bool] = mapped_column(Boolean, server_default=false())
    active: Mapped[bool] = mapped_column(Boolean, server_default=true())
    language: Mapped[str] = mapped_column(String(8), server_default="")
    theme: Mapped[str] = mapped_column(String(8), server_default="")
    made_at: Mapped[datetime] = mapped_column(DateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(DateTime)


class UserSiteRow(Base):
    """A site that a user may see."""

    __tablename__ = "user_site"
    user_id: Mapped[int] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    site_id: Mapped[str] = mapped_column(
        ForeignKey("site.id", ondelete="CASCADE"), primary_key=True
    )


class SessionRow(Base):
    """A browser that is signed in."""

    __tablename__ = "user_session"
    __table_args__ = (Index("user_session_user", "user_id"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    made_at: Mapped[datetime] = mapped_column(DateTime)
    seen_at: Mapped[datetime] = mapped_column(DateTime)
    expires_at: Mapped[datetime] = mapped_column(DateTime)
    address: Mapped[str] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(255))


class ApiTokenRow(Base):
    """A token for programs; it may never do more than its user.

    Attributes:
        hint: its first characters, to tell it from others.
        expires_at: NULL: never.
    """

    __tablename__ = "api_token"
    __table_args__ = (Index("api_token_user", "user_id"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    hint: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[list[Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(DateTime)
    expires_at: Mapped[datetime | None] = mapped_column(DateTime)
    used_at: Mapped[datetime | None] = mapped_column(DateTime)


class WelcomeRow(Base):
    """A one-time code by which a person chooses a password.

    Attributes:
        user_id: whose; NULL: it makes the first administrator, while there is none.
    """

    __tablename__ = "welcome_code"
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(
        Integer, ForeignKey("user.id", ondelete="CASCADE"), index=True
    )
    made_at: Mapped[datetime] = mapped_column(DateTime)
    expires_at: Mapped[datetime] = mapped_column(DateTime)
