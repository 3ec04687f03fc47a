"""What is written for Asterisk works with 16 to 22: nothing in it was taken out on the way."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from provisioner.catalogue.loader import shipped_folder

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = shipped_folder() / "pbx" / "asterisk"
KNOWN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "asterisk_versions.toml").read_text()
)
CORE = {"pbx_builtins", "pbx_variables"}
OWNERS = {"app_queue"}
"""Loaded by whoever has queues: the head of the dial plan names it."""
_APPLICATION = re.compile(r"(?m)^(?:exten = [^,\n]+,[^,\n]+| same = n(?:\([^)\n]*\))?),(\w+)\(")
_FUNCTION = re.compile(r"(?:\$\{|Set\(_*)([A-Z][A-Z_]*)\(")


def dial_plan() -> str:
    """The templates, so that no branch is left out; without comments."""
    files = (TEMPLATES / name for name in ("extensions_bellwire.conf.j2", "call_contexts.j2"))
    text = "\n".join(file.read_text() for file in files)
    return re.sub(r"(?m)^;.*$", "", text)


def modules() -> set[str]:
    table = tomllib.loads((TEMPLATES / "modules.toml").read_text())
    return {each["name"] for each in table["modules"]}


def used(kind: str) -> set[str]:
    text = dial_plan()
    if kind == "applications":
        return {*_APPLICATION.findall(text), *re.findall(r"ExecIf\([^?\n]*\?(\w+)\(", text)}
    if kind == "functions":
        return set(_FUNCTION.findall(text))
    if kind == "modules":
        return modules()
    asked = r'(?:\baction|\bcollect|_do|_send)\(\s*(?:client, )?"(\w+)"|\("Action", "(\w+)"\)'
    files = (
        file for each in ("provisioner", "monitors", "web") for file in (ROOT / each).rglob("*.py")
    )
    found = (re.findall(asked, text) for file in files if "Ami" in (text := file.read_text()))
    return {one or other for each in found for one, other in each}


@pytest.mark.parametrize("kind", ["applications", "functions", "actions"])
def test_all_that_is_used_is_in_every_version(kind: str) -> None:
    """A name that is new here is looked up in the oldest and the newest Asterisk first."""
    assert used(kind) == set(KNOWN[kind])


@pytest.mark.parametrize("kind", ["modules", "applications", "functions", "actions"])
def test_nothing_that_was_removed_is_used(kind: str) -> None:
    gone = {name: each["version"] for each in KNOWN["removed"] for name in each.get(kind, ())}
    assert gone
    assert {name: gone[name] for name in used(kind) & set(gone)} == {}


def test_every_module_that_is_needed_is_loaded_and_no_other() -> None:
    given = {*KNOWN["applications"].values(), *KNOWN["functions"].values()}
    assert given - CORE - OWNERS - modules() == set()
    of_dial_plan = {each for each in modules() if each.startswith(("app_", "func_"))}
    assert of_dial_plan - given == set()
    assert "res_pjsip_notify" in modules()


def test_every_call_goes_by_pjsip() -> None:
    """Local channels stand where the site names no trunk; what they lead to is its owner's."""
    text = dial_plan()
    devices = re.findall(r"Dial\(([^,)]*)", text)
    assert {
        each for each in devices if not each.startswith(("PJSIP/", "${BW_", "{{ device"))
    } == set()
    assert set(re.findall(r'"(\w+)/\$\{', text)) == {"PJSIP", "Local"}
