"""Places for large files by HTTP: each holds a thread until its last byte is out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from provisioner.answers import BUSY, Answer

LARGE_BYTES = 1024 * 1024  # what is smaller lies in the server's and the system's buffers at once


class Downloads:
    """Counts the large answers that are going out.

    A slow or silent phone keeps its thread for as long as the network lets it; without a bound,
    a floor of phones that fetch an image would leave no thread for the others' settings.

    Args:
        places: how many may go out at the same time.
    """

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)

    def admit(self, answer: Answer) -> Answer:
        """Return the answer, its place taken until ``on_end`` is called; without a place BUSY."""
        if not isinstance(answer.body, memoryview) or len(answer.body) < LARGE_BYTES:
            return answer
        if not self._places.acquire(blocking=False):
            return BUSY
        return replace(answer, on_end=_once(self._places.release))


def _once(then: Callable[[], None]) -> Callable[[], None]:
    """A call that may be made again and again, and does something the first time."""
    lock = threading.Lock()  # taken once and kept

    def call() -> None:
        if lock.acquire(blocking=False):
            then()

    return call
