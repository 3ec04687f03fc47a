"""What the PnP server remembers: open NOTIFYs, answered SUBSCRIBEs and how much each source sends.

Everything here is bounded and takes the time as a value.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from dataclasses import dataclass

from provisioner.sip.transport import GIVE_UP_T1, SEND_AT_T1, T1_S, SocketAddress

MAX_DIALOGS = 4096
REMEMBER_T1 = 64  # RFC 3261 section 17.2.2, timer J: how long a request may be sent again

DialogKey = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Datagram:
    """Bytes and where they go."""

    data: bytes
    to: SocketAddress


@dataclass(slots=True)
class _Dialog:
    """One answered SUBSCRIBE and its NOTIFY."""

    ok: Datagram
    notify: Datagram
    opened_at_s: float
    is_pending: bool = True
    sent: int = 1


class Dialogs:
    """The dialogs of the last 64*T1, at most ``capacity`` of them.

    Args:
        capacity: how many are remembered; a new one is refused while the oldest is unanswered.
        t1_s: the round trip estimate T1 (RFC 3261 section 17.1.1.1).
    """

    def __init__(self, capacity: int = MAX_DIALOGS, t1_s: float = T1_S) -> None:
        self._capacity = capacity
        self._t1_s = t1_s
        self._dialogs: OrderedDict[DialogKey, _Dialog] = OrderedDict()
        self._open: dict[str, _Dialog] = {}
        self._timers: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._dialogs)

    def answer_again(self, key: DialogKey, now_s: float) -> Datagram | None:
        """Return the 200 that this SUBSCRIBE already got, None when it is a new one."""
        dialog = self._dialogs.get(key)
        return None if dialog is None or self._is_over(dialog, now_s) else dialog.ok

    def has_room(self, now_s: float) -> bool:
        """Forget what is over and return whether one more dialog may be opened."""
        while self._dialogs:
            oldest = next(iter(self._dialogs.values()))
            is_crowded = len(self._dialogs) >= self._capacity and not oldest.is_pending
            if not (is_crowded or self._is_over(oldest, now_s)):
                break
            self._dialogs.popitem(last=False)
        return len(self._dialogs) < self._capacity

    def open(
        self, key: DialogKey, ok: Datagram, notify: Datagram, branch: str, now_s: float
    ) -> None:
        """Remember a dialog whose 200 and first NOTIFY leave now."""
        dialog = _Dialog(ok, notify, now_s)
        self._dialogs[key] = dialog
        self._dialogs.move_to_end(key)
        self._open[branch] = dialog
        self._set_timer(branch, dialog)

    def answered(self, branch: str, source_host: str) -> bool:
        """Note a final response; return whether it answers an open NOTIFY of that host."""
        dialog = self._open.get(branch)
        if dialog is None or dialog.notify.to[0] != source_host:
            return False
        self._end(branch, dialog)
        return True

    def due(self, now_s: float) -> list[Datagram]:
        """Return the NOTIFYs to send again now; those sent often enough are given up."""
        again: list[Datagram] = []
        while self._timers and self._timers[0][0] <= now_s:
            _, branch = heapq.heappop(self._timers)
            dialog = self._open.get(branch)
            if dialog is None:
                continue
            if dialog.sent < len(SEND_AT_T1):
                dialog.sent += 1
                again.append(dialog.notify)
                self._set_timer(branch, dialog)
            else:
                self._end(branch, dialog)
        return again

    def next_at_s(self) -> float | None:
        """Return when ``due`` next has something to do, None when nothing is open."""
        return self._timers[0][0] if self._timers else None

    def _is_over(self, dialog: _Dialog, now_s: float) -> bool:
        """Return whether its SUBSCRIBE can no longer be a repetition."""
        return now_s - dialog.opened_at_s >= REMEMBER_T1 * self._t1_s

    def _end(self, branch: str, dialog: _Dialog) -> None:
        """Send its NOTIFY no more."""
        dialog.is_pending = False
        del self._open[branch]

    def _set_timer(self, branch: str, dialog: _Dialog) -> None:
        """Arm the next send, or the end after the last one (RFC 3261 section 17.1.2.1)."""
        counts = (*SEND_AT_T1, GIVE_UP_T1)
        at_s = dialog.opened_at_s + counts[dialog.sent] * self._t1_s
        heapq.heappush(self._timers, (at_s, branch))


class SourceRate:
    """A token bucket per source address.

    Args:
        per_s: datagrams that a source may send for ever, per second.
        burst: datagrams that it may send at once.
        capacity: sources remembered; the one silent for longest is forgotten first.
    """

    def __init__(self, per_s: float = 10, burst: int = 40, capacity: int = 8192) -> None:
        self._per_s = per_s
        self._burst = burst
        self._capacity = capacity
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, source_host: str, now_s: float) -> bool:
        """Count one datagram and return whether it may be looked at."""
        tokens, filled_at_s = self._buckets.get(source_host, (float(self._burst), now_s))
        tokens = min(self._burst, tokens + (now_s - filled_at_s) * self._per_s)
        is_allowed = tokens >= 1
        self._buckets[source_host] = (tokens - is_allowed, now_s)
        self._buckets.move_to_end(source_host)
        if len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        return is_allowed
