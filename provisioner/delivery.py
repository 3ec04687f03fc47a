"""The one path of every file a phone asks for, by HTTP and TFTP alike.

``answer`` is flow A of the design: identify, find the phone, authorise, take the finished file,
record. Unknown, unarmed and wrong-token requests get the same answer after the same work.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from provisioner.access import Reason, Verdict, authorise, inside
from provisioner.answers import BUSY, Answer, answer_with, events_of
from provisioner.catalogue.loader import Catalogue
from provisioner.db import Database
from provisioner.downloads import Downloads
from provisioner.identify import FetchRequest, Identity, identify
from provisioner.inventory import store
from provisioner.inventory.fetches import Recorder
from provisioner.inventory.learned import Learned, Learner, write_learned
from provisioner.inventory.tables import PhoneRow
from provisioner.kit import Urls, urls_for
from provisioner.mac import MacAddress
from provisioner.press import Press
from provisioner.ratelimit import Guard
from provisioner.render import RenderedFile, render_first_contact
from provisioner.resources import Resource, Resources
from provisioner.secrets import Box, hash_token
from provisioner.shelf import Entry, Shelf

log = logging.getLogger(__name__)

DOWNLOADS = 24
_WEIGHTS = {
    Reason.WRONG_TOKEN: 5.0,  # no accident
    Reason.NOT_ARMED: 0.1,  # from its own site: a known phone that asks DHCP again at each boot
    Reason.SHUT_OUT: 0.0,
}


def utc_now() -> datetime:
    """Return the time as stored: naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


