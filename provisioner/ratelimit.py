"""Shutting out addresses that guess: a refusal budget a minute, then a growing time.

Phones with a valid token are never asked here, so a guesser behind the same NAT does not cut
off a hotel. Refusals count against the address and, with a larger budget, against its network
(IPv4 /24, IPv6 /48; an IPv6 "address" is its /64, which one machine has to itself). Memory is
bounded: what was quiet longest is forgotten first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network

MAX_ADDRESSES = 20_000
WINDOW_S = 60.0
NETWORK_FACTOR = 10
MAX_TIMES = 16


@dataclass(slots=True)
class _Record:
    refusals: float = 0.0
    since_s: float = 0.0
    until_s: float = 0.0
    times: int = 0


class Guard:
    """Counts refusals by source. All times are monotonic seconds given by the caller.

    Args:
        per_minute: refusals allowed in a minute from one address; its network has ten times that.
        first_s: how long a source is shut out the first time; doubled each time after, and
            forgotten after ten times the longest.
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
        records = (self._records.get(source) for source in _sources(address))
        return any(record is not None and now_s < record.until_s for record in records)

    def refused(self, address: str, now_s: float, weight: float = 1.0) -> bool:
        """Count a refusal; returns True when it just shut the address, or its network, out."""
        budgets = (self._per_minute, self._per_minute * NETWORK_FACTOR)
        with self._lock:
            if self.is_shut_out(address, now_s):
                self._heard_of(address)
                return False
            shut = [
                self._count(source, now_s, weight, budget)
                for source, budget in zip(_sources(address), budgets, strict=False)
            ]
        return any(shut)

    def _heard_of(self, address: str) -> None:
        for source in _sources(address):
            if source in self._records:
                self._records.move_to_end(source)

    def _count(self, source: str, now_s: float, weight: float, budget: float) -> bool:
        record = self._records.setdefault(source, _Record(since_s=now_s))
        self._records.move_to_end(source)
        if len(self._records) > MAX_ADDRESSES:
            self._records.popitem(last=False)
        if now_s - record.since_s >= WINDOW_S:
            if now_s - max(record.since_s, record.until_s) > 10 * self._longest_s:
                record.times = 0
            record.refusals, record.since_s = 0.0, now_s
        record.refusals += weight
        if record.refusals <= budget or now_s < record.until_s:
            return False
        record.until_s = now_s + min(self._first_s * 2**record.times, self._longest_s)
        record.times = min(record.times + 1, MAX_TIMES)
        record.refusals = 0.0
        return True


@lru_cache(maxsize=65_536)
def _sources(address: str) -> tuple[str, ...]:
    """Return what counts as the address, and its network when it has one."""
    try:
        parsed = ip_address(address.split("%", 1)[0])
    except ValueError:
        return (address,)
    own, wide = (32, 24) if parsed.version == 4 else (64, 48)  # noqa: PLR2004 - IP version
    return (
        str(ip_network((parsed, own), strict=False)),
        str(ip_network((parsed, wide), strict=False)),
    )
