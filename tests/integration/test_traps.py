"""Traps and informs of net-snmp's own programs, in all versions, against the listener."""

from __future__ import annotations

import os
import queue
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitors.signals import PortPower
from monitors.snmp.trap_board import TrapBoard
from monitors.snmp.traps import TrapListener
from monitors.snmp.traps_gate import Sender, TrapGate, senders_of
from monitors.snmp.traps_meaning import Trap, TrapKind
from monitors.snmp.values import oid
from provisioner.errors import SipError
from provisioner.inventory.records import Switch
from provisioner.sip.pnp_dialogs import SourceRate

pytestmark = pytest.mark.skipif(
    shutil.which("snmptrap") is None, reason="net-snmp's programs are not installed (snmp)"
)
HOST = "127.0.0.1"
WAIT_S = 30.0  # only so that a fault ends the run
PETH_TRAP = "1.3.6.1.2.1.105.0.1"
DETECTION = "1.3.6.1.2.1.105.1.1.1.6"
V3 = ["-v", "3", "-u", "bell", "-l", "authPriv", "-A", "Signing-123", "-X", "Hiding-1234"]
ENGINE = ["-e", "0x80001f8804626577"]


class Heard:
    """A listener that runs, and what it took."""

    def __init__(self, listener: TrapListener, traps: queue.Queue[Trap]) -> None:
        self.listener = listener
        self.traps = traps

    @property
    def where(self) -> str:
        host, port = self.listener.address
        return f"udp:{host}:{port}"

    def next(self) -> Trap:
        return self.traps.get(timeout=WAIT_S)


@contextmanager
def listening(*switches: Switch, rate: SourceRate | None = None) -> Iterator[Heard]:
    traps: queue.Queue[Trap] = queue.Queue()
    gate = TrapGate(senders_of(switches))
    listener = TrapListener(traps.put, HOST, 0, admits=gate.admits, users=gate.users_at, rate=rate)
    stop = threading.Event()
    thread = threading.Thread(target=listener.serve, args=(stop,))
    thread.start()
    try:
        yield Heard(listener, traps)
    finally:
        stop.set()
        listener.close()
        thread.join()


def v2c(community: str = "hush", host: str = HOST) -> Switch:
    return Switch(host, community=SecretStr(community))


def v3(auth: str = "sha256", priv: str = "aes", **more: str) -> Switch:
    keys = {"auth_key": "Signing-123", "priv_key": "Hiding-1234"} | more
    return Switch(
        HOST,
        snmp_version="3",
        snmp_user="bell",
        snmp_auth=SecretStr(keys["auth_key"]),
        snmp_priv=SecretStr(keys["priv_key"]),
        snmp_auth_protocol=auth,
        snmp_priv_protocol=priv,
    )


