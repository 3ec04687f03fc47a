"""Stay with a PBX that tells what happens, and come back when the connection breaks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from monitors.probes.registrations import LiveEvent
from provisioner.errors import PbxError

log = logging.getLogger(__name__)

WAIT_S = 5.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0


class LiveSession(Protocol):
    """A logged-in session that is told what happens."""

    def event(self, wait_s: float) -> LiveEvent | None:
        """Return the next event; None: nothing of interest yet; raises PbxError when it broke."""

    def close(self) -> None:
        """End it."""


class PbxWatch:
    """A thread that hands over every event of a PBX, for as long as it runs.

    Args:
        name: the PBX, for people.
        connect: opens a session; raises PbxError.
        take: is called with each event, in the watch's own thread.
        now: the clock, naive UTC.
        wait_s: how long to listen before the session is asked for a sign of life.
        pause_s: wait after the first failure; it doubles up to a minute.

    Attributes:
        connected_at: naive UTC; None: there is no session now.
        problem: why there is none; empty while there is one.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], LiveSession],
        take: Callable[[LiveEvent], None],
        now: Callable[[], datetime],
        *,
        wait_s: float = WAIT_S,
        pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self.connected_at: datetime | None = None
        self.problem = "not asked yet"
        self._name = name
        self._connect = connect
        self._take = take
        self._now = now
        self._wait_s = wait_s
        self._first_pause_s = pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {name}", daemon=True)

    def start(self) -> None:
        """Start to watch."""
        self._thread.start()

    def stop(self, limit_s: float = WAIT_S + 5.0) -> None:
        """Stop and wait for the thread's end, which comes within ``wait_s``."""
        self._stop.set()
        self._thread.join(limit_s)

    def _run(self) -> None:
        pause_s = self._first_pause_s
        while not self._stop.is_set():
            try:
                session = self._connect()
            except PbxError as problem:
                self._lost(problem)
            else:
                self.connected_at, self.problem = self._now(), ""
                log.info("watching %s", self._name)
                pause_s = self._first_pause_s
                self._follow(session)
            self._stop.wait(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _follow(self, session: LiveSession) -> None:
        """Hand over events until the session breaks or the watch is stopped."""
        try:
            while not self._stop.is_set():
                event = session.event(self._wait_s)
                if event is not None:
                    self._hand_over(event)
        except PbxError as problem:
            self._lost(problem)
        finally:
            self.connected_at = None
            with suppress(PbxError):
                session.close()

    def _hand_over(self, event: LiveEvent) -> None:
        try:
            self._take(event)
        except Exception:
            log.exception("%s: an event could not be kept", self._name)

    def _lost(self, problem: PbxError) -> None:
        if str(problem) != self.problem:  # once, not once a minute
            log.warning("%s cannot be watched: %s", self._name, problem)
        self.problem = str(problem)
