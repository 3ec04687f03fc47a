"""Thirty spellings of a number of each of five countries, as the guard meets them in calls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from monitors.guarding.desk import CallDesk
from monitors.guarding.facts import SiteFacts
from provisioner.inventory.calls_shape import FileCalls
from provisioner.inventory.records import Site
from provisioner.numbering.plan import Plan
from tests.unit.test_numbering import SPELLINGS

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def desk(plan: Plan, **calls: Any) -> CallDesk:
    free = dict.fromkeys(("spend_day", "spend_month", "simultaneous"))
    given = {
        "numbering": {"area": plan.area}, "pbx": {"trunk": "provider"}, **calls,
        "limits": {"account": free, "room": free, "closed": [], **calls.get("limits", {})},
    }  # fmt: skip
    written = FileCalls.model_validate(given).record()
    site = Site("aurora", "Aurora", plan.country, "Europe/Madrid", calls=written)
    return CallDesk(SiteFacts(site, frozenset({"7100"})))


def test_there_are_thirty_of_each_country() -> None:
    assert {plan.country for plan, _, _ in SPELLINGS} == {"ES", "RU", "US", "GB", "DE"}
    assert all(len(set(written)) >= 30 for _, _, written in SPELLINGS)


@pytest.mark.parametrize(("plan", "value", "written"), SPELLINGS, ids=lambda each: str(each)[:20])
def test_a_caller_on_a_list_is_known_however_the_operator_spells_it(
    plan: Plan, value: str, written: list[str]
) -> None:
    rule = {"name": "house", "black": [{"number": value}], "refusal": "busy"}
    made = desk(plan, incoming=[rule])
    for number, shown in enumerate(written):
        said = made.incoming(f"{number}-in", "7100", "", shown, NOW)
        assert (said["BW_VERDICT"], said.get("BW_DO_1")) == ("do", "busy"), (shown, said)
    other = f"{value[:-1]}{(int(value[-1]) + 1) % 10}"
    assert made.incoming("x-in", "7100", "", other, NOW)["BW_VERDICT"] == "ring"


@pytest.mark.parametrize(("plan", "value", "written"), SPELLINGS, ids=lambda each: str(each)[:20])
def test_a_number_is_dialled_and_closed_however_it_is_keyed(
    plan: Plan, value: str, written: list[str]
) -> None:
    is_open, closed = desk(plan), desk(plan, limits={"closed": [value]})
    for number, keyed in enumerate(written):
        said = is_open.outgoing(f"{number}-1", "7100", keyed, NOW)
        assert (said["BW_VERDICT"], said["BW_TO"]) == ("dial", value), (keyed, said)
        said = closed.outgoing(f"{number}-1", "7100", keyed, NOW)
        assert said["BW_RULE"] == "closed_destination", (keyed, said)
