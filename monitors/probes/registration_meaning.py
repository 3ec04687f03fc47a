"""From what a PBX says to the signals of one phone: is it registered, and if not, why not? Pure.

Several phones of a room may share an extension, and somebody else's device may use it too: each
contact is told apart by MAC, address and User-Agent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from monitors.probes.options_meaning import Expected, SameDevice, same_device
from monitors.probes.registrations import PbxContact, Reach, RegistrationsReading, SecurityEvent
from monitors.signals import Registration, Security, Signal
from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Model
from provisioner.identify import MAX_AGENT, read_agent
from provisioner.mac import MacAddress

EXPIRY_SLACK = timedelta(seconds=3)
"""Clocks and readings are not to the second; a PBX may keep a contact that long."""

SAME_ATTEMPT = timedelta(seconds=5)
"""Events of one try to register are at most this far apart."""


@dataclass(frozen=True, slots=True)
class RegisteringPhone:
    """What the inventory and the other probes know of a phone that registers.

    Attributes:
        extension: of the account that is looked at.
        addresses: where it was seen lately; empty: not known.
        siblings: MACs of the other phones with the same extension.
        sibling_addresses: where those were seen.
    """

    extension: str
    mac: MacAddress
    model: Model | None = None
    addresses: frozenset[str] = frozenset()
    siblings: frozenset[MacAddress] = frozenset()
    sibling_addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Before:
    """What was known of the phone's contact before this reading.

    Attributes:
        contact: the last one that was the phone's; None: it never had one.
        removed_at: naive UTC, when the PBX told of its removal.
    """

    contact: PbxContact | None = None
    removed_at: datetime | None = None


class Whose(IntEnum):
    """To whom a contact belongs; the order is that in which they count."""

    THIS = 0
    OTHER_ADDRESS = 1
    OTHER_AGENT = 2
    SIBLING = 3


_BY_REACH = {
    Reach.REACHABLE: Registration.REACHABLE,
    Reach.UNCHECKED: Registration.UNCHECKED,
    Reach.UNREACHABLE: Registration.UNREACHABLE,
}
_REACH_ORDER = tuple(_BY_REACH)


def whose(catalogue: Catalogue, contact: PbxContact, phone: RegisteringPhone) -> Whose:
    """Tell whether a contact is this phone's.

    A MAC decides; then the address, where the phone's is known; then the User-Agent.
    """
    named = _mac_of(catalogue, contact, phone)
    if named == phone.mac:
        return Whose.THIS
    if named in phone.siblings:
        return Whose.SIBLING
    seen_at = {contact.address, contact.own_address} - {""}
    is_here = bool(seen_at & phone.addresses)
    if not is_here and seen_at & phone.sibling_addresses:
        return Whose.SIBLING
    if phone.addresses and not is_here:
        return Whose.OTHER_ADDRESS
    device = same_device(catalogue, contact.agent, Expected(phone.mac, phone.model))
    if device is not SameDevice.NO:
        return Whose.THIS
    # behind a translator both have one address
    return Whose.SIBLING if seen_at & phone.sibling_addresses else Whose.OTHER_AGENT


def _mac_of(
    catalogue: Catalogue, contact: PbxContact, phone: RegisteringPhone
) -> MacAddress | None:
    """The MAC that a contact names: in its User-Agent, or a known one at its instance's end."""
    agent = read_agent(catalogue, contact.agent[:MAX_AGENT])
    if agent is not None and agent.mac is not None:
        return agent.mac
    digits = "".join(c for c in contact.instance.lower() if c in "0123456789abcdef")
    known = (phone.mac, *phone.siblings)
    return next((mac for mac in known if digits.endswith(mac)), None)


def contact_of(
    catalogue: Catalogue, reading: RegistrationsReading, phone: RegisteringPhone
) -> PbxContact | None:
    """Return the best contact that is this phone's, to be kept as ``Before``; None: none is."""
    held = reading.contacts.get(phone.extension, ())
    own = [c for c in held if whose(catalogue, c, phone) is Whose.THIS]
    live = [c for c in own if not _is_over(c, reading.at)]
    return min(live or own, key=lambda c: _REACH_ORDER.index(c.reach), default=None)


