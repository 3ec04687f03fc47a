"""The sheet's own words, in the guest's languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from provisioner.key_sheet import KeyLabel
from provisioner.placeholders import text_in
from provisioner.shown_texts import Text, distinct, in_front

_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
"""In these a key's name, such as 1-6, is isolated: it would be turned round otherwise."""
PAGES = Path(__file__).resolve().parents[1] / "pages" / "labels"


@cache
def _file() -> Mapping[str, Mapping[str, object]]:
    return tomllib.loads((PAGES / "words.toml").read_text(encoding="utf-8"))


def languages_known() -> tuple[str, ...]:
    """Return the languages that have words of their own."""
    return tuple(name for name, words in _file().items() if "print" in words)


@dataclass(frozen=True, slots=True)
class Words:
    """The words in some languages, the most important first."""

    languages: tuple[str, ...]

    def each(self, name: str, **values: object) -> tuple[Text, ...]:
        """Return a word in every language, English where a language has none."""
        return tuple(Text(n, _filled(n, name, values)) for n in self.languages)

    def all(self, name: str, **values: object) -> tuple[Text, ...]:
        """Return a word in every language, each wording once."""
        return distinct(self.each(name, **values))

    def first(self, name: str, **values: object) -> str:
        """Return a word in the most important language."""
        return self.each(name, **values)[0].text

    def names_of(self, key: KeyLabel) -> tuple[Text, ...]:
        """Return what a key is called: its labels, or the name of what it does."""
        if key.labels or key.type is None:
            return key.wordings
        names = _file()["types"].get(key.type.value)
        if not isinstance(names, dict):
            return ()
        return distinct(
            [Text(n, text_in(names, in_front(n, self.languages))) for n in self.languages]
        )


def _filled(language: str, name: str, values: Mapping[str, object]) -> str:
    words = _file()
    text = str(words.get(language, words["en"])[name])
    ends = ("\u2066", "\u2069") if language in _RIGHT_TO_LEFT else ("", "")
    return text.format(**{key: f"{ends[0]}{value}{ends[1]}" for key, value in values.items()})
