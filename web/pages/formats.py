"""Numbers and times as people read them: in their language and their hotel's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_decimal, format_percent
from flask import g

from web.pages.language import gettext, locale

_JUST_NOW = timedelta(seconds=5)
_DAY = timedelta(days=1)


def zone_named(name: str) -> tzinfo:
    """Return a time zone by its IANA name, or UTC."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _here(at: datetime) -> datetime:
    """A naive UTC time in the zone of the page."""
    if "zone" not in g:
        g.zone = g.find_zone()
    zone: tzinfo = g.zone
    return at.replace(tzinfo=UTC).astimezone(zone)


def machine_time(at: datetime) -> str:
    """Write a naive UTC time for the ``datetime`` attribute of HTML."""
    return at.replace(tzinfo=UTC).isoformat(timespec="seconds")


def moment(at: datetime) -> str:
    """Write a time with its day; the zone is named when it is UTC."""
    local = _here(at)
    text = format_datetime(local, "d MMM y, H:mm", locale=locale())
    return f"{text} UTC" if local.utcoffset() == timedelta(0) and local.tzname() == "UTC" else text


def day(at: datetime) -> str:
    """Write a day."""
    return format_date(_here(at), "d MMMM y", locale=locale())


def clock(at: datetime) -> str:
    """Write a time of day."""
    return format_time(_here(at), "H:mm:ss", locale=locale())


def ago(at: datetime) -> str:
    """Write how long ago something was, or how soon it will be."""
    apart = at - _now()
    if abs(apart) < _JUST_NOW:
        return gettext("just now")
    return format_timedelta(apart, add_direction=True, locale=locale())


def length(time: timedelta) -> str:
    """Write how long something takes."""
    return format_timedelta(time, locale=locale())


def is_long_ago(at: datetime) -> bool:
    """Whether a time is better written as a date than as "3 days ago"."""
    return abs(at - _now()) > 6 * _DAY


def _now() -> datetime:
    now: datetime = g.now
    return now


def number(value: float) -> str:
    """Write a number."""
    return format_decimal(value, locale=locale())


def percent(share: float) -> str:
    """Write a share of one in per cent."""
    return format_percent(share, locale=locale())


FILTERS = {
    "moment": moment,
    "day": day,
    "clock": clock,
    "ago": ago,
    "length_of_time": length,
    "machine_time": machine_time,
    "number": number,
    "percent": percent,
}