class Delivery:
    """Answers phones.

    Args:
        database: the inventory.
        box: decrypts finished files.
        catalogue: vendor knowledge.
        recorder: takes the fetch log.
        guard: shuts out guessers.
        resources: shelves of what phones share, asked in this order.
        now: the clock, naive UTC.

    Attributes:
        shelf: the phones and their finished files.
        downloads: places for large files by HTTP.
        learner: writes down what requests teach; None: it is written before the answer.
    """

    def __init__(
        self,
        database: Database,
        box: Box,
        catalogue: Catalogue,
        recorder: Recorder,
        guard: Guard,
        resources: Sequence[Resources] = (),
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.shelf = Shelf(database, box)
        self.downloads = Downloads(DOWNLOADS)
        self.learner: Learner | None = None
        self._database = database
        self._box = box
        self._catalogue = catalogue
        self._press = Press(database, box, catalogue)
        self._recorder = recorder
        self._guard = guard
        self._resources = resources
        self._now = now
        self._lock = threading.Lock()

    def answer(self, request: FetchRequest) -> Answer:
        """Answer a request; see the module's text for the steps."""
        self.shelf.refresh()
        asked = self._look_at(request)
        entry, verdict, reason = asked.entry, asked.verdict, asked.reason
        file: RenderedFile | Resource | None = None
        if verdict is not Verdict.REFUSED and entry is not None:
            file, reason = self._file(entry, asked, request.query)
        answer = BUSY if reason is Reason.BUSY else answer_with(request, file)
        if request.protocol != "tftp" and not request.head:
            answer = self.downloads.admit(answer)
        self._note(request, asked, answer, reason)
        return answer

    def at_hand(self, request: FetchRequest) -> Answer | None:
        """Answer at once, with a finished file of the phone's own or a refusal.

        None: something must be rendered, written or looked for first. Nothing was counted or
        written down then; ``answer`` does all of it.
        """
        self.shelf.refresh()
        asked = self._look_at(request)
        entry, reason = asked.entry, asked.reason
        if asked.verdict is Verdict.FIRST_CONTACT:
            return None
        file: RenderedFile | None = None
        if asked.verdict is Verdict.FULL and entry is not None:
            name = asked.identity.name
            news = self._news(entry, asked)
            if entry.dirty or (news and not self._learn(entry, news)):
                return None
            file = self.shelf.file(entry, name)
            if file is None:
                if self._may_share(entry, name):
                    return None
                reason = Reason.NOT_OFFERED
        answer = answer_with(request, file)
        self._note(request, asked, answer, reason)
        return answer

    def _look_at(self, request: FetchRequest) -> _Asked:
        """Steps one to three: identify, find the phone, authorise."""
        started_ns = time.perf_counter_ns()
        now = self._now()
        identity = identify(request, self._catalogue, self._is_at_home)
        entry = self._find(identity)
        verdict, reason = authorise(request, identity, entry, now)
        if verdict is not Verdict.FULL and self._guard.is_shut_out(request.address, _clock_s()):
            verdict, reason = Verdict.REFUSED, Reason.SHUT_OUT
        return _Asked(identity, entry, verdict, reason, now, started_ns)

    def close(self) -> None:
        """Write what is learned, and let go of the database."""
        if self.learner is not None:
            self.learner.close()
        self.shelf.close()
        for shelf in self._resources:
            shelf.close()

    def first_contact_url(self, mac: MacAddress, address: str) -> str | None:
        """Return the token URL of an armed phone that asks from its site, else None (PnP)."""
        self.shelf.refresh()
        entry = self.shelf.by_mac(mac)
        request = FetchRequest("pnp", "/", address)
        identity = Identity("", "", mac, None, None, {}, "", "", "")
        verdict, _ = authorise(request, identity, entry, self._now())
        if entry is None or verdict is not Verdict.FIRST_CONTACT:
            return None
        return self._urls(entry).directory.text

    def _is_at_home(self, token: str, address: str) -> bool:
        entry = self.shelf.by_token(hash_token(token))
        return entry is not None and (not entry.networks or inside(address, entry.networks))

    def _find(self, identity: Identity) -> Entry | None:
        """The phone that a token leads to, or without one a MAC."""
        if identity.token:
            return self.shelf.by_token(hash_token(identity.token))
        # the same work with and without a phone behind the MAC
        hash_token(identity.name)
        return self.shelf.by_mac(identity.mac) if identity.mac else None

    def _file(
        self, entry: Entry, asked: _Asked, query: str
    ) -> tuple[RenderedFile | Resource | None, Reason]:
        """The current file, rendered at once when the phone is marked."""
        identity, reason = asked.identity, asked.reason
        if asked.verdict is Verdict.FIRST_CONTACT:
            first = self._first_contact(entry, identity)
            return first, reason if first else Reason.NOT_OFFERED
        try:
            entry = self._settle(entry, asked)
        except OperationalError:
            log.exception("%s must wait: the database cannot be written", entry.mac.colons)
            return None, Reason.BUSY
        file = self.shelf.file(entry, identity.name) or self._shared(entry, identity, query)
        return file, reason if file else Reason.NOT_OFFERED

    def _may_share(self, entry: Entry, name: str) -> bool:
        """Whether a shelf of shared files may have something of that name for a phone."""
        return any(shelf.may_have(entry, name) for shelf in self._resources)

    def _shared(self, entry: Entry, identity: Identity, query: str) -> Resource | None:
        """What phones share, from the first shelf that has it."""
        base = entry.base_url.rstrip("/")
        directory = f"{base}/p/{identity.token}/" if identity.token else f"{base}/"
        found = (shelf.find(entry, identity.name, query) for shelf in self._resources)
        resource = next((r for r in found if r is not None), None)
        return resource.linked_to(directory) if resource else None

    def _first_contact(self, entry: Entry, identity: Identity) -> RenderedFile | None:
        model = self._catalogue.models.get(entry.model)
        if model is None:
            return None
        dialect = self._catalogue.dialect_of(model, identity.firmware or entry.firmware or None)
        files = render_first_contact(
            self._catalogue.folder, dialect, model, entry.mac, self._urls(entry)
        )
        wanted = identity.name.lower()
        for file in files:
            if wanted in {name.lower() for name in (file.name, *file.aliases)}:
                return file
        return None

    def _urls(self, entry: Entry) -> Urls:
        with self._database.read() as session:
            sealed = session.scalars(
                select(PhoneRow.secrets).where(PhoneRow.mac == str(entry.mac))
            ).one()
        return urls_for(entry.base_url, store.open_phone_secrets(sealed, self._box))

    def _news(self, entry: Entry, asked: _Asked) -> dict[str, object]:
        """What a request teaches: the first use of the token, another firmware."""
        values: dict[str, object] = {}
        if asked.reason is Reason.TOKEN and (entry.armed_until is not None or not entry.token_seen):
            values |= {"armed_until": None, "token_seen_at": asked.now}
        firmware = asked.identity.firmware[:64]
        if firmware and firmware != entry.firmware and _is_own(asked.identity, entry):
            values["firmware"] = firmware
            if entry.version_matters or self._speaks_otherwise(entry, firmware):
                values["dirty"] = True
        return values

    def _learn(self, entry: Entry, news: dict[str, object]) -> bool:
        """Have written down later what does not change the phone's files; False: cannot be."""
        if self.learner is None or "dirty" in news:
            return False
        known = {"armed_until": entry.armed_until, "firmware": entry.firmware}
        knew = {name: value for name, value in known.items() if name in news}
        self.learner.learn(entry.mac, Learned(news, knew))
        self.shelf.learned(entry, news)
        return True

    def _settle(self, entry: Entry, asked: _Asked) -> Entry:
        """Disarm at the first use of the token, learn the firmware, render what is marked."""
        values = self._news(entry, asked)
        if not entry.dirty and (not values or self._learn(entry, values)):
            return entry
        with self._lock:
            if values:
                write_learned(self._database, {entry.mac: Learned(values)})
            if entry.dirty or "dirty" in values:
                self._press.render_phone(entry.mac)
            self.shelf.refresh()
        return self.shelf.by_mac(entry.mac) or entry

    def _speaks_otherwise(self, entry: Entry, firmware: str) -> bool:
        model = self._catalogue.models.get(entry.model)
        if model is None:
            return False
        before = self._catalogue.dialect_of(model, entry.firmware or None)
        return self._catalogue.dialect_of(model, firmware) != before

    def _note(self, request: FetchRequest, asked: _Asked, answer: Answer, reason: Reason) -> None:
        """Count a refusal against its source, and write the request down."""
        if asked.verdict is Verdict.REFUSED:
            weight = _WEIGHTS.get(reason, 1.0)
            if weight and self._guard.refused(request.address, _clock_s(), weight):
                log.warning("%s is shut out: too many refused requests", request.address)
        took_us = (time.perf_counter_ns() - asked.started_ns) // 1000
        for event in events_of(
            request, asked.identity, asked.entry, answer, reason, asked.now, took_us
        ):
            self._recorder.record(event)


@dataclass(slots=True)  # not frozen: one is made for each request
class _Asked:
    """A request, understood: who asks, and what he may have."""

    identity: Identity
    entry: Entry | None
    verdict: Verdict
    reason: Reason
    now: datetime
    started_ns: int


def _is_own(identity: Identity, entry: Entry) -> bool:
    """Whether the User-Agent is the phone's own, not that of a person's browser or a neighbour."""
    agent = identity.agent
    return agent is not None and (agent.mac is None or agent.mac == entry.mac)


def _clock_s() -> float:
    return time.monotonic()
