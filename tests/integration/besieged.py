"""A PBX behind the real nftables, phones of the house, and somebody outside who guesses."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from monitors.firewall.desk import FirewallDesk
from monitors.firewall.gate import Gate
from monitors.firewall.nftables import shut_out_table
from monitors.firewall.openings import openings
from monitors.probes.pbx.asterisk import AsteriskAccess, AsteriskLive
from monitors.probes.pbx.watch import PbxWatch
from monitors.probes.registrations import LiveEvent, SecurityEvent
from monitors.signals import Security
from provisioner.delivery import utc_now
from provisioner.inventory.pbx_hardening import ANYWHERE, Hardening, ShutOutRule
from provisioner.inventory.records import Pbx, Site
from provisioner.pbx.site import PbxSite
from tests.integration.hardened_asterisk import HardenedAsterisk, aurora
from tests.integration.servers import DataFolder, small_site
from tests.integration.test_pbx_asterisk import SipPhone
from tests.simulators.netns import Cable, entered, inside

PBX, PHONE, ATTACKER, SCANNER = "10.20.0.1", "10.20.0.9", "10.99.0.9", "10.99.0.10"
RULE = ShutOutRule(tries=10, window_s=60)
HANG_S = 30.0
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

    def refused(self, address: str) -> list[SecurityEvent]:
        """The wrong passwords of an address that reached Asterisk."""
        wrong = Security.WRONG_PASSWORD
        return [e for e in self.heard if e.address == address and e.what is wrong]

    def broken(self, address: str) -> list[SecurityEvent]:
        """The logins of an address that Asterisk took."""
        return [e for e in self.heard if e.address == address and e.what is Security.NONE]

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


@contextmanager
def besieged(folder: Path) -> Iterator[House]:
    """Run all of it for the length of a ``with`` block."""
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
