"""Deciding on calls, in process, one core, beside reading the number alone and a bare look-up.

The limits: ``phonenumbers.parse``, which every decision about a new number needs, and a look-up
of the digits in a dict, which is the least that a list of numbers can cost.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import phonenumbers

from bench.report import Table, median, spread
from monitors.calls.guard import CallGuard
from monitors.calls.incoming import IncomingCall, IncomingRules
from monitors.calls.limits import OutgoingRules
from monitors.calls.rate_csv import read_rates
from monitors.calls.rates import RateTable
from provisioner.inventory.calls import (
    NO_LIMITS,
    CallAction,
    CallerActions,
    Calls,
    IncomingRule,
    Limits,
    ScopeLimits,
    WrittenNumber,
)
from provisioner.numbering.plan import Plan

EXTENSIONS = 500
LISTED = 10_000
PREFIXES = 100_000
NUMBERS = 1_000
ROUNDS = 5
START = datetime(2026, 11, 22, 12, tzinfo=UTC)
WIDE = ScopeLimits(Decimal(10**6), Decimal(10**6), 10**6, 10**6, 10**6, 10**6)


@dataclass(slots=True)
class Figures:
    """CPU seconds for one decision, a round each."""

    incoming_s: list[float] = field(default_factory=list)
    outgoing_s: list[float] = field(default_factory=list)
    parse_s: list[float] = field(default_factory=list)
    lookup_s: list[float] = field(default_factory=list)


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    del folder
    chance = random.Random(7)
    plan = Plan("ES", extensions=frozenset(str(2000 + n) for n in range(EXTENSIONS)))
    calls, rates, load_s = _site(chance)
    figures = {"new numbers": Figures(), "numbers seen before": Figures()}
    incoming = IncomingRules(calls, plan, "Europe/Madrid")
    outgoing = OutgoingRules(calls, plan, rates, "Europe/Madrid")
    for turn in range(ROUNDS):
        say(f"round {turn + 1}")
        new = [f"+346{chance.randrange(10**7, 10**8)}" for _ in range(2 * NUMBERS)]
        for got in figures.values():  # the second time the plan knows them
            _round(got, new, plan, incoming, CallGuard("s", outgoing))
    return [_table(figures, load_s)]


def _site(chance: random.Random) -> tuple[Calls, RateTable, float]:
    black = tuple(
        WrittenNumber(f"+346{chance.randrange(10**7, 10**8)}") for _ in range(LISTED - 100)
    )
    masks = tuple(WrittenNumber(f"+349{n:02}*") for n in range(100))
    calls = Calls(
        incoming=(
            IncomingRule("house", black=(*black, *masks)),
            IncomingRule("suite", ("2000-2099",), white=(WrittenNumber("+44*"),)),
        ),
        actions=(CallerActions("vip", ("+34 611*",), (CallAction("voicemail"),)),),
        limits=Limits(account=WIDE, room=NO_LIMITS, site=WIDE),
    )
    prefixes = {"346", *(str(n) for n in chance.sample(range(10**5, 10**7), PREFIXES - 1))}
    text = "prefix,per_minute\n" + "\n".join(f"{p},0.0{p[-1]}" for p in sorted(prefixes))
    started = time.process_time()
    rates = read_rates(text, "EUR")
    return calls, rates, time.process_time() - started


def _round(
    figures: Figures, numbers: list[str], plan: Plan, incoming: IncomingRules, guard: CallGuard
) -> None:
    known = dict.fromkeys(numbers)
    callers, called = numbers[:NUMBERS], numbers[NUMBERS:]

    def let_out(place: int, number: str) -> None:
        at, name = START + timedelta(seconds=place), f"call {place}"
        account = str(2000 + place % EXTENSIONS)
        decided = guard.ask(name, account, plan.dialled(number), at, f"room {place % EXTENSIONS}")
        guard.book.answer(name, at.timestamp())
        guard.book.end(name, at.timestamp() + 1)
        assert decided.passes, decided

    def let_in(place: int, number: str) -> None:
        call = IncomingCall(plan.read(number), str(2000 + place % EXTENSIONS), START)
        incoming.decide(call)

    figures.incoming_s.append(_timed(let_in, callers))
    figures.outgoing_s.append(_timed(let_out, called))
    figures.parse_s.append(_timed(lambda _, number: phonenumbers.parse(number, "ES"), numbers))
    figures.lookup_s.append(_timed(lambda _, number: known.get(number), numbers))


def _timed(what: Callable[[int, str], object], numbers: list[str]) -> float:
    started = time.process_time()
    for place, number in enumerate(numbers):
        what(place, number)
    return (time.process_time() - started) / len(numbers)


def _table(figures: dict[str, Figures], load_s: float) -> Table:
    table = Table(
        "Call protection: deciding on a call, in process, one core",
        (
            f"CPU time of a decision, the number's reading included: {LISTED:,} entries in the "
            f"black list, {PREFIXES:,} rates (read from CSV in {load_s:.2f} s), {EXTENSIONS} "
            "accounts. *Outgoing* also writes start, answer and end of the call into the book. "
            "Beside it `phonenumbers.parse` of the same number, and a look-up in a dict."
        ),
        ("decision", "of", "µs", "decisions/s", "parse µs", "of parse alone", "dict µs"),
    )
    for name, got in figures.items():
        for way, times in (("incoming", got.incoming_s), ("outgoing", got.outgoing_s)):
            table.add(
                way,
                name,
                f"{median(times) * 1e6:.0f}",
                f"{1 / median(times):,.0f}",
                f"{median(got.parse_s) * 1e6:.0f}",
                spread([t / p for t, p in zip(times, got.parse_s, strict=True)]),
                f"{median(got.lookup_s) * 1e6:.2f}",
            )
    return table
