"""Callers and an operator played by sipp: calls with a digest, answers, two keyed digits."""

from __future__ import annotations

import csv
import socket
import struct
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.simulators.asterisk import free_port

END_LIMIT_S = 30.0
START_LIMIT_S = 10.0

_HEAD = '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n'
SDP = """v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
"""
INVITE = """<send{retrans}><![CDATA[

INVITE sip:{number}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
From: <sip:{user}@[local_ip]>;tag=[pid]c[call_number]
To: <sip:{number}@[remote_ip]>
Call-ID: [call_id]
CSeq: {cseq} INVITE
Contact: <sip:{user}@[local_ip]:[local_port]>
Max-Forwards: 70
{auth}Content-Type: application/sdp
Content-Length: [len]

{sdp}
]]></send>
"""
IN_DIALOG = """<send><![CDATA[

{method} [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
[routes]
From: <sip:{user}@[local_ip]>;tag=[pid]c[call_number]
To: <sip:{number}@[remote_ip]>[peer_tag_param]
Call-ID: [call_id]
CSeq: {cseq} {method}
Contact: <sip:{user}@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Length: 0

]]></send>
"""
REFUSED_ACK = """<send><![CDATA[

ACK sip:{number}@[remote_ip]:[remote_port] SIP/2.0
[last_Via:]
[last_From:]
[last_To:]
Call-ID: [call_id]
CSeq: {cseq} ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
"""
EARLY = "".join(f'<recv response="{code}" optional="true"/>\n' for code in (100, 180, 183, 181))
REPLY = """<send{retrans}><![CDATA[

SIP/2.0 {status}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]s[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
{body}
]]></send>
"""
BYE_OK = """<send><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
"""
WITH_SDP = f"Content-Type: application/sdp\nContent-Length: [len]\n\n{SDP}"


@dataclass(frozen=True)
class Caller:
    """Who calls: an account of the PBX, or (without a secret) somebody at an operator's.

    Attributes:
        address: own one.
        peer: SIP port of the PBX on 127.0.0.1.
    """

    user: str
    peer: int
    secret: str = ""
    address: str = "127.0.0.1"


def scenario(
    caller: Caller,
    number: str,
    *,
    refused: int = 0,
    talk_ms: int = 200,
    cut: bool = False,
    media_port: int = 0,
) -> str:
    """Return the scenario of one call.

    Args:
        caller: who calls.
        number: that is dialled.
        refused: SIP status that is expected; 0: the call is answered.
        talk_ms: how long the caller speaks before hanging up.
        cut: the other side hangs up first.
        media_port: where a ``Keypad`` listens; 0: nobody keys anything.
    """
    facts = {"user": caller.user, "number": number}
    sdp = SDP.replace("[media_port]", str(media_port)) if media_port else SDP
    steps = [INVITE.format(**facts, cseq=1, auth="", sdp=sdp, retrans=' retrans="500"')]
    cseq = 1
    if caller.secret:
        cseq = 2
        steps.append('<recv response="100" optional="true"/><recv response="401" auth="true"/>')
        steps.append(REFUSED_ACK.format(**facts, cseq=1))
        login = f"[authentication username={caller.user} password={caller.secret}]\n"
        steps.append(INVITE.format(**facts, cseq=2, auth=login, sdp=sdp, retrans=""))
    steps.append(EARLY)
    if refused:
        steps.append(f'<recv response="{refused}"/>')
        steps.append(REFUSED_ACK.format(**facts, cseq=cseq))
        return whole(steps)
    steps.append('<recv response="200" rrs="true"/>')
    steps.append(IN_DIALOG.format(**facts, method="ACK", cseq=cseq))
    if cut:
        steps.append(f'<recv request="BYE"/>{BYE_OK}')
        return whole(steps)
    steps.append(f'<pause milliseconds="{talk_ms}"/>')
    steps.append(IN_DIALOG.format(**facts, method="BYE", cseq=cseq + 1))
    steps.append('<recv response="200"/>')
    return whole(steps)


