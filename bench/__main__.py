"""``python -m bench [NAME ...]``: measure, print Markdown, and write docs/benchmarks.md.

Only a run of all measurements writes the page, unless ``--write`` says so. ``python -m bench
faults`` is no measurement: it breaks a hotel and shows what was said of it (docs/faults.md); nor is
``python -m bench fraud``: it lets attackers loose on a PBX (docs/fraud-drill.md). ``python -m bench
fuzz`` feeds every parser with junk (docs/fuzzing.md), ``python -m bench attack`` tries to break in
(docs/attacks.md).
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import (
    apply,
    brute_force,
    calls,
    every_model,
    faults,
    fraud,
    guard,
    http,
    machine,
    minute,
    options,
    pages,
    render,
    start,
    storm,
    switches,
    tftp,
)
from bench.report import Table

MEASUREMENTS: dict[str, Callable[[Path, Callable[[str], None]], list[Table]]] = {
    "render": render.measure,
    "models": every_model.measure,
    "http": http.measure,
    "storm": storm.measure,
    "tftp": tftp.measure,
    "apply": apply.measure,
    "start": start.measure,
    "options": options.measure,
    "switches": switches.measure,
    "minute": minute.measure,
    "calls": calls.measure,
    "guard": guard.measure,
    "brute-force": brute_force.measure,
    "pages": pages.measure,
}
PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
QUIET_LOAD = 0.5
INTRODUCTION = """\
# Benchmarks

Written by `make bench`. Every figure stands beside a peer or a limit measured in the same run on
the same machine: rounds are interleaved, ratios are taken within a round, and the middle of the
rounds is shown with its lowest and highest. Load and servers share the cores, so a figure a second
says less than its ratio and than the CPU time of a request.
"""


def main() -> int:
    """Run; returns an exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--write", action="store_true", help="write the page of a partial run")
    parser.add_argument("--pairs", type=int, default=faults.PAIRS, help="of faults on one phone")
    parser.add_argument("--seed", type=int, default=1, help="which phones, which pairs")
    parser.add_argument("--only", nargs="*", default=(), metavar="FAULT", help="these faults")
    parser.add_argument("--calls", type=int, default=fraud.CALLS, help="of each fast attacker")
    if sys.argv[1:2] in (["fuzz"], ["attack"]):  # which have options of their own
        tool = importlib.import_module(f"bench.{sys.argv[1]}")
        return int(tool.run(sys.argv[2:]))
    given = parser.parse_args()
    if given.names == ["faults"]:
        return faults.run(given.pairs, given.seed, given.only, write=given.write)
    if given.names == ["fraud"]:
        return fraud.run(given.calls, fraud.NIGHTS, write=given.write)
    unknown = set(given.names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: not one of {', '.join(MEASUREMENTS)}")
    names = given.names or list(MEASUREMENTS)
    command = " ".join(["python -m bench", *given.names])
    load_before, started = machine.load(), time.monotonic()
    tables: list[Table] = []
    for name in names:
        tables += _measured(name)
    took_s = time.monotonic() - started
    shared = ": **other work shared the cores**" if load_before > QUIET_LOAD else ""
    page = "\n".join(
        [
            INTRODUCTION,
            machine.described(command),
            f"- It took {took_s:.0f} s; load average before it {load_before:.1f}{shared}",
            "",
            *(table.markdown() for table in tables),
        ]
    )
    print(page)
    if given.write or not given.names:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page.rstrip() + "\n", encoding="utf-8")
    return 0


def _measured(name: str) -> list[Table]:
    def say(text: str) -> None:
        print(f"{name}: {text}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="bellwire-bench-") as folder:
        return MEASUREMENTS[name](Path(folder), say)


if __name__ == "__main__":
    raise SystemExit(main())
