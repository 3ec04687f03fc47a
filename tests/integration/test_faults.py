"""The reduced form of ``python -m bench faults``: a small hotel, broken in many ways at once.

A real Asterisk, bellwire's own web and monitor processes, simulated phones and switches. Each
fault is on a phone of a room of its own, on every step of the ladder; then one that many phones
suffer from. The whole campaign and its results are in docs/faults.md.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.faults.catalogue import BY_ID
from tests.faults.fault import Case, Shows
from tests.faults.house import House
from tests.faults.injected import Injected, Wave
from tests.faults.rounds import run_group, run_wave
from tests.simulators.asterisk import SKIP_REASON, find_asterisk

pytestmark = pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON)

ROOMS = 2
UP_S = 240.0
SWEEP_S = 1.0
PLACES = (
    ("port-limit", "office", "desk"),
    ("poe-off", "302", "bathroom"),
    ("short", "corridor-3", "wall"),
    ("blocked", "main-door", "door"),
    ("stranger", "301", "bedside"),
    ("wrong-vlan", "101", "bedside"),
    ("wrong-token", "102", "bedside"),
    ("wrong-secret", "reception", "desk"),
    ("pushed-out", "corridor-2", "wall"),
    ("one-way", "202", "bathroom"),
)
"""Fault, room and position. At most two of a switch leave it without anybody to feed."""
MANY = "dhcp"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A hotel of 17 phones, all of which work."""
    with House(tmp_path_factory.mktemp("hotel"), rooms=ROOMS, sweep_s=SWEEP_S) as made:
        made.start_all()
        assert made.screen.wait_well(UP_S), (made.screen.not_well(), made.bellwire.log("monitor"))
        yield made


@pytest.fixture(scope="module")
def wave(house: House) -> Wave:
    """All faults at once, what was said of them, and what was left when they were put right."""
    cases = [
        Injected((BY_ID[fault],), Case(house, house.phone(room, position)))
        for fault, room, position in PLACES
    ]
    return run_wave(house, cases, print, patient=True)


@pytest.mark.parametrize("fault", [fault for fault, _, _ in PLACES])
def test_the_cause_is_named_and_an_incident_is_open(wave: Wave, fault: str) -> None:
    (each,) = (e for e in wave.injected if e.name == fault)
    assert each.is_right, (each.state, each.rule, each.trouble, each.seen, each.evidence)
    assert each.leading[0].shows is Shows.DOWN
    assert each.has_incident


def test_nothing_is_said_of_phones_that_nobody_touched(wave: Wave) -> None:
    assert wave.false_alarms == []


def test_every_incident_closes_when_everything_is_put_right(wave: Wave) -> None:
    assert wave.left == []


def test_what_many_phones_suffer_from_is_one_incident(house: House, wave: Wave) -> None:
    assert wave.left == []
    done = run_group(house, BY_ID[MANY], random.Random(1), print, patient=True)
    (each,) = done.injected
    assert each.is_right, (each.state, each.rule, each.trouble, each.seen, each.evidence)
    assert each.has_incident
    assert done.left == []
