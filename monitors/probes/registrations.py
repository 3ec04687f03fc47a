"""What any PBX says of its phones, in one shape: contacts, changes of them, and refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from monitors.signals import Security
from provisioner.sip.headers import MalformedMessageError, parse_uri

MAX_TEXT = 256


class Reach(StrEnum):
    """What the PBX has found out by asking the phone itself."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    UNCHECKED = "unchecked"  # it does not ask, or has not yet


@dataclass(frozen=True, slots=True)
class PbxContact:
    """One registration that the PBX holds.

    Attributes:
        extension: the account, without its domain.
        uri: the contact as the phone wrote it; behind a translator its own, private address.
        address: where the registration came from; empty: not known.
        port: of ``address``; 0: not known.
        agent: User-Agent; empty where the PBX does not tell it.
        instance: ``+sip.instance``, which some phones end with their MAC.
        expires_at: naive UTC; None: it does not expire.
        rtt_s: round trip, where the PBX measures one.
    """

    extension: str
    uri: str
    address: str
    port: int = 0
    agent: str = ""
    instance: str = ""
    expires_at: datetime | None = None
    reach: Reach = Reach.UNCHECKED
    rtt_s: float | None = None

    @property
    def own_address(self) -> str:
        """The host of the contact's URI, which the phone takes for its own address."""
        return _host(self.uri)


@dataclass(frozen=True, slots=True)
class RegistrationsReading:
    """All registrations of a PBX at one moment, or why they could not be had.

    Attributes:
        pbx: which one, for people: ``asterisk 10.20.0.5``.
        at: naive UTC.
        contacts: by extension; empty when ``problem`` is not.
        problem: why the PBX could not be asked; empty: it was.
    """

    pbx: str
    at: datetime
    contacts: Mapping[str, tuple[PbxContact, ...]] = field(default_factory=dict)
    problem: str = ""

    @classmethod
    def of(cls, pbx: str, at: datetime, contacts: Sequence[PbxContact]) -> RegistrationsReading:
        """Return a reading of these contacts."""
        by_extension: dict[str, tuple[PbxContact, ...]] = {}
        for contact in contacts:
            held = by_extension.get(contact.extension, ())
            by_extension[contact.extension] = (*held, contact)
        return cls(pbx, at, by_extension)


class Change(StrEnum):
    """What has become of a contact."""

    REGISTERED = "registered"  # new or refreshed
    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    REMOVED = "removed"  # logged off, or expired: the PBX does not say which
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ContactEvent:
    """A change of a contact, told by the PBX at once.

    Attributes:
        at: naive UTC.
    """

    at: datetime
    extension: str
    change: Change
    uri: str = ""
    rtt_s: float | None = None


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """The PBX refused somebody, or let somebody in (``Security.NONE``).

    Attributes:
        at: naive UTC.
        extension: the account that was tried; empty: the PBX does not say.
        address: who tried.
        word: the PBX's own name for it.
    """

    at: datetime
    what: Security
    extension: str
    address: str
    word: str = ""


LiveEvent = ContactEvent | SecurityEvent


@lru_cache(maxsize=65_536)
def _host(uri: str) -> str:
    """The host of a URI; asked several times for each contact at each sweep."""
    try:
        return parse_uri(uri).host
    except MalformedMessageError:
        return ""


def plain(text: object) -> str:
    """Return a text of a PBX or a phone, short and printable."""
    return "".join(c if c.isprintable() else "?" for c in str(text)[:MAX_TEXT])
