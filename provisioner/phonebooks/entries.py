"""A site's phone book as values: merging, sorting and searching. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

_OWN_LETTERS = frozenset("ñй")
"""Letters with a mark that their languages sort after the letter without it."""
_AFTER_ALL = "\U0010ffff"
_UNSPOKEN = str.maketrans("", "", "-._")
OTHERS = "#"
DIGITS = "0-9"


@dataclass(frozen=True, slots=True)
class BookEntry:
    """A name and the number that it stands for; without a name the number is one.

    Attributes:
        folded: name and number as searches see them.
    """

    name: str
    number: str
    group: str = ""
    folded: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Book:
    """A site's phone book.

    Attributes:
        title: what phones show above it.
        languages: the site's, best first; for the words around the entries.
        entries: sorted by name.
    """

    title: str
    languages: tuple[str, ...]
    entries: tuple[BookEntry, ...]

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The groups that entries are in, sorted."""
        return tuple(sorted({e.group for e in self.entries if e.group}, key=_name_key))


def entry(name: str, number: str, group: str = "") -> BookEntry:
    """Return an entry that searches find."""
    shown = name.strip() or number
    return BookEntry(shown, number, group.strip(), f"{folded(shown)}\n{spoken(number)}")


def sorted_entries(
    accounts: Iterable[BookEntry], contacts: Iterable[BookEntry]
) -> tuple[BookEntry, ...]:
    """Return accounts and contacts as one list, sorted by name, every number once.

    Of a number that is written twice the first contact stays: what somebody wrote for the phone
    book is stronger than an account's own name.
    """
    by_number: dict[str, BookEntry] = {}
    for one in (*contacts, *accounts):
        by_number.setdefault(spoken(one.number), one)
    return tuple(sorted(by_number.values(), key=_entry_key))


def spoken(number: str) -> str:
    """Return a number without what only people need: 22-14 and 2214 are one."""
    return number.translate(_UNSPOKEN).casefold() or number.casefold()


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Return a text without case and marks, as searches compare it: José and JOSE are one."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))


def matches(one: BookEntry, term: str) -> bool:
    """Whether every word of a term stands somewhere in an entry's name or number."""
    words = folded(term).split()
    return all(word in one.folded or spoken(word) in one.folded for word in words)


def initial(one: BookEntry) -> str:
    """Return the letter that an entry stands under: upper case, ``0-9``, or ``#`` for the rest."""
    first = _letters(one.name)[:1]
    if first.isdecimal():
        return DIGITS
    return first.upper() if first.isalpha() else OTHERS


def initials(entries: Iterable[BookEntry]) -> tuple[str, ...]:
    """Return the letters of sorted entries, in their order, each once."""
    return tuple(dict.fromkeys(initial(one) for one in entries))


def _letters(text: str) -> str:
    """The text as it is sorted: no case, no marks except where they make another letter."""
    plain = unicodedata.normalize("NFC", text.strip().casefold())
    return "".join(c if c in _OWN_LETTERS else folded(c) for c in plain)


def _entry_key(one: BookEntry) -> tuple[object, ...]:
    return (*_name_key(one.name), one.number)


def _name_key(name: str) -> tuple[object, ...]:
    """Letters by their alphabet, digits after numbers' size: room 9 before room 10."""
    letters = _letters(name)
    for own in _OWN_LETTERS:
        letters = letters.replace(own, folded(own) + _AFTER_ALL)
    parts = re.findall(r"\d+|\D+", letters)
    return (
        tuple((not p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in parts),
        name,
    )
