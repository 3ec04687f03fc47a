"""Keys that stand for many: one for each room of the site, so that nobody lists them by hand. Pure.

A phone with such a key depends on other rooms than its own: ``watches_rooms`` says which phones,
``WATCHED`` on what.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from provisioner.catalogue.presets import Preset
from provisioner.inventory.records import Phone, Room
from provisioner.key_types import Key

WATCHED = frozenset({"extension", "name", "floor", "template"})
"""Fields of a room that appear in, or choose, other phones' keys."""
DEFAULT_VALUE = "{each.extension}"
DEFAULT_LABEL = "{each.name}"


def watches_rooms(preset: Preset, phone: Phone) -> bool:
    """Whether a phone has keys that stand for the rooms of its site."""
    return any(key.each for key in (*preset.keys, *phone.keys))


def rooms_by_site(rooms: Iterable[Room]) -> dict[str, tuple[Room, ...]]:
    """Return the rooms of each site."""
    found: dict[str, list[Room]] = {}
    for room in rooms:
        found.setdefault(room.site, []).append(room)
    return {site: tuple(of_site) for site, of_site in found.items()}


def rooms_of_key(key: Key, floor: str, rooms: Iterable[Room], phone: Phone) -> tuple[Room, ...]:
    """Return the rooms that a key stands for, by floor and then by name, each extension once.

    Args:
        key: one with ``each``.
        floor: the key's floor with its placeholders filled.
        rooms: all rooms of the site.
        phone: whose key it is; its own room and numbers get no key.
    """
    chosen = (
        room
        for room in sorted(rooms, key=_place)
        if room.extension
        and room.extension not in phone.accounts
        and room.id != phone.room
        and (not key.floor or room.floor == floor)
        and (not key.template or room.template in key.template)
    )
    by_extension: dict[str, Room] = {}
    for room in chosen:
        by_extension.setdefault(room.extension, room)
    return tuple(by_extension.values())


def names_of(room: Room) -> Mapping[str, str]:
    """Return the names that value and label of such a key may use, with their values."""
    return {
        "each.id": room.id,
        "each.name": room.name or room.id,
        "each.floor": room.floor,
        "each.extension": room.extension,
    }


def _place(room: Room) -> tuple[Any, ...]:
    """Floors by number, basements first, named ones after; then names as people count."""
    number = re.fullmatch(r"-?\d+", room.floor)
    floor = (0, int(room.floor), ()) if number else (1, 0, _counted(room.floor))
    return (*floor, _counted(room.id))


def _counted(text: str) -> tuple[tuple[bool, int, str], ...]:
    """Split a text so that its numbers compare as numbers: ``9`` before ``10``."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((not p.isdecimal(), int(p) if p.isdecimal() else 0, p.lower()) for p in parts)
