"""What a PBX says of each account of a site's phones, and what it said before. No I/O here.

A phone may have several accounts: the one that is worst off speaks for it. A DECT base is well
when any of its handsets is; the others are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitors.probes.pbx.board import removed_at
from monitors.probes.registration_meaning import (
    EXPIRY_SLACK,
    Before,
    RegisteringPhone,
    contact_of,
    registration_signal,
    security_signal,
)
from monitors.probes.registrations import (
    ContactEvent,
    PbxContact,
    Reach,
    RegistrationsReading,
    SecurityEvent,
)
from monitors.signals import Registration, Security, Signal
from monitors.sweep.subjects import Subject
from provisioner.catalogue.loader import Catalogue
from provisioner.mac import MacAddress

_WORST_FIRST = (
    Registration.PBX_UNKNOWN,
    Registration.OTHER_ADDRESS,
    Registration.OTHER_AGENT,
    Registration.NONE,
    Registration.REMOVED,
    Registration.EXPIRED,
    Registration.UNREACHABLE,
    Registration.UNCHECKED,
    Registration.REACHABLE,
    Registration.UNKNOWN,
)
_THERE = frozenset({Registration.REACHABLE, Registration.UNCHECKED})


@dataclass(frozen=True, slots=True)
class PbxNews:
    """What a PBX said at one sweep.

    Attributes:
        reading: its registrations; None: the site has no PBX that can be asked.
        contacts: what it told of contacts since.
        refusals: whom it refused; None: nobody listens, or it tells of none.
    """

    reading: RegistrationsReading | None = None
    contacts: Sequence[ContactEvent] = ()
    refusals: Sequence[SecurityEvent] | None = None


@dataclass(frozen=True, slots=True)
class AccountState:
    """One account of a phone.

    Attributes:
        contact: its own, now; ``last``: its own, last known.
        alive_at: naive UTC, when the phone last answered the PBX or registered; None: not since
            bellwire looks. A contact is kept by its PBX long after the phone is gone.
    """

    extension: str
    registration: Signal[Registration]
    security: Signal[Security] = Signal(Security.UNKNOWN)
    contact: PbxContact | None = None
    last: PbxContact | None = None
    gone_at: datetime | None = None
    alive_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PhoneState:
    """All accounts of a phone, the one that speaks for it, and a base's handsets that are out."""

    speaks: AccountState | None = None
    accounts: tuple[AccountState, ...] = ()
    handsets_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _SignOfLife:
    """A contact as it was read, and when its phone was last heard."""

    expires_at: datetime | None
    read_at: datetime
    alive_at: datetime | None


@dataclass(slots=True)
class RegistrationDesk:
    """Remembers each account's last contact; one for a site, used by one thread at a time."""

    catalogue: Catalogue
    _before: dict[tuple[MacAddress, str], Before] = field(default_factory=dict)
    _alive: dict[tuple[MacAddress, str], _SignOfLife] = field(default_factory=dict)

    def state(
        self,
        subject: Subject,
        users: Mapping[str, Sequence[Subject]],
        addresses: Mapping[MacAddress, frozenset[str]],
        news: PbxNews,
        now: datetime,
    ) -> PhoneState:
        """Return how a phone's accounts stand.

        Args:
            subject: the phone.
            users: who uses each extension.
            addresses: where phones were seen lately by others than the PBX.
            news: what the PBX said.
            now: naive UTC.
        """
        if news.reading is None or not subject.accounts:
            return PhoneState()
        states = [
            self._account(_registering(subject, extension, users, addresses), news, now)
            for extension in subject.accounts
        ]
        if not subject.is_base:
            worst = min(states, key=lambda s: _WORST_FIRST.index(s.registration.value))
            return PhoneState(worst, tuple(states))
        best = max(states, key=lambda s: _WORST_FIRST.index(s.registration.value))
        out = [s.extension for s in states if s.registration.value not in _THERE]
        there = best.registration.value in _THERE
        names = tuple(subject.handsets.get(e, e) for e in out) if there else ()
        return PhoneState(best, tuple(states), names)

    def forget(self, known: Iterable[MacAddress]) -> None:
        """Forget phones that are not in the inventory any more."""
        macs = set(known)
        self._before = {key: value for key, value in self._before.items() if key[0] in macs}
        self._alive = {key: value for key, value in self._alive.items() if key[0] in macs}

    def _account(self, phone: RegisteringPhone, news: PbxNews, now: datetime) -> AccountState:
        reading = news.reading
        if reading is None:
            return AccountState(phone.extension, Signal(Registration.UNKNOWN))
        key = (phone.mac, phone.extension)
        before = self._before.get(key, Before())
        contact = contact_of(self.catalogue, reading, phone)
        if contact is None and not reading.problem and before.contact is not None:
            told = removed_at(news.contacts, phone.extension)
            before = replace(before, removed_at=before.removed_at or told or reading.at)
        signal = registration_signal(self.catalogue, reading, phone, before, now)
        if contact is not None:
            self._before[key] = Before(contact)
        elif before.contact is not None:
            self._before[key] = before
        return AccountState(
            phone.extension,
            signal,
            security_signal(news.refusals, phone, now),
            contact,
            contact or before.contact,
            before.removed_at if contact is None else None,
            None if reading.problem else self._alive_at(key, contact, reading.at),
        )

    def _alive_at(
        self, key: tuple[MacAddress, str], contact: PbxContact | None, at: datetime
    ) -> datetime | None:
        """When the phone of a contact was last heard; None: not since bellwire looks."""
        if contact is None:
            self._alive.pop(key, None)
            return None
        before = self._alive.get(key)
        if contact.reach is Reach.REACHABLE:
            alive_at: datetime | None = at
        elif before is not None and _is_later(contact.expires_at, before.expires_at):
            alive_at = before.read_at  # it registered again, some time since then
        else:
            alive_at = before.alive_at if before is not None else None
        self._alive[key] = _SignOfLife(contact.expires_at, at, alive_at)
        return alive_at


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one > other + EXPIRY_SLACK


def _registering(
    subject: Subject,
    extension: str,
    users: Mapping[str, Sequence[Subject]],
    addresses: Mapping[MacAddress, frozenset[str]],
) -> RegisteringPhone:
    siblings = [s.mac for s in users.get(extension, ()) if s.mac != subject.mac]
    elsewhere = (addresses.get(mac, frozenset()) for mac in siblings)
    return RegisteringPhone(
        extension=extension,
        mac=subject.mac,
        model=subject.model,
        addresses=addresses.get(subject.mac, frozenset()),
        siblings=frozenset(siblings),
        sibling_addresses=frozenset().union(*elsewhere),
    )
