"""How large a text may be to fit a box of paper: an estimate that is rather too wide. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

LEADING = 1.18
_STEP_MM = 0.05
_NARROW = frozenset(" .,:;'|!()[]ijlftIr-·")
_WIDE = frozenset("mwMW@%&—ЖШЩЮФжшщюфмыД")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A size of type in millimetres; ``whole`` is False when even the smallest is too large."""

    size_mm: float
    whole: bool = True


def advance(character: str) -> float:
    """Return how far a character moves the pen, in ems, in a wide sans serif."""
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in _NARROW:
        return 0.4
    if character in _WIDE:
        return 0.95
    return 0.74 if character.isupper() else 0.64


def width(text: str) -> float:
    """Return the width of a text in ems."""
    return sum(map(advance, text))


def lines(text: str, room: float) -> int:
    """Return how many lines of ``room`` ems a text takes; a word that is too long is broken."""
    count, used = 1, 0.0
    for word in _breakable(text):
        wide = width(word)
        if used and used + wide > room:
            count, used = count + 1, 0.0
        while wide > room:
            count, wide = count + 1, wide - room
        used += wide
    return count


def longest_word(text: str) -> float:
    """Return the width of the longest part that cannot be broken well, in ems."""
    return max((width(part.rstrip()) for part in _breakable(text)), default=0.0)


@lru_cache(maxsize=4096)
def fit(
    texts: tuple[tuple[str, float], ...],
    box_mm: tuple[float, float],
    largest_mm: float,
    smallest_mm: float,
) -> Fitted:
    """Return the largest size at which texts fit below each other.

    Args:
        texts: each with its size in proportion to the first one.
        box_mm: width and height.
        largest_mm: size of type to start from.
        smallest_mm: and to end at.
    """
    for breaking in (False, True):
        size = largest_mm
        while size >= smallest_mm - _STEP_MM / 2:
            if _fits(texts, box_mm, size, breaking=breaking):
                return Fitted(round(size, 2))
            size -= _STEP_MM
    return Fitted(smallest_mm, whole=not texts)


def even(sizes: Iterable[float]) -> float:
    """Return the size that many boxes should share: a quarter of them may need a smaller one."""
    found = sorted(sizes)
    return found[len(found) // 4] if found else 0.0


def _fits(
    texts: Sequence[tuple[str, float]], box_mm: tuple[float, float], size: float, *, breaking: bool
) -> bool:
    across, down = box_mm
    height = 0.0
    for text, scale in texts:
        room = across / (size * scale)
        if room < 1 or (not breaking and longest_word(text) > room):
            return False
        height += lines(text, room) * size * scale * LEADING
    return height <= down


def _breakable(text: str) -> list[str]:
    """The parts between which a line may end: words, and single ideographs."""
    parts: list[str] = []
    for character in text:
        wide = unicodedata.east_asian_width(character) in "WF"
        if not parts or wide or parts[-1].endswith(" "):
            parts.append(character)
        else:
            parts[-1] += character
    return parts
