"""RTP packets (RFC 3550) and the digits in them (RFC 4733), as values and pure functions."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass

from provisioner.sip.headers import MalformedMessageError

PACKET_MS = 20
PACKET_SAMPLES = 160  # 20 ms at 8000 Hz
SILENCE = {0: b"\xff" * PACKET_SAMPLES, 8: b"\xd5" * PACKET_SAMPLES}  # ITU-T G.711: PCMU, PCMA
DIGITS = "0123456789*#ABCD"  # RFC 4733 section 3.2: events 0 to 15

_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_VERSION = 2
_VERSION_SHIFT = 6
_MARKER = 0x80
_EXTENSION = 0x10
_SOURCES = 0x0F
_TYPE = 0x7F
_END = 0x80
_VOLUME = 10  # -10 dBm0, as telephones send
_DIGIT_PACKETS = 6  # 120 ms; Asterisk takes 80 ms for the shortest digit
_END_PACKETS = 3  # RFC 4733 section 2.5.1.4
GAP_PACKETS = 5  # 100 ms between two digits
_REMEMBERED_EVENTS = 16


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet.

    Attributes:
        type: payload type.
        sequence: sequence number.
        timestamp: in samples.
        source: the SSRC.
        payload: what it carries.
        marker: on the first packet of a digit.
    """

    type: int
    sequence: int
    timestamp: int
    source: int
    payload: bytes
    marker: bool = False

    def encode(self) -> bytes:
        """Return the packet as it goes on the wire (RFC 3550 section 5.1)."""
        kind = self.type | (_MARKER if self.marker else 0)
        numbers = (self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.source)
        return _HEADER.pack(_VERSION << _VERSION_SHIFT, kind, *numbers) + self.payload


def parse_rtp(data: bytes) -> RtpPacket:
    """Read one packet; a header extension is skipped.

    Raises:
        MalformedMessageError: it is no RTP packet.
    """
    if len(data) < _HEADER.size or data[0] >> _VERSION_SHIFT != _VERSION:
        raise MalformedMessageError("the datagram is no RTP packet")
    first, kind, sequence, timestamp, source = _HEADER.unpack_from(data)
    start = _HEADER.size + 4 * (first & _SOURCES)
    if first & _EXTENSION:
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    return RtpPacket(kind & _TYPE, sequence, timestamp, source, data[start:], bool(kind & _MARKER))


def digit_payloads(digit: str) -> list[bytes]:
    """Return the telephone-event payloads of one digit, one for each 20 ms.

    Raises:
        ValueError: it is no digit.
    """
    if len(digit) != 1 or digit not in DIGITS:
        raise ValueError(f"{digit!r} is not a digit of a telephone")
    event = DIGITS.index(digit)
    longest = _DIGIT_PACKETS * PACKET_SAMPLES
    steps = range(PACKET_SAMPLES, longest + 1, PACKET_SAMPLES)
    payloads = [_EVENT.pack(event, _VOLUME, duration) for duration in steps]
    return payloads + [_EVENT.pack(event, _END | _VOLUME, longest)] * _END_PACKETS


class DigitReader:
    """Makes digits of telephone events, which are repeated and may be lost (RFC 4733 2.5.2).

    A digit counts once for its timestamp: at its end, or when another begins and all three
    packets of its end were lost.
    """

    def __init__(self) -> None:
        self._counted: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED_EVENTS)
        self._open: tuple[tuple[int, int], str] | None = None

    def read(self, packet: RtpPacket) -> str:
        """Return the digits that ``packet`` completes, mostly none."""
        if len(packet.payload) < _EVENT.size:
            return ""
        event, flags, _ = _EVENT.unpack_from(packet.payload)
        name = packet.source, packet.timestamp
        if event >= len(DIGITS) or name in self._counted:
            return ""
        digits = ""
        if self._open is not None and self._open[0] != name:
            digits = self._count(*self._open)
        self._open = name, DIGITS[event]
        if flags & _END:
            digits += self._count(*self._open)
        return digits

    def _count(self, name: tuple[int, int], digit: str) -> str:
        self._counted.append(name)
        self._open = None
        return digit
