"""Data folders for tests, real ``bellwire serve`` processes on them, and HTTP as phones speak it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from click.testing import CliRunner, Result

from provisioner.catalogue.loader import shipped_folder
from provisioner.config import read_settings
from provisioner.delivery import Delivery
from provisioner.inventory.fetches import Recorder
from provisioner.mac import MacAddress
from provisioner.ratelimit import Guard
from web.cli import main
from web.installation import Installation, opened

HANG_S = 120.0  # only so that a fault ends the test run; nothing is measured
LOOPBACK = "127.0.0.0/8"

# one phone of each vendor, and two more: a second phone of a room, and one with two dialects
YEALINK, FANVIL, SNOM = "805ec0000100", "0c383e010101", "000413000104"
BATHROOM, CORRIDOR = "0c383e0b0101", "805ec0000402"
UNKNOWN = {"yealink": "805ec0fffe01", "fanvil": "0c383efffe01", "snom": "000413fffe01"}
DEVICE_FILE = {
    YEALINK: f"{YEALINK}.cfg",
    FANVIL: f"{FANVIL}.cfg",
    SNOM: "snomD717-000413000104.htm",
    CORRIDOR: f"{CORRIDOR}.cfg",
    BATHROOM: f"{BATHROOM}.cfg",
}
GIVEN_SECRET = "Given-Secret-of-100"


def small_site(
    url: str = "http://127.0.0.1:8080", *networks: str, site_id: str = "casa"
) -> dict[str, Any]:
    """A small hotel as a site file has it; to be changed at will."""
    return {
        "id": site_id,
        "name": "Casa",
        "country": "ES",
        "timezone": "Europe/Madrid",
        "languages": ["es", "en"],
        "networks": list(networks) or ["10.20.0.0/16", LOOPBACK],
        "url": url,
        "sip": {"registrar": "pbx.casa.example", "expires_s": 600},
        "numbers": {"reception": "100", "emergency": "112"},
        "settings": {"locale": {"ntp_servers": ["10.20.0.1"]}},
        "accounts": [{"extension": "100", "name": "Reception", "secret": GIVEN_SECRET}],
        "rooms": [
            {
                "id": "reception", "template": "reception", "extension": "100",
                "phones": {"desk": {"model": "yealink/t46u", "mac": YEALINK}},
            },
            {
                "id": "101", "template": "guest-room", "extension": "2101",
                "phones": {
                    "bedside": {"model": "fanvil/h5", "mac": FANVIL},
                    "bathroom": {"model": "fanvil/h2u-v2", "mac": BATHROOM},
                },
            },
            {
                "id": "spa", "template": "office", "extension": "109",
                "phones": {"desk": {"model": "snom/d717", "mac": SNOM}},
            },
            {
                "id": "corridor", "template": "corridor", "extension": "420",
                "phones": {"wall": {"model": "yealink/t19p-e2", "mac": CORRIDOR}},
            },
        ],
    }  # fmt: skip


def room(site: dict[str, Any], name: str) -> dict[str, Any]:
    """One room of a site file."""
    return next(r for r in site["rooms"] if r["id"] == name)


def sample_hotel(url: str) -> dict[str, Any]:
    """The sample hotel with its phones on this machine."""
    text = (shipped_folder() / "samples/hotel-aurora.yaml").read_text(encoding="utf-8")
    site: dict[str, Any] = yaml.safe_load(text)["sites"][0]
    return {**site, "url": url, "networks": [*site["networks"], LOOPBACK]}


def many_rooms(count: int, url: str, *, start: int = 0, site_id: str = "big") -> dict[str, Any]:
    """A hotel with that many guest rooms, one phone each, of three vendors."""
    models = ["fanvil/h5", "fanvil/h2u-v2", "yealink/t31p", "yealink/t19p-e2", "snom/d717"]
    ouis = {"fanvil": 0x0C383E, "yealink": 0x805EC0, "snom": 0x000413}
    rooms = []
    for n in range(start, start + count):
        model = models[n % len(models)]
        mac = f"{ouis[model.split('/')[0]]:06x}{n:06x}"
        rooms.append(
            {
                "id": f"r{n}", "template": "guest-room", "extension": str(20000 + n),
                "phones": {"bedside": {"model": model, "mac": mac}},
            }
        )  # fmt: skip
    return {**small_site(url, site_id=site_id), "accounts": [], "rooms": rooms}


@dataclass
class DataFolder:
    """A data folder of a test, worked on by the command line as people do."""

    path: Path
    url: str = "http://127.0.0.1:8080"
    files: int = 0

    def write(self, *sites: dict[str, Any]) -> Path:
        """Write a site file."""
        self.files += 1
        file = self.path.parent / f"{self.path.name}-{self.files}.yaml"
        file.write_text(yaml.safe_dump({"sites": list(sites)}, sort_keys=False), encoding="utf-8")
        return file

    def run(self, *args: str, env: Mapping[str, str] | None = None) -> Result:
        """Run a command in this process."""
        return CliRunner().invoke(main, [*args, "--data", str(self.path)], env=env)

    def apply(self, *sites: dict[str, Any], options: tuple[str, ...] = ()) -> Result:
        """Apply sites; it must succeed."""
        result = self.run("apply", str(self.write(*sites)), *options)
        assert result.exit_code == 0, (result.output, result.exception)
        return result

    @contextmanager
    def opened(self, **settings: Any) -> Iterator[Installation]:
        """The folder opened in this process."""
        with opened(read_settings(data=self.path, **settings)) as installation:
            yield installation

    def urls(self, *macs: str) -> dict[str, str]:
        """Token URLs, ending in a slash, by MAC."""
        with self.opened() as installation, installation.database.read() as session:
            press = installation.press
            return {m: press.kit(session, MacAddress(m)).urls.directory.text for m in macs}

    def token(self, mac: str) -> str:
        """The provisioning token of a phone."""
        return self.urls(mac)[mac].rstrip("/").rsplit("/", 1)[1]

    def rendered(self, mac: str) -> dict[str, bytes]:
        """Every file of a phone by name, as ``bellwire render --out`` writes it."""
        out = self.path.parent / f"rendered-{mac}"
        result = self.run("render", mac, "--out", str(out))
        assert result.exit_code == 0, result.output
        return {f.name: f.read_bytes() for f in out.iterdir()}

    def names(self, mac: str) -> list[str]:
        """Names and aliases of a phone's files."""
        names = []
        for row in self.rows("select name, aliases from rendered where mac = ?", mac):
            names += [row[0], *yaml.safe_load(row[1])]
        return names

    def rows(
        self, sql: str, *values: object, database: str = "bellwire.db"
    ) -> list[tuple[Any, ...]]:
        """What a query finds."""
        with closing(sqlite3.connect(self.path / database)) as connection:
            return connection.execute(sql, values).fetchall()

    def change(self, sql: str, *values: object, database: str = "bellwire.db") -> None:
        """Change something behind bellwire's back."""
        with closing(sqlite3.connect(self.path / database)) as connection, connection:
            connection.execute(sql, values)

    def marked(self) -> set[str]:
        """Phones whose files are to be rendered again."""
        return {row[0] for row in self.rows("select mac from phone where dirty")}

    def fetches(self, where: str = "1") -> list[dict[str, Any]]:
        """The fetch log."""
        with closing(sqlite3.connect(self.path / "events.db")) as connection:
            connection.row_factory = sqlite3.Row
            query = f"select * from fetch where {where} order by id"
            return [dict(row) for row in connection.execute(query)]

    def stored_bytes(self) -> bytes:
        """Everything in the folder's databases, write-ahead logs included."""
        return b"".join(f.read_bytes() for f in sorted(self.path.glob("*.db*")))


