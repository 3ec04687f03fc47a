"""A room's card to pages: one, and more only when its lists are very long. Pure.

Measures are in units of a two hundred and tenth of the paper's width: millimetres on A4. The
heights here are those of the style sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from provisioner.key_sheet import HandsetNumber
from provisioner.room_card import Entry, RoomCard, Way
from provisioner.shown_texts import Text, distinct
from web.labels.fitting import LEADING, fit, width
from web.labels.fitting import lines as lines_of
from web.labels.packing import Paper
from web.labels.words import Words

_INNER = (157.0, 238.0)
_DIAL_WIDTH = 29.0
_TILE_WIDTH = 71.0
_SMALL = 3.5 * LEADING
_KEY = 3.75
_HANDSET_WIDTH = 70.0
_HANDSET_ROW = 9.0
_LEAST_SHARE = 0.55
_ROOM_TYPE = (36.0, 24.0, 15.0)
"""How large the room's name may be: a long list below makes it smaller."""
_GOOD_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Line:
    """A service: its name in each language side by side (or once), number and keys."""

    columns: tuple[Text, ...]
    number: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CardPage:
    """A page of a card.

    Attributes:
        unit_mm: its measure; ``share`` shrinks the list of services.
        hotel_units: size of type of the hotel's name, as the others of what they name.
        part: 1-based, of how many.
    """

    card: RoomCard
    unit_mm: float
    hotel_units: float
    room_units: float
    tile_units: float = 3.5
    tile_number_units: float = 15.0
    dial_units: float = 6.5
    handset_units: float = 4.4
    share: float = 1.0
    first: bool = True
    reception: Line | None = None
    emergency: tuple[Line, ...] = ()
    services: tuple[Line, ...] = ()
    door: Line | None = None
    handsets: tuple[HandsetNumber, ...] = ()
    part: int = 1
    parts: int = 1


def card_pages(card: RoomCard, paper: Paper, words: Words) -> tuple[CardPage, ...]:
    """Return the pages of a room's card; the first holds all but the rest of long lists."""
    languages = card.languages
    services = tuple(_line(entry, languages, words) for entry in card.services)
    start = _start(card, paper, words)
    for largest in _ROOM_TYPE:
        room = fit(((card.room, 1),), (_INNER[0] * 0.88, largest * 1.3), largest, 7).size_mm
        page = replace(start, room_units=room)
        page = replace(page, share=_share(services, len(languages), _INNER[1] - _top(page)))
        if page.share >= _GOOD_SHARE:
            break
    pages: list[CardPage] = []
    handsets = card.handsets
    while not pages or services or handsets:
        taken, held = _taken(page, services)
        pages.append(replace(page, services=services[:taken], handsets=handsets[:held]))
        services, handsets = services[taken:], handsets[held:]
        page = _further(page)
    numbered = enumerate(pages, start=1)
    return tuple(replace(each, part=part, parts=len(pages)) for part, each in numbered)


def _start(card: RoomCard, paper: Paper, words: Words) -> CardPage:
    """The first page without its lists."""
    line = [_line(entry, card.languages, words) for entry in (card.reception, *card.emergency)]
    told = [" · ".join(t.text for t in words.all(n)) for n in ("reception", "emergency")]
    numbers = [each.number for each in line]
    dialled = [entry.number for entry in (*card.services, *([card.door] if card.door else []))]
    return CardPage(
        card=card,
        unit_mm=round(min(paper.width_mm / 210, paper.height_mm / 297), 4),
        hotel_units=fit(((card.hotel, 1),), (_INNER[0] * 0.76, 26), 11, 4).size_mm,
        room_units=_ROOM_TYPE[0],
        tile_units=min(fit(((text, 1),), (_TILE_WIDTH, 5), 3.5, 2).size_mm for text in told),
        tile_number_units=_type_for(numbers, _TILE_WIDTH, 15.0),
        dial_units=_type_for(dialled, _DIAL_WIDTH, 6.5),
        handset_units=_type_for(
            [f"{h.name}  {h.number}" for h in card.handsets], _HANDSET_WIDTH, 4.4
        ),
        reception=line[0] if card.reception.number else None,
        emergency=tuple(line[1:]),
        door=_line(card.door, card.languages, words) if card.door else None,
    )


