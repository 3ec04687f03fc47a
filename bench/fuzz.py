"""``python -m bench fuzz``: every parser that meets the network, guided by coverage.

Each target of ``tests/fuzz/targets.py`` has a process of its own (atheris on libFuzzer). A fault
does not end the search; each is shown once, with the input that made it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import machine
from bench.report import Table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "fuzzing.md"
START_S = 120
_COUNTS = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)/.*rss: (\d+)Mb")
_PEAK = re.compile(r"stat::peak_rss_mb:\s+(\d+)")
_INTRODUCTION = """\
# Fuzzing

Written by `python -m bench fuzz --inputs 1000000 --write`. Each row is a parser that meets the
network, with a process of its own: inputs come from seeds that are understood and from words of
the format, and what reaches new code is kept and changed further (atheris on libFuzzer). *Edges*
are branches of the code under test that were taken, *features* count how often as well. *Read* is
the share of inputs that were understood; the others were refused as they should be. A fault is
anything raised but the one error that the parser may raise, a broken check of what it returned,
more than 5 s or 1,500 MB. *Slowest* is CPU time, instrumented: about a fifth of the speed in
service. A short run of the same table is part of the tests (`tests/fuzz`).
"""


@dataclass(frozen=True)
class Found:
    """What became of a target.

    Attributes:
        ended: ``done``, or what libFuzzer said.
        faults: by place.
    """

    name: str
    inputs: int
    edges: int
    features: int
    corpus: int
    read: float
    slowest_s: float
    slowest: bytes
    peak_mb: int
    took_s: float
    ended: str
    faults: dict[str, str] = field(default_factory=dict)


def fuzz(name: str, inputs: int, folder: Path, seed: int = 1, most_s: int = 7200) -> Found:
    """Feed one target, so many inputs or so long."""
    folder.mkdir(parents=True, exist_ok=True)
    began_s = time.monotonic()
    command = [
        *(sys.executable, "-m", "tests.fuzz.drive", name, "--inputs", str(inputs)),
        *("--folder", str(folder), "--seed", str(seed), "--seconds", str(most_s)),
    ]
    log = folder / "log"
    with log.open("w") as out:
        try:
            code = subprocess.run(
                command, stdout=out, stderr=subprocess.STDOUT, check=False,
                timeout=most_s + START_S, cwd=Path(__file__).resolve().parents[1],
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            code = -1
    return _read(name, folder, log.read_text(errors="replace"), code, time.monotonic() - began_s)


def _read(name: str, folder: Path, said: str, code: int, took_s: float) -> Found:
    counts = [tuple(map(int, match)) for match in _COUNTS.findall(said)] or [(0, 0, 0, 0, 0)]
    done, edges, features, corpus, memory_mb = counts[-1]
    peak = _PEAK.search(said)
    result = folder / "result.json"
    told = json.loads(result.read_text()) if result.exists() else {}
    faults = dict(told.get("faults", {}))
    ended = "done" if code == 0 else "out of time" if code == -1 else _last_words(said)
    if code not in (0, -1):
        faults.setdefault(ended, said[-3000:])
    inputs = max(done, told.get("inputs", 0))
    return Found(
        name, inputs, edges, features, corpus,
        told.get("understood", 0) / max(1, told.get("inputs", 0)),
        told.get("slowest_s", 0.0), bytes.fromhex(told.get("slowest", "")),
        int(peak[1]) if peak else memory_mb, took_s, ended, faults,
    )  # fmt: skip


def _last_words(said: str) -> str:
    lines = [line for line in said.splitlines() if "ERROR" in line or "Error" in line]
    return lines[-1][:200] if lines else "it ended without a word"


def table(found: Sequence[Found]) -> Table:
    """Return what is shown."""
    made = Table(
        "Parsers that meet the network",
        "",
        (
            "target", "inputs", "edges", "features", "read", "slowest", "peak memory", "took",
            "faults",
        ),
    )  # fmt: skip
    for one in found:
        made.add(
            one.name,
            f"{one.inputs:,}",
            f"{one.edges:,}",
            f"{one.features:,}",
            f"{one.read:.0%}",
            f"{1000 * one.slowest_s:.1f} ms",
            f"{one.peak_mb} MB",
            f"{one.took_s:.0f} s",
            len(one.faults),
        )
    faults = sum(len(one.faults) for one in found)
    took_s = sum(one.took_s for one in found)
    made.add(
        "**all**",
        f"{sum(o.inputs for o in found):,}",
        "",
        "",
        "",
        "",
        "",
        f"{took_s:.0f} s",
        faults,
    )
    return made


def run(given: Sequence[str]) -> int:
    """Run; returns an exit code: 1 when anything was found."""
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m bench fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--inputs", type=int, default=1_000_000, help="for each target")
    parser.add_argument("--seconds", type=int, default=7200, help="at most, for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for corpora, logs and faults")
    parser.add_argument("--write", action="store_true", help="write docs/fuzzing.md")
    asked = parser.parse_args(given)
    names = asked.targets or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        parser.error(f"{', '.join(sorted(unknown))}: no target")
    found = []
    with tempfile.TemporaryDirectory(prefix="bellwire-fuzz-") as scratch:
        folder = asked.keep or Path(scratch)
        for name in names:
            one = fuzz(name, asked.inputs, folder / name, asked.seed, asked.seconds)
            found.append(one)
            print(
                f"{name}: {one.inputs:,} inputs, {one.edges} edges, {len(one.faults)} faults",
                file=sys.stderr,
                flush=True,
            )
    shown = table(found).markdown()
    for one in found:
        for place, fault in one.faults.items():
            print(f"--- {one.name}: {place}\n{fault}")
    print(shown)
    if asked.write:
        command = f"python -m bench fuzz --inputs {asked.inputs}"
        PAGE.write_text(
            "\n".join([_INTRODUCTION, machine.described(command), "", shown]).rstrip() + "\n"
        )
    return 1 if any(one.faults for one in found) else 0
