"""The collection as such: valid, documented, and clean to ansible-lint's strictest profile."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ansible.playing import COLLECTION, NAME, TOP, environment, program
from tests.ansible.target import cache
from tests.integration.servers import DataFolder

ROLES = sorted(f.name for f in (COLLECTION / "roles").iterdir())
PLAYBOOKS = sorted(f.stem for f in (COLLECTION / "playbooks").glob("*.yml"))
EXAMPLE = COLLECTION / "examples" / "inventory"
OLDEST = "2.14"

pytestmark = pytest.mark.skipif(
    program("ansible-playbook") is None, reason="ansible-core is missing (make setup)"
)


def ansible(folder: Path, name: str, *words: str, cwd: Path = COLLECTION) -> str:
    """Run one of Ansible's programs; it must succeed."""
    done = subprocess.run(
        [str(program(name)), *words], env=environment(folder), cwd=cwd,
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def test_ansible_lint_finds_nothing(tmp_path: Path) -> None:
    ansible(tmp_path, "ansible-lint", "--offline", "--strict", "-q")


def test_it_can_be_built_and_holds_what_roles_need(tmp_path: Path) -> None:
    ansible(tmp_path, "ansible-galaxy", "collection", "build", "--output-path", str(tmp_path))
    (made,) = tmp_path.glob("bellwire-hotel-*.tar.gz")
    with tarfile.open(made) as archive:
        names = archive.getnames()
        dashboard = archive.extractfile("roles/observe/files/bellwire.json")
        assert dashboard is not None
        assert dashboard.read() == (TOP / "docs" / "grafana" / "bellwire.json").read_bytes()
    assert {f"playbooks/{name}.yml" for name in PLAYBOOKS} <= set(names)
    assert not [name for name in names if name.startswith(("tests", "."))]


def test_it_has_bellwires_version() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert read(COLLECTION / "galaxy.yml")["version"] == project["version"]
    assert f"## [{project['version']}]" in (COLLECTION / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_takes_is_described_with_its_default(role: str) -> None:
    folder = COLLECTION / "roles" / role
    told = read(folder / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = read(folder / "defaults" / "main.yml")
    required = {name for name, option in told.items() if option.get("required")}
    assert set(told) - required == set(defaults) - required
    for name, option in told.items():
        value = defaults.get(name)
        if "default" in option:
            assert option["default"] == value, name
        assert name.startswith(f"{role}_")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_can_be_looked_up(role: str, tmp_path: Path) -> None:
    said = ansible(tmp_path, "ansible-doc", "-t", "role", f"{NAME}.{role}", cwd=tmp_path)
    assert role in said


def test_the_module_can_be_looked_up(tmp_path: Path) -> None:
    said = ansible(tmp_path, "ansible-doc", f"{NAME}.bellwire_apply", "--json", cwd=tmp_path)
    options = json.loads(said)[f"{NAME}.bellwire_apply"]["doc"]["options"]
    assert set(options) == {"files", "prune", "full", "command"}


OPTIONS = {
    ("module", "bellwire_site"): {"url", "token", "definition", "prune", "diffs", "ca_path"},
    ("module", "bellwire_switch_ports"): {"host", "platform", "interfaces", "voice_vlan", "save"},
    ("inventory", "bellwire"): {"url", "token", "sites", "hosts", "keyed_groups", "cache"},
}


@pytest.mark.parametrize(("kind", "name"), OPTIONS)
def test_what_is_over_the_api_can_be_looked_up(kind: str, name: str, tmp_path: Path) -> None:
    words = ("-t", kind, f"{NAME}.{name}", "--json")
    told = json.loads(ansible(tmp_path, "ansible-doc", *words, cwd=tmp_path))
    assert set(told[f"{NAME}.{name}"]["doc"]["options"]) >= OPTIONS[kind, name]


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_a_playbook_can_be_read_with_the_example(name: str, tmp_path: Path) -> None:
    inventory = str(EXAMPLE / "hosts.yml")
    words = ("-i", inventory, f"{NAME}.{name}", "--syntax-check")
    ansible(tmp_path, "ansible-playbook", *words, cwd=tmp_path)


def test_the_oldest_version_reads_it_too(tmp_path: Path) -> None:
    """Debian 12's own ansible-core, in an environment of its own."""
    folder = cache() / f"core-{OLDEST}"
    if not (folder / "bin" / "ansible-playbook").is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        wanted = f"ansible-core=={OLDEST}.*"
        pip = [str(folder / "bin" / "pip"), "install", "-q", wanted]
        if subprocess.run(pip, capture_output=True, check=False).returncode != 0:
            pytest.skip(f"{wanted} cannot be installed here")
    for name in PLAYBOOKS:
        done = subprocess.run(
            [str(folder / "bin" / "ansible-playbook"), "-i", str(EXAMPLE / "hosts.yml"),
             f"{NAME}.{name}", "--syntax-check"],
            env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    for kind, name in OPTIONS:
        done = subprocess.run(
            [str(folder / "bin" / "ansible-doc"), "-t", kind, f"{NAME}.{name}"],
            env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_examples_hosts_have_what_their_roles_require(tmp_path: Path) -> None:
    inventory = ("-i", str(EXAMPLE / "hosts.yml"), "--list")
    told = json.loads(ansible(tmp_path, "ansible-inventory", *inventory, cwd=tmp_path))
    assert set(told["bellwire"]["hosts"]) == {"aurora", "bahia"}
    values = told["_meta"]["hostvars"]
    for role in ("dhcp", "pbx", "observe"):
        options = read(COLLECTION / "roles" / role / "meta" / "argument_specs.yml")
        required = {
            name
            for name, option in options["argument_specs"]["main"]["options"].items()
            if option.get("required")
        }
        for host in told[role]["hosts"]:
            assert required <= set(values[host]), host


def test_the_examples_site_files_are_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMI_SECRET", "x" * 20)
    monkeypatch.setenv("SNMP_RO", "public")
    files = [str(file) for file in sorted((EXAMPLE / "sites").glob("*.yml"))]
    done = DataFolder(tmp_path / "data").run("plan", *files)
    assert done.exit_code == 0, done.output


def test_the_examples_vault_holds_no_secret() -> None:
    vault = read(EXAMPLE / "group_vars" / "all" / "vault.yml")
    assert set(vault.values()) == {""}
