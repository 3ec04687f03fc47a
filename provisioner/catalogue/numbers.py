"""The names of numbers that presets ask a site for, and what each is."""

from __future__ import annotations

import json
from collections.abc import Iterator

from provisioner.catalogue.presets import Preset
from provisioner.layers import PLACEHOLDER

NUMBERS: dict[str, str] = {
    "reception": "the front desk, answered day and night",
    "emergency": "the public emergency number; emergency keys dial it",
    "housekeeping": "who cleans rooms and brings towels",
    "room_service": "food and drink to the room",
    "wake_up": "the code or service that takes wake-up orders",
    "voicemail": "the code that plays messages",
    "spa": "the spa",
    "restaurant": "the restaurant, for a table",
    "concierge": "the concierge, or the porter of a house with flats",
    "laundry": "the laundry",
    "butler": "the butler of the suites",
    "rescue": "who frees people from a lift, answered day and night; else reception",
    "lifeguard": "the lifeguard; else reception",
    "parking": "who answers the garage gate; else reception",
    "nurses": "the nurse station",
    "doctor": "the doctor on duty",
    "security": "the guards",
    "maintenance": "the technical service",
    "supervisor": "who decides on a shift; for a shop, its office",
    "stockroom": "the stockroom of a shop",
    "group_pickup": "the code that takes a call ringing at a colleague's phone",
    "park": "where a call is parked",
}
"""All of them stand in a site file under ``numbers``; what a site lacks, its keys leave out."""

PLACES = frozenset(
    {
        "site.id", "site.name", "room.id", "room.name", "room.floor", "room.extension",
        "phone.mac", "phone.position", "phone.extension",
    }
)  # fmt: skip
"""What else a placeholder may name."""
OF_EACH = frozenset({"each.id", "each.name", "each.floor", "each.extension"})
"""And in a key that stands for rooms."""
_PREFIX = "site.numbers."


def numbers_of(preset: Preset) -> tuple[str, ...]:
    """Return the names of the numbers that a preset asks for, in the order of ``NUMBERS``."""
    told = json.dumps([preset.settings, *(key.model_dump(mode="json") for key in preset.keys)])
    named = {name.removeprefix(_PREFIX) for name in _names(told) if name.startswith(_PREFIX)}
    if any(key.type == "emergency" and not key.value for key in preset.keys):
        named.add("emergency")
    return tuple(name for name in NUMBERS if name in named)


def unknown_names(preset: Preset) -> Iterator[tuple[str, str]]:
    """Yield where, and which name that nothing gives a value to, stands in a preset."""
    known = PLACES | {_PREFIX + name for name in NUMBERS}
    for name in _names(json.dumps(preset.settings)):
        if name not in known:
            yield "settings", name
    for number, key in enumerate(preset.keys):
        allowed = known | OF_EACH if key.each else known
        for name in _names(json.dumps(key.model_dump(mode="json"))):
            if name not in allowed:
                yield f"keys.{number}", name


def _names(text: str) -> Iterator[str]:
    for match in PLACEHOLDER.finditer(text):
        yield from match[1].split("|")
