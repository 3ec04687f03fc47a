"""Fanvil files as a simulated device reads them: what each kind of model has of its own.

That every model reads back what went in, with every preset, is in test_fanvil_round_trip.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from provisioner.catalogue.loader import load
from provisioner.key_types import PhoneKey
from provisioner.kit import PhoneKit
from provisioner.render import render_first_contact
from tests.fanvil_devices import (
    body_of,
    boot_from_nothing,
    files_of,
    kit_of,
    spoken,
    understood,
)
from tests.kits import SECRETS, TOKEN, make_kit, with_site

HEADER_CHARS = 64


def main_preset(model: str) -> str:
    return load().main_preset(load().models[model]).id


def main_kit(model: str, firmware: str) -> PhoneKit:
    return kit_of(model, firmware, main_preset(model))


def test_hotel_keys_of_a_telephone_without_a_screen() -> None:
    config = understood(make_kit("fanvil/h2u-v2", "guest-room"))
    by_slot = {k.slot: k for k in config.keys}
    assert (by_slot["emergency-1"].value, by_slot["emergency-1"].label) == ("112", "SOS")
    assert [by_slot[f"digit-{n}"].value for n in range(1, 7)] == [
        "100", "107", "108", "*55", "*97", "109",
    ]  # fmt: skip
    assert "digit-7" not in by_slot


def test_bathroom_dials_reception_after_five_seconds() -> None:
    config = understood(make_kit("fanvil/h2u-v2", "bathroom"))
    assert config.accounts[0].hotline == "100"
    assert config.raw["<SIP CONFIG MODULE> SIP1 WarmLine Time"] == "5"


def test_door_station() -> None:
    settings = {"door": {"open_code": "9#"}}
    config = understood(make_kit("fanvil/i30", "door-station", settings=settings))
    assert config.door_open_code == "9#"
    assert config.accounts[0].auto_answer
    assert config.raw["<EGS CFG MODULE> Opening Duration"] == "5"
    assert config.raw["<EGS CFG MODULE> Enable Output2"] == "0"
    local = config.raw["<EGS CFG MODULE> Local Password"]
    assert local == SECRETS.menu_pin.get_secret_value() != "6789"


def test_the_second_relay_of_a_door_station() -> None:
    door = {"open_code": "9#", "open_s": 3, "second_open_code": "8#", "second_open_s": 9}
    raw = understood(make_kit("fanvil/i31s", "door-station", settings={"door": door})).raw
    said = {n: raw[f"<EGS CFG MODULE> {n}"] for n in (
        "Out1 DTMF Code", "Out1 Output Dur", "Enable Output2", "Out2 Trig By DTMF",
        "Out2 DTMF Code", "Out2 Output Dur", "SecOpening Duration",
    )}  # fmt: skip
    assert list(said.values()) == ["9#", "3", "1", "1", "8#", "9", "9"]


@pytest.mark.parametrize("model", ["fanvil/i30", "fanvil/i16sv"])
def test_a_door_station_without_a_key_calls_whom_its_settings_say(model: str) -> None:
    kit = make_kit(model, "door-station", keys=(PhoneKey(type="none", slot="call-1"),))
    assert [k.key and k.key.type for k in kit.plan.group("call")] == ["none"]
    empty = make_kit(model, "door-station", site=with_site(numbers={}),
                     settings={"door": {"call": "600"}})  # fmt: skip
    assert [(k.slot, k.value) for k in understood(empty).keys] == [("call-1", "600")]


@pytest.mark.parametrize("setting", ["open_code", "open_s", "second_open_code", "local_code"])
def test_a_door_that_cannot_be_told_says_so(setting: str) -> None:
    value = 9 if setting == "open_s" else "7#"
    warnings = make_kit("fanvil/i16sv", "plain", settings={"door": {setting: value}}).warnings
    assert any(f"door.{setting}" in warning for warning in warnings)


def test_accounts_and_keys_that_are_no_longer_there_are_blanked() -> None:
    body = body_of(make_kit("fanvil/x4u", "office"))
    for n in range(2, 13):
        assert f"SIP{n} Enable Reg:0\r\n" in body
        assert f"SIP{n} Register Pswd:\r\n" in body
    assert len(re.findall(r"Fkey\d Type:", body)) == 37
    assert len(re.findall(r"Fkey\d Type:0\r", body)) == 34


@pytest.mark.parametrize("model", ["fanvil/x4u", "fanvil/h5", "fanvil/w611w", "fanvil/x4"])
def test_every_key_type(model: str) -> None:
    keys = (
        PhoneKey(type="blf", value="201", label="Room 201", account=2),
        PhoneKey(type="intercom", value="300"),
        PhoneKey(type="park", value="701"),
        PhoneKey(type="forward", value="444"),
        PhoneKey(type="paging", value="239.255.1.2:5006"),
        PhoneKey(type="dnd"),
    )
    config = understood(make_kit(model, "dect-base", keys=keys))
    assert [(k.type, k.value, k.account) for k in config.keys] == [
        ("blf", "201", 2), ("intercom", "300", 1), ("park", "701", 1), ("forward", "444", 1),
        ("paging", "239.255.1.2:5006", 1), ("dnd", "", 1),
    ]  # fmt: skip
    assert config.keys[0].pickup == "*8201"
    for kind in ("pickup", "transfer", "record", "forward", "voicemail"):
        kit = make_kit(model, "dect-base", keys=(PhoneKey(type=kind),))
        assert [k.type for k in understood(kit).keys] == [kind]
    kit = make_kit(model, "dect-base", keys=(PhoneKey(type="url", value="http://a.b/c?d=1&e=2"),))
    assert understood(kit).keys[0].value == "http://a.b/c?d=1&e=2"
    for directory in ({"phonebook": True}, {"ldap_server": "ldap.example"}):
        kit = make_kit(
            model, "dect-base", keys=(PhoneKey(type="directory"),),
            settings={"directory": directory},
        )  # fmt: skip
        assert [k.type for k in understood(kit).keys] == ["directory"]


@pytest.mark.parametrize(
    ("model", "slot", "heading", "name"),
    [
        ("fanvil/x4u", "dss-8", "--Dsskey Config2--", "Fkey2"),
        ("fanvil/x6u", "dss-60", "--Dsskey Config5--", "Fkey12"),
        ("fanvil/x4u-v2", "side-7", "--Sidekey Config2--", "Fkey1"),
        ("fanvil/x7c", "side-13", "--Sidekey Config2--", "Fkey1"),
        ("fanvil/v62", "side-6", "--Sidekey Config2--", "Fkey1"),
        ("fanvil/i51w", "dss-4", "--Dsskey Config2--", "Fkey1"),
        ("fanvil/h2u-v2", "digit-10", "--SoftDss Config--", "Fkey10"),
    ],
)
def test_keys_count_anew_on_every_page(model: str, slot: str, heading: str, name: str) -> None:
    keys = (PhoneKey(type="speed_dial", value="214", slot=slot),)
    kit = make_kit(model, "dect-base", keys=keys)
    assert [k.slot for k in understood(kit).keys] == [slot]
    after = body_of(kit).split(f"{heading}:\r\n", 1)[1]
    assert f"{name} Type:1\r\n{name} Value:214@1/f\r\n" in after.split("--", 1)[0]


@pytest.mark.parametrize(("firmware", "name"), [("1.12.2", "Fkey9"), ("2.12.1", "Fkey1")])
def test_one_phone_of_two_generations(firmware: str, name: str) -> None:
    keys = (PhoneKey(type="speed_dial", value="214", slot="dss-9"),)
    kit = make_kit("fanvil/x5s", "dect-base", keys=keys, firmware=firmware)
    assert kit.dialect.id == ("old-text" if firmware < "2" else "new-text")
    assert [k.slot for k in understood(kit).keys] == ["dss-9"]
    assert f"\r\n{name} Value:214@1/f\r\n" in body_of(kit)


@pytest.mark.parametrize(
    ("model", "module", "word"),
    [("fanvil/h5", "SCREEN KEY CONFIG MODULE", "dsskey2"),
     ("fanvil/x6u", "PHONE FEATURE MODULE", "dss2")],
)  # fmt: skip
def test_a_soft_key_shows_on_the_screen(model: str, module: str, word: str) -> None:
    keys = (PhoneKey(type="speed_dial", value="55", label="Taxi", slot="soft-2"),)
    config = understood(make_kit(model, "guest-room", keys=keys))
    assert [(k.value, k.label) for k in config.keys if k.slot == "soft-2"] == [("55", "Taxi")]
    assert config.raw[f"<{module}> Desktop Softkey"] == f"none;{word};none;none;"


@pytest.mark.parametrize(("model", "firmware"), spoken())
def test_special_characters_come_back(model: str, firmware: str) -> None:
    odd = "a&b<c>d\"e'f;g=h#i%j:k]]>"
    key = PhoneKey(type="speed_dial", value="1", label="é&<:>", optional=True)
    kit = make_kit(
        model, "dect-base", names={"2214": f"Ñandú {odd}"}, keys=(key,), firmware=firmware,
        settings={"access": {"admin_password": odd}},
    )  # fmt: skip
    config = understood(kit)
    assert config.accounts[0].display_name == f"Ñandú {odd}"
    assert config.admin_password == odd
    assert [k.label for k in config.keys] == [p.key.label for p in kit.plan.slots if p.key]


@pytest.mark.parametrize(("model", "firmware"), spoken())
def test_a_masked_file_holds_no_secret(model: str, firmware: str) -> None:
    settings: dict[str, object] = {
        "telemetry": {"action_urls": True},
        "directory": {"phonebook": True},
        "screen": {"wallpaper": "library:room.bmp"},
        "firmware": {"version": "9.9", "url": "http://prov.example/fw.z"},
    }
    kit = make_kit(model, main_preset(model), settings=settings, firmware=firmware)
    body = body_of(kit, masked=True)
    secrets = [getattr(SECRETS, name).get_secret_value() for name in SECRETS.__slots__]
    for secret in (*secrets, "Secret-of-"):
        assert secret not in body


@pytest.mark.parametrize(("model", "firmware"), spoken())
def test_first_contact_holds_nothing_but_the_server(model: str, firmware: str) -> None:
    kit = main_kit(model, firmware)
    files = render_first_contact(load().folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
    is_xml = kit.dialect.id == "new-xml"
    assert [f.name for f in files] == [f"0c383e000214.{'xml' if is_xml else 'cfg'}"]
    body = files[0].body.decode()
    assert f"p/{TOKEN}/$mac.{'xml' if is_xml else 'cfg'}" in body
    assert "assword" not in body
    assert "SIP" not in body
    assert version(body) < version(own_body(model, firmware))


@pytest.mark.parametrize(("model", "firmware"), spoken())
def test_form_of_the_file(model: str, firmware: str) -> None:
    body = own_body(model, firmware)
    if main_kit(model, firmware).dialect.id.endswith("xml"):
        assert body.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
        assert ET.fromstring(body).tag in {"sysConf", "VOIP_CONFIG_FILE"}
        assert "\r" not in body
        return
    lines = body.split("\r\n")
    assert len(lines[0]) == HEADER_CHARS
    assert lines[-2:] == ["<<END OF FILE>>", ""]
    assert "\n" not in body.replace("\r\n", "")
    assert "\r\n\r\n\r\n\r\n" not in body


@pytest.mark.parametrize(("model", "firmware"), spoken())
def test_first_contact_leads_to_the_phones_own_files(model: str, firmware: str) -> None:
    config = boot_from_nothing(main_kit(model, firmware))
    assert config.accounts[0].user == "2214"
    assert f"/p/{TOKEN}/" in config.provisioning_url
    discovery = {v for n, v in config.raw.items() if n.replace(" ", "").endswith(">DHCPOption")}
    assert discovery == {"0"}, "a configured phone asks nobody else for its server"


def own_body(model: str, firmware: str) -> str:
    files = files_of(model, firmware, main_preset(model))
    return next(f.body.decode() for f in files if f.role == "device")


def version(body: str) -> tuple[int, ...]:
    found = re.search(r"[Vv]ersion[:>](\d+)\.(\d+)", body)
    assert found is not None
    return tuple(int(part) for part in found.groups())
