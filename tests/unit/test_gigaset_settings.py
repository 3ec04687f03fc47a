"""The list of settings of Gigaset's dialect says what its template does: no more, no less."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from provisioner.catalogue.loader import load
from provisioner.render import render
from provisioner.settings import PhoneSettings
from tests.gigaset_phones import MAC
from tests.kits import make_kit

# on this ground every other value can be seen
GROUND: dict[str, Any] = {
    "sip": {"outbound_proxy": "sbc.example", "backup_registrar": "pbx2.example"},
    "calls": {"voicemail": "*97"},
    "directory": {"phonebook": True},
    "firmware": {"version": "2.65.0", "url": "http://x.example/a.bin"},
}
# tried in turn until one is allowed and new
VALUES: tuple[object, ...] = (
    "other.example", "http://x.example/b", "library:b.png", "5", "55555", "ES", "Asia/Tokyo", "fr",
    "01:00-01:30", 7, 77, 2, 600, ["a.example", "b.example"], ["239.1.1.1:5000"], ["911"], ["pcma"],
    ["10.0.0.1"], {"to": "5"}, [{"mac": "805ec0000777"}],
)  # fmt: skip
EXACT: dict[str, object] = {
    "dect.pin": "5555", "dect.handset_pin": "6666", "locale.country": "FR",
    "locale.timezone": "Asia/Tokyo",
}  # fmt: skip


def names() -> list[str]:
    return [
        f"{section}.{name}"
        for section, field in PhoneSettings.model_fields.items()
        for name in getattr(field.annotation, "model_fields", {})
    ]


def with_ground(setting: str = "", value: object = None) -> dict[str, Any]:
    settings = {section: dict(values) for section, values in GROUND.items()}
    if setting:
        section, name = setting.split(".")
        settings.setdefault(section, {})[name] = value
    return settings


def other(setting: str) -> object:
    """A value that differs from the one on the ground."""
    section, name = setting.split(".")
    field = type(getattr(PhoneSettings(), section)).model_fields[name]
    before = getattr(getattr(PhoneSettings.model_validate(with_ground()), section), name)
    if isinstance(before, bool):
        return not before
    for value in (*get_args(field.annotation), *VALUES):
        try:
            after = PhoneSettings.model_validate(with_ground(setting, value))
        except ValidationError:
            continue
        if getattr(getattr(after, section), name) != before:
            return value
    raise AssertionError(f"no other value for {setting}")


def body(setting: str = "") -> bytes:
    value = EXACT[setting] if setting in EXACT else other(setting) if setting else None
    kit = make_kit(
        "gigaset/n870-ip-pro", "dect-base", mac=MAC, handsets=2, firmware="2.11.0",
        settings=with_ground(setting, value),
    )  # fmt: skip
    return b"".join(file.body for file in render(load().folder, kit))


@pytest.fixture(scope="module")
def ground() -> bytes:
    return body()


@pytest.mark.parametrize("setting", names())
def test_what_is_listed_is_written_and_what_is_not_is_not(setting: str, ground: bytes) -> None:
    listed = load().vendors["gigaset"].dialect("nx70").settings
    expressed = setting in listed or setting.split(".", 1)[0] in listed
    assert (body(setting) != ground) == expressed


def test_firmware_is_named_only_when_it_differs() -> None:
    for firmware, there in (("2.11.0", True), ("2.65.0", False)):
        kit = make_kit("gigaset/n870-ip-pro", "dect-base", firmware=firmware, settings=GROUND)
        assert (b"<firmware>" in render(load().folder, kit)[0].body) is there
