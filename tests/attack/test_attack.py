"""The attacker's script in short: ``python -m bench attack`` does the same at length."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator

import pytest

from tests.attack import guessing, intruding, people
from tests.attack.stage import Stage, staged


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    base = tmp_path_factory.mktemp("attack")
    with staged(base, proxied=shutil.which("nginx") is not None) as made:
        yield made


def test_guesses_by_http(stage: Stage) -> None:
    found = guessing.by_http(stage, 3000, random.Random(1))
    assert found.leaked == []
    assert found.answers == {"404": 3000}


def test_guesses_by_tftp(stage: Stage) -> None:
    found = guessing.by_tftp(stage, 1000, random.Random(2))
    assert found.leaked == []
    assert found.answers["ERROR 1"] > 500


def test_times_are_measured_in_pairs(stage: Stage) -> None:
    for timing in guessing.timings(stage, 100, random.Random(3)):
        assert timing.half_us > 0
        assert abs(timing.difference_us) < timing.half_us + 2000  # no sleep, no second look


def test_paths_that_lead_out(stage: Stage) -> None:
    assert intruding.traversal(stage).leaked == []


def test_hidden_requests(stage: Stage) -> None:
    if not stage.proxy:
        pytest.skip("needs nginx")
    assert intruding.smuggling(stage).leaked == []


def test_forged_addresses(stage: Stage) -> None:
    assert intruding.forged_addresses(stage).leaked == []


def test_stolen_tokens(stage: Stage) -> None:
    assert intruding.replay(stage).leaked == []


def test_strings_of_phones(stage: Stage) -> None:
    assert people.what_is_shown(stage, intruding.strings_of_phones(stage)).leaked == []


def test_sessions(stage: Stage) -> None:
    assert people.sessions(stage).leaked == []


def test_forms(stage: Stage) -> None:
    assert people.forged_forms(stage).leaked == []


def test_another_hotel(stage: Stage) -> None:
    assert people.other_hotels(stage).leaked == []


def test_passwords(stage: Stage) -> None:
    found = people.brute_force(stage, 60)
    assert found.leaked == []
    assert found.answers["429"] > 0
