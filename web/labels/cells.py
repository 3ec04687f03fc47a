"""What stands on a piece of paper: its heading and a cell for each key. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from provisioner.catalogue.inserts import Box
from provisioner.key_sheet import KeyLabel
from provisioner.key_types import KeyType
from provisioner.shown_texts import Text
from web.labels.fitting import LEADING, even, fit, width
from web.labels.words import Words

SECOND = 0.78
"""Size of the further languages, in proportion to the first; the style sheet says the same."""
SEPARATOR = " · "
_URGENT = 1.3
"""How much larger an emergency key's text may be than the others on its paper."""
_PAD_MM = 1.0
_LARGEST_MM = 4.0
_SMALLEST_MM = 1.3
_VALUE_FROM_MM = 20.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A key's place on the paper.

    Attributes:
        size_mm: of the first text; the others are ``SECOND`` times as large.
        chip: what is printed on the key; empty: nothing is shown of it.
        urgent: an emergency key.
        whole: False when the texts are too long even in the smallest size.
    """

    box: Box
    texts: tuple[Text, ...]
    size_mm: float
    chip: str
    value: str
    value_mm: float
    urgent: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the keys; sizes are those of the type."""

    box: Box
    title: str
    title_mm: float
    room: str
    room_mm: float
    hint: tuple[Text, ...]
    hint_mm: float


def heading(box: Box, title: str, room: str, hint: tuple[Text, ...]) -> Heading:
    """Return a heading whose lines fit their box."""

    def size(text: str, share: float, largest: float, across: float = 1.0) -> float:
        room_mm = box.width_mm * across, box.height_mm * share
        return fit(((text, 1),), room_mm, box.height_mm * largest, _SMALLEST_MM).size_mm

    joined = SEPARATOR.join(text.text for text in hint)
    return Heading(
        box=box,
        title=title,
        title_mm=size(title, 0.4, 0.32, across=0.86),  # serifs, and set wide
        room=room,
        room_mm=size(room, 0.26, 0.2),
        hint=hint,
        hint_mm=size(joined, 0.22, 0.13),
    )


def cell(box: Box, key: KeyLabel, words: Words, *, numbered: bool) -> Cell:
    """Return a key's cell; ``numbered``: with its position, though nothing is printed on it."""
    texts = words.names_of(key)
    value = key.value if box.width_mm >= _VALUE_FROM_MM else ""
    if not texts and key.value:
        texts = (Text("", key.value),)
    told = {text.text for text in texts}
    value = "" if value in told else value
    chip = key.name if (key.printed or numbered) and key.name not in told else ""
    value_mm = round(min(2.6, box.height_mm * 0.36), 2)
    taken = 2 * _PAD_MM
    taken += max(chip_mm(box), width(chip) * value_mm) + _PAD_MM if chip else 0
    taken += width(value) * value_mm + _PAD_MM if value else 0
    room = max(box.width_mm - taken, 1.0), box.height_mm * 0.88
    fitted = fit(_lines(texts), room, min(_LARGEST_MM, box.height_mm * 0.9 / LEADING), _SMALLEST_MM)
    return Cell(
        box=box,
        texts=texts,
        size_mm=fitted.size_mm,
        chip=chip,
        value=value,
        value_mm=value_mm,
        urgent=key.type is KeyType.EMERGENCY,
        whole=fitted.whole,
    )


def levelled(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Return the cells of one paper in one size of type, but for those that need a smaller one."""
    level = even(each.size_mm for each in cells)

    def size(each: Cell) -> float:
        return round(min(each.size_mm, level * (_URGENT if each.urgent else 1.0)), 2)

    return tuple(replace(each, size_mm=size(each)) for each in cells)


def chip_mm(box: Box) -> float:
    """Return the size of the round field that shows what is printed on a key."""
    return round(min(4.6, box.height_mm * 0.64), 2)


def _lines(texts: tuple[Text, ...]) -> tuple[tuple[str, float], ...]:
    first = ((texts[0].text, 1.0),) if texts else ()
    others = SEPARATOR.join(text.text for text in texts[1:])
    return (*first, (others, SECOND)) if others else first
