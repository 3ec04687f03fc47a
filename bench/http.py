"""HTTP: token URLs from bellwire's web process beside nginx with the same bytes as files.

One connection a request, as phones do. nginx writes an access log too, because bellwire writes
its fetch log. Where CPU is given it is the server's own, without the load generator.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import hotel
from bench.processes import cpu_s, free_port, program, running, wait_for_http
from bench.report import Table, median, spread

PHONES = 200
CONNECTIONS = 50
SECONDS = 2
ROUNDS = 3
THREADS = (1, 2, 4)
PEOPLE, PAGE_MS = 2, 200
SLOW_SECONDS = 1
NGINX_NAME = "nginx, 2 workers"
SETTLE_S = 0.8  # the fetch log is written every quarter of a second

LUA = """
local wanted = {}
function init(args)
  -- only now is the Host known
  for line in io.lines("%s") do
    local path, agent = line:match("^(%%S+) (.*)$")
    local headers = {["User-Agent"] = agent, ["Connection"] = "close"}
    wanted[#wanted + 1] = wrk.format("GET", path, headers)
  end
end
local at = 0
request = function()
  at = at %% #wanted + 1
  return wanted[at]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {"requests": %%d, "us": %%d, "p50": %%d, "p99": %%d, "status": %%d, "lost": %%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout))
