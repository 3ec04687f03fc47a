"""What a decision says in a person's language."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from monitors.calls.decision import Because

LANGUAGES = ("en", "es", "ru")


def sentence(because: Because, language: str = "en") -> str:
    """Return why it was decided so; a language without texts gets English.

    Raises:
        KeyError: there is no such rule, or a fact of its sentence is missing.
    """
    text = _texts(language if language in LANGUAGES else "en")[because.rule]
    made = text.format_map(because.facts)
    return made[:1].upper() + made[1:]


def known_rules(language: str) -> dict[str, str]:
    """Return the texts of every rule in a language."""
    return dict(_texts(language))


@cache
def _texts(language: str) -> dict[str, str]:
    file = resources.files("monitors.calls").joinpath("texts", f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
