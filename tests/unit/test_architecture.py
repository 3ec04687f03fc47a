"""The shape of the code: sizes, names, imports, docstrings, and one version."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner import errors

TOP = Path(__file__).resolve().parents[2]
PACKAGES = ("provisioner", "monitors", "web")
MAX_LINES = 300
MAX_FUNCTION = 40
BANNED = {"utils", "helpers", "common", "manager", "base"}


def modules(*packages: str) -> list[Path]:
    found = [p for package in packages for p in sorted((TOP / package).rglob("*.py"))]
    return [p for p in found if "versions" not in p.parent.parts]


def name(path: Path) -> str:
    return str(path.relative_to(TOP))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


Function = ast.FunctionDef | ast.AsyncFunctionDef
ALL = modules(*PACKAGES)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def code_lines(function: Function) -> int:
    """Lines of a function without its docstring."""
    start = function.body[0].lineno
    if ast.get_docstring(function) is not None:
        start = (function.body[0].end_lineno or start) + 1
    header = function.body[0].lineno - function.lineno
    return header + (function.end_lineno or start) - start + 1


def test_there_is_something_to_look_at() -> None:
    assert len(ALL) > 80


@pytest.mark.parametrize("path", ALL, ids=name)
def test_a_module_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", ALL, ids=name)
def test_a_function_is_short(path: Path) -> None:
    functions = (n for n in ast.walk(tree(path)) if isinstance(n, Function))
    assert [f.name for f in functions if code_lines(f) > MAX_FUNCTION] == []


@pytest.mark.parametrize("path", ALL, ids=name)
def test_names_are_the_fields_own(path: Path) -> None:
    assert path.stem not in BANNED
    assert not BANNED & set(path.relative_to(TOP).parts)


@pytest.mark.parametrize("path", modules("provisioner", "monitors"), ids=name)
def test_the_web_is_only_in_web(path: Path) -> None:
    assert not {"flask", "werkzeug", "granian", "click", "web"} & set(imports(path))


@pytest.mark.parametrize("path", modules("provisioner"), ids=name)
def test_the_core_knows_nothing_of_monitors(path: Path) -> None:
    assert "monitors" not in imports(path)


@pytest.mark.parametrize("path", ALL, ids=name)
def test_libraries_stay_where_they_belong(path: Path) -> None:
    used = set(imports(path))
    where = name(path)
    if where != "monitors/discovery/sniffing.py":
        assert "scapy" not in used
    if not re.match(r"monitors/(snmp/|probes/|remedies)", where):
        assert "pysnmp" not in used
    if not where.startswith("monitors/remedies"):
        assert "netmiko" not in used


def public(node: ast.AST) -> Iterator[ast.AST]:
    """Public functions and classes of a module, and the methods of its public classes."""
    for child in getattr(node, "body", []):
        if isinstance(child, ast.ClassDef | Function) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from public(child)


@pytest.mark.parametrize("path", modules("provisioner", "monitors"), ids=name)
def test_everything_public_says_what_it_is(path: Path) -> None:
    module = tree(path)
    assert ast.get_docstring(module)
    silent = [
        n.name
        for n in public(module)
        if isinstance(n, ast.ClassDef | Function) and not ast.get_docstring(n)
    ]
    assert silent == []


@pytest.mark.parametrize("path", [*ALL, *modules("tests", "bench", "scripts")], ids=name)
def test_nothing_is_left_for_later(path: Path) -> None:
    words = "|".join(("TO" + "DO", "FIX" + "ME"))
    assert not re.search(rf"\b({words})\b", path.read_text(encoding="utf-8"))


def test_every_error_is_in_the_tree() -> None:
    classes = {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    drawn: dict[str, int] = {}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^([\s|]*(?:\+-- )?)(\w+Error)\b", line)
        if match:
            drawn[match[2]] = len(match[1])
    assert set(drawn) == set(classes)
    above: list[str] = []
    for error, indent in drawn.items():
        while above and drawn[above[-1]] >= indent:
            above.pop()
        if above:
            assert classes[error].__base__ is classes[above[-1]], error
        above.append(error)


def exceptions(path: Path) -> Iterator[tuple[str, list[str]]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
            yield node.name, [ast.unparse(base) for base in node.bases]


@pytest.mark.parametrize("path", modules("provisioner", "monitors"), ids=name)
def test_an_error_outside_the_tree_hangs_on_it_or_on_value_error(path: Path) -> None:
    if path.name == "errors.py":
        return
    known = {n for n, kind in vars(errors).items() if isinstance(kind, type)} | {"ValueError"}
    local = dict(exceptions(path))
    for error, bases in local.items():
        assert any(base in known or base in local for base in bases), error


def test_one_version() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changes = TOP / "CHANGELOG.md"
    if not changes.is_file():
        pytest.skip("there is no CHANGELOG.md")
    headings = re.findall(r"^##\s+\[?v?(\d+(?:\.\d+)+)", changes.read_text(encoding="utf-8"), re.M)
    assert headings
    assert headings[0] == project["version"]


def test_the_top_level_is_fixed() -> None:
    for folder in ("provisioner", "monitors", "web", "templates", "tests", "docs", "bench"):
        assert (TOP / folder).is_dir(), folder
    assert (TOP / "LICENSE").is_file()
