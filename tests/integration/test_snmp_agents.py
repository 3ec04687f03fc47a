"""Real agents: net-snmp with v2c and v3, refusals told from silence, and agents that misbehave."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitors.signals import PortPower, SwitchState
from monitors.snmp.client import SnmpClient
from monitors.snmp.credentials import User
from monitors.snmp.values import Failure, FailureKind, Oid, Varbind, oid
from monitors.snmp.walk import End
from monitors.switches.counters import Sample, counted
from monitors.switches.read import Who, read_switch
from tests.simulators.snmp import HOST, broken_agent, community, free_port, snmpd, talk

pytestmark = pytest.mark.skipif(
    not Path("/usr/sbin/snmpd").exists(), reason="net-snmp's snmpd is not installed"
)
PETH = "1.3.6.1.2.1.105.1.1.1"
DESCR = oid("1.3.6.1.2.1.1.1.0")
COLUMN = oid("1.3.6.1.4.1.9999.1")
SWITCH = (
    "rocommunity hush",
    "sysObjectID 1.3.6.1.4.1.9.1.563",
    'createUser bell SHA-256 "Signing-123" AES "Hiding-1234"',
    'createUser old MD5 "Signing-123" DES "Hiding-1234"',
    "rouser bell authPriv",
    "rouser old authPriv",
    *(f"override {PETH}.3.1.{n} integer 1" for n in range(1, 49)),
    *(f"override {PETH}.6.1.{n} integer {3 if n < 4 else 2}" for n in range(1, 49)),
    *(f"override 1.3.6.1.4.1.9.9.402.1.2.1.9.1.{n} uinteger {n * 1000}" for n in range(1, 4)),
    "override 1.3.6.1.2.1.105.1.3.1.1.2.1 uinteger 370",
    "override 1.3.6.1.2.1.105.1.3.1.1.4.1 uinteger 6",
)


def user(
    name: str = "bell", auth: str = "Signing-123", priv: str = "Hiding-1234", **more: str
) -> User:
    return User(name, SecretStr(auth), SecretStr(priv), **more)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with snmpd(tmp_path_factory.mktemp("snmpd"), free_port(), SWITCH) as port:
        yield port


@pytest.mark.parametrize(
    "credentials",
    [
        community("hush"),
        user(),
        user("old", auth_protocol="md5", priv_protocol="des"),
    ],
    ids=["v2c", "v3 SHA-256 and AES", "v3 MD5 and DES"],
)
def test_a_switch_is_read(agent: int, credentials) -> None:
    reading = talk(agent, credentials, lambda s: read_switch(s, Who("sw")))
    assert (reading.state, reading.platform) == (SwitchState.UP, "cisco_ios")
    fed = {p.pse: p.power_mw for p in reading.ports if p.state is PortPower.DELIVERING}
    assert fed == {(1, 1): 1000, (1, 2): 2000, (1, 3): 3000}
    assert sum(p.state is PortPower.SEARCHING for p in reading.ports) == 45
    assert (reading.budget.groups[0].used_w, reading.budget.groups[0].total_w) == (6, 370)


@pytest.mark.parametrize(
    "credentials",
    [
        community("wrong"),
        user("nobody"),
        user(auth="Signing-wrong"),
        user(priv="Hiding-wrong"),
        user(auth_protocol="sha"),
        User("bell"),
        User("bell", SecretStr("Signing-123")),
    ],
    ids=["community", "user", "auth key", "priv key", "auth protocol", "no keys", "no priv"],
)
def test_wrong_credentials_are_a_refusal(agent: int, credentials) -> None:
    reading = talk(agent, credentials, lambda s: read_switch(s, Who("sw")), 0.5)
    assert reading.failure is not None
    assert (reading.state, reading.failure.kind) == (SwitchState.REFUSED, FailureKind.REFUSED)


def test_keys_that_cannot_be_used_are_a_refusal(agent: int) -> None:
    answer = talk(agent, user(auth="short"), lambda s: s.get([DESCR]), 0.5)
    assert isinstance(answer, Failure)
    assert answer.kind is FailureKind.REFUSED
    assert "at least 8 characters" in answer.text


def test_a_closed_port_is_told_from_silence() -> None:
    answer = talk(free_port(), community("hush"), lambda s: s.get([DESCR]), 0.3)
    assert isinstance(answer, Failure)
    assert answer.kind is FailureKind.CLOSED
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((HOST, 0))
        port = silent.getsockname()[1]
        answer = talk(port, community("hush"), lambda s: s.get([DESCR]), 0.3)
    assert isinstance(answer, Failure)
    assert answer.kind is FailureKind.SILENT


@pytest.mark.parametrize("host", ["no-such-host.invalid", "256.1.1.1"])
def test_a_name_without_an_address(host: str) -> None:
    async def run():
        async with SnmpClient(0.3) as client:
            return await client.session(host, 161, community("hush")).get([DESCR])

    answer = asyncio.run(run())
    assert isinstance(answer, Failure)
    assert answer.kind is FailureKind.UNREACHABLE


def test_what_is_not_there_is_no_value(agent: int) -> None:
    answer = talk(agent, community("hush"), lambda s: s.get([DESCR, (1, 3, 6, 1, 9, 9, 9)]))
    assert not isinstance(answer, Failure)
    assert isinstance(answer[0].value, bytes)
    assert answer[1] == Varbind((1, 3, 6, 1, 9, 9, 9), None)


def test_many_agents_share_one_client(agent: int) -> None:
    async def run():
        async with SnmpClient(2.0) as client:
            sessions = [client.session(HOST, agent, community("hush")) for _ in range(8)]
            sessions += [client.session(HOST, agent, user()) for _ in range(2)]
            return await asyncio.gather(*(read_switch(s, Who("sw")) for s in sessions))

    readings = asyncio.run(run())
    assert {(r.state, len(r.ports) >= 48) for r in readings} == {(SwitchState.UP, True)}


def test_two_users_of_one_name_and_different_keys(agent: int) -> None:
    async def run():
        async with SnmpClient(0.5) as client:
            right, wrong = (
                client.session(HOST, agent, user(auth=key))
                for key in ("Signing-123", "Signing-456")
            )
            return [await s.get([DESCR]) for s in (right, wrong, right)]

    first, second, third = asyncio.run(run())
    assert isinstance(second, Failure)
    assert first == third
    assert not isinstance(first, Failure)


def table(oids: list[Oid], repetitions: int, rows: int = 60) -> list[tuple[Oid, int]]:
    """Rows of one column, as GETBULK walks them; past its end another branch begins."""
    answer = []
    current = list(oids)
    for _ in range(repetitions):
        for place, name in enumerate(current):
            number = name[-1] if len(name) > len(COLUMN) and name[: len(COLUMN)] == COLUMN else 0
            following = (*COLUMN, number + 1) if number < rows else (*COLUMN[:-1], 2, 1)
            current[place] = following
            answer.append((following, 7))
    return answer


def test_an_agent_that_says_too_big_is_asked_for_half() -> None:
    def respond(oids, repetitions):
        if repetitions > 5:
            return 1, [(o, 0) for o in oids]
        return 0, table(oids, repetitions)

    with broken_agent(respond) as (port, asked):
        walked = talk(port, community("x"), lambda s: s.bulk_walk([COLUMN]))
    assert len(walked.columns[COLUMN]) == 60
    assert [r for _, r in asked[:5]] == [1, 25, 12, 6, 3]
    assert walked.ends[COLUMN] is End.COMPLETE


def test_an_agent_that_drops_what_is_too_big_is_asked_for_half() -> None:
    with broken_agent(lambda o, n: None if n > 12 else (0, table(o, n))) as (port, asked):
        walked = talk(port, community("x"), lambda s: s.bulk_walk([COLUMN]), 0.3)
    assert len(walked.columns[COLUMN]) == 60
    assert [r for _, r in asked[:3]] == [1, 25, 12]


def test_an_agent_that_goes_in_circles() -> None:
    def respond(oids, repetitions):
        return 0, [((*COLUMN, 1 + n % 5), n) for n in range(repetitions)]

    with broken_agent(respond) as (port, asked):
        walked = talk(port, community("x"), lambda s: s.bulk_walk([COLUMN]))
    assert walked.ends == {COLUMN: End.NOT_INCREASING}
    assert set(walked.columns[COLUMN]) == {(1,)}
    assert len(asked) == 2


def test_an_agent_that_dies_in_the_middle_leaves_what_it_said() -> None:
    with broken_agent(lambda o, n: None if len(asked_so_far) > 2 else (0, table(o, n))) as (
        port,
        asked,
    ):
        asked_so_far = asked
        walked = talk(port, community("x"), lambda s: s.bulk_walk([COLUMN]), 0.3)
    assert walked.failure is not None
    assert walked.failure.kind is FailureKind.SILENT
    assert len(walked.columns[COLUMN]) == 26
    assert walked.incomplete == (COLUMN,)


@pytest.mark.parametrize(("status", "kind"), [(5, FailureKind.AGENT), (16, FailureKind.REFUSED)])
def test_errors_of_the_agents_own(status: int, kind: FailureKind) -> None:
    with broken_agent(lambda o, _: (status, [(name, 0) for name in o])) as (port, _):
        answer = talk(port, community("x"), lambda s: s.get([DESCR]))
    assert isinstance(answer, Failure)
    assert answer.kind is kind


def test_an_agent_of_version_1_that_has_no_such_name() -> None:
    with broken_agent(lambda o, _: (2, [(name, 0) for name in o])) as (port, _):
        answer = talk(port, community("x"), lambda s: s.get([DESCR]))
    assert answer == (Varbind(DESCR, None),)


def test_a_restarted_switch_counts_anew(tmp_path: Path) -> None:
    """Its counter goes from 5 to 1, and that is one short circuit, not four thousand million."""
    port = free_port()

    def sample(shorts: int, wait_s: float) -> Sample:
        lines = ("rocommunity hush", f"override {PETH}.6.1.1 integer 2",
                 f"override {PETH}.14.1.1 counter {shorts}")  # fmt: skip
        with snmpd(tmp_path, port, lines):
            time.sleep(wait_s)
            reading = talk(port, community("hush"), lambda s: read_switch(s, Who("sw")))
        return Sample(time.monotonic(), reading.uptime_ticks, reading.ports[0].counters)

    before, after = sample(5, 3.0), sample(1, 0.0)
    assert before.values["short"] == 5
    assert counted([before, after], after.at_s)["short"] == 1