def whole(steps: Sequence[str]) -> str:
    """Return a scenario of some steps."""
    return f'{_HEAD}<scenario name="call">\n{"".join(steps)}\n</scenario>\n'


class Call:
    """A call under way; use it as a context manager, or ``finish`` it."""

    def __init__(
        self, folder: Path, caller: Caller, text: str, *options: str, calls: int = 1
    ) -> None:
        port = free_port(socket.SOCK_DGRAM)
        self._file = folder / f"call-{port}.xml"
        self._file.write_text(text, encoding="latin-1")
        self._errors = folder / f"call-{port}.errors"
        command = [
            "sipp", f"127.0.0.1:{caller.peer}", "-sf", str(self._file), "-i", caller.address,
            "-mi", caller.address, "-p", str(port), "-m", str(calls), "-nostdin",
            "-mp", str(free_port(socket.SOCK_DGRAM, 8)),
            "-trace_err", "-error_file", str(self._errors), "-timeout", f"{END_LIMIT_S:.0f}s",
            *options,
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def finish(self) -> str:
        """Wait for its end; returns what went otherwise than the scenario says, or nothing."""
        try:
            code = self._process.wait(END_LIMIT_S)
        finally:
            self.end()
        said = self._errors.read_text("latin-1") if self._errors.exists() else ""
        return "" if code == 0 else f"sipp ended with {code}: {said[:600]}"

    def end(self) -> None:
        """End it as a power cut does."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


class Keypad:
    """A caller's keys: RTP events (RFC 4733) from the port that the caller's SDP names."""

    def __init__(self, address: str) -> None:
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.bind((address, 0))
        self._line.settimeout(END_LIMIT_S)
        self.port: int = self._line.getsockname()[1]
        self._sequence = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._line.close()

    def press(self, digits: str) -> None:
        """Key digits to whoever sends a voice here; waits until one is heard."""
        _, peer = self._line.recvfrom(2048)
        for place, digit in enumerate(digits, start=1):
            for step in range(1, 9):
                is_end = step > 5  # the end is told three times
                length = 160 * min(step, 6)
                event = struct.pack("!BBH", int(digit), (0x80 if is_end else 0) | 10, length)
                marked = 0x80 if step == 1 else 0
                head = struct.pack("!BBHII", 0x80, marked | 101, self._sequence, place * 8000, 77)
                self._line.sendto(head + event, peer)
                self._sequence += 1
                time.sleep(0.02)
            time.sleep(0.1)


class Operator:
    """Somebody who answers every call at an address; use it as a context manager.

    Attributes:
        port: where it listens.
    """

    def __init__(self, folder: Path, address: str = "127.0.0.2") -> None:
        self.port = free_port(socket.SOCK_DGRAM)
        self._counts = folder / f"operator-{self.port}.csv"
        steps = [
            '<recv request="INVITE"/>',
            REPLY.format(status="180 Ringing", body="Content-Length: 0\n", retrans=""),
            REPLY.format(status="200 OK", body=WITH_SDP, retrans=' retrans="500"'),
            '<recv request="ACK"/>',
            f'<recv request="BYE"/>{BYE_OK}',
        ]
        file = folder / f"operator-{self.port}.xml"
        file.write_text(whole(steps), encoding="latin-1")
        self._process = subprocess.Popen(
            [
                "sipp", "-sf", str(file), "-i", address, "-mi", address, "-p", str(self.port),
                "-mp", str(free_port(socket.SOCK_DGRAM, 40)), "-nostdin",
                "-trace_stat", "-stf", str(self._counts), "-fd", "1",
            ],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def __enter__(self) -> Self:
        limit = time.monotonic() + START_LIMIT_S
        while time.monotonic() < limit:
            if self._process.poll() is not None:
                raise RuntimeError(f"sipp ended with {self._process.returncode}")
            if self._counts.exists():
                return self
            time.sleep(0.02)
        raise RuntimeError("sipp did not start")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()

    def calls(self) -> int:
        """How many calls have come, as of a second ago."""
        with self._counts.open(newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter=";"))
        return int(rows[-1]["IncomingCall(C)"]) if rows else 0
