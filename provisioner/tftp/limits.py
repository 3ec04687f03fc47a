"""What one TFTP server may spend, as a whole, on one peer and on one transfer."""

from __future__ import annotations

from dataclasses import dataclass

BLKSIZE_DEFAULT = 512  # RFC 1350
BLKSIZE_MIN, BLKSIZE_MAX = 8, 65464  # RFC 2348
WINDOWSIZE_MIN, WINDOWSIZE_MAX = 1, 65535  # RFC 7440
TIMEOUT_S_MIN, TIMEOUT_S_MAX = 1, 255  # RFC 2349

BLKSIZE_PATH_SAFE = 1468
"""Largest block that an Ethernet frame carries whole: 1500 - 20 (IPv4) - 8 (UDP) - 4 (TFTP).

On IPv6 with an MTU of 1500 it is 1448; larger packets are fragmented by the sender.
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a TFTP server.

    Attributes:
        blksize_max: a larger ``blksize`` is answered with this one (RFC 2348 allows it).
        windowsize_max: a larger ``windowsize`` is answered with this one (RFC 7440 allows it).
        transfers_max: transfers open at a time; each needs a file descriptor.
        transfers_per_peer_max: the same from one address (phones may share one behind NAT).
        first_sends_max: sends of the first packet to a peer that has never answered. Fewer than
            later, because the source of a request may be forged.
        sends_max: sends without any progress before a transfer is given up.
        transfer_s_max: the longest a transfer of a small file may take.
        bytes_per_s_min: slower ones are given up; so much longer may a large file take. One block
            of 512 bytes in 60 ms is 8 kB/s: a phone at the far end of a slow line.
    """

    blksize_max: int = BLKSIZE_PATH_SAFE
    windowsize_max: int = 64
    transfers_max: int = 4096
    transfers_per_peer_max: int = 16
    first_sends_max: int = 5
    sends_max: int = 8
    transfer_s_max: float = 60.0
    bytes_per_s_min: int = 8192

    def __post_init__(self) -> None:
        """Refuse bounds that no transfer could keep."""
        if not BLKSIZE_DEFAULT <= self.blksize_max <= BLKSIZE_MAX:
            raise ValueError(f"blksize_max must be {BLKSIZE_DEFAULT} to {BLKSIZE_MAX}")
        # A window must stay far below half of the block numbers, or old ACKs become ambiguous.
        if not WINDOWSIZE_MIN <= self.windowsize_max <= WINDOWSIZE_MAX // 4:
            raise ValueError(f"windowsize_max must be {WINDOWSIZE_MIN} to {WINDOWSIZE_MAX // 4}")
        counts = (self.transfers_max, self.transfers_per_peer_max, self.first_sends_max)
        if min(*counts, self.sends_max) < 1 or self.transfer_s_max <= 0:
            raise ValueError("transfers, sends and the longest duration must be above zero")
        if self.bytes_per_s_min < 1:
            raise ValueError("bytes_per_s_min must be above zero")

    def transfer_s(self, size_bytes: int) -> float:
        """Return the longest that the transfer of a file may take."""
        return max(self.transfer_s_max, size_bytes / self.bytes_per_s_min)
