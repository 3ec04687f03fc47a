"""Rooms that are added, one or a row of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from web.pages.language import N_, gettext

ROW_MAX = 500
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)")
FORM = N_("A room has letters, digits and . _ - only, and begins with a letter or digit.")
NOT_A_ROW = N_("These two are no row: only the number in them may differ, as in 201 and 220.")
TOO_MANY = N_("At most %(most)s rooms are added at once.")
THERE = N_("There is a room %(rooms)s already.")
TAKEN = N_("The extension %(extension)s is that of room %(room)s.")


class AddingError(ValueError):
    """These rooms cannot be added.

    Attributes:
        field: of the form.
        sentence: why, in the language of the page.
    """

    def __init__(self, field: str, text: str, **facts: object) -> None:
        self.field = field
        self.sentence = gettext(text) % facts
        super().__init__(self.sentence)


@dataclass(frozen=True, slots=True)
class Row:
    """What is to be added.

    Attributes:
        first, last: ids; without ``last`` one room.
        prefix: what stands before a room's number in its extension.
        numbered: whether rooms get an extension: their number.
    """

    first: str
    last: str = ""
    floor: str = ""
    template: str = ""
    prefix: str = ""
    numbered: bool = True


def row_of_rooms(first: str, last: str) -> list[str]:
    """Return the ids from one to another: ``201`` to ``220``, ``A01`` to ``A09``.

    Raises:
        AddingError: they are no row, or too long a one.
    """
    for field, name in (("first", first), ("last", last)):
        if name and not _ID.fullmatch(name):
            raise AddingError(field, FORM)
    if not last or last == first:
        return [first]
    one, other = _NUMBERED.fullmatch(first), _NUMBERED.fullmatch(last)
    if one is None or other is None or (one[1], one[3]) != (other[1], other[3]):
        raise AddingError("last", NOT_A_ROW)
    start, end = int(one[2]), int(other[2])
    if end < start:
        raise AddingError("last", NOT_A_ROW)
    if end - start >= ROW_MAX:
        raise AddingError("last", TOO_MANY, most=ROW_MAX)
    return [f"{one[1]}{n:0{len(one[2])}d}{one[3]}" for n in range(start, end + 1)]


def rooms_to_add(
    row: Row, there: Container[str], extensions: Mapping[str, str]
) -> tuple[dict[str, Any], ...]:
    """Return rooms in the shape of the site file.

    Args:
        row: what is wanted.
        there: ids of the rooms there are.
        extensions: rooms by their extension.

    Raises:
        AddingError: one is there already, or its extension is another's.
    """
    names = row_of_rooms(row.first, row.last)
    known = [name for name in names if name in there]
    if known:
        raise AddingError("first", THERE, rooms=", ".join(known[:5]))
    made = []
    for name in names:
        extension = _extension(name, row) if row.numbered else ""
        if extension in extensions:
            field = "prefix"
            raise AddingError(field, TAKEN, extension=extension, room=extensions[extension])
        values = {
            "id": name, "floor": row.floor, "template": row.template, "extension": extension
        }  # fmt: skip
        made.append({key: value for key, value in values.items() if value})
    return tuple(made)


def _extension(room: str, row: Row) -> str:
    """The prefix and the number of the room; a room without a number has none."""
    digits = "".join(re.findall(r"\d+", room))
    return f"{row.prefix}{digits}" if digits else ""
