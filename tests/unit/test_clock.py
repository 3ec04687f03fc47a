"""A phone's clock shows what the zone's own clock shows, all year round."""

from __future__ import annotations

import calendar
import zoneinfo
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from provisioner.clock import Clock, DaylightChange, clock_for

FIRST_YEAR = 2027
# Morocco changes its clock for Ramadan by a table: no yearly rule says that.
BY_TABLE = {"Africa/Casablanca", "Africa/El_Aaiun"}
ZONES = sorted(zoneinfo.available_timezones())


def moment(change: DaylightChange, year: int, offset_before_min: int) -> datetime:
    """UTC of a change, worked out from the calendar alone."""
    weeks = calendar.Calendar(firstweekday=calendar.SUNDAY).monthdatescalendar(year, change.month)
    days = [w[change.weekday] for w in weeks if w[change.weekday].month == change.month]
    day: date = days[-1] if change.week == 5 else days[change.week - 1]
    local = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=change.at_s)
    return local - timedelta(minutes=offset_before_min)


def shown(clock: Clock, at: datetime) -> int:
    """The offset in minutes that a phone with this rule shows."""
    if clock.start is None or clock.end is None:
        return clock.offset_min
    summer = clock.offset_min + clock.dst_min
    start = moment(clock.start, at.year, clock.offset_min)
    end = moment(clock.end, at.year, summer)
    in_summer = start <= at < end if start < end else not end <= at < start
    return summer if in_summer else clock.offset_min


def moments(clock: Clock) -> list[datetime]:
    noon = datetime(FIRST_YEAR, 1, 1, 12, tzinfo=UTC)
    found = [noon + timedelta(weeks=n) for n in range(104)]
    for year in (FIRST_YEAR, FIRST_YEAR + 1):
        if clock.start is not None and clock.end is not None:
            for change, before in (
                (clock.start, clock.offset_min),
                (clock.end, clock.offset_min + clock.dst_min),
            ):
                at = moment(change, year, before)
                found += [at - timedelta(seconds=1), at, at + timedelta(hours=3)]
    return found


@pytest.mark.parametrize("zone", [z for z in ZONES if z not in BY_TABLE])
def test_the_rule_shows_what_the_zone_shows(zone: str) -> None:
    clock = clock_for(zone)
    real = zoneinfo.ZoneInfo(zone)
    for at in moments(clock):
        offset = at.astimezone(real).utcoffset()
        assert offset is not None
        truth = int(offset.total_seconds()) // 60
        if clock.warning and truth != clock.offset_min:
            continue  # said at save time: the daylight rule cannot be told
        assert shown(clock, at) == truth, (zone, at)


def test_a_zone_whose_rule_cannot_be_told_keeps_standard_time_and_says_so() -> None:
    warned = [zone for zone in ZONES if clock_for(zone).warning]
    assert "Asia/Jerusalem" in warned or "Pacific/Chatham" in warned
    for zone in warned:
        clock = clock_for(zone)
        assert not clock.has_dst
        assert zone in clock.warning


@pytest.mark.parametrize("zone", sorted(BY_TABLE & set(ZONES)))
def test_a_zone_that_changes_by_a_table_has_its_usual_offset_and_says_so(zone: str) -> None:
    clock = clock_for(zone)
    assert (clock.offset_min, clock.has_dst) == (60, False)
    assert "Ramadan" in clock.warning


@pytest.mark.parametrize(
    ("zone", "offset", "dst", "start", "end"),
    [
        ("Europe/Madrid", 60, 60, (3, 5, 0, 7200), (10, 5, 0, 10800)),
        ("Europe/Dublin", 0, 60, (3, 5, 0, 3600), (10, 5, 0, 7200)),
        ("America/New_York", -300, 60, (3, 2, 0, 7200), (11, 1, 0, 7200)),
        ("America/St_Johns", -210, 60, (3, 2, 0, 7200), (11, 1, 0, 7200)),
        ("Australia/Lord_Howe", 630, 30, (10, 1, 0, 7200), (4, 1, 0, 7200)),
        ("America/Santiago", -240, 60, (9, 1, 6, 86400), (4, 1, 6, 86400)),
        ("Antarctica/Troll", 0, 120, (3, 5, 0, 3600), (10, 5, 0, 10800)),
    ],
)
def test_known_rules(zone: str, offset: int, dst: int, start, end) -> None:
    clock = clock_for(zone)
    assert clock.offset_min == offset
    if clock.warning:
        assert zone == "America/Santiago"  # midnight at the end of a day
        return
    assert clock.dst_min == dst
    assert clock.start == DaylightChange(*start)
    assert clock.end == DaylightChange(*end)


@pytest.mark.parametrize(("zone", "offset"), [("UTC", 0), ("Asia/Kolkata", 330), ("Asia/Kathmandu", 345), ("Atlantic/Azores", -60)])  # fmt: skip
def test_offsets(zone: str, offset: int) -> None:
    assert clock_for(zone).offset_min == offset


def test_weekdays_and_hours_as_phones_count_them() -> None:
    sunday = DaylightChange(3, 5, 0, 7200)
    assert (sunday.iso_weekday, sunday.hour) == (7, 2)
    assert DaylightChange(3, 4, 5, 0).iso_weekday == 5


@pytest.mark.parametrize(
    "zone", ["Europe/Madrid", "America/New_York", "Australia/Sydney", "Asia/Tokyo"]
)
def test_the_rule_does_not_depend_on_the_day(zone: str) -> None:
    made = []
    for day in ("2024-01-01", "2026-07-15", "2031-03-30", "2040-12-31"):
        with time_machine.travel(day, tick=False):
            clock_for.cache_clear()
            made.append(clock_for(zone))
    assert len(set(made)) == 1


@pytest.mark.parametrize(
    "name", ["", "Madrid", "Europe/Atlantis", "../../etc/passwd", "europe/madrid", "posixrules"]
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        clock_for(name)
