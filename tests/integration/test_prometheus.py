"""A real Prometheus reads what bellwire tells, and answers every question of the dashboard."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from monitors.history import Sample
from monitors.metrics import metric_names
from monitors.status import State
from monitors.store.samples import keep_samples
from monitors.store.tally import count
from provisioner.delivery import utc_now
from tests.integration.judged_site import SHORT, WELL, evidence, judge
from tests.integration.servers import (
    FANVIL,
    SNOM,
    YEALINK,
    DataFolder,
    ask,
    bellwire,
    free_ports,
    small_site,
    wait_for,
)
from tests.simulators.prometheus import (
    SKIP_REASON,
    Prometheus,
    check_metrics,
    find_prometheus,
)

pytestmark = pytest.mark.skipif(find_prometheus() is None, reason=SKIP_REASON)

SITE = "casa"
TOKEN = "hush-hush"
FILE = Path(__file__).resolve().parents[2] / "docs" / "grafana" / "bellwire.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
EXPRESSIONS = [
    (panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]
]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``HOST:PORT`` of a running web process whose phones have been judged and told of."""
    folder = DataFolder(tmp_path_factory.mktemp("figures") / "data")
    folder.apply(small_site(folder.url))
    fill(folder)
    address = f"127.0.0.1:{free_ports()[0]}"
    command = bellwire("web", "--data", str(folder.path), "--http", address)
    settings = {"BELLWIRE_METRICS__ENABLED": "true", "BELLWIRE_METRICS__TOKEN": TOKEN}
    log = folder.path.parent / "web.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=out, stderr=out
        ) as process,
    ):
        try:
            wait_for("it answers", lambda: answers(process, f"http://{address}/health"))
            yield address
        finally:
            process.terminate()


def answers(process: subprocess.Popen[bytes], url: str) -> bool:
    assert process.poll() is None, "the web process has ended"
    try:
        return ask(url).status == 200
    except OSError:
        return False


def fill(folder: DataFolder) -> None:
    """Store what the monitor would: statuses, an incident, figures and counts."""
    now = utc_now()
    states = {
        FANVIL: (State.DOWN, evidence(SHORT)),
        YEALINK: (State.WARNING, evidence({**WELL, "vlan": "wrong"})),
        SNOM: (State.WORKING, evidence(WELL)),
    }
    at_s = int(now.replace(tzinfo=UTC).timestamp())
    with folder.opened() as installation:
        judge(installation, SITE, states, now)
        keep_samples(
            installation.monitoring,
            [Sample(SNOM, at_s, 3500, 2400, registered=True, mos_hundredths=431)],
        )
        with installation.monitoring.write() as session:
            for name in ("notifications_sent", "notifications_failed"):
                count(session, name, SITE, "email")


@pytest.fixture(scope="module")
def prometheus(target: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    with Prometheus(folder, target, TOKEN) as made:
        wait_for("it has scraped twice", lambda: made.query("count_over_time(up[1m]) >= 2"))
        yield made


def test_the_target_is_up_and_every_series_arrives(prometheus: Prometheus) -> None:
    assert [series["value"][1] for series in prometheus.query("up")] == ["1"]
    names = set(prometheus.label_values("{job='bellwire'}", "__name__"))
    assert metric_names() <= names


def test_promtool_has_nothing_to_say(target: str) -> None:
    answer = ask(f"http://{target}/metrics", Authorization=f"Bearer {TOKEN}")
    assert answer.status == 200
    assert check_metrics(answer.body) == ""
    assert "bellwire_X" in check_metrics(b"# TYPE bellwire_X counter\nbellwire_X 1\n")  # it looks


@pytest.mark.parametrize(("title", "expression"), EXPRESSIONS, ids=lambda text: text[:40])
def test_every_query_of_the_dashboard_finds_something(
    prometheus: Prometheus, title: str, expression: str
) -> None:
    asked = re.sub(r"\$\{?site\}?", SITE, expression)
    assert "$" not in asked, "a variable that this test does not know"
    wait_for(f"{title}: {asked}", lambda: prometheus.query(asked))


@pytest.mark.parametrize("value", [".*", f"{SITE}|other"])
def test_the_choice_of_sites_works_in_queries(prometheus: Prometheus, value: str) -> None:
    assert len(EXPRESSIONS) > 10
    assert prometheus.query(EXPRESSIONS[0][1].replace("$site", value))
    (variable,) = (v for v in DASHBOARD["templating"]["list"] if v["name"] == "site")
    series, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"]).groups()  # type: ignore[union-attr]
    assert prometheus.label_values(series, label) == [SITE]


def test_values_are_those_that_are_stored(prometheus: Prometheus) -> None:
    found = {
        name: float(prometheus.query(expression)[0]["value"][1])
        for name, expression in {
            "down": 'bellwire_phones{state="down"}',
            "watts": f'bellwire_phone_power_watts{{mac="{SNOM}"}}',
            "up": f'bellwire_phone_up{{mac="{FANVIL}"}}',
            "open": 'sum(bellwire_incidents_open{rule="B5"})',
        }.items()
    }
    assert found == {"down": 1, "watts": 2.4, "up": 0, "open": 1}


def test_a_query_that_is_wrong_is_refused(prometheus: Prometheus) -> None:
    with pytest.raises(ValueError, match="bad_data"):
        prometheus.query("sum(bellwire_phones{")
