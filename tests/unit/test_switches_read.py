"""Reading a switch: what is asked in which order, and what becomes of agents that fail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from monitors.signals import Link, Mapping, PortPower, SwitchState
from monitors.snmp.transport import Walked
from monitors.snmp.values import Answer, Failure, FailureKind, Oid, Value, Varbind, oid, within
from monitors.snmp.walk import End, Pace
from monitors.switches import mibs
from monitors.switches.read import Who, read_switch, unreadable, vlans_in_use
from monitors.switches.reading import Learned
from monitors.switches.refresh import refreshed
from provisioner.mac import MacAddress

CISCO = oid("1.3.6.1.4.1.9.1.563")
PHONE = MacAddress("805ec0000100")


@dataclass
class Agent:
    """A transport over a table of variables."""

    variables: dict[Oid, Value] = field(default_factory=dict)
    failure: Failure | None = None
    breaks: Failure | None = None
    asked: list[tuple[Oid, ...]] = field(default_factory=list)

    async def get(self, oids: Sequence[Oid]) -> Answer:
        if self.failure:
            return self.failure
        return tuple(Varbind(o, self.variables.get(o)) for o in oids)

    async def bulk_walk(self, columns: Sequence[Oid], _pace: Pace | None = None) -> Walked:
        self.asked.append(tuple(columns))
        found: dict[Oid, dict[Oid, Value]] = {}
        for column in columns:
            for name, value in self.variables.items():
                if within(name, column):
                    found.setdefault(column, {})[name[len(column) :]] = value
        return Walked(found, dict.fromkeys(columns, End.COMPLETE), self.breaks)


def read(agent: Agent, **more: object):
    return asyncio.run(read_switch(agent, Who("sw1", **more)))  # type: ignore[arg-type]


def some_switch(object_id: Oid = CISCO) -> dict[Oid, Value]:
    maker = oid("1.3.6.1.4.1.9.9.402.1.2.1")
    return {
        mibs.SYS_DESCR: b"Cisco IOS Software",
        mibs.SYS_OBJECT_ID: object_id,
        mibs.SYS_UPTIME: 4200,
        mibs.SYS_NAME: b"sw-floor-2",
        (*mibs.IF_NAME, 10001): b"Fa0/1",
        (*mibs.IF_OPER, 10001): 1,
        (*mibs.IF_ADMIN, 10001): 1,
        (*mibs.IF_TYPE, 10001): 6,
        (*mibs.PETH_DETECTION, 1, 3): 3,
        (*mibs.PETH_ADMIN, 1, 3): 1,
        (*maker, 9, 1, 3): 6300,
        (*maker, 11, 1, 3): 1007,
        (*mibs.ENT_ALIAS, 1007, 0): (*mibs.IF_INDEX, 10001),
        (*mibs.CDP_DEVICE, 10001, 1): b"SEP805EC0000100",
        (*mibs.ARP, 5, 10, 0, 0, 5): bytes.fromhex(PHONE),
    }


def test_a_switch_with_a_phone() -> None:
    reading = read(Agent(some_switch()))
    assert (reading.state, reading.platform, reading.power_table) == (
        SwitchState.UP,
        "cisco_ios",
        "cisco",
    )
    assert (reading.sys_name, reading.uptime_ticks) == ("sw-floor-2", 4200)
    port = reading.port(10001)
    assert port is not None
    assert (port.pse, port.state, port.power_mw, port.link) == (
        (1, 3),
        PortPower.DELIVERING,
        6300,
        Link.UP,
    )
    assert port.mapping is Mapping.PROVEN
    assert (port.neighbours[0].mac, port.neighbours[0].ip) == (PHONE, "10.0.0.5")
    assert reading.port(4) is None


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (FailureKind.SILENT, SwitchState.DOWN),
        (FailureKind.UNREACHABLE, SwitchState.DOWN),
        (FailureKind.REFUSED, SwitchState.REFUSED),
        (FailureKind.CLOSED, SwitchState.REFUSED),
        (FailureKind.AGENT, SwitchState.UNKNOWN),
    ],
)
def test_a_switch_that_does_not_answer(kind: FailureKind, state: SwitchState) -> None:
    failure = Failure(kind, "why")
    agent = Agent(failure=failure)
    reading = read(agent)
    assert reading == unreadable("sw1", failure)
    assert (reading.state, reading.ports, reading.failure) == (state, (), failure)
    assert agent.asked == []


def test_what_an_unknown_switch_answers_decides() -> None:
    """A table that one platform has tells which it is; one that several have does not."""
    unknown = oid("1.3.6.1.4.1.99999.1")
    reading = read(Agent(some_switch(unknown)))
    assert (reading.platform, reading.power_table) == ("cisco_ios", "cisco")
    assert reading.ports[0].power_mw == 6300
    assert reading.ports[0].mapping is Mapping.PROVEN
    radlan = {mibs.SYS_OBJECT_ID: unknown, (*oid("1.3.6.1.4.1.89.108.1.1.5"), 1, 49): 3900}
    oem = read(Agent(radlan))
    assert (oem.platform, oem.power_table) == ("", "radlan")
    assert oem.ports[0].power_mw == 3900


def test_another_makers_table_on_a_known_platform() -> None:
    """An OEM switch: D-Link's name, and a table that is not its platform's first."""
    variables = some_switch(oid("1.3.6.1.4.1.171.10.94"))
    reading = read(Agent(variables))
    assert (reading.platform, reading.power_table) == ("dlink_ds", "cisco")


def test_the_table_that_answered_last_time_is_asked_alone() -> None:
    agent = Agent(some_switch())
    assert read(agent, power_table="cisco").power_table == "cisco"
    assert [len(columns) for columns in agent.asked[:1]] == [1]
    gone = Agent(some_switch())
    assert read(gone, power_table="radlan").power_table == ""
    assert len(gone.asked[0]) == 4


def test_a_person_may_say_what_it_is() -> None:
    assert read(Agent(some_switch()), platform="eltex").platform == "eltex"
    assert read(Agent(some_switch()), platform="nonsense").platform == "cisco_ios"


def test_every_minute_only_power_and_links() -> None:
    variables = some_switch()
    whole = read(Agent(variables))
    unplugged = {**variables, (*mibs.PETH_DETECTION, 1, 3): 2, (*mibs.IF_OPER, 10001): 2,
                 (*oid("1.3.6.1.4.1.9.9.402.1.2.1"), 9, 1, 3): 0, mibs.SYS_UPTIME: 10_200}  # fmt: skip
    agent = Agent(unplugged)
    now = asyncio.run(refreshed(agent, whole))
    port = now.ports[0]
    assert (port.state, port.power_mw, port.link) == (PortPower.SEARCHING, 0, Link.DOWN)
    assert (now.uptime_ticks, now.platform, now.sys_name) == (10_200, "cisco_ios", "sw-floor-2")
    assert port.neighbours == whole.ports[0].neighbours
    assert (port.name, port.mapping, port.if_index) == ("Fa0/1", Mapping.PROVEN, 10001)
    asked = {column for columns in agent.asked for column in columns}
    assert not asked & {
        *mibs.LLDP,
        *mibs.CDP,
        mibs.IF_NAME,
        mibs.Q_FDB_PORT,
        mibs.ARP,
        mibs.ENT_ALIAS,
    }
    assert asyncio.run(refreshed(Agent(variables), now)) == whole


def test_a_minute_without_an_answer() -> None:
    whole = read(Agent(some_switch()))
    failure = Failure(FailureKind.SILENT, "no answer")
    assert asyncio.run(refreshed(Agent(failure=failure), whole)) == unreadable("sw1", failure)
    broken = asyncio.run(refreshed(Agent({mibs.SYS_UPTIME: 5}, breaks=failure), whole))
    assert (broken.state, broken.failure, broken.ports) == (SwitchState.UP, failure, whole.ports)


def test_a_shut_port_stays_shut_until_everything_is_read_again() -> None:
    switch = some_switch() | {(*mibs.CISCO_ERR_DISABLED, 10001, 0): 2, (*mibs.IF_OPER, 10001): 2}
    whole = read(Agent(switch))
    now = asyncio.run(refreshed(Agent(switch | {(*mibs.IF_LAST_CHANGE, 10001): 77}), whole))
    assert now.ports[0].link is Link.BLOCKED
    assert now.ports[0].counters["last_change"] == 77


def test_the_plain_forwarding_table_only_where_there_is_no_better() -> None:
    plain = some_switch() | {
        (*mibs.FDB_PORT, *bytes.fromhex(PHONE)): 1,
        (*mibs.BASE_PORT, 1): 10001,
    }
    agent = Agent(plain)
    assert read(agent).ports[0].learned == (Learned(PHONE),)
    better = Agent(plain | {(*mibs.Q_FDB_PORT, 20, *bytes.fromhex(PHONE)): 1})
    read(better)
    assert mibs.FDB_PORT not in {c for columns in better.asked for c in columns}
    by_row = some_switch() | {
        (*mibs.FDB_PORT, 7): 1, (*mibs.FDB_ADDRESS, 7): bytes.fromhex(PHONE),
        (*mibs.BASE_PORT, 1): 10001,
    }  # fmt: skip
    assert read(Agent(by_row)).ports[0].learned == (Learned(PHONE),)


def test_bridge_tables_of_single_vlans() -> None:
    switch = some_switch() | {
        (*mibs.CISCO_VOICE_VLAN, 10001): 20,
        (*mibs.CISCO_ACCESS_VLAN, 10001): 30,
        (*mibs.CISCO_VLANS, 1, 40): 1,
        (*mibs.CISCO_VLANS, 1, 1003): 1,
        (*mibs.CISCO_VLANS, 1, 50): 2,
    }
    asked: list[int] = []

    def for_vlan(vlan: int) -> Agent:
        asked.append(vlan)
        if vlan == 40:
            return Agent(breaks=Failure(FailureKind.SILENT, "no answer"))
        return Agent({(*mibs.FDB_PORT, *bytes.fromhex(PHONE)): 1, (*mibs.BASE_PORT, 1): 10001})

    reading = asyncio.run(read_switch(Agent(switch), Who("sw1"), for_vlan=for_vlan))
    assert asked == [20, 30, 40]
    assert reading.ports[0].learned == (Learned(PHONE, 20), Learned(PHONE, 30))
    assert (reading.ports[0].vlan, reading.ports[0].voice_vlan) == (30, 20)


def test_vlans_that_are_none() -> None:
    columns = {mibs.CISCO_VOICE_VLAN: {(1,): 4096, (2,): 0}, mibs.CISCO_VLANS: {(1, 1): 1}}
    assert vlans_in_use(columns) == [1]


def test_a_reading_that_breaks_off_keeps_what_it_has_and_says_so() -> None:
    reading = read(Agent(some_switch(), breaks=Failure(FailureKind.SILENT, "no answer")))
    assert reading.state is SwitchState.UP
    assert reading.failure == Failure(FailureKind.SILENT, "no answer")
    assert "the reading broke off: no answer" in reading.remarks


def test_incomplete_tables_are_named() -> None:
    class Circles(Agent):
        async def bulk_walk(self, columns, _pace=None):
            walked = await super().bulk_walk(columns)
            return Walked(walked.columns, dict.fromkeys(columns, End.NOT_INCREASING))

    remarks = read(Circles(some_switch())).remarks
    assert any("could not be read to their end" in r and "not-increasing" in r for r in remarks)


def test_an_agent_with_nothing_to_say() -> None:
    reading = read(Agent())
    assert (reading.state, reading.platform, reading.ports) == (SwitchState.UP, "", ())


def test_a_port_that_is_shut_and_one_without_poe() -> None:
    switch = some_switch() | {
        (*mibs.CISCO_ERR_DISABLED, 10001, 0): 2,
        (*mibs.IF_NAME, 10101): b"Gi0/1", (*mibs.IF_OPER, 10101): 2, (*mibs.IF_TYPE, 10101): 6,
        (*mibs.IF_NAME, 1): b"Vl1", (*mibs.IF_OPER, 1): 1, (*mibs.IF_TYPE, 1): 53,
        (*mibs.PETH_TYPE, 1, 3): b"Cisco IP Phone 7941",
    }  # fmt: skip
    reading = read(Agent(switch))
    assert (reading.ports[0].link, reading.ports[0].blocked_by) == (Link.BLOCKED, "BPDU guard")
    assert reading.ports[0].device == "Cisco IP Phone 7941"
    assert [(p.name, p.state) for p in reading.ports[1:]] == [("Gi0/1", PortPower.NOT_POE)]
