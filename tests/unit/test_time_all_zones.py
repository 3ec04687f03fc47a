"""Every zone of the system's data, told to every dialect, read back as the phone would.

Each reader knows its vendor's numbers from the vendor's pages and nothing of ``provisioner.clock``.
A clock that would differ from the zone's own at any moment looked at must be warned of, and a
warning must have a reason.
"""

from __future__ import annotations

import calendar
import re
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from xml.etree.ElementTree import Element, fromstring

import pytest
import time_machine

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Model
from provisioner.catalogue.schema import Dialect, Role
from provisioner.clock import Clock, clock_for
from provisioner.kit import PhoneKit
from provisioner.render import render
from tests.kits import make_kit, with_site
from web.simulated.gigaset import ZONES as GIGASET_ZONES
from web.simulated.snom_zones import zone_of_code

ZONES = sorted(zoneinfo.available_timezones())
FIRST, LAST = datetime(2026, 11, 22, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Edge = tuple[int, int, int, int]
"""Month, week (5 is the last), weekday (0 is Sunday) and seconds after midnight."""
Read = Callable[[bytes], "Shown"]


@dataclass(frozen=True)
class Shown:
    """What a phone makes of its parameters; ``zone`` when it looks a name up itself."""

    offset_min: int | None = None
    dst_min: int = 0
    start: Edge | None = None
    end: Edge | None = None
    zone: str = ""

    def at(self, moment: datetime) -> int | None:
        """The offset in minutes on the phone's clock; None: nobody knows."""
        if self.zone:
            return truth(self.zone, moment)
        if self.offset_min is None or self.start is None or self.end is None:
            return self.offset_min
        summer = self.offset_min + self.dst_min
        start = change(self.start, moment.year, self.offset_min)
        end = change(self.end, moment.year, summer)
        within = start <= moment < end if start < end else not end <= moment < start
        return summer if within else self.offset_min


def change(edge: Edge, year: int, offset_before_min: int) -> datetime:
    """UTC of a change, found by going through the month's days."""
    month, week, weekday, at_s = edge
    assert 1 <= week <= 5
    assert 0 <= at_s < 86400
    days = [
        date(year, month, day)
        for day in range(1, calendar.monthrange(year, month)[1] + 1)
        if date(year, month, day).isoweekday() % 7 == weekday
    ]
    day = days[-1] if week == 5 else days[week - 1]
    local = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=at_s)
    return local - timedelta(minutes=offset_before_min)


