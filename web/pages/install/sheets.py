"""What will stand on the keys of phones that are not stored yet, and what they will not do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from provisioner.assembly import assemble, place_of
from provisioner.catalogue.loader import Catalogue
from provisioner.errors import BellwireError
from provisioner.inventory.records import Inventory, Phone, Room
from provisioner.key_sheet import KeyLabel, KeySheet, key_sheet
from provisioner.kit import PhoneKit
from provisioner.phone_secrets import PhoneSecrets
from provisioner.room_keys import watches_rooms
from provisioner.secrets import make_phone_secrets, make_sip_secret

LANGUAGES_MAX = 2


@dataclass(frozen=True, slots=True)
class SheetView:
    """One phone's keys.

    Attributes:
        mac: with colons.
        keys: those that do something.
        warnings: what it will not do as asked.
        problem: why its keys cannot be told; empty: they can.
    """

    position: str
    mac: str
    model: str
    number: str = ""
    keys: tuple[KeyLabel, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str = ""


def sheets_of(
    catalogue: Catalogue, after: Inventory, room: str, all_rooms: Iterable[Room] = ()
) -> tuple[SheetView, ...]:
    """Return the key sheets of the phones of a room. Pure but for stand-in secrets.

    Args:
        catalogue: the vendor knowledge.
        after: a site with the room, its phones and their accounts.
        room: its id.
        all_rooms: of the site, for keys that stand for rooms.
    """
    stand_in = make_phone_secrets()
    phones = [phone for phone in after.phones if phone.room == room]
    return tuple(_sheet(catalogue, after, phone, stand_in, tuple(all_rooms)) for phone in phones)


def shows_rooms(catalogue: Catalogue, after: Inventory, room: str) -> bool:
    """Whether a phone of a room has keys that stand for the rooms of its site."""
    presets = {**catalogue.presets, **after.sites[0].presets}
    return any(watches_rooms(presets[p.preset], p) for p in after.phones if p.room == room)


def _sheet(
    catalogue: Catalogue,
    after: Inventory,
    phone: Phone,
    secrets: PhoneSecrets,
    all_rooms: tuple[Room, ...],
) -> SheetView:
    view = SheetView(phone.position, phone.mac.colons, phone.model)
    try:
        kit = _kit(catalogue, after, phone, secrets, all_rooms)
        sheet: KeySheet = key_sheet(catalogue, kit, after.sites[0].languages[:LANGUAGES_MAX])
    except BellwireError as problem:
        return replace(view, problem=str(problem))
    return replace(view, number=sheet.number, keys=sheet.used, warnings=kit.warnings)


def _kit(
    catalogue: Catalogue,
    after: Inventory,
    phone: Phone,
    secrets: PhoneSecrets,
    all_rooms: tuple[Room, ...],
) -> PhoneKit:
    site = after.sites[0]
    room = next(r for r in after.rooms if r.id == phone.room)
    accounts = {
        a.extension: a if a.secret else replace(a, secret=make_sip_secret())
        for a in after.accounts
        if a.site == site.id
    }
    place = place_of(catalogue, site, room, phone, all_rooms or after.rooms)
    return assemble(catalogue, place, accounts, secrets)
