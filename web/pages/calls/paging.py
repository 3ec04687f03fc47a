"""Long lists in pages by their number. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Slice(Generic[Item]):
    """A page of a list; pages are counted from 1."""

    shown: Sequence[Item]
    total: int
    page: int
    pages: int


def slice_of(found: Sequence[Item], page: int, per_page: int) -> Slice[Item]:
    """Return a page of a list, the last one where there are not so many."""
    pages = max(1, -(-len(found) // per_page))
    here = min(max(1, page), pages)
    return Slice(found[(here - 1) * per_page : here * per_page], len(found), here, pages)


def page_asked(args: Mapping[str, str], name: str = "page") -> int:
    """Return which page an address names; what is no number is the first."""
    text = args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1  # noqa: PLR2004 - no list is so long
