"""How a process of bellwire is told to end: by a signal, or by the end of its parent."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

log = logging.getLogger(__name__)

PARENT_PIPE = "BELLWIRE_PARENT_PIPE"
"""Names the read end of a pipe that closes with the supervisor."""


def stop_event() -> threading.Event:
    """Return an event that SIGTERM, SIGINT or the parent's end sets."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    watch_parent_pipe(stop.set)
    return stop


def watch_parent_pipe(then: Callable[[], object]) -> None:
    """Call ``then`` when the supervisor is gone, if there is one."""
    descriptor = os.environ.get(PARENT_PIPE)
    if descriptor is None:
        return

    def wait() -> None:
        try:
            os.read(int(descriptor), 1)
        except OSError:
            log.debug("the parent's pipe is closed")
        then()

    threading.Thread(target=wait, name="parent", daemon=True).start()
