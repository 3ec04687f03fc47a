"""What a PBX told since its registrations were last read, kept for the next sweep.

The watch's thread writes, the sweep reads. Old events are dropped, and so are the oldest ones
when there are too many: a guesser must not fill the memory.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from monitors.probes.registrations import (
    Change,
    ContactEvent,
    LiveEvent,
    PbxContact,
    Reach,
    RegistrationsReading,
    SecurityEvent,
)
from provisioner.sip.headers import SIP_PORT, MalformedMessageError, parse_address

KEEP = timedelta(minutes=15)
MAX_EVENTS = 20_000

_REACH = {Change.REACHABLE: Reach.REACHABLE, Change.UNREACHABLE: Reach.UNREACHABLE}
_GONE = frozenset({Change.REMOVED, Change.EXPIRED})


class EventBoard:
    """The latest events of one PBX; ``take`` may be called from another thread.

    Attributes:
        listener: is told of each event besides, in the thread that takes it.
    """

    def __init__(self, most: int = MAX_EVENTS) -> None:
        self.listener: Callable[[LiveEvent], None] | None = None
        self._contacts: deque[ContactEvent] = deque(maxlen=most)
        self._refusals: deque[SecurityEvent] = deque(maxlen=most)
        self._lock = threading.Lock()

    def take(self, event: LiveEvent) -> None:
        """Keep an event."""
        with self._lock:
            if isinstance(event, ContactEvent):
                _drop_old(self._contacts, event.at)
                self._contacts.append(event)
            else:
                _drop_old(self._refusals, event.at)
                self._refusals.append(event)
        if self.listener is not None:
            self.listener(event)

    def contact_events(self) -> list[ContactEvent]:
        """Return what became of contacts, oldest first."""
        with self._lock:
            return list(self._contacts)

    def security_events(self) -> list[SecurityEvent]:
        """Return whom the PBX refused or let in, oldest first."""
        with self._lock:
            return list(self._refusals)


def _drop_old(events: deque[ContactEvent] | deque[SecurityEvent], now: datetime) -> None:
    while events and events[0].at < now - KEEP:
        events.popleft()


def removed_at(events: Iterable[ContactEvent], extension: str) -> datetime | None:
    """Return when the last contact of an extension went; None: it did not, or another came."""
    mine = [e for e in events if e.extension == extension]
    last = max(mine, key=lambda e: e.at, default=None)
    return last.at if last is not None and last.change in _GONE else None


def updated(reading: RegistrationsReading, events: Iterable[ContactEvent]) -> RegistrationsReading:
    """Return a reading with what was told after it: who answers, who does not, who is gone.

    A new registration is not made up from an event, which tells too little: the next reading
    has it.
    """
    contacts = dict(reading.contacts)
    for event in sorted(events, key=lambda e: e.at):
        if event.at < reading.at or event.extension not in contacts:
            continue
        told = (_after(contact, event) for contact in contacts[event.extension])
        contacts[event.extension] = tuple(c for c in told if c is not None)
    return replace(reading, contacts=contacts)


def _after(contact: PbxContact, event: ContactEvent) -> PbxContact | None:
    """A contact after an event; None: it is gone."""
    if event.uri != contact.uri and _place(event.uri) != _place(contact.uri):
        return contact
    if event.change in _GONE:
        return None
    reach = _REACH.get(event.change)
    return contact if reach is None else replace(contact, reach=reach, rtt_s=event.rtt_s)


def _place(uri: str) -> tuple[str, str, int]:
    """User, host and port: PBXs write the same contact with other parameters, or in brackets."""
    try:
        read = parse_address(uri)
    except MalformedMessageError:
        return uri, "", 0
    return read.user, read.host, read.port or SIP_PORT
