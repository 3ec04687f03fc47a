"""A zone's clock shows what the zone itself shows, and what a dialect cannot be told is said."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from provisioner.catalogue.schema import ClockTelling
from provisioner.clock import Clock, DaylightChange, _zone_clock, clock_for
from provisioner.zone_data import known_zones

HOURS = ClockTelling()
SECONDS = ClockTelling(change_step_s=1)
NAMES = ClockTelling(zones=frozenset({"Europe/Berlin", "Asia/Karachi", "Asia/Hong_Kong", "Nowhere"}))  # fmt: skip


def forget() -> None:
    zoneinfo.ZoneInfo.clear_cache()
    for cached in (clock_for, _zone_clock, known_zones):
        cached.cache_clear()


@pytest.fixture(params=["system", "package"])
def data(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both sources of time zone data: they may be years apart."""
    if request.param == "package":
        zoneinfo.reset_tzpath(to=())
        forget()
    yield request.param
    zoneinfo.reset_tzpath()
    forget()


def moments(clock: Clock) -> list[datetime]:
    """Every tenth day of five years, and each hour around the days of change."""
    first = datetime(2026, 11, 22, 12, tzinfo=UTC)
    found = [first + timedelta(days=10 * n) for n in range(180)]
    for year in range(2027, 2032):
        for change in filter(None, (clock.start, clock.end)):
            month = datetime(year, change.month, 1, tzinfo=UTC)
            found += [month + timedelta(days=n) for n in range(-2, 34)]
    return found


def test_the_rule_shows_what_the_zone_shows_or_the_warning_says_until_when(data: str) -> None:
    for zone in sorted(zoneinfo.available_timezones()):
        clock, place = clock_for(zone, SECONDS), zoneinfo.ZoneInfo(zone)
        if "can only be told" in clock.warning:
            continue
        wrong = [
            at
            for at in moments(clock)
            if timedelta(minutes=clock.offset_min_at(at)) != at.astimezone(place).utcoffset()
        ]
        assert bool(wrong) == bool(clock.warning), (data, zone, clock)


def test_a_zone_that_changes_by_a_table_has_its_usual_offset_and_says_so() -> None:
    for zone in ("Africa/Casablanca", "Africa/El_Aaiun"):
        clock = clock_for(zone, HOURS)
        if not clock.warning:
            pytest.skip("this data know no table of Ramadan")
        assert (clock.offset_min, clock.has_dst) == (60, False)
        assert clock.warning.startswith(f"{zone}: until 20")
        assert clock.warning.endswith("a phone keeps to UTC+1 all year")


@pytest.mark.parametrize(
    ("zone", "offset", "dst", "start", "end"),
    [
        ("Europe/Madrid", 60, 60, (3, 5, 0, 7200), (10, 5, 0, 10800)),
        ("Europe/Dublin", 0, 60, (3, 5, 0, 3600), (10, 5, 0, 7200)),
        ("America/New_York", -300, 60, (3, 2, 0, 7200), (11, 1, 0, 7200)),
        ("America/St_Johns", -210, 60, (3, 2, 0, 7200), (11, 1, 0, 7200)),
        ("Australia/Lord_Howe", 630, 30, (10, 1, 0, 7200), (4, 1, 0, 7200)),
        ("Antarctica/Troll", 0, 120, (3, 5, 0, 3600), (10, 5, 0, 10800)),
        ("Pacific/Easter", -360, 60, (9, 1, 6, 79200), (4, 1, 6, 79200)),
        ("Asia/Beirut", 120, 60, (3, 5, 0, 0), (10, 5, 0, 0)),
    ],
)
def test_known_rules(zone: str, offset: int, dst: int, start, end) -> None:
    clock = clock_for(zone, HOURS)
    assert clock == Clock(zone, offset, dst, DaylightChange(*start), DaylightChange(*end))


