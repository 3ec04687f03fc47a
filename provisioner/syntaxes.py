"""Escaping, per syntax, in one place.

Every ``{{ value }}`` of a vendor template passes through its syntax's ``finalize``: secrets are
unwrapped (or masked), truth values become what the vendor writes, and a control character is an
error whatever its way in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import BaseLoader, Environment, StrictUndefined
from markupsafe import Markup, escape
from pydantic import SecretStr

from provisioner.setting_values import one_line

MASK = "********"
KNOWN_TEXTS = 4096


class UnsafeValueError(ValueError):
    """A value that the syntax cannot carry."""


@dataclass(frozen=True, slots=True)
class MaskedText:
    """Text with a secret part: ``shown`` stands in for it wherever a person looks."""

    text: str
    shown: str

    def __add__(self, tail: str) -> MaskedText:
        """Append plain text to both forms."""
        return MaskedText(self.text + tail, self.shown + tail)


Finalize = Callable[[object], str]


def _plain(value: object, *, masked: bool) -> str:
    if isinstance(value, SecretStr):
        text = MASK if masked else value.get_secret_value()
    elif isinstance(value, MaskedText):
        text = value.shown if masked else value.text
    elif isinstance(value, bool):
        text = "1" if value else "0"
    elif value is None:
        text = ""
    else:
        text = str(value)
    _refuse_controls(text)
    return text


def _refuse_controls(text: str) -> None:
    try:
        one_line(text)
    except ValueError as problem:
        raise UnsafeValueError(str(problem)) from problem


def _yealink(text: str) -> str:
    """Yealink: values are unquoted and trimmed; ``%NULL%`` is a command, not a text."""
    if text.strip().upper() in {"%NULL%", "%EMPTY%"}:
        raise UnsafeValueError(f"{text!r} is a command to the phone, not a text")
    if text != text.strip():
        raise UnsafeValueError("a value must not begin or end with a blank")
    return text


def _fanvil(text: str) -> str:
    """Fanvil text: everything after the first colon, so only line breaks matter."""
    if text != text.strip():
        raise UnsafeValueError("a value must not begin or end with a blank")
    return text


def _snom_m3(text: str) -> str:
    """Snom m3: values stand in quotes that nothing can escape; ``//`` begins a comment."""
    if '"' in text or "//" in text:
        raise UnsafeValueError("a value for an m3 must hold neither a quotation mark nor //")
    if not text.isascii():
        raise UnsafeValueError("a value for an m3 must be plain ASCII")
    return text


_TEXT_RULES: dict[str, Callable[[str], str]] = {
    "yealink": _yealink,
    "fanvil-old": _fanvil,
    "fanvil-new": _fanvil,
    "snom-m3": _snom_m3,
}


def check_text(syntax: str, text: str) -> None:
    """Refuse a text that a syntax cannot carry; raises UnsafeValueError that says why."""
    _refuse_controls(text)
    _TEXT_RULES.get(syntax, str)(text)


def environment(syntax: str, loader: BaseLoader, *, masked: bool) -> Environment:
    """Return the Jinja environment of a syntax.

    Args:
        syntax: ``yealink``, ``fanvil-old``, ``fanvil-new``, ``snom-m3`` or ``xml``.
        loader: where the templates are.
        masked: secrets are shown as asterisks.
    """
    is_xml = syntax == "xml"
    rule = _TEXT_RULES.get(syntax, str)

    def finished(text: str) -> Markup:
        return escape(text) if is_xml else Markup(rule(text))  # noqa: S704 - no HTML here

    @lru_cache(maxsize=KNOWN_TEXTS)
    def known(text: str) -> Markup:
        return finished(_plain(text, masked=masked))

    def finalize(value: object) -> str:
        if type(value) is str:  # most values: names, hosts, "0"; never a secret
            return known(value)
        if isinstance(value, Markup):  # a macro's result: its values have been here already
            return value
        return finished(_plain(value, masked=masked))

    made = Environment(
        loader=loader,
        autoescape=True,  # so that a macro's result is known as finished text
        finalize=finalize,
        undefined=StrictUndefined,
        newline_sequence="\r\n" if syntax.startswith("fanvil") else "\n",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    made.filters["onoff"] = lambda value: "on" if value else "off"
    return made