end
"""
NGINX = """
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 2048; }}
http {{
  access_log {folder}/access.log combined buffer=64k;
  default_type text/plain; sendfile on;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}/files; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server under load."""

    name: str
    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of load gave."""

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    requests: int
    errors: int


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    wrk, nginx = program("wrk"), program("nginx")
    if wrk is None:
        return [Table.missing("HTTP", "wrk is missing: apt-get install wrk")]
    data = folder / "hotel"
    hotel.fill(data, PHONES, say, "http://127.0.0.1:8080")
    wanted = hotel.wanted_files(data)
    script = _script(folder, wanted)
    rounds: dict[str, list[Round]] = {}
    with _servers(folder, data, nginx, wanted) as servers:
        for server in servers:
            _verify(server, wanted)
        rows_before, asked = _fetch_rows(data), 0
        for number in range(ROUNDS):
            for server in servers:
                say(f"round {number + 1}: {server.name}")
                got = _load(wrk, script, server)
                asked += got.requests if server.name.startswith("bellwire") else 0
                rounds.setdefault(server.name, []).append(got)
        time.sleep(SETTLE_S)
        written = _fetch_rows(data) - rows_before
        slow = _beside_slow_pages(wrk, script, servers, say)
    # at its end wrk drops the connections whose answer is under way, and those not yet taken up
    note = _counted(written, asked, 2 * len(THREADS) * ROUNDS * CONNECTIONS)
    return [_table(rounds, nginx, wanted, note), slow]


@contextmanager
def _servers(
    folder: Path, data: Path, nginx: str | None, wanted: list[hotel.Wanted]
) -> Iterator[list[Server]]:
    with ExitStack() as ends:
        made = []
        if nginx is not None:
            made.append(ends.enter_context(run_nginx(folder, nginx, wanted)))
        made += [ends.enter_context(run_bellwire(folder, data, threads)) for threads in THREADS]
        yield made


@contextmanager
def run_nginx(folder: Path, nginx: str, wanted: list[hotel.Wanted]) -> Iterator[Server]:
    """The same bytes as files, for the length of a ``with`` block."""
    port = free_port()
    for each in wanted:
        file = folder / "files" / each.path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(each.body)
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(user + NGINX.format(folder=folder, port=port), encoding="utf-8")
    with running([nginx, "-p", str(folder), "-c", str(config)], folder / "nginx.log") as process:
        url = f"http://127.0.0.1:{port}"
        wait_for_http(url, process)
        yield Server(NGINX_NAME, url, process.pid)


@contextmanager
def run_bellwire(folder: Path, data: Path, threads: int) -> Iterator[Server]:
    """bellwire's web processes, for the length of a ``with`` block."""
    port = free_port()
    environment = {
        "BELLWIRE_DATA": str(data),
        "BELLWIRE_HTTP__PORT": str(port),
        "BELLWIRE_HTTP__THREADS": str(threads),
    }
    command = [sys.executable, "-m", "bench.slow_web"]
    with running(command, folder / f"web-{threads}.log", environment) as process:
        url = f"http://127.0.0.1:{port}"
        wait_for_http(f"{url}/health", process)
        yield Server(f"bellwire, http.threads {threads}", url, process.pid)


def _script(folder: Path, wanted: list[hotel.Wanted]) -> Path:
    urls = folder / "urls.txt"
    urls.write_text("".join(f"{w.path} {w.agent}\n" for w in wanted), encoding="utf-8")
    script = folder / "load.lua"
    script.write_text(LUA % urls, encoding="utf-8")
    return script


def _verify(server: Server, wanted: list[hotel.Wanted]) -> None:
    """Fetch every file once and compare its bytes; it warms the server up as well."""
    for each in wanted:
        request = urllib.request.Request(server.url + each.path, headers={"User-Agent": each.agent})
        with urllib.request.urlopen(request, timeout=10) as answer:
            if answer.read() != each.body:
                raise RuntimeError(f"{server.name}: wrong bytes for {each.mac}")


def _load(wrk: str, script: Path, server: Server, seconds: int = SECONDS) -> Round:
    before = cpu_s(server.pid)
    command = [
        *(wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s"),
        *("-s", str(script), server.url),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    time.sleep(0.3)  # the fetch log's last batch is this server's work too
    found = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(done.stdout + done.stderr)
    told = json.loads(found[1])
    used_s = cpu_s(server.pid) - before
    if told["status"]:
        raise RuntimeError(f"{server.name}: {told['status']} answers were no success")
    return Round(
        per_s=told["requests"] / told["us"] * 1e6,
        p50_ms=told["p50"] / 1000,
        p99_ms=told["p99"] / 1000,
        cpu_us=used_s / max(told["requests"], 1) * 1e6,
        requests=told["requests"],
        errors=told["status"] + told["lost"],
    )


def _fetch_rows(data: Path) -> int:
    with sqlite3.connect(data / "events.db") as connection:
        return int(connection.execute("SELECT count(*) FROM fetch").fetchone()[0])


def _counted(written: int, asked: int, in_flight_max: int) -> str:
    """Whether every answer is in the fetch log; wrk does not count those under way at its end."""
    told = f"Fetch log: {written:,} rows for {asked:,} answers counted by wrk"
    if written < asked:
        return f"{told}; **{asked - written:,} are missing**."
    if written - asked > in_flight_max:
        return f"{told}; **{written - asked:,} too many**."
    return f"{told}, which leaves out those under way when it stopped (at most {in_flight_max})."


def _beside_slow_pages(
    wrk: str, script: Path, servers: list[Server], say: Callable[[str], None]
) -> Table:
    """Load the phones' files while people look at pages that take long."""
    table = Table(
        "HTTP: phones while people wait for slow pages",
        (
            f"{PEOPLE} people open a page of {PAGE_MS} ms again and again on the same port. The "
            "limit is the same server without them."
        ),
        ("server", "requests/s", "of its own alone", "p50 ms", "p99 ms", "errors"),
    )
    for server in servers:
        if not server.name.startswith("bellwire"):
            continue
        say(f"with slow pages: {server.name}")
        alone, beside = [], []
        for _ in range(ROUNDS):
            alone.append(_load(wrk, script, server, SLOW_SECONDS))
            with _people(server):
                beside.append(_load(wrk, script, server, SLOW_SECONDS))
        ratio = [b.per_s / a.per_s for a, b in zip(alone, beside, strict=True)]
        table.add(
            server.name,
            f"{median(r.per_s for r in beside):,.0f}",
            spread(ratio),
            f"{median(r.p50_ms for r in beside):.1f}",
            f"{median(r.p99_ms for r in beside):.1f}",
            sum(r.errors for r in beside),
        )
    return table


@contextmanager
def _people(server: Server) -> Iterator[None]:
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            with urllib.request.urlopen(f"{server.url}/slow?ms={PAGE_MS}", timeout=30) as answer:
                answer.read()

    threads = [threading.Thread(target=look) for _ in range(PEOPLE)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _table(
    rounds: Mapping[str, list[Round]], nginx: str | None, wanted: list[hotel.Wanted], note: str
) -> Table:
    size = sum(len(w.body) for w in wanted) // len(wanted)
    peer = rounds.get(NGINX_NAME)
    missing = "" if nginx else " **nginx is missing: no ratio.** apt-get install nginx-light."
    table = Table(
        "HTTP: files of phones through their token URLs",
        (
            f"{len(wanted)} phones' files of {size:,} bytes on average, {CONNECTIONS} connections, "
            f"one request a connection, {SECONDS} s a round. {note}{missing}"
        ),
        ("server", "requests/s", "of nginx", "p50 ms", "p99 ms", "CPU µs/request", "errors"),
    )
    for name, got in rounds.items():
        ratio = [r.per_s / p.per_s for r, p in zip(got, peer, strict=True)] if peer else []
        table.add(
            name,
            f"{median(r.per_s for r in got):,.0f}",
            spread(ratio),
            f"{median(r.p50_ms for r in got):.1f}",
            f"{median(r.p99_ms for r in got):.1f}",
            f"{median(r.cpu_us for r in got):.0f}",
            sum(r.errors for r in got),
        )
    return table
