"""Which part of a phone book is shown, and what leads on from there. Pure.

A phone takes only so many entries at once. Of a larger book it gets a menu of groups or of
initial letters, or pages to leaf through, as far as its firmware can show such things; a phone
that only takes one list gets the first part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from provisioner.phonebooks.entries import Book, BookEntry, initial, initials, matches
from provisioner.phonebooks.formats import BookFormat, Words
from provisioner.phonebooks.wanted import Wanted
from provisioner.placeholders import text_in


class PageKind(StrEnum):
    """What a page shows."""

    ENTRIES = "entries"
    MENU = "menu"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Link:
    """A way to another page of the same book: what it is called, and the query of its URL."""

    label: str
    query: str


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to a phone.

    Attributes:
        entries: of a list.
        links: of a menu.
        beside: what else the page leads to: search, previous, next.
        total: how many entries there are of what is wanted, on all pages.
    """

    kind: PageKind
    title: str
    entries: tuple[BookEntry, ...] = ()
    links: tuple[Link, ...] = ()
    beside: tuple[Link, ...] = ()
    total: int = 0


def page_of(book: Book, shape: BookFormat, wanted: Wanted, words: Words) -> Page:
    """Return what a phone is shown.

    Args:
        book: the site's.
        shape: what the phone's firmware can show.
        wanted: what it asked for.
        words: the words around entries.
    """
    found = tuple(_narrowed(shown(book.entries, shape), wanted))
    title = wanted.term or wanted.group or wanted.letter or book.title
    if wanted.form and shape.forms:
        return Page(PageKind.FORM, text_in(words.search, book.languages))
    links = _menu(book, shape, wanted, words, found)
    if links:
        return Page(PageKind.MENU, title, links=links, total=len(found))
    start = wanted.offset or 0
    start = start if start < len(found) else 0
    part = found[start : start + shape.entries]
    beside = _beside(book, shape, wanted, words, start, len(found))
    return Page(PageKind.ENTRIES, title, part, (), beside, len(found))


def shown(entries: Iterable[BookEntry], shape: BookFormat) -> list[BookEntry]:
    """Return the entries that a phone can carry, cut to what it can show."""
    fits = re.compile(shape.numbers)
    made = []
    for one in entries:
        too_long = shape.number_max and len(one.number) > shape.number_max
        if too_long or fits.fullmatch(one.number) is None:
            continue
        too_wide = shape.name_max and len(one.name) > shape.name_max
        made.append(replace(one, name=one.name[: shape.name_max].rstrip()) if too_wide else one)
    return made


def _narrowed(entries: Iterable[BookEntry], wanted: Wanted) -> Iterable[BookEntry]:
    if wanted.group:
        entries = [e for e in entries if e.group == wanted.group]
    if wanted.term:
        entries = [e for e in entries if matches(e, wanted.term)]
    if wanted.letter:
        entries = [e for e in entries if initial(e) == wanted.letter]
    return entries


def _menu(
    book: Book, shape: BookFormat, wanted: Wanted, words: Words, found: tuple[BookEntry, ...]
) -> tuple[Link, ...]:
    """The menu instead of a list, when the phone can show one and needs it."""
    if not shape.menus or wanted.offset is not None:
        return ()
    too_many = len(found) > shape.entries
    if wanted.is_top and shape.groups and book.groups:
        everybody = Link(text_in(words.everybody, book.languages), Wanted(whole=True).query)
        groups = (Link(group, Wanted(group=group).query) for group in book.groups)
        return (*_search(book, shape, words), everybody, *groups)
    if not too_many:
        return ()
    letters = initials(found)
    if wanted.term or wanted.letter or len(letters) == 1:
        return () if shape.pages else _ranges(shape, wanted, found)
    narrower = (Link(letter, replace(wanted, letter=letter).query) for letter in letters)
    search = _search(book, shape, words) if wanted.is_top else ()
    return (*search, *narrower)


def _ranges(shape: BookFormat, wanted: Wanted, found: tuple[BookEntry, ...]) -> tuple[Link, ...]:
    """As many entries as a file may hold at a time, each named by its first."""
    starts = range(0, len(found), shape.entries)
    return tuple(Link(f"{found[at].name} …", wanted.at(at).query) for at in starts)


def _search(book: Book, shape: BookFormat, words: Words) -> tuple[Link, ...]:
    if not shape.forms:
        return ()
    return (Link(text_in(words.search, book.languages), Wanted(form=True).query),)


def _beside(
    book: Book, shape: BookFormat, wanted: Wanted, words: Words, start: int, total: int
) -> tuple[Link, ...]:
    """Keys below a list, where the phone has them."""
    links = list(_search(book, shape, words))
    if shape.pages and start > 0:
        back = wanted.at(max(0, start - shape.entries))
        links.append(Link(text_in(words.previous, book.languages), back.query))
    if shape.pages and start + shape.entries < total:
        on = wanted.at(start + shape.entries)
        links.append(Link(text_in(words.next, book.languages), on.query))
    return tuple(links)
