"""Sliding windows against a model that counts everything anew."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.calls.windows import SlidingCount

EVENTS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.integers(0, 400).map(lambda n: n / 4),
        st.sampled_from([f"call-{n}" for n in range(12)]),
    ),
    max_size=30,
)


@settings(max_examples=120, deadline=None)
@given(EVENTS, st.lists(st.tuples(st.integers(0, 110), st.sampled_from([1, 7, 30])), max_size=6))
def test_counting_against_a_model(
    events: list[tuple[str, float, str]], asked: list[tuple[int, int]]
) -> None:
    windows = SlidingCount(30)
    model: dict[tuple[str, str], float] = {}
    for key, at, call in events:
        assert windows.add(key, at, call) == ((key, call) not in model)
        model.setdefault((key, call), at)
    assert len(windows) == len(model)
    for now, window in asked:
        for key in "abc":
            wanted = sum(k == key and now - window < at <= now for (k, _), at in model.items())
            assert windows.count(key, now, window) == wanted


@settings(max_examples=80, deadline=None)
@given(EVENTS, st.integers(0, 100))
def test_forgetting_changes_no_count(events: list[tuple[str, float, str]], now: int) -> None:
    kept, whole = SlidingCount(30), SlidingCount(30)
    for key, at, call in events:
        kept.add(key, at, call)
        whole.add(key, at, call)
    kept.forget(now)
    for key in "ab":
        for later in (now, now + 5):
            assert kept.count(key, later, 30) == whole.count(key, later, 30)
            assert kept.count(key, later, 1) == whole.count(key, later, 1)


def test_the_edges_of_a_window() -> None:
    windows = SlidingCount(3600)
    windows.add("a", 1000, "1")
    assert windows.count("a", 4599.9, 3600) == 1
    assert windows.count("a", 4600, 3600) == 0
    assert windows.count("a", 999, 3600) == 0
    assert windows.last("a") == 1000
    assert windows.last("b") is None
    with pytest.raises(ValueError, match="kept for 3600 s"):
        windows.count("a", 0, 3601)
