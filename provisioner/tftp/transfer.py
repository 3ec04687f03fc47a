"""One transfer as a machine without I/O: packets and the time in, datagrams and a deadline out.

Times are seconds of any steady clock. Blocks are counted from 1 without a limit inside and
reduced to 16 bits on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from provisioner.tftp.answering import Content
from provisioner.tftp.limits import Limits
from provisioner.tftp.options import Terms
from provisioner.tftp.packets import (
    BLOCK_NUMBERS,
    Opcode,
    OptionAck,
    acknowledged_block,
    data_packet,
    opcode_of,
)
from provisioner.tftp.retransmission import RetransmissionTimer


class Outcome(StrEnum):
    """How a request ended."""

    OK = "ok"
    TIMEOUT = "timeout"
    ABORTED = "aborted"  # by the peer: an ERROR packet, or another request from the same port
    REFUSED = "refused"
    STOPPED = "stopped"  # by the server's own end


@dataclass(frozen=True, slots=True)
class TransferStats:
    """What is known of a request once it is over.

    Attributes:
        peer: address and port of the asker.
        name: the file's name as asked.
        size_bytes: bytes to send, after translation to netascii; 0 when refused.
        blksize: bytes in a full block.
        windowsize: blocks in a window.
        blocks: blocks the peer has confirmed.
        retransmits: packets sent more than once, each repetition counted.
        duration_s: from the request to the end.
        outcome: how it ended.
    """

    peer: tuple[str, int]
    name: str
    size_bytes: int
    blksize: int
    windowsize: int
    blocks: int
    retransmits: int
    duration_s: float
    outcome: Outcome


def refused(peer: tuple[str, int], name: str, duration_s: float) -> TransferStats:
    """Return the account of a read that never became a transfer."""
    terms = Terms()
    return TransferStats(
        peer=peer,
        name=name,
        size_bytes=0,
        blksize=terms.blksize,
        windowsize=terms.windowsize,
        blocks=0,
        retransmits=0,
        duration_s=duration_s,
        outcome=Outcome.REFUSED,
    )


class Transfer:
    """The sending side of one read.

    The owner calls ``begin`` once, then ``receive`` for every datagram of the peer and ``tick``
    when ``deadline`` has come, and sends what each returns.

    Args:
        content: the bytes to send.
        terms: the negotiated terms.
        limits: how long to try.
        now: the time of the request.

    Attributes:
        deadline: the time at which ``tick`` has something to do.
        retransmits: packets sent more than once so far, each repetition counted.
        outcome: how it ended, None while it goes on.
    """

    __slots__ = (
        "_acked",
        "_awaits_oack",
        "_began",
        "_content",
        "_ends_at",
        "_heard",
        "_last_block",
        "_limits",
        "_resent",
        "_sends",
        "_sent",
        "_sent_at",
        "_terms",
        "_timer",
        "deadline",
        "outcome",
        "retransmits",
    )

    def __init__(self, content: Content, terms: Terms, limits: Limits, now: float) -> None:
        self._content = content
        self._terms = terms
        self._limits = limits
        self._began = now
        self._ends_at = now + limits.transfer_s(len(content))
        self._timer = RetransmissionTimer(terms.timeout_s)
        # A file that fills its last block is closed by an empty one (RFC 1350, section 6).
        self._last_block = len(content) // terms.blksize + 1
        self._awaits_oack = bool(terms.accepted)
        self._heard = False
        self._acked = 0
        self._sent = 0
        self._sends = 0
        self._sent_at = now
        self._resent = False
        self.deadline = now
        self.retransmits = 0
        self.outcome: Outcome | None = None

    def begin(self, now: float) -> list[bytes]:
        """Return the first datagrams: the OACK, or the first window."""
        return self._send_flight(now)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take a datagram of the peer and return what to send; anything senseless is ignored."""
        if self.outcome is not None:
            return []
        block = acknowledged_block(datagram)
        if block is not None:
            return self._acknowledged(block, now)
        if opcode_of(datagram) is Opcode.ERROR:
            self.outcome = Outcome.ABORTED
        return []

    def tick(self, now: float) -> list[bytes]:
        """Return what to send again at ``now``; nothing before the deadline."""
        if self.outcome is not None or now < self.deadline:
            return []
        sends_max = self._limits.sends_max if self._heard else self._limits.first_sends_max
        if now >= self._ends_at or self._sends >= sends_max:
            self.outcome = Outcome.TIMEOUT
            return []
        self._timer.expired()
        return self._send_flight(now)

    def end(self, outcome: Outcome) -> None:
        """End the transfer from outside; an outcome it already has stays."""
        if self.outcome is None:
            self.outcome = outcome

    def stats(self, peer: tuple[str, int], name: str, now: float) -> TransferStats:
        """Return the account of a transfer that is over.

        Raises:
            ValueError: it is still going on.
        """
        if self.outcome is None:
            raise ValueError("the transfer is still going on")
        return TransferStats(
            peer=peer,
            name=name,
            size_bytes=len(self._content),
            blksize=self._terms.blksize,
            windowsize=self._terms.windowsize,
            blocks=self._acked,
            retransmits=self.retransmits,
            duration_s=now - self._began,
            outcome=self.outcome,
        )

    def _acknowledged(self, number: int, now: float) -> list[bytes]:
        if self._awaits_oack:
            if number != 0:  # RFC 2347: an OACK is confirmed by block 0
                return []
            self._awaits_oack = False
        else:
            advance = (number - self._acked) % BLOCK_NUMBERS
            # Zero is a duplicate: answering it with DATA would double every packet from here on
            # (Sorcerer's Apprentice, RFC 1123, 4.2.3.1). Beyond the window it is old or forged.
            if advance == 0 or self._acked + advance > self._sent:
                return []
            self._acked += advance
        self._heard = True
        if not self._resent:  # Karn: a repeated packet's ACK may belong to either copy
            self._timer.measured(now - self._sent_at)
        if self._acked == self._last_block:
            self.outcome = Outcome.OK
            return []
        self._sends = 0
        self._resent = False
        return self._send_flight(now)

    def _send_flight(self, now: float) -> list[bytes]:
        """Send all that may be unconfirmed: the OACK, or the window after the last ACK.

        After an ACK inside the window this repeats the blocks behind it, as RFC 7440 wants.
        """
        self._sends += 1
        self._sent_at = now
        self.deadline = min(now + self._timer.interval_s, self._ends_at)
        if self._awaits_oack:
            if self._sends > 1:
                self._count_repeats(1)
            return [OptionAck(self._terms.accepted).encode()]
        first = self._acked + 1
        last = min(self._acked + self._terms.windowsize, self._last_block)
        if first <= self._sent:
            self._count_repeats(min(self._sent, last) - self._acked)
        self._sent = max(self._sent, last)
        if first == last:
            return [self._block(first)]
        return [self._block(number) for number in range(first, last + 1)]

    def _count_repeats(self, repeats: int) -> None:
        self.retransmits += repeats
        self._resent = True

    def _block(self, number: int) -> bytes:
        start = (number - 1) * self._terms.blksize
        payload = self._content[start : start + self._terms.blksize]
        return data_packet(number % BLOCK_NUMBERS, payload)
