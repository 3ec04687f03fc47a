"""What an app is answered that follows a link. Wrong, used and expired links look the same.

A link is used up by an answer that carries the account and by nothing else: not by HEAD, not by
a browser or a messenger that looks at it for a preview where the app can be told from those, and
not by a request that fails on the way. Once the answer is given the link is gone, also when the
app has not received it: then a new link is made. Letting the same address fetch again for a while
would let a neighbour behind the same router fetch it too.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.exc import OperationalError

from provisioner.answers import BUSY, NOT_FOUND, Answer, Outcome
from provisioner.catalogue.loader import Catalogue
from provisioner.db import Database
from provisioner.errors import BellwireError
from provisioner.inventory import store
from provisioner.inventory.audit import note
from provisioner.inventory.fetches import FetchEvent, Recorder
from provisioner.inventory.tables import AccountRow, SiteRow, SoftPhoneRow
from provisioner.phone_secrets import TOKEN_PATTERN
from provisioner.ratelimit import Guard
from provisioner.secrets import Box
from provisioner.soft_phones.accounts import soft_account
from provisioner.soft_phones.apps import SoftPhoneApp, apps_in
from provisioner.soft_phones.links import LinkState, find, link_of, use
from provisioner.soft_phones.writing import written

log = logging.getLogger(__name__)

SHOWN_PATH = "/soft/***"
_TOKEN = re.compile(TOKEN_PATTERN, re.IGNORECASE)


class SoftReason(StrEnum):
    """Why; for the fetch log, never for the requester."""

    GIVEN = "soft-phone"
    WRONG = "wrong-link"
    USED = "used-link"
    EXPIRED = "expired-link"
    NOT_THE_APP = "not-the-app"
    NOT_RENDERED = "not-rendered"
    SHUT_OUT = "shut-out"
    BUSY = "busy"


_WEIGHTS = {SoftReason.WRONG: 5.0, SoftReason.SHUT_OUT: 0.0, SoftReason.BUSY: 0.0}


@dataclass(frozen=True, slots=True)
class SoftRequest:
    """What was asked.

    Attributes:
        token: the last part of the path, whatever stands there.
        method: of HTTP.
        headers: names of the headers that were sent, lower case.
    """

    protocol: str
    token: str
    method: str
    address: str
    agent: str = ""
    headers: frozenset[str] = frozenset()


class SoftPhones:
    """Answers apps.

    Args:
        database: the inventory.
        box: decrypts accounts' secrets.
        catalogue: where the apps' templates are.
        recorder: takes the fetch log.
        guard: shuts out guessers; the phones' one.
        now: the clock, naive UTC.
    """

    def __init__(
        self,
        database: Database,
        box: Box,
        catalogue: Catalogue,
        recorder: Recorder,
        guard: Guard,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._box = box
        self._catalogue = catalogue
        self._recorder = recorder
        self._guard = guard
        self._now = now

    def answer(self, request: SoftRequest) -> Answer:
        """Answer a request, and write down that there was one."""
        started_ns = time.perf_counter_ns()
        now = self._now()
        app_id, body, reason = "", b"", SoftReason.BUSY
        try:
            app_id, body, reason = self._answer(request, now)
        except OperationalError:
            log.exception("a soft phone must wait: the database cannot be read or written")
        answer = NOT_FOUND
        if reason is SoftReason.GIVEN:
            media_type = self._apps[app_id].media_type
            answer = Answer(Outcome.SENT, body, media_type, size_bytes=len(body))
        elif reason is SoftReason.BUSY:
            answer = BUSY
        else:
            reason = self._counted(request, reason)
        self._record(request, app_id, answer, reason, now, started_ns)
        return answer

    @property
    def _apps(self) -> Mapping[str, SoftPhoneApp]:
        return apps_in(self._catalogue.folder)

    def _answer(self, request: SoftRequest, now: datetime) -> tuple[str, bytes, SoftReason]:
        """App, file and reason; a link that cannot be used is left alone."""
        if not _TOKEN.fullmatch(request.token):
            return "", b"", SoftReason.WRONG
        with self._database.read() as session:  # refusals need no lock
            row = find(session, request.token)
        app_id = row.app if row else ""
        reason = refusal(row, self._apps.get(app_id), request, now)
        if reason is not None:
            return app_id, b"", reason
        try:
            body = self._take(request.token, self._apps[app_id], now, request.address)
        except BellwireError:
            log.exception("a soft phone gets no account")
            return app_id, b"", SoftReason.NOT_RENDERED
        return app_id, body, SoftReason.GIVEN if body else SoftReason.USED

    def _take(self, token: str, app: SoftPhoneApp, now: datetime, address: str) -> bytes:
        """Use the link up and make its file, both or neither; empty: another one was faster."""
        with self._database.write() as session:
            if not use(session, token, now):
                return b""
            row = find(session, token)
            if row is None:
                return b""
            site = store.site_of(session.get_one(SiteRow, row.site_id), self._box)
            held = session.get_one(AccountRow, (row.site_id, row.extension))
            account = soft_account(site, store.account_of(held, self._box))
            target = f"{row.site_id} {row.extension}"
            note(session, now, address, "softphone-fetch", target, f"by {app.name}")
            return written(self._catalogue.folder, app, account)

    def _counted(self, request: SoftRequest, reason: SoftReason) -> SoftReason:
        """Count a refusal; what an address that is shut out asks is not looked at closer."""
        clock_s = time.monotonic()
        if self._guard.is_shut_out(request.address, clock_s):
            return SoftReason.SHUT_OUT
        if self._guard.refused(request.address, clock_s, _WEIGHTS.get(reason, 1.0)):
            log.warning("%s is shut out: too many refused requests", request.address)
        return reason

    def _record(
        self,
        request: SoftRequest,
        app_id: str,
        answer: Answer,
        reason: SoftReason,
        now: datetime,
        started_ns: int,
    ) -> None:
        self._recorder.record(
            FetchEvent(
                at=now,
                mac="",
                site="",
                protocol=request.protocol,
                path=SHOWN_PATH,
                address=request.address,
                agent=_TOKEN.sub("***", request.agent),
                model=app_id,
                firmware="",
                outcome=str(answer.outcome),
                reason=str(reason),
                size_bytes=len(answer.body),
                duration_us=(time.perf_counter_ns() - started_ns) // 1000,
            )
        )


def refusal(
    row: SoftPhoneRow | None, app: SoftPhoneApp | None, request: SoftRequest, now: datetime
) -> SoftReason | None:
    """Return why a request gets nothing; None: it may have the account.

    Args:
        row: of the link; None: nobody made it.
        app: which the link is for; None: it is not known any more.
        request: what was asked.
        now: naive UTC.
    """
    if row is None:
        return SoftReason.WRONG
    state = link_of(row).state(now)
    if state is not LinkState.OPEN:
        return SoftReason.USED if state is LinkState.USED else SoftReason.EXPIRED
    if app is None or request.method != "GET":
        return SoftReason.NOT_THE_APP
    is_named = not app.header or app.header.lower() in request.headers
    is_strange = re.search(app.strangers, request.agent) is not None
    return None if is_named and not is_strange else SoftReason.NOT_THE_APP
