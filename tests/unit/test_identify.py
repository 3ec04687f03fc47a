"""A request to an identity: whatever a phone, another maker's phone or a guesser sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.catalogue.loader import load
from provisioner.catalogue.schema import Role
from provisioner.identify import (
    MAX_PATH,
    FetchRequest,
    Identity,
    _remembered,
    identify,
    split_path,
)

CATALOGUE = load()
TOKEN = "abcdefghijklmnopqrstuvwx23"
MAC = "0c383e000214"


def who(path: str, agent: str = ""):
    return identify(FetchRequest("http", path, "10.20.0.1", agent), CATALOGUE)


NOT_OURS = [
    "Grandstream Model HW GRP2614 SW 1.0.5.15 DevId c074ad0b63ee",
    "Grandstream Model HW HT801 V1.1A SW 1.0.17.5 DevId c074ad273a10",
    "Htek UC903 2.0.4.2 00:1f:c1:1c:22:a9",
    "Panasonic_KX-UT113/01.133 (0080f0c8c381)",
    "Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e85a)",
    "Aastra6863i MAC:00-08-5D-40-90-5F V:4.1.0.128-SIP",
    "Mitel6920 MAC:14-00-E9-1F-03-EA V:6.4.0.140-SIP",
    "FileTransport PolycomVVX-VVX_400-UA/4.1.4.7430 Type/Application",
    "Alcatel IP Touch 4028/2.01.20",
    "Cisco-CP-7832-3PCC/11.0.1 (00562b043615)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "curl/8.5.0",
    "",
]


@pytest.mark.parametrize("agent", NOT_OURS)
def test_another_makers_phone_is_nobodys(agent: str) -> None:
    identity = who("/", agent)
    assert (identity.agent, identity.vendor, identity.model, identity.mac) == (None, "", "", None)
    assert not identity.roles
    assert who("/cfgc074ad0b63ee.xml", agent).vendor == ""
    assert who("/c074ad0b63ee.cfg", agent).vendor == ""


@pytest.mark.parametrize(
    ("agent", "vendor", "model", "firmware", "mac"),
    [
        ("Yealink SIP-T46U 108.86.0.20 80:5e:c0:00:01:00", "yealink", "yealink/t46u", "108.86.0.20", "805ec0000100"),
        ("yealink SIP-T31P 124.85.0.40 805ec0000100", "yealink", "yealink/t31p", "124.85.0.40", "805ec0000100"),
        ("Yealink W70B 146.85.0.5 80:5e:c0:00:03:00", "yealink", "yealink/w70b", "146.85.0.5", "805ec0000300"),
        ("Yealink SIP-T99X 1.2.3.4", "yealink", "T99X", "1.2.3.4", None),
        ("Fanvil H5 2.12.1.7387 0c383e000214", "fanvil", "fanvil/h5", "2.12.1.7387", MAC),
        ("Fanvil H2U-V2 2.12.20.2 0c383e000214", "fanvil", "fanvil/h2u-v2", "2.12.20.2", MAC),
        ("Fanvil X6U Pro 0.0.10 0c383e2cd782", "fanvil", "fanvil/x6u-pro", "0.0.10", "0c383e2cd782"),
        ("Mozilla/4.0 (compatible; snomD785-SIP 10.1.169.16 2010.12-00004-g9ba52f5 000413000103 SXM:0)",
         "snom", "snom/d785", "10.1.169.16", "000413000103"),
        ("snomD785/10.1.169.16", "snom", "snom/d785", "10.1.169.16", None),
        ("snomM700/03.23.0005 (MAC=000413000301; SER= 00000; HW=255)", "snom", "snom/m700", "03.23.0005", "000413000301"),
    ],
)  # fmt: skip
def test_our_makers_phones(
    agent: str, vendor: str, model: str, firmware: str, mac: str | None
) -> None:
    identity = who("/", agent)
    assert (identity.vendor, identity.model, identity.firmware, identity.mac) == (
        vendor, model, firmware, mac,
    )  # fmt: skip
    assert identity.path_mac is None


@pytest.mark.parametrize(
    "model", [m for m in CATALOGUE.models.values() if m.agents], ids=lambda m: m.id
)
def test_every_model_is_known_by_what_it_calls_itself(model) -> None:
    shapes = {
        "yealink": "Yealink {} 1.86.0.20 80:5e:c0:00:01:00",
        "fanvil": "Fanvil {} 2.12.20.2 0c383e000214",
        "snom": "snom{}/10.1.169.16",
        "gigaset": "Gigaset {}/70.108.00.000.000",
    }
    agent = model.agents[0].removeprefix("snom")
    if model.family == "vtech":
        shapes["snom"] = "VTech {} 1.0"
    assert who("/", shapes[model.vendor].format(agent)).model == model.id


@pytest.mark.parametrize(
    ("name", "roles", "mac"),
    [
        ("0c383e000214.boot", {"yealink": Role.BOOT, "fanvil": Role.BOOT}, MAC),
        ("0c383e000214.cfg", {"yealink": Role.DEVICE, "fanvil": Role.DEVICE}, MAC),
        ("0C383E000214.CFG", {"yealink": Role.DEVICE, "fanvil": Role.DEVICE}, MAC),
        ("0c383e000214.txt", {"fanvil": Role.DEVICE}, MAC),
        ("y000000000108.cfg", {"yealink": Role.COMMON}, None),
        ("y000000000000.boot", {"yealink": Role.BOOT}, None),
        ("805ec0000100-local.cfg", {"yealink": Role.LOCAL}, "805ec0000100"),
        ("F0V2UV200000.cfg", {"fanvil": Role.COMMON}, None),
        ("f0H5hw1.100.cfg", {"fanvil": Role.COMMON}, None),
        ("F00000000000.cfg", {"fanvil": Role.COMMON, "yealink": Role.DEVICE}, None),
        ("snom.htm", {}, None),
        ("snomD785.htm", {"snom": Role.GENERAL}, None),
        ("snom715.htm", {"snom": Role.GENERAL}, None),
        ("snomD785-000413000103.htm", {"snom": Role.DEVICE}, "000413000103"),
        ("snomM700-000413000301.htm", {"snom": Role.DEVICE}, "000413000301"),
        ("snomD785-firmware.htm", {"snom": Role.BOOT}, None),
        ("C520-WiMi_000413000121.cfg", {"snom": Role.DEVICE}, "000413000121"),
        ("C520-WiMi.cfg", {"snom": Role.GENERAL}, None),
        ("snomD785-10.1.169.16-SIP-r.swu", {"snom": Role.FIRMWARE}, None),
        ("M700_v0650_b0001.fwu", {"snom": Role.FIRMWARE}, None),
        ("T46U-108.86.0.20.rom", {"yealink": Role.FIRMWARE}, None),
        ("Fanvil_H5.txt", {"fanvil": Role.FIRMWARE}, None),
        ("index.html", {}, None),
        ("robots.txt", {}, None),
        ("wp-login.php", {}, None),
        ("0c383e00021.cfg", {}, None),
        ("0c383e000214.cfg.bak", {}, None),
        ("00:15:65:00:00:01.cfg", {}, None),
    ],
)  # fmt: skip
def test_names_of_files(name: str, roles: dict[str, Role], mac: str | None) -> None:
    for path in (f"/{name}", f"/p/{TOKEN}/{name}", f"//p//{TOKEN}//Fanvil//{name}"):
        identity = who(path)
        assert identity.name == name
        assert identity.path_mac == mac
        assert identity.roles == roles
        assert bool(identity.roles) == bool(roles)


def test_a_phone_book_is_every_vendors() -> None:
    assert set(who("/phonebook.xml").roles.values()) == {Role.PHONEBOOK}


@pytest.mark.parametrize(
    ("path", "token", "name"),
    [
        ("", "", ""),
        ("/", "", ""),
        ("/a.cfg", "", "a.cfg"),
        ("a.cfg", "", "a.cfg"),
        ("/Fanvil/a.cfg", "", "a.cfg"),
        ("//a.cfg", "", "a.cfg"),
        ("/a.cfg?mac=1", "", "a.cfg"),
        (f"/p/{TOKEN}/a.cfg", TOKEN, "a.cfg"),
        (f"/p/{TOKEN.upper()}/a.cfg", TOKEN, "a.cfg"),
        (f"//p//{TOKEN}//x//a.cfg", TOKEN, "a.cfg"),
        (f"p/{TOKEN}/a.cfg", TOKEN, "a.cfg"),
        (f"/p/{TOKEN}/", TOKEN, ""),
        (f"/p/{TOKEN}", TOKEN, ""),
        (f"/p/{TOKEN}/{TOKEN}", TOKEN, TOKEN),
        (f"/%70/{TOKEN}/a%2Ecfg", TOKEN, "a.cfg"),
        (f"\\p\\{TOKEN}\\a.cfg", TOKEN, "a.cfg"),
        ("/p/short/a.cfg", "?", "a.cfg"),
        (f"/p/{TOKEN}x/a.cfg", "?", "a.cfg"),
        ("/p/abcdefghijklmnopqrstuvwx18/a.cfg", "?", "a.cfg"),
        ("/p/a.cfg", "?", ""),
        ("/p", "", "p"),
        ("/q/p/x", "", "x"),
        (f"/p/../p/{TOKEN}/a.cfg", "", ""),
        ("/../../etc/passwd", "", ""),
        ("/..%2f..%2fetc/passwd", "", ""),
        ("/%2e%2e/%2e%2e/etc/passwd", "", ""),
        ("\\..\\..\\windows\\win.ini", "", ""),
        ("/%5c..%5cx", "", ""),
        ("/a/%252e%252e/b", "", "b"),
        ("/a/...", "", "..."),
        ("/caf%C3%A9.cfg", "", ""),
        ("/café.cfg", "", ""),
        ("/%ff%fe.cfg", "", ""),
        ("/a%00.cfg", "", ""),
        ("/a%0d%0a.cfg", "", ""),
        ("/a%.cfg", "", "a%.cfg"),
        ("/" + "a" * (MAX_PATH - 1), "", "a" * (MAX_PATH - 1)),
        ("/" + "a" * MAX_PATH, "", ""),
        (f"/p/{TOKEN}/{'x/' * 300}a.cfg", "", ""),
    ],
)
def test_paths(path: str, token: str, name: str) -> None:
    assert split_path(path) == (token, name)


def test_the_path_says_more_than_the_user_agent() -> None:
    identity = who("/0c383e000214.cfg", "Yealink SIP-T46U 108.86.0.20 80:5e:c0:00:01:00")
    assert identity.mac == identity.path_mac == MAC
    assert identity.vendor == "yealink"
    assert identity.agent is not None
    assert identity.agent.mac == "805ec0000100"


@pytest.mark.parametrize(
    ("path", "agent", "vendor"),
    [
        ("/0c383e000214.cfg", "", "fanvil"),  # two vendors have such a name: the maker decides
        ("/805ec0000100.cfg", "", "yealink"),
        ("/020000000001.cfg", "", ""),
        ("/805ec0000100.cfg", "Fanvil H5 2.12.1 0c383e000214", "fanvil"),
        ("/snom715-805ec0000100.htm", "", "snom"),  # a name of one vendor's own beats the maker
        ("/index.html", "", ""),
    ],
)
def test_the_maker_of_a_mac_is_only_a_hint(path: str, agent: str, vendor: str) -> None:
    assert who(path, agent).vendor == vendor


def test_a_mac_that_is_no_devices_is_no_mac() -> None:
    for name in ("000000000000.cfg", "ffffffffffff.cfg", "01005e000001.cfg"):
        assert who(f"/{name}").mac is None


@given(st.binary(max_size=700), st.binary(max_size=700))
def test_nothing_that_is_sent_raises(path: bytes, agent: bytes) -> None:
    identity = who(path.decode("latin-1"), agent.decode("latin-1"))
    assert len(identity.name) <= MAX_PATH
    assert identity.name.isascii()
    assert "/" not in identity.name
    who(path.decode("utf-8", "surrogateescape"), agent.decode("utf-8", "surrogateescape"))


PIECES = st.sampled_from(
    [
        "Yealink",
        "SIP-",
        "T46U",
        "Fanvil",
        "snom",
        "-SIP",
        " ",
        "/",
        "1.2.3.4",
        "0c383e000214",
        ":",
        "(",
        "9" * 60,
        "²",
        "٣",
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join), st.lists(PIECES, max_size=25).map("".join))
def test_nothing_that_looks_like_a_phone_raises(path: str, agent: str) -> None:
    identity = who(path, agent)
    if identity.firmware and identity.model in CATALOGUE.models:
        model = CATALOGUE.models[identity.model]
        if model.dialects:
            assert CATALOGUE.dialect_of(model, identity.firmware)


def test_only_what_phones_ask_by_their_token_is_remembered() -> None:
    """To a guesser a quicker answer would tell which names were asked before."""
    token, mac = "abcdefghijklmnopqrstuvwx23", "0c383e00abcd"
    agent = f"Fanvil H5 2.12.4 {mac}"
    before = _remembered.cache_info()

    def ask(path: str, home: bool) -> Identity:
        request = FetchRequest("http", path, "10.20.0.1", agent)
        return identify(request, CATALOGUE, lambda *_: home)

    asked = [
        ask(f"/{mac}.cfg", True),
        ask(f"/p/{token}/{mac}.cfg", False),
        ask(f"/p/x/{mac}.cfg", False),
    ]
    assert _remembered.cache_info() == before
    assert {identity.mac for identity in asked} == {mac}
    ask(f"/p/{token}/{mac}.cfg", True)
    assert _remembered.cache_info().currsize == before.currsize + 1
