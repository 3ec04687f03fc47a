"""Pieces and cards to one HTML page, complete in itself: no file and no host beside it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from web.labels.cards import CardPage
from web.labels.cells import Cell, chip_mm
from web.labels.packing import Paper, Placed
from web.labels.pieces import Piece
from web.labels.words import PAGES, Words

_MARK_MM = 3.0
_AWAY_MM = 4.0


@dataclass(frozen=True, slots=True)
class Printout:
    """Everything that comes onto paper.

    Attributes:
        sheets: pages of pieces to be cut out; the cards follow, one page each.
    """

    title: str
    paper: Paper
    words: Words
    sheets: Sequence[Sequence[Placed[Piece]]]
    cards: Sequence[CardPage]

    @property
    def pages(self) -> int:
        """How many pages are printed."""
        return len(self.sheets) + len(self.cards)


@dataclass(frozen=True, slots=True)
class Page:
    """A finished page, and what a Content-Security-Policy must allow of it."""

    html: str
    style_hash: str
    script_hash: str


@dataclass(slots=True)
class _Geometry:
    """Places and sizes as CSS classes, each once: no style attribute, so none need be allowed."""

    names: dict[str, str] = field(default_factory=dict)

    def rule(self, text: str) -> str:
        """Return the class of a rule."""
        return self.names.setdefault(text, f"g{len(self.names)}")

    def box(self, x: float, y: float, width: float, height: float) -> str:
        """Return the class of a place on the paper, in millimetres."""
        place = f"left:{mm(x)}mm;top:{mm(y)}mm"
        return self.rule(f"{place};width:{mm(width)}mm;height:{mm(height)}mm")

    def type(self, size_mm: float) -> str:
        """Return the class of a size of type."""
        return self.rule(f"font-size:{mm(size_mm)}mm")

    def units(self, size: float) -> str:
        """Return the class of a size of type in a card's own measure."""
        return self.rule(f"font-size:calc({mm(size)} * var(--u))")

    def chip(self, cell: Cell) -> str:
        """Return the class of the round field of a cell."""
        size = chip_mm(cell.box)
        rule = f"min-width:{mm(size)}mm;height:{mm(size)}mm"
        return self.rule(f"{rule};font-size:{mm(cell.value_mm)}mm")

    def measure(self, page: CardPage) -> str:
        """Return the class that sets a card's measure."""
        return self.rule(f"--u:{page.unit_mm:g}mm;--s:{page.share:g}")

    @property
    def css(self) -> str:
        """All rules."""
        return "".join(f".{name}{{{rule}}}" for rule, name in self.names.items())


def mm(value: float) -> str:
    """Write millimetres without needless digits."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def cut_marks(width: float, height: float) -> str:
    """Return the SVG path of the marks at the corners of a piece, with its origin 4 mm away."""
    near, far = _AWAY_MM - 1, _AWAY_MM - 1 - _MARK_MM
    right, lower = width + _AWAY_MM, height + _AWAY_MM
    path = []
    for x in (_AWAY_MM, right):
        path += [f"M{mm(x)} {mm(far)}V{mm(near)}", f"M{mm(x)} {mm(lower + 1)}V{mm(lower + 4)}"]
    for y in (_AWAY_MM, lower):
        path += [f"M{mm(far)} {mm(y)}H{mm(near)}", f"M{mm(right + 1)} {mm(y)}H{mm(right + 4)}"]
    return "".join(path)


def write(printout: Printout, *, staff: str = "") -> Page:
    """Return the page.

    Args:
        printout: what comes onto paper, in the guests' languages.
        staff: the language of whoever prints it: with a button, for a browser; empty: without.
    """
    geometry = _Geometry()
    environment = _environment()
    scale = printout.words.first("scale")
    body = environment.get_template("body.j2").render(
        sheets=printout.sheets,
        cards=printout.cards,
        words=printout.words,
        scale=scale,
        marks=cut_marks,
        box=geometry.box,
        type=geometry.type,
        units=geometry.units,
        chip=geometry.chip,
        measure=geometry.measure,
    )
    paper = printout.paper
    size = f"{mm(paper.width_mm)}mm {mm(paper.height_mm)}mm"
    sheet = f".sheet{{width:{mm(paper.width_mm)}mm;height:{mm(paper.height_mm - 0.2)}mm}}"
    style = f"@page{{size:{size};margin:0}}{_text('labels.css')}{sheet}{geometry.css}"
    script = _text("print.js") if staff else ""
    html = environment.get_template("page.j2").render(
        language=printout.words.languages[0],
        title=printout.title,
        style=Markup(style),  # noqa: S704 - our own file, and numbers
        script=Markup(script),  # noqa: S704 - our own file
        body=Markup(body),  # noqa: S704 - escaped when it was made
        staff=staff,
        print=Words((staff,)).first("print"),
        scale=Words((staff,)).first("scale"),
    )
    return Page(html, _hash(style), _hash(script))


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["mm"] = mm
    return made


@cache
def _text(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
