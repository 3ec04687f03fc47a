"""YAML without its surprises, with a line for every mistake, and bounded."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import SiteFileError
from provisioner.inventory import site_yaml
from provisioner.inventory.site_yaml import WrittenInt, dotted, read_yaml


def refused(text: str, folder: Path | None = None) -> SiteFileError:
    with pytest.raises(SiteFileError) as caught:
        read_yaml("site.yaml", text, folder)
    assert caught.value.file == "site.yaml"
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("Yes", "Yes"),
        ("y", "y"),
        ("12:34:56:12:34:56", "12:34:56:12:34:56"),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("1e5", "1e5"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("1.50", "1.50"),
        (".inf", ".inf"),
        ("=", "="),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ('"true"', "true"),
        ("'12'", "12"),
    ],
)
def test_a_scalar_is_what_it_looks_like(text: str, value: object) -> None:
    data = read_yaml("f", f"a: {text}\n").data
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


@pytest.mark.parametrize(
    ("text", "number"), [("012", 12), ("0", 0), ("-5", -5), ("+7", 7), ("2214", 2214)]
)
def test_a_whole_number_remembers_how_it_was_written(text: str, number: int) -> None:
    value = read_yaml("f", f"a: {text}\n").data["a"]
    assert isinstance(value, WrittenInt)
    assert (value, value.written) == (number, text)


def test_an_empty_file_is_empty() -> None:
    assert read_yaml("f", "").data == {}
    assert read_yaml("f", "# only a remark\n").data == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [1,\nb: 2\n", 3),
        ("a: b: c\n", 1),
        ("\n\n\tx: 1\n", 3),
        ("a: 1\n---\nb: 2\n", 2),
        ("a:\n  b: *nobody\n", 2),
        ("a:\n\n  b: \x07\n", 3),
        ("\x00", 1),
        ("a: 'open\n", 2),
    ],
)
def test_what_is_no_yaml_is_named_with_its_line(text: str, line: int) -> None:
    problem = refused(text)
    assert problem.line == line
    assert "not YAML" in str(problem)


def test_a_key_given_twice() -> None:
    problem = refused("sites:\n- id: a\n  name: x\n  id: b\n")
    assert (problem.line, problem.field) == (4, "sites[0].id")
    assert "given twice" in str(problem)


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a {b: {c: *a}}\n"])
def test_what_refers_to_itself(text: str) -> None:
    assert "refers to itself" in str(refused(text))


def test_an_alias_stands_for_its_value() -> None:
    data = read_yaml("f", "a: &x {b: 1}\nc: *x\nd: [*x, *x]\n").data
    assert data == {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}, {"b": 1}]}


def test_aliases_of_aliases_are_bounded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "aliases stand for more" in str(refused("\n".join(lines)))


@pytest.mark.parametrize("text", ["[" * 200_000, "[" * 500 + "]" * 500, "{a: " * 500 + "}" * 500])
def test_nesting_is_bounded(text: str) -> None:
    problem = refused(text)
    assert problem.line == 1
    assert "nested" in str(problem)


def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_yaml, "MAX_BYTES", 10)
    assert "larger than" in str(refused("a: 12345678"))


@pytest.mark.parametrize("text", ["a: " + "9" * 5000, "a: !!int twelve", "a: !!int 1.5"])
def test_a_number_that_is_none(text: str) -> None:
    assert "not a whole number" in str(refused(text))


@pytest.mark.parametrize("text", ["? [a, b]\n: c\n", "? {a: b}\n: c\n"])
def test_a_key_is_a_text(text: str) -> None:
    assert "key must be a text" in str(refused(text))


def test_an_unknown_tag() -> None:
    problem = refused("a:\n  b: !vault x\n")
    assert (problem.line, problem.field) == (2, "a.b")
    assert "!env" in str(problem)


def test_python_objects_are_texts() -> None:
    data = read_yaml(
        "f", "a: !!python/object/apply:os.getcwd []\nb: !!python/name:os.system x\n"
    ).data
    assert data == {"a": [], "b": "x"}


def test_a_secret_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELL_TEST", "NO")
    assert read_yaml("f", "a: !env BELL_TEST\n").data == {"a": "NO"}
    monkeypatch.delenv("BELL_TEST")
    problem = refused("b: 1\na: !env BELL_TEST\n")
    assert (problem.line, problem.field) == (2, "a")
    assert "BELL_TEST" in str(problem)


def test_a_secret_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("hush\n", encoding="utf-8")
    assert read_yaml("f", "a: !file pass\n", tmp_path).data == {"a": "hush"}
    problem = refused("b: 1\na: !file nothing\n", tmp_path)
    assert (problem.line, problem.field) == (2, "a")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert "cannot read" in str(refused("a: !file binary", tmp_path))
    assert "not allowed" in str(refused("a: !file pass"))


def test_lines_of_paths() -> None:
    document = read_yaml("f", "sites:\n  - id: a\n    rooms:\n      - {id: b,\n         name: c}\n")
    assert document.line(("sites", 0, "rooms", 0, "name")) == 5
    assert document.line(("sites", 0, "rooms", 0, "nothing", "below")) == 4
    assert document.line(("elsewhere",)) == 1


def test_a_path_for_people() -> None:
    path = ("sites", 0, "rooms", 3, "phones", "bedside", "mac")
    assert dotted(path) == "sites[0].rooms[3].phones.bedside.mac"
    assert dotted(()) == ""


@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!\"'#|>% \n,?1"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(SiteFileError):
        document = read_yaml("f", text)
        assert document.line(()) >= 1