@pytest.mark.parametrize(("zone", "offset"), [("UTC", 0), ("Asia/Kolkata", 330), ("Asia/Kathmandu", 345), ("Atlantic/Azores", -60)])  # fmt: skip
def test_offsets(zone: str, offset: int) -> None:
    assert clock_for(zone).offset_min == offset


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("America/Santiago", -240),  # at the end of a Saturday
        ("Africa/Cairo", 120),
        ("America/Nuuk", -120),  # the day before
        ("Asia/Jerusalem", 120),  # the day after
        ("Asia/Gaza", 120),
        ("Pacific/Chatham", 765),  # a quarter to three
    ],
)
def test_what_hours_of_the_day_cannot_tell_is_a_fixed_offset_and_said(
    zone: str, offset: int
) -> None:
    clock = clock_for(zone, HOURS)
    assert (clock.offset_min, clock.has_dst) == (offset, False)
    assert clock.warning.startswith(f"{zone}: ")
    assert clock.warning.endswith("all year and is 1 h behind during daylight time")


@pytest.mark.parametrize(
    ("zone", "at_s"), [("America/Santiago", 86399), ("Africa/Cairo", 86399), ("Pacific/Chatham", 13500)]
)  # fmt: skip
def test_seconds_tell_more_than_hours(zone: str, at_s: int) -> None:
    clock = clock_for(zone, SECONDS)
    assert not clock.warning
    assert clock.end is not None
    assert clock.end.at_s == at_s
    assert clock_for("Asia/Jerusalem", SECONDS).warning


@pytest.mark.parametrize(
    ("zone", "telling", "offset", "said"),
    [
        ("Etc/GMT+12", ClockTelling(lowest_offset_min=-660), -660, "UTC-11 all year and is 1 h ahead"),
        ("Asia/Kathmandu", ClockTelling(offsets_min=frozenset({330, 360})), 330, "UTC+5:30 all year and is 15 min behind"),
        ("Antarctica/Troll", ClockTelling(shifts_min=frozenset({60})), 0, "UTC all year and is 2 h behind during daylight time"),
        ("Europe/Paris", ClockTelling(weeks=frozenset({1, 2})), 60, "1 h behind during daylight time"),
        ("America/St_Johns", ClockTelling(offsets_min=frozenset({-180, -240})), -240, "is 30 min behind, and 1 h 30 min behind during daylight time"),
        ("America/New_York", ClockTelling(offsets_min=frozenset({-240})), -240, "is 1 h ahead, and right during daylight time"),
    ],
)  # fmt: skip
def test_limits_of_a_dialect(zone: str, telling: ClockTelling, offset: int, said: str) -> None:
    clock = clock_for(zone, telling)
    assert (clock.offset_min, clock.has_dst) == (offset, False)
    assert said in clock.warning


def test_names_of_a_device_s_own_list() -> None:
    assert clock_for("Europe/Berlin", NAMES).name == "Europe/Berlin"
    alike = clock_for("Europe/Madrid", NAMES)
    assert (alike.name, alike.warning, alike.has_dst) == ("Europe/Berlin", "", True)
    assert clock_for("Asia/Singapore", NAMES).name == "Asia/Hong_Kong"
    close = clock_for("Asia/Kolkata", NAMES)
    assert (close.name, close.offset_min) == ("Asia/Karachi", 300)
    assert close.warning.endswith("UTC+5 all year and is 30 min behind")


def test_a_list_that_is_not_public_lets_other_names_be_tried() -> None:
    telling = ClockTelling(zones=frozenset({"Europe/Berlin"}), other_zones=True)
    assert clock_for("Europe/Rome", telling).name == "Europe/Berlin"
    tried = clock_for("Asia/Dubai", telling)
    assert tried.name == "Asia/Dubai"
    assert "not known" in tried.warning


def test_a_device_that_is_told_no_zone() -> None:
    clock = clock_for("Europe/Madrid", ClockTelling(nothing=True))
    assert not clock.has_dst
    assert "set it at the device" in clock.warning


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
            forget()
            made.append(clock_for(zone))
    assert len(set(made)) == 1


@pytest.mark.parametrize(
    "name", ["", "Madrid", "Europe/Atlantis", "../../etc/passwd", "europe/madrid", "posixrules"]
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        clock_for(name)
