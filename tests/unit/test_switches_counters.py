"""Counters: wraps, restarts, clearing, and what an hour of them amounts to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.signals import Trouble
from monitors.switches.counters import (
    COUNTER32,
    COUNTER64,
    Sample,
    counted,
    increase,
    increases,
    restarted,
    troubles,
)

HOUR = 360_000  # ticks


def sample(at_s: float, uptime: int | None = None, **values: int) -> Sample:
    ticks = round(at_s * 100) + 5_000_000 if uptime is None else uptime
    return Sample(at_s, ticks, values)


@given(
    st.integers(0, COUNTER32 - 1), st.integers(0, 2**30), st.sampled_from([COUNTER32, COUNTER64])
)
def test_a_counter_that_wraps_has_grown_by_what_it_grew(before, grown, size) -> None:
    after = (before + grown) % size
    assert increase(before, after, was_restarted=False, size=size) == grown


@given(st.integers(0, COUNTER32 - 1), st.integers(0, COUNTER32 - 1), st.booleans())
def test_growth_is_never_negative(before, after, was_restarted) -> None:
    assert increase(before, after, was_restarted=was_restarted) >= 0


def test_after_a_restart_what_it_counted_since() -> None:
    assert increase(500, 3, was_restarted=True) == 3


def test_a_counter_somebody_cleared_is_no_wrap() -> None:
    """From 500 to 2 the long way round would be four thousand million short circuits."""
    assert increase(500, 2, was_restarted=False) == 2
    assert increase(COUNTER32 - 3, 2, was_restarted=False) == 5


@given(st.integers(0, COUNTER32 - 1), st.floats(0, 86400), st.floats(-30, 30))
def test_time_that_only_goes_on_is_no_restart(uptime, passed_s, drift_s) -> None:
    later = (uptime + round((passed_s + drift_s) * 100)) % COUNTER32
    if later >= uptime or uptime + (passed_s + drift_s) * 100 >= COUNTER32:
        assert not restarted(Sample(0, uptime), Sample(passed_s, later))


@given(st.integers(20_000, COUNTER32 - 1), st.integers(0, 10_000))
def test_a_clock_that_begins_anew_is_a_restart(uptime, since_ticks) -> None:
    after_s = since_ticks / 100 + 60
    if uptime + after_s * 100 < COUNTER32 - 20_000:
        assert restarted(Sample(0, uptime), Sample(after_s, since_ticks))


def test_sys_uptime_itself_wraps_after_497_days() -> None:
    before = Sample(0, COUNTER32 - 3000)
    assert not restarted(before, Sample(60, 3000))
    assert restarted(before, Sample(60, 30_000_000)) is True
    assert not restarted(before, Sample(60, None))


def test_a_restart_just_after_the_last_one() -> None:
    assert restarted(Sample(0, 5000), Sample(30, 1000))


def test_an_hour() -> None:
    samples = [
        sample(0, short=1, in_errors=10, last_change=5),
        sample(1000, short=2, in_errors=10, last_change=5),
        sample(2000, short=2, in_errors=150, last_change=190_000),
        sample(5000, short=4, in_errors=150, last_change=400_000),
    ]
    assert counted(samples, 5000) == {"short": 2, "in_errors": 140, "flaps": 2}
    assert counted(samples, 1500) == {"short": 1, "in_errors": 0, "flaps": 0}
    assert counted([], 0) == {"flaps": 0}


def test_a_restart_is_no_flap_and_its_counters_start_at_zero() -> None:
    before = sample(0, 80_000_000, short=7, last_change=5000)
    after = sample(600, 20_000, short=1, last_change=700)
    assert counted([before, after], 600) == {"short": 1, "flaps": 0}


def test_a_counter_that_was_not_there_before() -> None:
    assert increases(sample(0), sample(60, short=9)) == {}


@pytest.mark.parametrize(
    ("grown", "trouble"),
    [
        ({"short": 1}, {Trouble.SHORT}),
        ({"overload": 1, "denied": 2}, {Trouble.OVERLOAD, Trouble.DENIED}),
        ({"power_lost": 2}, set()),
        ({"power_lost": 3}, {Trouble.POWER_LOST}),
        ({"invalid_signature": 2}, set()),
        ({"invalid_signature": 5}, {Trouble.NOT_A_POE_DEVICE}),
        ({"in_errors": 99}, set()),
        ({"in_errors": 100}, {Trouble.LINK_ERRORS}),
        ({}, set()),
    ],
)
def test_what_counts_amount_to(grown: dict[str, int], trouble: set[Trouble]) -> None:
    assert troubles(grown) == trouble
