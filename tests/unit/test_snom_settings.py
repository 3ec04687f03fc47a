"""Snom's words for zones, languages, SIP, directories, handsets and raw parameters."""

from __future__ import annotations

import re

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Model
from provisioner.clock import clock_for
from provisioner.errors import RenderError
from provisioner.render import render
from tests.kits import make_kit, with_site
from tests.snom_phones import MAC, NASTY, booted, device_of, provisioned, serve
from web.simulated.device import Fetched


def zone_codes() -> dict[str, str]:
    text = (load().folder / "phones/snom/timezones.j2").read_text(encoding="utf-8")
    return dict(re.findall(r'"([A-Z]\w+/[\w/]+)": "([^"]+)"', text))


def test_there_are_zones() -> None:
    assert len(zone_codes()) > 90


@pytest.mark.parametrize("zone", sorted(zone_codes()))
def test_a_zone_with_a_code_keeps_its_clock(zone: str) -> None:
    assert_clock(zone)


@pytest.mark.parametrize(
    "zone", ["UTC", "Atlantic/Reykjavik", "America/Phoenix", "Pacific/Honolulu", "Asia/Kathmandu",
             "America/Havana", "Asia/Beirut", "Africa/Cairo", "Australia/Lord_Howe"],
)  # fmt: skip
def test_a_zone_without_a_code_is_told_by_its_rule(zone: str) -> None:
    assert zone not in zone_codes()
    assert_clock(zone)


def assert_clock(zone: str) -> None:
    kit = make_kit("snom/d717", "office", mac=MAC, site=with_site(timezone=zone))
    config, clock = booted(kit).config, clock_for(zone)
    assert config.utc_offset_min == clock.offset_min
    for told, change in ((config.dst_start, clock.start), (config.dst_end, clock.end)):
        if change is None:
            assert told is None
        else:
            assert told == (change.month, change.week, change.weekday, change.hour)


@pytest.mark.parametrize(
    ("language", "word"), [("de", "Deutsch"), ("ru", "Русский"), ("xx", "English")]
)
def test_languages_are_called_by_their_own_names(language: str, word: str) -> None:
    kit = make_kit("snom/d717", "office", mac=MAC, site=with_site(languages=(language,)))
    assert booted(kit).config.language == word


def test_dutch_is_called_dutch_on_a_base() -> None:
    kit = make_kit("snom/m700", "dect-base", mac=MAC, site=with_site(languages=("nl",)))
    assert booted(kit).config.language == "Dutch"


def test_sip_particulars() -> None:
    settings: dict[str, object] = {
        "sip": {
            "port": 5070, "transport": "tls", "srtp": "required", "dtmf": "info",
            "backup_registrar": "b.example", "backup_port": 5071, "only_from_registrar": False,
        },
        "audio": {"codecs": ["opus", "pcma", "g722"]},
        "directory": {"ldap_server": "l.example", "ldap_tls": "ldaps"},
    }  # fmt: skip
    kit = make_kit("snom/d785", "office", mac=MAC, settings=settings)
    config = booted(kit).config
    (account,) = config.accounts
    assert (account.port, account.transport, account.dtmf) == (5070, "tls", "info")
    assert config.raw["user_outbound[1]"] == "pbx.aurora.example:5070;transport=tls"
    assert (config.raw["user_srtp[1]"], config.raw["user_savp[1]"]) == ("on", "mandatory")
    assert config.raw["codec_priority_list[1]"] == "pcma,g722"
    assert config.raw["filter_registrar"] == "off"
    assert config.raw["ldap_search_filter"] == "(|(cn=%*)(sn=%*))"
    assert config.raw["ldap_over_tls"] == "on"


def test_a_second_registrar_has_identities_that_stand_in() -> None:
    backup: dict[str, object] = {
        "sip": {"backup_registrar": "b.example", "backup_port": 5071, "failback_s": 90},
        "calls": {"voicemail": "*97"},
    }
    kit = make_kit("snom/d717", "office", mac=MAC, extensions=("1", "2"), settings=backup)
    config = booted(kit).config
    raw = config.raw
    assert [(a.number, a.user) for a in config.accounts] == [(1, "1"), (2, "2")]
    assert [raw[f"user_failover_identity[{n}]"] for n in (1, 2, 3, 4)] == ["3", "4", "none", "none"]
    assert [raw[f"hide_identity[{n}]"] for n in (1, 3, 5)] == ["false", "true", "false"]
    assert (raw["user_name[4]"], raw["user_host[4]"]) == ("2", "b.example:5071")
    assert raw["user_outbound[4]"] == "b.example:5071;transport=udp"
    assert (raw["user_mailbox[1]"], raw["user_mailbox[3]"]) == ("*97", "")
    assert raw["user_active[5]"] == "off"
    assert raw["retry_after_failed_register"] == "90"


