"""The pages' words: English in the code, other languages in gettext catalogues beside it.

The catalogues (``texts/<language>.po``) are read as they are at start; nothing is compiled or
installed. ``python -m web.pages.extraction`` brings them up to date with templates and code.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import g, has_request_context
from werkzeug.datastructures import LanguageAccept

from web.retelling.retelling import retold

LANGUAGES = {"en": "English", "es": "Español", "ru": "Русский"}
"""Each language by its own name."""
LOCALES = {"en": "en_GB", "es": "es_ES", "ru": "ru_RU"}
TEXTS = Path(__file__).parent / "texts"


def chosen(wishes: Sequence[str], accepted: LanguageAccept) -> str:
    """Return the first of a person's wishes that there is, else the browser's, else English."""
    for wish in wishes:
        if wish in LANGUAGES:
            return wish
    for value, quality in accepted:  # the best first; en-US before ru is English
        if quality and value.split("-")[0].lower() in LANGUAGES:
            return value.split("-")[0].lower()
    return "en"


@cache
def translations(language: str) -> NullTranslations:
    """Return the catalogue of a language; English has none and needs none."""
    file = TEXTS / f"{language}.po"
    if not file.is_file():
        return NullTranslations()
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain=Translations.DEFAULT_DOMAIN)


def current() -> str:
    """Return the language of the request that is answered; English outside of one."""
    return str(g.get("language", "en")) if has_request_context() else "en"


def locale() -> Locale:
    """Return how numbers and dates are written in the current language."""
    return _locale(current())


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES[language])


def N_(text: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a text that is translated later, where it is shown."""
    return text


def gettext(text: str) -> str:
    """Translate a text."""
    return str(translations(current()).gettext(text)) if text else ""


def ngettext(one: str, many: str, count: int) -> str:
    """Translate a text that depends on a number."""
    return str(translations(current()).ngettext(one, many, count))


def pgettext(context: str, text: str) -> str:
    """Translate a text that means different things in different places."""
    return str(translations(current()).pgettext(context, text))


def npgettext(context: str, one: str, many: str, count: int) -> str:
    """Translate a text that depends on a number and on its place."""
    return str(translations(current()).npgettext(context, one, many, count))


def retell(text: object) -> str:
    """Say a sentence of the core in the current language; what is not known as it is."""
    return retold(str(text), current())


_ = gettext
