"""Which messages an incident is due, and which not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from monitors.incident_steps import Incident
from monitors.notify.due import (
    CLAIM_TIME,
    TRIES_MAX,
    Due,
    Entry,
    Kind,
    digest_due,
    due,
    is_held,
    retry_after,
)
from monitors.notify.places import Place
from monitors.policy import NotifyPolicy, Window, notify_policy, status_policy, urgent_phones
from monitors.status import Policy
from provisioner.catalogue.loader import load
from provisioner.inventory.monitoring import Maintenance, Monitoring
from provisioner.inventory.records import Site

NOON = datetime.fromisoformat("2026-11-22 12:00")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MAC = "0c383e000001"
GUEST = Place(MAC, "214", "bedside", "guest-room")
BATHROOM = Place(MAC, "214", "bathroom", "bathroom")
OFFICE = Place(MAC, "office", "desk", "office")
EMAIL = NotifyPolicy(
    ZoneInfo("Europe/Madrid"),
    guest_presets=frozenset({"guest-room", "bathroom"}),
    urgent_presets=frozenset({"bathroom"}),
)
OPEN = Incident(
    7, "aurora", f"phone {MAC}", False, "B5", "certain", "", {}, NOON, 0, NOON, macs=(MAC,)
)


def closed(after: timedelta, ending: str = "recovered") -> Incident:
    return replace(OPEN, closed_at=NOON + after, ending=ending)


def sent(kind: Kind, after: timedelta, key: str = "", channel: str = "email") -> Entry:
    at = NOON + after
    return Entry(key or f"{kind} {after}", kind, channel, at, sent_at=at)


def asked(
    incident: Incident,
    after: timedelta,
    *journal: Entry,
    policy: NotifyPolicy = EMAIL,
    place: Place = GUEST,
) -> list[str]:
    found = due(incident, journal, NOON + after, policy, {MAC: place})
    return [f"{d.kind}{d.hours or ''}" for d in found]


DOWN = sent(Kind.DOWN, MINUTE)


@pytest.mark.parametrize(
    ("incident", "after", "journal", "messages"),
    [
        (OPEN, MINUTE, [], ["down"]),
        (OPEN, MINUTE, [DOWN], []),
        (OPEN, 59 * MINUTE, [DOWN], []),
        (OPEN, HOUR, [DOWN], ["still1"]),
        (OPEN, HOUR, [DOWN, sent(Kind.STILL, HOUR)], []),
        (OPEN, 5 * HOUR, [DOWN], ["still4"]),  # the first was missed: only the newest is sent
        (OPEN, 4 * HOUR, [DOWN, sent(Kind.STILL, HOUR)], ["still4"]),
        (OPEN, 5 * HOUR, [sent(Kind.DOWN, 4.5 * HOUR)], []),  # told late, that was enough
        (OPEN, 5 * HOUR, [], ["down"]),
        (OPEN, 24 * HOUR, [sent(Kind.DOWN, 4.5 * HOUR)], ["still24"]),
        (OPEN, 99 * HOUR, [DOWN, sent(Kind.STILL, 24 * HOUR)], []),
        (replace(OPEN, acknowledged_at=NOON), HOUR, [DOWN], []),
        (replace(OPEN, acknowledged_at=NOON), HOUR, [], ["down"]),
        (closed(HOUR), HOUR, [DOWN], ["resolved"]),
        (closed(HOUR), HOUR, [], []),  # nobody was told
        (closed(HOUR), HOUR, [DOWN, sent(Kind.RESOLVED, HOUR)], []),
        (closed(HOUR, "merged"), HOUR, [DOWN], []),
        (closed(HOUR, "retired"), HOUR, [DOWN], []),
        (replace(OPEN, round=1, round_at=NOON + HOUR), HOUR, [DOWN], []),  # never said to be over
        (
            replace(OPEN, round=1, round_at=NOON + HOUR),
            HOUR,
            [DOWN, sent(Kind.RESOLVED, 50 * MINUTE)],
            ["down"],
        ),
        (replace(OPEN, round=1, round_at=NOON + HOUR), 2 * HOUR, [DOWN], ["still1"]),
    ],
)
def test_what_is_due(
    incident: Incident, after: timedelta, journal: list[Entry], messages: list[str]
) -> None:
    assert asked(incident, after, *journal) == messages


def test_each_channel_for_itself() -> None:
    both = replace(EMAIL, channels=("email", "webhook"))
    assert asked(OPEN, MINUTE, DOWN, policy=both) == ["down"]
    (message,) = due(OPEN, [DOWN], NOON + MINUTE, both, {})
    assert message == Due("incident 7 0 down webhook", Kind.DOWN, "webhook")
    assert asked(OPEN, MINUTE, policy=replace(EMAIL, channels=())) == []


def test_a_message_on_its_way_is_waited_for() -> None:
    key = "incident 7 0 down email"
    claimed = Entry(key, Kind.DOWN, "email", NOON)
    assert asked(OPEN, CLAIM_TIME - MINUTE, claimed) == []
    assert asked(closed(MINUTE), CLAIM_TIME - MINUTE, claimed) == []
    assert asked(OPEN, CLAIM_TIME, claimed) == ["down"]  # its worker has died


def test_a_message_that_failed_is_tried_again_ever_later_and_then_given_up() -> None:
    key = "incident 7 0 down email"
    failed = Entry(key, Kind.DOWN, "email", NOON, 1, NOON + 5 * MINUTE)
    assert asked(OPEN, 4 * MINUTE, failed) == []
    assert asked(OPEN, 5 * MINUTE, failed) == ["down"]
    assert asked(OPEN, 5 * MINUTE, replace(failed, tries=TRIES_MAX)) == []
    assert asked(OPEN, 4 * HOUR, replace(failed, tries=TRIES_MAX)) == ["still4"]
    waits = [retry_after(n) for n in range(1, TRIES_MAX + 1)]
    assert waits[:4] == [n * MINUTE for n in (1, 2, 4, 8)]
    assert waits[-1] == HOUR == max(waits)
    assert sum(waits, timedelta()) > 6 * HOUR


NIGHT = timedelta(hours=14)  # 03:00 in Madrid


@pytest.mark.parametrize(
    ("place", "held"),
    [
        (GUEST, True),
        (OFFICE, False),
        (BATHROOM, False),
        (replace(GUEST, position="lift"), False),
    ],
)
def test_the_night_is_quiet_for_guests_only(place: Place, held: bool) -> None:
    policy = replace(EMAIL, urgent_positions=frozenset({"lift"}))
    assert is_held(OPEN, NOON + NIGHT, policy, {MAC: place}) is held
    assert asked(OPEN, NIGHT, policy=policy, place=place) == ([] if held else ["down"])
    assert asked(OPEN, NIGHT + 4 * HOUR, policy=policy, place=place) == ["down"]  # 07:00
    assert asked(closed(NIGHT), NIGHT, DOWN, policy=policy, place=place) == (
        [] if held else ["resolved"]
    )


def test_a_group_or_an_unknown_phone_is_told_of_at_night() -> None:
    assert asked(replace(OPEN, grouped=True, key="switch sw-2"), NIGHT) == ["down"]
    assert len(due(OPEN, [], NOON + NIGHT, EMAIL, {})) == 1


@pytest.mark.parametrize(
    ("start", "end", "hour", "quiet"),
    [
        (time(0), time(7), 3, True),
        (time(0), time(7), 7, False),
        (time(23), time(6), 23, True),
        (time(23), time(6), 5, True),
        (time(23), time(6), 12, False),
        (time(0), time(0), 3, False),  # none
    ],
)
def test_quiet_hours_are_the_sites_own_time(start: time, end: time, hour: int, quiet: bool) -> None:
    policy = replace(EMAIL, quiet_start=start, quiet_end=end)
    utc = datetime.fromisoformat(f"2026-11-22 {hour:02}:00") - HOUR
    assert policy.is_quiet(utc) is quiet


@pytest.mark.parametrize(
    ("window", "held"),
    [
        (Window(NOON, NOON + HOUR), True),
        (Window(NOON + HOUR, NOON + 2 * HOUR), False),
        (Window(NOON, NOON + HOUR, rooms=frozenset({"214"})), True),
        (Window(NOON, NOON + HOUR, rooms=frozenset({"215"})), False),
        (Window(NOON, NOON + HOUR, switches=frozenset({"sw-2"})), True),
        (Window(NOON, NOON + HOUR, switches=frozenset({"sw-3"})), False),
    ],
)
def test_maintenance_holds_everything_back(window: Window, held: bool) -> None:
    policy = replace(EMAIL, windows=(window,))
    place = replace(BATHROOM, switch="sw-2")
    assert asked(OPEN, MINUTE, policy=policy, place=place) == ([] if held else ["down"])
    assert asked(OPEN, 2 * HOUR, policy=policy, place=place) == ["down"]  # it is over


def test_maintenance_of_a_switch_holds_its_group_back() -> None:
    group = replace(OPEN, grouped=True, key="switch sw-2", macs=())
    policy = replace(EMAIL, windows=(Window(NOON, NOON + HOUR, switches=frozenset({"sw-2"})),))
    assert asked(group, MINUTE, policy=policy) == []


def test_the_daily_digest() -> None:
    eight = datetime.fromisoformat("2026-11-22 07:00")  # UTC
    assert digest_due("aurora", [], eight - MINUTE, EMAIL) == ()
    (message,) = digest_due("aurora", [], eight, EMAIL)
    assert message.key == "digest aurora 2026-11-22 email"
    done = Entry(message.key, Kind.DIGEST, "email", eight, sent_at=eight)
    assert digest_due("aurora", [done], eight + MINUTE, EMAIL) == ()
    assert len(digest_due("aurora", [done], eight + 24 * HOUR, EMAIL)) == 1
    failed = Entry(message.key, Kind.DIGEST, "email", eight, 1, eight + MINUTE)
    assert digest_due("aurora", [failed], eight, EMAIL) == ()
    assert len(digest_due("aurora", [failed], eight + MINUTE, EMAIL)) == 1
    assert digest_due("aurora", [], eight + 3 * HOUR, EMAIL) == ()
    assert digest_due("aurora", [], eight, replace(EMAIL, digest_at=None)) == ()


def test_the_policy_of_a_site() -> None:
    catalogue = load()
    told = Monitoring(
        misses=3,
        email_to=("it@aurora.example",),
        webhook_url=SecretStr("https://x"),
        urgent_presets=("office",),
        maintenance=(
            Maintenance(
                datetime.fromisoformat("2026-12-01 22:00"),
                datetime.fromisoformat("2026-12-02 05:00"),
                rooms=("214",),
            ),
        ),
    )
    site = Site("aurora", "Hotel Aurora", timezone="Europe/Madrid", languages=("es", "en"),
                monitoring=told)  # fmt: skip
    policy = notify_policy(site, catalogue.presets, [Window(NOON, NOON + HOUR)])
    assert policy.channels == ("email", "webhook")
    assert policy.language == "es"
    assert {"guest-room", "bathroom"} <= policy.guest_presets
    assert {"bathroom", "lift", "door-station", "office"} <= policy.urgent_presets
    assert policy.windows[0].start == datetime.fromisoformat("2026-12-01 21:00")
    assert len(policy.windows) == 2
    assert status_policy(told) == Policy(3, 2)


def test_urgent_phones_are_known_ones() -> None:
    catalogue = load()
    urgent = urgent_phones()
    assert urgent["presets"] <= set(catalogue.presets)
    there = {p.id for room in catalogue.rooms.values() for p in room.positions}
    assert urgent["positions"] <= there | {"emergency", "lift"}


@settings(max_examples=200)
@given(
    lasts=st.integers(0, 3000),
    acknowledged=st.none() | st.integers(0, 3000),
    quiet=st.booleans(),
    fails=st.lists(st.booleans(), max_size=30),
)
def test_whoever_is_told_of_a_trouble_is_told_of_its_end(
    lasts: int, acknowledged: int | None, quiet: bool, fails: list[bool]
) -> None:
    """Minute by minute: never two of a kind, never an end without a beginning, always an end."""
    policy = EMAIL if quiet else replace(EMAIL, quiet_end=time(0))
    journal: dict[str, Entry] = {}
    tries = iter(fails)
    told: list[str] = []
    for minute in range(0, lasts + 3000, 5):
        now = NOON + minute * MINUTE
        incident = OPEN if minute <= lasts else closed(lasts * MINUTE)
        if acknowledged is not None and minute >= acknowledged:
            incident = replace(incident, acknowledged_at=NOON)
        for message in due(incident, journal.values(), now, policy, {MAC: GUEST}):
            before = journal.get(message.key)
            made = Entry(message.key, message.kind, "email", now, before.tries + 1 if before else 1)
            if next(tries, False):
                made = replace(made, next_try_at=now + retry_after(made.tries))
            else:
                made = replace(made, sent_at=now)
                told.append(f"{message.kind}{message.hours or ''}")
            journal[message.key] = made
    assert len(told) == len(set(told))
    if told:
        assert told[-1] == "resolved"
        assert told[0] != "resolved"
    if not quiet and lasts > 60 and not fails:
        assert told[0] == "down"
