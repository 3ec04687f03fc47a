"""Firewall rules from the inventory in a real nftables: who gets through, and who does not."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import pytest

from monitors.firewall.nftables import nftables_rules, shut_out_table
from monitors.firewall.openings import Bellwire, openings
from provisioner.inventory.pbx_hardening import ANYWHERE, Hardening, SipTls
from provisioner.inventory.records import Pbx
from provisioner.pbx.site import PbxSite
from tests.integration.hardened_asterisk import aurora
from tests.simulators.netns import SKIP_REASON, Cable, has_namespaces, inside

pytestmark = pytest.mark.skipif(not has_namespaces(), reason=SKIP_REASON)

PHONE, STRANGER, OPERATOR = "10.20.0.9", "10.99.0.9", "10.88.0.9"
PHONE6, STRANGER6 = "fd00:20::9", "fd00:99::9"
HERE, HERE6 = "10.20.0.1", "fd00:20::1"
KNOCK = """
import socket, sys
for line in sys.stdin:
    kind, source, target, port, text = line.split()
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as knock:
        knock.bind((source, 0))
        knock.sendto(text.encode(), (target, int(port)))
"""
LISTEN = """
import select, socket, sys
doors = []
for family, address in ((socket.AF_INET, sys.argv[1]), (socket.AF_INET6, sys.argv[2])):
    for port in sys.argv[3:]:
        door = socket.socket(family, socket.SOCK_DGRAM)
        door.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)  # SO_RCVBUFFORCE
        door.bind((address, int(port)))
        doors.append(door)
print("ready", flush=True)
ended = False
while True:
    ready = select.select(doors, [], [], 0.3 if ended else None)[0]
    if not ready:  # nothing has come after the last word for a while
        print("end", flush=True)
        ended = False
    for door in ready:
        text = door.recv(100).decode()
        if text == "end":
            ended = True
        else:
            print(text, flush=True)
"""


def hotel(hardening: Hardening | None = None) -> PbxSite:
    made = aurora(hardening or Hardening(), "10.20.0.0/24", "fd00:20::/64")
    pbx = Pbx("asterisk", "10.20.0.1", hardening=hardening or Hardening())
    return replace(made, site=replace(made.site, pbx=pbx, url="http://prov.example:8080"))


@pytest.fixture(scope="module")
def cable() -> Iterator[Cable]:
    outside = (f"{PHONE}/24", f"{STRANGER}/24", f"{OPERATOR}/24", f"{PHONE6}/64", f"{STRANGER6}/64")
    here = (f"{HERE}/24", "10.99.0.1/24", "10.88.0.1/24", f"{HERE6}/64", "fd00:99::1/64")
    with Cable(here, outside) as made:
        yield made


class Doors:
    """Ports that listen on the protected machine, and what came through."""

    def __init__(self, cable: Cable, *ports: int) -> None:
        self._cable = cable
        self._process = subprocess.Popen(
            inside(cable.inside, "python3", "-c", LISTEN, HERE, HERE6, *map(str, ports)),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self._heard = self._process.stdout
        assert self._heard.readline() == "ready\n"

    def __enter__(self) -> Doors:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._heard.close()
        self._process.wait()

    def through(self, *knocks: tuple[str, int], times: int = 1) -> list[str]:
        """Knock from each address at each port; an open port at the end says that all was heard."""
        lines = [
            f"udp {source} {HERE6 if ':' in source else HERE} {port} {source}-{port}"
            for source, port in knocks
            for _ in range(times)
        ]
        lines += [f"udp {PHONE} {HERE} 2222 end"]
        subprocess.run(
            inside(self._cable.outside, "python3", "-c", KNOCK),
            input="\n".join(lines), text=True, check=True, timeout=20,
        )  # fmt: skip
        heard: list[str] = []
        while (line := self._heard.readline().strip()) != "end":
            heard.append(line)
        return heard


def everything() -> str:
    bellwire = Bellwire(69, 5060, 5065, ("10.20.0.7/32",), ("192.0.2.0/24",))
    hardening = Hardening(
        soft_phones_from=ANYWHERE, tls=SipTls("/c", "/k"), trunks=("10.88.0.0/24", "2001:db8::/32")
    )
    pbx = replace(hotel(hardening), soft_phones={"2214": 1})
    return nftables_rules(["aurora"], openings([pbx], bellwire))


def test_nft_takes_every_form_of_the_rules(cable: Cable) -> None:
    villa = replace(hotel(), site=replace(hotel().site, networks=(ip_network("10.30.0.0/24"),)))
    for text in (
        everything(),
        nftables_rules(["aurora"], openings([hotel()])),
        nftables_rules(["aurora", "villa"], openings([hotel(), villa])),
        shut_out_table(openings([hotel()])),
    ):
        done = cable.run("nft", "-c", "-f", "-", given=text)
        assert (done.returncode, done.stderr) == (0, ""), text
        assert "table" not in cable.ruleset(), "-c changes nothing"


def test_phones_get_through_and_strangers_do_not(cable: Cable) -> None:
    cable.nft(nftables_rules(["aurora"], openings([hotel(Hardening(trunks=("10.88.0.0/24",)))])))
    with Doors(cable, 5060, 10_500, 2222) as doors:
        knocks = [
            (source, port)
            for source in (PHONE, STRANGER, OPERATOR, PHONE6, STRANGER6)
            for port in (5060, 10_500, 2222)
        ]
        heard = doors.through(*knocks)
    assert set(heard) == {
        *(f"{source}-{port}" for source in (PHONE, OPERATOR, PHONE6) for port in (5060, 10_500)),
        *(f"{s}-2222" for s in (PHONE, STRANGER, OPERATOR, PHONE6, STRANGER6)),
    }, "a port that bellwire knows nothing of is left to the rules of others"


def test_strangers_that_may_knock_are_slowed_down_and_phones_are_not(cable: Cable) -> None:
    cable.nft(everything())
    with Doors(cable, 5060, 2222) as doors:
        heard = doors.through((STRANGER, 5060), (PHONE, 5060), times=400)
    assert heard.count(f"{PHONE}-5060") == 400
    assert 100 <= heard.count(f"{STRANGER}-5060") < 300


def test_reading_the_rules_again_forgets_no_address(cable: Cable) -> None:
    text = nftables_rules(["aurora"], openings([hotel(Hardening(trunks=("10.99.0.0/24",)))]))
    cable.nft(text)
    cable.nft(f"add element inet bellwire_shut out4 {{ {STRANGER} timeout 1h }}")
    cable.nft(f"add element inet bellwire_shut out6 {{ {PHONE6} timeout 1h }}")
    before = cable.ruleset().count("\n")
    cable.nft(text)
    assert cable.ruleset().count("\n") == before, "no rule twice"
    with Doors(cable, 5060, 2222) as doors:
        knocks = [(s, p) for s in (STRANGER, PHONE, PHONE6) for p in (5060, 2222)]
        heard = doors.through(*knocks)
    expected = {f"{PHONE}-5060", *(f"{s}-2222" for s in (STRANGER, PHONE, PHONE6))}
    assert set(heard) == expected, "shut out of the telephones' services, not of the machine"
