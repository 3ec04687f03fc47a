"""Layers of settings to PhoneSettings, each value with its origin.

Weakest first: product defaults, vendor, model, inventory (country, room and the like), site,
preset, room template, room, phone. A layer gives a part;
the strongest layer that names a value wins, and ``origins`` says which one that was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue, ValidationError

from provisioner.catalogue.presets import Preset, PresetKey, RoomTemplate
from provisioner.catalogue.schema import Model, Vendor
from provisioner.errors import InventoryError
from provisioner.inventory.records import Layer, Phone, Room, Site
from provisioner.key_types import KeyType, PhoneKey
from provisioner.layers import PLACEHOLDER
from provisioner.settings import PhoneSettings

_NEEDS_VALUE = frozenset({KeyType.SPEED_DIAL, KeyType.BLF, KeyType.INTERCOM, KeyType.PAGING})


class UnknownNameError(InventoryError):
    """A placeholder names something the site does not have."""


@dataclass(frozen=True, slots=True)
class NamedLayer:
    """Partial settings and where they come from, for people to read."""

    origin: str
    values: Layer


@dataclass(frozen=True, slots=True)
class Resolved:
    """Final settings, the origin of every value that is not a product default, and remarks."""

    settings: PhoneSettings
    origins: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[PhoneKey, ...] = ()
    warnings: tuple[str, ...] = ()

    def origin(self, name: str) -> str:
        """Return which layer gave the dotted setting ``name``."""
        return self.origins.get(name, "product defaults")


@dataclass(frozen=True, slots=True)
class Place:
    """Everything the settings of one phone depend on."""

    vendor: Vendor
    model: Model
    site: Site
    preset: Preset
    room: Room
    template: RoomTemplate | None
    phone: Phone


def resolve(place: Place) -> Resolved:
    """Merge the layers of one phone.

    Raises:
        InventoryError: a layer holds a value that is not allowed; names layer and setting.
    """
    names = facts(place)
    layers = layers_of(place)
    values, origins = merge(layers)
    warnings: list[str] = []
    filled = _fill_values(values, names, origins, warnings)
    settings = _validated(filled, origins)
    keys = _keys(place, names, warnings)
    return Resolved(settings, origins, keys, tuple(warnings))


def layers_of(place: Place) -> list[NamedLayer]:
    """Return the layers of one phone, weakest first (product defaults are the schema's own)."""
    layers = [
        NamedLayer(f"vendor {place.vendor.id}", place.vendor.settings),
        NamedLayer(f"model {place.model.id}", place.model.settings),
        NamedLayer("inventory", _inventory_layer(place.site, place.room)),
        NamedLayer(f"site {place.site.id}", place.site.settings),
        NamedLayer(f"preset {place.preset.id}", place.preset.settings),
    ]
    if place.template is not None:
        layers.append(NamedLayer(f"room template {place.template.id}", place.template.settings))
    layers.append(NamedLayer(f"room {place.room.id}", place.room.settings))
    layers.append(NamedLayer(f"phone {place.phone.mac.colons}", place.phone.settings))
    return layers


def merge(layers: Sequence[NamedLayer]) -> tuple[dict[str, JsonValue], dict[str, str]]:
    """Merge partial layers; mappings are merged, everything else is replaced."""
    values: dict[str, JsonValue] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        _merge_into(values, layer.values, layer.origin, origins, "")
    return values, origins


def facts(place: Place) -> dict[str, str]:
    """Return the names that placeholders may use, with their values."""
    site, room, phone = place.site, place.room, place.phone
    names = {f"site.numbers.{name}": number for name, number in site.numbers.items()}
    names |= {
        "site.id": site.id,
        "site.name": site.name,
        "room.id": room.id,
        "room.name": room.name or room.id,
        "room.floor": room.floor,
        "phone.mac": str(phone.mac),
        "phone.position": phone.position,
    }
    if room.extension or phone.accounts:
        names["room.extension"] = room.extension or phone.accounts[0]
    if phone.accounts:
        names["phone.extension"] = phone.accounts[0]
    return names


def fill(text: str, names: Mapping[str, str]) -> str:
    """Replace ``{site.numbers.reception}`` and the like.

    Raises:
        UnknownNameError: a name is not known; it says which.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in names:
            raise UnknownNameError(f"{{{match[1]}}} is not set")
        return names[match[1]]

    return PLACEHOLDER.sub(value, text)


def _inventory_layer(site: Site, room: Room) -> dict[str, JsonValue]:
    """What follows from where the phone is, without anybody having set it."""
    derived: dict[str, JsonValue] = {
        "locale": {
            "country": site.country,
            "timezone": site.timezone,
            "language": site.languages[0],
        },
        "hotel": {"name": site.name, "room": room.name or room.id},
    }
    if "emergency" in site.numbers:
        derived["emergency"] = {"numbers": [site.numbers["emergency"]]}
    return derived


def _merge_into(
    target: dict[str, JsonValue], part: Layer, origin: str, origins: dict[str, str], path: str
) -> None:
    for name, value in part.items():
        here = f"{path}.{name}" if path else name
        if isinstance(value, Mapping):
            inner = target.get(name)
            if not isinstance(inner, dict):
                origins.pop(here, None)
                inner = target[name] = {}
            _merge_into(inner, value, origin, origins, here)
        else:
            if isinstance(target.get(name), dict):
                _forget(origins, here)
            target[name] = value
            origins[here] = origin


def _forget(origins: dict[str, str], name: str) -> None:
    """Forget where the parts of a replaced mapping came from."""
    for known in [n for n in origins if _is_within(n, name)]:
        del origins[known]


def _is_within(name: str, other: str) -> bool:
    """Whether a dotted name is the other one or a part of it."""
    return name == other or name.startswith(f"{other}.")


def _fill_values(
    values: Mapping[str, JsonValue],
    names: Mapping[str, str],
    origins: dict[str, str],
    warnings: list[str],
    path: str = "",
) -> dict[str, JsonValue]:
    """Fill placeholders in all texts; a text whose name is unknown falls back to the default."""
    filled: dict[str, JsonValue] = {}
    for name, value in values.items():
        here = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            filled[name] = _fill_values(value, names, origins, warnings, here)
            continue
        try:
            filled[name] = _fill_one(value, names)
        except UnknownNameError as problem:
            warnings.append(f"{here} ({origins.get(here, '')}): {problem}; left at its default")
            origins.pop(here, None)
    return filled


def _fill_one(value: JsonValue, names: Mapping[str, str]) -> JsonValue:
    if isinstance(value, str):
        return fill(value, names)
    if isinstance(value, list):
        return [_fill_one(item, names) for item in value]
    return value


def _validated(values: Mapping[str, JsonValue], origins: Mapping[str, str]) -> PhoneSettings:
    try:
        return PhoneSettings.model_validate(values)
    except ValidationError as problem:
        first = problem.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        near = (o for n, o in origins.items() if _is_within(name, n) or _is_within(n, name))
        origin = next(near, "")
        raise InventoryError(f"{origin or 'settings'}: {name}: {first['msg']}") from problem


def _keys(place: Place, names: Mapping[str, str], warnings: list[str]) -> tuple[PhoneKey, ...]:
    """Preset keys, then the phone's own; the phone's replace those in the same slot."""
    own_slots = {key.slot for key in place.phone.keys if key.slot}
    made: list[PhoneKey] = []
    wanted: tuple[PresetKey | PhoneKey, ...] = (*place.preset.keys, *place.phone.keys)
    for key in wanted:
        if isinstance(key, PresetKey) and key.slot in own_slots:
            continue
        filled = _filled_key(key, place.site.languages, names, warnings)
        if filled is not None:
            made.append(filled)
    return tuple(made)


def _filled_key(
    key: PresetKey | PhoneKey,
    languages: Iterable[str],
    names: Mapping[str, str],
    warnings: list[str],
) -> PhoneKey | None:
    label = text_in(key.label, languages)
    try:
        value, label = fill(key.value, names), fill(label, names)
    except UnknownNameError as problem:
        if not key.optional:
            warnings.append(f"key {label or key.type}: {problem}; the key is left out")
        return None
    if key.type in _NEEDS_VALUE and not value:
        warnings.append(f"key {label or key.type}: a {key.type} key needs a value")
        return None
    return PhoneKey(
        type=key.type,
        value=value,
        label=label,
        slot=key.slot,
        account=key.account,
        pickup=key.pickup,
        optional=key.optional,
    )


def text_in(texts: Mapping[str, str] | str, languages: Iterable[str]) -> str:
    """Return the text in the first language it exists in, English otherwise."""
    if isinstance(texts, str):
        return texts
    for language in (*languages, "en"):
        if language in texts:
            return texts[language]
    return next(iter(texts.values()), "")
