"""The units, written by Ansible as on a server, judged by systemd without one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ansible.playing import COLLECTION, environment, program

ROLE = COLLECTION / "roles" / "bellwire"
UNITS = ("web", "field", "monitor", "guard", "prepare")
EXPOSURE_BELOW = 3.0
pytestmark = pytest.mark.skipif(
    program("ansible-playbook") is None, reason="ansible-core is missing (make setup)"
)


def play(folder: Path, tasks: list[dict[str, Any]], **values: Any) -> str:
    """Run tasks on this machine, with the role's own variables."""
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text("utf-8"))
    book = folder / "play.yml"
    whole = [{"hosts": "localhost", "connection": "local", "gather_facts": False,
              "vars_files": [str(ROLE / "vars" / "main.yml")],
              "vars": {**defaults, "ansible_python_interpreter": sys.executable, **values},
              "tasks": tasks}]  # fmt: skip
    book.write_text(yaml.safe_dump(whole), encoding="utf-8")
    extra = [word for n, v in values.items() for word in ("-e", json.dumps({n: v}))]
    done = subprocess.run(
        [str(program("ansible-playbook")), "-i", "localhost,", *extra, str(book)], cwd=folder,
        env=environment(folder), check=False, timeout=300, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("units")
    names = [f"bellwire-{name}.service" for name in UNITS]
    source = str(ROLE / "templates" / "{{ item }}.j2")
    tasks = [
        {"ansible.builtin.template": {"src": source, "dest": f"{folder}/{{{{ item }}}}"},
         "loop": names},
        {"ansible.builtin.template": {"src": str(ROLE / "templates" / "bellwire.toml.j2"),
                                      "dest": f"{folder}/bellwire.toml"}},
        {"ansible.builtin.debug": {"msg": "services: {{ bellwire_services | join(' ') }}"}},
    ]  # fmt: skip
    said = play(folder, tasks, bellwire_calls=True, bellwire_calls_peers=["10.20.0.6/32"])
    assert "bellwire-monitor bellwire-guard" in said
    return folder


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is missing")
@pytest.mark.parametrize("name", UNITS)
def test_a_unit_gives_little_away(units: Path, name: str) -> None:
    file = units / f"bellwire-{name}.service"
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(file)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    found = re.search(r"exposure level for .*: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) < EXPOSURE_BELOW


def test_the_guards_unit_runs_the_guard_as_nobody_special(units: Path) -> None:
    text = (units / "bellwire-guard.service").read_text("utf-8")
    assert "ExecStart=/opt/bellwire/current/bin/bellwire guard\n" in text
    assert "User=bellwire\n" in text
    assert "CapabilityBoundingSet=\n" in text


def test_the_configuration_is_one_that_bellwire_takes(
    units: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLWIRE_CONFIG", str(units / "bellwire.toml"))
    from provisioner.config import read_settings

    settings = read_settings()
    assert settings.calls.enabled
    assert [str(network) for network in settings.calls.peers] == ["10.20.0.6/32"]
    assert settings.firewall.socket == ""


KEPT = ("bellwire.toml", "bellwire-web.service", "bellwire-guard.service")


def upgrade(folder: Path, *tasks: dict[str, Any]) -> str:
    """Run tasks with what an upgrade knows, on files below a folder of its own."""
    script = folder / "data-copy"
    script.write_text(f"#!/bin/sh\necho $1 >> {folder}/asked\n", encoding="utf-8")
    script.chmod(0o755)
    text = (ROLE / "tasks" / "keep.yml").read_text("utf-8")
    mine = text.replace("        owner: root\n        group: root\n", "")  # who else runs this
    (folder / "keep.yml").write_text(mine, encoding="utf-8")
    return play(
        folder, list(tasks), bellwire_rollback=str(folder / "rollback"), bellwire_lib=str(folder),
        bellwire_kept_files=[str(folder / "etc" / name) for name in KEPT], bellwire_calls=True,
        bellwire_previous="1-old",
    )  # fmt: skip


def keep(folder: Path, *, taken_up: bool = False) -> dict[str, Any]:
    return {"ansible.builtin.include_tasks": str(folder / "keep.yml"),
            "vars": {"bellwire_is_taken_up": taken_up}}  # fmt: skip


def written(folder: Path, text: str) -> dict[str, Any]:
    """A task that writes all files anew."""
    return {"ansible.builtin.copy": {"content": text, "dest": f"{folder}/etc/{{{{ item }}}}"},
            "loop": list(KEPT)}  # fmt: skip


FILES_BACK = {"ansible.builtin.include_tasks": str(ROLE / "tasks" / "files_back.yml")}
THEN = {"ansible.builtin.debug": {"msg": "then: {{ bellwire_services_before | join(' ') }}."}}


def test_files_come_back_and_new_ones_go(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    etc.mkdir()
    for name in KEPT[:2]:
        (etc / name).write_text("old")
    said = upgrade(tmp_path, keep(tmp_path), written(tmp_path, "new"), FILES_BACK, THEN)
    assert {file.name: file.read_text() for file in etc.iterdir()} == dict.fromkeys(KEPT[:2], "old")
    assert "then: bellwire-web." in said


def test_an_upgrade_that_was_interrupted_keeps_what_was_kept_first(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    etc.mkdir()
    for name in KEPT:
        (etc / name).write_text("old")
    upgrade(
        tmp_path, keep(tmp_path), written(tmp_path, "half new"),
        keep(tmp_path),  # before the new release was in force
        keep(tmp_path, taken_up=True),  # after that: the data of then stays too
        FILES_BACK,
    )  # fmt: skip
    assert (tmp_path / "asked").read_text().split() == ["begin", "begin"]
    assert (etc / "bellwire.toml").read_text() == "old"


RELEASES = [
    # in force, wanted, kept from an interrupted upgrade -> is an upgrade, is taken up, goes back to
    ("1", "1", "", (False, False, "1")),
    ("1", "2", "", (True, False, "1")),
    ("2", "2", "1", (True, True, "1")),
    ("1", "2", "1", (True, False, "1")),
    ("2", "3", "1", (True, True, "1")),
    ("2", "1", "1", (True, False, "2")),
]


def test_which_release_an_upgrade_goes_back_to(tmp_path: Path) -> None:
    """The first tasks of release.yml, with every case of an interruption."""
    tasks = yaml.safe_load((ROLE / "tasks" / "release.yml").read_text("utf-8"))[:2]
    said = play(tmp_path, [
        {"ansible.builtin.debug": {"msg": "begin"}},
        *({"ansible.builtin.include_tasks": str(case(tmp_path, n, tasks, *row[:3]))}
          for n, row in enumerate(RELEASES)),
    ])  # fmt: skip
    found = re.findall(r"case (\d+): (\w+) (\w+) (\w+)\.", said)
    expected = [
        (str(n), str(up), str(taken), old) for n, (*_, (up, taken, old)) in enumerate(RELEASES)
    ]
    assert found == expected


def case(folder: Path, number: int, tasks: list[Any], now: str, wanted: str, before: str) -> Path:
    rollback = folder / f"rollback-{number}"
    rollback.mkdir()
    if before:
        (rollback / "previous").write_text(before)
    values = {
        "bellwire_rollback": str(rollback), "bellwire_release": wanted,
        "bellwire_link": {"stat": {"exists": True, "lnk_source": f"/opt/releases/{now}"}},
    }  # fmt: skip
    told = (f"case {number}: {{{{ bellwire_is_upgrade }}}} {{{{ bellwire_is_taken_up }}}} "
            "{{ bellwire_previous }}.")  # fmt: skip
    whole = [{"vars": values, "block": [*tasks, {"ansible.builtin.debug": {"msg": told}}]}]
    file = folder / f"case-{number}.yml"
    file.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
    return file
