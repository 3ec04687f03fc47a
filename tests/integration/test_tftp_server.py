"""The TFTP server on loopback: real clients, lossy clients, many clients and hostile ones."""

from __future__ import annotations

import contextlib
import random
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from provisioner.tftp.answering import Refusal
from provisioner.tftp.limits import Limits
from provisioner.tftp.packets import (
    Ack,
    Data,
    ErrorCode,
    ErrorPacket,
    OptionAck,
    ReadRequest,
    WriteRequest,
    parse,
)
from provisioner.tftp.server import TftpServer
from provisioner.tftp.sockets import is_answerable
from provisioner.tftp.transfer import Outcome, TransferStats
from web.simulated.tftp_client import TftpRefusedError, fetch

HANG_S = 30.0  # only so that a fault ends the test run; nothing is measured

FILES = {
    "001565aabbcc.cfg": random.Random(1).randbytes(20_000),
    "empty.cfg": b"",
    "even.cfg": random.Random(2).randbytes(512 * 8),
    "lines.txt": b"one\ntwo\r\nthree\rfour\n" * 200,
    "large.rom": random.Random(3).randbytes(600_000),
    "p/0123456789abcdef/y000000000108.cfg": b"in a folder\n",
}


@dataclass
class Running:
    """A server in its thread, with what it was asked and what it reported."""

    server: TftpServer
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    stats: list[TransferStats] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.server.address[0]

    @property
    def port(self) -> int:
        return self.server.address[1]

    def fetch(self, name: str, **wishes) -> bytes:
        return fetch(self.host, self.port, name, **wishes)

    def wait_idle(self) -> None:
        wait_until(lambda: self.server.open_transfers == 0)


def wait_until(reached: Callable[[], bool]) -> None:
    until = time.monotonic() + HANG_S
    while not reached():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.005)