def lines(body: bytes, between: str) -> dict[str, str]:
    pairs = (line.partition(between) for line in body.decode().splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def yealink(body: bytes) -> Shown:
    """Whole hours of the day, days from Monday, a zone from -11 to +14 hours."""
    told = lines(body, "=")
    match = re.fullmatch(r"([+-]?)(\d{1,2})(?::([0-5]\d))?", told["local_time.time_zone"])
    assert match is not None
    offset = int(match[2]) * 60 + int(match[3] or 0)
    offset = -offset if match[1] == "-" else offset
    assert -11 * 60 <= offset <= 14 * 60
    if told["local_time.summer_time"] == "0":
        return Shown(offset)
    assert told["local_time.dst_time_type"] == "1"
    shift = int(told["local_time.offset_time"])
    assert -300 <= shift <= 300
    return Shown(offset, shift, *(by_week(told[f"local_time.{e}_time"]) for e in ("start", "end")))


def by_week(text: str) -> Edge:
    month, week, day, hour = (int(part) for part in text.split("/"))
    assert 1 <= day <= 7
    assert 0 <= hour <= 23
    return month, week, day % 7, hour * 3600


def fanvil(switch: str) -> Read:
    """Quarters of an hour from UTC; the rule counts when the switch says 2; text or XML."""

    def read(body: bytes) -> Shown:
        text = body.decode()
        pairs = re.findall(r"<([\w ]+)>([^<]*)</", text) or list(lines(body, ":").items())
        told = {re.sub("[ _]", "", name): value for name, value in pairs}
        offset = int(told["TimeZone"]) * 15
        if told[switch] == "0":
            return Shown(offset)
        assert told[switch] == "2"
        shift = int(told["DSTMinOffset"])
        assert 0 < shift <= 60
        return Shown(offset, shift, fanvil_edge(told, "Start"), fanvil_edge(told, "End"))

    return read


def fanvil_edge(told: Mapping[str, str], edge: str) -> Edge:
    month, week, weekday, hour = (
        int(told[f"DST{edge}{part}"]) for part in ("Mon", "Week", "Wday", "Hour")
    )
    assert 0 <= weekday <= 6
    assert 0 <= hour <= 23
    return month, week, weekday, hour * 3600


def texts(body: bytes) -> dict[str, str]:
    return {tag.tag: tag.text or "" for tag in fromstring(body).iter()}


def snom_desk(body: bytes) -> Shown:
    """A word that brings a country's rule, or seconds from UTC and the rule in seconds."""
    told = texts(body)
    if told["timezone"]:
        known = zone_of_code(told["timezone"])
        assert known is not None
        if known.start is None or known.end is None:
            return Shown(known.offset_min)
        return Shown(known.offset_min, 60, in_seconds(known.start), in_seconds(known.end))
    offset = int(told["utc_offset"]) // 60
    if not told["dst"]:
        return Shown(offset)
    edge = r"(\d\d)\.(\d\d)\.(\d\d) (\d\d):(\d\d):(\d\d)"
    match = re.fullmatch(rf"(\d+) {edge} {edge}", told["dst"])
    assert match is not None
    numbers = [int(group) for group in match.groups()]
    return Shown(offset, numbers[0] // 60, snom_edge(numbers[1:7]), snom_edge(numbers[7:]))


def in_seconds(edge: tuple[int, int, int, int]) -> Edge:
    return (*edge[:3], edge[3] * 3600)


def snom_edge(numbers: list[int]) -> Edge:
    month, week, day, hours, minutes, seconds = numbers
    assert 1 <= day <= 7
    assert max(minutes, seconds) < 60
    return month, week, day % 7, hours * 3600 + minutes * 60 + seconds


def snom_base(body: bytes) -> Shown:
    """The word is for the offset alone; days count from Sunday, week 4 is the second to last."""
    told = texts(body)
    assert (told["timezone_by_country_region"], told["dst_by_country_region"]) == ("off", "off")
    known = zone_of_code(told["timezone"])
    offset = known.offset_min if known else word_offset_min(told["timezone"])
    if told["dst_enable"] == "off":
        return Shown(offset)
    assert (told["dst_enable"], told["dst_fixed_day_enable"]) == ("auto", "off")
    return Shown(offset, 60, base_edge(told, "start"), base_edge(told, "stop"))


def base_edge(told: Mapping[str, str], edge: str) -> Edge:
    month, week, day, hour = (
        int(told[f"dst_{edge}_{part}"])
        for part in ("month", "wday_last_in_month", "day_of_week", "time")
    )
    assert week in {1, 2, 3, 5}
    assert 1 <= day <= 7
    assert 0 <= hour <= 23
    return month, week, day - 1, hour * 3600


def word_offset_min(word: str) -> int:
    match = re.fullmatch(r"[A-Z]{3}\d?([+-]\d+(?:\.\d+)?)", word)
    assert match is not None
    return round(float(match[1]) * 60)


def vtech(body: bytes) -> Shown:
    """A name of a list of which only these are public."""
    told = texts(body)
    assert told["daylight_saving_auto_adjust"] == "1"
    public = {"America/Los_Angeles", "America/New_York", "Europe/Berlin", "Europe/London"}
    zone = told["selected_timezone"]
    return Shown(zone=zone) if zone in public else Shown()


def gigaset(body: bytes) -> Shown:
    """A name of the device's own list."""
    named: list[Element] = [
        tag for tag in fromstring(body).iter("param") if tag.get("name") == "DmGlobal.0.TimeZone"
    ]
    zone = named[0].get("value", "")
    assert zone in GIGASET_ZONES
    return Shown(zone=zone)


def nobody(_body: bytes) -> Shown:
    """A device that is told no zone."""
    return Shown()


READERS: dict[tuple[str, str], Read] = {
    **{("yealink", name): yealink for name in ("v81", "v80", "v70", "multicell")},
    **{("yealink", f"singlecell{tail}"): yealink for tail in ("", "-v80")},
    **{("fanvil", f"new-{form}"): fanvil("DSTType") for form in ("text", "xml", "door")},
    **{("fanvil", f"old-{form}"): fanvil("EnableDST") for form in ("text", "xml")},
    **{("snom", name): snom_desk for name in ("desk-10", "desk-8", "paging")},
    ("snom", "rtx-dect"): snom_base,
    **{("snom", f"vtech{tail}"): vtech for tail in ("", "-c620", "-m100", "-m500", "-core")},
    ("snom", "m3"): nobody,
    ("gigaset", "nx70"): gigaset,
}
DIALECTS = [(v.id, d.id) for v in load().vendors.values() for d in v.dialects]


@cache
def truth(zone: str, moment: datetime) -> int:
    offset = moment.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) // 60


@cache
def moments(zone: str) -> tuple[datetime, ...]:
    """A minute before and after each change of five years, and two days of each year."""
    found = [datetime(y, m, 15, 12, tzinfo=UTC) for y in range(2027, 2032) for m in (1, 7)]
    for before, after in changes(zone):
        found += [before - MINUTE, after + MINUTE]
    return tuple(found)


def changes(zone: str) -> Iterator[tuple[datetime, datetime]]:
    """The last minute of each offset and the first one of the next."""
    place, week = zoneinfo.ZoneInfo(zone), timedelta(days=7)
    low = FIRST
    while low < LAST:
        high = low + week
        if low.astimezone(place).utcoffset() != high.astimezone(place).utcoffset():
            left, right = low, high
            while right - left > MINUTE:
                middle = left + (right - left) / 2
                same = middle.astimezone(place).utcoffset() == left.astimezone(place).utcoffset()
                left, right = (middle, right) if same else (left, middle)
            yield left, right
        low = high


def speaker(vendor: str, dialect: str) -> tuple[Model, Dialect]:
    """The model with the fewest accounts that speaks a dialect: its file is the shortest."""
    catalogue = load()
    spoken = [
        m
        for m in catalogue.models.values()
        if m.vendor == vendor and dialect in {entry.id for entry in m.dialects}
    ]
    assert spoken, "no model speaks it"
    return min(spoken, key=lambda m: m.accounts), catalogue.vendors[vendor].dialect(dialect)


def kit_of(vendor: str, dialect: str) -> PhoneKit:
    model, spoken = speaker(vendor, dialect)
    kit = make_kit(model.id, load().main_preset(model).id)
    return replace(kit, dialect=spoken)


def told(kit: PhoneKit, clock: Clock) -> bytes:
    """The phone's own file for a clock."""
    files = render(load().folder, replace(kit, clock=clock))
    return next(file.body for file in files if file.role is Role.DEVICE)


SNOM_WORDS = (load().folder / "phones/snom/timezones.j2").read_text(encoding="utf-8")


def alike(clock: Clock) -> Clock:
    """Two zones with this equal are told in the same words."""
    named = clock.timezone if f'"{clock.timezone}"' in SNOM_WORDS else ""
    return replace(clock, timezone=named, warning="")


@pytest.mark.parametrize(("vendor", "dialect"), DIALECTS, ids=["-".join(d) for d in DIALECTS])
def test_every_zone_is_told_right_or_warned_of(vendor: str, dialect: str) -> None:
    read, kit = READERS[vendor, dialect], kit_of(vendor, dialect)
    seen: dict[Clock, Shown] = {}
    for zone in ZONES:
        clock = clock_for(zone, kit.dialect.clock)
        shown = seen.get(alike(clock)) or read(told(kit, clock))
        seen[alike(clock)] = shown
        wrong = [at for at in moments(zone) if shown.at(at) != truth(zone, at)]
        assert bool(wrong) == bool(clock.warning), (zone, clock, shown, wrong[:2])
        if wrong and "keeps to the rule" not in clock.warning:
            assert shown.start is None, (zone, "a rule that is not the zone's")
        assert not clock.warning or clock.warning.startswith(f"{zone}: ")


@pytest.mark.parametrize("zone", ["Europe/Madrid", "Pacific/Chatham", "Asia/Kathmandu"])
@pytest.mark.parametrize(("vendor", "dialect"), DIALECTS, ids=["-".join(d) for d in DIALECTS])
def test_the_site_s_zone_is_the_one_that_is_told(vendor: str, dialect: str, zone: str) -> None:
    kit = kit_of(vendor, dialect)
    model = kit.model.id
    whole = make_kit(model, load().main_preset(kit.model).id, site=with_site(timezone=zone))
    clock = clock_for(zone, whole.dialect.clock)
    assert whole.clock == clock
    assert (clock.warning in whole.warnings) == bool(clock.warning)


@pytest.mark.parametrize("zone", ["Europe/Dublin", "Australia/Sydney", "Africa/Casablanca"])
@pytest.mark.parametrize(("vendor", "dialect"), DIALECTS, ids=["-".join(d) for d in DIALECTS])
def test_the_day_of_rendering_does_not_matter(vendor: str, dialect: str, zone: str) -> None:
    kit = kit_of(vendor, dialect)
    made = set()
    for day in ("2026-11-22", "2027-07-01", "2031-10-30"):
        with time_machine.travel(day, tick=False):
            clock_for.cache_clear()
            made.add(told(kit, clock_for(zone, kit.dialect.clock)))
    assert len(made) == 1


@pytest.mark.parametrize(("vendor", "dialect"), DIALECTS, ids=["-".join(d) for d in DIALECTS])
def test_a_dialect_that_tells_no_zone_says_so(vendor: str, dialect: str) -> None:
    spoken = load().vendors[vendor].dialect(dialect)
    assert spoken.clock.nothing == (not {"locale", "locale.timezone"} & spoken.settings)


def test_only_a_few_zones_cannot_be_told_by_a_rule_in_hours() -> None:
    """The next day, the day before, or not on the hour: law of these zones alone."""
    odd = {
        zone
        for zone in ZONES
        if clock_for(zone, load().vendors["fanvil"].dialects[0].clock).warning
    }
    assert odd <= {
        "Africa/Cairo", "Egypt", "Africa/Casablanca", "Africa/El_Aaiun", "America/Godthab",
        "America/Nuuk", "America/Scoresbysund", "America/Santiago", "Chile/Continental",
        "America/Havana", "Cuba", "Antarctica/Troll", "Asia/Gaza", "Asia/Hebron", "Asia/Jerusalem",
        "Asia/Tel_Aviv", "Israel", "NZ-CHAT", "Pacific/Chatham",
    }  # fmt: skip
    assert {"Africa/Cairo", "Asia/Jerusalem", "Pacific/Chatham"} <= odd
