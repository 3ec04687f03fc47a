"""Escaping: what a value may do to the file it stands in, and what a person sees of a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, TemplateError
from pydantic import SecretStr

from provisioner.setting_values import FORBIDDEN_CONTROL
from provisioner.syntaxes import MASK, MaskedText, UnsafeValueError, environment

SYNTAXES = ["yealink", "fanvil-old", "fanvil-new", "xml"]
TEXT_SYNTAXES = SYNTAXES[:3]


def write(syntax: str, value: object, template: str = "{{ v }}", *, masked: bool = False) -> str:
    made = environment(syntax, DictLoader({"t": template}), masked=masked)
    return made.get_template("t").render(v=value)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(
    "bad", ["a\nb", "a\rb", "\x00", "a\tb", "a\x85b", "a\u2028b", "\x7f", "\uffff"]
)
@pytest.mark.parametrize("wrap", [str, SecretStr, lambda t: MaskedText(t, "x")])
def test_a_control_character_is_refused_whatever_its_way_in(syntax: str, bad: str, wrap) -> None:
    with pytest.raises(UnsafeValueError, match="control character"):
        write(syntax, wrap(bad))


@given(st.sampled_from(TEXT_SYNTAXES), st.text(max_size=30))
def test_a_text_stays_one_line_or_is_refused(syntax: str, text: str) -> None:
    try:
        written = write(syntax, text)
    except UnsafeValueError:
        assert FORBIDDEN_CONTROL & set(text) or text != text.strip() or "%" in text
    else:
        assert written == text
        assert len(written.splitlines()) <= 1


@pytest.mark.parametrize("text", ["%NULL%", "%null%", " %NULL% ", "%EMPTY%", "%Empty%"])
def test_a_command_to_a_yealink_is_no_text(text: str) -> None:
    with pytest.raises(UnsafeValueError):
        write("yealink", text)


@pytest.mark.parametrize("syntax", ["fanvil-old", "fanvil-new", "xml"])
def test_what_commands_a_yealink_is_a_text_elsewhere(syntax: str) -> None:
    assert write(syntax, "%NULL%") == "%NULL%"


def test_a_percent_sign_is_no_command() -> None:
    assert write("yealink", "100% wool") == "100% wool"


@pytest.mark.parametrize("syntax", TEXT_SYNTAXES)
@pytest.mark.parametrize("text", [" a", "a ", "\u00a0a"])
def test_a_blank_that_the_phone_would_trim_is_refused(syntax: str, text: str) -> None:
    with pytest.raises(UnsafeValueError):
        write(syntax, text)


def test_xml_is_escaped_once() -> None:
    text = """<b a="1" c='2'>&amp;"""
    written = write("xml", text)
    assert written == "&lt;b a=&#34;1&#34; c=&#39;2&#39;&gt;&amp;amp;"
    assert "<" not in write("xml", SecretStr("a<b"))


@pytest.mark.parametrize("syntax", TEXT_SYNTAXES)
def test_other_syntaxes_escape_nothing(syntax: str) -> None:
    assert write(syntax, "Tom & Jerry <3 \"x\" 'y'") == "Tom & Jerry <3 \"x\" 'y'"


MACRO = "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(v) }}{% set s %}{{ v }}{% endset %}|{{ s }}"


def test_the_result_of_a_macro_is_not_escaped_again() -> None:
    assert write("xml", "a&b", MACRO) == "<a&amp;b>|a&amp;b"
    assert write("yealink", "a&b", MACRO) == "<a&b>|a&b"


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(
    ("value", "written"),
    [(True, "1"), (False, "0"), (None, ""), (0, "0"), (5060, "5060"), ("", "")],
)
def test_truth_and_nothing(syntax: str, value: object, written: str) -> None:
    assert write(syntax, value) == written


def test_on_and_off() -> None:
    assert write("xml", True, "{{ v | onoff }}") == "on"
    assert write("xml", "", "{{ v | onoff }}") == "off"


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("template", ["{{ v }}", MACRO])
def test_secrets_are_written_or_masked(syntax: str, template: str) -> None:
    hidden = SecretStr("hush-hush")
    assert "hush-hush" in write(syntax, hidden, template)
    shown = write(syntax, hidden, template, masked=True)
    assert "hush" not in shown
    assert MASK in shown


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_text_with_a_secret_part(syntax: str) -> None:
    url = MaskedText("http://x/p/token/", "http://x/p/***/") + "a.cfg"
    assert write(syntax, url) == "http://x/p/token/a.cfg"
    assert write(syntax, url, masked=True) == "http://x/p/***/a.cfg"


def test_a_name_that_is_not_there_is_an_error() -> None:
    with pytest.raises(TemplateError):
        write("yealink", 1, "{{ nothing }}")


@pytest.mark.parametrize(
    ("syntax", "end"),
    [("fanvil-new", "\r\n"), ("fanvil-old", "\r\n"), ("yealink", "\n"), ("xml", "\n")],
)
def test_line_ends(syntax: str, end: str) -> None:
    assert write(syntax, 1, "a = {{ v }}\nb\n") == f"a = 1{end}b{end}"
