"""One row of the journal as the worker that holds it writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitors.remedies.feed import Undo, undo_values
from monitors.remedies.kinds import WayKind
from monitors.store import actions
from provisioner.db import Database


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that this worker has entered or claimed.

    Its methods return False when another worker has the row now: then nothing more is to be
    written to a switch.
    """

    database: Database
    id: int
    worker: str
    clock: Callable[[], datetime]

    def begin(self, way: WayKind, undo: Undo, off_s: float) -> bool:
        """Enter that power is about to be taken away, and what gives it back."""
        now = self.clock()
        deadline = now + timedelta(seconds=off_s) + actions.LEASE
        return actions.begin(
            self.database, self.id, self.worker, str(way), undo_values(undo), deadline, now
        )

    def take_back(self) -> bool:
        """Enter that nothing was changed, and another way may be tried."""
        return actions.take_back(self.database, self.id, self.worker, self.clock())

    def done(self, way: WayKind | None = None, detail: str = "") -> bool:
        """Enter that it was done."""
        named = str(way) if way else ""
        return actions.done(self.database, self.id, self.worker, self.clock(), named, detail)

    def failed(self, detail: str) -> bool:
        """Enter that nothing was done."""
        return actions.failed(self.database, self.id, self.worker, detail, self.clock())

    def put_off(self, detail: str, pause: timedelta) -> bool:
        """Enter that power could not be given back yet."""
        later = self.clock() + pause
        return actions.put_off(self.database, self.id, self.worker, detail, later)
