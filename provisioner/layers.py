"""What one layer of settings may hold, before it is merged with the others. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from provisioner.settings import PhoneSettings

PLACEHOLDER = re.compile(r"\{([a-z_]+(?:\.[A-Za-z0-9_-]+)+)\}")


def first_wrong(layer: Mapping[str, JsonValue]) -> tuple[tuple[str | int, ...], str] | None:
    """Return path and problem of the first value that no phone may have, or None.

    A text with a placeholder is not judged: it is known only when the layers of a phone are merged.
    """
    try:
        PhoneSettings.model_validate(_known(layer))
    except ValidationError as problem:
        first = problem.errors()[0]
        return first["loc"], first["msg"].removeprefix("Value error, ")
    return None


def _known(layer: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {
        name: _known(value) if isinstance(value, dict) else value
        for name, value in layer.items()
        if not _is_open(value)
    }


def _is_open(value: JsonValue) -> bool:
    """Whether a value is, or lists, a text with a placeholder."""
    if isinstance(value, list):
        return any(_is_open(item) for item in value)
    return isinstance(value, str) and PLACEHOLDER.search(value) is not None


def merged(weak: Mapping[str, JsonValue], strong: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return two layers as one: mappings are merged, everything else is replaced."""
    made = dict(weak)
    for name, value in strong.items():
        below = made.get(name)
        both = isinstance(below, dict) and isinstance(value, dict)
        made[name] = merged(below, value) if both else value  # type: ignore[arg-type]
    return made
