"""Why is this 60? Every setting of a phone with its value and the layer that gave it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, SecretStr

from provisioner.errors import UnknownThingError
from provisioner.kit import PhoneKit
from provisioner.render import hide_secret_parameters
from provisioner.syntaxes import MASK


def explain_settings(kit: PhoneKit, setting: str | None = None) -> list[dict[str, object]]:
    """Return setting, value and origin; of one setting or section, or of all.

    Raises:
        UnknownThingError: there is no such setting.
    """
    rows = [
        {"setting": name, "value": value, "origin": kit.resolved.origin(name)}
        for name, value in _leaves(kit.settings, "")
    ]
    if setting is None:
        return rows
    wanted = [
        r for r in rows if r["setting"] == setting or str(r["setting"]).startswith(f"{setting}.")
    ]
    if not wanted:
        raise UnknownThingError(f"there is no setting {setting!r}; bellwire explain MAC lists them")
    return wanted


def explain_keys(kit: PhoneKit) -> list[dict[str, str]]:
    """Return each used key of the phone: its slot, and what it does."""
    rows = []
    for placed in kit.plan.slots:
        if placed.key is not None:
            key = placed.key
            name = f" [{placed.slot.name}]" if placed.slot.name else ""
            rows.append(
                {
                    "slot": placed.slot.id + name,
                    "key": f"{key.type} {key.value} {key.label}".strip(),
                }
            )
    return rows


def _leaves(section: BaseModel, path: str) -> Iterator[tuple[str, object]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        here = f"{path}.{name}" if path else name
        if isinstance(value, BaseModel):
            yield from _leaves(value, here)
        elif isinstance(value, dict) and value:  # raw: by dialect and vendor parameter
            for dialect, given in value.items():
                for key, text in hide_secret_parameters(given).items():
                    yield f"{here}.{dialect}.{key}", _shown(text)
        else:
            yield here, _shown(value)


def _shown(value: object) -> object:
    return MASK if isinstance(value, SecretStr) else value
