"""Whom to ask by OPTIONS and where, and what each phone's answers have taught. No I/O here."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from monitors.probes.options_meaning import Expected, Learned, learn, options_signal
from monitors.probes.options_reading import OptionsReading, OptionsTarget, Outcome, Transport
from monitors.probes.registrations import PbxContact
from monitors.signals import Options, Signal
from monitors.sweep.address_meaning import Network, parsed
from monitors.sweep.subjects import Subject
from provisioner.catalogue.loader import Catalogue
from provisioner.mac import MacAddress
from provisioner.sip.headers import MalformedMessageError, parse_uri

SLOW_S = 0.150
"""The monitoring notes, 7.3, row H7."""
SLOW_AFTER = 5
REMEMBERED = 20
_TRANSPORT = re.compile(r";transport=(udp|tcp|tls)\b")


@dataclass(slots=True)
class OptionsDesk:
    """What phones have answered before; one for a site, used by one thread at a time."""

    catalogue: Catalogue
    learned: dict[MacAddress, Learned] = field(default_factory=dict)
    _latest: dict[MacAddress, tuple[OptionsReading, Learned]] = field(default_factory=dict)
    _round_trips: dict[MacAddress, deque[float]] = field(default_factory=dict)

    def take(
        self,
        readings: Iterable[OptionsReading],
        subjects: Mapping[MacAddress, Subject],
        settling: Collection[MacAddress] = (),
    ) -> dict[MacAddress, Learned]:
        """Note what came back; returns what was learned anew, to be kept.

        Args:
            readings: what came back.
            subjects: phones as they are: with the files that they have.
            settling: phones that may not yet do as the files say that they have just fetched:
                their answers teach nothing.
        """
        news: dict[MacAddress, Learned] = {}
        for reading in readings:
            subject = subjects.get(MacAddress(reading.key))
            if subject is None:
                continue
            before = self.learned.get(subject.mac, Learned())
            self._latest[subject.mac] = (reading, before)
            after = before
            if subject.mac not in settling:
                after = learn(self.catalogue, before, reading, expected(subject))
            self.learned[subject.mac] = after
            if (after.digest, after.status) != (before.digest, before.status):
                news[subject.mac] = after
            if reading.rtt_s is not None:
                trips = self._round_trips.setdefault(subject.mac, deque(maxlen=REMEMBERED))
                trips.append(reading.rtt_s)
        return news

    def signal(self, subject: Subject, now: datetime) -> Signal[Options]:
        """Return what a phone's last answer, or silence, says."""
        latest = self._latest.get(subject.mac)
        if latest is None:
            return Signal(Options.UNKNOWN)
        return options_signal(self.catalogue, *latest, expected(subject), now)

    def round_trip_s(self, mac: MacAddress, now: datetime, within_s: float) -> float | None:
        """Return a phone's last round trip, if it is not older than that; None: there is none."""
        latest = self._latest.get(mac)
        if latest is None or (now - latest[0].at).total_seconds() > within_s:
            return None
        return latest[0].rtt_s if latest[0].outcome is Outcome.ANSWERED else None

    def slow_s(self, mac: MacAddress) -> float | None:
        """Return the usual round trip of a phone whose way is slow; None: it is not."""
        trips = self._round_trips.get(mac, ())
        if len(trips) < SLOW_AFTER:
            return None
        usual = median(trips)
        return usual if usual > SLOW_S else None

    def forget(self, known: Iterable[MacAddress]) -> None:
        """Forget phones that are not in the inventory any more."""
        macs = set(known)
        for table in (self.learned, self._latest, self._round_trips):
            for mac in [m for m in table if m not in macs]:
                del table[mac]


def expected(subject: Subject) -> Expected:
    """Return what a phone should be, to compare its answer with."""
    return Expected(subject.mac, subject.model, subject.digest, subject.only_from_registrar)


def target(
    subject: Subject, contact: PbxContact | None, address: str, networks: Iterable[Network]
) -> OptionsTarget | None:
    """Return where a phone is asked; None: nobody knows where it is, or it is not of this site.

    Args:
        subject: the phone.
        contact: what it registered last.
        address: where others saw it last.
        networks: of its site; none: any is right.
    """
    host, port, transport = address, 0, Transport(subject.transport)
    uri = ""
    if contact is not None and contact.address:
        host, uri = contact.address, contact.uri
        port, transport = _port_of(contact, transport)
    if not _is_inside(host, networks):
        return None
    user = contact.extension if contact is not None else next(iter(subject.accounts), "")
    return OptionsTarget(subject.mac, host, port, transport, user, uri)


def _port_of(contact: PbxContact, usual: Transport) -> tuple[int, Transport]:
    """Port and transport of a contact: where UDP came from, or what its URI says."""
    named = _TRANSPORT.search(contact.uri.lower())
    transport = Transport(named[1]) if named else usual
    try:
        port = parse_uri(contact.uri).port or 0
    except MalformedMessageError:
        return contact.port, transport
    if transport is Transport.UDP:
        return contact.port or port, transport
    return port, transport  # a stream comes from a port that nobody listens on


def _is_inside(host: str, networks: Iterable[Network]) -> bool:
    address = parsed(host)
    wanted = list(networks)
    if address is None:
        return False
    return not wanted or any(address.version == n.version and address in n for n in wanted)
