"""Counts what happened in the last hour or day, to the second, each thing once."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Kept:
    times: list[float] = field(default_factory=list)
    by_call: dict[str, float] = field(default_factory=dict)


class SlidingCount:
    """Events of the last ``longest_s`` seconds, by key (a caller, an account).

    A window reaches from just after ``now - window`` to ``now``, so an event counts until it is
    exactly as old as the window. Events may come late and out of order, as they do when records
    are read again after a gap; one that came already, by the name of its call, is not counted
    again.
    """

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._kept: dict[Hashable, _Kept] = {}

    def add(self, key: Hashable, at: float, call: str) -> bool:
        """Count an event; returns whether it is new."""
        kept = self._kept.setdefault(key, _Kept())
        if call in kept.by_call:
            return False
        kept.by_call[call] = at
        insort(kept.times, at)
        return True

    def count(self, key: Hashable, now: float, window_s: float) -> int:
        """Return how many events lie in a window that ends now.

        Raises:
            ValueError: the window is longer than events are kept.
        """
        if window_s > self._longest_s:
            raise ValueError(f"events are kept for {self._longest_s} s")
        kept = self._kept.get(key)
        if kept is None:
            return 0
        times = kept.times
        return bisect_right(times, now) - bisect_right(times, now - window_s)

    def last(self, key: Hashable) -> float | None:
        """Return when a key had its last event, as far as it is kept."""
        kept = self._kept.get(key)
        return kept.times[-1] if kept and kept.times else None

    def forget(self, now: float) -> None:
        """Drop what no window can reach any more."""
        oldest = now - self._longest_s
        for key, kept in list(self._kept.items()):
            gone = bisect_right(kept.times, oldest)
            if gone == len(kept.times):
                del self._kept[key]
            elif gone:
                del kept.times[:gone]
                kept.by_call = {call: at for call, at in kept.by_call.items() if at > oldest}

    def __len__(self) -> int:
        return sum(len(kept.times) for kept in self._kept.values())
