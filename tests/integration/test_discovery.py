"""Discovery on real networks: namespaces, a bridge, dnsmasq, and phones made of frames."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from scapy.utils import PcapWriter

from monitors.discovery.finds import Find, from_line, to_line
from monitors.discovery.sighting import Via
from provisioner.inventory.fetches import WaitingPhone, waiting_phones
from provisioner.mac import MacAddress
from tests.integration.servers import HANG_S, YEALINK, DataFolder, small_site
from tests.unit.test_discovery import PHONE_LLDP, dhcp_frame, ethernet, lldp_frame, udp

NEIGHBOUR, SNOM, TAGGED = (MacAddress(m) for m in ("805ec0a00001", "000413a11fa7", "805ec0a00009"))
LLDP_PHONE = MacAddress("805ec0a00002")
LISTENER, PHONE, SERVER = "10.77.0.1", "10.77.0.17", "10.77.0.2"
BELLWIRE = [sys.executable, "-P", "-m", "web.cli"]
SENDER = """
import socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((sys.argv[1], 0))
for line in sys.stdin:
    wire.send(bytes.fromhex(line))
"""


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False, timeout=30)
    if done.returncode != 0:
        pytest.skip(f"no network namespaces here: ip {' '.join(words)}: {done.stderr.strip()}")


@dataclass(frozen=True)
class Network:
    """Three machines on one bridge: who listens, a phone, a DHCP server."""

    listener: str
    phone: str
    server: str

    def command(self, where: str, *words: str) -> list[str]:
        return ["ip", "netns", "exec", where, *words]


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    if os.geteuid() != 0:
        pytest.skip("namespaces need root")
    if shutil.which("ip") is None:
        pytest.skip("ip is not installed: apt-get install iproute2")
    mark = f"bw{os.getpid()}"
    machines = {f"{mark}a": LISTENER, f"{mark}b": PHONE, f"{mark}c": SERVER}
    middle = f"{mark}s"
    with ExitStack() as ends:
        for name in (middle, *machines):
            ip("netns", "add", name)
            ends.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
        ip("-n", middle, "link", "add", "br0", "type", "bridge", "group_fwd_mask", "16384")
        ip("-n", middle, "link", "set", "br0", "up")
        for name, address in machines.items():
            port = f"p{name[-1]}"
            ip(
                "-n",
                middle,
                "link",
                "add",
                port,
                "type",
                "veth",
                "peer",
                "name",
                "net0",
                "netns",
                name,
            )
            ip("-n", middle, "link", "set", port, "master", "br0", "up")
            if address == PHONE:
                ip("-n", name, "link", "set", "net0", "address", NEIGHBOUR.colons)
            ip("-n", name, "address", "add", f"{address}/24", "dev", "net0")
            ip("-n", name, "link", "set", "net0", "up")
        yield Network(*machines)


@contextmanager
def running(command: list[str], **more: Any) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, text=True, **more) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def dnsmasq(network: Network, folder: Path) -> Iterator[None]:
    found = shutil.which("dnsmasq", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip("dnsmasq is not installed: apt-get install dnsmasq-base")
    command = network.command(
        network.server, found, "-k", "-C", os.devnull, "-p", "0", "-i", "net0", "--user=root",
        "--dhcp-range=10.77.0.100,10.77.0.120,1h", "--dhcp-authoritative",
        "--dhcp-rapid-commit", "--no-ping",
        f"--dhcp-leasefile={folder / 'leases'}", f"--pid-file={folder / 'pid'}",
    )  # fmt: skip
    with running(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        yield


class Discovery:
    """The listening process, and what it has found so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: queue.Queue[str] = queue.Queue()
        self.finds: dict[str, Find] = {}
        assert process.stderr is not None
        assert process.stderr.readline() == "listening on net0\n"
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def until(
        self, is_enough: Callable[[dict[str, Find]], bool], again: Callable[[], None]
    ) -> None:
        """Do something again and again until enough was found."""
        until = time.monotonic() + HANG_S
        while not is_enough(self.finds):
            assert time.monotonic() < until, self.finds
            again()
            try:
                find = from_line(self.lines.get(timeout=0.3))
            except queue.Empty:
                continue
            self.finds[find.mac] = find

    def end(self) -> int:
        """End it by its standard input, as its parent's end would."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = self.process.wait(HANG_S)
        self._thread.join()
        return code


def module(*options: str) -> list[str]:
    return [sys.executable, "-P", "-m", "monitors.discovery", *options]


def test_phones_are_found_and_nothing_is_held(network: Network, tmp_path: Path) -> None:
    frames = [
        dhcp_frame(SNOM, {53: b"\x03", 50: b"\x0a\x4d\x00\x64", 60: b"snomD735"}),
        dhcp_frame(TAGGED, {53: b"\x01", 60: b"yealink", 12: b"SIP-T46U"}, 20),
        lldp_frame(*PHONE_LLDP[:1], b"\x04\x07\x03" + bytes.fromhex(LLDP_PHONE), *PHONE_LLDP[2:]),
        ethernet("000413000099", 0x0800, udp(PHONE, LISTENER, (5060, 5060), b"OPTIONS sip:x")),
    ]
    listening = network.command(
        network.listener,
        *module(
            "--interface", "net0", "--listen", "600", "--sweep", "10.77.0.16/29", "--with-parent"
        ),
    )
    pipe = subprocess.PIPE
    sending = network.command(network.phone, sys.executable, "-c", SENDER, "net0")
    with (
        dnsmasq(network, tmp_path),
        running(sending, stdin=pipe) as sender,
        running(listening, stdin=pipe, stdout=pipe, stderr=pipe) as process,
    ):
        discovery = Discovery(process)

        def send() -> None:
            assert sender.stdin is not None
            sender.stdin.write("".join(f"{frame.hex()}\n" for frame in frames))
            sender.stdin.flush()

        discovery.until(lambda finds: len(finds) == 4, send)
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert discovery.end() == 0
        assert sender.stdin is not None
        sender.stdin.close()
    finds = discovery.finds
    assert finds[NEIGHBOUR] == Find(NEIGHBOUR, "yealink", "", "", PHONE, Via.ARP)
    assert finds[SNOM].model == "snom/d735"
    assert finds[SNOM].address.startswith("10.77.0.1")
    assert finds[TAGGED].model == "yealink/t46u"
    assert (finds[LLDP_PHONE].via, finds[LLDP_PHONE].firmware) == (Via.LLDP, "66.86.0.15")
    held = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
    assert {held[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert held["Uid"].split() == [str(65534)] * 4
    assert held["Groups"].strip() == ""
    assert held["NoNewPrivs"] == "1"


def test_the_servers_grant_tells_the_address(network: Network, tmp_path: Path) -> None:
    """The phone names no address; dnsmasq grants one at once (rapid commit, RFC 4039)."""
    wanting = dhcp_frame(SNOM, {53: b"\x01", 60: b"snomD735", 80: b""})
    pipe = subprocess.PIPE
    listening = network.command(
        network.listener, *module("--interface", "net0", "--listen", "600", "--with-parent")
    )
    sending = network.command(network.phone, sys.executable, "-c", SENDER, "net0")
    with (
        dnsmasq(network, tmp_path),
        running(sending, stdin=pipe) as sender,
        running(listening, stdin=pipe, stdout=pipe, stderr=pipe) as process,
    ):
        discovery = Discovery(process)

        def send() -> None:
            assert sender.stdin is not None
            sender.stdin.write(f"{wanting.hex()}\n")
            sender.stdin.flush()

        discovery.until(lambda finds: SNOM in finds and finds[SNOM].address != "", send)
        assert discovery.end() == 0
        assert sender.stdin is not None
        sender.stdin.close()
    assert discovery.finds[SNOM].model == "snom/d735"
    assert discovery.finds[SNOM].address.startswith("10.77.0.1")


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = DataFolder(tmp_path_factory.mktemp("hotel") / "data")
    folder.apply(small_site("http://127.0.0.1:8080", "10.77.0.0/24"))
    return folder.path


@pytest.fixture
def hotel(applied: Path, tmp_path: Path) -> DataFolder:
    return DataFolder(Path(shutil.copytree(applied, tmp_path / "data")))


def bellwire(folder: DataFolder, *words: str, before: list[str] | None = None, **more: Any) -> Any:
    command = [*(before or []), *BELLWIRE, *words, "--data", str(folder.path)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=HANG_S, check=False, **more
    )


def waiting(folder: DataFolder) -> dict[str, WaitingPhone]:
    with folder.opened() as installation:
        return {phone.mac: phone for phone in waiting_phones(installation.events)}


def test_the_command_sweeps_and_keeps(network: Network, hotel: DataFolder) -> None:
    inside = network.command(network.listener)
    done = bellwire(
        hotel, "discover", "--json", "--interface", "net0", "--listen", "0",
        "--network", "10.77.0.16/30", before=inside,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (phone,) = json.loads(done.stdout)["phones"]
    assert (phone["mac"], phone["state"], phone["via"]) == (NEIGHBOUR, "waiting", "arp")
    assert waiting(hotel)[NEIGHBOUR].address == PHONE


def test_without_the_capability_it_says_what_is_missing() -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can take the capability away (setpriv)")
    without = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"]
    command = [*without, *module("--interface", "lo", "--listen", "0")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 2
    assert "CAP_NET_RAW" in done.stderr


def test_without_scapy_it_says_what_to_install(hotel: DataFolder, tmp_path: Path) -> None:
    (tmp_path / "scapy.py").write_text("raise ImportError('not here')")
    environment = {"PYTHONPATH": str(tmp_path)}
    done = hotel.run("discover", "--listen", "0", env=environment)
    assert done.exit_code == 2
    assert "pip install 'bellwire[discovery]'" in done.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--network", "10.77.9.0/24"], "in none of the site's networks"),
        (["--network", "nonsense"], "--network"),
        (["--sweep", "--most", "100"], "more than 100"),
        (["--site", "nowhere"], "there is no site"),
        (["--interface", "nowhere0", "--listen", "0"], "cannot be listened on"),
    ],
)
def test_what_is_asked_wrongly(hotel: DataFolder, words: list[str], why: str) -> None:
    done = hotel.run("discover", *words)
    assert done.exit_code in {1, 2}
    assert why in done.stderr


def test_a_capture(hotel: DataFolder, tmp_path: Path) -> None:
    """A known phone is no news, a phone elsewhere and another maker's are not kept."""
    polycom = lldp_frame(
        b"\x02\x07\x04" + bytes.fromhex("0004f2000001"),
        b"\x0e\x04\0\x24\0\x24",
        source="0004f2000001",
    )
    frames = [
        dhcp_frame(YEALINK, {53: b"\x01", 60: b"yealink", 50: b"\x0a\x4d\x00\x64"}),
        dhcp_frame(SNOM, {53: b"\x01", 60: b"snomD735", 50: b"\x0a\x4d\x00\x65"}),
        dhcp_frame(TAGGED, {53: b"\x01", 60: b"yealink", 50: b"\x0a\x63\x00\x65"}, 20),
        polycom,
        b"\x00" * 70,
    ]
    file = tmp_path / "frames.pcap"
    with PcapWriter(str(file), linktype=1) as capture:
        for frame in frames:
            capture.write(frame)
    done = hotel.run("discover", "--site", "casa", "--capture", str(file), "--json")
    assert done.exit_code == 0, done.stderr
    phones = {phone["mac"]: phone for phone in json.loads(done.stdout)["phones"]}
    states = {mac: phone["state"] for mac, phone in phones.items()}
    assert states == {
        YEALINK: "known", SNOM: "waiting", TAGGED: "elsewhere", "0004f2000001": "unsupported",
    }  # fmt: skip
    assert phones[YEALINK]["place"] == "casa reception desk"
    assert set(waiting(hotel)) == {SNOM}


