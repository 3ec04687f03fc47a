"""One phone, its signals, and the one cause that must come out."""

from __future__ import annotations

import random
import string
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import monitors.diagnosis
from monitors.diagnosis.explain import RULES, Diagnosis, explain, proven_layer
from monitors.diagnosis.rule import Layer, Sureness, Weight
from monitors.diagnosis.wording import LANGUAGES, known_rules, words
from monitors.evidence import FRESH_S, Evidence, Group, GroupFinding, without_the_stale
from monitors.signals import Signal, Trouble

STATES = 120_000
TEXTS = Path(monitors.diagnosis.__file__).parent / "texts"
DEFAULTS = Evidence().signals()
KINDS = {name: type(signal.value) for name, signal in DEFAULTS.items()}


def evidence(age_s: float = 10.0, **given: Any) -> Evidence:
    """Evidence from words: ``power="short"``; what is not a signal is passed on as it is."""
    signals = {n: Signal(KINDS[n](v), age_s) for n, v in given.items() if n in KINDS}
    rest = {n: v for n, v in given.items() if n not in KINDS}
    return Evidence(**signals, **rest)


GONE = {"registration": "none"}
SEEN = {"mapping": "proven", "switch": "up"}
POWERED = {**SEEN, "power": "delivering", "watts": "normal"}
LINKED = {**POWERED, "link": "up", "neighbour": "this-phone", "whereabouts": "in-place"}
PLACED = {**LINKED, "vlan": "voice", "address": "good"}
FETCHED = {**PLACED, "config": "current"}
WELL = {**FETCHED, "registration": "reachable", "options": "alive"}

