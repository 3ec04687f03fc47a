"""Phones played by sipp: they answer OPTIONS as they are told, or say nothing at all."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.simulators.asterisk import free_port

SKIP_REASON = "sipp is missing (package sip-tester)"
START_LIMIT_S = 10.0
STOP_LIMIT_S = 5.0

_RECEIVE = '<recv request="OPTIONS" crlf="true"/>'
_ANSWER = """
<send><![CDATA[

SIP/2.0 {status} {reason}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag[call_number]
[last_Call-ID:]
[last_CSeq:]
User-Agent: {agent}
{headers}Content-Length: 0

]]></send>"""
_SCENARIO = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="phone">
{steps}
</scenario>
"""


def has_sipp() -> bool:
    """Whether sipp is installed."""
    return shutil.which("sipp") is not None


class SippPhone:
    """A phone on 127.0.0.1 that answers every OPTIONS alike; use it as a context manager.

    Args:
        folder: where its scenario is written.
        status: SIP status it answers; 0: it stays silent.
        reason: phrase of the status.
        agent: its User-Agent.
        transport: ``udp`` or ``tcp``.
        headers: more header lines, each with its line end.
        port: 0: a free one.
        drop: how many sendings it leaves unanswered, first.
    """

    def __init__(
        self,
        folder: Path,
        status: int,
        reason: str = "OK",
        *,
        agent: str = "Yealink SIP-T46U 108.86.0.20",
        transport: str = "udp",
        headers: str = "",
        port: int = 0,
        drop: int = 0,
    ) -> None:
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.port = port or free_port(kind)
        self._transport = transport
        answer = _ANSWER.format(status=status, reason=reason, agent=agent, headers=headers)
        steps = [_RECEIVE] * (drop + 1) + (
            [answer] if status else ['<pause milliseconds="60000"/>']
        )
        self._scenario = folder / f"phone-{transport}-{self.port}.xml"
        self._scenario.write_text(_SCENARIO.format(steps="\n".join(steps)), encoding="latin-1")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        mode = "u1" if self._transport == "udp" else "t1"
        self._process = subprocess.Popen(
            [
                *("sipp", "-sf", str(self._scenario), "-i", "127.0.0.1", "-p", str(self.port)),
                *("-t", mode, "-nostdin", "-nr"),
            ],
            cwd=self._scenario.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait(self._process)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """End this phone as a power cut does; calling it again does no harm."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(STOP_LIMIT_S)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until it has its port."""
        kind = socket.SOCK_DGRAM if self._transport == "udp" else socket.SOCK_STREAM
        limit = time.monotonic() + START_LIMIT_S
        while time.monotonic() < limit:
            if process.poll() is not None:
                raise RuntimeError(f"sipp ended with {process.returncode}")
            with socket.socket(socket.AF_INET, kind) as probe:
                try:
                    probe.bind(("127.0.0.1", self.port))
                except OSError:
                    return
            time.sleep(0.02)
        raise RuntimeError("sipp did not open its port")
