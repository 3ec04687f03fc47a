"""Why is this 60? Every value with its origin, secrets masked."""

from __future__ import annotations

import pytest

from provisioner.errors import UnknownThingError
from provisioner.explain import explain_keys, explain_settings
from provisioner.syntaxes import MASK
from tests.kits import make_kit

KIT = make_kit(
    "fanvil/h2u-v2",
    "bathroom",
    settings={
        "access": {"admin_password": "hush-hush"},
        "raw": {"new-text": {"net.mtu": "1400"}},
        "sip": {"retry_s": 60},
    },
)


def row(name: str) -> dict[str, object]:
    return {str(r["setting"]): r for r in explain_settings(KIT)}[name]


@pytest.mark.parametrize(
    ("name", "value", "origin"),
    [
        ("sip.retry_s", 60, "phone 0c:38:3e:00:02:14"),
        ("sip.expires_s", 600, "site hotel-aurora"),
        ("calls.hotline", "100", "preset bathroom"),
        ("locale.country", "ES", "inventory"),
        ("calls.forward_always.after_s", 20, "product defaults"),
        ("raw.new-text.net.mtu", "1400", "phone 0c:38:3e:00:02:14"),
    ],
)
def test_value_and_origin(name: str, value: object, origin: str) -> None:
    assert row(name) == {"setting": name, "value": value, "origin": origin}


def test_a_secret_is_masked() -> None:
    assert row("access.admin_password")["value"] == MASK
    assert "hush" not in str(explain_settings(KIT))


def test_every_setting_is_told_once() -> None:
    names = [r["setting"] for r in explain_settings(KIT)]
    assert len(names) == len(set(names)) > 100


def test_one_setting_or_one_section() -> None:
    assert [r["setting"] for r in explain_settings(KIT, "sip.port")] == ["sip.port"]
    section = explain_settings(KIT, "calls.forward_always")
    assert {r["setting"] for r in section} == {
        "calls.forward_always.to",
        "calls.forward_always.after_s",
    }
    assert [r["setting"] for r in explain_settings(KIT, "raw")] == ["raw.new-text.net.mtu"]


@pytest.mark.parametrize("name", ["calls.hot", "call", "sip.", "nothing"])
def test_a_setting_that_is_not(name: str) -> None:
    with pytest.raises(UnknownThingError, match=name):
        explain_settings(KIT, name)


def test_keys_with_their_places() -> None:
    rows = {r["slot"]: r["key"] for r in explain_keys(KIT)}
    assert rows["emergency-1 [SOS]"] == "emergency 112 SOS"
    assert rows["digit-1 [1]"].startswith("speed_dial 100")
    assert "digit-10 [0]" not in rows
