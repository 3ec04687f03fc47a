"""What calls of some days came to, and what was checked before commercial calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from monitors.calls.donotcall import Checked
from monitors.guarding.reporting import write_calls
from monitors.store.calls_lists import checks_of, page_of_checks
from monitors.store.calls_sums import By, Sum, check_counts, lines_between, sums_between
from web.calls.ground import Guarded
from web.installation import Installation

DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the site's clock, both included."""

    first: date
    last: date

    def all_of_them(self) -> Iterator[date]:
        """Yield each day."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=number)


@dataclass(frozen=True, slots=True)
class Report:
    """Sums of some days.

    Attributes:
        rows: by extension, destination or day.
        totals: one for each currency.
        by_day: for a plot: in the site's currency.
    """

    days: Days
    rows: tuple[Sum, ...]
    totals: tuple[Sum, ...]
    by_day: tuple[Sum, ...]


def days_of(guarded: Guarded, now: datetime, first: str, last: str) -> Days:
    """Return days that an address names; by themselves those of this month until today. Pure.

    What is no day is left out, days the wrong way round are turned, and no more than a year is
    taken, the newest.
    """
    today = guarded.day_of(now)
    until = _day(last) or today
    since = _day(first) or until.replace(day=1)
    since, until = sorted((since, until))
    return Days(max(since, until - timedelta(days=DAYS_MAX - 1)), until)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found and 1970 < found.year < 9999 else None  # noqa: PLR2004 - no database has others


def read_report(installation: Installation, guarded: Guarded, days: Days, by: By) -> Report:
    """Return the sums of some days; one or two queries."""
    monitoring, span = installation.monitoring, (days.first, days.last)
    by_day = sums_between(monitoring, guarded.id, *span, "day")
    rows = by_day if by == "day" else sums_between(monitoring, guarded.id, *span, by)
    mine = tuple(each for each in by_day if each.currency == guarded.currency)
    return Report(days, tuple(rows), totals(by_day), mine)


def totals(rows: Iterable[Sum]) -> tuple[Sum, ...]:
    """Return the sum of all, for each currency. Pure."""
    made: dict[str, Sum] = {}
    for each in rows:
        was = made.get(each.currency)
        made[each.currency] = replace(each, name="") if was is None else replace(
            was,
            calls=was.calls + each.calls,
            answered=was.answered + each.answered,
            international=was.international + each.international,
            seconds=was.seconds + each.seconds,
            cost=was.cost + each.cost,
        )  # fmt: skip
    return tuple(made[currency] for currency in sorted(made))


def call_list(installation: Installation, guarded: Guarded, days: Days) -> Iterator[str]:
    """Yield every call of some days as lines of CSV, as they are read."""
    return write_calls(lines_between(installation.monitoring, guarded.id, days.first, days.last))


def moments_of(guarded: Guarded, days: Days) -> tuple[datetime, datetime]:
    """Return when days of the site's clock begin and end, naive UTC."""
    return guarded.begin_of(days.first), guarded.begin_of(days.last + timedelta(days=1))


def read_checks(
    installation: Installation, guarded: Guarded, days: Days, limit: int, after: str = ""
) -> list[tuple[str, Checked]]:
    """Return a page of do-not-call checks, newest first, each with what the next page is after."""
    since, until = moments_of(guarded, days)
    return page_of_checks(installation.monitoring, guarded.id, since, until, limit, after)


def all_checks(installation: Installation, guarded: Guarded, days: Days) -> list[Checked]:
    """Return all checks of some days, the oldest first."""
    return checks_of(installation.monitoring, guarded.id, *moments_of(guarded, days))


def count_checks(installation: Installation, guarded: Guarded, days: Days) -> dict[str, int]:
    """Return how many checks had which result."""
    return check_counts(installation.monitoring, guarded.id, *moments_of(guarded, days))