def test_without_room_for_a_stand_in_it_is_the_second_server() -> None:
    backup: dict[str, object] = {"sip": {"backup_registrar": "b.example"}}
    kit = make_kit("snom/d120", "office", mac=MAC, extensions=("1", "2"), settings=backup)
    raw = booted(kit).config.raw
    assert raw["user_failover_identity[1]"] == "none"
    assert raw["user_outbound[2]"] == (
        "pbx.aurora.example:5060;transport=udp,b.example:5060;transport=udp"
    )


def test_a_ring_tone_and_a_picture_of_the_library() -> None:
    settings: dict[str, object] = {
        "audio": {"ring_file": "library:bell.wav", "ringtone": 4},
        "screen": {"wallpaper": "library:aurora.png"},
    }
    kit = make_kit("snom/d785", "office", mac=MAC, settings=settings)
    raw = booted(kit).config.raw
    assert (raw["user_ringer[1]"], raw["ring_sound"]) == ("Custom", "Ringer4")
    assert raw["user_custom[1]"] == kit.urls.file("bell.wav").text
    assert raw["custom_bg_image_url"] == kit.urls.file("aurora.png").text
    plain = booted(make_kit("snom/d785", "office", mac=MAC)).config.raw
    assert (plain["user_ringer[1]"], plain["user_custom[1]"]) == ("Ringer1", "")


def test_who_may_lock_the_keys() -> None:
    given: dict[str, object] = {"access": {"menu_pin": "4711"}}
    raw = booted(make_kit("snom/d785", "office", mac=MAC, settings=given)).config.raw
    assert (raw["enable_keyboard_lock"], raw["keyboard_lock_pw"]) == ("on", "4711")
    raw = booted(make_kit("snom/d785", "office", mac=MAC)).config.raw
    assert (raw["enable_keyboard_lock"], raw["keyboard_lock_pw"]) == ("off", "")


def test_802_1x() -> None:
    port: dict[str, object] = {"dot1x_identity": "phone", "dot1x_password": "pw"}
    names = ("auth_method", "md5_username", "md5_password")
    for method, told in (("md5", ("md5", "phone", "pw")), ("eap-tls", ("off", "", ""))):
        settings: dict[str, object] = {"network": port | {"dot1x": method}}
        raw = booted(make_kit("snom/d785", "office", mac=MAC, settings=settings)).config.raw
        assert tuple(raw[f"ieee8021x_eap_{name}"] for name in names) == told


def test_the_phone_book_is_read_into_the_phones_own() -> None:
    """A desk phone finds it in its first file, a base asks for it, a conference phone too."""
    book = (
        '<tbook e="2" complete="true"><item context="active" type="none" index="0">'
        "<first_name>Front</first_name><last_name>Desk</last_name><number>100</number>"
        "</item></tbook>"
    )
    settings: dict[str, object] = {"directory": {"phonebook": True}}
    for firmware in ("10.1.169.16", "8.7.5.35"):
        kit = make_kit("snom/715", "office", mac=MAC, settings=settings, firmware=firmware)
        pages = serve(render(load().folder, kit))

        def fetch(url: str, agent: str) -> Fetched:
            mine = url == kit.urls.file("phonebook.xml").text  # noqa: B023 - used in this turn
            return Fetched(200, book.encode()) if mine else pages(url, agent)  # noqa: B023

        device = device_of(kit, fetch)
        device.boot(dhcp_url=kit.urls.directory.text)
        assert device.flash.contacts == {"100": "Front Desk"}
        assert device.config.raw["dkey_directory"] == "keyevent F_ADR_BOOK"
    raw = booted(make_kit("snom/m900", "dect-base", mac=MAC, settings=settings)).config.raw
    assert (
        raw["phonebook_location"] + raw["phonebook_filename"] == kit.urls.file("phonebook.xml").text
    )
    raw = booted(make_kit("snom/c620-wimi", "conference", mac=MAC, settings=settings)).config.raw
    assert raw["file.contact.directory.overwrite"] == kit.urls.file("phonebook.xml").text


