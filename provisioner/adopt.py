"""Taking a waiting phone into a room."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.apply import Applier
from provisioner.catalogue.advice import why_not
from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Model
from provisioner.catalogue.suitability import why_unfit
from provisioner.edits.whole import apply_whole
from provisioner.errors import DuplicateError, InventoryError, UnknownThingError
from provisioner.inventory import store
from provisioner.inventory.phones import require_site
from provisioner.inventory.records import Account, Inventory, Phone, Room, Site
from provisioner.mac import MacAddress


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a phone goes; without an extension it gets the room's."""

    site: str
    room: str
    position: str
    extension: str | None = None


def adopt(applier: Applier, mac: MacAddress, spot: Spot, model_name: str, who: str) -> Phone:
    """Put a phone at a position of a room, and arm it.

    Raises:
        UnknownThingError: no such site, room or model, or the room's template has no such position.
        DuplicateError: the MAC or the position is taken.
        InventoryError: the room has no extension and none is given, or the model is no device
            for the position.
    """
    model = applier.catalogue.model(model_name)
    if not model.dialects:
        raise UnknownThingError(why_not(model))
    with applier.database.read() as session:
        require_site(session, spot.site)
        held = store.stored(session, applier.box, [spot.site])
    room = _room(held, spot)
    _check_free(held, mac, spot)
    extension = (spot.extension or room.extension) if model.accounts else ""
    if not extension and model.accounts and model.dect is None:
        raise InventoryError(f"room {room.id} has no extension; say --extension")
    preset = _preset(applier.catalogue, held.sites[0], room, spot.position)
    _check_suits(applier.catalogue, held.sites[0], model, preset)
    phone = Phone(
        site=spot.site,
        room=room.id,
        position=spot.position,
        mac=mac,
        model=model.id,
        preset=preset,
        accounts=(extension,) if extension else (),
    )
    fresh: tuple[Account, ...] = ()
    if extension and all(a.extension != extension for a in held.accounts):
        fresh = (Account(spot.site, extension, room.name or room.id),)
    # no more than what is new: the rest may have been changed by somebody else meanwhile
    new = Inventory(phones=(phone,), accounts=fresh)
    apply_whole(applier, new, who=who, action="adopt")
    return phone


def _room(held: Inventory, spot: Spot) -> Room:
    for room in held.rooms:
        if room.id == spot.room:
            return room
    known = ", ".join(sorted(room.id for room in held.rooms)[:20])
    raise UnknownThingError(f"{spot.site} has no room {spot.room!r}; it has {known}")


def _check_free(held: Inventory, mac: MacAddress, spot: Spot) -> None:
    for phone in held.phones:
        if phone.mac == mac:
            raise DuplicateError(f"{mac.colons} is already {phone.position} of room {phone.room}")
        if (phone.room, phone.position) == (spot.room, spot.position):
            raise DuplicateError(
                f"position {spot.position} of room {spot.room} has {phone.mac.colons}"
            )


def _check_suits(catalogue: Catalogue, site: Site, model: Model, preset: str) -> None:
    reasons = why_unfit(model, site.presets.get(preset) or catalogue.presets[preset])
    if reasons:
        raise InventoryError(f"{'; '.join(reasons)} (preset {preset!r})")


def _preset(catalogue: Catalogue, site: Site, room: Room, position: str) -> str:
    template = site.room_templates.get(room.template) or catalogue.rooms.get(room.template)
    place = template.position(position) if template else None
    if place is None:
        known = ", ".join(p.id for p in template.positions) if template else "no template"
        raise UnknownThingError(f"room {room.id} has no position {position!r} (it has: {known})")
    return place.preset
