"""Faults injected into a hotel of real programs: what was broken, and what bellwire said it was.

Every fault of ``tests/faults/catalogue.py`` once, those of single phones several at a time in
different rooms, those of many phones one after another; then random pairs on one phone. The
confusion table shows every fault with the causes that were named.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from bench import machine
from bench.report import Table
from tests.faults.catalogue import ALL, BY_ID, MANY, SINGLE
from tests.faults.choosing import in_waves, pairs, planned
from tests.faults.fault import Fault
from tests.faults.house import House
from tests.faults.injected import Injected, Wave
from tests.faults.rounds import run_group, run_wave

Say = Callable[[str], None]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "faults.md"
MARK = "<!-- the last run: python -m bench faults --write -->"
PAIRS = 20
AT_ONCE = 10
GOAL = 0.95
UP_S = 240.0


def run(number_of_pairs: int, seed: int, only: Iterable[str] = (), *, write: bool = False) -> int:
    """Run the campaign and print its tables; returns 0 when the goal is met."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"faults {time.monotonic() - began:4.0f} s: {text}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="bellwire-faults-") as folder:
        waves = campaign(Path(folder), number_of_pairs, seed, say, set(only))
    text = described(waves, number_of_pairs, seed, time.monotonic() - began)
    print(text)
    if write:
        head = PAGE.read_text(encoding="utf-8").partition(MARK)[0] if PAGE.exists() else ""
        PAGE.write_text(f"{head}{MARK}\n\n{text.rstrip()}\n", encoding="utf-8")
    return 0 if is_good(waves) else 1


def campaign(folder: Path, number_of_pairs: int, seed: int, say: Say, only: set[str]) -> list[Wave]:
    """Break everything, and return what was said."""
    rng = random.Random(seed)
    strange = only - set(BY_ID)
    if strange:
        raise SystemExit(f"there is no fault {', '.join(sorted(strange))}")

    def wanted(faults: Iterable[Fault]) -> list[Fault]:
        return [f for f in faults if not only or f.id in only]

    done: list[Wave] = []
    with House(folder) as house:
        house.start_all()
        if not house.screen.wait_well(UP_S):
            sick = f"{house.screen.not_well()}\n{house.bellwire.log('monitor')}"
            raise SystemExit(f"the hotel does not come up: {sick}")
        say(f"a hotel of {len(house.phones)} phones works")
        single = wanted(SINGLE)
        for wave in planned(house, single, rng, AT_ONCE) if single else []:
            done.append(run_wave(house, wave, say))
            _new_day(house, say)
        done += [run_group(house, fault, rng, say) for fault in wanted(MANY)]
        _new_day(house, say)
        for wave in in_waves(pairs(house, single, number_of_pairs, rng), AT_ONCE):
            done.append(run_wave(house, wave, say))
            _new_day(house, say)
    return done


def _new_day(house: House, say: Say) -> None:
    """Begin anew; what a fault left behind is written down already and must not spoil the rest."""
    house.next_day()
    if house.screen.wait_well(UP_S):
        return
    sick = [house.phones[mac] for mac in house.screen.not_well()]
    say(f"started again: {', '.join(phone.name for phone in sick)}")
    house.do([phone.boot for phone in sick])
    if not house.screen.wait_well(UP_S):
        raise SystemExit(f"the hotel does not come up again: {house.screen.not_well()}")


def is_good(waves: Iterable[Wave]) -> bool:
    """Whether enough was right, nothing silent, and everything closed."""
    every = list(waves)
    found = [each for wave in every for each in wave.injected]
    share = sum(each.is_right for each in found) / len(found) if found else 1.0
    is_silent = any(each.is_silent for each in found)
    return share >= GOAL and not is_silent and not any(w.left or w.false_alarms for w in every)


def described(waves: list[Wave], number_of_pairs: int, seed: int, took_s: float) -> str:
    """Return the tables as Markdown."""
    found = [each for wave in waves for each in wave.injected]
    one = [each for each in found if len(each.faults) == 1]
    two = [each for each in found if len(each.faults) > 1]
    command = f"python -m bench faults --pairs {number_of_pairs} --seed {seed}"
    parts = [machine.described(command), f"- It took {took_s / 60:.0f} min\n", _summary(waves)]
    parts += [_table("One at a time", one).markdown()] if one else []
    parts += [_table("Pairs on one phone", two).markdown()] if two else []
    parts += [_confused(found).markdown(), _admitted().markdown()]
    return "\n".join(parts)


def _summary(waves: list[Wave]) -> str:
    found = [each for wave in waves for each in wave.injected]
    right = sum(each.is_right for each in found)
    silent = [each.name for each in found if each.is_silent]
    left = [text for wave in waves for text in wave.left]
    alarms = [text for wave in waves for text in wave.false_alarms]
    share = right / max(len(found), 1)
    return "\n".join(
        [
            f"- **Right: {right} of {len(found)} ({share:.1%})**; the goal is {GOAL:.0%}",
            f"- Silent: {', '.join(silent) if silent else 'none'}",
            f"- Phones that nobody touched and that were said to have something: {len(alarms)}",
            *_of_the_machine(waves),
            f"- Not closed after everything had been put right: {len(left)}",
            "",
        ]
    )


def _of_the_machine(waves: list[Wave]) -> list[str]:
    slow = sum(len(wave.slow) for wave in waves)
    if not slow:
        return []
    return [f"- Said to answer slowly (H7), as they did on a machine with too much to do: {slow}"]


def _table(title: str, found: Iterable[Injected]) -> Table:
    table = Table(
        title,
        "What was said, how often; in bold what is not right.",
        ("fault", "cause", "where", "said", "state", "note"),
    )
    for each in sorted(found, key=lambda e: (e.leading[0].step, e.name)):
        said = each.rule if each.is_right else f"**{each.rule}**"
        switch = each.phone.home[0]
        table.add(
            each.name, " or ".join(sorted(each.right)), switch, said, each.state, each.trouble
        )
    return table


def _admitted() -> Table:
    table = Table(
        "Where more than one answer counts as right",
        "Faults that the decision table's own signals cannot tell from another cause.",
        ("fault", "right", "why"),
    )
    for fault in ALL:
        if fault.also:
            table.add(fault.id, " or ".join((fault.rule, *fault.also)), fault.why)
        if fault.covers:
            pair = f"{fault.id} together with {' or '.join(fault.covers)}"
            table.add(pair, f"also {fault.rule}", fault.covers_why)
    return table


def _confused(found: Iterable[Injected]) -> Table:
    """Injected against diagnosed: one row for each cause, with all that was said of it."""
    told: dict[str, Counter[str]] = {}
    for each in found:
        cause = each.rule if each.is_right else each.leading[0].rule
        told.setdefault(cause, Counter())[each.rule] += 1
    table = Table(
        "Confusion",
        "Each cause, and what was said instead.",
        ("cause", "times", "right", "said instead"),
    )
    for cause, said in sorted(told.items()):
        others = ", ".join(f"{rule} x {n}" for rule, n in said.most_common() if rule != cause)
        table.add(cause, said.total(), said[cause], others or "-")
    return table