@contextlib.contextmanager
def running(
    host: str = "127.0.0.1",
    limits: Limits | None = None,
    listening: socket.socket | None = None,
    extra: dict[str, bytes] | None = None,
) -> Iterator[Running]:
    files = FILES | (extra or {})

    def answer(name: str, peer: str, port: int) -> bytes | Refusal:
        run.asked.append((name, peer, port))
        if name == "broken.cfg":
            raise RuntimeError("a fault in the answerer")
        return files.get(name, Refusal(ErrorCode.FILE_NOT_FOUND, "no such file"))

    def finished(stats: TransferStats) -> None:
        run.stats.append(stats)
        if stats.name == "empty.cfg":
            raise RuntimeError("a fault in the fetch log")

    server = TftpServer((host, 0), answer, on_finished=finished, limits=limits, listening=listening)
    run = Running(server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield run
    finally:
        server.stop()
        thread.join(HANG_S)
        alive = thread.is_alive()
        server.close()
    assert not alive
    assert server.open_transfers == 0


@pytest.fixture
def run() -> Iterator[Running]:
    with running() as found:
        yield found


@pytest.fixture
def phone() -> Iterator[socket.socket]:
    """A raw socket that says what it wants."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        found.settimeout(HANG_S)
        yield found


def ask(phone: socket.socket, run: Running, datagram: bytes):
    """Send to the request port; return the parsed answer and where it came from."""
    phone.sendto(datagram, run.server.address)
    payload, sender = phone.recvfrom(2048)
    return parse(payload), sender


def silent(phone: socket.socket) -> bool:
    """Whether nothing waits. Only to be asked after an answer that must have come later."""
    phone.setblocking(False)
    try:
        phone.recvfrom(2048)
    except BlockingIOError:
        return True
    finally:
        phone.settimeout(HANG_S)
    return False


# Real clients


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run_program(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, timeout=HANG_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(FILES))
def test_tftp_hpa_reads_every_file(run, tmp_path: Path, name):
    local = tmp_path / "got"
    words = ["-m", "binary", run.host, str(run.port), "-c", "get", name, str(local)]
    run_program(program("tftp"), *words)
    assert local.read_bytes() == FILES[name]


def test_tftp_hpa_reads_text_in_netascii(run, tmp_path: Path):
    local = tmp_path / "got"
    words = ["-m", "ascii", run.host, str(run.port), "-c", "get", "lines.txt", str(local)]
    run_program(program("tftp"), *words)
    assert local.read_bytes() == FILES["lines.txt"]


def test_tftp_hpa_is_told_of_a_missing_file(run, tmp_path: Path):
    words = ["-m", "binary", run.host, str(run.port), "-c", "get", "missing", str(tmp_path / "got")]
    done = subprocess.run(
        [program("tftp"), *words], capture_output=True, timeout=HANG_S, check=False
    )
    assert b"no such file" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("options", "blksize", "windowsize"),
    [
        ([], 512, 1),
        (["blksize 1428"], 1428, 1),
        (["blksize 65464"], 1468, 1),
        (["blksize 1024", "tsize 0", "timeout 3"], 1024, 1),
        (["windowsize 8"], 512, 8),
        (["blksize 1428", "windowsize 16"], 1428, 16),
    ],
)
def test_atftp_reads_with_options(run, tmp_path: Path, options, blksize, windowsize):
    local = tmp_path / "got"
    words = [word for option in options for word in ("--option", option)]
    words += ["--get", "-r", "large.rom", "-l", str(local), run.host, str(run.port)]
    run_program(program("atftp"), *words)
    assert local.read_bytes() == FILES["large.rom"]
    run.wait_idle()
    assert (run.stats[-1].blksize, run.stats[-1].windowsize) == (blksize, windowsize)


# The own client


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("wishes", [{}, {"blksize": 1468}, {"blksize": 9, "windowsize": 64}])
def test_every_file_arrives_whole(run, name, wishes):
    assert run.fetch(name, **wishes) == FILES[name]


def test_the_account_of_a_read(run):
    run.fetch("001565aabbcc.cfg", blksize=1000, windowsize=4)
    run.wait_idle()
    [(name, host, port)] = run.asked
    [stats] = run.stats
    assert (name, host) == ("001565aabbcc.cfg", "127.0.0.1")
    assert stats.peer == (host, port)
    assert (stats.name, stats.outcome) == (name, Outcome.OK)
    assert (stats.size_bytes, stats.blocks) == (20_000, 21)
    assert (stats.blksize, stats.windowsize) == (1000, 4)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("windowsize", [None, 8])
def test_a_lossy_line_only_costs_time(run, seed, windowsize):
    content = run.fetch(
        "001565aabbcc.cfg",
        blksize=1024,
        windowsize=windowsize,
        loss=0.05,
        rng=random.Random(seed),
        retry_s=0.5,
        timeout_s=HANG_S,
    )
    assert content == FILES["001565aabbcc.cfg"]
    run.wait_idle()


def test_two_hundred_phones_at_once():
    with running(limits=Limits(transfers_per_peer_max=200)) as run:
        start = threading.Barrier(200)

        def boot(number: int) -> bool:
            start.wait(HANG_S)
            wishes = {"blksize": 1428} if number % 2 else {}
            return run.fetch("001565aabbcc.cfg", **wishes) == FILES["001565aabbcc.cfg"]

        with ThreadPoolExecutor(200) as phones:
            assert all(phones.map(boot, range(200)))
        run.wait_idle()
        finished = [stats.outcome for stats in run.stats]
        assert finished.count(Outcome.OK) == 200


def test_ipv6():
    try:
        probe = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    probe.close()
    with running("::1") as run:
        assert run.fetch("001565aabbcc.cfg", blksize=1428) == FILES["001565aabbcc.cfg"]
        assert run.asked[0][1] == "::1"


def test_an_ipv4_phone_on_a_dual_stack_socket_has_its_plain_address():
    try:
        listening = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(("::", 0))
    except OSError:
        pytest.skip("this machine has no dual-stack sockets")
    with running(listening=listening) as run:
        content = fetch("127.0.0.1", run.port, "001565aabbcc.cfg", windowsize=4)
        assert content == FILES["001565aabbcc.cfg"]
        assert run.asked[0][1] == "127.0.0.1"


def test_a_socket_that_is_already_open_is_taken():
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))
    address = listening.getsockname()
    with running(listening=listening) as run:
        assert run.server.address == address
        assert run.fetch("even.cfg") == FILES["even.cfg"]
    assert listening.fileno() == -1


def test_a_stream_socket_is_not_taken():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
        pytest.raises(ValueError, match="datagram"),
    ):
        TftpServer(("127.0.0.1", 0), lambda *_: b"", listening=stream)


def test_the_answer_comes_from_the_address_that_was_asked():
    with running("0.0.0.0") as run:  # the loopback network has many addresses
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.settimeout(HANG_S)
            phone.sendto(ReadRequest("empty.cfg").encode(), ("127.0.0.42", run.port))
            payload, sender = phone.recvfrom(2048)
            assert parse(payload) == Data(1, b"")
            assert sender[0] == "127.0.0.42"
            phone.sendto(Ack(1).encode(), sender)
        run.wait_idle()


def test_a_taken_port_is_an_error(run):
    with pytest.raises(OSError, match="in use"):
        TftpServer(run.server.address, lambda *_: b"")


def test_stopping_before_the_start_and_twice_is_fine():
    server = TftpServer(("127.0.0.1", 0), lambda *_: b"")
    server.stop()
    server.serve_forever()
    server.stop()
    server.close()
    server.stop()
    server.close()


def test_open_transfers_are_told_when_the_server_stops(phone):
    with running() as run:
        ask(phone, run, ReadRequest("even.cfg").encode())
        wait_until(lambda: run.server.open_transfers == 1)
    packets = []
    while not packets or not isinstance(packets[-1], ErrorPacket):
        packets.append(parse(phone.recv(2048)))
    assert packets[-1] == ErrorPacket(ErrorCode.UNDEFINED, "server is stopping")
    assert [stats.outcome for stats in run.stats] == [Outcome.STOPPED]


# Refusals


def test_a_refusal_is_passed_on(run):
    with pytest.raises(TftpRefusedError) as caught:
        run.fetch("missing.cfg")
    assert (caught.value.code, caught.value.message) == (1, "no such file")
    wait_until(lambda: len(run.stats) == 1)
    assert run.stats[0].outcome is Outcome.REFUSED
    assert run.server.open_transfers == 0


def test_a_fault_in_the_answerer_refuses_that_request_only(run, caplog):
    with pytest.raises(TftpRefusedError, match="internal error"):
        run.fetch("broken.cfg")
    assert "looking up a file failed" in caplog.text
    assert "broken.cfg" not in caplog.records[0].getMessage()
    assert run.fetch("even.cfg") == FILES["even.cfg"]


def test_a_fault_in_the_fetch_log_harms_no_transfer(run, caplog):
    assert run.fetch("empty.cfg") == b""
    run.wait_idle()
    assert run.fetch("even.cfg") == FILES["even.cfg"]
    assert "recording a transfer failed" in caplog.text


@pytest.mark.parametrize(
    ("datagram", "code"),
    [
        (WriteRequest("even.cfg").encode(), ErrorCode.ACCESS_VIOLATION),
        (WriteRequest("new.cfg", "mail").encode(), ErrorCode.ACCESS_VIOLATION),
        (ReadRequest("even.cfg", "mail").encode(), ErrorCode.ILLEGAL_OPERATION),
        (ReadRequest("even.cfg", "binary").encode(), ErrorCode.ILLEGAL_OPERATION),
        (ReadRequest("../../etc/passwd").encode(), ErrorCode.FILE_NOT_FOUND),
        (ReadRequest("/etc/passwd").encode(), ErrorCode.FILE_NOT_FOUND),
        (b"\0\1", ErrorCode.ILLEGAL_OPERATION),
        (b"\0\1even.cfg", ErrorCode.ILLEGAL_OPERATION),
        (b"\0\1even.cfg\0octet", ErrorCode.ILLEGAL_OPERATION),
        (b"\0\1even.cfg\0octet\0blksize\0", ErrorCode.ILLEGAL_OPERATION),
        (b"\0\1\xff\xfe.cfg\0octet\0", ErrorCode.ILLEGAL_OPERATION),
        (b"\0\1" + b"n" * 513 + b"\0octet\0", ErrorCode.ILLEGAL_OPERATION),
        (b"\0\1" + b"n" * 60_000, ErrorCode.ILLEGAL_OPERATION),
        (b"\0\1a\0octet\0" + b"x\0y\0" * 5000, ErrorCode.ILLEGAL_OPERATION),
    ],
)
def test_requests_that_are_refused(run, phone, datagram, code):
    packet, _ = ask(phone, run, datagram)
    assert isinstance(packet, ErrorPacket)
    assert packet.code == code
    assert run.server.open_transfers == 0


def test_packets_that_are_ignored(run, phone):
    for datagram in (
        b"",
        b"\0",
        b"\0\0",
        b"\0\7abc",
        b"\xff" * 600,
        Ack(0).encode(),
        Data(1, b"x").encode(),
        ErrorPacket(0, "x").encode(),
        OptionAck((("blksize", "8"),)).encode(),
    ):
        phone.sendto(datagram, run.server.address)
    packet, _ = ask(phone, run, ReadRequest("missing.cfg").encode())
    assert packet == ErrorPacket(1, "no such file")
    assert silent(phone)
    assert run.server.open_transfers == 0


def test_random_packets_leave_nothing_open(phone):
    patience = Limits(first_sends_max=1, sends_max=1, transfer_s_max=0.5)
    with running(limits=patience) as run:
        rng = random.Random(11)
        for _ in range(2000):
            body = rng.randbytes(rng.randrange(40))
            phone.sendto(struct.pack("!H", rng.randrange(8)) + body, run.server.address)
        for _ in range(200):
            asked = [("blksize", str(rng.randrange(-9, 99999))), ("x", "y")]
            request = ReadRequest("even.cfg", "octet", tuple(rng.sample(asked, 2))).encode()
            cut = request[: rng.randrange(len(request) + 1)]
            phone.sendto(cut, run.server.address)
        assert run.fetch("001565aabbcc.cfg") == FILES["001565aabbcc.cfg"]
        run.wait_idle()


# Transfers under attack


def test_a_packet_from_another_port_is_told_so_and_the_transfer_goes_on(run, phone):
    packet, transfer = ask(phone, run, ReadRequest("even.cfg").encode())
    assert packet.block == 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.settimeout(HANG_S)
        stranger.sendto(ErrorPacket(0, "go away").encode(), transfer)
        stranger.sendto(b"\xff\xff", transfer)
        stranger.sendto(Ack(1).encode(), transfer)
        assert parse(stranger.recv(2048)) == ErrorPacket(5, "unknown transfer ID")
        assert silent(stranger)
    phone.sendto(Ack(1).encode(), transfer)
    while packet.block == 1:  # the first block may have been repeated meanwhile
        packet = parse(phone.recv(2048))
    assert packet == Data(2, FILES["even.cfg"][512:1024])
    phone.sendto(ErrorPacket(0, "enough").encode(), transfer)
    run.wait_idle()
    assert run.stats[-1].outcome is Outcome.ABORTED


def test_a_repeated_request_starts_no_second_transfer(run, phone):
    request = ReadRequest("even.cfg", "octet", (("blksize", "8"),)).encode()
    for _ in range(5):
        phone.sendto(request, run.server.address)
    senders = {phone.recvfrom(2048)[1]}
    phone.sendto(ReadRequest("even.cfg").encode(), run.server.address)  # now another one
    while True:
        payload, sender = phone.recvfrom(2048)
        if isinstance(parse(payload), Data):
            break
        senders.add(sender)
    assert len(senders) == 1
    assert sender not in senders
    assert len(run.asked) == 2
    assert [stats.outcome for stats in run.stats] == [Outcome.ABORTED]
    phone.sendto(ErrorPacket(0, "enough").encode(), sender)
    run.wait_idle()


def test_a_phone_with_one_port_reads_again_at_once(run, phone):
    for name in ["p/0123456789abcdef/y000000000108.cfg"] * 100 + ["empty.cfg", "lines.txt"]:
        packet, transfer = ask(phone, run, ReadRequest(name).encode())
        assert packet == Data(1, FILES[name][:512])
        phone.sendto(Ack(1).encode(), transfer)
    phone.sendto(ErrorPacket(0, "enough").encode(), transfer)
    run.wait_idle()
    assert [stats.outcome for stats in run.stats] == [Outcome.OK] * 101 + [Outcome.ABORTED]


def test_acks_of_blocks_never_sent_do_not_move_a_transfer(run, phone):
    _, transfer = ask(phone, run, ReadRequest("even.cfg").encode())
    for block in (0, 2, 9, 300, 65535):
        phone.sendto(Ack(block).encode(), transfer)
    phone.sendto(b"\0\4", transfer)
    phone.sendto(Ack(1).encode(), transfer)
    seen = [parse(phone.recv(2048)).block]
    while seen[-1] == 1:
        seen.append(parse(phone.recv(2048)).block)
    assert seen[-1] == 2
    assert run.server.open_transfers == 1
    phone.sendto(ErrorPacket(0, "enough").encode(), transfer)
    run.wait_idle()


def test_a_silent_phone_is_given_up():
    with (
        running(limits=Limits(first_sends_max=2, transfer_s_max=2)) as run,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone,
    ):
        phone.settimeout(HANG_S)
        ask(phone, run, ReadRequest("even.cfg").encode())
        run.wait_idle()
        assert [stats.outcome for stats in run.stats] == [Outcome.TIMEOUT]
        assert parse(phone.recv(2048)).block == 1
        assert silent(phone)


@pytest.mark.parametrize(
    "limits", [Limits(transfers_per_peer_max=3), Limits(transfers_max=3)], ids=["peer", "all"]
)
def test_too_many_transfers_are_refused_until_one_ends(limits):
    with running(limits=limits) as run, contextlib.ExitStack() as stack:
        transfers = []
        for _ in range(3):
            phone = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            phone.settimeout(HANG_S)
            transfers.append((phone, ask(phone, run, ReadRequest("even.cfg").encode())[1]))
        with pytest.raises(TftpRefusedError, match="busy"):
            run.fetch("even.cfg")
        assert len(run.asked) == 3
        for phone, transfer in transfers:
            phone.sendto(ErrorPacket(0, "enough").encode(), transfer)
        run.wait_idle()
        assert run.fetch("even.cfg") == FILES["even.cfg"]
        run.wait_idle()
        assert not run.server._per_host


def test_without_a_free_descriptor_a_phone_is_told_to_try_again(run, monkeypatch, caplog):
    def none_left(*_):
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr("provisioner.tftp.server.open_transfer", none_left)
        with pytest.raises(TftpRefusedError, match="busy"):
            run.fetch("even.cfg")
    assert "Too many open files" in caplog.text
    assert run.fetch("even.cfg") == FILES["even.cfg"]


def test_a_broadcast_request_is_ignored(phone):
    with running("0.0.0.0") as run:
        phone.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        phone.sendto(ReadRequest("even.cfg").encode(), ("127.255.255.255", run.port))
        phone.sendto(ReadRequest("missing.cfg").encode(), ("127.0.0.1", run.port))
        assert parse(phone.recv(2048)) == ErrorPacket(1, "no such file")
        assert [name for name, _, _ in run.asked] == ["missing.cfg"]


@pytest.mark.parametrize(
    ("sender", "answerable"),
    [
        (("192.0.2.1", 1024), True),
        (("192.0.2.1", 0), False),
        (("224.0.0.1", 1024), False),
        (("255.255.255.255", 1024), False),
        (("0.0.0.0", 1024), False),
        (("2001:db8::1", 1024, 0, 0), True),
        (("fe80::1%eth0", 1024, 0, 2), True),
        (("ff02::1", 1024, 0, 2), False),
        (("::", 1024, 0, 0), False),
        (("::ffff:192.0.2.1", 1024, 0, 0), True),
        (("::ffff:224.0.0.1", 1024, 0, 0), False),
    ],
)
def test_forged_senders_get_no_answer(sender, answerable):
    assert is_answerable(sender) is answerable
