"""What a site's calls came to: use of limits today, and lists of calls for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monitors.calls.book import OutgoingCall, Scope, Usage
from monitors.calls.limits import ScopeState, limits_of_scope
from monitors.calls.spending import promised
from monitors.store.calls_sums import CallLine, Used
from provisioner.bulk.writing import harmless
from provisioner.inventory.calls import Limits, ScopeLimits

_Sums = tuple[Decimal, Decimal, int, int, int]
"""Money of the day and the month, international calls of the hour, the day and the month."""
_NOTHING: _Sums = (Decimal(0), Decimal(0), 0, 0, 0)
HEADING = ("day", "extension", "room", "number", "country", "seconds", "cost", "currency")


@dataclass(frozen=True, slots=True)
class Use:
    """What a scope has used of its limits.

    Attributes:
        spent_day, spent_month: with what calls that go on cost by now.
        hour, day, month: international calls.
        running: calls that go on.
        room: of an account: the one it has called from.
    """

    scope: Scope
    limits: ScopeLimits
    spent_day: Decimal
    spent_month: Decimal
    hour: int
    day: int
    month: int
    running: int
    room: str = ""


def uses(
    limits: Limits, site: str, used: Iterable[Used], running: Iterable[OutgoingCall],
    on: date, now_s: float,
) -> list[Use]:  # fmt: skip
    """Return the use of the site, of every room and of every account that has used something.

    Args:
        limits: of the site.
        site: its id.
        used: what calls that are over have used, on the same day.
        running: calls that go on.
        on: the day.
        now_s: Unix time.
    """
    used = list(used)
    found = usages(site, used, running, on)
    rooms = {each.account: each.room for each in used}
    order = {"site": 0, "room": 1, "account": 2}
    return [
        _use(scope, limits_of_scope(limits, scope), usage, rooms, now_s)
        for scope, usage in sorted(found.items(), key=lambda each: (order[each[0][0]], each[0]))
        if scope[0] == "site" or usage.running or usage.month or usage.spent_month
    ]


def usages(
    site: str, used: Iterable[Used], running: Iterable[OutgoingCall], on: date
) -> dict[Scope, Usage]:
    """Return the usage of the site, and of rooms and accounts that have called, on a day."""
    sums: dict[Scope, _Sums] = {("site", site): _NOTHING}
    for each in used:
        mine = (each.spent_day, each.spent_month, each.hour, each.day, each.month)
        for scope in _of(each, site):
            was = sums.get(scope)
            sums[scope] = mine if was is None else _added(was, mine)
    calls: dict[Scope, list[OutgoingCall]] = {}
    for call in running:
        for scope in call.scopes:
            calls.setdefault(scope, []).append(call)
    return {
        scope: _usage(on, sums.get(scope, _NOTHING), calls.get(scope, ()))
        for scope in (*sums, *(calls.keys() - sums.keys()))
    }


def _added(one: _Sums, other: _Sums) -> _Sums:
    return (
        one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3],
        one[4] + other[4],
    )  # fmt: skip


def _usage(on: date, sums: _Sums, running: Iterable[OutgoingCall]) -> Usage:
    spent_day, spent_month, hour, day, month = sums
    return Usage(on, spent_day, spent_month, tuple(running), hour, day, month)


def states(limits: Limits, found: Mapping[Scope, Usage]) -> Iterator[ScopeState]:
    """Yield usages with the limits they are held against."""
    for scope, usage in found.items():
        yield ScopeState(scope, limits_of_scope(limits, scope), usage)


def _of(used: Used, site: str) -> tuple[Scope, ...]:
    room: tuple[Scope, ...] = (("room", used.room),) if used.room else ()
    return (("account", used.account), *room, ("site", site))


def _use(
    scope: Scope, limits: ScopeLimits, used: Usage, rooms: Mapping[str, str], now_s: float
) -> Use:
    month, today, this_month = (used.on.year, used.on.month), _NOTHING[0], _NOTHING[0]
    if used.running:  # of thousands of scopes few
        of_month = [c for c in used.running if (c.day.year, c.day.month) == month]
        today = promised((c for c in of_month if c.day == used.on), now_s)
        this_month = promised(of_month, now_s)
    room = rooms.get(scope[1], "") if scope[0] == "account" else ""
    return Use(
        scope, limits, used.spent_day + today, used.spent_month + this_month,
        used.hour, used.day, used.month, len(used.running), room,
    )  # fmt: skip


def write_calls(calls: Iterable[CallLine]) -> Iterator[str]:
    """Yield calls as CSV, a line each, with a heading; no cell is a formula to a spreadsheet."""
    yield csv_line(HEADING)
    for each in calls:
        facts = (str(each.day), each.account, each.room, each.number, each.country)
        yield csv_line((*facts, str(each.seconds), f"{each.cost:.4f}", each.currency))


def csv_line(cells: Iterable[str]) -> str:
    """Return a line of CSV."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow([harmless(cell) for cell in cells])
    return out.getvalue()
