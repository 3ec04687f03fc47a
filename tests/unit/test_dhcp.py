"""DHCP snippets: what each server is told, and what no value can smuggle in."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import get_args

import pytest

from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.record import Confidence, Source
from provisioner.catalogue.schema import DhcpRule, ResyncRule, Vendor
from provisioner.dhcp import Target, snippet
from provisioner.errors import CatalogueError, InventoryError
from provisioner.inventory.records import Site

TARGETS = get_args(Target)

SITE = Site(
    id="hotel-aurora",
    name="Hotel Aurora",
    networks=(ip_network("fd00::/64"), ip_network("10.20.0.0/16")),
    url="http://10.20.0.5:8080",
    settings={
        "locale": {"ntp_servers": ["10.20.0.1", "pool.ntp.org"]},
        "network": {"vlan_id": 20},
    },
)


def vendor(name: str, rule: DhcpRule, *ouis: str) -> Vendor:
    source = Source(title="x", checked="2025-01", confidence=Confidence.PEER, covers="all")
    resync = ResyncRule(fetch="check-sync", reboot="check-sync")
    return Vendor(
        id=name.lower(), name=name, ouis=ouis, agents=(), paths=(), pnp_vendors=(), resync=resync,
        dhcp=rule, dialects=(), sources=(source,),
    )  # fmt: skip


def catalogue(*vendors: Vendor) -> Catalogue:
    return Catalogue(Path(), {v.id: v for v in vendors}, {}, {}, {})


ACME = vendor("Acme", DhcpRule(options=(66, 43), url="{base}$mac.cfg"), "0c383e", "00a859")
BELL = vendor("Bell", DhcpRule(options=(66, 114, 160), vendor_classes=("bell", "BellTel 2")))
BOTH = catalogue(BELL, ACME)


def lines(target: Target, site: Site = SITE, of: Catalogue = BOTH) -> list[str]:
    return [x for x in snippet(site, of, target).splitlines() if x and x[0] not in "#"]


def kea(site: Site = SITE, of: Catalogue = BOTH) -> dict[str, object]:
    text = re.sub(r"(?m)^//.*$", "", snippet(site, of, "kea"))
    found = json.loads(text)["Dhcp4"]
    assert isinstance(found, dict)
    return found


def test_dnsmasq_tags_vendors_and_tells_each_its_url() -> None:
    assert lines("dnsmasq") == [
        "dhcp-mac=set:bw-hotel-aurora-acme,0c:38:3e:*:*:*",
        "dhcp-mac=set:bw-hotel-aurora-acme,00:a8:59:*:*:*",
        'dhcp-option=tag:bw-hotel-aurora-acme,66,"http://10.20.0.5:8080/$mac.cfg"',
        'dhcp-option=tag:bw-hotel-aurora-acme,43,"http://10.20.0.5:8080/$mac.cfg"',
        'dhcp-option=tag:bw-hotel-aurora-acme,132,"20"',
        "dhcp-option=tag:bw-hotel-aurora-acme,42,10.20.0.1",
        "dhcp-vendorclass=set:bw-hotel-aurora-bell,bell",
        "dhcp-vendorclass=set:bw-hotel-aurora-bell,BellTel 2",
        'dhcp-option=tag:bw-hotel-aurora-bell,66,"http://10.20.0.5:8080/"',
        'dhcp-option=tag:bw-hotel-aurora-bell,114,"http://10.20.0.5:8080/"',
        'dhcp-option=tag:bw-hotel-aurora-bell,160,"http://10.20.0.5:8080/"',
        'dhcp-option=tag:bw-hotel-aurora-bell,132,"20"',
        "dhcp-option=tag:bw-hotel-aurora-bell,42,10.20.0.1",
    ]


def test_kea_is_one_whole_document() -> None:
    document = kea()
    assert document["option-def"] == [
        {"name": "bw-160", "code": 160, "type": "string"},
        {"name": "bw-132", "code": 132, "type": "string"},
    ]
    assert document["subnet4"] == [{"id": 1, "subnet": "10.20.0.0/16"}]
    acme, bell = document["client-classes"]  # type: ignore[misc]
    assert (
        acme["test"]
        == "(substring(pkt4.mac,0,3) == 0x0c383e) or (substring(pkt4.mac,0,3) == 0x00a859)"
    )
    assert acme["option-def"][0]["code"] == 43
    assert acme["option-data"] == [
        {"code": 66, "data": "http://10.20.0.5:8080/$mac.cfg"},
        {"code": 43, "data": "http://10.20.0.5:8080/$mac.cfg"},
        {"code": 132, "data": "20"},
        {"code": 42, "data": "10.20.0.1"},
    ]
    assert bell["test"] == (
        "(substring(option[60].text,0,4) == 'bell') or "
        "(substring(option[60].text,0,9) == 'BellTel 2')"
    )
    assert "option-def" not in bell


def test_kea_cannot_carry_option_159_and_says_so() -> None:
    of = catalogue(vendor("Acme", DhcpRule(options=(66, 159)), "0c383e"))
    assert "Acme: option 159 is left out" in snippet(SITE, of, "kea")
    data = kea(of=of)["client-classes"][0]["option-data"]  # type: ignore[index]
    assert [each["code"] for each in data] == [66, 132, 42]


def test_isc_defines_options_once_and_matches_by_class() -> None:
    text = snippet(SITE, BOTH, "isc")
    assert re.findall(r"(?m)^option (\S+) code (\d+)", text) == [
        ("bw-url-43", "43"), ("bw-url-114", "114"), ("bw-url-160", "160"), ("bw-vlan", "132"),
    ]  # fmt: skip
    assert (
        "  match if substring(hardware, 1, 3) = 0c:38:3e\n"
        "    or substring(hardware, 1, 3) = 00:a8:59;\n"
        '  option tftp-server-name "http://10.20.0.5:8080/$mac.cfg";\n'
        '  option bw-url-43 "http://10.20.0.5:8080/$mac.cfg";\n'
        '  option bw-vlan "20";\n'
        "  option ntp-servers 10.20.0.1;\n"
    ) in text
    assert 'substring(option vendor-class-identifier, 0, 9) = "BellTel 2"' in text


def test_mikrotik_adds_options_sets_and_matchers() -> None:
    assert lines("mikrotik") == [
        "/ip dhcp-server option",
        "add name=bw-hotel-aurora-132 code=132 value=\"s'20'\"",
        "add name=bw-hotel-aurora-42 code=42 value=\"'10.20.0.1'\"",
        "add name=bw-hotel-aurora-acme-66 code=66 value=\"s'http://10.20.0.5:8080/\\$mac.cfg'\"",
        "add name=bw-hotel-aurora-acme-43 code=43 value=\"s'http://10.20.0.5:8080/\\$mac.cfg'\"",
        "add name=bw-hotel-aurora-bell-66 code=66 value=\"s'http://10.20.0.5:8080/'\"",
        "add name=bw-hotel-aurora-bell-114 code=114 value=\"s'http://10.20.0.5:8080/'\"",
        "add name=bw-hotel-aurora-bell-160 code=160 value=\"s'http://10.20.0.5:8080/'\"",
        "/ip dhcp-server option sets",
        (
            "add name=bw-hotel-aurora-acme options=bw-hotel-aurora-acme-66,bw-hotel-aurora-acme-43,"
            "bw-hotel-aurora-132,bw-hotel-aurora-42"
        ),
        (
            "add name=bw-hotel-aurora-bell options=bw-hotel-aurora-bell-66,bw-hotel-aurora-bell-114,"
            "bw-hotel-aurora-bell-160,bw-hotel-aurora-132,bw-hotel-aurora-42"
        ),
        "/ip dhcp-server matcher",
        (
            'add name=bw-hotel-aurora-bell-1 server=dhcp1 code=60 value="bell" '
            "matching-type=substring option-set=bw-hotel-aurora-bell"
        ),
        (
            'add name=bw-hotel-aurora-bell-2 server=dhcp1 code=60 value="BellTel 2" '
            "matching-type=substring option-set=bw-hotel-aurora-bell"
        ),
    ]


@pytest.mark.parametrize("target", TARGETS)
def test_without_vlan_and_ntp_nothing_is_said_of_them(target: Target) -> None:
    text = snippet(replace(SITE, settings={}), BOTH, target)
    assert not re.search(r"\b(132|42|vlan|ntp)\b", text, re.IGNORECASE)


@pytest.mark.parametrize("target", TARGETS)
def test_the_url_ends_in_one_slash(target: Target) -> None:
    text = snippet(replace(SITE, url="https://prov.example/a//"), BOTH, target)
    assert re.search(r"https://prov\.example/a/['\"]", text)


@pytest.mark.parametrize("target", TARGETS)
def test_same_inputs_same_text(target: Target) -> None:
    assert snippet(SITE, BOTH, target) == snippet(SITE, catalogue(ACME, BELL), target)


@pytest.mark.parametrize("target", TARGETS)
def test_a_vendor_that_nothing_tells_apart_is_left_out(target: Target) -> None:
    of = catalogue(ACME, vendor("Nobody", DhcpRule(options=(66,))))
    assert "nobody" not in snippet(SITE, of, target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "url", ["", "prov.example", 'http://a"b/', "http://a b/", "http://a\nb/", "http://a,b/", "http://a'/", "http://a\\/", "http://a;b/"]
)  # fmt: skip
def test_a_url_that_dhcp_cannot_carry_is_refused(target: Target, url: str) -> None:
    with pytest.raises(InventoryError, match="url"):
        snippet(replace(SITE, url=url), BOTH, target)


def test_a_site_id_that_is_no_word_is_refused() -> None:
    with pytest.raises(InventoryError, match="site id"):
        snippet(replace(SITE, id="a,b"), BOTH, "dnsmasq")


def test_an_unknown_server_is_refused() -> None:
    with pytest.raises(InventoryError, match="dnsmasq, kea, isc, mikrotik"):
        snippet(SITE, BOTH, "windows")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (DhcpRule(options=(66,), url='{base}"x'), "dhcp.url"),
        (DhcpRule(options=(66,), vendor_classes=("a' or 1",)), "dhcp.vendor_classes"),
    ],
)
def test_a_vendor_rule_that_cannot_be_written_names_its_key(rule: DhcpRule, key: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        snippet(SITE, catalogue(vendor("Acme", rule, "0c383e")), "dnsmasq")
    assert (caught.value.file, caught.value.key) == ("phones/acme/vendor.toml", key)


@pytest.mark.parametrize("value", [True, "20", None])
def test_only_a_number_is_a_vlan(value: bool | str | None) -> None:
    text = snippet(replace(SITE, settings={"network": {"vlan_id": value}}), BOTH, "dnsmasq")
    assert "132" not in text
