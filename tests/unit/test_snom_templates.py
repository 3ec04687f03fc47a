"""Round trip: what goes into a Snom file is what a simulated Snom understands."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Model
from provisioner.kit import Offer
from provisioner.render import render, render_first_contact
from provisioner.syntaxes import MaskedText
from tests.kits import TOKEN, make_kit
from tests.snom_phones import (
    MAC,
    NASTY,
    booted,
    device_of,
    full_kit,
    provisioned,
    speaking,
)
from web.simulated.device import Fetched

DESK = [
    (m.id, firmware) for m in provisioned() for dialect, firmware in speaking(m)
    if dialect.startswith("desk")
]  # fmt: skip
EACH = pytest.mark.parametrize("model", provisioned(), ids=lambda model: model.id)


def main_preset(model: Model) -> str:
    return load().main_preset(model).id


@pytest.mark.parametrize(("model_id", "firmware"), DESK)
def test_desk_particulars(model_id: str, firmware: str) -> None:
    preset = "conference" if model_id == "snom/mp" else "corridor"
    settings: dict[str, object] = {
        "calls": {"call_waiting": False},
        "access": {"menu_locked": True},
    }
    settings["paging"] = {"listen": ["239.255.1.1:5004"]}
    kit = make_kit(model_id, preset, mac=MAC, firmware=firmware, settings=settings)
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
    assert ("locale" in config.raw) == (kit.model.family == "desk-d8")


def test_a_hotline_is_said_to_be_beyond_a_desk_phone() -> None:
    kit = make_kit("snom/715", "corridor", mac=MAC)
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
    assert "contact_source_sip_priority[1]" not in old
    assert new["contact_source_sip_priority[1]"] == "PAI RPID FROM"


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


@EACH
def test_names_are_one_phones_own(model: Model) -> None:
    """Both ways of writing a model are answered, and nothing twice."""
    files = render(load().folder, make_kit(model.id, main_preset(model), mac=MAC))
    names = [n.lower() for f in files for n in (f.name, *f.aliases)]
    assert len(names) == len(set(names))
    assert all("{" not in name and not name.startswith("snom.") for name in names)
    bare = model.name.replace("+", "P")
    assert (
        any(bare.lower() in n or bare.lower().lstrip("d") in n for n in names) or model.name == "m3"
    )


@EACH
def test_special_characters_come_back_or_are_refused(model: Model) -> None:
    settings: dict[str, object] = {"access": {"admin_password": NASTY}}
    text = NASTY if model.family != "m3" else NASTY.replace('"', "")
    kit = make_kit(model.id, main_preset(model), mac=MAC, names={"2214": text}, settings=settings)
    config = booted(kit).config
    assert config.accounts[0].display_name == text
    assert config.admin_password == (NASTY if model.family != "m3" else "")


@EACH
def test_masked_files_hold_no_secret(model: Model) -> None:
    settings: dict[str, object] = {
        "directory": {"phonebook": True, "ldap_server": "l.example", "ldap_password": "LdapSecret"},
        "network": {"dot1x": "md5", "dot1x_password": "PortSecret"},
        "telemetry": {"action_urls": True},
        "screen": {"wallpaper": "library:w.png"},
        "audio": {"ring_file": "library:r.wav"},
        "firmware": {"url": "http://a.example/f.bin"},
    }
    kit = full_kit(model, main_preset(model), None, settings=settings)
    text = b"".join(f.body for f in render(load().folder, kit, masked=True)).decode()
    secrets = (
        TOKEN, "Adm1nPass", "UserPass", "Secret-of", "LdapSecret", "PortSecret", ">7391<", "482915",
    )  # fmt: skip
    assert [secret for secret in secrets if secret in text] == []


@EACH
def test_first_contact_tells_the_url_only(model: Model) -> None:
    kit = make_kit(model.id, main_preset(model), mac=MAC)
    files = render_first_contact(load().folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
    assert files or "tftp-only" in model.features
    for file in files:
        text = file.body.decode()
        assert kit.urls.directory.text in text
        assert not re.search("Secret-of|Adm1nPass|UserPass|7391|2214", text)


@EACH
def test_from_first_contact_to_an_account(model: Model) -> None:
    """Without a token it is told its URL only; it goes there by itself, in the right case."""
    kit = make_kit(model.id, main_preset(model), mac=MAC)
    first = render_first_contact(load().folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
    if not first:
        assert "tftp-only" in model.features
        return
    pages = {kit.urls.base + n: f.body for f in first for n in (f.name, *f.aliases)}
    token = kit.urls.directory.text
    pages |= {token + f.name: f.body for f in render(load().folder, kit)}

    def fetch(url: str, agent: str) -> Fetched:
        url = url.replace("%20", " ")
        return Fetched(200, pages[url]) if url in pages else Fetched(404, b"<html/>")

    device = device_of(kit, fetch)
    device.boot(dhcp_url=kit.urls.base)
    assert device.server_url == token
    assert [a.user for a in device.config.accounts] == ["2214"]


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


def test_firmware_of_a_base_is_told_as_numbers() -> None:
    kit = make_kit("snom/m900", "dect-base", mac=MAC, handsets=1)
    image = kit.urls.file("M900_v0740_b0104.fwu")
    handset = kit.urls.file("M90_v0741_b0002.fwu")
    raw = booted(replace(kit, offer=Offer("07.40.0104", image, {"M90": handset}))).config.raw
    assert raw["firmware"] == kit.urls.directory.text
    assert (raw["fp_fwu_sw_version"], raw["fp_fwu_branch_version"]) == ("740", "104")
    assert (raw["pp_fwu_sw_version.M90"], raw["pp_fwu_branch_version.M90"]) == ("741", "2")
    outside = MaskedText("https://dect.snom.com", "https://dect.snom.com")
    raw = booted(replace(kit, offer=Offer("05.20.0001", outside))).config.raw
    assert (raw["firmware"], raw["fp_fwu_sw_version"]) == ("https://dect.snom.com", "520")
    raw = booted(replace(kit, offer=Offer("newest", outside))).config.raw
    assert "firmware" not in raw


@pytest.mark.parametrize(
    ("model_id", "preset", "given", "names"),
    [
        ("snom/c620-wimi", "conference", {"C620-wlconf": "c.img"}, {"handset_firmware_url": "c.img"}),
        ("snom/m100-kle", "dect-base", {"M10": "a.img", "M18": "b.img"},
         {"handset_firmware_url": "a.img", "cordless_deskset_firmware_url": "b.img"}),
        ("snom/m500-kle", "dect-base", {"M55": "a.img"},
         {"handset_firmware_url": "a.img", "cordless_deskset_firmware_url": ""}),
    ],
)  # fmt: skip
def test_images_of_what_hangs_on_a_vtech_device(
    model_id: str, preset: str, given: dict[str, str], names: dict[str, str]
) -> None:
    kit = make_kit(model_id, preset, mac=MAC)
    plain = MaskedText("http://x/base.img", "http://x/base.img")
    images = {model: MaskedText(url, url) for model, url in given.items()}
    raw = booted(replace(kit, offer=Offer("1.0", plain, images))).config.raw
    assert raw["provisioning.firmware_url"] == "http://x/base.img"
    assert {n: raw[f"provisioning.{n}"] for n in names} == names


@pytest.mark.parametrize(
    ("minutes", "window", "told"),
    [
        (0, "02:00-05:00", ("off", "rel", "86400", "")),
        (30, "02:00-05:00", ("on", "rel", "1800", "")),
        (1440, "", ("on", "rel", "86400", "")),
        (1440, "02:00-02:01", ("on", "abs", "86400", "02:00")),
        (10080, "02:00-02:01", ("on", "random", "604800", "02:00")),
    ],
)
def test_when_a_desk_phone_comes_back(minutes: int, window: str, told: tuple[str, ...]) -> None:
    settings: dict[str, object] = {"provisioning": {"repeat_minutes": minutes, "window": window}}
    raw = booted(make_kit("snom/d785", "office", mac=MAC, settings=settings)).config.raw
    names = ("enabled", "mode", "period", "time")
    assert tuple(raw[f"prov_polling_{name}"] for name in names) == told
    assert raw["prov_polling_time_rand_end"] == told[3]


@pytest.mark.parametrize(
    ("minutes", "window", "told"),
    [
        (0, "02:00-05:00", ("disable", "0", "", "0")),
        (30, "02:00-05:00", ("interval", "30", "", "0")),
        (1440, "23:00-23:01", ("weekday", "0", "0,1,2,3,4,5,6", "23")),
        (10080, "23:00-23:01", ("weekday", "0", "0", "23")),
    ],
)
def test_when_a_vtech_device_comes_back(minutes: int, window: str, told: tuple[str, ...]) -> None:
    settings: dict[str, object] = {"provisioning": {"repeat_minutes": minutes, "window": window}}
    raw = booted(make_kit("snom/hd100", "guest-room", mac=MAC, settings=settings)).config.raw
    names = ("schedule_mode", "resync_time", "weekdays", "weekdays_start_hr")
    assert tuple(raw[f"provisioning.{name}"] for name in names) == told


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
