"""The clock a Snom shows for its ``timezone`` word, or for ``utc_offset`` and ``dst``.

A code such as ESP+1 is a country's daylight rule and an offset in hours; a DECT base may be told
the rule apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Change = tuple[int, int, int, int]

_CODE = re.compile(r"([A-Z]{3}\d?)([+-])(\d{1,2}(?:\.\d{1,2})?)")
_DST = re.compile(
    r"(-?\d+) (\d\d)\.(\d\d)\.(\d\d) (\d\d):\d\d:\d\d (\d\d)\.(\d\d)\.(\d\d) (\d\d):\d\d:\d\d"
)
_EUROPE_CODES = (
    "ALB AUT BEL CYP CZE DNK ESP EST FIN FRA GBR GER GRC HRV HUN ITA LUX MAK NLD NOR POL PRT"
    " ROU SVK SWE UKR"
)
_EUROPE = frozenset(_EUROPE_CODES.split())
_NORTH_AMERICA = frozenset({"USA", "CAN", "BMU", "BHS"})
_FIXED = frozenset({"ARG", "BRA1", "IND", "JPN", "KOR", "MEX", "RUS", "SGP"})
_SUNDAY_7 = 7


@dataclass(frozen=True, slots=True)
class Zone:
    """Offset in minutes and daylight changes as month, week, weekday (0 Sunday), hour."""

    offset_min: int
    start: Change | None = None
    end: Change | None = None


def zone_of_code(code: str) -> Zone | None:
    """Return the zone of a ``timezone`` word; None when the phone does not know it."""
    match = _CODE.fullmatch(code)
    if match is None:
        return None
    country, offset = match[1], _offset_min(match)
    if country in _EUROPE:
        # everywhere at one o'clock UTC
        utc = 1 + offset // 60
        return Zone(offset, (3, 5, 0, utc), (10, 5, 0, utc + 1))
    if country in _NORTH_AMERICA:
        return Zone(offset, (3, 2, 0, 2), (11, 1, 0, 2))
    if country == "AUS":
        return Zone(offset, (10, 1, 0, 2), (4, 1, 0, 3))
    if country == "NZL":
        return Zone(offset, (9, 5, 0, 2), (4, 1, 0, 3))
    return Zone(offset) if country in _FIXED else None


def zone_of_base(get: Callable[[str], str]) -> Zone | None:
    """Return the zone of a DECT base: the word's offset, and the rule that is told apart."""
    match = _CODE.fullmatch(get("timezone"))
    if match is None or get("dst_by_country_region") != "off":
        return zone_of_code(get("timezone"))
    if get("dst_enable") != "auto":
        return Zone(_offset_min(match))
    return Zone(_offset_min(match), _base_change(get, "start"), _base_change(get, "stop"))


def zone_of_rule(utc_offset: str, dst: str) -> Zone | None:
    """Return the zone of the older pair of settings."""
    if not re.fullmatch(r"-?\d+", utc_offset):
        return None
    offset = int(utc_offset) // 60
    match = _DST.fullmatch(dst)
    if match is None:
        return Zone(offset)
    numbers = [int(group) for group in match.groups()]
    return Zone(offset, _change(numbers[1:5]), _change(numbers[5:9]))


def _offset_min(match: re.Match[str]) -> int:
    return round(float(match[3]) * 60) * (-1 if match[2] == "-" else 1)


def _base_change(get: Callable[[str], str], edge: str) -> Change:
    month, week, day, hour = (
        int(get(f"dst_{edge}_{part}"))
        for part in ("month", "wday_last_in_month", "day_of_week", "time")
    )
    return month, week, day - 1, hour


def _change(numbers: list[int]) -> Change:
    month, week, day, hour = numbers
    return month, week, day % _SUNDAY_7, hour
