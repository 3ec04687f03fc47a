"""One-time codes: the first administrator's, and those by which a user chooses a password.

A code is shown once and kept as a hash. It ends when it is used, when its time is over, and when
a password was chosen in another way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from provisioner.inventory.audit import note
from provisioner.secrets import make_token
from web.accounts.tables import UserRow, WelcomeRow
from web.accounts.users import has_admin

SETUP_TIME = timedelta(hours=24)
WELCOME_TIME = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a code is good for.

    Attributes:
        user_id: whose password is chosen; None: it makes the first administrator.
        name: of the user, empty for the first administrator.
    """

    code_hash: str
    user_id: int | None
    name: str


def _hash(code: str) -> str:
    return hashlib.sha256(code.strip().lower().encode("utf-8", "replace")).hexdigest()


def make_setup_code(session: Session, now: datetime) -> str | None:
    """Return a new code for the first administrator, or None when there is one already."""
    if has_admin(session):
        return None
    return _keep(session, None, now, SETUP_TIME)


def make_welcome_code(session: Session, user: UserRow, who: str, now: datetime) -> str:
    """Return a new code for a user; earlier ones of that user end."""
    session.execute(delete(WelcomeRow).where(WelcomeRow.user_id == user.id))
    note(session, now, who, "user-link", user.name)
    return _keep(session, user.id, now, WELCOME_TIME)


def _keep(session: Session, user_id: int | None, now: datetime, time: timedelta) -> str:
    code = make_token().get_secret_value()
    session.execute(delete(WelcomeRow).where(WelcomeRow.expires_at <= now))
    session.add(
        WelcomeRow(code_hash=_hash(code), user_id=user_id, made_at=now, expires_at=now + time)
    )
    return code


def find_code(session: Session, code: str, now: datetime) -> Welcome | None:
    """Return what a code is good for; None: it is wrong, used or over, which look alike."""
    return find_hash(session, _hash(code), now)


def find_hash(session: Session, code_hash: str, now: datetime) -> Welcome | None:
    """Return what a code is good for, by its hash."""
    row = session.execute(
        select(WelcomeRow.code_hash, WelcomeRow.user_id, UserRow.name)
        .join(UserRow, UserRow.id == WelcomeRow.user_id, isouter=True)
        .where(
            WelcomeRow.code_hash == code_hash,
            WelcomeRow.expires_at > now,
            or_(WelcomeRow.user_id.is_(None), UserRow.active),
        )
    ).first()
    if row is None or (row.user_id is None and has_admin(session)):
        return None
    return Welcome(row.code_hash, row.user_id, row.name or "")


def end_setup_codes(session: Session) -> None:
    """Make all codes for the first administrator worthless."""
    session.execute(delete(WelcomeRow).where(WelcomeRow.user_id.is_(None)))
