"""The module that applies site files, with the real command behind it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.ansible.playing import COLLECTION, program
from tests.integration.servers import DataFolder, small_site

FILE = COLLECTION / "plugins" / "modules" / "bellwire_apply.py"
SECRET = "Given-Secret-of-100"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ansible") is None, reason="ansible-core is missing (make setup)"
)


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bellwire_apply", FILE)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def run(folder: DataFolder, file: Path, **arguments: Any) -> dict[str, Any]:
    """Run the module as Ansible does, as a program."""
    values = {"files": [str(file)], "command": program("bellwire"), **arguments}
    environment = {**os.environ, "BELLWIRE_DATA": str(folder.path), "BELLWIRE_CONFIG": os.devnull}
    done = subprocess.run(
        [sys.executable, str(FILE)], input=json.dumps({"ANSIBLE_MODULE_ARGS": values}),
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.stdout, done.stderr
    assert SECRET not in done.stdout
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_it_shows_then_applies_then_has_nothing_to_do(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    file = folder.write(small_site())
    shown = run(folder, file, _ansible_check_mode=True)
    assert shown["changed"] is True
    assert "site casa" in shown["diff"]["prepared"]
    assert "applied" not in shown
    assert folder.rows("select count(*) from phone") == [(0,)]
    assert run(folder, file)["changed"] is True
    assert folder.rows("select count(*) from phone") == [(5,)]
    again = run(folder, file)
    assert again["changed"] is False
    assert "diff" not in again


def test_a_wrong_file_fails_with_bellwires_own_words(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    answer = run(folder, folder.write(small_site() | {"country": "nowhere"}))
    assert answer["failed"] is True
    assert "country" in answer["msg"]


@pytest.mark.parametrize(
    ("code", "out", "err", "expected"),
    [
        (0, "nothing changes", "", (False, "")),
        (1, "add phone", "", (True, "")),
        (1, "add phone", "warning: 2 phones: x", (True, "")),
        (1, "", "bellwire: hotel.yml:3: country", (False, "bellwire: hotel.yml:3: country")),
        (2, "", "Usage: bellwire", (False, "Usage: bellwire")),
        (126, "", "", (False, "ended with 126")),
    ],
)
def test_exit_codes_are_told_apart(
    module: ModuleType, code: int, out: str, err: str, expected: tuple[bool, str]
) -> None:
    assert module.outcome_of(code, out, err) == expected


def test_command_lines(module: ModuleType) -> None:
    options = {"command": "bellwire", "files": ["a.yml", "b.yml"], "prune": True, "full": True}
    assert module.plan_command(options) == [
        "bellwire", "plan", "--exit-code", "--full", "--prune", "a.yml", "b.yml",
    ]  # fmt: skip
    assert module.apply_command(options) == ["bellwire", "apply", "--prune", "a.yml", "b.yml"]
