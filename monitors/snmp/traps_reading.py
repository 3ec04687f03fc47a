"""What agents send unasked, as octets: traps of SNMPv1 and v2c, informs, and messages of v3.

RFC 1157 (4.1.6), RFC 3416 (4.2.6, 4.2.7) and RFC 3412 (6) for the messages, RFC 3584 (3.1) for
how the names of SNMPv1 become those of v2. Pure; whatever a datagram holds, only ``ValueError``
is raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from monitors.snmp import ber
from monitors.snmp.values import Oid, Value, Varbind, oid

V1, V2C, V3 = 0, 1, 3
MOST_OCTETS = 8192
"""A longer datagram is no trap of a switch; most are shorter than 300 octets."""
UPTIME, TRAP_OID = oid("1.3.6.1.2.1.1.3.0"), oid("1.3.6.1.6.3.1.1.4.1.0")
_TRAP_V1, _INFORM, _TRAP, _RESPONSE = 0xA4, 0xA6, 0xA7, 0xA2
_INTEGER, _OCTETS, _OID, _SEQUENCE = 0x02, 0x04, 0x06, 0x30
_STANDARD_TRAPS = oid("1.3.6.1.6.3.1.1.5")
_ENTERPRISE_SPECIFIC = 6
_MOST_INTEGER = 2**31 - 1
_MOST_SUB_IDENTIFIER = 2**32 - 1
_MOST_SUB_IDENTIFIERS = 128  # RFC 2578, 3.5


@dataclass(frozen=True, slots=True)
class Notice:
    """A trap or an inform.

    Attributes:
        oid: which one, as SNMPv2 names it.
        varbinds: what it carries, without the time and its own name.
        request_id: what the answer to an inform repeats; 0 for a trap of SNMPv1.
        confirmed: the agent sends it again until it is answered.
        uptime_ticks: hundredths of a second since the agent started.
    """

    oid: Oid
    varbinds: tuple[Varbind, ...] = ()
    request_id: int = 0
    confirmed: bool = False
    uptime_ticks: int | None = None


@dataclass(frozen=True, slots=True)
class Plain:
    """A message of SNMPv1 or v2c.

    Attributes:
        answer: what confirms an inform, ready to be sent; empty for a trap.
    """

    version: int
    community: bytes
    notice: Notice
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message of SNMPv3 (RFC 3412, 6; RFC 3414, 2.4), its inside still closed.

    Attributes:
        flags: 1 signed, 2 encrypted, 4 reportable.
        boots, time_s: of the engine.
        signature_at: where the signature begins in the datagram.
        scoped: the scoped PDU as it stands in the message, or what encrypts it.
    """

    message_id: int
    most_octets: int
    flags: int
    engine_id: bytes
    boots: int
    time_s: int
    user: bytes
    signature: bytes
    signature_at: int
    salt: bytes
    scoped: bytes


def version_of(data: bytes) -> int:
    """Return the version of a message: 0, 1 or 3.

    Raises:
        ValueError: it is no message of SNMP.
    """
    with _reading(data):
        at, end = ber.opened(data, 0, len(data), _SEQUENCE)
        return ber.number(data, at, end)[0]


def plain(data: bytes) -> Plain:
    """Return the trap or inform of SNMPv1 or v2c that a datagram holds.

    Raises:
        ValueError: it holds none, or a broken one.
    """
    with _reading(data):
        at, end = ber.opened(data, 0, len(data), _SEQUENCE)
        version, at = ber.number(data, at, end)
        if version not in {V1, V2C}:
            raise ValueError(f"version {version} has no community")
        start, stop = ber.opened(data, at, end, _OCTETS)
        community = data[start:stop]
        if version == V1:
            return Plain(version, community, _notice_v1(data, stop, end))
        notice = _notice(data, stop, end)
        # the answer differs in one octet: the tag says response (RFC 3416, 4.2.7)
        answer = data[:stop] + bytes([_RESPONSE]) + data[stop + 1 : end]
        return Plain(version, community, notice, answer if notice.confirmed else b"")


