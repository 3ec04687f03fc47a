"""What a diagnosis says in a person's language: sentence and fix, with the phone's own facts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from monitors.calls.wording import scope_words

LANGUAGES = ("en", "es", "ru")
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence that says what is wrong, and one that says what to do (may be empty)."""

    sentence: str
    fix: str


class _Facts(dict[str, str]):
    """Facts by name; one that is not known is said in general words."""

    def __init__(self, known: Mapping[str, str], unknown: Mapping[str, str]) -> None:
        super().__init__({name: value for name, value in known.items() if value})
        self._unknown = unknown

    def __missing__(self, name: str) -> str:
        return self._unknown[name]


def words(rule: str, facts: Mapping[str, str], language: str = "en") -> Words:
    """Return what to say of a diagnosis.

    Args:
        rule: the row of the table.
        facts: names and numbers of this phone.
        language: two letters; one without texts gets English.

    Raises:
        KeyError: there is no such row.
    """
    texts = _texts(language if language in LANGUAGES else "en")
    if facts.get("scope"):  # an account, a room or a site whose calls are blocked
        facts = {**facts, "scope": scope_words(facts["scope"], language)}
    filled = _Facts(facts, texts[_UNKNOWN])
    return Words(*(_filled(texts[rule][part], filled) for part in ("sentence", "fix")))


def names_of_signals(names: Iterable[str], language: str) -> str:
    """Return what signals are called, one after the other; one without a text as it is."""
    called = signal_texts(language)["signals"]
    return ", ".join(str(called.get(name, name)) for name in names)


@cache
def signal_texts(language: str) -> dict[str, Any]:
    """Return the words of signals, of their values, and of all that is said of them."""
    known = language if language in LANGUAGES else "en"
    file = resources.files("monitors.diagnosis").joinpath("texts", f"signals.{known}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _filled(text: str, facts: _Facts) -> str:
    """Fill the names in; the sentence begins with a capital, but for a device's own name."""
    made = text.format_map(facts)
    is_name = text.startswith("{") and not made.split(" ", 1)[0].isalpha()
    return made if is_name else made[:1].upper() + made[1:]


def known_rules(language: str) -> frozenset[str]:
    """Return the rows that have texts in a language."""
    return frozenset(_texts(language)) - {_UNKNOWN}


@cache
def _texts(language: str) -> dict[str, dict[str, str]]:
    file = resources.files("monitors.diagnosis").joinpath("texts", f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
