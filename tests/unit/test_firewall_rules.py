"""Which ports are open, and to whom: from the inventory, without a firewall."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from monitors.firewall.nftables import nftables_rules, shut_out_table
from monitors.firewall.openings import Bellwire, Opening, openings
from monitors.firewall.ufw import ufw_rules
from provisioner.catalogue.loader import load
from provisioner.errors import InventoryError
from provisioner.inventory.pbx_hardening import ANYWHERE, Hardening, SipTls
from provisioner.inventory.records import Pbx
from provisioner.pbx.site import PbxSite
from tests.integration.hardened_asterisk import aurora
from tests.integration.servers import DataFolder, small_site


@pytest.fixture(scope="module", autouse=True)
def catalogue_once() -> Iterator[None]:
    """Reading it takes a second, and every command would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("web.installation.load", cache(load))
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    made = DataFolder(tmp_path_factory.mktemp("data") / "var")
    ami = {"host": "10.20.0.5", "username": "x", "secret": "y"}
    hardening = {"trunks": ["203.0.113.0/28"], "never_shut_out": ["192.0.2.7/32"]}
    pbx = {"ami": ami, "hardening": hardening}
    second = {**small_site(site_id="villa"), "networks": ["10.30.0.0/24"], "rooms": []}
    made.apply({**small_site(), "pbx": pbx}, second)
    return made


def hotel(
    hardening: Hardening | None = None, *networks: str, url: str = "http://prov.example"
) -> PbxSite:
    made = aurora(hardening, *(networks or ("10.20.0.0/24", "fd00:20::/64")))
    pbx = Pbx("asterisk", "10.20.0.1", hardening=hardening or Hardening())
    return replace(made, site=replace(made.site, pbx=pbx, url=url))


def by_port(found: tuple[Opening, ...]) -> dict[tuple[str, int], Opening]:
    return {(one.protocol, one.first): one for one in found}


def texts(networks: tuple[object, ...]) -> list[str]:
    return [str(network) for network in networks]


def test_what_a_hotel_opens() -> None:
    found = by_port(openings([hotel()], Bellwire(tftp=69, ami_from=("10.20.0.7/32",))))
    assert list(found) == [
        ("udp", 5060), ("udp", 10_000), ("tcp", 5038), ("tcp", 80), ("udp", 69),
    ]  # fmt: skip
    assert texts(found["udp", 5060].sources) == ["10.20.0.0/24", "fd00:20::/64"]
    assert texts(found["tcp", 5038].sources) == ["10.20.0.7/32"]
    assert found["udp", 10_000].last == 20_000
    assert not found["tcp", 80].closed, "people open pages there, from where nobody knows"


def test_pages_are_closed_where_somebody_says_from_where_people_come() -> None:
    found = by_port(openings([hotel()], Bellwire(pages_from=("192.0.2.0/24",))))
    assert found["tcp", 80].closed
    assert texts(found["tcp", 80].sources) == ["10.20.0.0/24", "192.0.2.0/24", "fd00:20::/64"]


def test_trunks_are_known_and_apps_are_strangers() -> None:
    hardening = Hardening(
        soft_phones_from=("198.51.100.0/24",), trunks=("203.0.113.0/28",), tls=SipTls("/c", "/k")
    )
    pbx = replace(hotel(hardening), soft_phones={"2214": 1})
    found = by_port(openings([pbx]))
    for door in (("udp", 5060), ("tcp", 5061)):
        assert texts(found[door].strangers) == ["198.51.100.0/24"]
        assert texts(found[door].sources) == ["10.20.0.0/24", "203.0.113.0/28", "fd00:20::/64"]
    assert "198.51.100.0/24" in texts(found["udp", 10_000].sources)
    assert not by_port(openings([hotel(hardening)]))["udp", 5060].strangers, "no app is there"


def test_sites_on_one_pbx_share_their_ports() -> None:
    villa = hotel(None, "10.20.1.0/24")
    found = openings([hotel(), replace(villa, site=replace(villa.site, id="villa"))])
    assert len(by_port(found)) == len(found)
    assert texts(by_port(found)["udp", 5060].sources) == ["10.20.0.0/23", "fd00:20::/64"]


@pytest.mark.parametrize(
    ("url", "door"),
    [
        ("https://prov.example", ("tcp", 443)),
        ("http://prov.example:8080/x", ("tcp", 8080)),
        ("tftp://prov.example", ("udp", 69)),
    ],
)
def test_provisioning_is_where_the_url_says(url: str, door: tuple[str, int]) -> None:
    assert door in by_port(openings([hotel(url=url)]))


def test_a_site_without_networks_is_refused() -> None:
    nowhere = hotel()
    with pytest.raises(InventoryError, match="aurora names no networks"):
        openings([replace(nowhere, site=replace(nowhere.site, networks=()))])