# (row, signals): one state for each row of the table, as a technician would describe it
ROWS: list[tuple[str, dict[str, Any]]] = [
    ("B1", {**SEEN, **GONE, "power": "off", "link": "down"}),
    ("B2", {**SEEN, **GONE, "power": "denied", "budget": "exhausted", "link": "down"}),
    ("B2", {**SEEN, **GONE, "power": "searching", "budget": "tight", "link": "down",
            "troubles": frozenset({Trouble.DENIED})}),
    ("B3", {**SEEN, **GONE, "power": "denied", "budget": "enough", "link": "down"}),
    ("B4", {**SEEN, **GONE, "power": "overload", "link": "down"}),
    ("B5", {**SEEN, **GONE, "power": "short", "link": "down"}),
    ("B5", {**SEEN, **GONE, "power": "searching", "link": "down",
            "troubles": frozenset({Trouble.SHORT})}),
    ("B6", {**SEEN, **GONE, "power": "fault", "link": "down"}),
    ("B6", {**SEEN, **GONE, "power": "hardware", "link": "down"}),
    ("B7", {**SEEN, **GONE, "power": "searching", "link": "down", "whereabouts": "gone"}),
    ("B8", {**SEEN, **GONE, "power": "searching", "link": "down", "whereabouts": "never"}),
    ("B9", {**SEEN, **GONE, "power": "searching", "link": "down",
            "troubles": frozenset({Trouble.NOT_A_POE_DEVICE})}),
    ("B10", {**SEEN, **GONE, "power": "not-poe", "link": "down"}),
    ("B11", {**SEEN, **GONE, "power": "delivering", "watts": "low", "link": "down"}),
    ("B12", {**LINKED, **GONE, "troubles": frozenset({Trouble.REBOOTS})}),
    ("B13", {**GONE, "mapping": "none"}),
    ("C1", {**POWERED, **GONE, "link": "admin-down"}),
    ("C2", {**POWERED, **GONE, "link": "down"}),
    ("C6", {**POWERED, **GONE, "link": "blocked"}),
    ("C1", {**POWERED, **GONE, "link": "admin-down", "troubles": frozenset({Trouble.REBOOTS})}),
    ("D1", {**POWERED, **GONE, "link": "up", "neighbour": "other-phone"}),
    ("D2", {**POWERED, **GONE, "link": "up", "neighbour": "unknown-phone"}),
    ("D3", {**SEEN, **GONE, "link": "up", "power": "searching", "neighbour": "not-a-phone"}),
    ("D4", {**SEEN, **GONE, "link": "up", "whereabouts": "other-port"}),
    ("D5", {**POWERED, **GONE, "link": "up", "whereabouts": "two-places"}),
    ("D5", {**PLACED, **GONE, "whereabouts": "two-places"}),
    ("D6", {**LINKED, **GONE, "vlan": "wrong"}),
    ("D7", {**LINKED, **GONE, "vlan": "unauthorised"}),
    ("D8", {**POWERED, **GONE, "link": "up", "neighbour": "two-phones"}),
    ("E1", {**LINKED, **GONE, "address": "none"}),
    ("E2", {**LINKED, **GONE, "address": "fallback"}),
    ("E3", {**LINKED, **GONE, "address": "outside"}),
    ("E4", {**LINKED, **GONE, "address": "duplicate"}),
    ("E5", {**PLACED, **GONE, "config": "never"}),
    ("F1", {**PLACED, **GONE, "config": "not-assigned"}),
    ("F2", {**PLACED, **GONE, "config": "partial"}),
    ("F3", {**PLACED, **GONE, "config": "refused"}),
    ("F4", {**PLACED, **GONE, "config": "broken-off"}),
    ("F5", {**PLACED, **GONE, "config": "stale"}),
    ("F5", {**WELL, "config": "stale"}),
    ("F6", {**WELL, "config": "wrong-model"}),
    ("F7", {**PLACED, **GONE, "config": "firmware-loop"}),
    ("F8", {**PLACED, **GONE, "config": "resets-itself"}),
    ("G1", {**FETCHED, **GONE, "security": "wrong-password"}),
    ("G2", {**FETCHED, **GONE, "security": "unknown-extension"}),
    ("G3", {**FETCHED, **GONE, "security": "acl"}),
    ("G4", {**FETCHED, **GONE, "security": "none", "event": "register-failed"}),
    ("G5", {**FETCHED, **GONE, "options": "unavailable"}),
    ("G5", {**FETCHED, **GONE, "options": "not-found"}),
    ("G6", {**FETCHED, "registration": "other-address"}),
    ("G7", {**FETCHED, "registration": "other-agent"}),
    ("G8", {**FETCHED, **GONE, "security": "tls"}),
    ("G9", {**FETCHED, "registration": "removed"}),
    ("G10", {**FETCHED, "registration": "expired", "options": "silent"}),
    ("G11", {**FETCHED, **GONE, "security": "too-often"}),
    ("G12", {**FETCHED, **GONE}),
    ("H2", {**FETCHED, "registration": "unreachable", "options": "alive"}),
    ("H3", {**FETCHED, "registration": "unreachable", "options": "silent"}),
    ("H4", {**WELL, "options": "never-answered"}),
    ("H5", {**WELL, "options": "silent"}),
    ("H6", {"registration": "unchecked", "options": "silent"}),
    ("H7", {**WELL, "troubles": frozenset({Trouble.SLOW})}),
    ("H8", {**WELL, "options": "overloaded"}),
    ("H9", {**WELL, "options": "other-device"}),
    ("H10", {**WELL, "handsets_out": ("301",)}),
    ("H11", {**FETCHED, "registration": "unreachable"}),
    ("C3", {**WELL, "power": "searching"}),
    ("C4", {**WELL, "link": "degraded"}),
    ("C5", {**WELL, "link": "unstable"}),
    ("B12", {**WELL, "link": "unstable", "troubles": frozenset({Trouble.POWER_LOST})}),
    ("D1", {**WELL, "whereabouts": "other-port", "neighbour": "other-phone"}),
    ("D4", {**WELL, "whereabouts": "other-port", "neighbour": "nothing"}),
    ("I1", WELL),
    ("I3", {**WELL, "watts": "high"}),
    ("I4", {**WELL, "emergency_key": False}),
    ("I5", {**WELL, "mapping": "assumed"}),
    ("I6", {**SEEN, "options": "alive"}),
    ("J1", {**SEEN, "settled_s": 20.0}),
    ("J2", {"config": "never", "mapping": "none"}),
    ("J3", {**SEEN, "options": "silent"}),
    ("J4", {**SEEN}),
    ("F9", {"config": "not-rendered"}),
]  # fmt: skip


