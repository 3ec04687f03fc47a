"""The attacker and the far end, both sipp: thousands of calls, by what the far end does with them.

The last digit of a number says what happens there: 7 rings and is never answered, 8 is busy, 6
rings a while; all others answer at once, and nobody hangs up. The attacker gives up what is not
answered and hangs up nothing.
"""

from __future__ import annotations

import csv
import random
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.simulators.asterisk import free_port
from tests.simulators.sipp_calls import (
    BYE_OK,
    IN_DIALOG,
    INVITE,
    REFUSED_ACK,
    REPLY,
    SDP,
    WITH_SDP,
    Caller,
    whole,
)

START_LIMIT_S = 10.0
END_S, LONGEST_S = 10.0, 60.0
GIVE_UP_MS = 1500
RINGS_MS = 1000
REFUSALS = (403, 480, 486, 503)
ABROAD = {"0053": "7123456", "00252": "6123456", "0044": "791112345"}
_TO_ENDS = '<ereg regexp="sip:[+0-9]*{digit}@" search_in="hdr" header="To:" assign_to="{name}"/>'
_NUMBER_OF_CSEQ = '<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="3"/>'
_CANCEL = """<send><![CDATA[

CANCEL sip:[field0]@[remote_ip]:[remote_port] SIP/2.0
[last_Via:]
From: <sip:{user}@[local_ip]>;tag=[pid]c[call_number]
To: <sip:[field0]@[remote_ip]>
Call-ID: [call_id]
CSeq: 2 CANCEL
Max-Forwards: 70
Content-Length: 0

]]></send>
"""


def far_end() -> str:
    """Return the scenario of whoever is called."""
    ends = "".join(_TO_ENDS.format(digit=d, name=n) for d, n in ((7, 1), (8, 2), (6, 4)))
    ringing = REPLY.format(status="180 Ringing", body="Content-Length: 0\n", retrans="")
    gone = REPLY.format(
        status="487 Request Terminated", body="Content-Length: 0\n", retrans=""
    ).replace("[last_CSeq:]", "CSeq: [$3] INVITE")
    return whole(
        [
            f'<recv request="INVITE"><action>{ends}{_NUMBER_OF_CSEQ}</action></recv>',
            '<nop next="busy" test="2"/>',
            ringing,
            '<nop next="rings" test="1"/>',
            '<nop next="soon" test="4"/><nop next="now"/><label id="soon"/>',
            f'<pause milliseconds="{RINGS_MS}"/><label id="now"/>',
            REPLY.format(status="200 OK", body=WITH_SDP, retrans=' retrans="500"'),
            '<recv request="ACK"/>',
            f'<recv request="BYE"/>{BYE_OK}',
            '<nop next="over"/>',
            '<label id="busy"/>',
            REPLY.format(status="486 Busy Here", body="Content-Length: 0\n", retrans=""),
            '<recv request="ACK"/><nop next="over"/>',
            f'<label id="rings"/><recv request="CANCEL"/>{BYE_OK}{gone}',
            '<recv request="ACK"/>',
            '<label id="over"/><nop/>',
        ]
    )


def attack(caller: Caller) -> str:
    """Return the scenario of one call of the attacker; the number is ``[field0]``."""
    facts = {"user": caller.user, "number": "[field0]"}
    login = f"[authentication username={caller.user} password={caller.secret}]\n"
    late = f'timeout="{GIVE_UP_MS}" ontimeout="over"'
    tired = f'timeout="{GIVE_UP_MS}" ontimeout="enough"'
    early = "".join(f'<recv response="{s}" optional="true" {tired}/>' for s in (100, 180, 183))
    refused = "".join(
        f'<recv response="{s}" optional="true" next="refused" {tired}/>' for s in REFUSALS
    )
    return whole(
        [
            INVITE.format(**facts, cseq=1, auth="", sdp=SDP, retrans=' retrans="500"'),
            '<recv response="100" optional="true"/><recv response="401" auth="true"/>',
            REFUSED_ACK.format(**facts, cseq=1),
            INVITE.format(**facts, cseq=2, auth=login, sdp=SDP, retrans=' retrans="500"'),
            early,
            refused,
            f'<recv response="200" rrs="true" {tired}/>',
            IN_DIALOG.format(**facts, method="ACK", cseq=2),
            f'<recv request="BYE"/>{BYE_OK}',
            '<nop next="over"/>',
            '<label id="enough"/>',
            _CANCEL.format(**facts),
            f'<recv response="200" {late}/><recv response="487" {late}/>',
            REFUSED_ACK.format(**facts, cseq=2),
            '<nop next="over"/>',
            '<label id="refused"/>',
            REFUSED_ACK.format(**facts, cseq=2),
            '<label id="over"/><nop/>',
        ]
    )


