"""The fraud drill in small: ``python -m bench fraud`` is the whole of it (docs/fraud-drill.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drill.slow import SLOW, Patience, weeks
from tests.drill.stage import ATTACKS, Attack, Stage, stage
from tests.simulators.asterisk import SKIP_REASON, find_asterisk
from tests.simulators.sipp import SKIP_REASON as NO_SIPP
from tests.simulators.sipp import has_sipp

CALLS, PER_S = 150, 30
NIGHTS = 10


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    if find_asterisk() is None:
        pytest.skip(SKIP_REASON)
    if not has_sipp():
        pytest.skip(NO_SIPP)
    with stage(tmp_path_factory.mktemp("drill")) as made:
        yield made


@pytest.mark.parametrize("attack", [ATTACKS[0], ATTACKS[-1]], ids=lambda each: each.account)
def test_an_attacker_costs_no_more_than_the_limit_and_one_call(
    house: Stage, attack: Attack
) -> None:
    """And is blocked once, told of once, while calls for help pass."""
    damage = house.run(attack, CALLS, PER_S)
    assert damage.fired == CALLS
    assert damage.held, damage
    assert damage.cost > 0


@pytest.mark.parametrize("patience", SLOW[:2], ids=lambda each: each.name)
def test_a_slow_attacker_costs_no_more_either(tmp_path: Path, patience: Patience) -> None:
    done = weeks(tmp_path, patience, NIGHTS)
    assert done.held, done
    assert done.cost > 0
