"""Emergency numbers of every country pass every rule and every limit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.calls.book import OutgoingCall
from monitors.calls.donotcall import DoNotCallList, DoNotCallRules, check
from monitors.calls.guard import CallGuard
from monitors.calls.incoming import IncomingCall, IncomingRules
from monitors.calls.limits import OutgoingRules
from monitors.calls.rates import Rate, RateTable
from monitors.calls.tollfree import Listed, TollFreeCall
from provisioner.inventory.calls import (
    CallAction,
    CallerActions,
    Calls,
    IncomingRule,
    Limits,
    ScopeLimits,
    When,
    WrittenNumber,
)
from provisioner.numbering.countries import country_of, known_countries
from provisioner.numbering.masks import read_mask
from provisioner.numbering.number import Kind, NumberError
from provisioner.numbering.plan import Plan

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
NONE = ScopeLimits(Decimal(0), Decimal(0), 0, 0, 0, 1)
OTHERS = tuple(f"+{digit}*" for digit in range(1, 10))
CLOSED = (*OTHERS, "premium", "satellite", "shared-cost")
SCOPES = (("account", "100"), ("room", "1"), ("site", "s"))


def masks_of(plan: Plan, numbers: frozenset[str]) -> tuple[WrittenNumber, ...]:
    """The numbers themselves, all that begin as they do, patterns as long as they are, all others.

    Without the masks that no number of the country can have: no rule can be written with them.
    """
    patterns = {f"{n[0]}{'.' * (len(n) - 1)}" for n in numbers}
    written = {*numbers, *(f"{n[:1]}*" for n in numbers), *patterns, *OTHERS}
    return tuple(WrittenNumber(text) for text in sorted(written) if readable(text, plan))


def readable(text: str, plan: Plan) -> bool:
    try:
        read_mask(text, plan)
    except NumberError:
        return False
    return True


def strictest(plan: Plan, numbers: frozenset[str]) -> Calls:
    """Every kind of rule and limit at once, each of them against these numbers."""
    black = masks_of(plan, numbers)
    return Calls(
        groups={"all": black},
        incoming=(
            IncomingRule("own", ("100",), (), black, "refuse"),
            IncomingRule("group", (), (), (WrittenNumber("group:all"),), "refuse", "busy"),
        ),
        actions=(
            CallerActions("any", ("any",), (CallAction("hang_up"),)),
            CallerActions("named", ("group:all",), (CallAction("busy"),)),
        ),
        limits=Limits(
            NONE,
            NONE,
            NONE,
            {"100": NONE},
            (*CLOSED, *({plan.country} & known_countries()), *(each.number for each in black)),
            (When(),),
        ),
    )


@pytest.mark.parametrize("code", [*sorted(known_countries()), "AQ"])
def test_every_emergency_number_passes_the_strictest_rules(code: str) -> None:
    numbers = country_of(code).emergency_numbers()
    assert numbers
    plan = Plan(code, extensions=frozenset({"100"}), outside="7")
    calls = strictest(plan, numbers)
    incoming = IncomingRules(calls, plan)
    guard = CallGuard("s", OutgoingRules(calls, plan, RateTable([Rate("1", Decimal(9))])))
    guard.blocked.update(dict.fromkeys(SCOPES, "by hand"))
    for ringing in range(3):
        guard.book.start(
            OutgoingCall(f"other{ringing}", SCOPES, date(2026, 11, 22), NOW.timestamp())
        )
    worst = TollFreeCall(9, Listed(9, NOW, by_hand=True))
    do_not_call = DoNotCallRules(plan, (DoNotCallList("x", date(2026, 1, 1), "plain", numbers),))
    for number in sorted(numbers):
        for spelled in (number, f"7{number}", f"sip:{number}@10.0.0.1", f"tel:{number}"):
            asked = plan.dialled(spelled)
            assert asked.emergency, spelled
            assert (
                guard.ask(f"call {spelled}", "100", asked, NOW, room="1").because.rule
                == "emergency"
            )
            decided, _ = check(do_not_call, asked, "100", NOW)
            assert decided.passes
        call = IncomingCall(plan.read(number), "100", NOW, toll_free=worst)
        assert incoming.decide(call).because.rule == "emergency"
        assert incoming.decide(call).actions == ()


def test_the_numbers_a_site_names_itself_pass_too() -> None:
    plan = Plan("ES", emergency=frozenset({"900500500"}))
    guard = CallGuard("s", OutgoingRules(Calls(limits=Limits(NONE, NONE, NONE)), plan))
    guard.blocked[SCOPES[0]] = "by hand"
    assert guard.ask("1", "100", plan.dialled("900500500"), NOW).because.rule == "emergency"


RULES = st.builds(
    IncomingRule,
    st.just("r"),
    st.sampled_from([(), ("100",), ("1..",), ("101",)]),
    st.sampled_from([(), (WrittenNumber("+34912345678"),)]),
    st.lists(
        st.sampled_from(["112", "1*", "11.", "061", "+34*", "100-199", "1.."]).map(WrittenNumber)
    ).map(tuple),
    st.sampled_from([None, "allow", "refuse", "announcement", "reception"]),
    st.sampled_from(["busy", "hang_up", "announcement"]),
)
LIMITS = st.builds(
    ScopeLimits,
    *[st.none() | st.decimals(0, 5, places=2)] * 2,
    *[st.none() | st.integers(0, 3)] * 3,
    st.none() | st.integers(1, 2),
)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(RULES, max_size=3),
    st.lists(LIMITS, min_size=3, max_size=3),
    st.sampled_from(["112", "061", "062", "080", "091", "092", "085", "088", "+34112", "0112"]),
    st.booleans(),
)
def test_whatever_the_rules_an_emergency_call_passes(
    rules: list[IncomingRule], limits: list[ScopeLimits], text: str, extension: bool
) -> None:
    extensions = {"100", "101", *(["112"] if extension else [])}
    plan = Plan("ES", extensions=frozenset(extensions), outside="0")
    calls = Calls(incoming=tuple(rules), limits=Limits(*limits, {}, CLOSED, (When(),)))
    number = plan.dialled(text)
    guard = CallGuard("s", OutgoingRules(calls, plan, RateTable()))
    guard.blocked.update(dict.fromkeys(SCOPES, "by hand"))
    assert guard.ask("1", "100", number, NOW, room="1").passes
    for level in (0, 3, 9):
        call = IncomingCall(number, "100", NOW, toll_free=TollFreeCall(level))
        assert IncomingRules(calls, plan).decide(call).because.rule == "emergency"
    assert number.kind in {Kind.EMERGENCY, Kind.INTERNAL}
