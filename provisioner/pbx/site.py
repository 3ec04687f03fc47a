"""PbxSite: what one site is to its PBX, as values."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from provisioner.assembly import place_of
from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Kind
from provisioner.errors import UnknownThingError
from provisioner.inventory.records import Account, Inventory, Phone, Room, Site
from provisioner.mac import MacAddress
from provisioner.resolve import resolve
from provisioner.settings import PhoneSettings

_PIN_DIGITS = 6


@dataclass(frozen=True, slots=True)
class PbxPhone:
    """What a phone is to the PBX.

    Attributes:
        accounts: the extensions it registers, those of its DECT handsets included.
        room: the room's name as people say it.
    """

    mac: MacAddress
    kind: Kind
    accounts: tuple[str, ...]
    room: str
    position: str
    preset: str
    settings: PhoneSettings


@dataclass(frozen=True, slots=True)
class PbxSite:
    """A site as its PBX must know it.

    Attributes:
        voicemail_pins: PIN of each extension that has a box.
        soft_phones: how many apps use an extension, or may, by the links made for them.
    """

    site: Site
    accounts: tuple[Account, ...]
    phones: tuple[PbxPhone, ...] = ()
    voicemail_pins: Mapping[str, str] = field(default_factory=dict)
    soft_phones: Mapping[str, int] = field(default_factory=dict)

    def phones_of(self, extension: str) -> tuple[PbxPhone, ...]:
        """Return the phones that register an extension."""
        return tuple(phone for phone in self.phones if extension in phone.accounts)


def pbx_site(catalogue: Catalogue, inventory: Inventory, site_id: str) -> PbxSite:
    """Compute what the PBX of a site must know, from the inventory.

    Raises:
        UnknownThingError: no such site, or a phone names a room, model or preset nobody knows.
        InventoryError: a layer of a phone holds a value that is not allowed.
    """
    site = next((site for site in inventory.sites if site.id == site_id), None)
    if site is None:
        raise UnknownThingError(f"there is no site {site_id!r}")
    rooms = {room.id: room for room in inventory.rooms if room.site == site_id}
    accounts = tuple(account for account in inventory.accounts if account.site == site_id)
    return PbxSite(
        site=site,
        accounts=tuple(sorted(accounts, key=lambda a: (len(a.extension), a.extension))),
        phones=tuple(
            _phone(catalogue, site, rooms, phone)
            for phone in sorted(inventory.phones, key=lambda p: p.mac)
            if phone.site == site_id
        ),
        voicemail_pins={
            account.extension: voicemail_pin(account.secret)
            for account in accounts
            if account.voicemail and account.secret is not None
        },
    )


def voicemail_pin(secret: SecretStr) -> str:
    """Return the voicemail PIN that belongs to a SIP secret; a new secret gives a new PIN."""
    digest = hmac.digest(secret.get_secret_value().encode(), b"voicemail", hashlib.sha256)
    return str(int.from_bytes(digest, "big") % 10**_PIN_DIGITS).zfill(_PIN_DIGITS)


def _phone(catalogue: Catalogue, site: Site, rooms: Mapping[str, Room], phone: Phone) -> PbxPhone:
    room = rooms.get(phone.room)
    if room is None:
        raise UnknownThingError(f"{phone.mac.colons}: there is no room {phone.room!r}")
    place = place_of(catalogue, site, room, phone)
    everyone = (*phone.accounts, *(handset.extension for handset in phone.handsets))
    return PbxPhone(
        mac=phone.mac,
        kind=place.model.kind,
        accounts=tuple(dict.fromkeys(everyone)),
        room=room.name or room.id,
        position=phone.position,
        preset=phone.preset,
        settings=resolve(place).settings,
    )
