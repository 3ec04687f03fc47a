"""What a call costs: rates by the longest prefix that fits, in exact money."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal

MINUTE_S = 60
SMALLEST = Decimal("0.000001")
"""Costs are rounded up to a millionth of the currency."""
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rate:
    """What calls to numbers with a prefix cost.

    Attributes:
        prefix: digits after the plus.
        name: of the destination.
        per_minute: price.
        connection_fee: charged once a call is answered.
        first_s: the shortest time that is charged.
        step_s: time beyond it is charged in steps of so many seconds.
        valid_from, valid_to: first and last day; None: always.
    """

    prefix: str
    per_minute: Decimal
    name: str = ""
    connection_fee: Decimal = NOTHING
    first_s: int = 1
    step_s: int = 1
    valid_from: date | None = None
    valid_to: date | None = None

    def valid_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)

    def cost(self, answered_s: int) -> Decimal:
        """Return what an answered call costs after so many whole seconds; a begun step counts.

        A call that was answered is charged its fee and its first increment at once.
        """
        over = max(0, answered_s - self.first_s)
        charged_s = self.first_s + -(-over // self.step_s) * self.step_s
        talk = self.per_minute * charged_s / MINUTE_S
        return (self.connection_fee + talk).quantize(SMALLEST, ROUND_UP)

    @property
    def least(self) -> Decimal:
        """What it costs to be answered at all."""
        return self.cost(0)

    def seconds_for(self, budget: Decimal) -> int | None:
        """Return the most seconds whose cost is not above a budget; 0: not even the first.

        None: it never is, because time costs nothing.
        """
        if self.least > budget:
            return 0
        if not self.per_minute:
            return None
        # in sixtieths, so that nothing is rounded before it must be
        first = self.connection_fee * MINUTE_S + self.per_minute * self.first_s
        steps = int((budget * MINUTE_S - first) // (self.per_minute * self.step_s))
        seconds = self.first_s + max(0, steps) * self.step_s
        while self.cost(seconds) > budget:  # rounding up may cost the last step
            seconds -= self.step_s
        return seconds


class RateTable:
    """Rates of one currency, asked by number."""

    def __init__(self, rates: Iterable[Rate] = (), currency: str = "EUR") -> None:
        self.currency = currency
        by_prefix: dict[str, tuple[Rate, ...]] = {}
        for rate in rates:
            by_prefix[rate.prefix] = (*by_prefix.get(rate.prefix, ()), rate)
        self._by_prefix = by_prefix
        self._lengths = tuple(sorted({len(prefix) for prefix in by_prefix}, reverse=True))

    def __len__(self) -> int:
        return sum(map(len, self._by_prefix.values()))

    def __iter__(self) -> Iterator[Rate]:
        return (rate for rates in self._by_prefix.values() for rate in rates)

    def rate(self, e164: str, day: date) -> Rate | None:
        """Return the rate of a number on a day: of the longest prefix that is valid, or None.

        Of several with the same prefix, the one that began last.
        """
        digits = e164.removeprefix("+")
        for length in self._lengths:
            if length > len(digits):
                continue
            valid = [r for r in self._by_prefix.get(digits[:length], ()) if r.valid_on(day)]
            if valid:
                return max(valid, key=lambda r: r.valid_from or date.min)
        return None
