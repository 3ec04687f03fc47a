"""``python -m bench attack``: somebody wants in; what was tried, and what leaked.

A real ``bellwire serve`` of two hotels, nginx before it as the Ansible role sets it up, on
loopback. Guessers are let go on for ever, as if they had as many addresses as they want; a second
server has its guard, as by default.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import machine
from bench.report import Table
from tests.attack import guessing, intruding, people
from tests.attack.guessing import Finding, Timing
from tests.attack.stage import Stage, staged

PAGE = Path(__file__).resolve().parents[1] / "docs" / "attacks.md"
_INTRODUCTION = """\
# Attacks

Written by `python -m bench attack --write`. A real `bellwire serve` of two hotels, with nginx
before it as the Ansible role sets it up. The guessers are not shut out (one who has many
addresses is not, either), so every guess is looked at; *shut out* is a second server with its
guard. *Leaked* counts answers that hold a secret, a file, a token, another hotel's data, or that
differ from the one refusal. A short run of the same is part of the tests (`tests/attack`); what
each route of the pages and the API gives to whom is in `tests/unit/test_pages_security.py` and
`tests/unit/test_api_access.py`.
"""

_TIMES = (
    "Microseconds, from sending to the answer, over loopback on one connection, in pairs of random "
    "order; the 5 % of pairs that differ most on each side are left out. *To tell* is how many "
    "pairs somebody on the same machine needs to see a difference of that size with 95 % "
    "certainty, if there is one; over a network, whose delay varies by a hundred microseconds and "
    "more, it takes at least a hundred times as many. With the guard, an address has 200 refusals "
    "a minute."
)


def run(given: Sequence[str]) -> int:
    """Run; returns an exit code: 1 when anything leaked."""
    parser = argparse.ArgumentParser(prog="python -m bench attack", description=__doc__)
    parser.add_argument("--guesses", type=int, default=1_000_000, help="by HTTP, and by TFTP")
    parser.add_argument("--pairs", type=int, default=20_000, help="of requests, for each timing")
    parser.add_argument("--passwords", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write docs/attacks.md")
    asked = parser.parse_args(given)
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory(prefix="bellwire-attack-") as base:
        found, times = _let_loose(Path(base), asked, rng)
    page = "\n".join([
        _INTRODUCTION, machine.described("python -m bench attack"), "",
        _shown(found).markdown(), _timed(times).markdown(),
    ])  # fmt: skip
    print(page)
    for one in found:
        for leak in one.leaked:
            print(f"{one.attack}: {leak}", file=sys.stderr)
    if asked.write:
        PAGE.write_text(page.rstrip() + "\n", encoding="utf-8")
    return 1 if any(one.leaked for one in found) else 0


def _let_loose(
    base: Path, asked: argparse.Namespace, rng: random.Random
) -> tuple[list[Finding], list[Timing]]:
    found: list[Finding] = []

    def note(attack: Callable[[], Finding]) -> None:
        found.append(attack())
        last = found[-1]
        print(
            f"{last.attack}: {last.tried:,}, {len(last.leaked)} leaked", file=sys.stderr, flush=True
        )

    with staged(base / "open", proxied=shutil.which("nginx") is not None) as stage:
        times = guessing.timings(stage, asked.pairs, rng)
        note(lambda: intruding.traversal(stage))
        if stage.proxy:
            note(lambda: intruding.smuggling(stage))
        note(lambda: intruding.forged_addresses(stage))
        note(lambda: intruding.replay(stage))
        note(lambda: people.what_is_shown(stage, intruding.strings_of_phones(stage)))
        note(lambda: people.sessions(stage))
        note(lambda: people.forged_forms(stage))
        note(lambda: people.other_hotels(stage))
        note(lambda: people.brute_force(stage, asked.passwords))
        note(lambda: guessing.by_http(stage, asked.guesses, rng))
        note(lambda: guessing.by_tftp(stage, asked.guesses, rng))
    with staged(base / "guarded", guarded=True) as stage:
        note(lambda: _shut_out(stage, asked, rng))
    return found, times


def _shut_out(stage: Stage, asked: argparse.Namespace, rng: random.Random) -> Finding:
    """The same with the guard: how many guesses are looked at before the door shuts."""
    made = guessing.by_http(stage, min(asked.guesses, 20_000), rng)
    made.attack = "guesses by HTTP with the guard"
    reasons = stage.server.folder.rows(
        "select reason, count(*) from fetch group by reason", database="events.db"
    )
    told = dict(reasons)
    looked = sum(n for reason, n in told.items() if reason not in ("shut-out", "token"))
    made.told = f"shut out after {looked:,} guesses"
    return made


def _shown(found: Sequence[Finding]) -> Table:
    table = Table("What was tried", "", ("attack", "tried", "answers", "leaked", ""))
    for one in found:
        answers = ", ".join(f"{what}: {count:,}" for what, count in one.answers.most_common(6))
        table.add(one.attack, f"{one.tried:,}", answers, len(one.leaked), one.told)
    tried, leaked = sum(o.tried for o in found), sum(len(o.leaked) for o in found)
    table.add("**all**", f"{tried:,}", "", leaked, "")
    return table


def _timed(times: Sequence[Timing]) -> Table:
    table = Table(
        "Does the time of a refusal tell what is known?",
        _TIMES,
        ("first, second", "pairs", "middle", "difference of means", "95 % interval", "to tell"),
    )  # fmt: skip
    for one in times:
        low, high = one.difference_us - one.half_us, one.difference_us + one.half_us
        needed = (1.96 * one.deviation_us / max(abs(one.difference_us), 0.001)) ** 2
        table.add(
            one.pair, f"{one.count:,}", f"{one.mean_us:.1f}", f"{one.difference_us:+.2f}",
            f"{low:+.2f} to {high:+.2f}", f"{needed:,.0f}" if one.is_told else "none seen",
        )  # fmt: skip
    return table
