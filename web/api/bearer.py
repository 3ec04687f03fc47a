"""Who asks: a token in the Authorization header, and nothing else (RFC 6750).

A right token is never refused for the wrong ones of somebody at the same address.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import OperationalError

from provisioner.db import Database
from provisioner.ratelimit import Guard
from web.accounts.api_tokens import PREFIX, USED_EVERY, note_use, person_of_token
from web.accounts.people import Person
from web.accounts.sessions import token_hash
from web.api.problems import ProblemError

log = logging.getLogger(__name__)

PER_ADDRESS = (20, 60.0, 3600.0)
"""Wrong tokens in a minute, then seconds shut out the first time and at most."""
REALM = 'Bearer realm="bellwire"'
_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{20,100}}")
_REMEMBERED = 1000


@dataclass(slots=True)
class Bearers:
    """Knows tokens; one for a process.

    Attributes:
        guard: counts wrong tokens by address.
        used: when the use of a token was written down last, by its hash.
    """

    database: Database
    guard: Guard = field(default_factory=lambda: Guard(*PER_ADDRESS))
    used: OrderedDict[str, datetime] = field(default_factory=OrderedDict)

    def person(self, header: str, address: str, now: datetime, now_s: float) -> Person:
        """Return who asks.

        Args:
            header: Authorization, as it was sent.
            address: where the request comes from.
            now: naive UTC.
            now_s: monotonic seconds.

        Raises:
            ProblemError: there is no token, it is wrong, or there were too many wrong ones.
        """
        scheme, _, token = header.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise _no_token("send the header Authorization: Bearer bw_...", REALM)
        if _TOKEN.fullmatch(token):
            with self.database.read() as session:
                who = person_of_token(session, token, now)
            if who is not None:
                self._note_use(token, now)
                return who
        if self.guard.is_shut_out(address, now_s):
            told = "too many wrong tokens came from this address; wait some minutes"
            raise ProblemError("too-many", told, (), {"Retry-After": "60"})
        if self.guard.refused(address, now_s):
            log.warning("%s is shut out of the API: too many wrong tokens", address)
        raise _no_token(
            "this token is wrong, over, or of a disabled user", f'{REALM}, error="invalid_token"'
        )

    def _note_use(self, token: str, now: datetime) -> None:
        """Write down now and then that a token is in use."""
        key = token_hash(token)
        last = self.used.get(key)
        if last is not None and now - last < USED_EVERY:
            return
        self.used[key] = now
        self.used.move_to_end(key)
        if len(self.used) > _REMEMBERED:
            self.used.popitem(last=False)
        try:
            with self.database.write() as session:
                note_use(session, token, now)
        except OperationalError:  # somebody writes for long; a later request notes it
            log.debug("could not note that a token is in use")


def _no_token(detail: str, challenge: str) -> ProblemError:
    return ProblemError("token", detail, (), {"WWW-Authenticate": challenge})
