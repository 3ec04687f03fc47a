"""The alert rules, tried with figures by Prometheus' own tool."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from monitors.metrics import metric_names
from tests.ansible.playing import COLLECTION

RULES = COLLECTION / "roles" / "observe" / "files" / "bellwire.rules.yml"
TESTS = Path(__file__).with_name("rules") / "bellwire.test.yml"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing (prometheus)")
def test_rules_alert_when_they_should_and_not_before(tmp_path: Path) -> None:
    for file in (RULES, TESTS):
        shutil.copy(file, tmp_path)
    done = subprocess.run(
        ["promtool", "test", "rules", TESTS.name],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_is_tried_and_reads_series_that_exist() -> None:
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"][0]["rules"]
    tried = {
        case["alertname"]
        for each in yaml.safe_load(TESTS.read_text(encoding="utf-8"))["tests"]
        for case in each["alert_rule_test"]
        if case["exp_alerts"]
    }
    assert {rule["alert"] for rule in rules} == tried
    for rule in rules:
        assert "up{" in rule["expr"] or any(name in rule["expr"] for name in metric_names())
