"""Putting things in another order: by a step up or down, or as somebody dragged them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from provisioner.whole_numbers import whole_number

Thing = TypeVar("Thing")


def moved(things: Sequence[Thing], step: str) -> tuple[list[Thing], int] | None:
    """Return things with one of them a step further, and its new place.

    Args:
        things: in their order.
        step: such as ``2:up`` or ``0:down``.

    Returns:
        None: there is no such step.
    """
    number, _, way = step.partition(":")
    here = whole_number(number)
    if here is None or way not in {"up", "down"}:
        return None
    there = here + (-1 if way == "up" else 1)
    if not (0 <= here < len(things) and 0 <= there < len(things)):
        return None
    made = list(things)
    made[here], made[there] = made[there], made[here]
    return made, there


def arranged(things: Sequence[Thing], order: str) -> list[Thing] | None:
    """Return things as dragged.

    Args:
        things: in their order.
        order: their former places, such as ``2,0,1``.

    Returns:
        None: it is not each of them once.
    """
    told = map(whole_number, order.split(","))
    places = [place for place in told if place is not None]
    if sorted(places) != list(range(len(things))):
        return None
    return [things[place] for place in places]
