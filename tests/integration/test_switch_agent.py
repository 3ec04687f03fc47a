"""The simulated switches of the fault rig, read by bellwire and by net-snmp's tools."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from shutil import which

import pytest

from monitors.signals import Link, Mapping, PortPower, SwitchState
from monitors.snmp.session import Session
from monitors.snmp.values import Failure, FailureKind
from monitors.switches.read import Who, read_switch
from monitors.switches.reading import SwitchReading
from provisioner.mac import MacAddress
from tests.simulators.snmp import community, talk
from tests.simulators.switch_agent import SwitchAgents
from tests.simulators.switch_tables import Kind, Neighbour, Switch

KINDS: tuple[tuple[Kind, str], ...] = (
    ("cisco", "cisco_ios"),
    ("radlan", "cisco_s300"),
    ("procurve", "hp_procurve"),
)
MAC = "805ec0000214"
POE_ADMIN = (1, 3, 6, 1, 2, 1, 105, 1, 1, 1, 3, 1)


@pytest.fixture
def agents() -> Iterator[SwitchAgents]:
    with SwitchAgents() as running:
        yield running


def with_phones(kind: Kind, count: int = 12) -> Switch:
    switch = Switch.of(f"sw-{kind}", kind)
    for number in range(1, count + 1):
        port = switch.ports[number]
        mac = f"805ec0000{number:03x}" if number > 1 else MAC
        port.delivering, port.link, port.milliwatts, port.vlan = True, True, 3200, 20
        port.learned = [(mac, 20)]
        port.neighbours = [
            Neighbour(mac, "yealink", "SIP-T31P", f"127.20.1.{number}", voice_vlan=20)
        ]
    switch.used_w = 3 * count
    return switch


def reading(at: str, name: str = "public", timeout_s: float = 2.0) -> SwitchReading:
    async def read(session: Session) -> SwitchReading:
        return await read_switch(session, Who("sw"), for_vlan=None)

    found = talk(int(at.partition(":")[2]), community(name), read, timeout_s)
    assert isinstance(found, SwitchReading)
    return found


@pytest.mark.parametrize(("kind", "platform"), KINDS)
def test_a_switch_is_read_as_the_one_it_plays(
    agents: SwitchAgents, kind: Kind, platform: str
) -> None:
    read = reading(agents.add(with_phones(kind)))
    assert (read.platform, read.state, read.failure) == (platform, SwitchState.UP, None)
    fed = [p for p in read.ports if p.state is PortPower.DELIVERING]
    assert len(fed) == 12
    assert {p.mapping for p in fed} == {Mapping.PROVEN}
    first = fed[0]
    assert (first.power_mw, first.link, first.speed_mbit) == (3200, Link.UP, 100)
    assert first.neighbours[0].mac == MacAddress(MAC)
    assert (first.neighbours[0].ip, first.neighbours[0].is_phone) == ("127.20.1.1", True)
    assert first.neighbours[0].voice_vlan == 20
    assert len([p for p in read.ports if p.state is PortPower.SEARCHING]) == 12
    assert read.budget.groups[0].used_w == 36


@pytest.mark.parametrize(
    ("kind", "trouble", "expected"),
    [
        ("cisco", "denied", PortPower.DENIED),
        ("cisco", "overload", PortPower.OVERLOAD),
        ("cisco", "short", PortPower.FAULT),  # it only counts short circuits
        ("radlan", "denied", PortPower.DENIED),
        ("radlan", "overload", PortPower.OVERLOAD),
        ("radlan", "short", PortPower.SHORT),
        ("radlan", "hardware", PortPower.HARDWARE),
        ("procurve", "denied", PortPower.DENIED),
        ("procurve", "hardware", PortPower.FAULT),
    ],
)
def test_why_a_port_feeds_nobody(
    agents: SwitchAgents, kind: Kind, trouble: str, expected: PortPower
) -> None:
    switch = with_phones(kind, 3)
    at = agents.add(switch)
    switch.ports[2].delivering, switch.ports[2].link = False, False
    switch.ports[2].trouble = trouble  # type: ignore[assignment]
    switch.touch()
    port = reading(at).port(switch.if_index(2))
    assert port is not None
    assert (port.state, port.link) == (expected, Link.DOWN)


def test_what_changes_is_seen_at_the_next_reading(agents: SwitchAgents) -> None:
    switch = with_phones("cisco", 4)
    at = agents.add(switch)
    before = reading(at)
    with agents.changing():
        switch.ports[1].allowed, switch.ports[1].delivering = False, False
        switch.ports[2].blocked = 9
        switch.ports[3].link_allowed = False
        switch.ports[4].half_duplex = True
        switch.ports[4].counters["short"] += 2
        switch.touch()
    after = reading(at)
    ports = {n: after.port(switch.if_index(n)) for n in range(1, 5)}
    found = {n: (p.state, p.link) for n, p in ports.items() if p is not None}
    assert found[1][0] is PortPower.OFF
    assert found[2][1] is Link.BLOCKED
    assert found[3][1] is Link.ADMIN_DOWN
    assert found[4][1] is Link.DEGRADED
    assert ports[4] is not None
    assert ports[4].counters["short"] == 2
    assert (after.uptime_ticks or 0) >= (before.uptime_ticks or 0)


def test_forwarding_tables_tell_the_vlan(agents: SwitchAgents) -> None:
    switch = with_phones("procurve", 1)
    switch.ports[5].link = True
    switch.ports[5].learned = [("001122334455", 99)]
    switch.vlans.add(99)
    port = reading(agents.add(switch)).port(5)
    assert port is not None
    assert [(seen.mac, seen.vlan) for seen in port.learned] == [("001122334455", 99)]


def test_a_wrong_community_is_refused_in_silence(agents: SwitchAgents) -> None:
    switch = with_phones("radlan")
    at = agents.add(switch)
    read = reading(at, "wrong", 0.3)
    assert read.state is SwitchState.REFUSED
    switch.community = "wrong"
    assert reading(at, "wrong").state is SwitchState.UP


def test_a_switch_can_fall_silent(agents: SwitchAgents) -> None:
    switch = with_phones("radlan")
    at = agents.add(switch)
    switch.answers = False
    port = int(at.partition(":")[2])
    answer = talk(port, community("public"), lambda s: s.get([(1, 3, 6, 1, 2, 1, 1, 3, 0)]), 0.2)
    assert isinstance(answer, Failure)
    assert answer.kind is FailureKind.SILENT


def test_power_is_switched_by_who_may_write(agents: SwitchAgents) -> None:
    switch = with_phones("cisco", 2)
    port = int(agents.add(switch).partition(":")[2])
    done = talk(port, community("private"), lambda s: s.set_integers({(*POE_ADMIN, 2): 2}))
    assert not isinstance(done, Failure)
    assert not switch.ports[2].allowed
    refused = talk(port, community("public"), lambda s: s.set_integers({(*POE_ADMIN, 2): 1}), 0.2)
    assert isinstance(refused, Failure)
    assert not switch.ports[2].allowed


@pytest.mark.skipif(which("snmpbulkwalk") is None, reason="net-snmp's tools are not installed")
def test_net_snmp_reads_it_too(agents: SwitchAgents) -> None:
    at = agents.add(with_phones("radlan"))
    done = subprocess.run(
        ["snmpbulkwalk", "-v2c", "-c", "public", "-On", at, "1.3.6.1.2.1.105"],
        capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    assert len(done.stdout.splitlines()) == 24 * 10 + 4
    assert ".1.3.6.1.2.1.105.1.1.1.6.1.1 = INTEGER: 3" in done.stdout
