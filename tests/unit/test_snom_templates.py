"""Round trip: what goes into a Snom file is what a simulated Snom understands."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from provisioner.catalogue.loader import load
from provisioner.render import render, render_first_contact
from tests.kits import TOKEN, make_kit
from tests.snom_phones import DESK, MAC, NASTY, booted, wanted_keys
from web.simulated.device import Fetched
from web.simulated.snom import DEVICES


def fitting() -> list[tuple[str, str, str]]:
    return [
        (model_id, firmware, preset.id)
        for model_id, firmware in [*DESK, ("snom/m700", ""), ("snom/c520-wimi", "")]
        for preset in load().presets.values()
        if load().models[model_id].kind in preset.kinds
        and preset.needs <= load().models[model_id].features
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", fitting(), ids="-".join)


def test_round_trip(case: tuple[str, str, str]) -> None:
    model_id, firmware, preset = case
    kit = make_kit(model_id, preset, mac=MAC, firmware=firmware or None)
    device = booted(kit)
    config = device.config
    (account,) = config.accounts
    assert (account.number, account.user, account.auth_user) == (1, "2214", "2214")
    assert account.secret == "Secret-of-2214-xyz"
    assert (account.server, account.port, account.transport) == ("pbx.aurora.example", 5060, "udp")
    assert (account.display_name, account.expires_s, account.dtmf) == ("Ext 2214", 600, "rfc4733")
    assert account.mwi == (bool(kit.settings.calls.voicemail) or "c520" in model_id)
    assert config.provisioning_url == kit.urls.directory.text == device.server_url
    assert config.utc_offset_min == 60
    assert config.ntp_server == "10.20.0.1"
    assert config.admin_password == "Adm1nPass-0001"
    assert {k.slot: (k.type, k.value, k.label) for k in config.keys} == wanted_keys(kit)
    assert device.applied == 1, "the second fetch of the same files changes nothing"


@pytest.mark.parametrize(("model_id", "firmware"), DESK)
def test_desk_particulars(model_id: str, firmware: str) -> None:
    kit = make_kit(model_id, "corridor", mac=MAC, firmware=firmware or None)
    config = booted(kit).config
    assert config.language == "Español"
    assert config.vlan_id == 20
    assert config.dst_start == (3, 5, 0, 2)
    assert config.dst_end == (10, 5, 0, 3)
    assert config.emergency_numbers == ("112",)
    assert config.multicast_listen == ("239.255.1.1:5004",)
    assert config.raw["tone_scheme"] == "ESP"
    assert config.raw["call_waiting[1]"] == "off"
    assert config.raw["blf_directed_call_pickup[1]"] == "*8"
    assert config.raw["dkey_menu"] == "keyevent F_NONE"
    assert any("calls.hotline" in warning for warning in kit.warnings)


def test_firmware_8_is_told_only_what_it_knows() -> None:
    old = booted(make_kit("snom/715", "corridor", mac=MAC, firmware="8.7.5.35")).config.raw
    new = booted(make_kit("snom/715", "corridor", mac=MAC, firmware="10.1.54.13")).config.raw
    assert old["mc_address[1]"] == "239.255.1.1:5004"
    assert new["mc_address[1]"] == "239.255.1.1:5004,interrupt=0"
    assert "webserver_admin_password" not in old
    assert new["webserver_admin_password"] == "Adm1nPass-0001"
    assert (old["settings_refresh_timer"], "prov_polling_period" in old) == ("86400", False)
    assert (new["settings_refresh_timer"], new["prov_polling_period"]) == ("0", "86400")


def test_715_is_served_under_both_its_names() -> None:
    kit = make_kit("snom/715", "office", mac=MAC)
    names = {n for f in render(load().folder, kit) for n in (f.name, *f.aliases)}
    wanted = {
        "snom715.htm",
        "snomD715.htm",
        "snom715-00041396D9B4.htm",
        "snomD715-00041396D9B4.htm",
    }
    assert wanted <= names
    first = render_first_contact(load().folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
    assert {n for f in first for n in (f.name, *f.aliases)} == wanted


@pytest.mark.parametrize("model_id", ["snom/d785", "snom/d717", "snom/715"])
def test_no_name_is_served_twice(model_id: str) -> None:
    files = render(load().folder, make_kit(model_id, "office", mac=MAC))
    names = [n for f in files for n in (f.name, *f.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("case_id", ["snom/d785", "snom/m700", "snom/c520-wimi"])
def test_special_characters_come_back(case_id: str) -> None:
    preset = {"snom/m700": "dect-base", "snom/c520-wimi": "conference"}.get(case_id, "office")
    settings: dict[str, object] = {"access": {"admin_password": NASTY}}
    kit = make_kit(case_id, preset, mac=MAC, names={"2214": NASTY}, settings=settings)
    device = booted(kit)
    assert device.config.accounts[0].display_name == NASTY
    assert device.config.admin_password == NASTY


@pytest.mark.parametrize(
    ("model_id", "preset"),
    [("snom/d785", "office"), ("snom/m700", "dect-base"), ("snom/c520-wimi", "conference")],
)
def test_masked_files_hold_no_secret(model_id: str, preset: str) -> None:
    settings: dict[str, object] = {
        "directory": {"phonebook": True, "ldap_server": "l.example", "ldap_password": "LdapSecret"},
        "telemetry": {"action_urls": True},
        "firmware": {"url": "http://a.example/f.bin"},
    }
    kit = make_kit(model_id, preset, mac=MAC, settings=settings)
    text = b"".join(f.body for f in render(load().folder, kit, masked=True)).decode()
    secrets = (TOKEN, "Adm1nPass", "UserPass", "Secret-of", "LdapSecret", ">7391<", "482915")
    assert [secret for secret in secrets if secret in text] == []
    clear = b"".join(f.body for f in render(load().folder, kit)).decode()
    assert TOKEN in clear


@pytest.mark.parametrize(
    ("model_id", "name"),
    [
        ("snom/d785", "snomD785-00041396D9B4.htm"),
        ("snom/m700", "snomM700-00041396D9B4.htm"),
        ("snom/c520-wimi", "C520-WiMi_00041396D9B4.cfg"),
    ],
)
def test_first_contact_tells_the_url_only(model_id: str, name: str) -> None:
    kit = make_kit(model_id, "dect-base" if "m700" in model_id else "office", mac=MAC)
    files = render_first_contact(load().folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
    assert name in {f.name for f in files}
    for file in files:
        text = file.body.decode()
        assert kit.urls.directory.text in text
        assert not re.search("Secret-of|Adm1nPass|UserPass|7391|2214", text)


def test_firmware_is_named_only_when_wanted() -> None:
    plain = render(load().folder, make_kit("snom/d785", "office", mac=MAC))
    assert "snomD785-firmware.xml" not in {f.name for f in plain}
    url = "http://a.example/f.bin?mac={mac}&chained_url=http://a.example/r.bin"
    kit = make_kit("snom/d785", "office", mac=MAC, settings={"firmware": {"url": url}})
    files = {f.name: f.body for f in render(load().folder, kit)}
    assert ET.fromstring(files["snomD785-firmware.xml"]).findtext("firmware") == url
    raw = booted(kit).config.raw
    assert raw["update_policy"] == "auto_update"
    assert raw["firmware_status"] == kit.urls.directory.text + "snomD785-firmware.xml"


def test_perm_letters() -> None:
    """Read-only must never cover what frees a lost phone."""
    for preset, expected in (("guest-room", "R"), ("office", "!"), ("reception", "RW")):
        kit = make_kit("snom/d785", preset, mac=MAC)
        body = next(f.body for f in render(load().folder, kit) if f.role == "device")
        settings = ET.fromstring(body).find("phone-settings")
        assert settings is not None
        perms = {tag.tag: tag.get("perm") for tag in settings}
        assert perms["setting_server"] == perms["admin_mode"] == "RW"
        assert perms["vol_ringer"] == expected
        assert set(perms.values()) <= {"R", "RW", "!"}
        assert settings[0].tag == "auto_reboot_on_setting_change"


def test_same_inputs_same_bytes() -> None:
    kit = make_kit("snom/d785", "reception", mac=MAC)
    assert render(load().folder, kit) == render(load().folder, kit)


@pytest.mark.parametrize(
    ("model_id", "preset"),
    [("snom/d785", "office"), ("snom/d717", "office"), ("snom/715", "office"),
     ("snom/m700", "dect-base"), ("snom/c520-wimi", "conference")],
)  # fmt: skip
def test_from_first_contact_to_an_account(model_id: str, preset: str) -> None:
    """Without a token it is told its URL only; it goes there by itself, in the right case."""
    kit = make_kit(model_id, preset, mac=MAC)
    first = render_first_contact(load().folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
    pages = {kit.urls.base + n: f.body for f in first for n in (f.name, *f.aliases)}
    token = kit.urls.directory.text
    pages |= {token + f.name: f.body for f in render(load().folder, kit)}

    def fetch(url: str, agent: str) -> Fetched:
        return Fetched(200, pages[url]) if url in pages else Fetched(404, b"<html/>")

    device = DEVICES[model_id](MAC, fetch, "")
    device.boot(dhcp_url=kit.urls.base)
    assert device.server_url == token
    assert [a.user for a in device.config.accounts] == ["2214"]
