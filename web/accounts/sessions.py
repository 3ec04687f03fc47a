"""Browsers that are signed in. The browser holds a token, the database its hash.

A session ends when it was not used for ``IDLE``, in any case after ``LONGEST``, when somebody
signs out (here or everywhere), and when its user is disabled or chooses another password.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from web.accounts.people import Person, Role
from web.accounts.tables import SessionRow, UserRow, UserSiteRow

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)
"""So often at most is written down that a session is in use: pages are read, not written."""


def token_hash(token: str) -> str:
    """Return what is stored instead of a token of 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def begin(session: Session, user_id: int, address: str, agent: str, now: datetime) -> str:
    """Begin a session and return its token; sessions that are over are swept out."""
    session.execute(delete(SessionRow).where(_over(now)))
    token = secrets.token_urlsafe(32)
    session.add(
        SessionRow(
            token_hash=token_hash(token), user_id=user_id, made_at=now, seen_at=now,
            expires_at=now + LONGEST, address=address[:64], agent=agent[:255],
        )
    )  # fmt: skip
    session.execute(update(UserRow).where(UserRow.id == user_id).values(signed_in_at=now))
    return token


def person_of(session: Session, token: str, now: datetime) -> tuple[Person, datetime] | None:
    """Return whose session a token is, and when it was last noted as in use.

    One query, and one more for the sites of a user who does not see all.
    """
    row = session.execute(
        select(SessionRow.id.label("session_id"), SessionRow.seen_at, UserRow)
        .join(UserRow, UserRow.id == SessionRow.user_id)
        .where(SessionRow.token_hash == token_hash(token), UserRow.active, ~_over(now))
    ).first()
    if row is None:
        return None
    return person(session, row.UserRow, session_id=row.session_id), row.seen_at


def person(session: Session, user: UserRow, session_id: int | None = None) -> Person:
    """Return a user as the pages know one."""
    role = Role(user.role)
    sites: frozenset[str] = frozenset()
    if role is not Role.ADMIN and not user.all_sites:
        query = select(UserSiteRow.site_id).where(UserSiteRow.user_id == user.id)
        sites = frozenset(session.scalars(query))
    return Person(
        user.id, user.name, role, user.all_sites, sites, user.language, user.theme, session_id
    )


def seen(session: Session, session_id: int, now: datetime) -> None:
    """Write down that a session is in use."""
    session.execute(update(SessionRow).where(SessionRow.id == session_id).values(seen_at=now))


def sessions_of(session: Session, user_id: int, now: datetime) -> list[SessionRow]:
    """Return a user's sessions, the last used first."""
    query = select(SessionRow).where(SessionRow.user_id == user_id, ~_over(now))
    return list(session.scalars(query.order_by(SessionRow.seen_at.desc(), SessionRow.id.desc())))


def end(session: Session, user_id: int, session_id: int) -> None:
    """End one session of a user; another user's is left alone."""
    session.execute(
        delete(SessionRow).where(SessionRow.id == session_id, SessionRow.user_id == user_id)
    )


def end_all(session: Session, user_id: int, but: int | None = None) -> None:
    """End all sessions of a user, but perhaps the one in use."""
    query = delete(SessionRow).where(SessionRow.user_id == user_id)
    session.execute(query if but is None else query.where(SessionRow.id != but))


def _over(now: datetime) -> ColumnElement[bool]:
    return or_(SessionRow.expires_at <= now, SessionRow.seen_at <= now - IDLE)
