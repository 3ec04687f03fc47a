"""What goes into a Yealink's files comes out again when a simulated one reads them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from provisioner.catalogue.loader import load
from provisioner.errors import RenderError
from provisioner.inventory.records import Accessory
from provisioner.key_types import KeyType, PhoneKey
from tests.kits import TOKEN, make_kit, with_site
from tests.yealink_phones import OLD, booted, cases, files_of, handsets_for, wanted_keys

DESKS = ["yealink/t46u", "yealink/t31p", "yealink/t19p-e2"]
TRICKY = "p&<>\"'; =#%:x\\$5ñ/я"
EXP43 = Accessory("yealink/exp43")


@pytest.mark.parametrize(
    "timezone", ["UTC", "Europe/Dublin", "America/New_York", "America/St_Johns", "Asia/Kolkata",
                 "Asia/Kathmandu", "Australia/Sydney", "Pacific/Auckland", "America/Santiago"]
)  # fmt: skip
def test_every_clock_comes_out_as_it_went_in(timezone: str) -> None:
    kit = make_kit("yealink/t46u", "office", site=with_site(timezone=timezone))
    config = booted(kit).config
    assert config.utc_offset_min == kit.clock.offset_min
    for seen, told in ((config.dst_start, kit.clock.start), (config.dst_end, kit.clock.end)):
        assert seen == (told and (told.month, told.week, told.weekday, told.hour))


def test_zero_keys_leave_no_key_behind() -> None:
    for model_id in DESKS:
        kit = make_kit(model_id, "dect-base")
        assert booted(kit).config.keys == ()


def blfs(count: int) -> tuple[PhoneKey, ...]:
    return tuple(
        PhoneKey(type=KeyType.BLF, value=str(3000 + n), label=f"Room {n}") for n in range(count)
    )


def test_all_keys_of_phone_and_modules() -> None:
    kit = make_kit("yealink/t46u", "dect-base", keys=blfs(27 + 180), accessories=(EXP43,) * 3)
    config = booted(kit).config
    assert not kit.plan.left_over
    assert config.keys == wanted_keys(kit)
    assert config.keys[26].slot == "line-27"
    assert config.keys[-1].slot == "exp3-60"
    assert config.keys[-1].value == "3206"


def test_one_key_too_many_is_named_and_not_written() -> None:
    kit = make_kit("yealink/t46u", "dect-base", keys=blfs(28))
    assert [item.key.value for item in kit.plan.left_over] == ["3027"]
    assert any("Room 27" in warning for warning in kit.warnings)
    assert not any(key.value == "3027" for key in booted(kit).config.keys)


def test_every_type_of_key_reaches_its_slot() -> None:
    accepted = load().model("yealink/t46u").keys[0].accepts
    values = {KeyType.URL: "http://door.example/open?x=1&y=2", KeyType.PAGING: "239.255.1.1:5004"}
    keys = tuple(
        PhoneKey(type=kind, value=values.get(kind, "" if kind is KeyType.LINE else "77"), label="x")
        for kind in sorted(accepted)
    )
    kit = make_kit("yealink/t46u", "dect-base", keys=keys)
    config = booted(kit).config
    assert config.keys == wanted_keys(kit)
    assert len(config.keys) == len(accepted)


def test_guest_room_on_the_small_phone() -> None:
    config = booted(make_kit("yealink/t31p", "guest-room")).config
    by_slot = {key.slot: (key.type, key.value) for key in config.keys}
    assert by_slot["line-1"] == ("line", "")
    assert by_slot["line-2"] == ("speed_dial", "100")
    assert by_slot["soft-1"] == ("speed_dial", "112")
    assert set(by_slot) == {"line-1", "line-2", "soft-1", "soft-2", "soft-3", "soft-4"}


@pytest.mark.parametrize("preset_id", ["guest-room", "office"])
def test_a_phone_without_line_keys_is_told_of_none(preset_id: str) -> None:
    for firmware in (OLD, "53.84.0.125"):
        kit = make_kit("yealink/t19p-e2", preset_id, firmware=firmware)
        assert "linekey" not in str(files_of(kit))
        assert "expansion_module" not in str(files_of(kit))
    bare = str(files_of(make_kit("yealink/cp960", "conference")))
    assert "linekey" not in bare
    assert "programablekey" not in bare
    assert "pc_port" not in bare


def test_keys_below_the_screen_go_back_to_the_factorys_when_the_menu_is_open() -> None:
    locked = str(files_of(make_kit("yealink/t31p", "bathroom"))[1].body)
    free = str(files_of(make_kit("yealink/t31p", "office"))[1].body)
    assert "programablekey.4.type = 0" in locked
    assert "programablekey.4.type = %NULL%" in free


def test_characters_that_are_signs_elsewhere() -> None:
    names = {"2214": TRICKY}
    kit = make_kit("yealink/t46u", "office", names=names,
                   keys=(PhoneKey(type=KeyType.SPEED_DIAL, value="5", label="# " + TRICKY),))  # fmt: skip
    secret = SecretStr("#" + TRICKY)
    kit = replace(
        kit,
        lines=tuple(replace(line, secret=secret) for line in kit.lines),
        secrets=replace(kit.secrets, admin_password=secret),
    )
    config = booted(kit).config
    assert config.accounts[0].secret == config.admin_password == "#" + TRICKY
    assert config.accounts[0].display_name == config.accounts[0].label == TRICKY
    assert any(key.label == "# " + TRICKY for key in config.keys)


def test_blanks_around_a_name_are_cut_and_an_empty_one_is_cleared() -> None:
    config = booted(make_kit("yealink/t31p", "office", names={"2214": "  Ana  "})).config
    assert config.accounts[0].display_name == "Ana"
    config = booted(make_kit("yealink/t31p", "office", names={"2214": "   "})).config
    assert config.accounts[0].display_name == ""


@pytest.mark.parametrize("name", ["%NULL%", " %null% ", "%EMPTY%", "a\nb = c", "a\u2028b"])
def test_a_name_that_would_be_a_command_is_refused(name: str) -> None:
    kit = make_kit("yealink/t31p", "office", names={"2214": name})
    with pytest.raises(RenderError, match=r"yealink/t31p: yealink/v81\.j2"):
        files_of(kit)


@pytest.mark.parametrize("case", cases())
def test_masked_files_hold_no_secret(case: tuple[str, str, str]) -> None:
    model_id, preset_id, firmware = case
    kit = make_kit(
        model_id, preset_id, firmware=firmware, handsets=handsets_for(load().model(model_id)),
        settings={"telemetry": {"action_urls": True}, "directory": {
            "ldap_server": "l.example", "ldap_password": "Ldap-Secret-1", "phonebook": True},
            "network": {"dot1x": "md5", "dot1x_password": "Dot1x-Secret-1"}},
    )  # fmt: skip
    shown = b"".join(file.body for file in files_of(kit, masked=True)).decode()
    secrets = [line.secret for line in kit.lines] + [
        kit.secrets.admin_password, kit.secrets.user_password, kit.secrets.menu_pin,
        kit.secrets.dect_pin, SecretStr(TOKEN), SecretStr("Ldap-Secret-1"),
        SecretStr("Dot1x-Secret-1"),
    ]  # fmt: skip
    assert not [s for s in secrets if s.get_secret_value() in shown]
    assert "/p/********/" in shown


def test_same_inputs_same_bytes() -> None:
    first, second = (files_of(make_kit("yealink/t46u", "reception")) for _ in range(2))
    assert [file.digest for file in first] == [file.digest for file in second]


@pytest.mark.parametrize("case", cases())
def test_every_file_begins_with_its_version_and_has_no_doubles(case: tuple[str, str, str]) -> None:
    model_id, preset_id, firmware = case
    handsets = handsets_for(load().model(model_id))
    for file in files_of(make_kit(model_id, preset_id, firmware=firmware, handsets=handsets)):
        lines = file.body.decode().splitlines()
        assert lines[0] == "#!version:1.0.0.1"
        assert all(line and line == line.strip() for line in lines)
        names = [line.split(" = ")[0] for line in lines if " = " in line]
        names = [name for name in names if not name.endswith("user_password")]
        assert len(set(names)) == len(names)
