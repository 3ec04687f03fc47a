"""Where the phones of a preview are and what they are, as people call them; ids as a detail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select

from provisioner.catalogue.presets import RoomTemplate
from provisioner.inventory.records import Room
from provisioner.inventory.tables import PhoneRow, RoomRow, SiteRow
from provisioner.mac import MacAddress
from provisioner.plan import Plan
from web.installation import Installation
from web.overview.reading import position_name
from web.overview.wording import Voice, place_name, room_name, voice
from web.pages import language
from web.pages.access import now
from web.pages.language import gettext
from web.pages.phone.formats import model_text


@dataclass(frozen=True, slots=True)
class Named:
    """What something is called, and what else tells it apart: floor, model, ids."""

    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Words for rooms and phones of a site.

    Attributes:
        rooms: by id.
        phones: by MAC, those that were asked for.
        templates: room templates by name.
    """

    installation: Installation
    speaking: Voice
    rooms: Mapping[str, Room]
    phones: Mapping[MacAddress, tuple[str, str, str]]
    templates: Mapping[str, RoomTemplate]

    def room(self, room: Room) -> Named:
        """Return what a room is called."""
        called = room_name(room.id, room.name, self.speaking)
        floor = _floor(room)
        ids = "" if called.endswith(room.id) else room.id
        return Named(called, " · ".join(filter(None, (floor, ids))))

    def phone(self, mac: MacAddress) -> Named:
        """Return where a phone is, and what it is; one that nobody knows by its MAC."""
        if mac not in self.phones:
            return Named(mac.colons)
        room_id, position, model = self.phones[mac]
        room = self.rooms.get(room_id, Room("", room_id))
        title = position_name(self.templates.get(room.template), position, self.speaking.language)
        called = room_name(room.id, room.name, self.speaking)
        details = (_floor(room), model_text(self.installation.catalogue.models.get(model), model))
        ids = f"{room_id}, {position}"
        return Named(
            place_name(called, title, self.speaking), " · ".join((*filter(None, details), ids))
        )


def _floor(room: Room) -> str:
    return gettext("Floor %(floor)s") % {"floor": room.floor} if room.floor else ""


def read_places(
    installation: Installation, site: str, plan: Plan, macs: Iterable[MacAddress]
) -> Places:
    """Return words for the rooms of a plan and for some phones; three queries."""
    listed = set(macs)
    phones = {
        phone.mac: (phone.room, phone.position, phone.model)
        for phone in (*plan.before.phones, *plan.after.phones)
        if phone.mac in listed
    }
    wanted = [str(mac) for mac in listed - phones.keys()]
    known = {room.id: room for room in (*plan.before.rooms, *plan.after.rooms)}
    with installation.database.read() as session:
        row = session.execute(
            select(SiteRow.timezone, SiteRow.room_templates).where(SiteRow.id == site)
        ).one_or_none()
        of_phones = select(PhoneRow.mac, PhoneRow.room_id, PhoneRow.position, PhoneRow.model)
        for mac, *where in session.execute(of_phones.where(PhoneRow.mac.in_(wanted))):
            phones[MacAddress(mac)] = (where[0], where[1], where[2])
        missing = {room for room, *_ in phones.values()} - known.keys()
        of_rooms = select(RoomRow.id, RoomRow.name, RoomRow.floor, RoomRow.template)
        for each in session.execute(
            of_rooms.where(RoomRow.site_id == site, RoomRow.id.in_(missing))
        ):
            known[each.id] = Room(site, each.id, each.name, each.floor, each.template)
    own = _own_templates(row.room_templates if row else {})
    zone = ZoneInfo(row.timezone if row else "UTC")
    speaking = voice(language.current(), zone, now())
    return Places(installation, speaking, known, phones, {**installation.catalogue.rooms, **own})


def _own_templates(kept: Mapping[str, Mapping[str, object]]) -> dict[str, RoomTemplate]:
    return {
        name: RoomTemplate.model_validate({**each, "settings": {}}) for name, each in kept.items()
    }
