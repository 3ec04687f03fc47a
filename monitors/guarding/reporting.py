"""What a site's calls came to: use of limits today, and lists of calls for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from monitors.calls.book import OutgoingCall, Scope, Usage
from monitors.calls.limits import ScopeState, limits_of_scope
from monitors.calls.spending import promised
from monitors.store.calls_sums import CallLine, Used
from provisioner.bulk.writing import harmless
from provisioner.inventory.calls import Limits, ScopeLimits

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
    made: dict[Scope, Usage] = {("site", site): Usage(on)}
    for each in used:
        for scope in _of(each, site):
            was = made.get(scope, Usage(on))
            made[scope] = replace(
                was,
                spent_day=was.spent_day + each.spent_day,
                spent_month=was.spent_month + each.spent_month,
                hour=was.hour + each.hour,
                day=was.day + each.day,
                month=was.month + each.month,
            )
    for call in running:
        for scope in call.scopes:
            was = made.get(scope, Usage(on))
            made[scope] = replace(was, running=(*was.running, call))
    return made


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
    month = (used.on.year, used.on.month)
    today = promised((c for c in used.running if c.day == used.on), now_s)
    this_month = promised((c for c in used.running if (c.day.year, c.day.month) == month), now_s)
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
