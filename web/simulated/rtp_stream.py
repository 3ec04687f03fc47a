"""The sound of one call: silence, and digits as telephone events, to and fro."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from provisioner.sip.transport import SocketAddress, UdpEndpoint
from web.simulated.rtp import (
    GAP_PACKETS,
    PACKET_MS,
    PACKET_SAMPLES,
    SILENCE,
    DigitReader,
    RtpPacket,
    digit_payloads,
    parse_rtp,
)
from web.simulated.sdp import Session
from web.simulated.sip_engine import SipEngine, Timer

_PACKET_S = PACKET_MS / 1000
_MAX_TICKS_BEHIND = 5


@dataclass(frozen=True, slots=True)
class _EventPart:
    """One packet of a digit."""

    payload: bytes
    is_first: bool


class RtpStream:
    """A socket that sends and receives the RTP of one call.

    It sends only what is asked for: digits, and silence when ``is_talking``. It sends to where the
    other side's packets come from, once there are any (symmetric RTP, RFC 4961).

    Args:
        engine: what serves it.
        host: own address.
        on_digits: gets the digits received.

    Attributes:
        local: our description for offers.
        is_talking: whether silence is sent.
        received: how many packets came.

    Raises:
        SipError: there is no port.
    """

    def __init__(self, engine: SipEngine, host: str, on_digits: Callable[[str], None]) -> None:
        self._engine = engine
        self._endpoint = UdpEndpoint.bound(host)
        self._on_digits = on_digits
        self._reader = DigitReader()
        self._remote: SocketAddress | None = None
        self._codec = 0
        self._event_type: int | None = None
        self._parts: deque[_EventPart | None] = deque()
        self._tick: Timer | None = None
        self._next_at_s = 0.0
        self._digit_began = 0
        self._sequence = secrets.randbelow(1 << 15)
        self._source = secrets.randbits(32)
        self.local = Session(host, self._endpoint.address[1])
        self.is_talking = False
        self.received = 0
        engine.serve(self._endpoint, self._on_datagram)

    @property
    def takes_events(self) -> bool:
        """Whether the other side takes telephone events."""
        return self._event_type is not None and self._remote is not None

    def connect(self, remote: Session, *, is_talking: bool) -> None:
        """Send to where and what the other side's description says."""
        self._remote = (remote.host, remote.port) if remote.host and remote.port else None
        self._codec = next(iter(remote.codecs), self._codec)
        self._event_type = remote.event_type
        self.is_talking = is_talking
        self._start()

    def send_digits(self, digits: str) -> None:
        """Queue digits to be sent one after the other.

        Raises:
            ValueError: one of them is no digit; none is sent.
        """
        parts: list[_EventPart | None] = []
        for digit in digits:
            first, *others = digit_payloads(digit)
            parts += [
                _EventPart(first, is_first=True),
                *(_EventPart(x, is_first=False) for x in others),
            ]
            parts += [None] * GAP_PACKETS
        with self._engine.lock:
            self._parts.extend(parts)
            self._start()

    def close(self) -> None:
        """Give the socket back; calling it again does no harm."""
        with self._engine.lock:
            self.is_talking = False
            self._parts.clear()
            if self._tick is not None:
                self._tick.cancel()
            self._engine.drop(self._endpoint)

    def _start(self) -> None:
        """Begin to send, unless that goes on already."""
        if self._tick is None and (self._parts or self.is_talking):
            self._next_at_s = time.monotonic()
            self._tick = self._engine.later(0, self._on_tick)

    def _on_tick(self) -> None:
        """Send the packet of these 20 ms and plan the next."""
        self._tick = None
        if not self._parts and not self.is_talking:
            return
        part = self._parts.popleft() if self._parts else None
        timestamp = int(self._next_at_s / _PACKET_S) * PACKET_SAMPLES
        if part is not None and self._event_type is not None:
            # All packets of a digit have the time of its beginning (RFC 4733 section 2.2).
            self._digit_began = timestamp if part.is_first else self._digit_began
            self._send(self._event_type, self._digit_began, part.payload, marker=part.is_first)
        elif self.is_talking:
            self._send(self._codec, timestamp, SILENCE[self._codec])
        now_s = time.monotonic()
        self._next_at_s += _PACKET_S
        if now_s - self._next_at_s > _MAX_TICKS_BEHIND * _PACKET_S:
            self._next_at_s = now_s
        self._tick = self._engine.later(max(0.0, self._next_at_s - now_s), self._on_tick)

    def _send(self, kind: int, timestamp: int, payload: bytes, *, marker: bool = False) -> None:
        self._sequence += 1
        packet = RtpPacket(kind, self._sequence, timestamp, self._source, payload, marker)
        if self._remote is not None:
            self._endpoint.send(packet.encode(), self._remote)

    def _on_datagram(self, data: bytes, source: SocketAddress) -> None:
        packet = parse_rtp(data)
        self.received += 1
        if self._remote is not None:
            self._remote = source
        if packet.type == self._event_type:
            digits = self._reader.read(packet)
            if digits:
                self._on_digits(digits)
