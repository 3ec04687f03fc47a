"""Signing in: slow to guess, and silent about who exists."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import SecretStr
from sqlalchemy import select, update

from provisioner.db import Database
from provisioner.inventory.audit import note
from provisioner.ratelimit import Guard
from web.accounts import sessions
from web.accounts.passwords import BusyError, Passwords
from web.accounts.tables import UserRow
from web.accounts.users import normal_name

log = logging.getLogger(__name__)

PER_ADDRESS = (10, 60.0, 3600.0)
PER_NAME = (30, 30.0, 600.0)
"""Wrong attempts in a minute, then seconds shut out the first time and at most. A name's budget
is larger and its time shorter: else anybody could keep its owner out."""


class Refusal(StrEnum):
    """Why nobody is signed in."""

    WRONG = "wrong"  # name or password, which is not said
    TOO_MANY = "too-many"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was typed, and from where."""

    name: str
    password: SecretStr
    address: str
    agent: str


@dataclass(slots=True)
class Door:
    """Where people sign in; one for a process.

    Attributes:
        clock_s: monotonic seconds.
    """

    database: Database
    passwords: Passwords = field(default_factory=Passwords)
    addresses: Guard = field(default_factory=lambda: Guard(*PER_ADDRESS))
    names: Guard = field(default_factory=lambda: Guard(*PER_NAME))
    clock_s: Callable[[], float] = time.monotonic

    def sign_in(self, attempt: Attempt, now: datetime) -> str | Refusal:
        """Return the token of a new session, or why there is none.

        1. An address, or a name, with too many wrong attempts is refused unread. 2. The password
        is compared, with a hash of nobody's when there is no such user, or one who may not sign
        in: the answer and its time are the same. 3. A wrong one counts against both. 4. A hash of
        older costs is made anew. 5. The session begins, and is audited.
        """
        name = normal_name(attempt.name)[:64]
        if self.is_shut_out(attempt.address, name):
            return Refusal.TOO_MANY
        with self.database.read() as session:
            found = session.scalar(select(UserRow).where(UserRow.name == name, UserRow.active))
        kept = found.password_hash if found else ""
        try:
            right = self.passwords.is_right(kept, attempt.password)
            outdated = right and self.passwords.is_outdated(kept)
            fresh = self.passwords.hash(attempt.password) if outdated else kept
        except BusyError:
            return Refusal.BUSY
        if not right or found is None:
            self.refuse(attempt.address, name)
            return Refusal.WRONG
        with self.database.write() as session:
            if fresh != kept:
                row = update(UserRow).where(UserRow.id == found.id, UserRow.password_hash == kept)
                session.execute(row.values(password_hash=fresh))
            note(session, now, f"web:{found.name}", "sign-in", found.name, attempt.address)
            return sessions.begin(session, found.id, attempt.address, attempt.agent, now)

    def is_shut_out(self, address: str, name: str = "") -> bool:
        """Whether attempts from there, or for that name, are refused unread."""
        now_s = self.clock_s()
        by_name = bool(name) and self.names.is_shut_out(f"name {name}", now_s)
        return by_name or self.addresses.is_shut_out(address, now_s)

    def refuse(self, address: str, name: str = "") -> None:
        """Count a wrong attempt."""
        now_s = self.clock_s()
        if self.addresses.refused(address, now_s):
            log.warning("%s is shut out of the pages: too many wrong passwords", address)
        if name and self.names.refused(f"name {name}", now_s):
            log.warning("signing in as %r waits: too many wrong passwords", name)