@pytest.mark.parametrize(
    ("firmware", "keep", "beside"),
    [
        ("10.1.178.0", True, True), ("10.1.215.13", True, True), ("10.1.215.13", False, False),
        ("10.1.169.16", True, False), (None, True, False), ("11.0.1", True, True),
    ],
)  # fmt: skip
def test_a_users_own_contacts_stay_where_that_can_be(
    firmware: str | None, keep: bool, beside: bool
) -> None:
    settings: dict[str, object] = {
        "directory": {"phonebook": True}, "provisioning": {"keep_user_changes": keep},
    }  # fmt: skip
    kit = make_kit("snom/d785", "reception", mac=MAC, settings=settings, firmware=firmware)
    general = next(f.body for f in render(load().folder, kit) if f.role == "general")
    url = booted(kit).config.raw["extdir_url[1]"]
    assert url == (kit.urls.file("directory.xml").text if beside else "")
    assert (b"phonebook.xml" in general) != beside


def test_ldap_with_starttls_is_left_off() -> None:
    settings: dict[str, object] = {
        "directory": {"ldap_server": "l.example", "ldap_tls": "starttls", "ldap_password": "pw-1"}
    }
    raw = booted(make_kit("snom/d785", "bathroom", mac=MAC, settings=settings)).config.raw
    assert (raw["ldap_server"], raw["ldap_password"]) == ("", "")


def test_action_urls() -> None:
    settings: dict[str, object] = {"telemetry": {"action_urls": True}}
    kit = make_kit("snom/d785", "office", mac=MAC, settings=settings)
    raw = booted(kit).config.raw
    assert raw["action_incoming_url"] == (
        kit.urls.directory.text + "event?name=incoming&remote=$remote&call=$call-id"
    )
    assert booted(make_kit("snom/d785", "office", mac=MAC)).config.raw["action_setup_url"] == ""


def test_dect_handsets() -> None:
    kit = make_kit("snom/m700", "dect-base", mac=MAC, handsets=3)
    device = booted(kit)
    assert [(h.slot, h.name, h.account, h.ipui) for h in device.config.handsets] == [
        (1, "Handset 1", 1, "0000000001"),
        (2, "Handset 2", 2, ""),
        (3, "Handset 3", 3, "0000000003"),
    ]
    assert [a.user for a in device.config.accounts] == ["301", "302", "303"]
    assert device.config.raw["ac_code"] == "7391"
    assert device.config.raw["vlan_id"] == "20"
    assert device.refused == []
    device._fetch = serve(
        render(load().folder, make_kit("snom/m700", "dect-base", mac=MAC, handsets=1))
    )
    device.provision(device.server_url)
    assert [h.slot for h in device.config.handsets] == [1]


@pytest.mark.parametrize("pin", ["482915", "12a4", "123"])
def test_a_dect_code_has_four_digits(pin: str) -> None:
    kit = make_kit("snom/m700", "dect-base", mac=MAC, settings={"dect": {"pin": pin}})
    with pytest.raises(RenderError, match="dect_pin_must_be_four_digits"):
        render(load().folder, kit)


@pytest.mark.parametrize("role", ["single", "manager", "base"])
def test_a_base_of_several(role: str) -> None:
    settings: dict[str, object] = {"dect": {"role": role}}
    config = booted(
        make_kit("snom/m900", "dect-base", mac=MAC, handsets=2, settings=settings)
    ).config
    assert config.raw["network_sync_enable"] == ("off" if role == "single" else "on")
    assert len(config.accounts) == (0 if role == "base" else 2)


@pytest.mark.parametrize("model_id", ["snom/m100-kle", "snom/m500-kle"])
def test_handsets_of_a_vtech_base(model_id: str) -> None:
    device = booted(make_kit(model_id, "dect-base", mac=MAC, handsets=3))
    assert device.refused == []
    assert [(h.slot, h.name, h.account, h.ipui) for h in device.config.handsets] == [
        (1, "Handset 1", 1, "0000000001"),
        (2, "Handset 2", 2, ""),
        (3, "Handset 3", 3, "0000000003"),
    ]
    assert "7391" in device.config.raw.values()