def sealed(data: bytes) -> Sealed:
    """Return a message of SNMPv3, its inside still closed.

    Raises:
        ValueError: it is none, or a broken one.
    """
    with _reading(data):
        at, end = ber.opened(data, 0, len(data), _SEQUENCE)
        version, at = ber.number(data, at, end)
        if version != V3:
            raise ValueError(f"version {version} is not SNMPv3")
        inner, stop = ber.opened(data, at, end, _SEQUENCE)
        message_id, inner = ber.number(data, inner, stop)
        most, inner = ber.number(data, inner, stop)
        start, inner = ber.opened(data, inner, stop, _OCTETS)
        flags = data[start]
        at, scoped_at = ber.opened(data, stop, end, _OCTETS)
        at, inner_end = ber.opened(data, at, scoped_at, _SEQUENCE)
        engine_at, at = ber.opened(data, at, inner_end, _OCTETS)
        engine_id = data[engine_at:at]
        boots, at = ber.number(data, at, inner_end)
        time_s, at = ber.number(data, at, inner_end)
        texts: list[tuple[int, bytes]] = []
        for _ in range(3):  # user, signature, salt
            start, at = ber.opened(data, at, inner_end, _OCTETS)
            texts.append((start, data[start:at]))
        (_, user), (signature_at, signature), (_, salt) = texts
        if any(not 0 <= n <= _MOST_INTEGER for n in (message_id, most, boots, time_s)):
            raise ValueError("a number that the message cannot have")
        return Sealed(
            message_id, most, flags, engine_id, boots, time_s,
            user, signature, signature_at, salt, data[scoped_at:end],
        )  # fmt: skip


def scoped_notice(scoped: bytes) -> tuple[Notice, bytes]:
    """Return the notice in a scoped PDU, and the scoped PDU that answers it (empty for a trap).

    Raises:
        ValueError: it holds none, or a broken one. What was encrypted may be followed by padding.
    """
    with _reading(scoped):
        at, end = ber.opened(scoped, 0, len(scoped), _SEQUENCE)
        for _ in range(2):  # the context's engine and name
            _, at = ber.opened(scoped, at, end, _OCTETS)
        notice = _notice(scoped, at, end)
        answer = scoped[:at] + bytes([_RESPONSE]) + scoped[at + 1 : end]
        return notice, answer if notice.confirmed else b""


@contextmanager
def _reading(data: bytes) -> Iterator[None]:
    """Make one error of all that a datagram may cause."""
    if len(data) > MOST_OCTETS:
        raise ValueError(f"{len(data)} octets are too many")
    try:
        yield
    except IndexError as problem:
        raise ValueError("the message is cut off") from problem


def _notice_v1(data: bytes, at: int, end: int) -> Notice:
    """The generic trap, or the enterprise with the specific one (RFC 3584, 3.1)."""
    at, end = ber.opened(data, at, end, _TRAP_V1)
    start, at = ber.opened(data, at, end, _OID)
    enterprise = _checked(ber.sub_identifiers(data[start:at]))
    _, _, at = ber.header(data, at, end)  # the agent's address: its own word, the sender is surer
    generic, at = ber.number(data, at, end)
    specific, at = ber.number(data, at, end)
    _, start, at = ber.header(data, at, end)
    ticks = int.from_bytes(data[start:at], "big")
    if generic != _ENTERPRISE_SPECIFIC and not 0 <= generic < _ENTERPRISE_SPECIFIC:
        raise ValueError(f"there is no generic trap {generic}")
    own = (*enterprise, 0, specific) if generic == _ENTERPRISE_SPECIFIC else None
    name = _checked(own or (*_STANDARD_TRAPS, generic + 1))
    return Notice(name, tuple(_varbinds(data, at, end)), uptime_ticks=ticks)


def _notice(data: bytes, at: int, end: int) -> Notice:
    tag, at, end = ber.header(data, at, end)
    if tag not in {_TRAP, _INFORM}:
        raise ValueError(f"tag {tag:#x} is neither a trap nor an inform")
    request_id, at = ber.number(data, at, end)
    for _ in range(2):  # error status and index, which mean nothing here
        _, at = ber.number(data, at, end)
    name: Value | None = None
    ticks: Value | None = None
    others: list[Varbind] = []
    for varbind in _varbinds(data, at, end):
        if varbind.oid == TRAP_OID and name is None:
            name = varbind.value
        elif varbind.oid == UPTIME and ticks is None:
            ticks = varbind.value
        else:
            others.append(varbind)
    if not isinstance(name, tuple) or not name:
        raise ValueError("it does not say which notification it is")
    uptime = ticks if isinstance(ticks, int) else None
    return Notice(name, tuple(others), request_id, tag == _INFORM, uptime)


def _varbinds(data: bytes, at: int, end: int) -> Iterator[Varbind]:
    at, end = ber.opened(data, at, end, _SEQUENCE)
    while at < end:
        inner, stop = ber.opened(data, at, end, _SEQUENCE)
        start, inner_stop = ber.opened(data, inner, stop, _OID)
        name = _checked(ber.sub_identifiers(data[start:inner_stop]))
        value = ber.value(data, inner_stop, stop)
        yield Varbind(name, _checked(value) if isinstance(value, tuple) else value)
        at = stop


def _checked(numbers: Oid) -> Oid:
    if len(numbers) > _MOST_SUB_IDENTIFIERS or any(
        not 0 <= n <= _MOST_SUB_IDENTIFIER for n in numbers
    ):
        raise ValueError("an object identifier that SNMP does not have")
    return numbers
