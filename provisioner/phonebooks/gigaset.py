"""The questions of Gigaset bases: each page of a list is asked for by itself. Pure.

A base asks ``?command=get_list&type=pb&ln=Mar*&fn=*&...&first=1&count=16&limit=2048``: names and
numbers with ``*`` for anything, the first entry and how many, and how many bytes it can take.
Scrolling back it names the ``last`` entry instead of the first; -1 is the end of the list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import escape

from provisioner.phonebooks.entries import Book, BookEntry, folded, spoken
from provisioner.phonebooks.formats import BookFormat
from provisioner.phonebooks.pages import shown
from provisioner.phonebooks.wanted import MAX_TERM, number, read_query

_NUMBERS = ("hm", "mb", "of", "sip", "tel")
"""Fields that a number is looked up in: at home, mobile, at the office, by SIP."""
_KINDS = ("pb", "pr")
"""Public and private phone book; bellwire has one book and answers as it is asked."""
_FRAME_BYTES = 200
_ENTRY_BYTES = 80
"""More than the tags around the list, and around an entry, take."""


@dataclass(frozen=True, slots=True)
class GigasetQuery:
    """What a base asks.

    Attributes:
        kind: of phone book, as the base calls it.
        names: beginnings of words of the name, all of which must be there.
        number: a number to look up; empty: none.
        first: 1-based place of the first entry wanted.
        last: of the last one instead; -1: the end of the list; 0: ``first`` counts.
        count: how many; 0: as many as there may be.
        limit_bytes: of the answer; 0: no limit.
    """

    kind: str = "pb"
    names: tuple[str, ...] = ()
    number: str = ""
    first: int = 1
    last: int = 0
    count: int = 0
    limit_bytes: int = 0


@dataclass(frozen=True, slots=True)
class GigasetPage:
    """What a base is answered. ``first`` and ``last`` are 1-based places among ``total``."""

    kind: str
    entries: tuple[BookEntry, ...]
    first: int
    total: int
    is_lookup: bool

    @property
    def last(self) -> int:
        """The place of the last entry."""
        return self.first + len(self.entries) - 1


def gigaset_query(query: str) -> GigasetQuery:
    """Read a base's question; never raises."""
    fields = read_query(query)
    kind = fields.get("type", "")
    names = (fields.get(name, "") for name in ("ln", "fn", "set_first"))
    numbers = (fields.get(name, "").strip() for name in _NUMBERS)
    words = " ".join(name.strip("* ") for name in names).split()
    return GigasetQuery(
        kind=kind if kind in _KINDS else "pb",
        names=tuple(folded(word[:MAX_TERM]) for word in words[:4]),
        number=next((n[:MAX_TERM] for n in numbers if n.strip("*")), ""),
        first=number(fields.get("first", ""), 1) or 1,
        last=-1 if fields.get("last") == "-1" else number(fields.get("last", ""), 0) or 0,
        count=number(fields.get("count", ""), 0) or 0,
        limit_bytes=number(fields.get("limit", ""), 0) or 0,
    )


def gigaset_page(book: Book, shape: BookFormat, query: GigasetQuery) -> GigasetPage:
    """Return the part of a book that answers a question."""
    found = [e for e in shown(book.entries, shape) if _answers(e, query)]
    count = min(query.count or shape.entries, shape.entries)
    if query.last:
        end = len(found) if query.last < 0 else min(query.last, len(found))
        backwards = _fitting(found[max(0, end - count) : end][::-1], query.limit_bytes)
        part, first = backwards[::-1], end - len(backwards) + 1
    else:
        first = query.first
        part = _fitting(found[first - 1 : first - 1 + count], query.limit_bytes)
    return GigasetPage(query.kind, part, first, len(found), bool(query.number))


def _answers(one: BookEntry, query: GigasetQuery) -> bool:
    if query.number and not _is_number(one.number, query.number):
        return False
    words = folded(one.name).split()
    return all(any(word.startswith(name) for word in words) for name in query.names)


def _is_number(held: str, asked: str) -> bool:
    """Whether a number is the one asked for; with a star at its end, begins as it does."""
    if asked.endswith("*"):
        return spoken(held).startswith(spoken(asked.rstrip("*")))
    return spoken(held) == spoken(asked)


def _fitting(entries: Iterable[BookEntry], limit_bytes: int) -> tuple[BookEntry, ...]:
    """As many entries as the base can take, and at least one."""
    made: list[BookEntry] = []
    size = _FRAME_BYTES
    for one in entries:
        size += _ENTRY_BYTES + len(f"{escape(one.name)}{escape(one.number)}".encode())
        if made and limit_bytes and size > limit_bytes:
            break
        made.append(one)
    return tuple(made)
