"""What a phone wants of a phone book: the query of its URL, understood. Pure.

Whatever is asked for without sense is passed over, so that a phone always gets something, and
so that queries that mean the same are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

MAX_TERM = 64
MAX_FIELDS = 40
_MAX_OFFSET = 1_000_000
_NO_TERM = frozenset({"#search", "__x__"})
"""What firmware sends that does not fill in its own placeholder."""
_TERMS = ("q", "term", "search")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A part of a book.

    Attributes:
        term: what to search for; empty: nothing.
        letter: only entries under this letter.
        group: only entries of this group.
        whole: the list itself rather than a menu of its groups.
        form: the form to type a term into.
        offset: of the first entry, within what is wanted; None: a menu will do.
    """

    term: str = ""
    letter: str = ""
    group: str = ""
    whole: bool = False
    form: bool = False
    offset: int | None = None

    @property
    def is_top(self) -> bool:
        """Whether nothing in particular is wanted."""
        return self == Wanted()

    def at(self, offset: int) -> Wanted:
        """Return the same, from another entry on."""
        return replace(self, offset=offset)

    @property
    def query(self) -> str:
        """The query of the URL that asks for this."""
        parts = {
            "q": self.term,
            "l": self.letter,
            "g": self.group,
            "all": "1" if self.whole else "",
            "form": "1" if self.form else "",
            "o": "" if self.offset is None else str(self.offset),
        }
        return urlencode({name: value for name, value in parts.items() if value})


def read_query(query: str) -> dict[str, str]:
    """Return the fields of a query, the first of each name, without what cannot be printed."""
    try:
        pairs = parse_qsl(query, max_num_fields=MAX_FIELDS, errors="replace")
    except ValueError:
        return {}
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name.lower(), "".join(c for c in value if c.isprintable()))
    return fields


def wanted(query: str) -> Wanted:
    """Read what follows the question mark of a phone book's URL; never raises.

    Args:
        query: undecoded.
    """
    fields = read_query(query)
    term = next((fields[name] for name in _TERMS if fields.get(name)), "").strip()
    return Wanted(
        term="" if term.casefold() in _NO_TERM else term[:MAX_TERM],
        letter=fields.get("l", "")[:4].upper(),
        group=fields.get("g", "")[:200],
        whole=fields.get("all", "") == "1",
        form=fields.get("form", "") == "1",
        offset=number(fields.get("o", ""), None),
    )


def number(text: str, otherwise: int | None) -> int | None:
    """Return a number that a phone sent, when it is one and not absurd."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_MAX_OFFSET))):
        return otherwise
    return int(text)
