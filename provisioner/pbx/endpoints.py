"""What each account becomes on an Asterisk: its endpoint, and what it is allowed to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import SecretStr

from provisioner.catalogue.models import Kind
from provisioner.errors import InventoryError
from provisioner.inventory.pbx_hardening import Srtp
from provisioner.inventory.records import Account
from provisioner.pbx.asterisk_syntax import extension
from provisioner.pbx.site import PbxPhone, PbxSite
from provisioner.settings import Codec, PhoneSettings

# auto_info sends RFC 4733, and INFO to a phone that did not offer it.
_DTMF_MODES = {"rfc4733": "auto_info", "info": "info", "inband": "inband"}
_CODEC_NAMES: dict[Codec, str] = {"pcma": "alaw", "pcmu": "ulaw"}
_SPARE_CONTACTS = 1
_MAX_SOFT_PHONES = 5
_SRTP: tuple[Srtp, ...] = ("off", "optional", "required")


class Use(StrEnum):
    """What an account may do; the words are also those of its context."""

    GUESTS = "guests"
    STAFF = "staff"
    DOOR = "door"
    LIFT = "lift"


_CALLS = {Use.GUESTS: 2, Use.STAFF: 4, Use.DOOR: 1, Use.LIFT: 1}
"""Calls that each phone of an account can hold: one that talks and others that wait."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An account on Asterisk.

    Attributes:
        rooms: names of the rooms where its phones are; the account's own name without phones.
        places: room, position and MAC of each of its phones, for a comment.
        contacts: how many phones may be registered at a time.
        codecs: Asterisk's names, best first.
        busy_at: with so many calls the account is shown as busy.
        has_apps: apps register it too, or may.
    """

    extension: str
    name: str
    secret: SecretStr
    use: Use
    rooms: str
    places: tuple[str, ...]
    contacts: int
    mailbox: bool
    dtmf: str
    codecs: tuple[str, ...]
    srtp: str
    busy_at: int = 2
    has_apps: bool = False


def endpoints(pbx: PbxSite) -> tuple[Endpoint, ...]:
    """Return the endpoints of a site, in the order of its accounts.

    Raises:
        InventoryError: two accounts are one to Asterisk, an account has no secret or a name that
            Asterisk cannot carry, or a phone uses an account that is not there.
    """
    made = tuple(_endpoint(account, pbx) for account in pbx.accounts)
    _check_unique(made)
    known = {endpoint.extension for endpoint in made}
    for phone in pbx.phones:
        for missing in [e for e in phone.accounts if e not in known]:
            raise InventoryError(f"{phone.mac.colons}: there is no account {missing!r}")
    return made


def use_of(phone: PbxPhone) -> Use:
    """Return what a phone's calls may do, by what it is and where it stands."""
    if phone.kind is Kind.DOOR_STATION:
        return Use.DOOR
    if phone.kind is Kind.INTERCOM and phone.settings.door.call:
        return Use.DOOR
    if _is_in_a_lift(phone):
        return Use.LIFT
    if phone.settings.access.menu_locked or phone.kind is Kind.PAGING:
        return Use.GUESTS
    return Use.STAFF


def _is_in_a_lift(phone: PbxPhone) -> bool:
    """It calls for help when lifted, at once, and answers by itself: so nobody else may call it."""
    calls = phone.settings.calls
    at_once = bool(calls.hotline) and calls.hotline_delay_s == 0
    return phone.preset == "lift" or (at_once and calls.auto_answer)


def _endpoint(account: Account, pbx: PbxSite) -> Endpoint:
    if account.secret is None:
        raise InventoryError(f"account {account.extension!r} has no secret yet")
    phones = pbx.phones_of(account.extension)
    settings = phones[0].settings if phones else PhoneSettings()
    shown = account.name or account.extension
    use, apps = _strictest(phones), _soft_phones(pbx, account)
    return Endpoint(
        extension=extension(account.extension),
        name=shown,
        secret=account.secret,
        use=use,
        rooms=", ".join(dict.fromkeys(phone.room for phone in phones)) or shown,
        places=tuple(f"{p.room} {p.position} {p.mac.colons}" for p in phones),
        contacts=len(phones) + _SPARE_CONTACTS + apps,
        mailbox=account.voicemail,
        dtmf=_DTMF_MODES[settings.sip.dtmf],
        codecs=tuple(_CODEC_NAMES.get(codec, codec) for codec in settings.audio.codecs),
        srtp=_stronger(settings.sip.srtp, pbx),
        busy_at=_CALLS[use] * max(1, len(phones) + apps),
        has_apps=apps > 0,
    )


def _stronger(of_phone: Srtp, pbx: PbxSite) -> Srtp:
    of_site = pbx.site.pbx.hardening.srtp if pbx.site.pbx else "off"
    return max(of_phone, of_site, key=_SRTP.index)


def _soft_phones(pbx: PbxSite, account: Account) -> int:
    """Apps beside the phones; links are made again and again, so not each counts."""
    return min(pbx.soft_phones.get(account.extension, 0), _MAX_SOFT_PHONES)


def _strictest(phones: tuple[PbxPhone, ...]) -> Use:
    """Whoever takes the secret out of a door station must not call as a receptionist."""
    uses = {use_of(phone) for phone in phones}
    return next((use for use in (Use.DOOR, Use.LIFT, Use.GUESTS) if use in uses), Use.STAFF)


def _check_unique(made: tuple[Endpoint, ...]) -> None:
    seen: dict[str, str] = {}
    for endpoint in made:
        # Asterisk passes over hyphens when it compares extensions; case it heeds only in places.
        key = endpoint.extension.replace("-", "").lower()
        if key in seen:
            raise InventoryError(
                f"extensions {seen[key]!r} and {endpoint.extension!r} are one to Asterisk"
            )
        seen[key] = endpoint.extension
