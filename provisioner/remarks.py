"""What a phone will not do as asked, in sentences: warnings at save time. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalogue.schema import Dialect, Model
from provisioner.clock import Clock
from provisioner.keys import KeyPlan
from provisioner.resolve import Resolved
from provisioner.settings import PhoneSettings

# Settings that phones can be told, but whose other end bellwire does not have yet.
_NOT_SERVED = {
    "directory.phonebook": "bellwire serves no phone books yet",
    "telemetry.action_urls": "bellwire does not take the phones' reports yet",
}
_DEFAULTS = PhoneSettings()
_ASKED_BY = frozenset({"preset", "room", "phone", "site"})


def remarks(
    model: Model, dialect: Dialect, resolved: Resolved, plan: KeyPlan, clock: Clock
) -> tuple[str, ...]:
    """Return everything that a layer asked for and the phone cannot do."""
    return (
        *resolved.warnings,
        *(f"key {_name(left.key)}: {left.reason}" for left in plan.left_over),
        *([clock.warning] if clock.warning else []),
        *_unexpressed(model, dialect, resolved),
        *_not_served(resolved),
    )


def _name(key: object) -> str:
    return str(getattr(key, "label", "") or getattr(key, "value", "") or getattr(key, "type", ""))


def _unexpressed(model: Model, dialect: Dialect, resolved: Resolved) -> Iterator[str]:
    """Settings that preset, room or phone ask for and the dialect cannot say."""
    for name, origin in sorted(resolved.origins.items()):
        asked = origin.split(" ")[0] in _ASKED_BY - {"site"}
        value = _value(resolved.settings, name)
        if not asked or name.startswith("raw.") or value == _value(_DEFAULTS, name):
            continue
        if not _is_expressed(name, dialect):
            yield f"{name} = {value} ({origin}): {model.name} cannot be told this"


def _is_expressed(name: str, dialect: Dialect) -> bool:
    """Whether the dialect lists the setting, or a part it belongs to."""
    parts = name.split(".")
    return any(".".join(parts[:n]) in dialect.settings for n in range(1, len(parts) + 1))


def _not_served(resolved: Resolved) -> Iterator[str]:
    for name, problem in _NOT_SERVED.items():
        origin = resolved.origins.get(name, "")
        if origin.split(" ")[0] in _ASKED_BY and _value(resolved.settings, name):
            yield f"{name} ({origin}): {problem}"


def _value(settings: PhoneSettings, name: str) -> object:
    value: object = settings
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else getattr(value, part, "")
    return value
