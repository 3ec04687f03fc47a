"""A registration brute force against the real Asterisk, and the real nftables that ends it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest

from monitors.firewall.desk import FirewallDesk
from monitors.firewall.gate import Gate, GateError
from monitors.firewall.nftables import shut_out_table
from monitors.firewall.openings import openings
from monitors.probes.pbx.asterisk import AsteriskAccess, AsteriskLive
from monitors.probes.pbx.watch import PbxWatch
from monitors.probes.registrations import LiveEvent, SecurityEvent
from monitors.signals import Security
from monitors.store.incidents import open_incidents
from monitors.store.shut_out import shut_outs
from provisioner.catalogue.loader import load
from provisioner.delivery import utc_now
from provisioner.inventory.pbx_hardening import ANYWHERE, Hardening, ShutOutRule
from provisioner.inventory.records import Pbx, Site
from provisioner.inventory.tables import AuditRow
from provisioner.pbx.site import PbxSite
from tests.integration.hardened_asterisk import HardenedAsterisk, aurora
from tests.integration.servers import DataFolder, small_site
from tests.integration.test_pbx_asterisk import SipPhone
from tests.simulators.asterisk import find_asterisk
from tests.simulators.netns import Cable, entered, has_namespaces, inside
from tests.simulators.sipp import has_sipp

pytestmark = pytest.mark.skipif(
    not (has_namespaces() and has_sipp() and find_asterisk()),
    reason="needs root, nft (nftables), sipp (sip-tester) and Asterisk",
)

PBX, PHONE, ATTACKER, SCANNER = "10.20.0.1", "10.20.0.9", "10.99.0.9", "10.99.0.10"
RULE = ShutOutRule(tries=10, window_s=60)
HANG_S = 30.0
GUESSES = int(os.environ.get("BELLWIRE_GUESSES", "2000"))
ATTACK = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="guess">
<send retrans="200"><![CDATA[

REGISTER sip:[remote_ip] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[remote_ip]>;tag=[call_number]
To: <sip:[field0]@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 REGISTER
Contact: <sip:[field0]@[local_ip]:[local_port]>
Max-Forwards: 70
Expires: 300
Content-Length: 0

]]></send>
<recv response="401" auth="true"/>
<send retrans="200"><![CDATA[

REGISTER sip:[remote_ip] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[remote_ip]>;tag=[call_number]
To: <sip:[field0]@[remote_ip]>
Call-ID: [call_id]
CSeq: 2 REGISTER
Contact: <sip:[field0]@[local_ip]:[local_port]>
[field1]
Max-Forwards: 70
Expires: 300
Content-Length: 0

]]></send>
<recv response="401"/>
</scenario>
"""


def hotel() -> PbxSite:
    """2214 is used by an app too, so its account is reached from everywhere."""
    hardening = Hardening(soft_phones_from=ANYWHERE, shut_out=RULE)
    made = aurora(hardening, "10.20.0.0/24")
    return replace(made, soft_phones={"2214": 1})


