"""Limits of outgoing calls: what is counted, what is left, and when a call is cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.calls.book import CallBook, OutgoingCall
from monitors.calls.decision import Decision, Verdict
from monitors.calls.guard import CallGuard
from monitors.calls.limits import OutgoingRules
from monitors.calls.rates import Rate, RateTable
from monitors.calls.spending import MOST_S, seconds_together
from provisioner.inventory.calls import NO_LIMITS, Calls, Limits, ScopeLimits, When
from provisioner.numbering.plan import Plan

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = date(2026, 11, 22)
PLAN = Plan(
    "ES",
    extensions=frozenset({"100", "2214"}),
    services=frozenset({"*97"}),
    reception="900 111 222",
)
RATES = RateTable([
    Rate("34", Decimal("0.01")),
    Rate("44", Decimal("0.60")),
    Rate("53", Decimal(3), connection_fee=Decimal(1)),
    Rate("1", Decimal("0.10"), first_s=60, step_s=60),
])  # fmt: skip
WIDE = ScopeLimits(Decimal(1000), Decimal(1000), 1000, 1000, 1000, 1000)
UK, CUBA, HOME, US = "+442079460123", "+5371234567", "912345678", "+12025550123"


class Site:
    """A guard with a clock."""

    def __init__(self, rates: RateTable | None = RATES, **limits: object) -> None:
        given = {"account": WIDE, "room": NO_LIMITS, **limits}
        calls = Calls(limits=Limits(**given))  # type: ignore[arg-type]
        rules = OutgoingRules(calls, PLAN, rates, "Europe/Madrid")
        self.guard = CallGuard("aurora", rules)
        self.now = NOW
        self.count = 0

    def ask(self, number: str, account: str = "2214", room: str = "214") -> Decision:
        self.count += 1
        return self.guard.ask(f"call {self.count}", account, PLAN.dialled(number), self.now, room)

    def finish(self, seconds: int, call: int | None = None) -> None:
        name = f"call {call or self.count}"
        self.guard.book.answer(name, self.now.timestamp())
        self.now += timedelta(seconds=seconds)
        self.guard.book.end(name, self.now.timestamp())

    def usage(self, kind: str = "account", name: str = "2214") -> object:
        return self.guard.book.usage((kind, name), DAY, self.now.timestamp())


@pytest.mark.parametrize(
    ("number", "rule"),
    [("112", "emergency"), ("100", "internal"), ("*97", "service"), ("900111222", "reception")],
)
def test_what_always_passes(number: str, rule: str) -> None:
    site = Site(account=ScopeLimits(Decimal(0), Decimal(0), 0, 0, 0, 1), closed=("ES",))
    site.guard.blocked = {("account", "2214"): "by hand", ("site", "aurora"): "by hand"}
    assert site.ask(number).because.rule == rule
    assert site.ask(HOME).because.rule == "blocked"


def test_a_number_nobody_can_read_is_not_dialled() -> None:
    assert Site().ask("*21*0034912345678#").because.rule == "unknown_number"
    assert Site().ask("reservas").because.rule == "unknown_number"
    assert Site().ask("").because.rule == "unknown_number"


@pytest.mark.parametrize(
    ("number", "entry"),
    [("806123456", "premium"), ("11818", "premium"), ("+870773111632", "satellite"), (CUBA, "CU")],
)
def test_closed_destinations(number: str, entry: str) -> None:
    got = Site(closed=("premium", "satellite", "CU")).ask(number)
    assert (got.because.rule, got.because.facts["entry"]) == ("closed_destination", entry)
    assert got.blocks == ""


def test_closed_times_are_of_the_site_and_of_calls_abroad() -> None:
    site = Site(closed_times=(When(start=time(23), end=time(7)),))
    assert site.ask(UK).passes
    site.now = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    got = site.ask(UK)
    assert (got.because.rule, got.because.facts["time"]) == ("closed_time", "23:30")
    assert site.ask(HOME).passes


def test_calls_at_the_same_time() -> None:
    site = Site(account=replace(WIDE, simultaneous=2))
    assert site.ask(HOME).passes
    assert site.ask(UK).passes
    got = site.ask(HOME)
    assert (got.because.rule, got.blocks) == ("simultaneous", "")
    site.guard.book.end("call 1", site.now.timestamp())
    assert site.ask(HOME).passes


@pytest.mark.parametrize(
    ("window", "step"),
    [
        ("hour", timedelta(minutes=1)),
        ("day", timedelta(minutes=70)),
        ("month", timedelta(hours=25)),
    ],
)
def test_international_calls_are_counted(window: str, step: timedelta) -> None:
    site = Site(account=replace(WIDE, **{f"international_{window}": 3}))  # type: ignore[arg-type]
    site.now = datetime(2026, 11, 3, 8, tzinfo=UTC)
    for _ in range(3):
        assert site.ask(UK).passes
        site.finish(5)
        site.now += step
    assert site.ask(HOME).passes
    got = site.ask(UK)
    assert (got.because.rule, got.blocks) == (f"calls_{window}", "account")
    assert got.because.facts == {"scope": "account 2214", "used": "3", "most": "3"}
    assert site.ask(HOME).because.rule == "blocked"
    assert site.ask(HOME, "100", "").passes
    assert site.guard.unblock(("account", "2214"))
    assert not site.guard.unblock(("account", "2214"))
    assert site.ask(HOME).passes


def test_the_hour_slides_and_the_day_begins_at_midnight_of_the_site() -> None:
    site = Site(account=replace(WIDE, international_hour=1, international_day=2))
    site.now = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)  # 22:00 in Madrid
    assert site.ask(UK).passes
    site.now += timedelta(seconds=3599)
    assert not site.ask(UK).passes
    site.guard.blocked.clear()
    site.now += timedelta(seconds=1)
    assert site.ask(UK).passes
    site.now = datetime(2026, 11, 22, 22, 59, tzinfo=UTC)
    site.guard.blocked.clear()
    assert site.ask(UK).because.rule == "calls_hour"
    site.guard.blocked.clear()
    site.now = datetime(2026, 11, 22, 23, 1, tzinfo=UTC)  # 00:01 in Madrid
    assert site.ask(UK).passes


def test_rooms_and_sites_are_counted_too() -> None:
    site = Site(
        room=replace(NO_LIMITS, international_day=2), site=replace(NO_LIMITS, international_day=3)
    )
    assert site.ask(UK, "2214").passes
    assert site.ask(UK, "100").passes
    got = site.ask(UK, "2214")
    assert (got.because.facts["scope"], got.blocks) == ("room 214", "room")
    assert site.ask(HOME, "100").because.rule == "blocked"
    assert site.ask(UK, "100", "100").passes
    assert site.ask(UK, "100", "100").blocks == "site"


def test_an_account_of_its_own_limits() -> None:
    site = Site(accounts={"100": replace(WIDE, international_day=0)})
    assert not site.ask(UK, "100").passes
    assert site.ask(UK, "2214").passes


def test_money_of_a_day_cuts_and_then_blocks() -> None:
    site = Site(account=replace(WIDE, spend_day=Decimal(1)))
    assert site.ask(UK).most_s == 100  # 0.60 a minute
    site.finish(60)
    assert site.ask(UK).most_s == 40
    site.finish(40)
    got = site.ask(UK)
    assert (got.because.rule, got.blocks) == ("spend_day", "account")
    assert got.because.facts["most"] == "1.00 EUR"
    site.now += timedelta(days=1)
    site.guard.blocked.clear()
    assert site.ask(UK).most_s == 100


def test_money_of_a_month() -> None:
    site = Site(account=replace(WIDE, spend_day=Decimal(1), spend_month=Decimal("1.5")))
    for most_s in (100, 50):
        assert site.ask(UK).most_s == most_s
        site.finish(most_s)
        site.now += timedelta(days=1)
    assert site.ask(UK).because.rule == "spend_month"
    site.guard.blocked.clear()
    site.now = datetime(2026, 12, 1, tzinfo=UTC)
    assert site.ask(UK).passes


def test_a_call_that_only_begins_for_more_than_is_left_is_refused() -> None:
    site = Site(account=replace(WIDE, spend_day=Decimal("1.04")))
    assert site.ask(CUBA).because.rule == "spend_day"  # 1.05 for its first second
    assert site.guard.blocked == {("account", "2214"): "spend_day"}


def test_calls_together_draw_on_one_purse() -> None:
    site = Site(account=replace(WIDE, spend_day=Decimal(1)))
    assert site.ask(UK).most_s == 100
    assert site.ask(UK).most_s == 50
    assert site.guard.cuts(site.now) == {"call 1": 50, "call 2": 50}
    site.guard.book.answer("call 1", site.now.timestamp())
    site.now += timedelta(seconds=20)
    assert site.guard.cuts(site.now) == {"call 1": 40, "call 2": 40}
    site.guard.book.end("call 2", site.now.timestamp())
    assert site.guard.cuts(site.now) == {"call 1": 80}


def test_a_call_over_midnight_draws_on_the_day_it_began() -> None:
    site = Site(account=replace(WIDE, spend_day=Decimal(1)))
    site.now = datetime(2026, 11, 22, 22, 59, 50, tzinfo=UTC)  # 23:59:50 in Madrid
    assert site.ask(UK).most_s == 100
    site.guard.book.answer("call 1", site.now.timestamp())
    site.now += timedelta(seconds=20)
    assert site.ask(UK).most_s == 100
    assert site.guard.cuts(site.now) == {"call 1": 80, "call 2": 100}


def test_destinations_without_a_rate() -> None:
    assert Site().ask("+81312345678").because.rule == "no_rate"
    assert Site(unrated="allow").ask("+81312345678").most_s == MOST_S
    assert Site(rates=None).ask("+81312345678").passes
    assert Site(RateTable()).ask(HOME).passes


def test_the_first_call_to_a_country_is_told() -> None:
    site = Site()
    assert [each.rule for each in site.ask(UK).warnings] == ["new_country"]
    assert site.ask(UK).warnings == ()
    assert site.ask(HOME).warnings == ()
    assert [each.rule for each in site.ask(US).warnings] == ["new_country"]
    site.guard.book.learn(("account", "100"), ["GB"])
    assert site.ask(UK, "100").warnings == ()
    assert Site(warn_new_country=False).ask(UK).warnings == ()


def test_asked_twice_a_call_counts_once() -> None:
    site = Site(account=replace(WIDE, spend_day=Decimal(1), international_hour=1, simultaneous=1))
    number = PLAN.dialled(UK)
    first = site.guard.ask("same", "2214", number, NOW)
    assert site.guard.ask("same", "2214", number, NOW).most_s == first.most_s == 100
    with pytest.raises(ValueError, match="is another call"):
        site.guard.ask("same", "2214", PLAN.dialled(CUBA), NOW)


# the book


def call(name: str = "a", **changes: object) -> OutgoingCall:
    made = OutgoingCall(
        name, (("account", "1"),), DAY, 1000.0, UK, True, "GB", Rate("44", Decimal("0.60"))
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_every_event_counts_once_and_late_records_correct_it() -> None:
    book = CallBook()
    scope = ("account", "1")
    assert book.start(call())
    assert not book.start(call())
    assert not book.answer("unknown", 1)
    assert book.answer("a", 1010)
    assert not book.answer("a", 1011)
    assert book.end("a", 1070)
    assert not book.end("a", 1070)
    assert book.usage(scope, DAY, 1100).spent_day == Decimal("0.60")
    assert book.end("a", 1130, 1010)  # the record knows better
    assert not book.end("a", 1130, 1010)
    assert book.usage(scope, DAY, 1200).spent_month == Decimal("1.20")
    assert book.usage(scope, DAY, 1200).day == 1
    assert not book.end("unknown", 1)


def test_a_call_that_nobody_answered_costs_nothing_but_counts() -> None:
    book = CallBook()
    book.start(call())
    assert book.usage(("account", "1"), DAY, 1000).running[0].cost_at(1000) == Decimal("0.01")
    book.end("a", 1060)
    usage = book.usage(("account", "1"), DAY, 1100)
    assert (usage.spent_day, usage.day, usage.hour) == (Decimal(0), 1, 1)
    book.end("a", 1060, 1000)  # it was answered after all
    assert book.usage(("account", "1"), DAY, 1100).spent_day == Decimal("0.60")


def test_old_sums_are_dropped_and_the_month_stays() -> None:
    book = CallBook()
    for name, day in (("old", date(2026, 10, 31)), ("early", date(2026, 11, 2)), ("now", DAY)):
        book.start(call(name, day=day))
        book.answer(name, 1000)
        book.end(name, 1060)
    book.forget(DAY, 2000)
    usage = book.usage(("account", "1"), DAY, 1100)
    assert (usage.spent_day, usage.spent_month) == (Decimal("0.60"), Decimal("1.20"))
    assert (usage.hour, usage.day, usage.month) == (0, 1, 2)
    assert book.usage(("account", "1"), date(2026, 10, 31), 1100).spent_month == 0
    assert book.call("old") is None
    assert list(book.running()) == []


METERS = st.lists(
    st.tuples(
        st.builds(
            Rate, st.just("1"), st.decimals(0, 3, places=2), st.just(""),
            st.decimals(0, 1, places=2), st.integers(1, 60), st.integers(1, 60),
        ),
        st.integers(0, 300),
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(METERS, st.decimals(0, 20, places=2))
def test_calls_together_may_go_on_for_the_most_seconds(
    meters: list[tuple[Rate, int]], budget: Decimal
) -> None:
    now = 10_000.0
    calls = [
        call(str(n), rate=rate, answered_s=now - gone) for n, (rate, gone) in enumerate(meters)
    ]
    seconds = seconds_together(calls, None, budget, now)

    def together(more: int) -> Decimal:
        return sum((rate.cost(gone + more) for rate, gone in meters), Decimal(0))

    if seconds is None:
        assert together(10**5) <= budget
    elif seconds:
        assert together(seconds) <= budget
        assert seconds == MOST_S or together(seconds + 1) > budget
    else:
        assert together(1) > budget or together(0) > budget


def test_nothing_left_is_no_call() -> None:
    assert (
        seconds_together([], Rate("1", Decimal(0), connection_fee=Decimal(1)), Decimal(0), 0) == 0
    )
    assert seconds_together([], None, Decimal(0), 0) is None
    assert Site(account=replace(WIDE, spend_day=Decimal(0))).ask(UK).verdict is Verdict.REFUSE
