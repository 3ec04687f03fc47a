"""Each setting that a Fanvil dialect lists is really expressed, in the vendor's own codes."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import pytest

from provisioner.catalogue.loader import load
from provisioner.errors import RenderError
from provisioner.key_types import PhoneKey
from provisioner.settings import PhoneSettings
from tests.fanvil_devices import body_of, understood
from tests.kits import TOKEN, make_kit, with_site

IN_USE: dict[str, dict[str, Any]] = {
    "sip": {"outbound_proxy": "a.b", "backup_registrar": "c.d", "keepalive_s": 20},
    "calls": {"hotline": "9", "forward_no_answer": {"to": "7"}, "voicemail": "*97"},
    "paging": {"listen": ["239.255.1.1:5004"]},
    "directory": {"phonebook": True, "ldap_server": "l.d", "ldap_user": "u"},
    "telemetry": {"syslog_server": "s.l", "rtcp_xr_collector": "r.x"},
}
OTHER = {
    "locale.language": "de", "locale.country": "DE", "locale.timezone": "Asia/Tokyo",
    "locale.ntp_servers": ["x.y"], "audio.codecs": ["pcmu"], "paging.listen": ["239.9.9.9:5002"],
    "calls.forward_always": {"to": "5"}, "calls.forward_busy": {"to": "5"},
    "calls.forward_no_answer": {"to": "5"}, "emergency.numbers": ["911"], "hotel.lines": ["x"],
    "door.open_code": "77", "firmware.url": "http://x.y/z", "telemetry.action_urls": True,
    "network.vlan_id": 77, "access.web": "http", "access.menu_locked": False,
    "directory.phonebook": False,
}  # fmt: skip
EXAMPLES = {
    "new-text": [
        ("fanvil/x4u", "office"),
        ("fanvil/x4u", "guest-room"),
        ("fanvil/h2u-v2", "guest-room"),
    ],
    "old-text": [("fanvil/h5", "guest-room"), ("fanvil/i30", "door-station")],
}
KEYS = (
    PhoneKey(type="paging", value="239.255.1.1:5004"),
    PhoneKey(type="blf", value="201"),
    PhoneKey(type="door_open"),
)


def leaves(dialect: str) -> list[str]:
    found = []
    for name in sorted(load().vendors["fanvil"].dialect(dialect).settings):
        section, _, leaf = name.partition(".")
        fields = PhoneSettings.model_fields[section].annotation.model_fields
        found += [name] if leaf else [f"{section}.{field}" for field in fields]
    return found


def another_value(name: str) -> Any:
    if name in OTHER:
        return OTHER[name]
    section, leaf = name.split(".")
    field = PhoneSettings.model_fields[section].annotation.model_fields[leaf]
    if get_origin(field.annotation) is Literal:
        return next(value for value in get_args(field.annotation) if value != field.default)
    if isinstance(field.default, bool):
        return not field.default
    if isinstance(field.default, int):
        return field.default + 17 if field.default > 20 else field.default + 2
    return "12345"


def bodies(dialect: str, settings: dict[str, Any]) -> list[str]:
    made = []
    for model, preset in EXAMPLES[dialect]:
        keys = KEYS if model in ("fanvil/x4u", "fanvil/h5") else ()
        if model == "fanvil/h5":
            keys = tuple(k.model_copy(update={"slot": f"line-{n}"}) for n, k in enumerate(KEYS, 4))
        site = with_site(numbers={} if model == "fanvil/i30" else {"reception": "100"})
        kit = make_kit(model, preset, keys=keys, settings=settings, site=site)
        made.append(body_of(kit))
    return made


@pytest.mark.parametrize("dialect", list(EXAMPLES))
def test_every_listed_setting_is_in_the_file(dialect: str) -> None:
    before = bodies(dialect, IN_USE)
    ignored = []
    for name in leaves(dialect):
        section, leaf = name.split(".")
        changed = IN_USE | {section: IN_USE.get(section, {}) | {leaf: another_value(name)}}
        if bodies(dialect, changed) == before:
            ignored.append(name)
    assert ignored == []


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
    settings = {"calls": {"forward_allowed": False, "forward_always": {"to": "5"}}}
    warnings = make_kit("fanvil/x4u", "office", settings=settings).warnings
    assert any("calls.forward_allowed" in warning for warning in warnings)
    assert not any("calls.forward_always" in warning for warning in warnings)
