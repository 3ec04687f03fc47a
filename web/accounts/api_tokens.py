"""Tokens for programs: shown once, kept as a hash, limited to scopes, never above their user."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from provisioner.inventory.audit import note
from web.accounts.people import Person, Role, Scope, scopes_of
from web.accounts.refusals import AccountError
from web.accounts.sessions import person, token_hash
from web.accounts.tables import ApiTokenRow, UserRow

PREFIX = "bw_"
USED_EVERY = timedelta(minutes=5)
"""So often at most is written down that a token is in use."""


def make_api_token(
    session: Session,
    user: UserRow,
    name: str,
    scopes: Iterable[Scope],
    days: int | None,
    who: str,
    now: datetime,
) -> str:
    """Return a new token of a user; nobody can read it again.

    Args:
        session: a writing session.
        user: whose.
        name: what it is for, in the user's words.
        scopes: what it is good for.
        days: how long; None: until it is revoked.
        who: for the audit log.
        now: naive UTC.

    Raises:
        AccountError: no scope is named, or one that the user's role cannot use.
    """
    wanted = sorted(set(scopes))
    if not wanted:
        raise AccountError("scopes")
    beyond = set(wanted).difference(scopes_of(Role(user.role)))
    if beyond:
        raise AccountError("scopes-role", ", ".join(sorted(beyond)))
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiTokenRow(
        token_hash=token_hash(token), user_id=user.id, name=name.strip()[:100] or "-",
        hint=token[: len(PREFIX) + 4], scopes=[str(s) for s in wanted], made_at=now,
        expires_at=None if days is None else now + timedelta(days=days),
    )  # fmt: skip
    session.add(row)
    session.flush()
    words = f"{row.name}: {', '.join(row.scopes)}, {'no end' if days is None else f'{days} days'}"
    note(session, now, who, "token-add", f"{user.name} {row.id}", words)
    return token


def person_of_token(session: Session, token: str, now: datetime) -> Person | None:
    """Return whose token this is, with its scopes; None: nobody's.

    The last use is written down by the caller's ``note_use``, not here: this only reads.
    """
    row = session.execute(
        select(ApiTokenRow, UserRow)
        .join(UserRow, UserRow.id == ApiTokenRow.user_id)
        .where(
            ApiTokenRow.token_hash == token_hash(token),
            UserRow.active,
            or_(ApiTokenRow.expires_at.is_(None), ApiTokenRow.expires_at > now),
        )
    ).first()
    if row is None:
        return None
    known = {str(scope) for scope in Scope}
    scopes = frozenset(Scope(s) for s in row.ApiTokenRow.scopes if s in known)
    who = person(session, row.UserRow)
    return replace(who, scopes=scopes.intersection(scopes_of(who.role)))  # its role may have sunk


def note_use(session: Session, token: str, now: datetime) -> None:
    """Write down that a token was used, unless that was done a moment ago."""
    session.execute(
        update(ApiTokenRow)
        .where(
            ApiTokenRow.token_hash == token_hash(token),
            or_(ApiTokenRow.used_at.is_(None), ApiTokenRow.used_at <= now - USED_EVERY),
        )
        .values(used_at=now)
    )


def tokens_of(session: Session, user_id: int | None = None) -> list[tuple[ApiTokenRow, str]]:
    """Return the tokens of a user (of all when None), with the user's name."""
    query = select(ApiTokenRow, UserRow.name).join(UserRow, UserRow.id == ApiTokenRow.user_id)
    if user_id is not None:
        query = query.where(ApiTokenRow.user_id == user_id)
    rows = session.execute(query.order_by(UserRow.name, ApiTokenRow.id))
    return [(row.ApiTokenRow, row.name) for row in rows]


def revoke(
    session: Session, token_id: int, who: str, now: datetime, user_id: int | None = None
) -> None:
    """End a token, of this user when one is given.

    Raises:
        AccountError: there is no such token.
    """
    row = session.get(ApiTokenRow, token_id)
    if row is None or user_id not in (None, row.user_id):
        raise AccountError("unknown-token", str(token_id))
    owner = session.scalar(select(UserRow.name).where(UserRow.id == row.user_id))
    note(session, now, who, "token-revoke", f"{owner} {row.id}", row.name)
    session.execute(delete(ApiTokenRow).where(ApiTokenRow.id == token_id))
