"""Presets and room templates that a site brings itself, or its versions of shipped ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from provisioner.catalogue.features import FEATURES
from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import WITHOUT_FILES, Kind
from provisioner.catalogue.presets import Preset, PresetKey, RoomTemplate
from provisioner.inventory.site_shape import FileSite
from provisioner.key_types import ForEach
from provisioner.layers import merged


class OwnTemplateError(ValueError):
    """A preset or room template of a site cannot be.

    Attributes:
        path: where, below the site.
        reason: why, in words.
    """

    def __init__(self, path: tuple[str | int, ...], reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OwnTemplates:
    """What a site brings itself, by id."""

    presets: Mapping[str, Preset] = field(default_factory=dict)
    rooms: Mapping[str, RoomTemplate] = field(default_factory=dict)


def own_templates(site: FileSite, catalogue: Catalogue) -> OwnTemplates:
    """Return a site's own presets and room templates, each checked.

    Raises:
        OwnTemplateError: says where and why.
    """
    presets = dict(_presets(site, catalogue))
    made = OwnTemplates(presets, dict(_rooms(site, catalogue, presets)))
    check_key_templates(site, catalogue, made)
    return made


def check_key_templates(site: FileSite, catalogue: Catalogue, own: OwnTemplates) -> None:
    """Refuse keys that stand for the rooms of a room template which nobody knows.

    Raises:
        OwnTemplateError: says where and why.
    """
    known = {*catalogue.rooms, *own.rooms}
    for path, key in _keys(site):
        for template in sorted(set(key.template) - known):
            reason = f"there is no room template {template!r}; known are {_listed(known)}"
            raise OwnTemplateError((*path, "template"), reason)


def _presets(site: FileSite, catalogue: Catalogue) -> Iterator[tuple[str, Preset]]:
    for preset_id, given in site.presets.items():
        here = ("presets", preset_id)
        unknown = sorted(given.needs - set(FEATURES))
        if unknown:
            reason = f"there is no feature {unknown[0]!r}; known are {_listed(FEATURES)}"
            raise OwnTemplateError((*here, "needs"), reason)
        base = catalogue.presets.get(preset_id)
        try:
            yield preset_id, own_preset(preset_id, given.model_dump(exclude_unset=True), base)
        except ValidationError as problem:
            raise _error(here, problem) from problem
        except OwnTemplateError as problem:
            raise OwnTemplateError((*here, *problem.path), problem.reason) from problem


def _rooms(
    site: FileSite, catalogue: Catalogue, presets: Mapping[str, Preset]
) -> Iterator[tuple[str, RoomTemplate]]:
    known = {*presets, *catalogue.presets}
    for room_id, given in site.room_templates.items():
        here = ("room_templates", room_id)
        base = catalogue.rooms.get(room_id)
        for number, position in enumerate(given.positions):
            there = (*here, "positions", number)
            new = base is None or base.position(position.id) is None
            if position.preset not in known and (position.preset or new):
                reason = f"there is no preset {position.preset!r}; known are {_listed(known)}"
                raise OwnTemplateError((*there, "preset"), reason)
            for model in (*position.models, *position.accessories):
                if model not in catalogue.models:
                    raise OwnTemplateError((*there, "models"), f"there is no model {model!r}")
        try:
            yield room_id, own_room(room_id, given.model_dump(exclude_unset=True), base)
        except ValidationError as problem:
            raise _error(here, problem) from problem


def _keys(site: FileSite) -> Iterator[tuple[tuple[str | int, ...], ForEach]]:
    """Every key that a site file writes, and where."""
    for name, preset in site.presets.items():
        for part, keys in (("keys", preset.keys), ("add_keys", preset.add_keys)):
            yield from ((("presets", name, part, n), key) for n, key in enumerate(keys))
    for number, room in enumerate(site.rooms):
        for position, phone in room.phones.items():
            here = ("rooms", number, "phones", position, "keys")
            yield from (((*here, n), key) for n, key in enumerate(phone.keys))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _error(here: tuple[str, str], problem: ValidationError) -> OwnTemplateError:
    first = problem.errors()[0]
    return OwnTemplateError((*here, *first["loc"]), first["msg"].removeprefix("Value error, "))


def own_preset(preset_id: str, given: Mapping[str, Any], base: Preset | None) -> Preset:
    """Return the site's own preset; what it leaves out comes from the shipped one.

    Args:
        preset_id: its id.
        given: what the site file says of it, by the names of ``FilePreset``.
        base: the shipped preset of that id, or None.

    Raises:
        OwnTemplateError: ``labels`` or ``without`` names no key of it.
        ValidationError: it is no preset.
    """
    values: dict[str, Any] = base.model_dump() if base else {"name": {"en": preset_id}}
    values |= {k: v for k, v in given.items() if k not in {"labels", "without", "add_keys"}}
    if base is not None:
        values["settings"] = merged(base.settings, given.get("settings") or {})
    keys = [PresetKey.model_validate(key) for key in values.get("keys", ())]
    values["keys"] = [*_changed(keys, given), *given.get("add_keys", ())]
    values["id"] = preset_id
    values.setdefault("kinds", sorted(set(Kind) - WITHOUT_FILES))
    return Preset.model_validate(values)


def _changed(keys: list[PresetKey], given: Mapping[str, Any]) -> Iterator[PresetKey]:
    labels: Mapping[str, Any] = given.get("labels", {})
    without: Sequence[str] = given.get("without", ())
    names = {key.name for key in keys}
    named: list[tuple[str, str | int]] = [(name, name) for name in labels]
    named += [(name, number) for number, name in enumerate(without)]
    for name, place in named:
        if name not in names:
            part = "labels" if isinstance(place, str) else "without"
            reason = f"the preset has no key {name!r}; it has {_listed(names) or 'none'}"
            raise OwnTemplateError((part, place), reason)
    for key in keys:
        if key.name in labels:
            yield PresetKey.model_validate({**key.model_dump(), "label": labels[key.name]})
        elif key.name not in without:
            yield key


def own_room(room_id: str, given: Mapping[str, Any], base: RoomTemplate | None) -> RoomTemplate:
    """Return the site's own room template; what it leaves out comes from the shipped one."""
    values: dict[str, Any] = base.model_dump() if base else {"name": {"en": room_id}}
    positions = {position["id"]: position for position in values.get("positions", ())}
    for position in given.get("positions", ()):
        before = positions.get(position["id"], {"name": {"en": position["id"]}})
        positions[position["id"]] = {**before, **position}
    values |= given
    if base is not None:
        values["settings"] = merged(base.settings, given.get("settings") or {})
    values |= {"id": room_id, "positions": list(positions.values())}
    return RoomTemplate.model_validate(values)
