"""What a decision says in a person's language."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from monitors.calls.decision import Because

LANGUAGES = ("en", "es", "ru")
_SCOPES = {
    "es": {"account": "la cuenta {}", "room": "la habitación {}", "site": "todo el sitio {}"},
    "ru": {"account": "аккаунт {}", "room": "номер {}", "site": "объект {}"},
}
"""An account, a room or a site in a sentence."""


def sentence(because: Because, language: str = "en") -> str:
    """Return why it was decided so; a language without texts gets English.

    Raises:
        KeyError: there is no such rule, or a fact of its sentence is missing.
    """
    text = _texts(language if language in LANGUAGES else "en")[because.rule]
    facts = dict(because.facts)
    if "scope" in facts:
        facts["scope"] = scope_words(facts["scope"], language)
    made = text.format_map(facts)
    return made[:1].upper() + made[1:]


def scope_words(scope: str, language: str = "en") -> str:
    """Return what ``account 2214`` is called inside a sentence."""
    kind, _, name = scope.partition(" ")
    form = _SCOPES.get(language, {}).get(kind)
    return form.format(name) if form and name else scope


def known_rules(language: str) -> dict[str, str]:
    """Return the texts of every rule in a language."""
    return dict(_texts(language))


@cache
def _texts(language: str) -> dict[str, str]:
    file = resources.files("monitors.calls").joinpath("texts", f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
