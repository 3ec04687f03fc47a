"""What each account becomes on an Asterisk: its endpoint, and what it is allowed to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import SecretStr

from provisioner.catalogue.models import Kind
from provisioner.errors import InventoryError
from provisioner.inventory.records import Account
from provisioner.pbx.asterisk_syntax import extension
from provisioner.pbx.site import PbxPhone, PbxSite
from provisioner.settings import Codec, PhoneSettings

# auto_info sends RFC 4733, and INFO to a phone that did not offer it.
_DTMF_MODES = {"rfc4733": "auto_info", "info": "info", "inband": "inband"}
_CODEC_NAMES: dict[Codec, str] = {"pcma": "alaw", "pcmu": "ulaw"}
_SPARE_CONTACTS = 1
_MAX_SOFT_PHONES = 5


class Use(StrEnum):
    """What an account may do; the words are also those of its context."""

    GUESTS = "guests"
    STAFF = "staff"
    DOOR = "door"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An account on Asterisk.

    Attributes:
        rooms: names of the rooms where its phones are; the account's own name without phones.
        places: room, position and MAC of each of its phones, for a comment.
        contacts: how many phones may be registered at a time.
        codecs: Asterisk's names, best first.
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
    if phone.settings.access.menu_locked or phone.kind is Kind.PAGING:
        return Use.GUESTS
    return Use.STAFF


def _endpoint(account: Account, pbx: PbxSite) -> Endpoint:
    if account.secret is None:
        raise InventoryError(f"account {account.extension!r} has no secret yet")
    phones = pbx.phones_of(account.extension)
    settings = phones[0].settings if phones else PhoneSettings()
    shown = account.name or account.extension
    return Endpoint(
        extension=extension(account.extension),
        name=shown,
        secret=account.secret,
        use=_strictest(phones),
        rooms=", ".join(dict.fromkeys(phone.room for phone in phones)) or shown,
        places=tuple(f"{p.room} {p.position} {p.mac.colons}" for p in phones),
        contacts=len(phones) + _SPARE_CONTACTS + _soft_phones(pbx, account),
        mailbox=account.voicemail,
        dtmf=_DTMF_MODES[settings.sip.dtmf],
        codecs=tuple(_CODEC_NAMES.get(codec, codec) for codec in settings.audio.codecs),
        srtp=settings.sip.srtp,
    )


def _soft_phones(pbx: PbxSite, account: Account) -> int:
    """Apps beside the phones; links are made again and again, so not each counts."""
    return min(pbx.soft_phones.get(account.extension, 0), _MAX_SOFT_PHONES)


def _strictest(phones: tuple[PbxPhone, ...]) -> Use:
    """Whoever takes the secret out of a door station must not call as a receptionist."""
    uses = {use_of(phone) for phone in phones}
    return next((use for use in (Use.DOOR, Use.GUESTS) if use in uses), Use.STAFF)


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