def test_the_rules_touch_no_port_but_those_of_telephones() -> None:
    text = nftables_rules(["aurora"], openings([hotel()]))
    assert set(re.findall(r"dport (\S+) ", text)) <= {
        "5060", "10000-20000", "5038", "80:", "{",
    }  # fmt: skip
    assert "policy drop" not in text
    assert len(re.findall(r"policy accept", text)) == 2


def test_whoever_is_shut_out_is_dropped_at_each_port_once() -> None:
    overlapping = (
        Opening("a", "udp", 5060, 5060, ()),
        Opening("b", "udp", 10_000, 20_000, ()),
        Opening("c", "udp", 19_000, 21_000, ()),
        Opening("d", "tcp", 5061, 5061, ()),
    )
    text = shut_out_table(overlapping)
    assert text.count("udp dport { 5060, 10000-21000 } counter drop") == 2
    assert text.count("tcp dport { 5061 } counter drop") == 2


def test_strangers_are_counted_before_known_connections_are_let_through() -> None:
    pbx = replace(hotel(Hardening(soft_phones_from=ANYWHERE)), soft_phones={"2214": 1})
    text = nftables_rules(["aurora"], openings([pbx]))
    assert text.index("@knocks4") < text.index("ct state established")
    assert "ip saddr != { 10.20.0.0/24 } udp dport 5060 update @knocks4" in text


def test_ufw_denies_after_it_has_allowed() -> None:
    lines = ufw_rules(["aurora"], openings([hotel()])).splitlines()
    sip = [line for line in lines if "port 5060" in line]
    assert [line.split()[1] for line in sip] == ["delete", "allow", "allow", "deny"]
    assert not any("deny" in line for line in lines if "port 80" in line)


@pytest.mark.skipif(shutil.which("ufw", path="/usr/sbin:/sbin") is None, reason="ufw is missing")
def test_ufw_understands_each_line(tmp_path: Path) -> None:
    pbx = replace(hotel(Hardening(soft_phones_from=ANYWHERE)), soft_phones={"2214": 1})
    text = ufw_rules(["aurora"], openings([pbx], Bellwire(tftp=69, ami_from=("10.0.0.7/32",))))
    script = tmp_path / "rules.sh"
    script.write_text(re.sub(r"(?m)^ufw (?!delete)", "ufw --dry-run ", text), "utf-8")
    script.write_text(re.sub(r"(?m)^ufw delete.*\n", "", script.read_text("utf-8")), "utf-8")
    done = subprocess.run(
        ["unshare", "-n", "sh", str(script)], capture_output=True, text=True, check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )  # fmt: skip
    if "root" in done.stderr or "not permitted" in done.stderr:
        pytest.skip("ufw and namespaces need root")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ERROR" not in done.stdout


def test_the_commands_print_the_rules_of_several_sites(data: DataFolder) -> None:
    nft = data.run("firewall", "nftables", "casa", "villa", "--ami-from", "10.20.0.7")
    assert nft.exit_code == 0, nft.output
    assert "10.30.0.0/24" in nft.output
    assert "udp dport 69 counter drop" in nft.output
    only = data.run("firewall", "nftables", "casa", "--shut-out")
    assert "table inet bellwire_shut" in only.output
    assert "table inet bellwire {" not in only.output
    ufw = data.run("firewall", "ufw", "casa", "--pages-from", "192.0.2.0/24")
    assert "ufw deny proto tcp from any to any port 8080" in ufw.output
    assert data.run("firewall", "ufw", "nowhere").exit_code == 1
    assert data.run("firewall", "nftables", "casa", "--ami-from", "pbx").exit_code == 2


def test_the_unit_of_the_part_that_runs_as_root_may_do_little(
    data: DataFolder, tmp_path: Path
) -> None:
    unit = data.run("firewall", "systemd", "casa", "--program", "/opt/x/bellwire-firewall").output
    assert "ExecStart=/opt/x/bellwire-firewall --socket /run/bellwire-firewall/socket" in unit
    never = re.findall(r"--never (\S+)", unit)
    assert never == ["10.20.0.0/16", "127.0.0.0/8", "192.0.2.7/32", "203.0.113.0/28"]
    assert "CapabilityBoundingSet=CAP_NET_ADMIN\n" in unit
    assert "NoNewPrivileges=yes\n" in unit
    out = tmp_path / "fail2ban"
    assert data.run("firewall", "fail2ban", "casa", "--out", str(out)).exit_code == 0
    jail = (out / "jail.d/bellwire-asterisk.conf").read_text("utf-8")
    assert "ignoreip = 127.0.0.0/8 ::1 10.20.0.0/16" in jail
    assert "port = 5060,10000:20000\n" in jail
    assert "bantime = 600\nbantime.increment = true\nbantime.multipliers = 1 6 144 1008\n" in jail
    assert "failregex" in (out / "filter.d/bellwire-asterisk.conf").read_text("utf-8")
