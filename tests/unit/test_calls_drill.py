"""A fraud drill: what an attacker with one valid account can cost, said and held.

Simulated: the attacker's dialler, the answering far end and the PBX that cuts a call when the
guard says so. The guard, its rules and its book are the real ones.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from monitors.calls.guard import CallGuard
from monitors.calls.limits import OutgoingRules
from monitors.calls.rates import Rate, RateTable
from provisioner.inventory.calls import DEFAULT_LIMITS, Calls, Limits
from provisioner.numbering.plan import Plan

START = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
PLAN = Plan("ES", extensions=frozenset({"100", "2214"}), reception="100")
DEAR = RateTable([
    Rate("53", Decimal("1.20"), "Cuba", Decimal("0.50"), 60, 60),
    Rate("252", Decimal("0.95"), "Somalia"),
    Rate("37", Decimal("0.80"), "Baltic", first_s=30, step_s=6),
    Rate("44", Decimal("0.04"), "United Kingdom"),
    Rate("34", Decimal("0.01"), "Spain"),
])  # fmt: skip
NUMBERS = ("+5371234567", "+25261234567", "+37167123456", "+447911123456", "+442079460123")
DEAREST_CALL = Decimal("1.70")
"""The most that one call costs before anybody can cut it: fee and first minute."""


@dataclass
class Drill:
    """An attacker, a far end that answers, and a PBX."""

    guard: CallGuard
    chance: random.Random
    at: datetime = START
    asked: int = 0
    let_through: int = 0
    emergency: int = 0
    ending: list[tuple[datetime, str]] = field(default_factory=list)

    def dial(self, number: str, talk_s: int, answer_s: float = 2.0) -> bool:
        """Dial once; when it passes, talk until done or cut."""
        self.asked += 1
        name = f"leg {self.asked}"
        decided = self.guard.ask(name, "2214", PLAN.dialled(number), self.at, "214")
        if not decided.passes:
            return False
        self.let_through += 1
        answered = self.at + timedelta(seconds=answer_s)
        self.guard.book.answer(name, answered.timestamp())
        most_s = min(talk_s, decided.most_s or talk_s)
        heapq.heappush(self.ending, (answered + timedelta(seconds=most_s), name))
        self.cut()
        return True

    def cut(self) -> None:
        """The PBX takes the new times over, as calls of one account draw on one purse."""
        cuts = self.guard.cuts(self.at)
        self.ending = [
            (min(end, self.at + timedelta(seconds=cuts[name])) if name in cuts else end, name)
            for end, name in self.ending
        ]
        heapq.heapify(self.ending)

    def wait(self, until: datetime) -> None:
        """Let time pass; calls end, and guests and the attacker call for help all the while."""
        while self.ending and self.ending[0][0] <= until:
            end, name = heapq.heappop(self.ending)
            self.guard.book.end(name, end.timestamp())
        self.at = until
        for number in ("112", "062", "100"):
            decided = self.guard.ask(f"help {self.emergency}", "2214", PLAN.dialled(number), until)
            assert decided.passes
            self.emergency += 1

    def spent(self, days: Iterator[datetime]) -> dict[str, Decimal]:
        """What the account cost on each day."""
        book = self.guard.book
        scope = ("account", "2214")
        return {
            f"{day:%Y-%m-%d}": book.usage(scope, day.date(), day.timestamp()).spent_day
            for day in days
        }


def drill(seed: int) -> Drill:
    rules = OutgoingRules(Calls(limits=Limits()), PLAN, DEAR, "Europe/Madrid")
    return Drill(CallGuard("aurora", rules), random.Random(seed))


def said(name: str, drilled: Drill, damage: Decimal, limit: Decimal) -> None:
    print(
        f"{name}: {drilled.asked} calls tried, {drilled.let_through} let through, "
        f"{damage:.2f} EUR spent of {limit:.2f} EUR, {drilled.emergency} calls for help passed"
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_thousand_calls_as_fast_as_they_are_taken(seed: int) -> None:
    drilled = drill(seed)
    for _ in range(2_000):
        drilled.dial(drilled.chance.choice(NUMBERS), talk_s=4 * 3600)
        drilled.wait(drilled.at + timedelta(milliseconds=5))
    drilled.wait(drilled.at + timedelta(hours=5))
    limit = DEFAULT_LIMITS.spend_day or Decimal(0)
    damage = sum(drilled.spent(iter([START])).values(), Decimal(0))
    said("a fast attacker", drilled, damage, limit)
    assert drilled.let_through <= (DEFAULT_LIMITS.international_hour or 0)
    assert 0 < damage <= limit + DEAREST_CALL
    assert drilled.emergency >= 6_000


def test_a_fast_attacker_whose_calls_are_short() -> None:
    drilled = drill(4)
    for _ in range(2_000):
        drilled.dial(drilled.chance.choice(NUMBERS), talk_s=1, answer_s=0)
        drilled.wait(drilled.at + timedelta(seconds=1.1))
    damage = sum(drilled.spent(iter([START])).values(), Decimal(0))
    said("a fast attacker with short calls", drilled, damage, Decimal(10))
    assert drilled.let_through == DEFAULT_LIMITS.international_hour
    assert ("account", "2214") in drilled.guard.blocked
    assert damage <= Decimal(10) + DEAREST_CALL


@pytest.mark.parametrize("unblocked", [False, True])
def test_a_slow_attacker_under_the_radar(unblocked: bool) -> None:
    """Six weeks of a few calls a night; once with somebody who unblocks it every morning."""
    drilled = drill(5)
    nights = [START + timedelta(days=n) for n in range(42)]
    for night in nights:
        drilled.wait(max(night, drilled.at))
        for _ in range(drilled.chance.randint(2, 12)):
            drilled.dial(drilled.chance.choice(NUMBERS), drilled.chance.randint(20, 900))
            drilled.wait(drilled.at + timedelta(minutes=drilled.chance.randint(7, 25)))
        if unblocked:
            drilled.guard.blocked.clear()
    drilled.wait(drilled.at + timedelta(hours=5))
    by_day = drilled.spent(iter(nights))
    months = {
        month: sum((cost for day, cost in by_day.items() if day.startswith(month)), Decimal(0))
        for month in ("2026-11", "2026-12")
    }
    damage = sum(months.values(), Decimal(0))
    said(f"a slow attacker, unblocked every morning: {unblocked}", drilled, damage, Decimal(200))
    assert all(cost <= Decimal(10) + DEAREST_CALL for cost in by_day.values())
    assert all(cost <= Decimal(100) + DEAREST_CALL for cost in months.values())
    if not unblocked:
        assert damage <= Decimal(10) * 2 + DEAREST_CALL


def test_an_attacker_who_knows_the_limits_of_a_day() -> None:
    """Four short calls a night never pass the limits of a day; those of the month end it."""
    drilled = drill(6)
    nights = [datetime(2026, 12, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(31)]
    for night in nights:
        drilled.wait(night)
        for _ in range(4):
            drilled.dial("+25261234567", 90)
            drilled.wait(drilled.at + timedelta(minutes=20))
    damage = sum(drilled.spent(iter(nights)).values(), Decimal(0))
    said("a careful attacker", drilled, damage, Decimal(100))
    assert drilled.guard.blocked[("account", "2214")] in {"calls_month", "spend_month"}
    assert Decimal(90) < damage <= Decimal(100) + DEAREST_CALL
