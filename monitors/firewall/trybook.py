"""The latest refusals of each address; bounded, for an attacker has many addresses."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from datetime import timedelta

from monitors.firewall.judging import Try
from provisioner.inventory.pbx_hardening import ShutOutRule

MOST_ADDRESSES = 10_000


class TryBook:
    """Remembers tries by address; the address that was quiet longest is forgotten first."""

    def __init__(self, rule: ShutOutRule, most: int = MOST_ADDRESSES) -> None:
        self._keep = timedelta(seconds=rule.slow_window_s)
        self._each = max(rule.tries, rule.slow_tries)
        self._most = most
        self._tries: OrderedDict[str, deque[Try]] = OrderedDict()

    def add(self, address: str, one: Try) -> Sequence[Try]:
        """Keep a try; returns all of its address that still count, oldest first."""
        held = self._tries.pop(address, None) or deque(maxlen=self._each)
        while held and held[0].at <= one.at - self._keep:
            held.popleft()
        held.append(one)
        self._tries[address] = held
        if len(self._tries) > self._most:
            self._tries.popitem(last=False)
        return tuple(held)

    def forget(self, address: str) -> None:
        """Forget an address: it is shut out, or was released."""
        self._tries.pop(address, None)

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._tries)
