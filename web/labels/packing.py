"""Pieces of paper onto sheets: rows from left to right, nothing cut by a page's end. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from provisioner.errors import InventoryError

MARGIN_MM = 10.0
FOOT_MM = 12.0
GAP_MM = 9.0
"""Between two pieces: room for the cut marks of both, and for the line under each."""


class Sized(Protocol):
    """Anything with a size, and a line that says what it is."""

    @property
    def width_mm(self) -> float:
        """From left to right."""

    @property
    def height_mm(self) -> float:
        """From top to bottom."""

    @property
    def caption(self) -> str:
        """What it is."""


P = TypeVar("P", bound=Sized)


@dataclass(frozen=True, slots=True)
class Paper:
    """A sheet of paper, upright."""

    name: str
    width_mm: float
    height_mm: float

    @property
    def area_mm(self) -> tuple[float, float]:
        """Width and height that pieces may take, cut marks not counted."""
        return self.width_mm - 2 * MARGIN_MM, self.height_mm - 2 * MARGIN_MM - FOOT_MM


PAPERS = {
    "a4": Paper("A4", 210, 297),
    "letter": Paper("Letter", 215.9, 279.4),
    "a5": Paper("A5", 148, 210),
}


@dataclass(frozen=True, slots=True)
class Placed(Generic[P]):
    """A piece and where its upper left corner is on the sheet."""

    piece: P
    x_mm: float
    y_mm: float


def pack(pieces: Iterable[P], paper: Paper) -> list[tuple[Placed[P], ...]]:
    """Return the sheets, each with its pieces, in the order given.

    Raises:
        InventoryError: a piece is larger than a sheet.
    """
    across, down = paper.area_mm
    sheets: list[list[Placed[P]]] = []
    x = y = row = 0.0
    for piece in pieces:
        if piece.width_mm > across or piece.height_mm > down:
            size = f"{piece.width_mm:g} x {piece.height_mm:g} mm"
            most = f"{across:g} x {down:g} mm at most"
            raise InventoryError(f"{piece.caption}: {size} does not fit on {paper.name}: {most}")
        if x and x + piece.width_mm > across:
            x, y, row = 0.0, y + row + GAP_MM, 0.0
        if not sheets or y + piece.height_mm > down:
            sheets.append([])
            x = y = row = 0.0
        sheets[-1].append(Placed(piece, MARGIN_MM + x, MARGIN_MM + y))
        x += piece.width_mm + GAP_MM
        row = max(row, piece.height_mm)
    return [tuple(sheet) for sheet in sheets]
