"""A time zone as phones want it: an offset and two daylight changes.

The rule comes from the POSIX TZ string at the end of the zone's TZif data (RFC 9636 section
3.3), so it holds for every year and does not depend on the day of rendering.
"""

from __future__ import annotations

import calendar
import re
import zoneinfo
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from provisioner.catalogue.schema import ClockTelling
from provisioner.zone_data import known_zones, listed_changes, posix_rule, zone_data

_NAME = r"(?:<[^>]+>|[A-Za-z]{3,})"
_TIME = r"[+-]?\d{1,3}(?::\d{2}){0,2}"
_RULE = rf"M\d{{1,2}}\.\d\.\d(?:/{_TIME})?"
_TZ = re.compile(
    rf"{_NAME}(?P<std>{_TIME})(?:{_NAME}(?P<dst>{_TIME})?,(?P<start>{_RULE}),(?P<end>{_RULE}))?"
)
_DAY_S = 86400
_QUARTER_MIN = 15
# what the data say of times before this is past for everybody who runs this release
_PAST = datetime(2026, 11, 1, tzinfo=UTC)
# laws so far ahead are guesses of the data
_FAR = datetime(2035, 1, 1, tzinfo=UTC)
_ANYTHING = ClockTelling(change_step_s=1)


@dataclass(frozen=True, slots=True)
class DaylightChange:
    """The moment the clock changes, in local wall time before the change.

    Attributes:
        week: 1 to 4, or 5 for the last one of the month.
        weekday: 0 is Sunday.
        at_s: seconds after midnight; a zone may have it on another day (RFC 9636: -167 to 167 h).
    """

    month: int
    week: int
    weekday: int
    at_s: int

    @property
    def hour(self) -> int:
        """Whole hour of the change."""
        return self.at_s // 3600

    @property
    def iso_weekday(self) -> int:
        """1 is Monday, 7 is Sunday."""
        return self.weekday or 7


@dataclass(frozen=True, slots=True)
class Clock:
    """A zone's offset from UTC in minutes, and its daylight rule when it has one.

    Attributes:
        name: the word of the device's own list that is told instead of the numbers, or empty.
        warning: how the phone's clock will differ from the zone's, or empty.
    """

    timezone: str
    offset_min: int
    dst_min: int = 0
    start: DaylightChange | None = None
    end: DaylightChange | None = None
    name: str = ""
    warning: str = ""

    @property
    def has_dst(self) -> bool:
        """Whether the clock is ever changed."""
        return self.start is not None

    def offset_min_at(self, moment: datetime) -> int:
        """Return the minutes east of UTC that the rule gives at an aware moment."""
        if self.start is None or self.end is None:
            return self.offset_min
        summer = self.offset_min + self.dst_min
        at = moment.astimezone(UTC)
        start = _moment(self.start, at.year, self.offset_min)
        end = _moment(self.end, at.year, summer)
        in_summer = start <= at < end if start < end else not end <= at < start
        return summer if in_summer else self.offset_min

    def same_time(self, other: Clock) -> bool:
        """Whether two zones' rules always show the same."""
        mine = (self.offset_min, self.dst_min, self.start, self.end)
        return mine == (other.offset_min, other.dst_min, other.start, other.end)


@lru_cache(maxsize=4096)
def clock_for(timezone: str, telling: ClockTelling = _ANYTHING) -> Clock:
    """Return the clock of an IANA zone as a dialect can be told it.

    What cannot be told is left out (the phone keeps a fixed offset) and ``warning`` says so.

    Raises:
        ValueError: no such zone.
    """
    clock = _zone_clock(timezone)
    if telling.nothing:
        text = "a device of this kind cannot be told its zone; set it at the device"
        return Clock(timezone, clock.offset_min, warning=_told(clock, text))
    if telling.zones:
        return _by_name(clock, telling)
    offset = _nearest(clock.offset_min, telling)
    if offset != clock.offset_min or (clock.has_dst and not _rule_fits(clock, telling)):
        return _fixed(clock, offset)
    return replace(clock, start=_within_a_day(clock.start), end=_within_a_day(clock.end))


def _by_name(clock: Clock, telling: ClockTelling) -> Clock:
    """Return the clock by a name its devices have: its own, or one that shows the same."""
    if clock.timezone in telling.zones:
        return replace(clock, name=clock.timezone, warning="")
    listed = [_zone_clock(zone) for zone in sorted(telling.zones & known_zones())]
    for other in listed:
        if not other.warning and other.same_time(clock):
            return replace(clock, name=other.timezone)
    if telling.other_zones:
        text = "it is not known whether the device has this zone in its list; look at its clock"
        return replace(clock, name=clock.timezone, warning=_told(clock, text))
    even = [other for other in listed if not other.has_dst and not other.warning]
    close = min(even, key=lambda o: (abs(o.offset_min - clock.offset_min), o.offset_min))
    return replace(_fixed(clock, close.offset_min), name=close.timezone)


def _rule_fits(clock: Clock, telling: ClockTelling) -> bool:
    if telling.shifts_min and clock.dst_min not in telling.shifts_min:
        return False
    return all(
        change is None
        or (change.week in telling.weeks and _time_fits(change.at_s, telling.change_step_s))
        for change in (clock.start, clock.end)
    )