@dataclass
class Desk:
    """A delivery in this process, with a clock that a test moves and a recorder it reads."""

    delivery: Delivery
    recorder: Recorder
    installation: Installation


@contextmanager
def delivery_on(folder: DataFolder, guard: Guard | None = None, **options: Any) -> Iterator[Desk]:
    """Answer in this process; ``options`` go to the Delivery (``now``)."""
    with folder.opened() as installation:
        recorder = installation.recorder()
        delivery = Delivery(
            installation.database,
            installation.box,
            installation.catalogue,
            recorder,
            guard or Guard(1_000_000, 60, 3600),
            **options,
        )
        try:
            yield Desk(delivery, recorder, installation)
        finally:
            recorder.flush()
            delivery.close()


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, headers in the order and case they came in."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        """One header, empty when absent."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), "")

    @property
    def looks(self) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
        """All that a guesser sees; the date changes by itself."""
        return self.status, self.body, tuple(h for h in self.headers if h[0].lower() != "date")


def ask(url: str, method: str = "GET", **headers: str) -> Reply:
    """Ask once on a new connection; the path goes out as it is written."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=HANG_S)
    try:
        path = url.split("/", 3)[3]
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/{path}", headers=sent)
        answer = connection.getresponse()
        return Reply(answer.status, answer.read(), tuple(answer.getheaders()))
    finally:
        connection.close()


def free_ports() -> tuple[int, int]:
    """A TCP port and a UDP port of the loopback interface that are free just now."""
    ports = []
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    return ports[0], ports[1]


def wait_for(what: str, is_true: Any, timeout_s: float = HANG_S) -> None:
    """Wait until something is true."""
    until = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < until, f"in vain: {what}"
        time.sleep(0.05)


def bellwire(*args: str) -> list[str]:
    """The command line of a real process."""
    return [sys.executable, "-P", "-m", "web.cli", *args]


@dataclass
class Server:
    """``bellwire serve`` as a real process on a data folder."""

    folder: DataFolder
    http_port: int
    tftp_port: int
    options: tuple[str, ...] = ("--no-monitor",)
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address for phones, without a slash at the end."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def log(self) -> str:
        """What all its processes have written."""
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    @property
    def _log_file(self) -> Path:
        return self.folder.path.parent / f"{self.folder.path.name}.log"

    def start(self) -> None:
        """Start it and wait until HTTP and TFTP answer."""
        command = bellwire(
            "serve", "--data", str(self.folder.path), "--http", f"127.0.0.1:{self.http_port}",
            "--tftp", f"127.0.0.1:{self.tftp_port}", *self.options,
        )  # fmt: skip
        environment = {**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"}
        with self._log_file.open("ab") as log:
            already = log.tell()
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

        def is_up() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.log
            told = self._log_file.read_bytes()[already:]
            return self.is_healthy() and b"TFTP on" in told

        wait_for("the servers start", is_up)

    def is_healthy(self) -> bool:
        """Whether HTTP answers."""
        try:
            return ask(f"{self.url}/health").status == 200
        except OSError:
            return False

    def processes(self) -> list[int]:
        """Its own process and all below it that are alive."""
        assert self.process is not None
        return [self.process.pid, *_below(self.process.pid)]

    def stop(self) -> None:
        """End it as an operator does."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(HANG_S)
            finally:
                if self.process.poll() is None:
                    for pid in reversed(self.processes()):
                        os.kill(pid, signal.SIGKILL)
                    self.process.wait()
        self.process = None


def _below(pid: int) -> list[int]:
    """All descendants of a process."""
    found = []
    for child in children(pid):
        found += [child, *_below(child)]
    return found


def children(pid: int) -> list[int]:
    """Processes that a process started and that are alive."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            name_end = file.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(name_end[1]) == pid and name_end[0] != "Z":
            found.append(int(file.parent.name))
    return sorted(found)


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def command_of(pid: int) -> str:
    """The last word of a process's command line: ``web`` or ``field``."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().strip("\0").split("\0")
    except OSError:
        return ""
    return words[-1]