@pytest.mark.parametrize(("row", "given"), ROWS, ids=[f"{r}-{n}" for n, (r, _) in enumerate(ROWS)])
def test_each_row_is_found(row: str, given: dict[str, Any]) -> None:
    assert explain(evidence(**given)).rule == row


@pytest.mark.parametrize("row", ["A2", "A3", "A4", "A6", "A7", "A8", "A9", "A10"])
def test_a_phone_that_fails_with_its_group_has_the_groups_cause(row: str) -> None:
    finding = GroupFinding(row, Group.SITE, "x", frozenset({"0c383e000214"}), 0.9)
    assert explain(evidence(**GONE, finding=finding)).rule == row


def test_every_row_of_the_table_is_reached_by_a_case() -> None:
    group = {"A2", "A3", "A4", "A6", "A7", "A8", "A9", "A10"}
    reached = {row for row, _ in ROWS} | group
    assert {rule.id for rule in RULES} - reached <= {"H1"}  # shown below


def test_an_address_but_no_request_for_files() -> None:
    young = evidence(**SEEN, **GONE)
    old_lease = Signal(KINDS["address"]("good"), 900.0)
    never = Signal(KINDS["config"]("never"), 10.0)
    assert explain(replace(young, address=old_lease, config=never)).rule == "E5"


def test_a_link_that_is_down_says_no_more_than_that() -> None:
    dark = {**SEEN, "power": "unknown", "link": "down"}
    assert explain(evidence(**dark, **GONE)).rule == "B7"
    assert explain(evidence(**dark, **GONE)).missing == ("power",)
    assert explain(evidence(**dark, registration="unreachable")).rule == "H1"


def test_old_news_is_no_news() -> None:
    old = evidence(age_s=FRESH_S["power"] + 1, power="short")
    assert without_the_stale(old).power.value == "unknown"
    assert explain(replace(old, mapping=Signal(KINDS["mapping"]("proven"), 10.0))).rule != "B5"


def test_a_live_contact_proves_power_whatever_the_switch_says() -> None:
    assert not explain(evidence(**{**WELL, "power": "off"})).is_fault


def test_what_a_device_says_goes_before_what_nobody_says() -> None:
    assert explain(evidence(mapping="none", config="not-assigned", **GONE)).rule == "F1"


def test_the_lower_step_goes_first() -> None:
    given = {**SEEN, **GONE, "power": "off", "config": "not-assigned", "security": "wrong-password"}
    assert explain(evidence(**given)).rule == "B1"


