"""PhoneSettings: what a value may be, before any phone sees it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from provisioner.key_types import Key, KeyType, PhoneKey
from provisioner.layers import first_wrong, merged
from provisioner.setting_values import FORBIDDEN_CONTROL, one_line
from provisioner.settings import PhoneSettings


def test_defaults_are_safe() -> None:
    settings = PhoneSettings()
    assert settings.access.web == "https"
    assert settings.access.admin_password is None
    assert not settings.access.direct_ip_calls
    assert not settings.provisioning.discovery
    assert settings.sip.only_from_registrar
    assert settings.emergency.numbers == ("112",)


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("sip", "expires_s", 59),
        ("sip", "expires_s", 86401),
        ("sip", "port", 0),
        ("sip", "port", 65536),
        ("sip", "transport", "sctp"),
        ("sip", "registrar", "pbx example"),
        ("sip", "registrar", "pbx\nexample"),
        ("sip", "pickup_code", "8 8"),
        ("locale", "country", "es"),
        ("locale", "language", "ESP"),
        ("locale", "ntp_servers", ["a", "b", "c"]),
        ("network", "vlan_id", 4095),
        ("audio", "codecs", []),
        ("audio", "ring_volume_percent", 101),
        ("paging", "listen", ["10.0.0.1:5004"]),
        ("paging", "listen", ["239.255.1.1"]),
        ("paging", "listen", ["239.255.1.999:5004"]),
        ("paging", "listen", ["239.255.1.1:0"]),
        ("paging", "listen", ["239.255.1.1:65536"]),
        ("paging", "listen", ["239.255.1.٣:5004"]),
        ("emergency", "numbers", []),
        ("door", "open_code", "open"),
        ("screen", "wallpaper", "wallpaper.png"),
        ("hotel", "lines", ["1", "2", "3", "4", "5"]),
        ("access", "admin_password", "with\rbreak"),
        ("access", "admin_password", " blank"),
        ("dect", "pin", "1234 "),
        ("directory", "phonebook_name", "x" * 201),
        ("raw", "v81", {"a": "b\nc = d"}),
        ("raw", "v81", {"a\nb": "c"}),
        ("sip", "registar", "pbx"),
    ],
)
def test_what_no_phone_may_have_is_refused(section: str, name: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        PhoneSettings.model_validate({section: {name: value}})
    assert caught.value.errors()[0]["loc"][:2] == (section, name)


def test_an_error_never_repeats_a_secret() -> None:
    with pytest.raises(ValidationError) as caught:
        PhoneSettings.model_validate({"access": {"admin_password": "hush-hush\n"}})
    assert "hush" not in caught.value.errors()[0]["msg"]


def test_settings_are_frozen() -> None:
    settings = PhoneSettings()
    with pytest.raises(ValidationError):
        settings.sip.port = 5061  # type: ignore[misc]


@pytest.mark.parametrize("bad", [*sorted(FORBIDDEN_CONTROL)[:40], "\u2028", "\ud800", "\uffff"])
def test_no_control_character_in_a_line(bad: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        one_line(f"a{bad}b")


@pytest.mark.parametrize("good", ["Recepción", "Ресепшен", "受付", "a\u00a0b", "naïve, ok", "😀"])
def test_any_script_is_a_line(good: str) -> None:
    assert one_line(good) == good


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "dial"},
        {"type": "blf", "slot": "first"},
        {"type": "blf", "slot": "Line-1"},
        {"type": "blf", "account": 0},
        {"type": "blf", "value": "1\n2"},
        {"type": "blf", "colour": "red"},
        {},
    ],
)
def test_a_wrong_key_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PhoneKey.model_validate(wrong)


def test_a_key_has_defaults() -> None:
    key = Key(type=KeyType.LINE)
    assert (key.value, key.slot, key.account, key.optional) == ("", "", 1, False)


@pytest.mark.parametrize(
    ("layer", "path"),
    [
        ({"locale": {"ntp_server": ["x"]}}, ("locale", "ntp_server")),
        ({"local": {"country": "ES"}}, ("local",)),
        ({"sip": 5}, ("sip",)),
        ({"sip": {"port": "high"}}, ("sip", "port")),
        ({"emergency": {"numbers": ["112", "1 2"]}}, ("emergency", "numbers", 1)),
    ],
)
def test_a_wrong_layer_is_named_by_its_path(layer: dict[str, Any], path: tuple[Any, ...]) -> None:
    wrong = first_wrong(layer)
    assert wrong is not None
    assert wrong[0] == path


def test_a_layer_with_placeholders_is_judged_by_the_rest() -> None:
    layer: dict[str, Any] = {
        "calls": {"hotline": "{site.numbers.reception}"},
        "emergency": {"numbers": ["{site.numbers.police}"]},
    }
    assert first_wrong(layer) is None
    assert first_wrong({**layer, "door": {"open_s": 0}}) is not None


def test_layers_merge_mappings_and_replace_the_rest() -> None:
    weak: Any = {"sip": {"port": 5060, "transport": "udp"}, "locale": {"ntp_servers": ["a", "b"]}}
    strong: Any = {"sip": {"port": 5061}, "locale": {"ntp_servers": ["c"]}}
    made = merged(weak, strong)
    assert made == {
        "sip": {"port": 5061, "transport": "udp"},
        "locale": {"ntp_servers": ["c"]},
    }
    assert weak["sip"]["port"] == 5060


def test_secrets_do_not_print() -> None:
    settings = PhoneSettings.model_validate({"access": {"admin_password": "hush-hush"}})
    assert isinstance(settings.access.admin_password, SecretStr)
    assert "hush" not in repr(settings)
    assert "hush" not in settings.model_dump_json()
