"""Many deadlines, the nearest first."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

_STALE_MAX = 64


class Deadlines(Generic[T]):
    """A heap of times, at most one that counts for each item.

    An item may come up earlier than asked: moving a deadline back on every packet would cost
    more than looking at an item in vain. Its owner checks and enters it again.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._at: dict[T, float] = {}
        self._order = itertools.count()

    def __len__(self) -> int:
        """Return how many items wait."""
        return len(self._at)

    def enter(self, item: T, at: float) -> None:
        """Let ``item`` come up at the time ``at``, or before."""
        current = self._at.get(item)
        if current is not None and current <= at:
            return
        self._at[item] = at
        heapq.heappush(self._heap, (at, next(self._order), item))

    def discard(self, item: T) -> None:
        """Forget ``item``."""
        self._at.pop(item, None)
        if len(self._heap) > 2 * len(self._at) + _STALE_MAX:
            self._heap = [entry for entry in self._heap if self._at.get(entry[2]) == entry[0]]
            heapq.heapify(self._heap)

    def next_at(self) -> float | None:
        """Return the nearest time, None when nothing waits."""
        heap = self._heap
        while heap and self._at.get(heap[0][2]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def due(self, now: float) -> list[T]:
        """Take out and return all items whose time has come."""
        items = []
        while (at := self.next_at()) is not None and at <= now:
            item = heapq.heappop(self._heap)[2]
            del self._at[item]
            items.append(item)
        return items
