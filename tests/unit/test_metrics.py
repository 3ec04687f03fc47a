"""What Prometheus is told, and the dashboard that shows it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from monitors.incident_steps import Incident
from monitors.metrics import Figures, LatestSample, PhoneFacts, exposition, metric_names
from monitors.status import State, Status
from monitors.store.statuses import KeptStatus
from provisioner.config import Metrics
from web.views.metrics import may_read

TOP = Path(__file__).resolve().parents[2]
NOON = datetime.fromisoformat("2026-11-22 12:00")
NOON_S = 1_795_348_800.0
MAC, OTHER, NEW = "0c383e000001", "0c383e000002", "0c383e000003"
INCIDENT = Incident(7, "aurora", f"phone {OTHER}", False, "B5", "certain", "", {}, NOON, 0, NOON)


def kept(mac: str, state: State, rule: str) -> KeptStatus:
    return KeptStatus(mac, "aurora", Status(state, NOON, rule), "certain", NOON)


FIGURES = Figures(
    version="0.1.0",
    phones=(
        PhoneFacts(MAC, "aurora", "214", "bedside", "fanvil/h5"),
        PhoneFacts(OTHER, "aurora", '2"15\\', "bed\nside", "fanvil/h5"),
        PhoneFacts(NEW, "borealis", "1", "desk", "snom/d785"),
    ),
    statuses={MAC: kept(MAC, State.WORKING, "I1"), OTHER: kept(OTHER, State.DOWN, "J3")},
    incidents=(INCIDENT, replace(INCIDENT, acknowledged_at=NOON)),
    samples={MAC: LatestSample(3500, 2400, registered=True, mos_hundredths=431)},
    tallies={("incidents_opened", "aurora", "B5"): 5, ("notifications_sent", "aurora", "email"): 9},
)


def told(figures: Figures = FIGURES) -> dict[tuple[str, ...], float]:
    """Every series by its name and labels."""
    return {
        (sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(exposition(figures).decode())
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("series", "value"),
    [
        (("bellwire_build_info", "version=0.1.0"), 1),
        (("bellwire_phones", "site=aurora", "state=working"), 1),
        (("bellwire_phones", "site=aurora", "state=down"), 1),
        (("bellwire_phones", "site=aurora", "state=failing"), 0),
        (("bellwire_phones", "site=borealis", "state=unknown"), 1),
        (("bellwire_undecided_phones", "site=aurora"), 1),
        (("bellwire_undecided_phones", "site=borealis"), 0),
        (("bellwire_last_judged_timestamp_seconds", "site=aurora"), NOON_S),
        (("bellwire_incidents_open", "acknowledged=no", "rule=B5", "site=aurora"), 1),
        (("bellwire_incidents_open", "acknowledged=yes", "rule=B5", "site=aurora"), 1),
        (("bellwire_incidents_opened_total", "rule=B5", "site=aurora"), 5),
        (("bellwire_notifications_sent_total", "channel=email", "site=aurora"), 9),
        (("bellwire_phone_up", f"mac={MAC}", "site=aurora"), 1),
        (("bellwire_phone_up", f"mac={OTHER}", "site=aurora"), 0),
        (("bellwire_phone_state_since_timestamp_seconds", f"mac={MAC}", "site=aurora"), NOON_S),
        (("bellwire_phone_registered", f"mac={MAC}", "site=aurora"), 1),
        (("bellwire_phone_round_trip_seconds", f"mac={MAC}", "site=aurora"), 0.0035),
        (("bellwire_phone_power_watts", f"mac={MAC}", "site=aurora"), 2.4),
        (("bellwire_phone_mos", f"mac={MAC}", "site=aurora"), 4.31),
        (
            (
                "bellwire_phone_info", f"mac={OTHER}", "model=fanvil/h5", "position=bed\nside",
                'room=2"15\\', "site=aurora",
            ),
            1,
        ),
    ],
)  # fmt: skip
def test_a_series_and_its_value(series: tuple[str, ...], value: float) -> None:
    assert told()[series] == pytest.approx(value)


def test_what_is_not_known_has_no_series() -> None:
    mine = [series for series in told() if any(NEW in label for label in series)]
    assert [series[0] for series in mine] == ["bellwire_phone_info"]


def test_without_series_of_each_phone() -> None:
    names = {series[0] for series in told(replace(FIGURES, each_phone=False))}
    assert not {name for name in names if name.startswith("bellwire_phone_")}
    assert "bellwire_phones" in names


def test_names_follow_the_conventions() -> None:
    names = metric_names()
    assert {series[0] for series in told()} <= names
    for name in names:
        assert re.fullmatch(r"bellwire(_[a-z]+)+", name)
        assert not re.search(r"_(ms|milliseconds|mw|percent|minutes)(_|$)", name)
    families = text_string_to_metric_families(exposition(FIGURES).decode())
    assert all(family.documentation for family in families)


@pytest.mark.parametrize(
    ("token", "header", "allowed"),
    [
        ("", "", True),
        ("hush", "", False),
        ("hush", "Bearer hush", True),
        ("hush", "bearer  hush", True),
        ("hush", "Bearer wrong", False),
        ("hush", "Basic hush", False),
        ("hush", "Bearer hüsh", False),
    ],
)
def test_who_may_read(token: str, header: str, allowed: bool) -> None:
    assert may_read(Metrics(enabled=True, token=SecretStr(token)), header) is allowed


DASHBOARD: dict[str, Any] = json.loads(
    (TOP / "docs" / "grafana" / "bellwire.json").read_text(encoding="utf-8")
)


def expressions() -> list[str]:
    asked = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return asked + [v["definition"] for v in DASHBOARD["templating"]["list"] if "definition" in v]


def test_the_dashboard_asks_for_series_that_there_are() -> None:
    known = metric_names()
    used = {name for text in expressions() for name in re.findall(r"\bbellwire_\w+", text)}
    assert used <= known
    assert len(used) > 8
    for text in expressions():
        assert text.count("(") == text.count(")")
        assert text.count("{") == text.count("}")


def test_the_page_names_every_series() -> None:
    page = (TOP / "docs" / "monitoring.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(bellwire_\w+)`", page)) == metric_names()


def test_the_dashboard_asks_for_labels_that_there_are() -> None:
    labels: dict[str, set[str]] = {}
    for series in told():
        labels.setdefault(series[0], set()).update(label.split("=")[0] for label in series[1:])
    for text in expressions():
        for name, inside in re.findall(r"(bellwire_\w+)\{([^}]*)\}", text):
            used = set(re.findall(r"(\w+)=~?\"", inside))
            assert name not in labels or used <= labels[name], text


def test_the_dashboard_has_the_form_that_grafana_reads() -> None:
    assert DASHBOARD["id"] is None  # one with an id would take another's place
    assert DASHBOARD["title"] == "bellwire"
    assert DASHBOARD["schemaVersion"] >= 36
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = set()
    for panel in panels:
        assert panel["type"] in {"stat", "timeseries", "table"}
        assert panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        place = panel["gridPos"]
        assert set(place) == {"x", "y", "w", "h"}
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & places
        places |= cells
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        assert {"defaults", "overrides"} <= set(panel["fieldConfig"])
    assert {v["name"]: v["type"] for v in DASHBOARD["templating"]["list"]} == {
        "datasource": "datasource",
        "site": "query",
    }
