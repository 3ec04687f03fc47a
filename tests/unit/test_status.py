"""When a phone counts as down, and when as well again."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.diagnosis.explain import Diagnosis
from monitors.diagnosis.rule import Layer, Sureness, Weight
from monitors.status import Policy, State, Status, advance

NOON = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - naive UTC, as stored
USUAL = Policy()
GOOD = Diagnosis("I1", Layer.WELL, Weight.NOTE, Sureness.CERTAIN)
WARNED = Diagnosis("C4", Layer.LINK, Weight.WARNING, Sureness.CERTAIN)
BAD = Diagnosis("B5", Layer.POWER, Weight.FAULT, Sureness.CERTAIN)
ABSENT = Diagnosis("G12", Layer.REGISTRATION, Weight.ABSENCE, Sureness.POSSIBLE)
STARTED = Diagnosis("J1", Layer.NOTHING, Weight.NOTE, Sureness.POSSIBLE)
BOXED = Diagnosis("J2", Layer.NOTHING, Weight.NOTE, Sureness.LIKELY)


def run(*diagnoses: Diagnosis, policy: Policy = USUAL) -> list[Status]:
    made: list[Status] = []
    for minute, diagnosis in enumerate(diagnoses):
        before = made[-1] if made else None
        made.append(advance(before, diagnosis, NOON + timedelta(minutes=minute), policy))
    return made


@pytest.mark.parametrize(
    ("diagnoses", "states"),
    [
        ([GOOD, BAD, GOOD], ["working", "failing", "working"]),
        ([GOOD, BAD, BAD], ["working", "failing", "down"]),
        ([BAD, BAD, GOOD, GOOD], ["failing", "down", "recovering", "working"]),
        ([BAD, BAD, GOOD, BAD], ["failing", "down", "recovering", "down"]),
        ([BAD, BAD, GOOD, WARNED], ["failing", "down", "recovering", "warning"]),
        ([WARNED, GOOD], ["warning", "working"]),
        ([STARTED, STARTED, GOOD], ["unknown", "unknown", "working"]),
        ([BAD, BAD, STARTED, GOOD, GOOD], ["failing", "down", "down", "recovering", "working"]),
        ([BOXED, BOXED], ["not-installed", "not-installed"]),
        ([BAD, BAD, BOXED], ["failing", "down", "down"]),
        ([ABSENT, BAD], ["failing", "down"]),
    ],
)
def test_the_way_of_a_phone(diagnoses: list[Diagnosis], states: list[str]) -> None:
    assert [str(status.state) for status in run(*diagnoses)] == states


def test_a_trouble_began_with_its_first_bad_answer() -> None:
    last = run(GOOD, BAD, BAD, GOOD, BAD)[-1]
    assert (last.state, last.since) == (State.DOWN, NOON + timedelta(minutes=1))


def test_being_well_began_when_it_was_trusted() -> None:
    assert run(BAD, BAD, GOOD, GOOD, GOOD)[-1].since == NOON + timedelta(minutes=3)


def test_the_reason_is_always_the_newest_one() -> None:
    assert [s.rule for s in run(BAD, ABSENT)] == ["B5", "G12"]


def test_a_patient_policy_waits_longer() -> None:
    states = [s.state for s in run(*[BAD] * 4, policy=Policy(misses=4))]
    assert states == [State.FAILING] * 3 + [State.DOWN]


@given(st.lists(st.sampled_from([GOOD, WARNED, BAD, ABSENT, STARTED, BOXED]), max_size=30))
def test_one_answer_never_opens_or_closes(diagnoses: list[Diagnosis]) -> None:
    way = run(*diagnoses)
    for before, after in pairwise(way):
        if before.state in {State.WORKING, State.WARNING}:
            assert not after.is_open
        if before.state is State.DOWN:
            assert after.is_open
        assert after.since <= NOON + timedelta(minutes=len(diagnoses))
