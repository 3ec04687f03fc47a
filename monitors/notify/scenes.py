"""A site of the inventory as messages need it: its policy, and where its phones stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from monitors.notify.email import send_email
from monitors.notify.messages import Message, Scene
from monitors.notify.places import Place
from monitors.notify.sending import Send
from monitors.notify.webhook import post
from monitors.policy import Window, notify_policy
from provisioner.catalogue.loader import Catalogue
from provisioner.config import Smtp
from provisioner.inventory.records import Inventory, Phone, Room, Site


def scene_of(
    site: Site,
    inventory: Inventory,
    catalogue: Catalogue,
    windows: Iterable[Window] = (),
    switches: Mapping[str, str] | None = None,
) -> Scene:
    """Return what is needed to speak of a site's incidents.

    Args:
        site: one of the inventory.
        inventory: with its rooms and phones.
        catalogue: its presets and room templates.
        windows: maintenance that a person has set.
        switches: name of the switch that feeds a phone, by MAC, as far as known.
    """
    policy = notify_policy(site, catalogue.presets, windows)
    rooms = {room.id: room for room in inventory.rooms if room.site == site.id}
    phones = [phone for phone in inventory.phones if phone.site == site.id]
    crowd = Counter(phone.room for phone in phones)
    places = {
        str(phone.mac): Place(
            mac=str(phone.mac),
            room=phone.room,
            position=phone.position,
            preset=phone.preset,
            room_name=rooms[phone.room].name,
            position_name=_position(site, rooms[phone.room], phone, catalogue, policy.language)
            if crowd[phone.room] > 1
            else "",
            switch=(switches or {}).get(str(phone.mac), ""),
        )
        for phone in phones
    }
    return Scene(site.id, site.name, policy, places)


def _position(site: Site, room: Room, phone: Phone, catalogue: Catalogue, language: str) -> str:
    templates = {**catalogue.rooms, **site.room_templates}
    template = templates.get(room.template)
    found = template.position(phone.position) if template else None
    if found is None:
        return phone.position
    return found.name.get(language) or found.name.get("en") or phone.position


def senders_of(site: Site, smtp: Smtp, clock: Callable[[], datetime]) -> dict[str, Send]:
    """Return what sends a site's messages, by channel."""
    told = site.monitoring
    senders: dict[str, Send] = {}
    if told.email_to:
        senders["email"] = lambda message: send_email(smtp, told.email_to, message, clock())
    url = told.webhook_url
    if url is not None:

        def hook(message: Message) -> str:
            at_s = int(clock().replace(tzinfo=UTC).timestamp())
            return post(url, told.webhook_secret, message, at_s)

        senders["webhook"] = hook
    return senders
