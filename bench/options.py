"""OPTIONS: probes a second and CPU time of a probe, beside sipp as the client.

Both ask the same phone, a sipp that answers 200, over UDP on loopback, with the same number under
way. The prober does more with each: a socket of its own, an answer that is read and understood.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.report import Table, median, spread
from monitors.probes.options_reading import OptionsTarget, Outcome
from monitors.probes.sip_options import Pace, probe_phones
from tests.simulators.sipp import SKIP_REASON, SippPhone, has_sipp

TITLE = "OPTIONS probes"
PROBES = 3000
AT_ONCE = 64
ROUNDS = 3
SITE_PHONES = 2000
SWEEP_S = 30

_CLIENT = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="prober">
<send retrans="500"><![CDATA[

OPTIONS sip:2214@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
Max-Forwards: 70
From: <sip:bellwire@[local_ip]:[local_port]>;tag=[pid]t[call_number]
To: <sip:2214@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 OPTIONS
Contact: <sip:bellwire@[local_ip]:[local_port]>
Accept: application/sdp
User-Agent: sipp
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"""


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Return the table."""
    if not has_sipp():
        return [Table.missing(TITLE, SKIP_REASON)]
    scenario = folder / "client.xml"
    scenario.write_text(_CLIENT, encoding="latin-1")
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for number in range(ROUNDS):
        say(f"round {number + 1} of {ROUNDS}")
        with SippPhone(folder, 200) as phone:
            ours.append(of_bellwire(phone.port))
        with SippPhone(folder, 200) as phone:
            theirs.append(_sipp(scenario, phone.port))
    return [_table(ours, theirs)]


def of_bellwire(port: int) -> tuple[float, float]:
    """Wall clock and CPU seconds of one round."""
    targets = [OptionsTarget(str(n), "127.0.0.1", port, user="2214") for n in range(PROBES)]
    began, worked = time.perf_counter(), time.process_time()
    readings = probe_phones(targets, Pace(per_s=1e9, at_once=AT_ONCE))
    took = time.perf_counter() - began, time.process_time() - worked
    answered = sum(r.outcome is Outcome.ANSWERED for r in readings)
    if answered < PROBES:
        raise RuntimeError(f"{PROBES - answered} of {PROBES} probes had no answer")
    return took


def _sipp(scenario: Path, port: int) -> tuple[float, float]:
    """The same of sipp as client."""
    program = shutil.which("sipp") or "sipp"
    command = [
        *(program, f"127.0.0.1:{port}", "-sf", str(scenario), "-i", "127.0.0.1"),
        *("-m", str(PROBES), "-l", str(AT_ONCE), "-r", "1000000", "-nostdin"),
    ]
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=scenario.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"sipp ended with {process.returncode}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime


def _table(ours: list[tuple[float, float]], theirs: list[tuple[float, float]]) -> Table:
    cpu_us = median(cpu for _, cpu in ours) / PROBES * 1e6
    share = cpu_us * 1e-6 * SITE_PHONES / SWEEP_S * 100
    table = Table(
        TITLE,
        f"{PROBES} OPTIONS over UDP to one sipp that answers 200, {AT_ONCE} under way, without "
        "any pacing. The ratio is our CPU time to that of sipp in the same round. A site of "
        f"{SITE_PHONES} phones asked every {SWEEP_S} s takes **{share:.1f} %** of a core.",
        ("client", "probes/s", "CPU us per probe", "CPU ratio"),
    )
    ratios = [mine[1] / their[1] for mine, their in zip(ours, theirs, strict=True)]
    for name, rounds, ratio in (("bellwire", ours, spread(ratios)), ("sipp", theirs, "1")):
        per_s = median(PROBES / wall for wall, _ in rounds)
        cost = median(cpu for _, cpu in rounds) / PROBES * 1e6
        table.add(name, f"{per_s:.0f}", f"{cost:.0f}", ratio)
    return table
