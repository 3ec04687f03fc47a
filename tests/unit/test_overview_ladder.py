"""The ladder as it is shown: what is ok, bad and unknown, and why."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitors.diagnosis.explain import RULES, explain
from monitors.diagnosis.rule import Layer
from monitors.diagnosis.wording import LANGUAGES
from monitors.evidence import Evidence
from monitors.signals import Signal, Trouble
from web.overview.ladder import (
    BAD,
    GOOD,
    NEITHER,
    OK,
    STEPS,
    UNKNOWN,
    evidence_views,
    layer_of,
    mark_of,
    steps,
)
from web.overview.wording import voice

SIGNALS = Evidence().signals()
NOON = datetime.fromisoformat("2026-11-22 12:00")
ENGLISH = voice("en", ZoneInfo("UTC"), NOON)
SHORT_NAMES = ("power", "link", "place", "address", "config", "registration", "reachability")


def evidence(age_s: float = 10.0, **given: Any) -> Evidence:
    made = {}
    for name, said in given.items():
        value, measured = said if isinstance(said, tuple) else (said, "")
        made[name] = Signal(type(SIGNALS[name].value)(value), age_s, "snmp sw-2", measured)
    return Evidence(**made)


def marks(known: Evidence, *, trouble: bool = True) -> dict[str, str]:
    cause = layer_of(explain(known).rule)
    made = steps(known, cause, ENGLISH, trouble=trouble)
    return {step.layer.name.lower(): step.mark for step in made}


@pytest.mark.parametrize("name", SIGNALS)
def test_every_value_is_good_bad_or_neither(name: str) -> None:
    kind = type(SIGNALS[name].value)
    assert GOOD[name] <= set(kind)
    assert NEITHER[name] <= set(kind)
    assert not GOOD[name] & NEITHER[name]
    assert all(isinstance(value, kind) for value in GOOD[name] | NEITHER[name])
    unknown = "none" if name == "mapping" else "unknown"
    assert mark_of(name, Signal(kind(unknown))) == UNKNOWN


def test_every_signal_but_switch_and_mapping_is_on_one_step() -> None:
    told = [name for names in STEPS.values() for name in names]
    assert sorted(told) == sorted(set(SIGNALS) - {"switch", "mapping"})


def test_a_short_circuit() -> None:
    known = evidence(
        mapping="proven", switch="up", power=("short", "Short"), link="down", registration="none"
    )
    assert marks(known) == {
        "power": BAD, "link": BAD, "place": UNKNOWN, "address": UNKNOWN, "config": UNKNOWN,
        "registration": BAD, "reachability": UNKNOWN,
    }  # fmt: skip
    made = steps(known, Layer.POWER, ENGLISH, trouble=True)
    assert [step.is_cause for step in made] == [True, *[False] * 6]
    assert made[0].text == "short circuit (Short)"


def test_a_wrong_password_leaves_all_below_well() -> None:
    known = evidence(
        mapping="proven", switch="up", power="delivering", watts=("normal", "3.9 W"),
        link=("up", "up, 100 Mbit/s"), neighbour="this-phone", address="good", config="current",
        registration="none", security="wrong-password", options=("alive", "200"),
    )  # fmt: skip
    found = marks(known)
    assert [found[name] for name in SHORT_NAMES[:5]] == [OK] * 5
    assert found["registration"] == BAD
    texts = {s.layer: s.text for s in steps(known, Layer.REGISTRATION, ENGLISH, trouble=True)}
    assert texts[Layer.POWER] == "delivers power; normal (3.9 W)"
    assert texts[Layer.LINK] == "up (100 Mbit/s)"
    assert texts[Layer.REGISTRATION] == "not registered; refusals of the PBX: wrong password"


def test_a_live_contact_proves_every_step_whatever_the_switch_says() -> None:
    known = evidence(registration="reachable", power="off", switch="down", link="unknown")
    assert set(marks(known, trouble=False).values()) == {OK}


def test_a_warning_marks_its_step_only() -> None:
    known = evidence(registration="reachable", vlan="wrong", link="up")
    found = marks(known)
    assert found.pop("place") == BAD
    assert set(found.values()) == {OK}


def test_the_switch_is_named_where_it_does_not_answer() -> None:
    known = evidence(switch=("down", "no answer in 3 s"), mapping="likely", registration="none")
    power = steps(known, Layer.POWER, ENGLISH, trouble=True)[0]
    assert (power.mark, power.text) == (BAD, "switch: does not answer (no answer in 3 s)")


def test_registered_and_out_of_reach() -> None:
    known = evidence(registration="unreachable", link="up", options="silent", power="delivering")
    found = marks(known)
    assert (found["registration"], found["reachability"]) == (OK, BAD)


def test_old_news_is_shown_and_does_not_count() -> None:
    known = evidence(age_s=1e6, power="short", registration="none")
    assert set(marks(known, trouble=False).values()) == {UNKNOWN}
    assert [(e.signal, e.is_stale) for e in evidence_views(known, ENGLISH)] == [
        ("power", True),
        ("registration", True),
    ]


def test_evidence_says_value_measure_age_and_source() -> None:
    (link,) = evidence_views(evidence(link=("unstable", "up, 6 changes in an hour")), ENGLISH)
    assert (link.signal, link.value, link.age_s, link.source) == (
        "link", "unstable", 10.0, "snmp sw-2",
    )  # fmt: skip
    assert link.said == "goes up and down (up, 6 changes in an hour)"
    assert (link.mark, link.measured) == (BAD, "up, 6 changes in an hour")
    assert evidence_views(Evidence(), ENGLISH) == ()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_its_step(rule: Any) -> None:
    assert layer_of(rule.id) in {r.layer for r in RULES if r.id == rule.id}


@pytest.mark.parametrize(
    ("rule", "layer"),
    [("B5", 1), ("D1", 3), ("F5", 6), ("H8", 7), ("I1", 8), ("I6", 8), ("J1", 0), ("J3", 0)],
)
def test_steps_of_some_rules(rule: str, layer: int) -> None:
    assert layer_of(rule) == layer


def test_any_state_has_a_ladder_in_any_language() -> None:
    chance = random.Random(20261122)
    for number in range(3000):
        known = Evidence(
            **{
                name: Signal(chance.choice(list(type(s.value))), chance.choice([None, 5.0, 1e7]))
                for name, s in SIGNALS.items()
            },  # type: ignore[arg-type]
            troubles=frozenset(t for t in Trouble if chance.random() < 0.1),
        )
        found = explain(known)
        speaking = voice(LANGUAGES[number % 3], ZoneInfo("UTC"), NOON)
        layer = layer_of(found.rule)
        made = steps(known, layer, speaking, trouble=found.is_fault)
        assert [step.layer for step in made] == list(STEPS)
        causes = [step for step in made if step.is_cause]
        assert len(causes) == (found.is_fault and layer in STEPS)
        assert all(step.mark == BAD for step in causes)
        assert all("{" not in step.text for step in made)
        evidence_views(known, speaking)
