"""What switches told since they were last asked about, kept for the next sweep.

The listener's thread writes, the sweep reads. Old news is dropped, and so is the oldest when
there is too much of it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from datetime import timedelta

from monitors.snmp.traps_meaning import Trap, TrapKind

KEEP = timedelta(minutes=15)
MAX_TRAPS = 100
"""Of one switch."""
MAX_SWITCHES = 4096

NO_REASON_TO_LOOK = frozenset({TrapKind.OTHER, TrapKind.REFUSED})


class TrapBoard:
    """The latest notifications of each switch; its methods may be called from any thread.

    Args:
        most: how many of one switch are kept.
        switches: of how many switches; the one silent for longest is forgotten first.
    """

    def __init__(self, most: int = MAX_TRAPS, switches: int = MAX_SWITCHES) -> None:
        self._most = most
        self._switches = switches
        self._traps: OrderedDict[str, deque[Trap]] = OrderedDict()
        self._due: set[str] = set()
        self._lock = threading.Lock()

    def take(self, trap: Trap) -> None:
        """Keep a notification."""
        with self._lock:
            mine = self._traps.setdefault(trap.address, deque(maxlen=self._most))
            self._traps.move_to_end(trap.address)
            while mine and mine[0].at < trap.at - KEEP:
                mine.popleft()
            mine.append(trap)
            if trap.kind not in NO_REASON_TO_LOOK:
                self._due.add(trap.address)
            if len(self._traps) > self._switches:
                forgotten, _ = self._traps.popitem(last=False)
                self._due.discard(forgotten)

    def due(self) -> set[str]:
        """Return the addresses of switches that told something since this was last asked."""
        with self._lock:
            told, self._due = self._due, set()
            return told

    def recent(self, address: str) -> list[Trap]:
        """Return what a switch told lately, oldest first."""
        with self._lock:
            return list(self._traps.get(address, ()))
