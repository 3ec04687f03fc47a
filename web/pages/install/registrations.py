"""Who is registered, asked of the PBX itself while somebody waits for a phone to turn green."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from monitors.probes.registrations import PbxContact, RegistrationsReading
from monitors.sweep.pbx_desk import desk_of
from provisioner.inventory.records import Pbx
from provisioner.mac import MacAddress

LEAST_S = 2.0
"""A PBX is not asked more often, however many look."""
SHARE = 10.0
"""Nor more than this part of the time: one that takes a second to answer, every ten seconds."""
BACK_OFF_S = 30.0


@dataclass(slots=True)
class _Asked:
    pbx: Pbx
    reading: RegistrationsReading | None = None
    next_s: float = 0.0


def _beside(work: Callable[[], None]) -> None:
    """Let a thread do it: no page waits for a PBX."""
    threading.Thread(target=work, name="pbx", daemon=True).start()


@dataclass(slots=True)
class Switchboard:
    """Asks PBXs beside the pages, each once at a time; pages get the last answer.

    One for a process.
    """

    clock: Callable[[], datetime]
    monotonic_s: Callable[[], float] = time.monotonic
    run: Callable[[Callable[[], None]], None] = _beside
    _asked: dict[str, _Asked] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reading(
        self, site: str, pbx: Pbx | None, *, ask: bool = True
    ) -> RegistrationsReading | None:
        """Return who is registered, as the PBX said last; None: nobody knows yet, or can tell.

        Args:
            site: its id.
            pbx: how its PBX is reached; None: it has none.
            ask: ask it again, when it is time for that.
        """
        if pbx is None or not pbx.host:
            return None
        asked = self._due(site, pbx) if ask else None
        if asked is not None:
            self.run(partial(self._ask, asked))
        held = self._asked.get(site)
        reading = held.reading if held is not None and held.pbx == pbx else None
        return reading if reading is not None and not reading.problem else None

    def _due(self, site: str, pbx: Pbx) -> _Asked | None:
        """Claim the next question; None: somebody else asks, or it is too early."""
        now_s = self.monotonic_s()
        with self._lock:
            held = self._asked.get(site)
            if held is None or held.pbx != pbx:
                held = self._asked[site] = _Asked(pbx)
            if now_s < held.next_s:
                return None
            held.next_s = now_s + BACK_OFF_S
            return held

    def _ask(self, asked: _Asked) -> None:
        found = desk_of(asked.pbx, self.clock)
        if found is None:
            return
        began_s = self.monotonic_s()
        reading = found.read()
        now_s = self.monotonic_s()
        asked.reading = reading
        if not reading.problem:
            asked.next_s = now_s + max(LEAST_S, SHARE * (now_s - began_s))


def contact_of(
    reading: RegistrationsReading | None,
    extensions: Iterable[str],
    mac: MacAddress,
    addresses: frozenset[str],
) -> PbxContact | None:
    """Return a phone's own contact: several phones of a room may share an extension. Pure.

    Args:
        reading: of the PBX.
        extensions: of the phone.
        mac: of the phone: some tell it with their contact.
        addresses: where it was seen.
    """
    if reading is None:
        return None
    for extension in extensions:
        for contact in reading.contacts.get(extension, ()):
            words = f"{contact.instance} {contact.agent} {contact.uri}".lower()
            places = {contact.address, contact.own_address}
            if str(mac) in words or mac.colons in words or places & addresses:
                return contact
    return None
