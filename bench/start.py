"""Starting: from the command to the first answer, and the memory a web process then holds."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import hotel
from bench.processes import free_port, resident_mb, running, wait_for_http
from bench.report import Table, median, spread

SIZES = (75, 1000)
ROUNDS = 3
LEAST = "Granian with the smallest Flask application (the limit)"


@dataclass(slots=True)
class Figures:
    """A round each."""

    start_s: list[float] = field(default_factory=list)
    first_mb: list[float] = field(default_factory=list)
    full_mb: list[float] = field(default_factory=list)


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    wanted: dict[int, list[hotel.Wanted]] = {}
    rendered_s: dict[int, float] = {}
    for size in SIZES:
        data = folder / f"hotel-{size}"
        rendered_s[size] = hotel.fill(data, size, say, "http://127.0.0.1:8080")
        wanted[size] = hotel.wanted_files(data)
    figures: dict[str, Figures] = {}
    for number in range(ROUNDS):
        say(f"round {number + 1}")
        with _least(folder) as (url, pid, took_s):
            _note(figures.setdefault(LEAST, Figures()), url, pid, took_s, [])
        for size in SIZES:
            with _bellwire(folder, size) as (url, pid, took_s):
                name = f"bellwire web, {size:,} phones"
                _note(figures.setdefault(name, Figures()), url, pid, took_s, wanted[size])
    told = ", ".join(f"{n:,} phones in {s:.1f} s" for n, s in rendered_s.items())
    table = Table(
        "Start and memory of the web process",
        (
            "From the command to the first answer; memory (PSS, Granian's two processes together) "
            "then, and after every phone has fetched its largest file. Rendering all before: "
            f"{told}, once."
        ),
        ("process", "start s", "of the limit", "MB at start", "MB after all", "of the limit"),
    )
    least = figures[LEAST]
    for name, got in figures.items():
        table.add(
            name,
            f"{median(got.start_s):.2f}",
            spread([a / b for a, b in zip(got.start_s, least.start_s, strict=True)]),
            f"{median(got.first_mb):.0f}",
            f"{median(got.full_mb):.0f}",
            spread([a / b for a, b in zip(got.full_mb, least.full_mb, strict=True)]),
        )
    return [table]


def _note(figures: Figures, url: str, pid: int, took_s: float, wanted: list[hotel.Wanted]) -> None:
    figures.start_s.append(took_s)
    figures.first_mb.append(resident_mb(pid))
    for each in wanted:
        request = urllib.request.Request(url + each.path, headers={"User-Agent": each.agent})
        with urllib.request.urlopen(request, timeout=10) as answer:
            if answer.read() != each.body:
                raise RuntimeError(f"wrong bytes for {each.mac}")
    figures.full_mb.append(resident_mb(pid))


@contextmanager
def _least(folder: Path) -> Iterator[tuple[str, int, float]]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
        *("--port", str(port), "--workers", "1", "--blocking-threads", "2", "bench.hello:app"),
    ]
    with _timed(command, folder / "hello.log", {}, port) as made:
        yield made


@contextmanager
def _bellwire(folder: Path, size: int) -> Iterator[tuple[str, int, float]]:
    port = free_port()
    command = [sys.executable, "-m", "web.cli", "web", "--http", f"127.0.0.1:{port}"]
    environment = {"BELLWIRE_DATA": str(folder / f"hotel-{size}")}
    with _timed(command, folder / f"web-{size}.log", environment, port) as made:
        yield made


@contextmanager
def _timed(
    command: list[str], log: Path, environment: Mapping[str, str], port: int
) -> Iterator[tuple[str, int, float]]:
    url = f"http://127.0.0.1:{port}"
    with running(command, log, environment) as process:
        took_s = wait_for_http(f"{url}/health", process)
        yield url, process.pid, took_s