def _time_fits(at_s: int, step_s: int) -> bool:
    """Whether a change can be told on its own day; a day's end can, to the second."""
    if step_s == 1 and at_s == _DAY_S:
        return True
    return 0 <= at_s < _DAY_S and at_s % step_s == 0


def _within_a_day(change: DaylightChange | None) -> DaylightChange | None:
    """Put a change at 24:00 to one second before: phones count to 23:59:59."""
    if change is None or change.at_s != _DAY_S:
        return change
    return replace(change, at_s=_DAY_S - 1)


def _nearest(offset_min: int, telling: ClockTelling) -> int:
    if telling.offsets_min:
        return min(telling.offsets_min, key=lambda o: (abs(o - offset_min), o))
    lowest, highest = telling.lowest_offset_min, telling.highest_offset_min
    return min(max(offset_min, lowest), highest) // _QUARTER_MIN * _QUARTER_MIN


def _fixed(clock: Clock, offset_min: int) -> Clock:
    """Return a clock that is never changed, and say how it will be wrong."""
    standard = offset_min - clock.offset_min
    daylight = standard - clock.dst_min
    if not clock.has_dst:
        wrong = f"is {_lag(standard)}"
    elif not standard:
        wrong = f"is {_lag(daylight)} during daylight time"
    else:
        wrong = f"is {_lag(standard)}, and {_lag(daylight)} during daylight time"
    text = f"a phone of this kind can only be told {_utc(offset_min)} all year and {wrong}"
    return Clock(clock.timezone, offset_min, warning=_told(clock, text))


def _told(clock: Clock, text: str) -> str:
    return f"{clock.warning}; {text}" if clock.warning else f"{clock.timezone}: {text}"


def _utc(offset_min: int) -> str:
    hours, minutes = divmod(abs(offset_min), 60)
    if not offset_min:
        return "UTC"
    return f"UTC{'-' if offset_min < 0 else '+'}{hours}" + (f":{minutes:02d}" if minutes else "")


def _lag(minutes: int) -> str:
    if not minutes:
        return "right"
    hours, rest = divmod(abs(minutes), 60)
    length = [f"{hours} h"] if hours else []
    length += [f"{rest} min"] if rest else []
    return f"{' '.join(length)} {'ahead' if minutes > 0 else 'behind'}"


@lru_cache(maxsize=1024)
def _zone_clock(timezone: str) -> Clock:
    """Return a zone's whole rule, whoever can be told it."""
    data = zone_data(timezone)
    rule = posix_rule(data)
    match = _TZ.fullmatch(rule)
    if match is None:
        raise ValueError(f"time zone {timezone!r} has a rule that is not understood: {rule!r}")
    standard = -_seconds(match["std"]) // 60
    clock = Clock(timezone, standard)
    if match["start"] is not None:
        summer = -_seconds(match["dst"]) // 60 if match["dst"] else standard + 60
        start, end = _change(match["start"]), _change(match["end"])
        if summer < standard:  # Ireland: "daylight time" is the winter
            standard, summer, start, end = summer, standard, end, start
        clock = Clock(timezone, standard, summer - standard, start, end)
    return replace(clock, warning=_irregular(clock, data))


def _irregular(clock: Clock, data: bytes) -> str:
    """Say until when a zone also changes on dates of a table, such as Morocco's for Ramadan."""
    zone = zoneinfo.ZoneInfo(clock.timezone)
    wrong = [
        change
        for change in _changes(clock, listed_changes(data, _PAST))
        for moment in (change - timedelta(seconds=1), change)
        if moment.astimezone(zone).utcoffset() != timedelta(minutes=clock.offset_min_at(moment))
    ]
    if not wrong or wrong[0] > _FAR:
        return ""
    kept = "the rule" if clock.has_dst else f"{_utc(clock.offset_min)} all year"
    return (
        f"{clock.timezone}: until {wrong[-1]:%Y-%m-%d} its clock does not keep to a yearly rule; "
        f"a phone keeps to {kept}"
    )


def _changes(clock: Clock, listed: list[datetime]) -> list[datetime]:
    """Return all moments, up to the last listed one, at which the zone or its rule changes."""
    found = set(listed)
    last = listed[-1] if listed else _PAST
    for year in range(_PAST.year, min(last, _FAR).year + 1):
        if clock.start is not None and clock.end is not None:
            found.add(_moment(clock.start, year, clock.offset_min))
            found.add(_moment(clock.end, year, clock.offset_min + clock.dst_min))
    return sorted(moment for moment in found if _PAST < moment <= last)


def _moment(change: DaylightChange, year: int, offset_before_min: int) -> datetime:
    first = date(year, change.month, 1)
    day = 1 + (change.weekday - first.isoweekday()) % 7 + 7 * (change.week - 1)
    if day > calendar.monthrange(year, change.month)[1]:
        day -= 7
    midnight = datetime(year, change.month, day, tzinfo=UTC)
    return midnight + timedelta(seconds=change.at_s, minutes=-offset_before_min)


def _seconds(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    parts = [int(p) for p in text.lstrip("+-").split(":")] + [0, 0]
    return sign * (parts[0] * 3600 + parts[1] * 60 + parts[2])


def _change(text: str) -> DaylightChange:
    rule, _, at = text.partition("/")
    month, week, weekday = (int(n) for n in rule[1:].split("."))
    return DaylightChange(month, week, weekday, _seconds(at) if at else 7200)
