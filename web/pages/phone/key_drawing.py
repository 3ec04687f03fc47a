"""The keys of a phone drawn as they lie: beside the screen, below it, on the keypad. Pure.

Nobody has measured every model: keys of a kind lie where such keys lie on phones of that kind.
All numbers are units of the drawing, 360 to its width.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from provisioner.key_sheet import KeyLabel
from provisioner.key_types import KeyType

WIDTH = 360
_EDGE, _GAP = 12, 6
_SIDE_W, _SIDE_H = 104, 34
_ROW_H = 34
_DIGIT_H = 40
_TWO_COLUMNS_FROM = 4
_LETTER = 6.6
"""Width of a letter of a label."""
_BESIDE = frozenset({"line", "dss", "side", "memory", "key"})
_BELOW = frozenset({"soft"})
_PAD = frozenset({"digit"})


@dataclass(frozen=True, slots=True)
class Cell:
    """A key on the drawing; ``text`` is cut to its width, ``chip`` is printed on it."""

    x: float
    y: float
    width: float
    height: float
    text: str
    value: str
    chip: str
    slot: str
    is_used: bool
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Face:
    """A page of the phone, or of an expansion module.

    Attributes:
        module: 0: the phone itself.
        page: from 1; ``pages``: how many there are.
        screen: left, top, width and height; None: it has none here.
    """

    module: int
    page: int
    pages: int
    height: float
    cells: tuple[Cell, ...]
    screen: tuple[float, float, float, float] | None = None


def faces(keys: Sequence[KeyLabel], names: Mapping[str, str], *, has_screen: bool) -> list[Face]:
    """Return the drawings of a phone with its modules, page by page; no empty further pages.

    Args:
        keys: every slot, used or not.
        names: what stands on each used key, by slot.
        has_screen: whether the phone has a screen.
    """
    made = []
    for module in sorted({key.module for key in keys}):
        mine = [key for key in keys if key.module == module]
        pages = max((key.page for key in mine), default=1)
        for page in range(1, pages + 1):
            here = _on_page(mine, page)
            face = _module(here, names) if module else _phone(here, names, has_screen=has_screen)
            if page == 1 or any(key.slot in names for key in here if key.page == page):
                made.append(replace(face, module=module, page=page, pages=pages))
    return made


def _on_page(keys: Iterable[KeyLabel], page: int) -> list[KeyLabel]:
    """The keys of a page: those of groups with pages, and those that are always there."""
    found = list(keys)
    paged = {key.group for key in found if key.page > 1}
    return [k for k in found if k.page == page or (k.group not in paged and k.page == 1)]


def _phone(keys: Sequence[KeyLabel], names: Mapping[str, str], *, has_screen: bool) -> Face:
    beside = [k for k in keys if k.group in _BESIDE]
    below = [k for k in keys if k.group in _BELOW]
    pad = [k for k in keys if k.group in _PAD]
    rest = [k for k in keys if k.group not in _BESIDE | _BELOW | _PAD]
    cells: list[Cell] = []
    y: float = _EDGE
    screen = None
    if beside or below or has_screen:
        columns = _columns(beside)
        rows = max((len(c) for c in columns), default=0)
        height = max(rows * (_SIDE_H + _GAP) - _GAP, 96 if has_screen or below else 0)
        cells += _beside(columns, names, y, height)
        left = _EDGE + (_SIDE_W + _GAP if len(columns) == 2 else 0)  # noqa: PLR2004 - both sides
        right = _EDGE + (_SIDE_W + _GAP if columns else 0)
        screen = (left, y, WIDTH - left - right, height)
        y += height + _GAP
    y = _rows(cells, below, names, y, 4)
    y = _rows(cells, rest, names, y + (_GAP if rest else 0), min(4, max(1, len(rest))))
    y = _rows(cells, pad, names, y + (_GAP if pad else 0), 3, _DIGIT_H)
    return Face(0, 1, 1, y - _GAP + _EDGE, tuple(cells), screen)


def _columns(keys: Sequence[KeyLabel]) -> list[list[KeyLabel]]:
    """Keys beside a screen: left and right, or on the right only when there are few."""
    if not keys:
        return []
    if len(keys) < _TWO_COLUMNS_FROM:
        return [list(keys)]
    half = (len(keys) + 1) // 2
    return [list(keys[:half]), list(keys[half:])]


def _beside(
    columns: Sequence[Sequence[KeyLabel]], names: Mapping[str, str], top: float, height: float
) -> Iterable[Cell]:
    right = WIDTH - _EDGE - _SIDE_W
    places = [_EDGE, right] if len(columns) == 2 else [right]  # noqa: PLR2004 - both sides
    for x, column in zip(places, columns, strict=False):
        step = height / max(1, len(column))
        for n, key in enumerate(column):
            y = top + n * step + (step - _SIDE_H) / 2
            yield _cell(key, names, x, y, _SIDE_W, _SIDE_H)


def _rows(
    cells: list[Cell], keys: Sequence[KeyLabel], names: Mapping[str, str], top: float,
    columns: int, height: float = _ROW_H,
) -> float:  # fmt: skip
    """Put keys into rows; returns where the next thing begins."""
    if not keys:
        return top
    across = min(columns, len(keys))
    width = (WIDTH - 2 * _EDGE - (across - 1) * _GAP) / across
    for n, key in enumerate(keys):
        row, column = divmod(n, across)
        if key.group in _PAD and key.name == "0":
            column = 1  # below the eight
        x, y = _EDGE + column * (width + _GAP), top + row * (height + _GAP)
        cells.append(_cell(key, names, x, y, width, height))
    return top + -(-len(keys) // across) * (height + _GAP)


def _module(keys: Sequence[KeyLabel], names: Mapping[str, str]) -> Face:
    """An expansion module: two columns from top to bottom."""
    columns = _columns(keys) if keys else []
    width = (WIDTH - 2 * _EDGE - _GAP) / 2
    cells = [
        _cell(key, names, _EDGE + c * (width + _GAP), _EDGE + n * (_ROW_H + _GAP), width, _ROW_H)
        for c, column in enumerate(columns)
        for n, key in enumerate(column)
    ]
    rows = max((len(column) for column in columns), default=0)
    return Face(1, 1, 1, 2 * _EDGE + rows * (_ROW_H + _GAP) - _GAP, tuple(cells))


def _cell(
    key: KeyLabel, names: Mapping[str, str], x: float, y: float, width: float, height: float
) -> Cell:  # fmt: skip
    name = names.get(key.slot, "")
    chip = key.name if key.printed else ""
    room = width - 12 - (len(chip) * 8 + 6 if chip else 0)
    value = key.value if key.value != name else ""
    return Cell(
        round(x, 1), round(y, 1), round(width, 1), round(height, 1), cut(name, room), value, chip,
        key.slot, key.type not in {None, KeyType.NONE}, key.type is KeyType.EMERGENCY,
    )  # fmt: skip


def cut(text: str, width: float) -> str:
    """Return a text that is not wider than so many units."""
    most = int(width / _LETTER)
    return text if len(text) <= most else text[: max(1, most - 1)].rstrip() + "…"
