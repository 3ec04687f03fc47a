"""Simulated Snoms behave as the vendor page says, whoever wrote the files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.catalogue.loader import load
from tests.snom_phones import spec_of
from web.simulated import snom_zones
from web.simulated.device import Fetched
from web.simulated.snom import DEVICES, SPECS, maker
from web.simulated.snom_m3 import SnomM3
from web.simulated.snom_spec import SnomSpec
from web.simulated.snom_vtech import SnomVtech

MAC = "00041396d9b4"
BASE = "http://s.example/p/tok/"
HTML = b"<html><body>404</body></html>"


class Server:
    """Files by whole URL, or by name under any directory."""

    def __init__(self, files: dict[str, str] | None = None) -> None:
        self.files = files or {}

    def __call__(self, url: str, _agent: str) -> Fetched:
        body = self.files.get(url, self.files.get(url.rsplit("/", 1)[-1]))
        return Fetched(404, HTML) if body is None else Fetched(200, body.encode())


def desk(files: dict[str, str], model: str = "snom/d785", firmware: str = ""):
    return DEVICES[model](MAC, Server(files), firmware)


def settings(inner: str, keys: str = "") -> str:
    return (
        f'<settings><phone-settings e="2">{inner}</phone-settings>'
        f"<functionKeys>{keys}</functionKeys></settings>"
    )


def test_any_model_is_made_from_what_it_is_like() -> None:
    spec = SnomSpec("snom/d999", "snomD999", accounts=2, keys=2, soft_keys=1)
    own = f"snomD999-{MAC.upper()}.htm"
    keys = "".join(f'<fkey idx="{n}" context="1">speed {n}</fkey>' for n in range(3))
    inner = '<context_key idx="0">speed 9</context_key><user_active idx="3">on</user_active>'
    device = maker(spec)(MAC, Server({own: settings(inner, keys)}), "10.1.1.1")
    device.boot(dhcp_url=BASE)
    assert [(k.slot, k.value) for k in device.config.keys] == [
        ("line-1", "0"), ("line-2", "1"), ("soft-1", "9"),
    ]  # fmt: skip
    assert device.config.accounts == ()
    assert (device.model_id, device.pnp_model) == ("snom/d999", "snomD999")
    assert len({spec.model_id for spec in SPECS}) == len(SPECS) == len(DEVICES)


OWN = f"snomD785-{MAC.upper()}.htm"


def test_registry_makes_each_model() -> None:
    for model_id, make in DEVICES.items():
        device = make(MAC, Server(), "")
        assert device.model_id == model_id
        assert device.vendor == "snom"


def test_the_demos_devices_have_the_bodies_that_the_catalogue_knows() -> None:
    for spec in SPECS:
        model = load().models[spec.model_id]
        known = spec_of(model, model.dialects[0].id)
        assert replace(spec, firmware="") == known


def test_user_agents() -> None:
    agents = {m: make(MAC, Server(), "").user_agent for m, make in DEVICES.items()}
    assert agents["snom/d785"] == (
        "Mozilla/4.0 (compatible; snomD785-SIP 10.1.169.16 2010.12-00001-gd311851f1"
        " (Feb 25 2019 - 14:19:43) 00041396D9B4 SXM:0 UXM:0 UXMC:0)"
    )
    assert agents["snom/m700"] == "Mozilla/4.0 (compatible; Snom M700 05.20.0001 00041396d9b4)"
    assert agents["snom/c520-wimi"] == "VTech C520-WiMi 1.2.0.6"
    assert "snom715-SIP" in agents["snom/715"]
    old = DEVICES["snom/715"](MAC, Server(), "8.7.5.35").user_agent
    assert old == ("Mozilla/4.0 (compatible; snom715-SIP 8.7.5.35 1.1.5-IFX-05.01.12 00041396D9B4)")


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (BASE, [BASE + "snomD785.htm", BASE + OWN]),
        (BASE.rstrip("/"), [BASE + "snomD785.htm", BASE + OWN]),
        (BASE + "{mac}.xml", [BASE + "00041396D9B4.xml"]),
        (BASE + "x.php?mac={mac}", [BASE + "x.php?mac=00041396D9B4"]),
        (BASE + "all.xml", [BASE + "all.xml"]),
    ],
)
def test_what_a_desk_phone_asks_for(url: str, asked: list[str]) -> None:
    device = desk({})
    assert not device.provision(url)
    assert [r.url for r in device.requests] == asked


def test_first_contact_leads_on_at_once() -> None:
    first = "http://s.example/" + OWN
    files = {
        first: f'<settings><setting-files><file url="{BASE}{OWN}"/></setting-files></settings>',
        BASE + OWN: settings(f'<setting_server perm="RW">{BASE}</setting_server>'),
    }
    device = desk(files)
    device.boot(dhcp_url="http://s.example/", cycles=1)
    asked = ["http://s.example/snomD785.htm", first, BASE + OWN]
    assert [r.url for r in device.requests] == asked
    assert device.server_url == BASE
    device.boot(dhcp_url="http://other.example/", cycles=1)
    assert [r.url for r in device.requests] == [*asked, BASE + "snomD785.htm", BASE + OWN]


def test_lists_in_lists_and_loops() -> None:
    def lists(*names: str) -> str:
        entries = "".join(f'<file url="{name}"/>' for name in names)
        return f"<setting-files>{entries}</setting-files>"

    files = {
        OWN: lists("a.xml", OWN),
        "a.xml": lists("b.xml", "a.xml"),
        "b.xml": "<phone-settings><language>Deutsch</language></phone-settings>",
    }
    device = desk(files)
    device.provision(BASE)
    assert device.config.language == "Deutsch"
    assert len(device.requests) == 4


@pytest.mark.parametrize(
    "body",
    [
        "<settings><phone-settings><language>Deutsch</language></phone-settings>",
        "<settings><phone-settings><language>A & B</language></phone-settings></settings>",
        "<html><phone-settings><language>Deutsch</language></phone-settings></html>",
        "",
        "language!: Deutsch",
    ],
)
def test_a_broken_file_is_ignored_as_a_whole(body: str) -> None:
    device = desk({OWN: body})
    assert not device.provision(BASE)
    assert device.config.language == ""


def test_only_what_is_sent_changes() -> None:
    device = desk({OWN: settings("<language>Deutsch</language><vlan_id>20</vlan_id>")})
    assert device.provision(BASE)
    assert not device.provision(BASE)
    device._fetch.files = {OWN: settings("<vlan_id></vlan_id>")}
    assert device.provision(BASE)
    assert (device.config.language, device.config.vlan_id) == ("Deutsch", 0)


@pytest.mark.parametrize(
    ("perm", "may_change", "after"),
    [("R", False, "a"), ("&amp;", False, "a"), (" ", False, "a"), ("", True, "a"),
     ("RW", True, "a"), ("$", True, "a"), ("!", True, "mine")],
)  # fmt: skip
def test_perm(perm: str, may_change: bool, after: str) -> None:
    device = desk({OWN: settings(f'<phone_name perm="{perm}">a</phone_name>')})
    device.provision(BASE)
    assert device.flash.user_sets("phone_name", "mine") is may_change
    device.provision(BASE)
    assert device.flash.get("phone_name") == after


def test_a_users_key_stays_under_an_exclamation_mark() -> None:
    device = desk(
        {OWN: settings("", '<fkey idx="0" perm="!">line</fkey><fkey idx="1" perm="R">line</fkey>')}
    )
    device.provision(BASE)
    assert device.flash.user_sets_key(0, "speed", "7")
    assert not device.flash.user_sets_key(1, "speed", "7")
    device.provision(BASE)
    assert [(k.slot, k.value) for k in device.config.keys] == [("line-1", "7")]


def test_key_numbers_start_at_nought() -> None:
    keys = (
        '<fkey idx="0" context="2" label="L">line</fkey>'
        '<fkey idx="1" context="active">blf 1001|*8</fkey>'
        '<fkey idx="23" context="1">dtmf 9#</fkey>'
        '<fkey idx="24" context="1">speed 5</fkey>'
        '<fkey idx="42" context="1">multicast 239.255.1.1:5004</fkey>'
        '<fkey idx="2" context="active">line</fkey>'
    )
    device = desk({OWN: settings("", keys)})
    device.provision(BASE)
    assert [(k.slot, k.type, k.value, k.account, k.pickup) for k in device.config.keys] == [
        ("line-1", "line", "", 2, ""),
        ("line-2", "blf", "1001", 1, "*8"),
        ("line-24", "dtmf", "9#", 1, ""),
    ]
    device.modules = 2
    device.provision(BASE)
    assert [k.slot for k in device.config.keys][-2:] == ["exp1-1", "exp2-1"]


def test_identities_beyond_the_phones_own_are_not_used() -> None:
    lines = "".join(f'<user_active idx="{n}">on</user_active>' for n in range(1, 9))
    device = desk({f"snom715-{MAC.upper()}.htm": settings(lines)}, "snom/715")
    device.provision(BASE)
    assert [a.number for a in device.config.accounts] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("code", "zone"),
    [
        ("ESP+1", snom_zones.Zone(60, (3, 5, 0, 2), (10, 5, 0, 3))),
        ("ESP-0", snom_zones.Zone(0, (3, 5, 0, 1), (10, 5, 0, 2))),
        ("USA-5", snom_zones.Zone(-300, (3, 2, 0, 2), (11, 1, 0, 2))),
        ("IND+5.5", snom_zones.Zone(330)),
        ("BRA1-3", snom_zones.Zone(-180)),
        ("63", None),
        ("XXX+1", None),
        ("", None),
    ],
)
def test_zones(code: str, zone: snom_zones.Zone | None) -> None:
    assert snom_zones.zone_of_code(code) == zone


def test_the_older_zone_settings() -> None:
    rule = "3600 03.02.07 02:00:00 11.01.07 02:00:00"
    assert snom_zones.zone_of_rule("-18000", rule) == snom_zones.zone_of_code("USA-5")
    assert snom_zones.zone_of_rule("0", "") == snom_zones.Zone(0)
    assert snom_zones.zone_of_rule("", "") is None


BASE_OWN = f"snomM700-{MAC.upper()}.htm"


def test_a_base_refuses_what_it_cannot_take() -> None:
    body = """<settings><global><ac_code>12345</ac_code></global>
      <server><user_host idx="1">pbx</user_host><keepalive_interval idx="1">30</keepalive_interval></server>
      <extension><user_active idx="1">on</user_active><user_name idx="1">301</user_name>
      <subscr_sip_hs_idx idx="1">4</subscr_sip_hs_idx>
      <subscr_dect_ipui idx="1">0x123</subscr_dect_ipui></extension></settings>"""
    device = desk({BASE_OWN: body}, "snom/m700")
    assert device.provision(BASE)
    assert [r.url for r in device.requests] == [BASE + "snomM700.htm", BASE + BASE_OWN]
    assert device.refused == ["ac_code[0]", "keepalive_interval[1]", "subscr_dect_ipui[1]"]
    (handset,) = device.config.handsets
    assert (handset.slot, handset.account, handset.ipui) == (4, 1, "")
    assert device.config.accounts[0].server == "pbx"


def test_a_base_also_takes_the_old_container() -> None:
    body = settings('<user_active idx="1">on</user_active><user_name idx="1">7</user_name>')
    device = desk({BASE_OWN: body}, "snom/m700")
    device.provision(BASE)
    assert device.config.accounts[0].user == "7"


CONFERENCE_OWN = f"C520-WiMi_{MAC.upper()}.cfg"
GOOD = """<settings><web><https_enable>1</https_enable></web>
  <sip_account><idx id="1"><sip_account_enable>1</sip_account_enable><user_id>7</user_id>{}</idx>
  </sip_account></settings>"""


@pytest.mark.parametrize(
    "bad",
    ["<no_such_name>1</no_such_name>", "<transport_mode>sctp</transport_mode>",
     "<primary_sip_server_port>0</primary_sip_server_port>"],
)  # fmt: skip
def test_a_conference_phone_skips_a_module_with_one_fault(bad: str) -> None:
    device = desk({CONFERENCE_OWN: GOOD.format(bad)}, "snom/c520-wimi")
    assert isinstance(device, SnomVtech)
    device.provision(BASE)
    assert device.config.accounts == ()
    assert len(device.refused) == 1
    assert device.config.raw == {"web.https_enable": "1"}


def test_a_conference_phone_follows_its_server_after_a_restart() -> None:
    own = "http://s.example/" + CONFERENCE_OWN
    pages = {
        own: f"<settings><provisioning><server_address>{BASE}</server_address></provisioning></settings>",
        BASE + CONFERENCE_OWN: GOOD.format(""),
    }
    device = DEVICES["snom/c520-wimi"](MAC, Server(pages), "")
    assert isinstance(device, SnomVtech)
    device.boot(dhcp_url="http://s.example/")
    assert [r.url for r in device.requests][:4] == [
        "http://s.example/C520-WiMi.cfg", own, BASE + "C520-WiMi.cfg", BASE + CONFERENCE_OWN,
    ]  # fmt: skip
    assert device.boots == 2
    assert device.config.accounts[0].user == "7"


def test_a_conference_phone_reads_dotted_lines_too() -> None:
    body = "sip_account.1.sip_account_enable = 1\nsip_account.1.user_id = 7\nweb.http_port = 80\n"
    device = desk({CONFERENCE_OWN: body}, "snom/c520-wimi")
    device.provision(BASE)
    assert device.config.accounts[0].user == "7"


@pytest.mark.parametrize("body", [HTML.decode(), "<settings>", "", "hello"])
def test_a_conference_phone_ignores_what_is_no_configuration(body: str) -> None:
    device = desk({CONFERENCE_OWN: body}, "snom/c520-wimi")
    assert not device.provision(BASE)


def test_a_url_with_a_file_name_is_asked_for_alone() -> None:
    device = desk({}, "snom/c520-wimi")
    device.provision(BASE + "mine.cfg")
    assert [r.url for r in device.requests] == [BASE + "mine.cfg"]


def test_a_hidden_identity_is_none_of_its_own() -> None:
    inner = '<user_active idx="1">on</user_active><user_active idx="2">on</user_active>'
    device = desk({OWN: settings(inner + '<hide_identity idx="2">true</hide_identity>')})
    device.provision(BASE)
    assert [a.number for a in device.config.accounts] == [1]


def test_a_complete_phone_book_takes_the_place_of_the_old_one() -> None:
    def book(complete: str, number: str) -> str:
        item = f"<item><name>N{number}</name><number>{number}</number></item>"
        return f"<tbook {complete}>{item}</tbook>"

    device = desk({OWN: book("", "1")})
    device.provision(BASE)
    device._fetch.files = {OWN: book("", "2")}
    device.provision(BASE)
    assert device.flash.contacts == {"1": "N1", "2": "N2"}
    device._fetch.files = {OWN: book('complete="true"', "3")}
    assert device.provision(BASE)
    assert device.flash.contacts == {"3": "N3"}


def test_each_vtech_device_knows_modules_of_its_own() -> None:
    body = "<settings><hs_settings><handset_eu_pin_code>1</handset_eu_pin_code></hs_settings></settings>"
    refused = []
    for line in ("conference", "m100"):
        spec = SnomSpec("snom/x", "X", line, 1)
        device = SnomVtech(spec, MAC, Server({f"X_{MAC.upper()}.cfg": body}))
        device.provision(BASE)
        refused += device.refused
    assert refused == [
        "hs_settings is not known", "hs_settings.handset_eu_pin_code cannot be '1'",
    ]  # fmt: skip


M3 = SnomSpec("snom/m3", "m3", "m3", 8)
M3_FILE = """//---- a comment
%NETWORK_TFTP_SERVER%:"10.0.0.9" // its server
%SRV_0_SIP_UA_DATA_SERVER_PORT%:5070
%SUBSCR_1_SIP_UA_DATA_SIP_NAME%:"7"
%SUBSCR_1_UA_DATA_AUTH_PASS%:"a b"
rubbish
END_OF_FILE
%SUBSCR_2_SIP_UA_DATA_SIP_NAME%:"8"
"""


def test_an_m3_reads_up_to_the_end() -> None:
    device = SnomM3(M3, MAC, Server({f"{MAC.upper()}.cfg": M3_FILE}))
    assert device.provision("http://s.example")
    assert [r.url for r in device.requests] == [f"http://s.example/m3/settings/{MAC.upper()}.cfg"]
    (account,) = device.config.accounts
    assert (account.number, account.user, account.secret, account.port) == (2, "7", "a b", 5070)
    assert device.refused == ["rubbish"]
    assert device.server_url == "tftp://10.0.0.9/"


def test_an_m3_does_not_read_a_file_without_its_end() -> None:
    cut = M3_FILE.replace("END_OF_FILE", "")
    device = SnomM3(M3, MAC, Server({f"{MAC.upper()}.cfg": cut}))
    assert not device.provision("http://s.example/")
    assert device.config.accounts == ()
