"""When something holds: times of a site's own clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from provisioner.inventory.calls import When

MIDNIGHT = time(0)


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its IANA name."""
    return ZoneInfo(name)


def at_site(moment: datetime, timezone: str) -> datetime:
    """Return a moment in a site's time.

    Raises:
        ValueError: the moment has no zone of its own.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(zone_of(timezone))


def any_holds(conditions: Iterable[When], local: datetime) -> bool:
    """Whether one of some conditions holds; of none, none does."""
    return any(holds(each, local) for each in conditions)


def holds(condition: When, local: datetime) -> bool:
    """Whether a condition holds at a moment of the site's clock."""
    return _inside(condition, local) != condition.negated


def _inside(condition: When, local: datetime) -> bool:
    clock, today = local.time(), local.date()
    start, end = condition.start, condition.end
    if start < end or end == MIDNIGHT:
        ends_today = clock < end or end == MIDNIGHT
        return _on(condition, today) and start <= clock and ends_today
    if start == end:
        return _on(condition, today)
    yesterday = today - timedelta(days=1)  # the part after midnight belongs to the evening before
    return (clock >= start and _on(condition, today)) or (clock < end and _on(condition, yesterday))


def _on(condition: When, day: date) -> bool:
    if condition.days and day.weekday() not in condition.days:
        return False
    not_yet = condition.first is not None and day < condition.first
    over = condition.last is not None and day > condition.last
    return not (not_yet or over)
