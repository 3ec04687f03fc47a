"""A site's own presets and room templates as a site file writes them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.catalogue.presets import Preset, RoomTemplate
from provisioner.catalogue.record import Record

Json = dict[str, Any]


def preset_part(preset: Preset, shipped: Preset | None) -> Json:
    """Return what a site file says of a preset.

    Args:
        preset: the site's own.
        shipped: that of the same id, or None: then everything is written.
    """
    made = _differing(preset, shipped, ("name", "description", "kinds", "needs", "guests"))
    made["settings"] = _beyond(preset.settings, shipped.settings if shipped else {})
    if shipped is None or preset.keys != shipped.keys:
        made["keys"] = [key.model_dump(mode="json", exclude_defaults=True) for key in preset.keys]
    return _said(made)


def room_template_part(template: RoomTemplate, shipped: RoomTemplate | None) -> Json:
    """Return what a site file says of a room template; ``shipped`` as for presets."""
    made = _differing(template, shipped, ("name", "description", "guests"))
    made["settings"] = _beyond(template.settings, shipped.settings if shipped else {})
    made["positions"] = [
        position.model_dump(mode="json", exclude_defaults=True)
        for position in template.positions
        if shipped is None or shipped.position(position.id) != position
    ]
    return _said(made)


def _differing(own: Record, shipped: Record | None, names: tuple[str, ...]) -> Json:
    values = own.model_dump(mode="json")
    for name in ("kinds", "needs"):
        if name in values:
            values[name] = sorted(values[name])
    same = shipped.model_dump(mode="json") if shipped else {}
    for name in ("kinds", "needs"):
        if name in same:
            same[name] = sorted(same[name])
    return {name: values[name] for name in names if shipped is None or values[name] != same[name]}


def _beyond(layer: Mapping[str, Any], shipped: Mapping[str, Any]) -> Json:
    """What a layer says that the shipped one does not say alike."""
    made: Json = {}
    for name, value in layer.items():
        below = shipped.get(name)
        if isinstance(value, dict) and isinstance(below, dict):
            inner = _beyond(value, below)
            if inner:
                made[name] = inner
        elif name not in shipped or value != below:
            made[name] = value
    return made


def _said(values: Json) -> Json:
    kept = {"kinds", "needs", "guests", "keys"}  # an empty one takes the place of a shipped one
    return {n: v for n, v in values.items() if n in kept or v not in ({}, [], "")}
