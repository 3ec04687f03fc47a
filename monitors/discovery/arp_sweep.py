"""Which addresses an ARP sweep asks, and when. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

MOST = 4096
PER_S = 50.0
LAST_WAIT_S = 2.0
"""How long an answer to the last question is waited for."""


def targets(networks: Iterable[IPv4Network], most: int = MOST) -> list[IPv4Address]:
    """Return the addresses of hosts in networks, each once.

    Raises:
        ValueError: they are more than ``most``.
    """
    wanted = list(dict.fromkeys(networks))
    count = sum(network.num_addresses for network in wanted)
    if count > most:
        names = ", ".join(map(str, wanted))
        raise ValueError(
            f"{names}: {count:,} addresses are more than {most:,}; name a smaller network, or say "
            f"how many may be asked (--most {count})"
        )
    return list(dict.fromkeys(host for network in wanted for host in network.hosts()))


@dataclass(slots=True)
class Pace:
    """How far a sweep has come.

    Attributes:
        per_s: questions in a second.
        started: when it began, in seconds.
    """

    addresses: list[IPv4Address]
    started: float
    per_s: float = PER_S
    asked: int = 0

    def due(self, now: float) -> list[IPv4Address]:
        """Return the addresses to ask now; at most a second's worth, however late it is."""
        earned = int((now - self.started) * self.per_s) + 1
        until = min(earned, self.asked + max(1, int(self.per_s)), len(self.addresses))
        chosen = self.addresses[self.asked : until]
        self.asked = max(self.asked, until)
        return chosen

    @property
    def is_over(self) -> bool:
        """Whether all have been asked."""
        return self.asked >= len(self.addresses)

    @property
    def length_s(self) -> float:
        """How long it takes, with the wait for the last answer."""
        return len(self.addresses) / self.per_s + LAST_WAIT_S if self.addresses else 0.0
