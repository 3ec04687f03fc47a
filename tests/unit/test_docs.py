"""The documents say what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from scripts.write_docs import PAGES

TOP = Path(__file__).resolve().parents[2]
PROSE = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "docs/life-of-a-phone-boot.md"]


@pytest.mark.parametrize("page", PAGES)
def test_generated_pages_are_up_to_date(page: str) -> None:
    kept = (TOP / "docs" / page).read_text(encoding="utf-8")
    assert kept == PAGES[page](), "run: python scripts/write_docs.py"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[<>=~\[ ]", each)[0] for each in project["dependencies"]}
    text = (TOP / "docs" / "dependencies.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ([a-z][a-z0-9-]*) \|", text, re.MULTILINE)) - {"package"}
    assert names == listed


@pytest.mark.parametrize("page", PROSE)
def test_links_and_file_names_exist(page: str) -> None:
    text = (TOP / page).read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#:]+)\)", text)
    named = re.findall(
        r"`((?:provisioner|web|monitors|templates|tests|docs|scripts)/[\w/.-]+)`", text
    )
    missing = [name for name in {*linked, *named} if not (TOP / name).exists()]
    assert missing == []


def test_the_walk_names_things_that_exist() -> None:
    text = (TOP / "docs" / "life-of-a-phone-boot.md").read_text(encoding="utf-8")
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for folder in ("provisioner", "web")
        for file in (TOP / folder).rglob("*.py")
    )
    names = {n.split(".")[-1] for n in re.findall(r"`([A-Za-z_]+(?:\.[a-z_]+)?)`", text)}
    known = {name for name in names if re.search(rf"\b(def|class) {name}\b", code)}
    words = {"GET", "dirty", "armed", "provisioned", "FIRST_CONTACT", "FULL"}
    assert names - known - words <= {"apply", "NOTIFY"} | {n for n in names if n in code}
    assert len(known) > 25


def test_commands_in_the_readme_exist() -> None:
    text = (TOP / "README.md").read_text(encoding="utf-8")
    commands = (TOP / "docs" / "commands.md").read_text(encoding="utf-8")
    for name in re.findall(r"`bellwire ([a-z]+)", text):
        assert re.search(rf"^## bellwire {name}\b", commands, re.MULTILINE), name
