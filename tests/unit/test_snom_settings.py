"""Snom's words for zones, languages, SIP, directories, handsets and raw parameters."""

from __future__ import annotations

import re

import pytest

from provisioner.catalogue.loader import load
from provisioner.clock import clock_for
from provisioner.errors import RenderError
from provisioner.render import render
from tests.kits import make_kit, with_site
from tests.snom_phones import MAC, NASTY, booted, serve


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
    assert config.raw["user_outbound[1]"] == (
        "pbx.aurora.example:5070;transport=tls,b.example:5071;transport=tls"
    )
    assert (config.raw["user_srtp[1]"], config.raw["user_savp[1]"]) == ("on", "mandatory")
    assert config.raw["codec_priority_list[1]"] == "pcma,g722"
    assert config.raw["filter_registrar"] == "off"
    assert config.raw["ldap_search_filter"] == "(|(cn=%*)(sn=%*))"
    assert config.raw["ldap_over_tls"] == "on"


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


def test_the_conference_phone_refuses_nothing() -> None:
    settings: dict[str, object] = {
        "sip": {"srtp": "required", "keepalive_s": 30, "outbound_proxy": "o.example",
                "backup_registrar": "b.example", "caller_id": "rpid"},
        "calls": {"forward_no_answer": {"to": "100", "after_s": 120}, "dial_timeout_s": 14},
        "directory": {"phonebook": True},
        "telemetry": {"syslog_server": "10.0.0.9"},
        "provisioning": {"repeat_minutes": 0, "discovery": False, "verify_server": True},
        "locale": {"date_order": "ymd"},
        "access": {"web": "off"},
    }  # fmt: skip
    for given in ({}, settings):
        kit = make_kit(
            "snom/c520-wimi", "conference", mac=MAC, extensions=("1", "2", "3"), settings=given
        )
        device = booted(kit)
        assert device.refused == []
        assert [a.user for a in device.config.accounts] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("model_id", "preset", "raw", "read"),
    [
        ("snom/d785", "office", {"user_moh[1]": NASTY}, {"user_moh[1]": NASTY}),
        ("snom/m700", "dect-base", {"log_level": "3", "server.user_moh[1]": "a@b"},
         {"log_level": "3", "server.user_moh[1]": "a@b"}),
        ("snom/c520-wimi", "conference", {"page_zone.group.1.name": "A&B"},
         {"page_zone.group.1.name": "A&B"}),
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
        ("snom/d785", "office"), ("snom/m700", "dect-base"), ("snom/c520-wimi", "conference")
    ):  # fmt: skip
        dialect = load().models[model_id].dialects[0].id
        kit = make_kit(model_id, preset, mac=MAC, settings={"raw": {dialect: {name: "x"}}})
        with pytest.raises(RenderError):
            render(load().folder, kit)
