"""A time zone as phones want it: an offset and two daylight rules.

The rules come from the POSIX TZ string at the end of the zone's TZif data (RFC 9636 section
3.3), so they hold for every year and do not depend on the day of rendering.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

_NAME = r"(?:<[^>]+>|[A-Za-z]{3,})"
_TIME = r"[+-]?\d{1,3}(?::\d{2}){0,2}"
_RULE = rf"M\d{{1,2}}\.\d\.\d(?:/{_TIME})?"
_TZ = re.compile(
    rf"{_NAME}(?P<std>{_TIME})(?:{_NAME}(?P<dst>{_TIME})?,(?P<start>{_RULE}),(?P<end>{_RULE}))?"
)
_DAY_S = 86400
# their clocks go back for Ramadan, by a table of dates: no yearly rule says that
_BY_TABLE = frozenset({"Africa/Casablanca", "Africa/El_Aaiun"})


@dataclass(frozen=True, slots=True)
class DaylightChange:
    """The moment the clock changes, in local wall time before the change.

    Attributes:
        week: 1 to 4, or 5 for the last one of the month.
        weekday: 0 is Sunday.
        at_s: seconds after midnight.
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
    """A zone's offset from UTC in minutes, and its daylight rule when it has one."""

    timezone: str
    offset_min: int
    dst_min: int = 0
    start: DaylightChange | None = None
    end: DaylightChange | None = None
    warning: str = ""

    @property
    def has_dst(self) -> bool:
        """Whether the clock is ever changed."""
        return self.start is not None


@lru_cache(maxsize=1024)
def clock_for(timezone: str) -> Clock:
    """Return the clock of an IANA zone.

    Raises:
        ValueError: no such zone.
    """
    rule = _posix_rule(timezone)
    match = _TZ.fullmatch(rule)
    if match is None:
        raise ValueError(f"time zone {timezone!r} has a rule that is not understood: {rule!r}")
    standard = -_seconds(match["std"]) // 60
    if match["start"] is None:
        return Clock(timezone, standard, warning=_table_warning(timezone))
    summer = -_seconds(match["dst"]) // 60 if match["dst"] else standard + 60
    start, end = _change(match["start"]), _change(match["end"])
    if summer < standard:  # Ireland: "daylight time" is the winter
        standard, summer, start, end = summer, standard, end, start
    if not all(0 <= change.at_s < _DAY_S and change.at_s % 3600 == 0 for change in (start, end)):
        return Clock(
            timezone,
            standard,
            warning=f"{timezone}: a phone cannot be told its daylight rule; standard time is used",
        )
    return Clock(timezone, standard, summer - standard, start, end)


def _table_warning(timezone: str) -> str:
    if timezone not in _BY_TABLE:
        return ""
    return f"{timezone}: a phone cannot be told of Ramadan; in it its clock is an hour ahead"


def _posix_rule(timezone: str) -> str:
    data = _zone_data(timezone)
    if not data.startswith(b"TZif") or data[4:5] < b"2":
        raise ValueError(f"time zone {timezone!r} has no rule for the future")
    return data.rstrip(b"\n").rsplit(b"\n", 1)[-1].decode("ascii")


def _zone_data(timezone: str) -> bytes:
    if timezone not in zoneinfo.available_timezones():
        raise ValueError(f"{timezone!r} is not an IANA time zone such as 'Europe/Madrid'")
    for folder in zoneinfo.TZPATH:
        file = Path(folder, timezone)
        if file.is_file():
            return file.read_bytes()
    return resources.files("tzdata.zoneinfo").joinpath(*timezone.split("/")).read_bytes()


def _seconds(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    parts = [int(p) for p in text.lstrip("+-").split(":")] + [0, 0]
    return sign * (parts[0] * 3600 + parts[1] * 60 + parts[2])


def _change(text: str) -> DaylightChange:
    rule, _, at = text.partition("/")
    month, week, weekday = (int(n) for n in rule[1:].split("."))
    return DaylightChange(month, week, weekday, _seconds(at) if at else 7200)
