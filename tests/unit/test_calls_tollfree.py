"""Toll-free numbers: who gets on the list, and the code that must be keyed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.calls.tollfree import (
    DAY_S,
    Dialogue,
    Listed,
    Step,
    after_dialogue,
    answered,
    begin,
    counts_of,
    hung_up,
    judge,
    keyed,
    said,
    waited,
)
from monitors.calls.windows import SlidingCount
from provisioner.inventory.calls import TollFree

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RULES = TollFree(("900123456",), per_hour=3, per_day=5, level=2, forget_days=30)


@pytest.mark.parametrize(("counts", "level"), [((1, 1), 0), ((3, 5), 0), ((4, 4), 2), ((1, 6), 2)])
def test_too_many_calls_put_a_caller_on_the_list(counts: tuple[int, int], level: int) -> None:
    call = judge(RULES, counts, None, NOW)
    assert call.level == level
    assert call.just_listed == (level > 0)
    assert judge(RULES, counts, None, NOW, white=True).level == 0


def test_a_listed_caller_stays_until_it_has_been_quiet() -> None:
    listed = Listed(7, NOW - timedelta(days=29))
    assert judge(RULES, (1, 1), listed, NOW).level == 7
    assert judge(RULES, (1, 1), listed, NOW).listed == Listed(7, NOW)
    assert judge(RULES, (1, 1), listed, NOW + timedelta(days=1)).level == 0
    by_hand = Listed(6, NOW - timedelta(days=400), by_hand=True)
    assert judge(RULES, (1, 1), by_hand, NOW).level == 6
    assert judge(RULES, (1, 1), by_hand, NOW, white=True).level == 0


def test_a_night_of_a_robot() -> None:
    windows, listed, levels = SlidingCount(DAY_S), None, []
    for minute in range(12):
        at = NOW + timedelta(minutes=minute)
        windows.add("+34600111222", at.timestamp(), f"call {minute}")
        call = judge(RULES, counts_of(windows, "+34600111222", at.timestamp()), listed, at)
        listed = call.listed and after_dialogue(call.listed, right=False)
        levels.append(call.level)
    assert levels == [0, 0, 0, 2, 3, 4, 5, 6, 7, 8, 9, 9]


def test_the_right_code_leaves_the_level() -> None:
    assert after_dialogue(Listed(3, NOW), right=True) == Listed(3, NOW)


def waiting(code: int = 47) -> Dialogue:
    return answered(said(begin(code, 10)), 100.0)


def test_the_code_is_said_then_the_call_is_answered() -> None:
    first = begin(1_000_007, 10)
    assert (first.step, first.code) == (Step.SAY_CODE, "07")
    assert answered(first, 5.0).step is Step.SAY_CODE
    assert keyed(first, "0", 5.0).keyed == ""
    assert said(first).step is Step.ANSWER
    assert waiting().step is Step.WAIT
    assert waiting().deadline_s == 109.0


def test_right_code() -> None:
    dialogue = keyed(keyed(waiting(), "4", 103), "7", 108.9)
    assert dialogue.step is Step.CONNECT
    assert hung_up(dialogue).step is Step.CONNECT
    assert keyed(dialogue, "1", 104) == dialogue


@pytest.mark.parametrize("keys", ["48", "74", "00"])
def test_wrong_code(keys: str) -> None:
    dialogue = waiting()
    for key in keys:
        dialogue = keyed(dialogue, key, 103)
    assert dialogue.step is Step.HANG_UP


def test_no_code_and_a_late_one() -> None:
    assert waited(waiting(), 108.9).step is Step.WAIT
    assert waited(waiting(), 109.0).step is Step.HANG_UP
    assert keyed(keyed(waiting(), "4", 103), "7", 109.0).step is Step.HANG_UP
    assert waited(begin(1, 10), 10**6).step is Step.SAY_CODE
    assert hung_up(waiting()).step is Step.HANG_UP


def test_stars_do_not_count() -> None:
    dialogue = waiting()
    for key in ("*", "4", "#", "", "77"[:0], "7"):
        dialogue = keyed(dialogue, key, 101)
    assert dialogue.step is Step.CONNECT


@settings(max_examples=120, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(4, 30),
    st.lists(st.tuples(st.floats(0, 5), st.sampled_from("0123456789*#")), max_size=8),
)
def test_nobody_is_connected_without_the_code_in_time(
    drawn: int, interval_s: int, keys: list[tuple[float, str]]
) -> None:
    dialogue, now, digits = answered(said(begin(drawn, interval_s)), 0.0), 0.0, ""
    for after, key in keys:
        now += after
        was_over = dialogue.is_over
        dialogue = keyed(dialogue, key, now)
        digits += key if key.isdecimal() and not was_over else ""
        if dialogue.step is Step.CONNECT and not was_over:
            assert digits == dialogue.code
            assert now < interval_s - 1
    late = waited(dialogue, interval_s - 1)
    assert late.is_over
