"""TFTP: all phones at once from bellwire's field process beside dnsmasq and tftpd-hpa."""

from __future__ import annotations

import os
import random
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import hotel
from bench.processes import cpu_s, free_port, program, running
from bench.report import Table, median, spread
from bench.tftp_load import Read, Result, burst

PHONES = 500
ROUNDS = 3
BURSTS = 4  # in a round: 800 transfers
BLKSIZES = (512, 1428)
START_S = 20.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server under load, and the prefix its files' names need."""

    name: str
    address: tuple[str, int]
    pid: int


@dataclass(frozen=True, slots=True)
class Round:
    """What one round gave."""

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    failed: int
    asked_again: int


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    data = folder / "hotel"
    hotel.fill(data, PHONES, say, "http://127.0.0.1:8080")
    reads = [Read(w.path.lstrip("/"), w.body) for w in hotel.wanted_files(data)]
    files = folder / "files"
    for read in reads:
        (files / read.name).parent.mkdir(parents=True, exist_ok=True)
        (files / read.name).write_bytes(read.body)
    _open_to_all(folder)
    tables = []
    with ExitStack() as ends:
        servers = [ends.enter_context(_bellwire(folder, data))]
        servers += [s for s in (ends.enter_context(p(folder)) for p in (_dnsmasq, _hpa)) if s]
        for server in servers:
            _wait_until_up(server, reads[0])
            burst(server.address, reads, 512)  # warm
        for blksize in BLKSIZES:
            rounds: dict[str, list[Round]] = {s.name: [] for s in servers}
            for number in range(ROUNDS):
                for server in servers:
                    say(f"blksize {blksize}, round {number + 1}: {server.name}")
                    rounds[server.name].append(_round(server, reads, blksize))
            tables.append(_table(blksize, rounds, reads))
    return tables


def _round(server: Server, reads: list[Read], blksize: int) -> Round:
    before = cpu_s(server.pid)
    got: list[Result] = [burst(server.address, reads, blksize) for _ in range(BURSTS)]
    used_s = cpu_s(server.pid) - before
    took = sorted(t for result in got for t in result.took_s)
    failed = sum(r.wrong + r.lost for r in got)
    if not took:
        raise RuntimeError(f"{server.name}: not one transfer of {len(reads) * BURSTS} arrived")
    return Round(
        per_s=len(took) / sum(r.wall_s for r in got),
        p50_ms=took[len(took) // 2] * 1000,
        p99_ms=took[int(len(took) * 0.99)] * 1000,
        cpu_ms=used_s / len(took) * 1000,
        failed=failed,
        asked_again=sum(r.asked_again for r in got),
    )


@contextmanager
def _bellwire(folder: Path, data: Path) -> Iterator[Server]:
    port = free_port(socket.SOCK_DGRAM)
    environment = {"BELLWIRE_DATA": str(data), "BELLWIRE_TFTP__PORT": str(port)}
    command = [sys.executable, "-m", "web.cli", "field"]
    with running(command, folder / "field.log", environment) as process:
        yield Server("bellwire", ("127.0.0.1", port), process.pid)


@contextmanager
def _dnsmasq(folder: Path) -> Iterator[Server | None]:
    """The port is always 69, so it gets an address of its own on loopback."""
    found = program("dnsmasq")
    if found is None or os.geteuid() != 0:
        yield None
        return
    host = f"127.{random.randint(2, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
    command = [
        *(found, "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--enable-tftp"),
        *(f"--tftp-root={folder}/files", "--tftp-max=1000", f"--listen-address={host}"),
        *("--bind-interfaces", "--user=root", "--group=root", "--log-facility=-"),
        *(f"--pid-file={folder}/dnsmasq.pid", "--quiet-tftp"),
    ]
    with running(command, folder / "dnsmasq.log") as process:
        yield Server("dnsmasq", (host, 69), process.pid)


@contextmanager
def _hpa(folder: Path) -> Iterator[Server | None]:
    found = program("in.tftpd")
    if found is None or os.geteuid() != 0:
        yield None
        return
    port = free_port(socket.SOCK_DGRAM)
    command = [
        *(found, "--listen", "--foreground", "--address", f"127.0.0.1:{port}"),
        *("--user", "nobody", "--secure", f"{folder}/files"),
    ]
    with running(command, folder / "hpa.log") as process:
        yield Server("tftpd-hpa", ("127.0.0.1", port), process.pid)


def _open_to_all(folder: Path) -> None:
    """The peers give up root and read as anybody."""
    folder.chmod(0o755)
    for each in (folder / "files").rglob("*"):
        each.chmod(0o755 if each.is_dir() else 0o644)


def _wait_until_up(server: Server, read: Read) -> None:
    for _ in range(int(START_S)):
        if burst(server.address, [read], 512).took_s:
            return
    raise RuntimeError(f"{server.name} does not answer")


def _table(blksize: int, rounds: dict[str, list[Round]], reads: list[Read]) -> Table:
    gone = [n for n in ("dnsmasq", "tftpd-hpa") if n not in rounds]
    told = f" **Missing: {', '.join(gone)}** (not installed, or not run as root)." if gone else ""
    size = sum(len(r.body) for r in reads) // len(reads)
    peer = rounds.get("dnsmasq")
    table = Table(
        f"TFTP: {len(reads)} phones at once, blksize {blksize}",
        (
            f"Files of {size:,} bytes on average, each body compared; {BURSTS} bursts a round. A "
            f"phone whose request was lost asks again after 1 s.{told}"
        ),
        (
            *("server", "transfers/s", "of dnsmasq", "p50 ms", "p99 ms", "CPU ms/transfer"),
            *("asked again", "failed"),
        ),
    )
    for name, got in rounds.items():
        ratio = [r.per_s / p.per_s for r, p in zip(got, peer, strict=True)] if peer else []
        table.add(
            name,
            f"{median(r.per_s for r in got):,.0f}",
            spread(ratio),
            f"{median(r.p50_ms for r in got):.0f}",
            f"{median(r.p99_ms for r in got):.0f}",
            f"{median(r.cpu_ms for r in got):.2f}",
            sum(r.asked_again for r in got),
            sum(r.failed for r in got),
        )
    return table
