"""SNMP agents for tests: recorded switches served by snmpsim, a real snmpd, and broken ones."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pydantic import SecretStr
from pysnmp.proto.api import v2c

from monitors.snmp.client import SnmpClient
from monitors.snmp.credentials import Community, Credentials
from monitors.snmp.session import Session
from monitors.snmp.values import Failure, Oid

HOST = "127.0.0.1"
START_S = 120.0
SYS_UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)

Talk = Callable[[Session], Any]


def free_port() -> int:
    """A UDP port that nobody uses at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


def talk(port: int, credentials: Credentials, what: Talk, timeout_s: float = 2.0) -> Any:
    """Open a session with an agent on this machine and do something with it."""

    async def run() -> Any:
        async with SnmpClient(timeout_s) as client:
            return await what(client.session(HOST, port, credentials))

    return asyncio.run(run())


def community(name: str) -> Community:
    """A community as credentials."""
    return Community(SecretStr(name))


@contextmanager
def snmpsim(recordings: Path, folder: Path) -> Iterator[int]:
    """Serve recordings; the community is the file's name. Yields the port."""
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("snmpsim-command-responder")),
        f"--data-dir={recordings}",
        f"--cache-dir={folder / 'cache'}",
        f"--agent-udpv4-endpoint={HOST}:{port}",
        "--process-user=root",
        "--process-group=root",
        "--logging-method=stdout",
        "--log-level=error",
    ]
    first = next(iter(sorted(recordings.glob("*.snmprec")))).stem
    with running(command, folder / "snmpsim.log") as process:
        wait_until(process, port, community(first))
        yield port


@contextmanager
def snmpd(folder: Path, port: int, lines: tuple[str, ...]) -> Iterator[int]:
    """Run a real net-snmp agent with these lines in its configuration. Yields the port."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "snmpd.conf"
    own = (f"agentAddress udp:{HOST}:{port}", "rocommunity waiting", *lines)
    file.write_text("\n".join(own) + "\n", encoding="utf-8")
    command = [
        "/usr/sbin/snmpd", "-f", "-Lo", "-C", "-c", str(file), "-p", str(folder / "pid"),
        f"--persistentDir={folder / 'kept'}", "-I", "-smux",
    ]  # fmt: skip
    with running(command, folder / "snmpd.log") as process:
        wait_until(process, port, community("waiting"))
        yield port


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until(process: subprocess.Popen[bytes], port: int, credentials: Credentials) -> None:
    """Wait until an agent answers.

    Raises:
        RuntimeError: it ended, or does not answer in time.
    """
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the agent ended with {process.returncode}")
        answer = talk(port, credentials, lambda s: s.get([SYS_UPTIME]), 0.5)
        if not isinstance(answer, Failure):
            return
        time.sleep(0.2)
    raise RuntimeError("the agent does not answer")


Respond = Callable[[list[Oid], int], tuple[int, list[tuple[Oid, int]]] | None]
"""From OIDs and repetitions to an error status and variables; None: stay silent."""


@contextmanager
def broken_agent(respond: Respond) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """An agent of v2c that answers GET and GETBULK as a function says.

    Yields the port, and the requests: number of variables and repetitions of each.
    """
    asked: list[tuple[int, int]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        sock.settimeout(0.1)
        stop = threading.Event()
        thread = threading.Thread(target=_serve, args=(sock, respond, asked, stop))
        thread.start()
        try:
            yield sock.getsockname()[1], asked
        finally:
            stop.set()
            thread.join()


def _serve(
    sock: socket.socket, respond: Respond, asked: list[tuple[int, int]], stop: threading.Event
) -> None:
    while not stop.is_set():
        try:
            data, peer = sock.recvfrom(65535)
        except TimeoutError:
            continue
        if data[4:5] == b"\x03" or data[2:5] == b"\x02\x01\x03":
            continue  # SNMPv3: this agent has never heard of it
        message, _ = decoder.decode(data, asn1Spec=v2c.Message())
        request = v2c.apiMessage.get_pdu(message)
        is_bulk = request.isSameTypeWith(v2c.GetBulkRequestPDU())
        repetitions = int(v2c.apiBulkPDU.get_max_repetitions(request)) if is_bulk else 1
        oids = [tuple(name) for name, _ in v2c.apiPDU.get_varbinds(request)]
        asked.append((len(oids), repetitions))
        answer = respond(oids, repetitions)
        if answer is None:
            continue
        status, variables = answer
        response = v2c.ResponsePDU()
        v2c.apiPDU.set_defaults(response)
        v2c.apiPDU.set_request_id(response, v2c.apiPDU.get_request_id(request))
        v2c.apiPDU.set_error_status(response, status)
        v2c.apiPDU.set_varbinds(response, [(name, v2c.Integer(v)) for name, v in variables])
        v2c.apiMessage.set_pdu(message, response)
        sock.sendto(encoder.encode(message), peer)
