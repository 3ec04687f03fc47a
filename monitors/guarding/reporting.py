"""What a site's calls came to: use of limits today, and sums by extension and destination."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from monitors.calls.book import CallBook, Scope, whole_seconds
from monitors.calls.limits import OutgoingRules
from monitors.calls.rates import NOTHING
from monitors.calls.spending import promised
from monitors.store.calls import KeptCall
from provisioner.inventory.calls import ScopeLimits
from provisioner.inventory.records import Site

By = Literal["extension", "destination", "day"]


@dataclass(frozen=True, slots=True)
class Use:
    """What a scope has used of its limits.

    Attributes:
        spent_day, spent_month: with what calls that go on cost by now.
        hour, day, month: international calls.
        running: calls that go on.
    """

    scope: Scope
    limits: ScopeLimits
    spent_day: Decimal
    spent_month: Decimal
    hour: int
    day: int
    month: int
    running: int


@dataclass(frozen=True, slots=True)
class Sum:
    """Calls that have something in common, all together.

    Attributes:
        name: extension, country or day.
        answered: how many were answered.
        seconds: of those.
    """

    name: str
    calls: int
    answered: int
    international: int
    seconds: int
    cost: Decimal


def uses(
    site: Site, book: CallBook, rules: OutgoingRules, rooms: dict[str, str],
    extensions: Iterable[str], now: datetime,
) -> list[Use]:  # fmt: skip
    """Return the use of the site, and of every account and room that has used something."""
    wanted: dict[Scope, ScopeLimits] = {}
    for extension in sorted(extensions):
        wanted |= dict(rules.limits_of(extension, rooms.get(extension, ""), site.id))
    order = {"site": 0, "room": 1, "account": 2}
    found = (
        _use(book, rules, scope, limits, now)
        for scope, limits in sorted(wanted.items(), key=lambda each: (order[each[0][0]], each[0]))
    )
    return [use for use in found if use.scope[0] == "site" or use.running or use.month
            or use.spent_month]  # fmt: skip


def _use(
    book: CallBook, rules: OutgoingRules, scope: Scope, limits: ScopeLimits, now: datetime
) -> Use:
    day, now_s = rules.day(now), now.timestamp()
    used = book.usage(scope, day, now_s)
    going = promised((call for call in used.running if call.day == day), now_s)
    return Use(
        scope, limits, used.spent_day + going, used.spent_month + promised(used.running, now_s),
        used.hour, used.day, used.month, len(used.running),
    )  # fmt: skip


def sums(calls: Iterable[KeptCall], by: By) -> list[Sum]:
    """Return the sums of calls that are over, the dearest first; days in their order."""
    made: dict[str, Sum] = {}
    for kept in calls:
        call = kept.call
        if call.ended_s is None:
            continue
        names = {
            "extension": kept.account, "destination": call.country or "?", "day": str(call.day),
        }  # fmt: skip
        name = names[by]
        before = made.get(name, Sum(name, 0, 0, 0, 0, NOTHING))
        was = call.answered_s is not None
        made[name] = replace(
            before,
            calls=before.calls + 1,
            answered=before.answered + was,
            international=before.international + call.international,
            seconds=before.seconds + seconds_of(kept),
            cost=before.cost + kept.cost,
        )
    if by == "day":
        return sorted(made.values(), key=lambda each: each.name)
    return sorted(made.values(), key=lambda each: (-each.cost, -each.calls, each.name))


def seconds_of(kept: KeptCall) -> int:
    """Return how long a call was spoken, in begun seconds."""
    call = kept.call
    if call.answered_s is None or call.ended_s is None:
        return 0
    return whole_seconds(call.ended_s - call.answered_s)


def write_calls(calls: Iterable[KeptCall]) -> str:
    """Return calls as CSV, a line each."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ("day", "extension", "room", "number", "country", "seconds", "cost", "currency")
    )
    for kept in calls:
        call = kept.call
        if call.ended_s is not None:
            facts = (call.day, kept.account, kept.room, call.to, call.country)
            writer.writerow((*facts, seconds_of(kept), f"{kept.cost:.4f}", kept.currency))
    return out.getvalue()