def registration_signal(
    catalogue: Catalogue,
    reading: RegistrationsReading,
    phone: RegisteringPhone,
    before: Before,
    now: datetime,
) -> Signal[Registration]:
    """Return what a PBX says of a phone.

    Args:
        catalogue: reads User-Agents.
        reading: of the PBX.
        phone: whom it is asked about.
        before: what was known of its contact.
        now: naive UTC.
    """
    age_s = max(0.0, (now - reading.at).total_seconds())
    if reading.problem:
        return Signal(Registration.PBX_UNKNOWN, age_s, reading.pbx, reading.problem)
    own = contact_of(catalogue, reading, phone)
    if own is not None:
        value = Registration.EXPIRED if _is_over(own, reading.at) else _BY_REACH[own.reach]
        return Signal(value, age_s, reading.pbx, _shown(own))
    strange = _stranger(catalogue, reading, phone)
    if strange is not None:
        contact, belongs = strange
        is_elsewhere = belongs is Whose.OTHER_ADDRESS
        value = Registration.OTHER_ADDRESS if is_elsewhere else Registration.OTHER_AGENT
        return Signal(value, age_s, reading.pbx, _shown(contact))
    value, told = _gone(before, reading.at)
    return Signal(value, age_s, reading.pbx, told)


def _stranger(
    catalogue: Catalogue, reading: RegistrationsReading, phone: RegisteringPhone
) -> tuple[PbxContact, Whose] | None:
    """A live contact that is neither this phone's nor one of its siblings'."""
    held = [c for c in reading.contacts.get(phone.extension, ()) if not _is_over(c, reading.at)]
    found = [(contact, whose(catalogue, contact, phone)) for contact in held]
    strange = [pair for pair in found if pair[1] is not Whose.SIBLING]
    return min(strange, key=lambda pair: pair[1], default=None)


def _gone(before: Before, at: datetime) -> tuple[Registration, str]:
    """Why there is no contact any more, as far as it can be known.

    One that went before its time was removed: the phone logged off, or the PBX forgot it.
    """
    contact = before.contact
    if contact is None:
        return Registration.NONE, "no contact"
    gone_at = before.removed_at or at
    if contact.expires_at is not None and gone_at >= contact.expires_at - EXPIRY_SLACK:
        return Registration.EXPIRED, f"expired at {contact.expires_at:%H:%M:%S} UTC"
    return Registration.REMOVED, f"gone since {gone_at:%H:%M:%S} UTC at the latest"


def _is_over(contact: PbxContact, at: datetime) -> bool:
    return contact.expires_at is not None and contact.expires_at + EXPIRY_SLACK < at


def _shown(contact: PbxContact) -> str:
    """A contact for people."""
    took = f", {contact.rtt_s * 1000:.0f} ms" if contact.rtt_s is not None else ""
    return f"{contact.agent or 'unnamed device'} at {contact.address or contact.uri}{took}"


def security_signal(
    events: Iterable[SecurityEvent] | None,
    phone: RegisteringPhone,
    now: datetime,
    keep_s: float = 600.0,
) -> Signal[Security]:
    """Return why a PBX refuses a phone: the newest event that concerns it.

    An event counts by its address when the phone's is known, else by its extension: a guesser
    elsewhere who tries the extension is no fault of the phone. A good registration clears it.

    Args:
        events: in any order; None: this PBX tells of none, or nobody listens to it now.
        phone: whom it is asked about.
        now: naive UTC.
        keep_s: how long an event counts.
    """
    if events is None:
        return Signal(Security.UNKNOWN)
    oldest = now - timedelta(seconds=keep_s)
    concerning = [e for e in events if e.at >= oldest and _concerns(e, phone)]
    newest = max(concerning, key=lambda e: e.at, default=None)
    if newest is None:
        return Signal(Security.NONE)
    newest = _cause(newest, concerning)
    age_s = max(0.0, (now - newest.at).total_seconds())
    told = f"{newest.word or newest.what} for {newest.extension or 'nobody'} from {newest.address}"
    return Signal(newest.what, age_s, "security events", told)


def _cause(newest: SecurityEvent, events: Iterable[SecurityEvent]) -> SecurityEvent:
    """The event that explains another one that names no account.

    Asterisk challenges strangers, and whom an access list refuses, as if they had an account: after
    the cause comes a failed challenge of nobody.
    """
    if newest.extension:
        return newest
    together = (e for e in events if e.extension and newest.at - e.at <= SAME_ATTEMPT)
    refusals = (e for e in together if e.what is not Security.NONE)
    return max(refusals, key=lambda e: e.at, default=newest)


def _concerns(event: SecurityEvent, phone: RegisteringPhone) -> bool:
    if phone.addresses:
        return event.address in phone.addresses
    return bool(event.extension) and event.extension == phone.extension