@dataclass
class House:
    """Everything that runs."""

    cable: Cable
    asterisk: HardenedAsterisk
    data: DataFolder
    desk: FirewallDesk
    gate: Gate
    folder: Path
    site: Site
    heard: list[SecurityEvent] = field(default_factory=list)

    def attack(self, address: str, accounts: list[str], times: int) -> int:
        """Let sipp guess; returns how many times it did."""
        (self.folder / "attack.xml").write_text(ATTACK, "latin-1")
        rows = [
            f"{accounts[n % len(accounts)]};[authentication username={accounts[n % len(accounts)]} "
            f"password=guess{n}]"
            for n in range(times)
        ]
        (self.folder / "guesses.csv").write_text("\n".join(["SEQUENTIAL", *rows, ""]), "latin-1")
        done = subprocess.run(
            [
                *inside(self.cable.outside, "sipp", f"{PBX}:{self.asterisk.sip_port}"),
                *("-sf", "attack.xml", "-inf", "guesses.csv", "-i", address, "-m", str(times)),
                *("-r", "1000", "-l", "500", "-recv_timeout", "1000", "-max_retrans", "1"),
                *("-timeout", str(20 + times // 200), "-nostdin", "-trace_stat", "-stf", "stat.csv"),
            ],
            cwd=self.folder, capture_output=True, text=True, timeout=60 + times // 100, check=False,
        )  # fmt: skip
        assert done.returncode in {0, 1}, done.stderr  # 1: some calls failed, as they should
        stat = (self.folder / "stat.csv").read_text("latin-1").splitlines()
        return int(
            dict(zip(stat[0].split(";"), stat[-1].split(";"), strict=True))["TotalCallCreated"]
        )

    def shut_out(self) -> set[str]:
        """The addresses that nftables drops."""
        return set(re.findall(r"(10\.\d+\.\d+\.\d+) timeout", self.cable.ruleset()))

    def until_shut_out(self, address: str) -> None:
        limit = time.monotonic() + HANG_S
        while address not in self.shut_out():
            assert time.monotonic() < limit, [e.word for e in self.heard][-20:]
            time.sleep(0.05)

    @contextmanager
    def phone(self, user: str, secret: str, address: str) -> Iterator[SipPhone]:
        """A phone at the other end of the cable."""
        with entered(self.cable.outside):
            made = SipPhone(self.asterisk, user, secret, address)
        made._server = (PBX, self.asterisk.sip_port)
        with made:
            yield made

    def registers(self, user: str, secret: str, address: str) -> bool:
        with self.phone(user, secret, address) as phone:
            phone._line.settimeout(3)
            try:
                return phone.register() == "SIP/2.0 200 OK"
            except TimeoutError:
                return False


@pytest.fixture(scope="module", autouse=True)
def catalogue_once() -> Iterator[None]:
    """Reading it takes a second, and every command would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("web.installation.load", cache(load))
        yield


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    socket_file = folder / "firewall.sock"
    outside = (f"{PHONE}/24", f"{ATTACKER}/24", f"{SCANNER}/24")
    with ExitStack() as stack:
        cable = stack.enter_context(Cable((f"{PBX}/24", "10.99.0.1/24"), outside))
        site = hotel()
        pbx = Pbx("asterisk", PBX, hardening=site.site.pbx.hardening)  # type: ignore[union-attr]
        site = replace(site, site=replace(site.site, pbx=pbx, url="https://prov.example"))
        asterisk = stack.enter_context(
            HardenedAsterisk(site, folder / "files", PBX, tuple(inside(cable.inside)))
        )
        rules = shut_out_table(openings([site])).replace("{ 5060", f"{{ {asterisk.sip_port}, 5060")
        cable.nft(rules)
        keeper = subprocess.Popen(
            inside(
                cable.inside, sys.executable, "-m", "monitors.firewall.gatekeeper",
                "--socket", str(socket_file), "--never", "10.20.0.0/24",
            )
        )  # fmt: skip
        stack.callback(keeper.wait)
        stack.callback(keeper.kill)
        data = DataFolder(folder / "var")
        data.apply({**small_site(), "id": "aurora"})
        here = stack.enter_context(data.opened())
        gate = Gate(socket_file)
        desk = FirewallDesk(site.site, here.monitoring, gate, utc_now)
        made = House(cable, asterisk, data, desk, gate, folder, site.site)

        def connect() -> AsteriskLive:
            access = AsteriskAccess(
                "127.0.0.1", asterisk.ami_port, asterisk.ami_user, asterisk.ami_secret
            )
            with entered(cable.inside):
                return AsteriskLive(access, utc_now)

        def take(event: LiveEvent) -> None:
            if isinstance(event, SecurityEvent):
                made.heard.append(event)
            desk.take(event)

        watch = PbxWatch("aurora", connect, take, utc_now, wait_s=0.5)
        watch.start()
        stack.callback(watch.stop)
        limit = time.monotonic() + HANG_S
        while watch.connected_at is None or not socket_file.exists():
            assert time.monotonic() < limit, watch.problem
            time.sleep(0.02)
        yield made


def test_a_brute_force_breaks_nothing_and_ends_at_the_firewall(house: House) -> None:
    assert house.registers("2215", "secret-of-2215", PHONE)
    assert house.registers("2214", "secret-of-2214", PHONE)
    assert house.attack(ATTACKER, ["2214"], GUESSES) == GUESSES
    house.until_shut_out(ATTACKER)
    refused = [
        e for e in house.heard if e.address == ATTACKER and e.what is Security.WRONG_PASSWORD
    ]
    broken = [e for e in house.heard if e.address == ATTACKER and e.what is Security.NONE]
    print(f"{GUESSES} guesses: {len(refused)} reached Asterisk, {len(broken)} accounts broken")
    assert broken == []
    assert RULE.tries <= len(refused) < GUESSES / 2, "the rest never reached Asterisk"
    assert not house.registers("2214", "secret-of-2214", ATTACKER), "not even with the password"
    for user in ("2214", "2215"):
        assert house.registers(user, f"secret-of-{user}", PHONE), "the house is not disturbed"
    with house.data.opened() as here:
        one = shut_outs(here.monitoring)[0]
        incidents = open_incidents(here.monitoring, "aurora")
    assert (one.address, one.account, one.times, one.problem) == (ATTACKER, "2214", 1, "")
    assert [(i.key, i.rule) for i in incidents] == [("attack 2214", "L1")]


def test_a_scan_for_extensions_ends_there_too(house: House) -> None:
    house.attack(SCANNER, [str(n) for n in range(7000, 7500)], 500)
    house.until_shut_out(SCANNER)
    with house.data.opened() as here:
        rules = {i.key: i.rule for i in open_incidents(here.monitoring, "aurora")}
    assert rules["attack ?"] == "L2"


def test_our_own_phone_with_a_wrong_password_is_never_shut_out(house: House) -> None:
    with house.phone("2215", "wrong", PHONE) as phone:
        for _ in range(2 * RULE.tries):
            assert phone.register() == "SIP/2.0 401 Unauthorized"
    seen = [e for e in house.heard if e.address == PHONE and e.what is Security.WRONG_PASSWORD]
    limit = time.monotonic() + HANG_S
    while len(seen) < 2 * RULE.tries and time.monotonic() < limit:
        time.sleep(0.05)
        seen = [e for e in house.heard if e.address == PHONE and e.what is Security.WRONG_PASSWORD]
    assert PHONE not in house.shut_out()
    with pytest.raises(GateError, match="never shut out"):
        house.gate.shut_out(PHONE, 600)


def test_a_released_address_is_let_in_at_once(house: House) -> None:
    house.until_shut_out(ATTACKER)
    env = {"BELLWIRE_FIREWALL__SOCKET": str(house.gate.path)}
    shown = house.data.run("firewall", "blocked", env=env)
    assert f"{ATTACKER} " in shown.output
    assert "guessed 2214" in shown.output
    done = house.data.run("firewall", "release", ATTACKER, env=env)
    assert done.exit_code == 0, done.output
    assert ATTACKER not in house.shut_out()
    assert house.registers("2214", "secret-of-2214", ATTACKER)
    assert house.data.run("firewall", "release", ATTACKER, env=env).exit_code == 1
    house.desk.tick()
    with house.data.opened() as here:
        keys = {i.key for i in open_incidents(here.monitoring, "aurora")}
        with here.database.read() as session:
            audited = [(row.action, row.target) for row in session.query(AuditRow)]
    assert "attack 2214" not in keys
    assert ("firewall-release", ATTACKER) in audited


def test_an_address_comes_back_when_its_time_is_over_and_a_new_time_counts(house: House) -> None:
    house.gate.shut_out("10.99.0.77", 600)
    house.gate.shut_out("10.99.0.77", 1)
    limit = time.monotonic() + HANG_S
    while "10.99.0.77" in house.shut_out():
        assert time.monotonic() < limit
        time.sleep(0.05)
    house.gate.release("10.99.0.77")


def test_a_firewall_started_anew_is_told_again(house: House) -> None:
    house.until_shut_out(SCANNER)
    house.cable.run("nft", "flush", "set", "inet", "bellwire_shut", "out4")
    assert house.shut_out() == set()
    with house.data.opened() as here:
        again = FirewallDesk(house.site, here.monitoring, house.gate, utc_now)
        again.tick()
    assert house.shut_out() == {SCANNER}