def numbers(count: int, seed: int, silent: bool = False) -> list[str]:
    """Return numbers abroad to dial; ``silent``: none of them answers."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        prefix = chance.choice([*ABROAD])
        made.append(f"{prefix}{ABROAD[prefix]}{7 if silent else chance.randrange(10)}")
    return made


class Sipp:
    """A sipp with counts; use it as a context manager.

    Args:
        folder: for its files.
        name: of it.
        text: its scenario.
        address: own one.
        options: more of its command line.
    """

    def __init__(self, folder: Path, name: str, text: str, address: str, *options: str) -> None:
        self.port = free_port(socket.SOCK_DGRAM)
        self._counts = folder / f"{name}.csv"
        self._log = folder / f"{name}.log"
        self._counts.unlink(missing_ok=True)
        file = folder / f"{name}.xml"
        file.write_text(text, encoding="latin-1")
        self._command = [
            "sipp", "-sf", str(file), "-i", address, "-mi", address, "-p", str(self.port),
            "-mp", str(free_port(socket.SOCK_DGRAM, 200)), "-nostdin", "-nd",
            "-trace_stat", "-stf", str(self._counts), "-fd", "1",
            "-trace_err", "-error_file", str(self._log), *options,
        ]  # fmt: skip
        self._folder = folder

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command, cwd=self._folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        limit = time.monotonic() + START_LIMIT_S
        while time.monotonic() < limit:
            if self._counts.exists():
                return self
            if self.process.poll() is not None:
                raise RuntimeError(f"sipp ended with {self.process.returncode}: {self.said()}")
            time.sleep(0.02)
        raise RuntimeError("sipp did not start")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def said(self) -> str:
        """The beginning of what went otherwise than it should."""
        return self._log.read_text("latin-1")[:1500] if self._log.exists() else ""

    def count(self, name: str) -> int:
        """A figure of its statistics, as of a second ago."""
        with self._counts.open(newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter=";"))
        return int(rows[-1][name]) if rows else 0


class FarEnd(Sipp):
    """Whoever is called abroad."""

    def __init__(self, folder: Path, address: str) -> None:
        super().__init__(folder, "far-end", far_end(), address)

    def calls(self) -> int:
        """How many calls have come, as of a second ago."""
        return self.count("IncomingCall(C)")


def fire(
    folder: Path, caller: Caller, dialled: Sequence[str], at_once: int, per_s: int
) -> tuple[int, float]:
    """Dial all numbers as fast as they are taken; returns how many, and seconds.

    Args:
        folder: for sipp's files.
        caller: the attacker.
        dialled: the numbers.
        at_once: how many calls it has at the same time.
        per_s: no faster than so many calls a second.
    """
    limit_s = LONGEST_S + len(dialled) / 10
    list_file = folder / f"numbers-{caller.user}.csv"
    list_file.write_text("\n".join(["SEQUENTIAL", *(f"{n};" for n in dialled), ""]), "latin-1")
    options = (
        f"127.0.0.1:{caller.peer}", "-inf", str(list_file), "-m", str(len(dialled)),
        "-r", str(per_s), "-l", str(at_once), "-timeout", f"{limit_s:.0f}s",
    )  # fmt: skip
    began = last = time.monotonic()
    with Sipp(folder, f"attack-{caller.user}", attack(caller), caller.address, *options) as sipp:
        while sipp.process.poll() is None and time.monotonic() < began + limit_s:
            if sipp.count("OutgoingCall(C)") < len(dialled):
                last = time.monotonic()
            elif time.monotonic() > last + END_S:
                break  # what it still waits for does not come any more
            time.sleep(0.2)
        return sipp.count("OutgoingCall(C)"), last - began
