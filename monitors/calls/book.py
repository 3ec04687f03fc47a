"""The book of outgoing calls: what each account, room and site has spent and called."""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache

from monitors.calls.rates import NOTHING, Rate

Scope = tuple[str, str]
"""``("account", "2214")``, ``("room", "214")`` or ``("site", "aurora")``."""
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class OutgoingCall:
    """A call to the outside that was let through.

    Attributes:
        id: of the leg to the outside, as the PBX names it.
        scopes: whom it is counted for.
        day: of the site's clock when it began; its whole cost belongs to that day.
        started_s: Unix time.
        to: the number.
        international: counted as such.
        country: that was called.
        rate: None: no cost is known.
        answered_s, ended_s: Unix time; None: not yet.
    """

    id: str
    scopes: tuple[Scope, ...]
    day: date
    started_s: float
    to: str = ""
    international: bool = False
    country: str = ""
    rate: Rate | None = None
    answered_s: float | None = None
    ended_s: float | None = None

    def cost_at(self, now_s: float) -> Decimal:
        """Return what it costs by now; one that rings is charged its answer ahead."""
        if self.rate is None or (self.answered_s is None and self.ended_s is not None):
            return NOTHING
        if self.answered_s is None:
            return self.rate.least
        until = now_s if self.ended_s is None else self.ended_s
        return self.rate.cost(whole_seconds(until - self.answered_s))


def whole_seconds(duration_s: float) -> int:
    """Return a duration as operators count it: a begun second is a second."""
    return max(0, math.ceil(duration_s))


@dataclass(frozen=True, slots=True)
class Usage:
    """What a scope has used, without the call that asks.

    Attributes:
        on: the day of the site that is meant.
        spent_day, spent_month: of calls that have ended.
        running: calls that go on, the ringing ones too.
        hour, day, month: international calls, ended or not.
    """

    on: date
    spent_day: Decimal = NOTHING
    spent_month: Decimal = NOTHING
    running: tuple[OutgoingCall, ...] = ()
    hour: int = 0
    day: int = 0
    month: int = 0


class CallBook:
    """Calls by scope. Every event may be told again or late: it counts once.

    Sums of past days are kept as sums; calls are kept while they last and, to know them again,
    until ``forget``.
    """

    def __init__(self) -> None:
        self._calls: dict[str, OutgoingCall] = {}
        self._going: dict[str, OutgoingCall] = {}
        self._running: defaultdict[Scope, dict[str, OutgoingCall]] = defaultdict(dict)
        self._spent: defaultdict[tuple[Scope, str], Decimal] = defaultdict(Decimal)
        self._counted: defaultdict[tuple[Scope, str], int] = defaultdict(int)
        self._starts: defaultdict[Scope, list[float]] = defaultdict(list)
        self._countries: defaultdict[Scope, set[str]] = defaultdict(set)

    def start(self, call: OutgoingCall) -> bool:
        """Write a call that was let through; returns whether it is new."""
        if call.id in self._calls:
            return False
        self._calls[call.id] = self._going[call.id] = call
        for scope in call.scopes:
            self._running[scope][call.id] = call
            self._countries[scope].add(call.country)
            if call.international:
                insort(self._starts[scope], call.started_s)
                for period in _periods(call.day):
                    self._counted[scope, period] += 1
        return True

    def answer(self, call_id: str, at_s: float) -> bool:
        """A call is answered; returns whether that is new."""
        call = self._calls.get(call_id)
        if call is None or call.answered_s is not None or call.ended_s is not None:
            return False
        self._keep(replace(call, answered_s=at_s))
        return True

    def end(self, call_id: str, at_s: float, answered_s: float | None = None) -> bool:
        """A call has ended; returns whether that is new.

        Told again with other times, as a record that is read after a gap may, it is corrected:
        the last told counts, and only once.

        Args:
            call_id: of the PBX.
            at_s: when.
            answered_s: when it was answered, if what tells it knows; None: as was told before.
        """
        call = self._calls.get(call_id)
        if call is None:
            return False
        answered = call.answered_s if answered_s is None else answered_s
        ended = replace(call, answered_s=answered, ended_s=at_s)
        if ended == call:
            return False
        before = call.cost_at(at_s) if call.ended_s is not None else NOTHING
        cost = ended.cost_at(at_s) - before
        self._calls[call_id] = ended
        self._going.pop(call_id, None)
        for scope in ended.scopes:
            self._running[scope].pop(call_id, None)
            for period in _periods(ended.day):
                self._spent[scope, period] += cost
        return True

    def usage(self, scope: Scope, day: date, now_s: float) -> Usage:
        """Return what a scope has used on a day of the site, in its month and in the last hour."""
        starts = self._starts.get(scope, [])
        in_hour = bisect_right(starts, now_s) - bisect_right(starts, now_s - HOUR_S)
        today, month = _periods(day)
        return Usage(
            day,
            self._spent.get((scope, today), NOTHING),
            self._spent.get((scope, month), NOTHING),
            tuple(self._running.get(scope, {}).values()),
            in_hour,
            self._counted.get((scope, today), 0),
            self._counted.get((scope, month), 0),
        )

    def call(self, call_id: str) -> OutgoingCall | None:
        """Return a call by its id, or None."""
        return self._calls.get(call_id)

    def knows_country(self, scope: Scope, country: str) -> bool:
        """Whether a scope has called a country before."""
        return country in self._countries.get(scope, ())

    def running(self) -> Iterator[OutgoingCall]:
        """Every call that has not ended."""
        yield from self._going.values()

    def running_of(self, scope: Scope) -> Iterator[OutgoingCall]:
        """Every call of a scope that has not ended."""
        yield from self._running.get(scope, {}).values()

    def learn(self, scope: Scope, countries: Iterable[str]) -> None:
        """Countries that a scope called before this book began."""
        self._countries[scope].update(countries)

    def forget(self, before: date, before_s: float) -> None:
        """Drop ended calls and sums from before a day, and starts from before a moment."""
        self._calls = {
            name: c for name, c in self._calls.items() if c.ended_s is None or c.day >= before
        }
        for sums in (self._spent, self._counted):
            for key in [key for key in sums if _over(key[1], before)]:
                del sums[key]
        for starts in self._starts.values():
            del starts[: bisect_right(starts, before_s)]

    def _keep(self, call: OutgoingCall) -> None:
        self._calls[call.id] = self._going[call.id] = call
        for scope in call.scopes:
            self._running[scope][call.id] = call


def _month(day: date) -> str:
    return day.isoformat()[:7]


@lru_cache(maxsize=256)
def _periods(day: date) -> tuple[str, str]:
    return day.isoformat(), _month(day)


def _over(period: str, before: date) -> bool:
    return period < before.isoformat()[: len(period)]
