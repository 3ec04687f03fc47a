"""Every decision says why, in every language; and ``bellwire number check`` says it too."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitors.calls.decision import Because
from monitors.calls.wording import LANGUAGES, known_rules, sentence
from web.cli import main

TOP = Path(__file__).resolve().parents[2]


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_language_says_the_same_of_every_rule() -> None:
    english = known_rules("en")
    for language in LANGUAGES:
        texts = known_rules(language)
        assert list(texts) == list(english)
        for rule, text in texts.items():
            assert names(text) == names(english[rule]), (language, rule)
            assert text.endswith(".")


def test_every_rule_that_can_decide_has_its_text() -> None:
    code = "\n".join(f.read_text(encoding="utf-8") for f in (TOP / "monitors/calls").glob("*.py"))
    written = set(re.findall(r"(?:passed|refused|Because)\(\s*\"(\w+)\"", code))
    made = {f"calls_{each}" for each in ("hour", "day", "month")}
    made |= {f"do_not_call_{each}" for each in ("free", "consent", "warned", "blocked")}
    made |= {"spend_day", "spend_month", "internal", "service"}
    assert written | made == set(known_rules("en"))


def test_sentences() -> None:
    because = Because("spend_day", {"scope": "account 2214", "most": "10.00 EUR"})
    assert (
        sentence(because) == "Account 2214 has nothing left of the 10.00 EUR it may spend in a day."
    )
    assert sentence(because, "ru") == "Аккаунт 2214: дневной лимит 10.00 EUR исчерпан."
    assert sentence(because, "es").startswith("A la cuenta 2214 no le queda nada de los 10.00 EUR")
    assert sentence(because, "fr") == sentence(because, "en")
    with pytest.raises(KeyError):
        sentence(Because("unheard"))


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["number", "check", *words])
    return result.exit_code, result.output


def test_a_number_of_a_country() -> None:
    code, output = run("8 (912) 345-67-89", "--country", "RU")
    assert code == 0
    assert output.splitlines()[0] == "+79123456789: national, RU, mobile"
    assert "89123456789" in output.splitlines()[1]
    assert "from: pass - No rule is about +79123456789" in output
    assert "to: pass - +79123456789 is within every limit." in output


def test_json() -> None:
    code, output = run("806 123 456", "--country", "es", "--json")
    assert code == 0
    got = json.loads(output)
    assert (got["value"], got["kind"], got["nature"]) == ("+34806123456", "national", "premium")
    assert got["to"]["verdict"] == "refuse"
    assert got["to"]["rule"] == "closed_destination"
    assert got["from"]["verdict"] == "pass"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("foo", "--country", "ES"), 1, "foo: unknown"),
        (("9" * 99, "--country", "ES"), 1, "longer than any number"),
        (("1", "--country", "XX"), 2, "no country with numbers"),
        (("1", "--country", "ES", "--site", "a"), 2, "either --site or --country"),
        (("1", "--country", "ES", "--extension", "77"), 1, "no extension '77'"),
    ],
)
def test_exit_codes(words: tuple[str, ...], code: int, said: str) -> None:
    got, output = run(*words)
    assert got == code
    assert said in output


def test_a_number_of_a_site(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(
        """\
sites:
  - id: aurora
    name: Aurora
    url: http://prov.example
    country: ES
    numbers: {reception: "100", wake_up: "*55"}
    accounts: [{extension: "100"}, {extension: "2214"}]
"""
    )
    data = ["--data", str(tmp_path / "data")]
    applied = CliRunner().invoke(main, ["apply", str(file), *data])
    assert applied.exit_code == 0, applied.output
    for text, kind in (("2214", "internal"), ("*55", "service"), ("112", "emergency")):
        code, output = run(text, "--site", "aurora", "--json", *data)
        assert code == 0
        got = json.loads(output)
        assert (got["kind"], got["to"]["rule"]) == (kind, kind)
    code, output = run("+1 876 555 1234", *data)  # the only site
    assert code == 0
    assert "note: First call to this country (JM)" in output
    assert run("1", "--site", "nowhere", *data)[0] == 1
