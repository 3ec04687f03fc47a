"""A boot storm: all phones of a hotel at once, one connection each, beside nginx.

Power returns, and every phone asks in the same moment: for the first time ever (each must be
disarmed and noted down), and again after the next power cut.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvloop

from bench import hotel
from bench.http import SETTLE_S, Server, run_bellwire, run_nginx
from bench.processes import cpu_s, program
from bench.report import Table, median, spread

PHONES = 2_000
ROUNDS = 3
POWER_S = 8.0
"""Phones and their switches take longer to start."""
FIRST, AGAIN, PEER = "bellwire, for the first time", "bellwire, again", "nginx, 2 workers"


@dataclass(frozen=True, slots=True)
class Storm:
    """What one storm gave: when phones had their files, in order, and what went wrong."""

    at_s: list[float]
    cpu_us: float
    wrong: int


class _Phone(asyncio.Protocol):
    """One phone: a connection, a request, and the end of the connection."""

    def __init__(self, wanted: hotel.Wanted, done: asyncio.Future[bool]) -> None:
        self._wanted = wanted
        self._done = done
        self._got: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        head = f"GET {self._wanted.path} HTTP/1.1\r\nHost: pbx\r\nUser-Agent: {self._wanted.agent}"
        request = f"{head}\r\nConnection: close\r\n\r\n".encode()
        cast("asyncio.Transport", transport).write(request)

    def data_received(self, data: bytes) -> None:
        """Take what comes."""
        self._got.append(data)

    def connection_lost(self, _problem: Exception | None) -> None:
        """Compare."""
        body = b"".join(self._got).partition(b"\r\n\r\n")[2]
        if not self._done.done():
            self._done.set_result(body == self._wanted.body)


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    nginx = program("nginx")
    if nginx is None:
        return [Table.missing("HTTP boot storm", "nginx is missing: apt-get install nginx-light")]
    data = folder / "hotel"
    hotel.fill(data, PHONES, say, "http://127.0.0.1:8080")
    wanted = hotel.wanted_files(data)
    storms: dict[str, list[Storm]] = {PEER: [], FIRST: [], AGAIN: []}
    rows = 0
    for number in range(ROUNDS):
        say(f"round {number + 1}")
        with run_nginx(folder, nginx, wanted) as server:
            storms[PEER].append(_storm(server, wanted))
        _never_seen(data)
        with run_bellwire(folder, data, threads=4) as server:
            time.sleep(POWER_S)
            before = _rows(data)
            for kind in (FIRST, AGAIN):
                storms[kind].append(_storm(server, wanted))
            rows += _rows(data) - before
    return [_table(storms, wanted, rows)]


def _storm(server: Server, wanted: Sequence[hotel.Wanted]) -> Storm:
    port = int(server.url.rsplit(":", 1)[1])
    before = cpu_s(server.pid)
    at_s, wrong = uvloop.run(_all_at_once(port, wanted))
    time.sleep(SETTLE_S)  # what is written down afterwards is this storm's work too
    return Storm(sorted(at_s), (cpu_s(server.pid) - before) / len(wanted) * 1e6, wrong)


async def _all_at_once(port: int, wanted: Sequence[hotel.Wanted]) -> tuple[list[float], int]:
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def boot(each: hotel.Wanted) -> tuple[float, bool]:
        done: asyncio.Future[bool] = loop.create_future()
        await loop.create_connection(lambda: _Phone(each, done), "127.0.0.1", port)
        is_right = await done
        return loop.time() - began, is_right

    got = await asyncio.gather(*(boot(each) for each in wanted))
    return [at for at, _ in got], sum(not is_right for _, is_right in got)


def _never_seen(data: Path) -> None:
    """Make it a hotel whose phones have never been here, and are all awaited."""
    with closing(sqlite3.connect(data / "bellwire.db")) as connection, connection:
        connection.execute("UPDATE phone SET token_seen_at = NULL, firmware = ''")
        connection.execute("UPDATE phone SET armed_until = '2099-01-01 00:00:00.000000'")


def _rows(data: Path) -> int:
    with closing(sqlite3.connect(data / "events.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM fetch").fetchone()[0])


def _table(storms: dict[str, list[Storm]], wanted: Sequence[hotel.Wanted], rows: int) -> Table:
    size = sum(len(w.body) for w in wanted) // len(wanted)
    table = Table(
        f"HTTP boot storm: {len(wanted):,} phones at once",
        (
            f"A file of {size:,} bytes on average for each phone, one connection each, all bodies "
            "compared; the phones are one Python process on the same cores, so nginx's time is the "
            f"time of the phones themselves. The server was started {POWER_S:.0f} s before. Fetch "
            f"log: {rows:,} rows for {2 * ROUNDS * len(wanted):,} answers."
        ),
        ("server", "last phone s", "of nginx", "p50 s", "p99 s", "CPU µs/phone", "wrong"),
    )
    for name, got in storms.items():
        ratio = [s.at_s[-1] / p.at_s[-1] for s, p in zip(got, storms[PEER], strict=True)]
        table.add(
            name,
            f"{median(s.at_s[-1] for s in got):.2f}",
            spread(ratio),
            f"{median(s.at_s[len(s.at_s) // 2] for s in got):.2f}",
            f"{median(s.at_s[int(len(s.at_s) * 0.99)] for s in got):.2f}",
            f"{median(s.cpu_us for s in got):.0f}",
            sum(s.wrong for s in got),
        )
    return table