def test_what_is_no_capture(hotel: DataFolder, tmp_path: Path) -> None:
    file = tmp_path / "frames.pcap"
    file.write_bytes(b"nonsense, and not a little of it")
    done = hotel.run("discover", "--capture", str(file))
    assert done.exit_code == 1
    assert "is no capture" in done.stderr


def test_finds_from_elsewhere_and_for_people(hotel: DataFolder, tmp_path: Path) -> None:
    lines = [
        to_line(Find(SNOM, "snom", "", "", "10.77.0.101", Via.ARP)),
        "nonsense\n",
        to_line(Find(SNOM, "snom", "snom/d735", "", "", Via.DHCP, "class snomD735")),
    ]
    file = tmp_path / "finds"
    file.write_text("".join(lines))
    done = hotel.run("discover", "--from", str(file))
    assert done.exit_code == 0, done.stderr
    assert "no find: 'nonsense" in done.stderr
    assert "00:04:13:a1:1f:a7  waiting" in done.stdout
    assert "1 wait to be adopted" in done.stdout
    kept = waiting(hotel)[SNOM]
    assert (kept.model, kept.address, kept.via) == ("snom/d735", "10.77.0.101", "dhcp")
    file.write_text(lines[0])
    assert hotel.run("discover", "--from", str(file)).exit_code == 0
    kept = waiting(hotel)[SNOM]
    assert (kept.model, kept.via, kept.agent, kept.times) == (
        "snom/d735", "dhcp", "class snomD735", 2,
    )  # fmt: skip


def test_the_server_never_loads_scapy() -> None:
    code = "import sys, web.cli, web.processes; print([m for m in sys.modules if 'scapy' in m])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
