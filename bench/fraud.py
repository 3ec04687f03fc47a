"""A fraud drill: what an attacker with one valid account costs, on a real Asterisk and in weeks.

The fast attacker is sipp against the generated dial plan and the guard as a process; the slow one
asks the guard by FastAGI with a clock of its own, because an Asterisk's clock cannot be moved.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from bench import machine
from bench.report import Table
from tests.drill.slow import DEAREST as DEAREST_SLOW
from tests.drill.slow import LIMIT_DAY, LIMIT_MONTH, SLOW, Weeks, weeks
from tests.drill.stage import ATTACKS, DEAREST, LIMIT, Damage, stage

PAGE = Path(__file__).resolve().parents[1] / "docs" / "fraud-drill.md"
MARK = "<!-- the last run: python -m bench fraud --write -->"
CALLS = 2000
NIGHTS = 42


def run(calls: int, nights: int, *, write: bool = False) -> int:
    """Run the drill and print its tables; returns 0 when every limit held."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"fraud {time.monotonic() - began:4.0f} s: {text}", file=sys.stderr, flush=True)

    fast, slow = [], []
    with tempfile.TemporaryDirectory(prefix="bellwire-fraud-") as folder, stage(Path(folder)) as it:
        for attack in ATTACKS:
            fast.append(it.run(attack, calls))
            say(f"{attack.name}: {fast[-1].cost:.2f} EUR")
    for patience in SLOW:
        with tempfile.TemporaryDirectory(prefix="bellwire-fraud-") as folder:
            slow.append(weeks(Path(folder), patience, nights))
        say(f"{patience.name}: {slow[-1].cost:.2f} EUR")
    text = described(fast, slow, calls, time.monotonic() - began)
    print(text)
    if write:
        head = PAGE.read_text(encoding="utf-8").partition(MARK)[0] if PAGE.exists() else ""
        PAGE.write_text(f"{head}{MARK}\n\n{text.rstrip()}\n", encoding="utf-8")
    return 0 if all(each.held for each in (*fast, *slow)) else 1


def described(fast: Iterable[Damage], slow: Iterable[Weeks], calls: int, took_s: float) -> str:
    """Return the tables as Markdown."""
    head = machine.described(f"python -m bench fraud --calls {calls}")
    parts = [head, f"- It took {took_s / 60:.0f} min\n"]
    return "\n".join([*parts, _fast(fast).markdown(), _slow(slow).markdown()])


def _fast(found: Iterable[Damage]) -> Table:
    table = Table(
        "As fast as the PBX takes them",
        (
            f"EUR; the limit of each account is {LIMIT:.2f} a day, and one more call may cost "
            f"{DEAREST:.2f}. *Let out* are calls that were dialled to the outside, *arrived* those "
            "that the far end counted. *Help* are calls to 112, to a colleague and to reception, "
            "made by the same account all the while: passed, of all."
        ),
        (
            "attacker", "calls", "a second", "let out", "arrived", "answered", "damage",
            "blocked by", "incidents", "mails", "help", "held",
        ),
    )  # fmt: skip
    for each in found:
        kinds = (each.help.emergency, each.help.internal, each.help.reception)
        table.add(
            each.attack.name,
            f"{each.fired:,}",
            f"{each.fired / each.took_s:.0f}",
            each.let_out,
            each.arrived,
            each.answered,
            f"{each.cost:.2f}",
            ", ".join(each.rules) or "-",
            each.incidents,
            each.mails,
            f"{sum(map(sum, kinds))} of {sum(map(len, kinds))}",
            _held(each.held),
        )
    return table


def _slow(found: Iterable[Weeks]) -> Table:
    table = Table(
        "Slowly, for weeks",
        (
            f"EUR; the limits are those a site has by itself, {LIMIT_DAY:.0f} a day and "
            f"{LIMIT_MONTH:.0f} a month; the dearest call costs {DEAREST_SLOW:.2f} before anybody "
            "can cut it. *Help* as above."
        ),
        (
            "attacker", "nights", "calls", "let out", "dearest day", "dearest month", "damage",
            "blocks", "incidents", "help", "held",
        ),
    )  # fmt: skip
    for each in found:
        table.add(
            each.patience.name,
            each.nights,
            each.asked,
            each.let_out,
            f"{max(each.days.values()):.2f}",
            f"{max(each.months.values()):.2f}",
            f"{each.cost:.2f}",
            each.blocks,
            each.incidents,
            f"{each.helped} of {each.help_asked}",
            _held(each.held),
        )
    return table


def _held(held: bool) -> str:
    return "yes" if held else "**no**"
