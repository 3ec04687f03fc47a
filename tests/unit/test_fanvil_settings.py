"""The list of settings of every Fanvil dialect says what its templates do: no more, no less."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.catalogue.loader import load
from provisioner.errors import RenderError
from provisioner.key_types import PhoneKey
from provisioner.render import render
from provisioner.settings import PhoneSettings
from tests.fanvil_devices import body_of, understood
from tests.kits import TOKEN, make_kit, with_site

# on this ground every other value can be seen
GROUND: dict[str, dict[str, Any]] = {
    "sip": {"outbound_proxy": "a.b", "backup_registrar": "c.d", "keepalive_s": 20,
            "stun_server": "stun.example", "transport": "tcp"},
    "calls": {"hotline": "9", "forward_no_answer": {"to": "7"}, "voicemail": "*97",
              "auto_answer": False},
    "network": {"dot1x": "md5", "dot1x_password": "one"},
    "paging": {"listen": ["239.255.1.1:5004"]},
    "access": {"menu_locked": True},
    "directory": {"phonebook": True, "ldap_server": "l.d", "ldap_user": "u"},
    "telemetry": {"syslog_server": "s.l", "rtcp_xr_collector": "r.x"},
    "door": {"auto_answer": False},
    "firmware": {"version": "9.9", "url": "http://x.y/z"},
}  # fmt: skip

OTHER: dict[str, Any] = {
    "sip.registrar": "other.example", "sip.port": 5070, "sip.transport": "tls",
    "sip.outbound_proxy": "", "sip.outbound_proxy_port": 5071, "sip.backup_registrar": "",
    "sip.backup_port": 5072, "sip.failback_s": 60, "sip.stun_server": "", "sip.stun_port": 3479,
    "sip.expires_s": 900, "sip.retry_s": 77, "sip.srtp": "required", "sip.dtmf": "info",
    "sip.keepalive_s": 40, "sip.pickup_code": "**", "sip.only_from_registrar": False,
    "sip.caller_id": "rpid",
    "calls.hotline": "", "calls.hotline_delay_s": 9, "calls.call_waiting": False,
    "calls.auto_answer": True, "calls.intercom": True, "calls.dnd_allowed": False,
    "calls.forward_allowed": False, "calls.forward_always": {"to": "5"},
    "calls.forward_busy": {"to": "5"}, "calls.forward_no_answer": {"to": "5", "after_s": 30},
    "calls.transfer_allowed": False, "calls.conference_allowed": False, "calls.history": False,
    "calls.voicemail": "5", "calls.voicemail_lamp": False, "calls.pound_dials": False,
    "calls.dial_timeout_s": 9,
    "locale.language": "fr", "locale.country": "FR", "locale.timezone": "Asia/Tokyo",
    "locale.ntp_servers": ["a.example", "b.example"], "locale.ntp_refresh_s": 999,
    "locale.hours_24": False, "locale.date_order": "ymd",
    "network.vlan_id": 21, "network.vlan_priority": 3, "network.pc_vlan_id": 31,
    "network.lldp": False, "network.cdp": True, "network.dscp_signalling": 1,
    "network.dscp_voice": 1, "network.pc_port": False, "network.hostname": "x",
    "network.dot1x": "off", "network.dot1x_identity": "phone", "network.dot1x_password": "two",
    "audio.codecs": ["pcma"], "audio.ringtone": 5, "audio.ring_file": "http://x.example/r.wav",
    "audio.ring_volume_percent": 10, "audio.handset_volume_percent": 10,
    "audio.speaker_volume_percent": 10, "audio.key_tones": True, "audio.vad": True,
    "paging.listen": ["239.1.1.1:5000"], "paging.interrupt_calls": True, "paging.codec": "g722",
    "access.admin_password": "Other-1", "access.user_password": "Other-2", "access.web": "http",
    "access.web_allowed_from": ["10.0.0.1"], "access.menu_locked": False,
    "access.menu_pin": "111", "access.direct_ip_calls": True, "access.guest_account": True,
    "directory.phonebook": False, "directory.phonebook_name": "Other",
    "directory.ldap_server": "", "directory.ldap_port": 1389, "directory.ldap_tls": "ldaps",
    "directory.ldap_base": "dc=x", "directory.ldap_user": "", "directory.ldap_password": "p",
    "directory.ldap_name_filter": "(cn=%)", "directory.ldap_number_filter": "(mobile=%)",
    "telemetry.action_urls": True, "telemetry.syslog_server": "", "telemetry.syslog_port": 515,
    "telemetry.rtcp_xr_collector": "", "telemetry.rtcp_xr_port": 5099,
    "emergency.numbers": ["911"], "emergency.label": "Help",
    "hotel.name": "Other", "hotel.address": "Other", "hotel.phone": "Other",
    "hotel.room": "Other", "hotel.lines": ["Other"],
    "door.call": "5", "door.open_code": "5#", "door.open_s": 9, "door.second_open_code": "8#",
    "door.second_open_s": 9, "door.local_code": "5", "door.talk_s": 99, "door.auto_answer": True,
    "door.hang_up_after_open": True,
    "dect.pin": "5555", "dect.handset_pin": "5555", "dect.role": "manager",
    "dect.manager": "x.example", "dect.repeater": True,
    "dect.bases": [{"mac": "0c383e000777", "name": "Other"}],
    "screen.title": "Other", "screen.backlight_s": 600,
    "screen.wallpaper": "library:room.bmp", "screen.logo": "http://x.example/l.bmp",
    "firmware.version": "8.8", "firmware.url": "http://x.example/b.z",
    "provisioning.repeat_minutes": 0, "provisioning.window": "01:00-01:30",
    "provisioning.keep_user_changes": True, "provisioning.reboot_on_notify": True,
    "provisioning.discovery": True, "provisioning.trust_ca_url": "http://x.example/ca.pem",
    "provisioning.verify_server": True,
}  # fmt: skip

KEYS = (
    PhoneKey(type="emergency", optional=True),
    PhoneKey(type="paging", value="239.255.1.1:5004", optional=True),
    PhoneKey(type="blf", value="201", optional=True),
    PhoneKey(type="door_open", optional=True),
)
PHONES = {
    "new-text": (("fanvil/x4u", KEYS), ("fanvil/h6w", ()), ("fanvil/v67", KEYS)),
    "new-xml": (("fanvil/w611w", KEYS),),
    "new-door": (("fanvil/i16sv", ()), ("fanvil/i16sv", (PhoneKey(type="emergency"),)),
                 ("fanvil/pa2", ())),
    "old-text": (("fanvil/h5", KEYS),),
    "old-xml": (("fanvil/i30", ()), ("fanvil/i30", (PhoneKey(type="emergency"),))),
}  # fmt: skip


def bodies(dialect: str, changed: str = "") -> tuple[bytes, ...]:
    settings = {section: dict(values) for section, values in GROUND.items()}
    if changed:
        section, name = changed.split(".")
        settings.setdefault(section, {})[name] = OTHER[changed]
    made = []
    for model, keys in PHONES[dialect]:
        kit = make_kit(model, "dect-base", keys=keys, settings=settings)
        assert kit.dialect.id == dialect
        made += [file.body for file in render(load().folder, kit)]
    return tuple(made)


@pytest.mark.parametrize("dialect", list(PHONES))
def test_what_is_listed_is_written_and_what_is_not_is_not(dialect: str) -> None:
    listed = load().vendors["fanvil"].dialect(dialect).settings
    ground = bodies(dialect)
    wrong = {
        name
        for name in set(OTHER) - {"firmware.version"}
        if (bodies(dialect, name) != ground) != (name in listed or name.split(".", 1)[0] in listed)
    }
    assert wrong == set()


@pytest.mark.parametrize(
    ("model", "running", "manifest", "image"),
    [
        ("fanvil/h2u-v2", "2.12.0", True, False),
        ("fanvil/h2u-v2", "2.12.20.2", False, False),
        ("fanvil/x3s", "2.10.2.6887", True, False),
        ("fanvil/x4u", "2.12.0", False, True),
        ("fanvil/x4u", "2.12.20.2", False, False),
        ("fanvil/h5", "2.12.0", False, True),
        ("fanvil/i30", "2.12.20.2", False, False),
    ],
)
def test_firmware_is_offered_until_it_runs(
    model: str, running: str, manifest: bool, image: bool
) -> None:
    firmware = {"version": "2.12.20.2", "url": "http://prov.example/fw.z"}
    kit = make_kit(model, "dect-base", firmware=running, settings={"firmware": firmware})
    files = {file.name: file.body.decode() for file in render(load().folder, kit)}
    lists = [body for name, body in files.items() if name.startswith("fanvil_")]
    own = body_of(kit)
    assert lists == (
        ["Version=2.12.20.2\r\nFirmware=http://prov.example/fw.z\r\nInfo=TXT\r\n"]
        if manifest
        else []
    )
    assert f"\r\nEnable Auto Upgrade:{1 if manifest else 0}\r\n" in own or model == "fanvil/i30"
    assert (f"Upgrade Server 1:http://prov.aurora.example:8080/p/{TOKEN}/\r\n" in own) is manifest
    assert ("Auto Image Url:http://prov.example/fw.z" in own) is image


def test_every_setting_is_judged() -> None:
    names = {
        f"{section}.{name}"
        for section, field in PhoneSettings.model_fields.items()
        for name in getattr(field.annotation, "model_fields", {})
    }
    assert names == set(OTHER)


def test_every_dialect_is_judged() -> None:
    assert set(PHONES) == {dialect.id for dialect in load().vendors["fanvil"].dialects}


@pytest.mark.parametrize(
    ("zone", "offset", "name"),
    [("Europe/Madrid", "4", "UTC+1"), ("UTC", "0", "UTC"), ("America/New_York", "-20", "UTC-5"),
     ("Asia/Kolkata", "22", "UTC+5:30"), ("Asia/Kathmandu", "23", "UTC+5:45"),
     ("America/St_Johns", "-14", "UTC-3:30")],
)  # fmt: skip
@pytest.mark.parametrize("model", ["fanvil/h2u-v2", "fanvil/h5"])
def test_zones_are_quarter_hours(model: str, zone: str, offset: str, name: str) -> None:
    body = body_of(make_kit(model, "dect-base", site=with_site(timezone=zone)))
    assert f"\r\nTime Zone:{offset}\r\nTime Zone Name:{name}\r\n" in body


def test_a_zone_without_daylight_time_switches_it_off() -> None:
    site = with_site(timezone="Asia/Tokyo")
    assert "\r\nDST Type:0\r\n" in body_of(make_kit("fanvil/h2u-v2", "dect-base", site=site))
    assert "\r\nEnable DST:0\r\n" in body_of(make_kit("fanvil/h5", "dect-base", site=site))


@pytest.mark.parametrize(
    ("model", "transport", "code"),
    [("fanvil/x4u", "tls", "3"), ("fanvil/h5", "tls", "2"), ("fanvil/h5", "tcp", "1")],
)
def test_transport_codes_differ_by_generation(model: str, transport: str, code: str) -> None:
    kit = make_kit(model, "dect-base", settings={"sip": {"transport": transport}})
    assert f"\r\nSIP1 Transport:{code}\r\n" in body_of(kit)
    assert understood(kit).accounts[0].transport == transport


@pytest.mark.parametrize(
    ("model", "codecs", "written"),
    [
        ("fanvil/x4u", ["opus", "pcma", "ilbc"], "opus,PCMA,iLBC"),
        ("fanvil/h5", ["opus", "pcma", "pcmu"], "G711A,G711U"),
        ("fanvil/h5", ["opus"], "G711A"),
    ],
)
def test_codec_words_differ_by_generation(model: str, codecs: list[str], written: str) -> None:
    kit = make_kit(model, "dect-base", settings={"audio": {"codecs": codecs}})
    assert f"\r\nSIP1 VoiceCodecMap:{written}\r\n" in body_of(kit)


@pytest.mark.parametrize(
    ("url", "server", "protocol", "file"),
    [
        ("https://prov.example", "https://prov.example", "5", f"p/{TOKEN}/$mac.cfg"),
        ("http://a.example:8080/bw/", "http://a.example:8080", "4", f"bw/p/{TOKEN}/$mac.cfg"),
        ("tftp://10.0.0.2", "tftp://10.0.0.2", "2", f"p/{TOKEN}/$mac.cfg"),
    ],
)
def test_where_the_phone_comes_back(url: str, server: str, protocol: str, file: str) -> None:
    body = body_of(make_kit("fanvil/x4u", "dect-base", site=with_site(url=url)))
    assert (
        f"Flash Server IP:{server}\r\nFlash File Name:{file}\r\nFlash Protocol:{protocol}\r\n"
    ) in body


@pytest.mark.parametrize(
    ("minutes", "mode", "hours"), [(0, 1, 1), (30, 2, 1), (90, 2, 2), (1440, 2, 24)]
)
def test_how_often_it_comes_back(minutes: int, mode: int, hours: int) -> None:
    settings = {"provisioning": {"repeat_minutes": minutes}}
    new = body_of(make_kit("fanvil/x4u", "dect-base", settings=settings))
    old = body_of(make_kit("fanvil/h5", "dect-base", settings=settings))
    assert f"Flash Mode:{mode}\r\nFlash Interval:{hours}\r\n" in new
    assert f"Download Mode:{mode}\r\nDownload Interval:{hours}\r\n" in old


def test_phones_that_booted_together_come_back_apart() -> None:
    macs = [f"0c383e0002{n:02x}" for n in range(20)]
    told = [understood(make_kit("fanvil/x4u", "plain", mac=mac)).raw for mac in macs]
    hours = [int(raw["<AUTOUPDATE CONFIG MODULE> Flash Interval"]) for raw in told]
    assert set(hours) == {20, 21, 22, 23, 24}


def test_hotel_texts() -> None:
    kit = make_kit(
        "fanvil/h5", "guest-room", settings={"hotel": {"lines": ["Welcome", "Wi-Fi: x"]}}
    )
    raw = understood(kit).raw
    said = {name: raw[f"<GLOBAL CONFIG MODULE> {name}"] for name in (
        "Hotel Name", "Room No", "Floor Addr", "Hotel First line", "Hotel Second line",
        "Hotel Third line",
    )}  # fmt: skip
    assert list(said.values()) == ["Hotel Aurora", "214", "2", "Welcome", "Wi-Fi: x", ""]


def test_raw_parameters_come_last_and_marked() -> None:
    raw = {
        "<NET CONFIG MODULE> MTU": "1400",
        "<DSSKEY CONFIG MODULE> --SoftDss Config-- Fkey1 ICON": "Red",
    }
    body = body_of(make_kit("fanvil/h2u-v2", "dect-base", settings={"raw": {"new-text": raw}}))
    assert body.endswith(
        "### raw: parameters that bellwire does not model\r\n<NET CONFIG MODULE>\r\nMTU:1400\r\n"
        "<DSSKEY CONFIG MODULE>\r\n--SoftDss Config--:\r\nFkey1 ICON:Red\r\n<<END OF FILE>>\r\n"
    )


def test_action_urls_hold_the_variables_of_the_phone() -> None:
    kit = make_kit("fanvil/h5", "dect-base", settings={"telemetry": {"action_urls": True}})
    assert understood(kit).raw["<GLOBAL CONFIG MODULE> Reg On Url"] == (
        f"http://prov.aurora.example:8080/p/{TOKEN}/event?e=registered"
        "&mac=$mac&ip=$ip&model=$model&firmware=$firmware"
    )


@pytest.mark.parametrize(
    ("model", "language", "written"),
    [
        ("fanvil/x4u", "de", "Default Language:de"),
        ("fanvil/x4u", "ja", "Default Language:jp"),
        ("fanvil/x4u", "cs", "Default Language:cz"),
        ("fanvil/x4u", "sw", "Default Language:en"),
        ("fanvil/h5", "en", "Language:0"),
        ("fanvil/h5", "de", "Language:16"),
        ("fanvil/h5", "sw", "Language:0"),
    ],
)
def test_languages(model: str, language: str, written: str) -> None:
    kit = make_kit(model, "dect-base", settings={"locale": {"language": language}})
    assert f"\r\n{written}\r\n" in body_of(kit)
    assert understood(kit).language == ("en" if language == "sw" else language)


def test_a_country_without_a_known_tone_leaves_the_phone_its_own() -> None:
    kit = make_kit("fanvil/x4u", "dect-base", site=with_site(country="PE"))
    assert "Select Your Tone" not in body_of(kit)


@pytest.mark.parametrize("name", ["MTU", "NET CONFIG MODULE MTU", "<NET CONFIG MODULE>MTU"])
def test_a_raw_parameter_needs_its_module(name: str) -> None:
    kit = make_kit("fanvil/x4u", "dect-base", settings={"raw": {"new-text": {name: "1"}}})
    with pytest.raises(RenderError, match="raw_fanvil_parameter_is_named_like"):
        body_of(kit)


def test_what_a_phone_cannot_be_told_is_a_warning() -> None:
    settings = {"audio": {"ring_file": "library:bell.wav", "ringtone": 3}}
    warnings = make_kit("fanvil/x4u", "office", settings=settings).warnings
    assert any("audio.ring_file" in warning for warning in warnings)
    assert not any("audio.ringtone" in warning for warning in warnings)
