"""Incoming calls: lists from narrow to wide, anonymous callers, toll-free levels, actions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.calls.decision import Decision, Verdict
from monitors.calls.incoming import IncomingCall, IncomingRules
from monitors.calls.times import at_site, holds
from monitors.calls.tollfree import TollFreeCall
from provisioner.inventory.calls import (
    CallAction,
    CallerActions,
    Calls,
    IncomingRule,
    When,
    WrittenNumber,
)
from provisioner.numbering.plan import Plan

PLAN = Plan("ES", extensions=frozenset({"100", "101", "2214"}), reception="100")
NIGHT = When(start=time(22), end=time(7))
SUNDAY_NIGHT = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)  # 23:30 in Madrid
CALLS = Calls(
    groups={
        "spam": (
            WrittenNumber("+34 9xx 000 000", reason="sells power"),
            WrittenNumber("600111222", "asked twice", expires=date(2026, 11, 22)),
        ),
        "family": (WrittenNumber("+44 20 7946 0123, +44 7911 123456"),),
    },
    extension_groups={"guests": ("2...",)},
    incoming=(
        IncomingRule("house", (), (), (WrittenNumber("group:spam"), WrittenNumber("+44*")), "reception"),
        IncomingRule("guests", ("group:guests",), (), (WrittenNumber("+7*"),), "refuse", "announcement"),
        IncomingRule("suite", ("2214",), (WrittenNumber("group:family"),), (), None),
    ),
    actions=(
        CallerActions(
            "vip",
            ("+34 611*",),
            (
                CallAction("forward", "+34600000001", (NIGHT,), 30),
                CallAction("ring_group", "desk"),
                CallAction("voicemail"),
            ),
        ),
        CallerActions("nobody-at-night", ("any",), (CallAction("announcement", "closed", (NIGHT,)),), ("100",)),
        CallerActions("shy", ("anonymous",), (CallAction("voicemail"),), ("101",)),
    ),
)  # fmt: skip
RULES = IncomingRules(CALLS, PLAN, "Europe/Madrid")


def decided(
    caller: str, extension: str = "101", at: datetime = SUNDAY_NIGHT, *, outside: bool = True,
    level: int | None = None,
) -> Decision:  # fmt: skip
    toll_free = None if level is None else TollFreeCall(level)
    return RULES.decide(IncomingCall(PLAN.read(caller), extension, at, outside, toll_free))


def test_the_black_list_of_the_house() -> None:
    got = decided("0034 912 000 000")
    assert (got.verdict, got.because.rule) == (Verdict.REFUSE, "black_list")
    assert got.because.facts["entry"] == "group:spam +34 9xx 000 000 (sells power)"
    assert got.actions == (CallAction("hang_up"),)


def test_the_narrowest_rule_decides() -> None:
    assert decided("+442079460123", "101").because.rule == "black_list"
    assert decided("+442079460123", "2214").because.rule == "white_list"
    assert decided("+447911123456", "2214").passes
    assert decided("+447911123457", "2214").because.rule == "black_list"
    assert decided("+79123456789", "2215").actions == (
        CallAction("announcement", "number-refused"),
    )
    assert decided("+79123456789", "101").because.rule == "no_rule"


def test_an_entry_expires_by_the_clock_of_the_site() -> None:
    assert decided("600111222").because.rule == "black_list"
    after_midnight = datetime(2026, 11, 22, 23, 1, tzinfo=UTC)
    assert decided("600111222", at=after_midnight).because.rule == "no_rule"


def test_callers_without_a_number() -> None:
    sent_on = decided("anonymous", "101")
    assert sent_on.because.rule == "anonymous_reception"
    assert sent_on.actions == (CallAction("forward", "100"),)
    refused = decided("anonymous", "2214")
    assert (refused.verdict, refused.because.facts["name"]) == (Verdict.REFUSE, "guests")


@pytest.mark.parametrize(("setting", "verdict", "rule"), [
    (None, Verdict.PASS, "caller_actions"),
    ("allow", Verdict.PASS, "caller_actions"),
    ("refuse", Verdict.REFUSE, "anonymous_refused"),
    ("announcement", Verdict.REFUSE, "anonymous_refused"),
])  # fmt: skip
def test_every_setting_of_anonymous_calls(setting: str, verdict: Verdict, rule: str) -> None:
    calls = Calls(
        incoming=(IncomingRule("one", anonymous=setting),),  # type: ignore[arg-type]
        actions=CALLS.actions[2:],
    )
    call = IncomingCall(PLAN.read("anonymous"), "101", SUNDAY_NIGHT)
    got = IncomingRules(calls, PLAN).decide(call)
    assert (got.verdict, got.because.rule) == (verdict, rule)


def test_actions_by_caller_in_order_with_their_times() -> None:
    night = decided("611 222 333", "101")
    assert [action.do for action in night.actions] == ["forward", "ring_group", "voicemail"]
    noon = datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert [a.do for a in decided("611 222 333", "101", noon).actions] == [
        "ring_group",
        "voicemail",
    ]
    assert decided("912345678", "100").because.facts["name"] == "nobody-at-night"
    assert decided("912345678", "100", noon).because.rule == "no_rule"


def test_an_extension_that_comes_from_outside_is_no_colleague() -> None:
    assert decided("2214", outside=False).because.rule == "internal"
    assert decided("2214", outside=True).because.rule == "no_rule"


@pytest.mark.parametrize(("level", "verdict"), [
    (0, Verdict.PASS), (1, Verdict.CODE), (5, Verdict.CODE), (6, Verdict.REFUSE), (9, Verdict.REFUSE),
])  # fmt: skip
def test_levels_of_the_toll_free_protection(level: int, verdict: Verdict) -> None:
    assert decided("+34622333444", level=level).verdict is verdict
    white = decided("+442079460123", "2214", level=level)
    assert white.because.rule == "white_list"


def test_who_is_white() -> None:
    def white(caller: str, extension: str) -> bool:
        return RULES.is_white(IncomingCall(PLAN.read(caller), extension, SUNDAY_NIGHT))

    assert white("+442079460123", "2214")
    assert not white("+442079460123", "101")
    assert not white("+34622333444", "101")


@pytest.mark.parametrize(
    ("when", "moment", "wanted"),
    [
        (When(), "2026-11-22 03:00", True),
        (When(negated=True), "2026-11-22 03:00", False),
        (When((0, 4)), "2026-11-22 12:00", False),  # a Sunday
        (When((6,)), "2026-11-22 12:00", True),
        (When(start=time(9), end=time(17)), "2026-11-22 17:00", False),
        (When(start=time(9), end=time(17)), "2026-11-22 16:59", True),
        (When(start=time(22)), "2026-11-22 23:59", True),
        (When(start=time(22)), "2026-11-23 00:00", False),
        (When((6,), time(22), time(7)), "2026-11-23 06:59", True),  # of the Sunday before
        (When((6,), time(22), time(7)), "2026-11-22 06:59", False),
        (When((6,), time(22), time(7)), "2026-11-22 22:00", True),
        (When(first=date(2026, 12, 24), last=date(2027, 1, 6)), "2027-01-06 12:00", True),
        (When(first=date(2026, 12, 24), last=date(2027, 1, 6)), "2027-01-07 12:00", False),
    ],
)
def test_times(when: When, moment: str, wanted: bool) -> None:
    assert holds(when, datetime.fromisoformat(moment)) == wanted


def test_a_moment_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        at_site(datetime.fromisoformat("2026-01-01"), "UTC")
    assert at_site(datetime(2026, 3, 29, 1, tzinfo=UTC), "Europe/Madrid").hour == 3  # the change


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 23), st.integers(0, 23), st.sets(st.integers(0, 6)), st.integers(0, 10_000))
def test_a_time_holds_for_exactly_its_hours(
    start: int, end: int, days: set[int], hour: int
) -> None:
    """Against a model that marks every hour of the week."""
    hours = (end - start) % 24 or 24
    first = start if start != end else 0  # a whole day is that of the calendar
    marked = {(d * 24 + first + n) % 168 for d in (days or range(7)) for n in range(hours)}
    when = When(tuple(days), time(start), time(end))
    asked = hour % 168
    moment = datetime(2026, 11, 23 + asked // 24, asked % 24, tzinfo=UTC)  # a Monday
    assert holds(when, moment) == (asked in marked)
