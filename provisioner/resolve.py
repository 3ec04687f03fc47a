"""Layers of settings to PhoneSettings, each value with its origin.

Weakest first: product defaults, vendor, model, inventory (country, room and the like), site,
preset, room template, room, phone. A layer gives a part;
the strongest layer that names a value wins, and ``origins`` says which one that was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue, ValidationError

from provisioner.catalogue.models import Model
from provisioner.catalogue.presets import Preset, RoomTemplate
from provisioner.catalogue.schema import Vendor
from provisioner.errors import InventoryError
from provisioner.inventory.records import Layer, Phone, Room, Site
from provisioner.key_types import PhoneKey
from provisioner.layers import secret_settings
from provisioner.placeholders import UnknownNameError, fill
from provisioner.settings import PhoneSettings
from provisioner.wanted_keys import wanted_keys


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
    """Everything the settings of one phone depend on.

    Attributes:
        rooms: of the whole site; needed only when a key stands for each of them.
    """

    vendor: Vendor
    model: Model
    site: Site
    preset: Preset
    room: Room
    template: RoomTemplate | None
    phone: Phone
    rooms: tuple[Room, ...] = ()


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
    keys = wanted_keys(
        place.preset, place.phone, place.rooms, place.site.languages, names, warnings
    )
    warnings += _calls_itself(settings, place.phone)
    return Resolved(settings, origins, keys, tuple(warnings))


def site_settings(site: Site) -> PhoneSettings:
    """Return the settings of a site as a whole, where no phone is asked about.

    Raises:
        InventoryError: the site holds a value that is not allowed.
    """
    derived = NamedLayer("inventory", _inventory_layer(site, Room(site.id, "")))
    values, origins = merge([derived, NamedLayer(f"site {site.id}", site.settings)])
    return _validated(_fill_values(values, _site_facts(site), origins, []), origins)


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
    names = _site_facts(site) | {
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


def _site_facts(site: Site) -> dict[str, str]:
    numbers = {f"site.numbers.{name}": number for name, number in site.numbers.items()}
    return numbers | {"site.id": site.id, "site.name": site.name}


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
        if tuple(here.split(".")) in secret_settings():
            filled[name] = value  # a password may look like anything
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


def _calls_itself(settings: PhoneSettings, phone: Phone) -> Iterator[str]:
    """A phone that dials its own number is dead in an emergency and at a door."""
    numbers = {"calls.hotline": settings.calls.hotline, "door.call": settings.door.call}
    for name, number in numbers.items():
        if number and number in phone.accounts:
            yield f"{name} = {number}: the phone would call itself; give it its own extension"


def _validated(values: Mapping[str, JsonValue], origins: Mapping[str, str]) -> PhoneSettings:
    try:
        return PhoneSettings.model_validate(values)
    except ValidationError as problem:
        first = problem.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        near = (o for n, o in origins.items() if _is_within(name, n) or _is_within(n, name))
        origin = next(near, "")
        raise InventoryError(f"{origin or 'settings'}: {name}: {first['msg']}") from problem
