"""Switches: walks a second beside snmpbulkwalk, and what a minute of a site's switches costs."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench.processes import free_port, program, running
from bench.report import Table, median, spread
from monitors.snmp.client import SnmpClient
from monitors.snmp.credentials import Community, User
from monitors.snmp.session import Session
from monitors.snmp.transport import Walked
from monitors.snmp.values import Failure, oid
from monitors.switches import mibs
from monitors.switches.read import Who, read_switch
from monitors.switches.reading import SwitchReading
from monitors.switches.refresh import refreshed

HOST = "127.0.0.1"
PORTS = 48
PHONES = 40
COLUMNS = range(3, 15)  # all of pethPsePortTable that is not an index
ROUNDS = 3
WALKS = 20
START_S = 20.0
SITES = ((50, 2_000), (500, 20_000))
POWER_EVERY_S, ALL_EVERY_S = 60, 300
PETH = "1.3.6.1.2.1.105.1.1.1"
CISCO = "1.3.6.1.4.1.9.9.402.1.2.1"
ITS_KEYS = ("-v3", "-l", "authPriv", "-u", "bench", "-a", "SHA-256", "-A", "Signing-123",
            "-x", "AES", "-X", "Hiding-1234")  # fmt: skip
USER = User("bench", SecretStr("Signing-123"), SecretStr("Hiding-1234"))


@dataclass(frozen=True, slots=True)
class Round:
    """What one round gave: seconds and the client's processor time of one walk."""

    took_s: float
    cpu_s: float


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    daemon, peer = program("snmpd"), program("snmpbulkwalk")
    title = "SNMP walks"
    if daemon is None or peer is None:
        return [Table.missing(title, "net-snmp is not installed")]
    with agent(folder, daemon) as port:
        rounds: dict[str, list[Round]] = {}
        for number in range(ROUNDS):
            say(f"round {number + 1}")
            rounds.setdefault("snmpbulkwalk, v2c", []).append(
                _peer(peer, port, "-v2c", "-c", "bench")
            )
            rounds.setdefault("bellwire, v2c", []).append(
                _walks(port, Community(SecretStr("bench")))
            )
            rounds.setdefault("snmpbulkwalk, v3", []).append(_peer(peer, port, *ITS_KEYS))
            rounds.setdefault("bellwire, v3", []).append(_walks(port, USER))
        readings = [reads(port) for _ in range(ROUNDS)]
    return [_walk_table(title, rounds), _site_table(readings)]


def _walk_table(title: str, rounds: dict[str, list[Round]]) -> Table:
    variables = len(COLUMNS) * PORTS
    table = Table(
        title,
        (
            f"One walk reads {len(COLUMNS)} columns of {PORTS} ports, {variables} variables, of a "
            f"real snmpd, one walk after the other, {WALKS} a round. The peer is a C program that "
            "is started anew for each walk, as scripts do; bellwire stays. v2c is decoded by its "
            "own codec in Python, v3 (authPriv, SHA-256, AES-128) by pysnmp."
        ),
        ("client", "walks/s", "variables/s", "client CPU a walk", "walks/s of the peer's"),
    )
    for name, got in rounds.items():
        peers = rounds["snmpbulkwalk, v3" if "v3" in name else "snmpbulkwalk, v2c"]
        per_s = median(1 / r.took_s for r in got)
        table.add(
            name,
            f"{per_s:.0f}",
            f"{per_s * variables:,.0f}",
            f"{median(r.cpu_s for r in got) * 1000:.0f} ms",
            spread([p.took_s / r.took_s for r, p in zip(got, peers, strict=True)]),
        )
    return table


def _site_table(reads: list[tuple[Round, Round]]) -> Table:
    minute = median(power.cpu_s for power, _ in reads)
    whole = median(all_of_it.cpu_s for _, all_of_it in reads)
    table = Table(
        "A site's switches",
        (
            f"Power and links of a switch with {PORTS} ports and {PHONES} phones cost "
            f"{minute * 1000:.1f} ms of processor time, a whole reading with names, neighbours and "
            f"forwarding table {whole * 1000:.1f} ms (v2c). The first is made every "
            f"{POWER_EVERY_S} s, the second every {ALL_EVERY_S} s: so much of one core that takes."
        ),
        ("switches", "phones", "of one core"),
    )
    for switches, phones in SITES:
        share = switches * (minute / POWER_EVERY_S + whole / ALL_EVERY_S)
        table.add(switches, f"{phones:,}", f"{share * 100:.1f} %")
    return table


@contextmanager
def agent(folder: Path, daemon: str) -> Iterator[int]:
    port = free_port(socket.SOCK_DGRAM)
    file = folder / "snmpd.conf"
    file.write_text("\n".join(_configuration(port)) + "\n", encoding="utf-8")
    command = [
        daemon, "-f", "-Lo", "-C", "-c", str(file), "-p", str(folder / "snmpd.pid"),
        f"--persistentDir={folder / 'snmpd'}",
    ]  # fmt: skip
    with running(command, folder / "snmpd.log"):
        until = time.monotonic() + START_S
        while isinstance(_once(port, lambda s: s.get([mibs.SYS_UPTIME])), Failure):
            if time.monotonic() > until:
                raise RuntimeError("snmpd does not answer")
            time.sleep(0.1)
        yield port


