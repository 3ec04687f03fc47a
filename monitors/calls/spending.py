"""How long calls may go on until their cost reaches what is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from monitors.calls.book import OutgoingCall, Usage, whole_seconds
from monitors.calls.rates import MINUTE_S, NOTHING, Rate
from provisioner.inventory.calls import ScopeLimits

MOST_S = 4 * 3600
"""No call goes on for longer, whatever it costs; a forgotten one ends some time."""


@dataclass(frozen=True, slots=True)
class Purse:
    """A limit of money.

    Attributes:
        name: the rule of it.
        most: the limit.
        rest: what is left without the calls that go on.
        calls: those that go on and draw on it.
    """

    name: str
    most: Decimal
    rest: Decimal
    calls: tuple[OutgoingCall, ...]


def purses(limits: ScopeLimits, usage: Usage) -> Iterator[Purse]:
    """Yield the limits of money of a scope on the day of its usage, with what each has left.

    Calls that go on are not taken off; each draws on the purse of the day on which it began.
    """
    today, month = usage.on, (usage.on.year, usage.on.month)
    if limits.spend_day is not None:
        calls = tuple(call for call in usage.running if call.day == today)
        rest = limits.spend_day - usage.spent_day
        yield Purse("spend_day", limits.spend_day, rest, calls)
    if limits.spend_month is not None:
        calls = tuple(c for c in usage.running if (c.day.year, c.day.month) == month)
        rest = limits.spend_month - usage.spent_month
        yield Purse("spend_month", limits.spend_month, rest, calls)


def promised(calls: Iterable[OutgoingCall], now_s: float) -> Decimal:
    """Return what calls cost when all of them ended now; a ringing one its answer."""
    return sum((call.cost_at(now_s) for call in calls), NOTHING)


def seconds_together(
    calls: Sequence[OutgoingCall], new: Rate | None, budget: Decimal, now_s: float
) -> int | None:
    """Return how long all of some calls may go on together, with a new one, within a budget.

    All calls of an account draw on one purse, so they are cut at the same moment: the last at
    which the sum of their costs is not above it. 0: there is nothing left; None: they cost nothing.

    Args:
        calls: those that go on.
        new: the rate of a call that is answered now; None: there is no new one.
        budget: what is left without them.
        now_s: Unix time.
    """
    meters = _meters(calls, new, now_s)
    if all(not rate.per_minute for rate, _, _ in meters):
        return None if _sum(meters, 0) <= budget else 0
    if len(meters) == 1 and meters[0][2] == 1:
        rate, gone, _ = meters[0]
        most = rate.seconds_for(budget)
        return None if most is None else min(MOST_S, max(0, most - gone))
    low, high = _between(meters, budget)
    while low < high:
        middle = (low + high + 1) // 2
        if _sum(meters, middle) <= budget:
            low = middle
        else:
            high = middle - 1
    return low


def _meters(
    calls: Sequence[OutgoingCall], new: Rate | None, now_s: float
) -> Sequence[tuple[Rate, int, int]]:
    """Return rates, seconds gone and how many calls have both: many of a site begin alike."""
    found: dict[tuple[int, int], tuple[Rate, int, int]] = {}
    for rate, gone in chain(
        (
            (c.rate, 0 if c.answered_s is None else whole_seconds(now_s - c.answered_s))
            for c in calls
        ),
        [(new, 0)],
    ):
        if rate is not None:
            before = found.get((id(rate), gone))
            found[id(rate), gone] = (rate, gone, 1 if before is None else before[2] + 1)
    return tuple(found.values())


def _between(meters: Sequence[tuple[Rate, int, int]], budget: Decimal) -> tuple[int, int]:
    """Return seconds between which the most are: by what calls cost without their increments."""
    fixed, a_minute = NOTHING, NOTHING
    for rate, gone, count in meters:
        fixed += count * (rate.connection_fee + rate.per_minute * gone / MINUTE_S)
        a_minute += count * rate.per_minute
    most = (budget - fixed) * MINUTE_S / a_minute  # costs are never less than that
    high = MOST_S if most >= MOST_S else max(0, int(most))
    low = max(0, high - 1 - max(rate.first_s + rate.step_s for rate, _, _ in meters))
    if _sum(meters, high) <= budget:
        return high, high
    return (low if _sum(meters, low) <= budget else 0), high


def _sum(meters: Iterable[tuple[Rate, int, int]], more_s: int) -> Decimal:
    return sum((n * rate.cost(gone + more_s) for rate, gone, n in meters), NOTHING)
