"""A phone's key sheet to pieces of paper: which ones, and where each text stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from provisioner.catalogue.inserts import Box, Insert, keys_per_page
from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Model
from provisioner.key_sheet import KeyLabel, KeySheet
from web.labels.cells import SEPARATOR, Cell, Heading, cell, heading, levelled
from web.labels.packing import Paper
from web.labels.strips import plain_insert, plain_strips
from web.labels.words import Words


class Kind(StrEnum):
    """What is printed."""

    INSERT = "insert"
    STRIP = "strip"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for.

    Attributes:
        kinds: empty: what fits each phone.
        width_mm: of every piece that is cut out, as ``height_mm``; None: as in the vendor data.
        alone: only this phone was asked for: something is printed even if nothing is usual.
    """

    paper: Paper
    kinds: frozenset[Kind] = frozenset()
    width_mm: float | None = None
    height_mm: float | None = None
    alone: bool = False

    @property
    def sized(self) -> bool:
        """Whether somebody has measured the paper."""
        return bool(self.width_mm and self.height_mm)


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to be cut out.

    Attributes:
        caption: printed beside it, for whoever cuts: whose it is.
        measured: False when its size stands in the vendor data and nobody has verified it.
        whole: False when a text was too long for its place.
    """

    kind: Kind
    model: str
    width_mm: float
    height_mm: float
    caption: str
    heading: Heading | None
    cells: tuple[Cell, ...]
    measured: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class _Paper:
    """A page of keys on its paper."""

    insert: Insert
    keys: tuple[KeyLabel, ...]
    plain: bool


def kinds_for(catalogue: Catalogue, sheet: KeySheet, wish: Wish) -> frozenset[Kind]:
    """Return what is printed for a phone: as asked, or what is usual for it."""
    if wish.kinds:
        return wish.kinds
    usual = set()
    on_phone = any(not key.module for key in sheet.used)
    if on_phone and catalogue.insert_of(sheet.model.id, Kind.INSERT):
        usual.add(Kind.INSERT)
    paper_strip = on_phone and catalogue.insert_of(sheet.model.id, Kind.STRIP)
    if paper_strip or any(key.module for key in sheet.used):
        usual.add(Kind.STRIP)
    if sheet.for_guests or sheet.handsets:
        usual.add(Kind.CARD)
    if wish.alone and not usual:
        usual.add(Kind.STRIP if sheet.used else Kind.CARD)
    return frozenset(usual)


def pieces(catalogue: Catalogue, sheet: KeySheet, wish: Wish, words: Words) -> Iterator[Piece]:
    """Give the inserts and strips of a phone."""
    kinds = kinds_for(catalogue, sheet, wish)
    if Kind.INSERT in kinds:
        for paper in _inserts(catalogue, sheet, wish):
            yield _piece(paper, sheet, words, wish)
    if Kind.STRIP in kinds:
        for paper in _strips(catalogue, sheet, wish):
            yield _piece(paper, sheet, words, wish)


def _inserts(catalogue: Catalogue, sheet: KeySheet, wish: Wish) -> Iterator[_Paper]:
    insert = catalogue.insert_of(sheet.model.id, Kind.INSERT)
    own = [key for key in sheet.used if not key.module]
    plain = insert is None
    if insert is None:
        if not (wish.width_mm and wish.height_mm and own):
            return  # there is no such paper
        used = {key.group for key in own}
        groups = [(g.id, keys_per_page(g)) for g in sheet.model.keys if g.id in used]
        insert = plain_insert(sheet.model.id, groups, (wish.width_mm, wish.height_mm))
    for page in _pages(key for key in own if key.group in insert.groups):
        yield _Paper(insert, page, plain)


def _strips(catalogue: Catalogue, sheet: KeySheet, wish: Wish) -> Iterator[_Paper]:
    for number, model in enumerate((sheet.model, *sheet.modules)):
        paper = catalogue.insert_of(model.id, Kind.STRIP)
        if number == 0 and paper is None and not (Kind.STRIP in wish.kinds or wish.alone):
            continue  # its screen shows the labels
        keys = [key for key in sheet.used if key.module == number]
        yield from _strips_of(model, keys, paper, wish.paper.area_mm)


def _strips_of(
    model: Model, keys: list[KeyLabel], paper: Insert | None, area_mm: tuple[float, float]
) -> Iterator[_Paper]:
    if paper is not None:
        for page in _pages(key for key in keys if key.group in paper.groups):
            yield _Paper(paper, page, plain=False)
        return
    for group in model.keys:
        for page in _pages(key for key in keys if key.group == group.id):
            last = max(key.position for key in page)
            for plain in plain_strips(model.id, group.id, last, area_mm):
                here = tuple(k for k in page if plain.box_of(k.group, k.position))
                if here:
                    yield _Paper(plain, here, plain=True)


def _pages(keys: Iterable[KeyLabel]) -> Iterator[tuple[KeyLabel, ...]]:
    for _, page in groupby(sorted(keys, key=lambda k: k.page), key=lambda k: k.page):
        yield tuple(page)


def _piece(paper: _Paper, sheet: KeySheet, words: Words, wish: Wish) -> Piece:
    insert = paper.insert.scaled(wish.width_mm, wish.height_mm)
    model = (sheet.model, *sheet.modules)[paper.keys[0].module]
    places = ((key, insert.box_of(key.group, key.position)) for key in paper.keys)
    cells = [cell(box, key, words, numbered=paper.plain) for key, box in places if box]
    where = [] if insert.kind == "strip" else _where(paper, sheet, words)
    return Piece(
        kind=Kind(insert.kind),
        model=model.name,
        width_mm=insert.width_mm,
        height_mm=insert.height_mm,
        caption=SEPARATOR.join((sheet.room, *where, model.name)),
        heading=_heading(insert.heading, paper, sheet, words) if insert.heading else None,
        cells=levelled(cells),
        measured=paper.plain or insert.confidence != "unverified" or wish.sized,
        whole=all(each.whole for each in cells),
    )


def _where(paper: _Paper, sheet: KeySheet, words: Words) -> list[str]:
    """Position, module and page, as far as they tell anything."""
    key = paper.keys[0]
    place = [sheet.place[0].text] if sheet.place else []
    if key.module:
        place.append(words.first("module", n=key.module))
    if key.page > 1 or any(k.page > 1 for k in sheet.used if k.module == key.module):
        place.append(words.first("page", n=key.page))
    return place


def _heading(box: Box, paper: _Paper, sheet: KeySheet, words: Words) -> Heading:
    if paper.insert.kind == "strip":
        return heading(box, sheet.room, SEPARATOR.join(_where(paper, sheet, words)), ())
    number = [] if sheet.number in {"", sheet.room} else [sheet.number]
    room = SEPARATOR.join([f"{words.first('room')} {sheet.room}", *number])
    held = [key.name for key in paper.keys if key.long_press]
    span = "–".join(dict.fromkeys((held[0], held[-1]))) if held else ""  # noqa: RUF001
    return heading(box, sheet.hotel, room, words.all("hold", key=span) if span else ())
