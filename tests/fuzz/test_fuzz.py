"""Every parser that meets the network: a short run of what ``python -m bench fuzz`` does at length."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.fuzz import fuzz
from tests.fuzz.mutating import inputs
from tests.fuzz.targets import TARGETS

QUICK = ("http-head", "sip-message")
"""Those that are also fuzzed guided by coverage here; each start costs a second or two."""


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_understood(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        target.take(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_what_it_may_raise(name: str) -> None:
    target = TARGETS[name]

    @settings(
        max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(st.shared(inputs(target), key=name))
    def feed(data: bytes) -> None:
        try:
            target.take(data)
        except target.refuses:
            return

    feed()


@pytest.mark.parametrize("name", QUICK)
def test_guided_by_coverage(name: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris")
    found = fuzz(name, 5_000, tmp_path)
    assert found.faults == {}
    assert found.ended == "done"
    assert found.inputs >= 5_000
    assert found.edges > 50
