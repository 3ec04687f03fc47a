"""Texts of templates and code, for translators: ``python -m web.pages.extraction``.

Brings ``texts/<language>.po`` up to date: new texts come in untranslated, texts that are gone are
left out, and what was translated stays. A test says which translations are missing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from web.pages.language import LANGUAGES, TEXTS

WEB = Path(__file__).resolve().parents[1]
FOLDERS = ("pages", "accounts")
_KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_OPTIONS = {
    "**.html": {
        "extensions": "jinja2.ext.i18n,jinja2.ext.do", "trimmed": "true", "silent": "false"
    }
}  # fmt: skip
_METHODS = [("**.py", "python"), ("**.html", "jinja2")]


def extracted() -> Catalog:
    """Return all texts of the pages, with where they are and what is said to translators."""
    found = Catalog(project="bellwire", charset="utf-8")
    for folder in FOLDERS:
        for file, line, message, comments, context in _messages(WEB / folder):
            where = [(f"web/{folder}/{file}", line)]
            found.add(message, None, where, auto_comments=comments, context=context)
    return found


def _messages(folder: Path) -> Iterator[tuple]:  # type: ignore[type-arg]  # as Babel has it
    return extract_from_dir(
        str(folder),
        method_map=_METHODS,
        options_map=_OPTIONS,
        keywords=_KEYWORDS,
        comment_tags=["translators:"],
        strip_comment_tags=True,
    )


def kept(language: str) -> Catalog:
    """Return the catalogue of a language as it is kept."""
    file = TEXTS / f"{language}.po"
    if not file.is_file():
        return Catalog(locale=language)
    with file.open("rb") as stream:
        return read_po(stream, locale=language)


def update(language: str) -> int:
    """Bring a language's catalogue up to date; returns how many texts lack a translation."""
    catalogue = kept(language)
    catalogue.update(extracted(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    catalogue.project, catalogue.version, catalogue.fuzzy = "bellwire", "", False
    catalogue.header_comment = f"# The pages in {LANGUAGES[language]}."
    catalogue.last_translator = catalogue.language_team = catalogue.msgid_bugs_address = ""
    with (TEXTS / f"{language}.po").open("wb") as stream:
        write_po(
            stream, catalogue, width=100, omit_header=False, include_lineno=False, sort_output=True
        )
    return len(missing(language))


def missing(language: str) -> list[str]:
    """Return the texts that a language has no translation of."""
    catalogue = kept(language)
    absent = []
    for message in extracted():
        if not message.id:
            continue
        there = catalogue.get(message.id, message.context)
        strings = there.string if there else ""
        parts = strings if isinstance(strings, list | tuple) else (strings,)
        if not there or there.fuzzy or not all(parts):
            absent.append(message.id if isinstance(message.id, str) else message.id[0])
    return absent


def main() -> None:
    """Update all catalogues and say what is missing."""
    for language in LANGUAGES:
        if language != "en":
            count = update(language)
            sys.stdout.write(f"{language}: {count} texts without a translation\n")


if __name__ == "__main__":
    main()
