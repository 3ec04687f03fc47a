"""The dashboard beside Grafana's own types, as its makers publish them for Grafana 10."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

FILE = Path(__file__).resolve().parents[2] / "docs" / "grafana" / "bellwire.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
OF_THE_IMPORT = {"__inputs", "__requires", "id"}
"""What Grafana's import reads and takes away; ``id`` must be null there."""
NOT_PUBLISHED = {"/templating/list[1]/definition"}
"""Grafana 10 writes it into each variable of a query, and its published types leave it out."""


@pytest.fixture(scope="module", autouse=True)
def _plugins() -> None:
    register_default_plugins()


def read_back(dashboard: dict[str, Any]) -> dict[str, Any]:
    """A dashboard as Grafana's types understand it: what they do not know is lost."""
    made: dict[str, Any] = json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))
    return made


def lost(given: Any, back: Any, path: str = "") -> Iterator[str]:
    """Paths of values that were not understood, or understood as something else."""
    if isinstance(given, dict) and isinstance(back, dict):
        for name, value in given.items():
            if name in back:
                yield from lost(value, back[name], f"{path}/{name}")
            else:
                yield f"{path}/{name}"
    elif isinstance(given, list) and isinstance(back, list) and len(given) == len(back):
        for number, (one, other) in enumerate(zip(given, back, strict=True)):
            yield from lost(one, other, f"{path}[{number}]")
    elif given != back:
        yield path


def strange(dashboard: dict[str, Any]) -> set[str]:
    own = {name: value for name, value in dashboard.items() if name not in OF_THE_IMPORT}
    return set(lost(own, read_back(own))) - NOT_PUBLISHED


def test_grafana_knows_every_field_of_the_dashboard() -> None:
    assert strange(DASHBOARD) == set()
    assert DASHBOARD["id"] is None
    assert len(read_back(DASHBOARD)["panels"]) == len(DASHBOARD["panels"])


@pytest.mark.parametrize(
    "path", [("panels", 0), ("panels", 0, "options"), ("panels", 4, "fieldConfig", "defaults"),
             ("panels", 0, "targets", 0), ("templating", "list", 1), ("time",)],
)  # fmt: skip
def test_a_field_that_grafana_does_not_know_is_found(path: tuple[str | int, ...]) -> None:
    wrong = copy.deepcopy(DASHBOARD)
    place: Any = wrong
    for step in path:
        place = place[step]
    place["nobodyKnowsThis"] = 1
    (found,) = strange(wrong)
    assert found.endswith("/nobodyKnowsThis")