def _further(page: CardPage) -> CardPage:
    """A page for the rest of the lists."""
    return replace(
        page,
        room_units=min(page.room_units, 15.0),
        first=False,
        reception=None,
        emergency=(),
        door=None,
    )


def _top(page: CardPage) -> float:
    """Height of everything but the lists."""
    card = page.card
    height = lines_of(card.hotel, _INNER[0] / page.hotel_units / 1.1) * page.hotel_units * 1.2
    height += 12.3 + 2 * _SMALL
    height += lines_of(card.room, _INNER[0] / page.room_units) * page.room_units * 1.25
    if card.contact:
        joined = " · ".join(card.contact)
        height += 4 + lines_of(joined, _INNER[0] / 3.2) * 3.2 * LEADING
    if page.first and card.number:
        height += 4 + _SMALL + 14.3
    if page.reception or page.emergency:
        height += 10.3 + _SMALL + _tile_rows(page)
    if page.door:
        height += 9 + max(
            4.4 * LEADING + _SMALL, page.dial_units * 1.5 + _KEY * len(page.door.keys)
        )
    return height


def _tile_rows(page: CardPage) -> float:
    across = _INNER[0] if page.reception is None else _TILE_WIDTH
    widest = max(
        (width(line.number) * page.tile_number_units for line in page.emergency), default=1
    )
    beside = max(1, int(across / (widest + 6)))
    rows = -(-len(page.emergency) // beside)
    most = max(len(line.keys) for line in (*page.emergency, page.reception) if line)
    return max(rows, 1) * (page.tile_number_units * 1.25 + most * _KEY)


def _share(services: Sequence[Line], languages: int, left: float) -> float:
    """How much the services must shrink to fit; the least share when they do not even then."""
    share = 1.0
    while share > _LEAST_SHARE and _height(services, languages, share) > left:
        share -= 0.05
    return round(share, 2)


def _taken(page: CardPage, services: Sequence[Line]) -> tuple[int, int]:
    """How many services and handsets this page has room for: at least one of what is left."""
    left = _INNER[1] - _top(page)
    languages = len(page.card.languages)
    count = len(services)
    while count > 1 and _height(services[:count], languages, page.share) > left:
        count -= 1
    if count < len(services):
        return count, 0
    left -= _height(services, languages, page.share) + 7 + _SMALL + 2
    rows = int(left / _HANDSET_ROW)
    return count, 2 * (max(rows, 0) if page.first or count else max(rows, 1))


def _height(services: Sequence[Line], languages: int, share: float) -> float:
    if not services:
        return 0.0
    rows = sum(_row(line, languages, share) for line in services)
    return 7 + (_SMALL + 2) * share + rows


def _row(line: Line, languages: int, share: float) -> float:
    columns = languages if len(line.columns) > 1 else 1
    across = (_INNER[0] - (_DIAL_WIDTH + 5) * share) / columns - 4
    room = across / (5 * share)
    most = max((lines_of(t.text, room) for t in line.columns), default=1)
    dial = 6.5 * 1.05 + len(line.keys) * _KEY
    return (4.4 + max(most * 5 * LEADING, dial)) * share + 0.2


def _type_for(texts: Sequence[str], across: float, largest: float) -> float:
    """The size of type in which each text takes one line."""
    widest = max(map(width, texts), default=0.0)
    return round(min(largest, across / widest), 2) if widest else largest


def _line(entry: Entry, languages: Sequence[str], words: Words) -> Line:
    """Names side by side, in the order of the languages; a name that is the same in all, once."""
    wordings = distinct(entry.labels)
    columns = wordings if len(wordings) < 2 else _in_order(entry.labels, languages)  # noqa: PLR2004
    keys = dict.fromkeys(_told(way, words) for way in entry.ways if way.key)
    return Line(columns, entry.number, tuple(keys))


def _in_order(labels: Sequence[Text], languages: Sequence[str]) -> tuple[Text, ...]:
    by_language = {text.language: text for text in labels}
    return tuple(by_language.get(n, Text(n, "")) for n in languages)


def _told(way: Way, words: Words) -> str:
    name = words.first("hold" if way.long_press else "key", key=way.key)
    return f"{way.place[0].text}: {name}" if way.place else name