@pytest.mark.parametrize(
    "proof",
    [
        {"config": "current"},
        {"event": "registered"},
        {"options": "alive"},
        {"address": "good"},
        {"security": "wrong-password"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("row", "since"),
    [
        ("B1", {**SEEN, "power": "off", "link": "down"}),
        ("B7", {**SEEN, "power": "searching", "link": "down"}),
        ("C2", {**POWERED, "link": "down"}),
        ("C1", {**POWERED, "link": "admin-down"}),
        ("D2", {**POWERED, "link": "up", "neighbour": "unknown-phone", "whereabouts": "gone"}),
        ("D6", {**POWERED, "link": "up", "neighbour": "this-phone", "vlan": "wrong"}),
    ],
    ids=str,
)
def test_what_was_before_proves_nothing_against_what_is_now(
    row: str, since: dict[str, Any], proof: dict[str, Any]
) -> None:
    """A phone that fetched its files a minute ago may have no power now."""
    now = evidence(age_s=2.0, **since, registration="unreachable")
    before = {n: Signal(KINDS[n](v), 40.0) for n, v in proof.items()}
    assert explain(replace(now, **before)).rule == row
    earlier = {n: Signal(KINDS[n](v), 1.0) for n, v in proof.items()}
    assert explain(replace(now, **earlier)).rule != row


def test_a_phone_that_tried_to_register_is_on_the_network() -> None:
    moved = {**POWERED, **GONE, "link": "up", "whereabouts": "other-port"}
    assert explain(evidence(**moved)).rule == "D4"
    assert explain(evidence(**moved, security="wrong-password")).rule == "G1"


def test_silence_of_a_phone_that_obeys_its_registrar_only_proves_nothing() -> None:
    dark = {**SEEN, "power": "off", "link": "down", "registration": "unreachable"}
    assert explain(evidence(**dark, options="filtered")).rule == "B1"


def test_what_is_missing_is_named() -> None:
    told = explain(evidence(**SEEN))
    assert (told.rule, told.sureness) == ("J4", Sureness.POSSIBLE)
    assert "registration" in told.missing
    assert "mapping" not in told.missing


def random_state(chance: random.Random) -> Evidence:
    signals = {
        name: Signal(chance.choice(list(kind)), chance.choice([None, 5.0, 170.0, 1e7]))
        for name, kind in KINDS.items()
    }
    troubles = frozenset(t for t in Trouble if chance.random() < 0.1)
    finding = None
    if chance.random() < 0.05:
        finding = GroupFinding(f"A{chance.randint(1, 12)}", Group.SITE, "x", frozenset(), 1.0)
    return Evidence(
        **signals,
        troubles=troubles,
        finding=finding,
        settled_s=chance.choice([5.0, 500.0]),
        handsets_out=chance.choice([(), ("301",)]),
        emergency_key=chance.random() < 0.9,
    )


def test_every_combination_of_signals_has_exactly_one_cause_with_texts() -> None:
    chance = random.Random(20261122)
    told: dict[str, int] = {}
    known = known_rules("en")
    for _ in range(STATES):
        diagnosis = explain(random_state(chance))
        assert isinstance(diagnosis, Diagnosis)
        told[diagnosis.rule] = told.get(diagnosis.rule, 0) + 1
    assert set(told) <= known
    assert len(told) > 50


def test_a_registered_and_reachable_phone_never_has_a_fault() -> None:
    chance = random.Random(7)
    for _ in range(5000):
        state = replace(random_state(chance), finding=None)
        well = replace(state, registration=Signal(KINDS["registration"]("reachable"), 1.0))
        assert not explain(well).is_fault


def test_proof_never_falls_when_something_positive_is_added() -> None:
    chance = random.Random(11)
    for _ in range(5000):
        state = random_state(chance)
        better = replace(state, config=Signal(KINDS["config"]("current"), 1.0))
        quiet = replace(better, options=Signal(KINDS["options"]("unknown")))
        assert proven_layer(better) >= min(proven_layer(state), Layer.CONFIG) or (
            proven_layer(quiet) >= Layer.ADDRESS
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_has_texts_whose_names_are_known(language: str) -> None:
    others = {"A1", "A5", "I6", "J1", "J2", "J3", "J4", "K1", "K2", "L1", "L2", "L3"}
    rows = {rule.id for rule in RULES} | others
    assert known_rules(language) == rows
    texts = tomllib.loads((TEXTS / f"{language}.toml").read_text("utf-8"))
    general = texts.pop("unknown")
    for row, parts in texts.items():
        assert set(parts) == {"sentence", "fix"}, row
        assert parts["sentence"].endswith("."), row
        for text in parts.values():
            names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
            assert names <= set(general), row


def test_facts_are_filled_in_and_unknown_ones_said_in_general() -> None:
    said = words("B5", {"room": "room 214", "port": "Gi0/14"})
    assert said.sentence == (
        "There is a short circuit on the cable or socket of room 214 (Gi0/14 of the switch)."
    )
    assert words("G1", {}).sentence.startswith("The PBX rejects")


def test_a_language_without_texts_gets_english() -> None:
    assert words("I1", {}, "fr") == words("I1", {}, "en")


@pytest.mark.parametrize("rule", RULES, ids=lambda r: f"{r.id}-{r.layer.name}-{r.weight}")
def test_what_a_rule_needs_are_signals(rule: Any) -> None:
    assert set(rule.needs) <= set(FRESH_S)
    assert rule.weight in set(Weight)
