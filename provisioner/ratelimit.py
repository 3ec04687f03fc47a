"""Shutting out addresses that guess: a refusal budget a minute, then a growing time.

Phones with a valid token are never asked here, so a guesser behind the same NAT does not cut
off a hotel. Memory is bounded: the address that was quiet longest is forgotten first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

MAX_ADDRESSES = 20_000
WINDOW_S = 60.0


@dataclass(slots=True)
class _Record:
    refusals: float = 0.0
    since_s: float = 0.0
    until_s: float = 0.0
    times: int = 0


class Guard:
    """Counts refusals by source address. All times are monotonic seconds given by the caller.

    Args:
        per_minute: refusals allowed in a minute.
        first_s: how long an address is shut out the first time; doubled each time after.
        longest_s: never longer than this.
    """

    def __init__(self, per_minute: int, first_s: float, longest_s: float) -> None:
        self._per_minute = per_minute
        self._first_s = first_s
        self._longest_s = longest_s
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._lock = threading.Lock()

    def is_shut_out(self, address: str, now_s: float) -> bool:
        """Whether requests of this address are refused unread."""
        record = self._records.get(address)
        return record is not None and now_s < record.until_s

    def refused(self, address: str, now_s: float, weight: float = 1.0) -> bool:
        """Count a refusal; returns True when it just shut the address out."""
        with self._lock:
            record = self._records.setdefault(address, _Record(since_s=now_s))
            self._records.move_to_end(address)
            if len(self._records) > MAX_ADDRESSES:
                self._records.popitem(last=False)
            if now_s - record.since_s >= WINDOW_S:
                record.refusals, record.since_s = 0.0, now_s
            record.refusals += weight
            if record.refusals <= self._per_minute or now_s < record.until_s:
                return False
            record.until_s = now_s + min(self._first_s * 2**record.times, self._longest_s)
            record.times = min(record.times + 1, 16)
            record.refusals = 0.0
            return True
