"""Which bytes of a large file a phone has got: phones fetch an image in parts. No I/O."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

MAX_FILES = 10_000


class Coverage:
    """Parts that were sent, until a whole has come together; safe for threads.

    It lives in one process and forgets the oldest when there are too many. Then a whole file is
    not noticed, and a phone counts as one that has not fetched it: a rollout waits, no more.
    """

    def __init__(self, max_files: int = MAX_FILES) -> None:
        self._parts: OrderedDict[Hashable, list[tuple[int, int]]] = OrderedDict()
        self._max_files = max_files
        self._lock = threading.Lock()

    def add(self, key: Hashable, start: int, end: int, size: int) -> bool:
        """Note that the bytes from ``start`` up to ``end`` were sent; return whether all are now.

        After a whole, counting begins again.
        """
        with self._lock:
            parts = _joined([*self._parts.pop(key, []), (start, end)])
            if parts == [(0, size)]:
                return True
            self._parts[key] = parts
            while len(self._parts) > self._max_files:
                self._parts.popitem(last=False)
        return False


def _joined(parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    made: list[tuple[int, int]] = []
    for start, end in sorted(parts):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return made
