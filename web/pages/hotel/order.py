"""In which order floors and rooms stand. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from web.overview.wording import by_number

_Order = tuple[bool, int, tuple[tuple[int, str], ...]]


@lru_cache(maxsize=1000)
def floor_order(floor: str) -> _Order:
    """Return what to sort floors by: basements first, named ones after, none at the end."""
    number = re.fullmatch(r"-?\d{1,9}", floor)
    if number:
        return False, int(floor), ()
    return True, int(not floor), by_number(floor)


def room_order(floor: str, room: str) -> tuple[_Order, tuple[tuple[int, str], ...]]:
    """Return what to sort rooms by: their floors, and then their ids as people count."""
    return floor_order(floor), by_number(room)