def test_a_vtech_base_without_named_handsets_rings_each_account_somewhere() -> None:
    device = booted(make_kit("snom/m100-kle", "dect-base", mac=MAC, extensions=("1", "2")))
    assert [(h.slot, h.account, h.name) for h in device.config.handsets] == [
        (1, 1, "Ext 1"), (2, 2, "Ext 2"),
    ]  # fmt: skip


VTECH = [m for m in provisioned() if m.family == "vtech"]


@pytest.mark.parametrize("model", VTECH, ids=lambda model: model.id)
def test_a_vtech_device_refuses_nothing(model: Model) -> None:
    settings: dict[str, object] = {
        "sip": {"srtp": "required", "keepalive_s": 30, "outbound_proxy": "o.example",
                "backup_registrar": "b.example", "caller_id": "rpid", "stun_server": "s.example"},
        "calls": {"forward_no_answer": {"to": "100", "after_s": 120}, "dial_timeout_s": 14},
        "directory": {"phonebook": True, "ldap_server": "l.example"},
        "telemetry": {"syslog_server": "10.0.0.9"},
        "provisioning": {"repeat_minutes": 0, "discovery": False, "verify_server": True},
        "locale": {"date_order": "ymd"},
        "access": {"web": "off"},
        "screen": {"logo": "library:l.png"},
        "firmware": {"url": "http://x/base.img"},
    }  # fmt: skip
    many = tuple(str(n) for n in range(1, model.accounts + 1))
    preset = load().main_preset(model).id
    for given in ({}, settings):
        device = booted(make_kit(model.id, preset, mac=MAC, extensions=many, settings=given))
        assert device.refused == []
        assert [a.user for a in device.config.accounts] == list(many)


@pytest.mark.parametrize("name", ['Quo"te', "Recepción", "a//b"])
def test_what_an_m3_cannot_carry_is_refused(name: str) -> None:
    kit = make_kit("snom/m3", "dect-base", mac=MAC, names={"2214": name})
    with pytest.raises(RenderError, match="m3"):
        render(load().folder, kit)


def test_an_m3_counts_from_nought_and_ends_as_it_must() -> None:
    kit = make_kit("snom/m3", "dect-base", mac=MAC, handsets=2)
    (file,) = render(load().folder, kit)
    lines = file.body.decode("ascii").splitlines()
    assert file.name == f"{MAC.upper()}.cfg"
    assert lines[-1] == "END_OF_FILE"
    assert '%SUBSCR_1_SIP_UA_DATA_SIP_NAME%:"302"' in lines
    assert '%SUBSCR_7_UA_DATA_AUTH_PASS%:""' in lines
    assert "%SRV_0_SIP_UA_CODEC_PRIORITY%:1,0,0xFF" in lines


@pytest.mark.parametrize(
    ("model_id", "preset", "raw", "read"),
    [
        ("snom/d785", "office", {"user_moh[1]": NASTY}, {"user_moh[1]": NASTY}),
        ("snom/m700", "dect-base", {"log_level": "3", "server.user_moh[1]": "a@b"},
         {"log_level": "3", "server.user_moh[1]": "a@b"}),
        ("snom/c520-wimi", "conference", {"page_zone.group.1.name": "A&B"},
         {"page_zone.group.1.name": "A&B"}),
        ("snom/m3", "dect-base", {"EMERGENCY_PRIMARY_PORT": "1", "SIP_X": "a b"},
         {"EMERGENCY_PRIMARY_PORT": "1", "SIP_X": "a b"}),
    ],
)  # fmt: skip
def test_raw_parameters(
    model_id: str, preset: str, raw: dict[str, str], read: dict[str, str]
) -> None:
    dialect = load().models[model_id].dialects[0].id
    kit = make_kit(model_id, preset, mac=MAC, settings={"raw": {dialect: raw}})
    assert read.items() <= booted(kit).config.raw.items()


@pytest.mark.parametrize("name", ["a b", "a><b", "1a", "-a", "a[x]", "ä", ""])
def test_a_raw_name_that_is_no_tag_stops_the_rendering(name: str) -> None:
    for model_id, preset in (
        ("snom/d785", "office"), ("snom/m700", "dect-base"), ("snom/c520-wimi", "conference"),
        ("snom/m3", "dect-base"),
    ):  # fmt: skip
        dialect = load().models[model_id].dialects[0].id
        kit = make_kit(model_id, preset, mac=MAC, settings={"raw": {dialect: {name: "x"}}})
        with pytest.raises(RenderError):
            render(load().folder, kit)