def run(folder: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of net-snmp with its own state folder and without any MIB."""
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}
    return subprocess.run(
        [program, *arguments], env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def sent(folder: Path, program: str, *arguments: str) -> None:
    done = run(folder, program, *arguments)
    assert done.returncode == 0, done.stderr


def test_version_1_link_down(tmp_path: Path) -> None:
    with listening(v2c()) as heard:
        sent(
            tmp_path, "snmptrap", "-v", "1", "-c", "hush", heard.where, "1.3.6.1.4.1.9.1.563",
            "10.9.9.9", "2", "0", "4711", "1.3.6.1.2.1.2.2.1.1.10107", "i", "10107",
        )  # fmt: skip
        trap = heard.next()
    assert (trap.kind, trap.if_index, trap.address, trap.version) == (
        TrapKind.LINK_DOWN, 10107, HOST, 1,
    )  # fmt: skip


def test_version_1_of_an_enterprise(tmp_path: Path) -> None:
    with listening(v2c()) as heard:
        sent(
            tmp_path, "snmptrap", "-v", "1", "-c", "hush", heard.where, "1.3.6.1.2.1.105",
            "10.9.9.9", "6", "1", "4711", f"{DETECTION}.2.17", "i", "4",
        )  # fmt: skip
        trap = heard.next()
    assert (trap.kind, trap.pse, trap.power) == (TrapKind.PORT_POWER, (2, 17), PortPower.FAULT)
    assert trap.oid == oid(PETH_TRAP)


@pytest.mark.parametrize("program", ["snmptrap", "snmpinform"])
def test_version_2c(tmp_path: Path, program: str) -> None:
    """The inform ends well only when it is confirmed."""
    with listening(v2c()) as heard:
        sent(
            tmp_path, program, "-v", "2c", "-c", "hush", heard.where, "4711", PETH_TRAP,
            f"{DETECTION}.1.3", "i", "3",
        )  # fmt: skip
        trap = heard.next()
        assert heard.listener.counts.taken == 1
    assert (trap.pse, trap.power) == ((1, 3), PortPower.DELIVERING)
    assert trap.words == "pethPsePortOnOffNotification"
    assert "hush" not in repr(trap)


@pytest.mark.parametrize(
    ("auth", "priv", "words"),
    [
        ("md5", "des", ["-a", "MD5", "-x", "DES"]),
        ("sha", "aes", ["-a", "SHA", "-x", "AES"]),
        ("sha256", "aes", ["-a", "SHA-256", "-x", "AES"]),
        ("sha512", "aes", ["-a", "SHA-512", "-x", "AES"]),
    ],
)
@pytest.mark.parametrize("program", ["snmptrap", "snmpinform"])
def test_version_3(tmp_path: Path, program: str, auth: str, priv: str, words: list[str]) -> None:
    with listening(v3(auth, priv)) as heard:
        own = ENGINE if program == "snmptrap" else []
        sent(
            tmp_path, program, *V3, *words, *own, heard.where, "4711", PETH_TRAP,
            f"{DETECTION}.1.3", "i", "1",
        )  # fmt: skip
        trap = heard.next()
    assert (trap.pse, trap.power, trap.version) == ((1, 3), PortPower.OFF, 3)


def test_version_3_only_signed(tmp_path: Path) -> None:
    switch = Switch(HOST, snmp_version="3", snmp_user="bell", snmp_auth=SecretStr("Signing-123"))
    only = ["-v", "3", "-u", "bell", "-l", "authNoPriv", "-a", "SHA-256", "-A", "Signing-123"]
    with listening(switch) as heard:
        sent(tmp_path, "snmpinform", *only, heard.where, "1", "1.3.6.1.6.3.1.1.5.1")
        assert heard.next().kind is TrapKind.RESTARTED


def test_what_does_not_belong_is_counted_and_dropped(tmp_path: Path) -> None:
    """Wrong communities, wrong keys, too little security and unknown switches; none is answered."""
    once = ["-r", "0", "-t", "1"]
    with listening(v2c(), v3()) as heard:
        end = ["4711", PETH_TRAP, f"{DETECTION}.1.3", "i", "3"]
        sent(tmp_path, "snmptrap", "-v", "2c", "-c", "Hush", heard.where, *end)
        wrong = run(tmp_path, "snmpinform", "-v", "2c", "-c", "public", *once, heard.where, *end)
        assert wrong.returncode != 0
        sha256 = ["-a", "SHA-256", "-x", "AES"]
        bad_key = [*V3, "-A", "Signing-124", *sha256, *ENGINE]
        sent(tmp_path, "snmptrap", *bad_key, heard.where, *end)
        weak = ["-v", "3", "-u", "bell", "-l", "noAuthNoPriv", *ENGINE]
        sent(tmp_path, "snmptrap", *weak, heard.where, *end)
        sent(tmp_path, "snmptrap", "-v", "2c", "-c", "hush", heard.where, *end)
        assert heard.next().version == 2
        assert heard.traps.empty()
        counts = heard.listener.counts
        assert (counts.taken, counts.strangers, counts.broken) == (1, 2, 2)


def test_a_stranger_is_never_asked_for_its_keys(tmp_path: Path) -> None:
    with listening(v2c(host="127.0.0.9")) as heard:
        asked = [*V3, "-a", "SHA-256", "-x", "AES", "-r", "0", "-t", "1"]
        assert run(tmp_path, "snmpinform", *asked, heard.where, "1", PETH_TRAP).returncode != 0
        assert heard.listener.counts.strangers >= 1
        assert heard.listener.counts.taken == 0


def test_too_many_are_dropped(tmp_path: Path) -> None:
    with listening(v2c(), rate=SourceRate(per_s=0.001, burst=2)) as heard:
        for _ in range(4):
            sent(tmp_path, "snmptrap", "-v", "2c", "-c", "hush", heard.where, "1", PETH_TRAP)
        assert [heard.next().kind for _ in range(2)] == [TrapKind.PORT_POWER] * 2
    assert heard.traps.empty()
    assert heard.listener.counts.taken == 2


def test_an_inform_sent_again_is_confirmed_again_and_taken_once(tmp_path: Path) -> None:
    """What snmpinform sends goes through the test, and to the listener twice."""
    with listening(v2c()) as heard, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as between:
        between.bind((HOST, 0))
        between.settimeout(WAIT_S)
        port = between.getsockname()[1]
        command = ["snmpinform", "-v", "2c", "-c", "hush", f"udp:{HOST}:{port}", "1", PETH_TRAP]
        environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(tmp_path), "MIBS": ""}
        with subprocess.Popen(command, env=environment) as process:
            asked, sender = between.recvfrom(65535)
            answers = []
            for _ in range(2):
                between.sendto(asked, heard.listener.address)
                answer, _ = between.recvfrom(65535)
                answers.append(answer)
            between.sendto(answers[1], sender)
            assert process.wait(WAIT_S) == 0
        assert answers[0] == answers[1]
        assert heard.listener.counts.taken == 1


def test_the_board_says_which_switch_to_read(tmp_path: Path) -> None:
    board = TrapBoard()
    listener = TrapListener(board.take, HOST, 0, admits=TrapGate([Sender(HOST, v2c())]).admits)
    stop = threading.Event()
    thread = threading.Thread(target=listener.serve, args=(stop,))
    thread.start()
    try:
        where = f"udp:{HOST}:{listener.address[1]}"
        sent(tmp_path, "snmpinform", "-v", "2c", "-c", "hush", where, "1", PETH_TRAP)
        assert board.due() == {HOST}
        assert board.due() == set()
        assert [t.kind for t in board.recent(HOST)] == [TrapKind.PORT_POWER]
    finally:
        stop.set()
        listener.close()
        thread.join()


def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        with pytest.raises(SipError, match="cannot be opened"):
            TrapListener(lambda _: None, HOST, sock.getsockname()[1])
