"""What a phone will not do as asked, in sentences: warnings at save time. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalogue.features import FEATURES, lacking
from provisioner.catalogue.models import Model
from provisioner.catalogue.schema import Dialect
from provisioner.clock import Clock
from provisioner.keys import KeyPlan
from provisioner.resolve import Resolved
from provisioner.settings import PhoneSettings

_DEFAULTS = PhoneSettings()
_ASKED_BY = frozenset({"preset", "room", "phone", "site"})


def remarks(
    model: Model, dialect: Dialect, resolved: Resolved, plan: KeyPlan, clock: Clock
) -> tuple[str, ...]:
    """Return everything that a layer asked for and the phone cannot do."""
    return (
        *resolved.warnings,
        *_without_place(plan),
        *([clock.warning] if clock.warning else []),
        *_unexpressed(model, dialect, resolved),
    )


def _without_place(plan: KeyPlan) -> Iterator[str]:
    """Keys that have no place; those that stand for rooms in one sentence, however many."""
    rooms: dict[str, list[str]] = {}
    for left in plan.left_over:
        if left.key.each:
            rooms.setdefault(left.reason, []).append(_name(left.key))
        else:
            yield f"key {_name(left.key)}: {left.reason}"
    for reason, names in rooms.items():
        what = (
            f"{len(names)} rooms, from {names[0]} on, have" if len(names) > 1 else names[0] + " has"
        )
        yield f"{what} no key here: {reason}"


def _name(key: object) -> str:
    return str(getattr(key, "label", "") or getattr(key, "value", "") or getattr(key, "type", ""))


def _unexpressed(model: Model, dialect: Dialect, resolved: Resolved) -> Iterator[str]:
    """Settings that preset, room or phone ask for and the dialect cannot say."""
    for name, origin in sorted(resolved.origins.items()):
        asked = origin.split(" ")[0] in _ASKED_BY - {"site"}
        value = _value(resolved.settings, name)
        if not asked or name.startswith("raw.") or value == _value(_DEFAULTS, name):
            continue
        feature = lacking(name, model.features)
        if not _is_expressed(name, dialect) or feature:
            why = f": it lacks {feature!r} ({FEATURES[feature]})" if feature else ""
            yield f"{name} = {value} ({origin}): {model.name} cannot be told this{why}"
        elif limit := _beyond(dialect, name, value):
            yield f"{name} = {value} ({origin}): {model.name} {limit}"


def _is_expressed(name: str, dialect: Dialect) -> bool:
    """Whether the dialect lists the setting, or a part it belongs to."""
    parts = name.split(".")
    return any(".".join(parts[:n]) in dialect.settings for n in range(1, len(parts) + 1))


def _beyond(dialect: Dialect, name: str, value: object) -> str:
    """What a dialect can say of a setting when that is less than was asked, or an empty text."""
    limit = dialect.limits.get(name)
    entries = value if isinstance(value, tuple | list) else (value,)
    if isinstance(limit, int):
        return f"takes the first {limit} only" if len(entries) > limit else ""
    if limit is None or {str(entry) for entry in entries} <= limit:
        return ""
    return f"knows only {', '.join(sorted(limit))}"


def _value(settings: PhoneSettings, name: str) -> object:
    value: object = settings
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else getattr(value, part, "")
    return value
