"""Asterisk, by its manager interface: who is registered, what changes, and whom it refuses."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from monitors.probes.registrations import (
    Change,
    ContactEvent,
    LiveEvent,
    PbxContact,
    Reach,
    RegistrationsReading,
    SecurityEvent,
    plain,
)
from monitors.signals import Security
from provisioner.errors import PbxError
from provisioner.pbx.ami import AmiClient, Contact
from provisioner.pbx.ami_packets import Packet

EVENT_CLASSES = "system,security"
_FILE = Path(__file__).with_name("asterisk_security.toml")
_UNKNOWN_ACCOUNT = "<unknown>"  # Asterisk's word where it found no endpoint
_NOT_SIP = {"AMI", "HTTP"}  # people and programs that log in, such as this one
_REACH = {"Reachable": Reach.REACHABLE, "Unreachable": Reach.UNREACHABLE}
_CHANGES = {
    # Asterisk 16 says NonQualified where its documentation says Unqualified
    "NonQualified": Change.REGISTERED,
    "Unqualified": Change.REGISTERED,
    "Created": Change.REGISTERED,
    "Updated": Change.REGISTERED,
    "Reachable": Change.REACHABLE,
    "Unreachable": Change.UNREACHABLE,
    "Removed": Change.REMOVED,
}
_REMOTE = re.compile(r"IPV[46]/[A-Z]+/\[?(?P<address>[0-9A-Fa-f.:]+)\]?/\d+")


@dataclass(frozen=True, slots=True)
class AsteriskAccess:
    """How to reach a manager interface."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    timeout_s: float = 5.0

    @property
    def name(self) -> str:
        """The PBX, for people."""
        return f"asterisk {self.host}"


def read_registrations(access: AsteriskAccess, now: Callable[[], datetime]) -> RegistrationsReading:
    """Return who is registered; a PBX that cannot be asked is in the reading."""
    try:
        with AmiClient.connect(
            access.host, access.port, access.username, access.secret, access.timeout_s
        ) as client:
            contacts = [contact_of_ami(contact) for contact in client.contacts()]
    except PbxError as problem:
        return RegistrationsReading(access.name, now(), problem=str(problem))
    return RegistrationsReading.of(access.name, now(), contacts)


def contact_of_ami(contact: Contact) -> PbxContact:
    """Return a contact of ``PJSIPShowContacts`` in the common shape.

    A contact that is not qualified has no round trip and is not known to be there.
    """
    rtt_us = contact.rtt_us if contact.status == "Reachable" else None
    expires_at = contact.expires_at
    return PbxContact(
        extension=plain(contact.aor),
        uri=plain(contact.uri),
        address=plain(contact.via_addr).strip("[]"),
        port=contact.via_port or 0,
        agent=plain(contact.user_agent),
        expires_at=expires_at.astimezone(UTC).replace(tzinfo=None) if expires_at else None,
        reach=_REACH.get(contact.status, Reach.UNCHECKED),
        rtt_s=rtt_us / 1_000_000 if rtt_us is not None else None,
    )


class AsteriskLive:
    """A session that is told what happens; for one thread.

    Args:
        access: how to reach the PBX; its user needs to read ``system`` and ``security``.
        now: the clock, naive UTC.

    Raises:
        PbxError: as for ``AmiClient.connect``.
    """

    def __init__(self, access: AsteriskAccess, now: Callable[[], datetime]) -> None:
        self._now = now
        self._client = AmiClient.connect(
            access.host,
            access.port,
            access.username,
            access.secret,
            access.timeout_s,
            EVENT_CLASSES,
        )

    def event(self, wait_s: float) -> LiveEvent | None:
        """Return the next thing that matters; None: there was none in time.

        Raises:
            PbxError: the connection broke, or the PBX does not answer any more.
        """
        packet = self._client.event(wait_s)
        if packet is None:
            self._client.action("Ping")
            return None
        return live_event(packet, self._now())

    def close(self) -> None:
        """Log off."""
        self._client.close()


def live_event(packet: Packet, at: datetime) -> LiveEvent | None:
    """Return an AMI event in the common shape; None: it is of no interest.

    Args:
        packet: the event's headers.
        at: naive UTC, when it came; a security event brings its own time.
    """
    if packet.get("Event") == "ContactStatus":
        change = _CHANGES.get(packet.get("ContactStatus", ""))
        if change is None:
            return None
        rtt_us = packet.get("RoundtripUsec", "")
        known = change is Change.REACHABLE and re.fullmatch(r"[0-9]{1,11}", rtt_us)
        return ContactEvent(
            at=at,
            extension=plain(packet.get("AOR", "")),
            change=change,
            uri=plain(packet.get("URI", "")),
            rtt_s=int(rtt_us) / 1_000_000 if known else None,
        )
    return _security_event(packet, at)


def _security_event(packet: Packet, at: datetime) -> SecurityEvent | None:
    word = packet.get("Event", "")
    what = _security_words().get(word)
    remote = _REMOTE.fullmatch(packet.get("RemoteAddress", ""))
    if what is None or remote is None or packet.get("Service") in _NOT_SIP:
        return None
    account = packet.get("AccountID", "")
    if account == _UNKNOWN_ACCOUNT and what is Security.WRONG_PASSWORD:
        # it challenges strangers too; why they are strangers is in an event of its own
        what, account = Security.UNKNOWN_EXTENSION, ""
    return SecurityEvent(
        at=_event_time(packet) or at,
        what=what,
        extension=plain(account),
        address=remote["address"],
        word=word,
    )


def _event_time(packet: Packet) -> datetime | None:
    """The event's own time, such as ``2026-11-22T09:12:01.123+0000``."""
    try:
        read = datetime.strptime(packet.get("EventTV", ""), "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return None
    return read.astimezone(UTC).replace(tzinfo=None)


@cache
def _security_words() -> dict[str, Security]:
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))["events"]
    return {row["name"]: Security(row["means"]) for row in table}
