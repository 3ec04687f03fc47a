"""What one layer of settings may hold, before it is merged with the others. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import get_args

from pydantic import BaseModel, JsonValue, SecretStr, ValidationError

from provisioner.settings import PhoneSettings

_NAME = r"[a-z_]+(?:\.[A-Za-z0-9_-]+)+"
PLACEHOLDER = re.compile(rf"\{{({_NAME}(?:\|{_NAME})*)\}}")
"""``{site.numbers.spa}``; ``{site.numbers.rescue|site.numbers.reception}``: the first set."""


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


@cache
def secret_settings() -> frozenset[tuple[str, ...]]:
    """The paths of all settings that are secrets."""
    return frozenset(_secrets(PhoneSettings, ()))


def _secrets(section: type[BaseModel], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, field in section.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _secrets(kind, (*path, name))
        if any("SecretStr" in str(kind) or kind is SecretStr for kind in kinds):
            yield (*path, name)
