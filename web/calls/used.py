"""What was used of the limits this month: days that are over are added up once in a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from monitors.calls.book import OutgoingCall
from monitors.store.calls_sums import Used, count_calls, spent_between, used_on
from provisioner.db import Database

KEPT_S = 300.0
SITES_KEPT = 32
_NOTHING = (Decimal(0), 0)


@dataclass(frozen=True, slots=True)
class _Past:
    """The sums of days that are over.

    Attributes:
        calls: so many calls there were, and so many of them went on: with others it is old.
        at_s: when they were added up.
        spent: money and international calls by account and room.
    """

    calls: tuple[int, int]
    at_s: float
    spent: dict[tuple[str, str], tuple[Decimal, int]]


_kept: OrderedDict[tuple[str, str, date], _Past] = OrderedDict()


def used_this_month(
    database: Database, site: str, day: date, now_s: float, running: Iterable[OutgoingCall]
) -> list[Used]:
    """Return what was used on a day, in its month and in the last hour, by account and room.

    Yesterday and today are read anew each time; of the days before, a call that is told late
    counts at once when it is new, and within five minutes when it was known.

    Args:
        database: the monitor's.
        site: its id.
        day: of the site's clock.
        now_s: Unix time.
        running: the site's calls that go on.
    """
    first, last = day.replace(day=1), day - timedelta(days=2)
    if last < first:
        return used_on(database, site, day, now_s)
    late = sum(first <= call.day <= last for call in running)
    past = dict(_past(database, site, first, last, late, now_s).spent)
    made = []
    for each in used_on(database, site, day, now_s, since=last + timedelta(days=1)):
        spent, abroad = past.pop((each.account, each.room), _NOTHING)
        made.append(replace(each, spent_month=each.spent_month + spent, month=each.month + abroad))
    made += [
        Used(account, room, Decimal(0), spent, 0, 0, abroad)
        for (account, room), (spent, abroad) in past.items()
    ]
    return sorted(made, key=lambda each: (each.account, each.room))


def _past(
    database: Database, site: str, first: date, last: date, late: int, now_s: float
) -> _Past:  # fmt: skip
    key = (str(database.reader.url), site, last)
    calls = (count_calls(database, site, first, last), late)
    known = _kept.get(key)
    if known is None or known.calls != calls or not 0 <= now_s - known.at_s < KEPT_S:
        known = _Past(calls, now_s, spent_between(database, site, first, last))
        _kept[key] = known
    _kept.move_to_end(key)
    while len(_kept) > SITES_KEPT:
        _kept.popitem(last=False)
    return known
