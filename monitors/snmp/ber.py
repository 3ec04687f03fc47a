"""SNMP messages as octets: the little of BER that they need.

A switch is asked for thousands of variables a minute; decoded by a general ASN.1 library they
would cost more than everything else together (``docs/benchmarks.md``). RFC 1157 and 3416 for
the messages, ITU-T X.690 for the encoding: definite lengths only, as SNMP demands. What agents
send unasked is read by ``monitors.snmp.traps_reading``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitors.snmp.values import Oid, Value, Varbind

V2C = 1
GET, SET, GET_BULK, RESPONSE = 0xA0, 0xA3, 0xA5, 0xA2
_INTEGER, _OCTETS, _NULL, _OID, _SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
_UNSIGNED = frozenset({0x41, 0x42, 0x43, 0x46, 0x47})
_STRINGS = frozenset({_OCTETS, 0x40, 0x44, 0x45})  # also IpAddress, Opaque, NsapAddress
_MORE, _SEVEN_BITS = 0x80, 0x7F
_LONG_FORM = 0x80
_MOST_LENGTH_OCTETS = 3


@dataclass(frozen=True, slots=True)
class Message:
    """A response. ``status`` and ``index`` are the error's, 0 when there is none."""

    community: bytes
    request_id: int
    status: int
    index: int
    varbinds: tuple[Varbind, ...]


def request(
    kind: int,
    community: bytes,
    request_id: int,
    variables: Iterable[tuple[Oid, int | None]],
    repetitions: int = 0,
) -> bytes:
    """Return a request.

    Args:
        kind: ``GET``, ``SET`` or ``GET_BULK``.
        community: in the clear, as SNMPv2c has it.
        request_id: what the response will repeat, 0 to 2**31 - 1.
        variables: names, with the INTEGER to write; None: only asked for.
        repetitions: of GETBULK.
    """
    pairs = b"".join(
        tlv(_SEQUENCE, object_identifier(name) + (_NOTHING if value is None else integer(value)))
        for name, value in variables
    )
    body = integer(request_id) + integer(0) + integer(repetitions) + tlv(_SEQUENCE, pairs)
    return tlv(_SEQUENCE, integer(V2C) + tlv(_OCTETS, community) + tlv(kind, body))


def response(data: bytes) -> Message:
    """Return the response that a datagram holds.

    Raises:
        ValueError: it holds none, or a broken one.
    """
    try:
        return _response(data)
    except IndexError as problem:
        raise ValueError("the message is cut off") from problem


def _response(data: bytes) -> Message:
    at, end = opened(data, 0, len(data), _SEQUENCE)
    version, at = number(data, at, end)
    if version != V2C:
        raise ValueError(f"version {version} is not SNMPv2c")
    start, stop = opened(data, at, end, _OCTETS)
    community = data[start:stop]
    at, end = opened(data, stop, end, RESPONSE)
    request_id, at = number(data, at, end)
    status, at = number(data, at, end)
    index, at = number(data, at, end)
    at, end = opened(data, at, end, _SEQUENCE)
    varbinds: list[Varbind] = []
    while at < end:
        inner, stop = opened(data, at, end, _SEQUENCE)
        start, inner_stop = opened(data, inner, stop, _OID)
        name = sub_identifiers(data[start:inner_stop])
        varbinds.append(Varbind(name, value(data, inner_stop, stop)))
        at = stop
    return Message(community, request_id, status, index, tuple(varbinds))


def tlv(tag: int, content: bytes) -> bytes:
    """Return an element: tag, length, content."""
    length = len(content)
    if length < _LONG_FORM:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG_FORM | len(octets))) + octets + content


def integer(number: int) -> bytes:
    """Return an INTEGER."""
    size = (number + (number < 0)).bit_length() // 8 + 1
    return tlv(_INTEGER, number.to_bytes(size, "big", signed=True))


def object_identifier(numbers: Oid) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    first, second = (*numbers, 0, 0)[:2]
    octets = bytearray()
    for number in (first * 40 + second, *numbers[2:]):
        groups = [number & _SEVEN_BITS]
        rest = number >> 7
        while rest:
            groups.append(rest & _SEVEN_BITS | _MORE)
            rest >>= 7
        octets += bytes(reversed(groups))
    return tlv(_OID, bytes(octets))


_NOTHING = tlv(_NULL, b"")


def opened(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Return where the content of an element begins and ends; it must have this tag."""
    found, start, stop = header(data, at, end)
    if found != tag:
        raise ValueError(f"tag {found:#x} stands where {tag:#x} should")
    return start, stop


def header(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return the tag of an element, and where its content begins and ends.

    Raises:
        ValueError: it reaches beyond ``end``, or its length is none that SNMP has.
        IndexError: the data end inside it.
    """
    tag, length = data[at], data[at + 1]
    at += 2
    if length & _LONG_FORM:
        count = length & _SEVEN_BITS
        if not 0 < count <= _MOST_LENGTH_OCTETS:
            raise ValueError("a length that SNMP does not have")
        length = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + length > end:
        raise ValueError("an element reaches beyond the one it is in")
    return tag, at, at + length


def number(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return an INTEGER and where the next element begins."""
    start, stop = opened(data, at, end, _INTEGER)
    return int.from_bytes(data[start:stop], "big", signed=True), stop


def value(data: bytes, at: int, end: int) -> Value | None:
    """Return a value; None: the agent has none (noSuchObject and the like)."""
    tag, start, stop = header(data, at, end)
    if tag == _INTEGER:
        return int.from_bytes(data[start:stop], "big", signed=True)
    if tag in _UNSIGNED:
        return int.from_bytes(data[start:stop], "big")
    if tag in _STRINGS:
        return data[start:stop]
    return sub_identifiers(data[start:stop]) if tag == _OID else None


def sub_identifiers(octets: bytes) -> Oid:
    """Return the numbers of an object identifier."""
    if not octets:
        return ()
    numbers = octets if max(octets) < _MORE else _long_numbers(octets)
    if not numbers:
        return ()
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - 40 * first, *numbers[1:])


def _long_numbers(octets: bytes) -> list[int]:
    numbers: list[int] = []
    number = 0
    for octet in octets:
        number = number << 7 | octet & _SEVEN_BITS
        if not octet & _MORE:
            numbers.append(number)
            number = 0
    return numbers
