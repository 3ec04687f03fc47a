"""What a phone will not do as asked is said at save time, never dropped in silence."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from provisioner.key_types import KeyType, PhoneKey
from tests.kits import make_kit, with_site


def warnings(model: str = "fanvil/h2u-v2", preset: str = "bathroom", **given: Any) -> str:
    return "\n".join(make_kit(model, preset, **given).warnings)


def test_a_phone_that_does_what_is_asked_says_nothing() -> None:
    assert warnings("yealink/t46u", "office") == ""


def test_a_setting_that_the_dialect_cannot_say() -> None:
    told = warnings(settings={"screen": {"wallpaper": "http://x.example/a.png"}})
    assert "screen.wallpaper = http://x.example/a.png" in told
    assert "phone 0c:38:3e:00:02:14" in told
    assert "H2U-V2 cannot be told this" in told


def test_a_setting_at_its_default_is_no_news() -> None:
    assert "screen.wallpaper" not in warnings(settings={"screen": {"wallpaper": ""}})


def test_a_site_wide_setting_is_not_held_against_every_phone() -> None:
    site = with_site(settings={"screen": {"wallpaper": "http://x.example/a.png"}})
    assert "screen.wallpaper" not in warnings(site=site)


def test_the_phones_reports_are_taken() -> None:
    setting = {"telemetry": {"action_urls": True}}
    assert "action_urls" not in warnings("yealink/t46u", "office", settings=setting)


def test_a_secret_is_not_repeated() -> None:
    told = warnings(settings={"dect": {"handset_pin": "8265"}, "door": {"local_code": "9753"}})
    assert "dect.handset_pin" in told
    assert "8265" not in told
    assert "9753" not in told
    assert str(SecretStr("8265")) in told


def test_keys_without_a_place_and_numbers_nobody_knows() -> None:
    told = warnings(keys=(PhoneKey(type=KeyType.BLF, value="2215", label="215"),))
    assert "key 215: H2U-V2 has no key that can be a blf key" in told
    told = warnings(site=with_site(numbers={}))
    assert "site.numbers.reception" in told


def test_a_clock_that_cannot_be_told() -> None:
    assert "Asia/Jerusalem" in warnings(site=with_site(timezone="Asia/Jerusalem"))


def test_raw_parameters_are_the_askers_own_business() -> None:
    assert "raw" not in warnings("yealink/t46u", "office", settings={"raw": {"v81": {"a.b": "1"}}})