def _configuration(port: int) -> Iterator[str]:
    """A Catalyst with phones on most of its ports."""
    yield from (
        f"agentAddress udp:{HOST}:{port}",
        "rocommunity bench",
        "sysObjectID 1.3.6.1.4.1.9.1.563",
        'createUser bench SHA-256 "Signing-123" AES "Hiding-1234"',
        "rouser bench authPriv",
    )
    for n in range(1, PORTS + 1):
        fed = n <= PHONES
        for column in COLUMNS:
            value = {3: 1, 6: 3 if fed else 2}.get(column, 0)
            kind, shown = ("octet_str", '"phone"') if column == 9 else ("integer", value)
            yield f"override {PETH}.{column}.1.{n} {kind} {shown}"
        yield f"override {CISCO}.9.1.{n} uinteger {4000 if fed else 0}"
        yield f"override {CISCO}.1.1.{n} integer 1"
        yield f"override {CISCO}.11.1.{n} integer {1000 + n}"
        for column, value in ((7, 1), (8, 1 if fed else 2), (9, 0), (14, 0)):
            yield f"override 1.3.6.1.2.1.2.2.1.{column}.{10000 + n} integer {value}"
        yield f'override 1.3.6.1.2.1.31.1.1.1.1.{10000 + n} octet_str "Gi1/0/{n}"'
        alias = f".1.3.6.1.2.1.2.2.1.1.{10000 + n}"
        yield f"override 1.3.6.1.2.1.47.1.3.2.1.2.{1000 + n}.0 object_id {alias}"
        if fed:
            yield from _phone(n)


def _phone(number: int) -> Iterator[str]:
    index = f"0.{10000 + number}.1"
    lldp = "1.0.8802.1.1.2.1.4.1.1"
    yield f"override {lldp}.4.{index} integer 4"
    yield f'override {lldp}.5.{index} octet_str "80:5e:c0:00:01:{number:02x}"'
    yield f'override {lldp}.9.{index} octet_str "SIP-T46U"'
    yield f'override {lldp}.12.{index} octet_str "24 2 5"'
    mac = f"128.94.192.0.1.{number}"
    yield f"override 1.3.6.1.2.1.17.7.1.2.2.1.2.20.{mac} integer {number}"
    yield f"override 1.3.6.1.2.1.17.1.4.1.2.{number} integer {10000 + number}"


def _peer(peer: str, port: int, *credentials: str) -> Round:
    command = [peer, *credentials, "-Cr25", "-On", f"{HOST}:{port}", PETH]
    before, started = os.times(), time.perf_counter()
    for _ in range(WALKS):
        got = subprocess.run(command, check=True, capture_output=True)
        if got.stdout.count(b"\n") != len(COLUMNS) * PORTS:
            raise RuntimeError("snmpbulkwalk did not read everything")
    took_s, after = time.perf_counter() - started, os.times()
    used_s = (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )
    return Round(took_s / WALKS, used_s / WALKS)


def _walks(port: int, credentials: Community | User) -> Round:
    columns = [oid(f"{PETH}.{c}") for c in COLUMNS]

    def whole(walked: Walked) -> bool:
        return sum(len(rows) for rows in walked.columns.values()) == len(COLUMNS) * PORTS

    return _repeated(port, credentials, lambda s: s.bulk_walk(columns), whole)


def reads(port: int) -> tuple[Round, Round]:
    """Readings of power alone, and of everything."""

    def right(reading: SwitchReading) -> bool:
        fed = sum(p.power_mw == 4000 for p in reading.ports)
        return (fed, sum(len(p.neighbours) for p in reading.ports)) == (PHONES, PHONES)

    community, who = Community(SecretStr("bench")), Who("sw", power_table="cisco")
    last = _once(port, lambda s: read_switch(s, who))
    minute = _repeated(port, community, lambda s: refreshed(s, last), right)
    return minute, _repeated(port, community, lambda s: read_switch(s, who), right)


def _repeated(
    port: int,
    credentials: Community | User,
    what: Callable[[Session], Awaitable[Any]],
    whole: Callable[[Any], bool],
) -> Round:
    async def run() -> Round:
        async with SnmpClient() as client:
            session = client.session(HOST, port, credentials)
            await what(session)  # keys are localised, tables are made
            cpu_s, started = time.process_time(), time.perf_counter()
            for _ in range(WALKS):
                if not whole(await what(session)):
                    raise RuntimeError("bellwire did not read everything")
            took_s = time.perf_counter() - started
            return Round(took_s / WALKS, (time.process_time() - cpu_s) / WALKS)

    return asyncio.run(run())


def _once(port: int, what: Callable[[Session], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with SnmpClient(0.5) as client:
            return await what(client.session(HOST, port, Community(SecretStr("bench"))))

    return asyncio.run(run())
