"""Simulated PoE switches: agents of SNMP v2c whose switch a test changes while they are asked.

Three makers' ways: Cisco IOS (power ports found by ENTITY-MIB, forwarding tables of one VLAN at a
time, err-disabled ports), Cisco Business (Radlan: states in words), HP ProCurve (deny, off, on).
What a port shows is plain state, a `Port`; what its rows are is made from it in `switch_tables`.
Messages are taken apart and put together by pyasn1 and pysnmp, not by the codec that is tested.

A wrong community is met with silence, as RFC 3584 section 5.2.1 has it, and the discovery of SNMPv3
with a report (RFC 3414 section 4): by that a refusal is told from a switch that is gone.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pysnmp.proto.api import v2c
from pysnmp.proto.rfc1902 import (
    Counter32,
    Gauge32,
    Integer32,
    ObjectIdentifier,
    OctetString,
    TimeTicks,
)

from tests.simulators.switch_tables import Oid, Switch, Value, rows, set_by_manager

MOST_BYTES = 1472
"""What fits in one Ethernet frame: agents of switches answer no more at once."""

SYS_UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
_KINDS = {
    "i": Integer32, "g": Gauge32, "c": Counter32, "t": TimeTicks, "s": OctetString,
    "o": ObjectIdentifier,
}  # fmt: skip
_NO_SUCH_OBJECT, _END_OF_VIEW = b"\x80\x00", b"\x82\x00"
_VERSION_2C, _VERSION_3 = 1, 3
_NOT_WRITABLE = 17
_REPORT = 0xA8


@dataclass(slots=True)
class _Served:
    """One agent: its socket and the rows it made last, by VLAN of the community."""

    switch: Switch
    sock: socket.socket
    views: dict[int | None, tuple[int, list[Oid], dict[Oid, Value]]] = field(default_factory=dict)

    def view(self, vlan: int | None) -> tuple[list[Oid], dict[Oid, Value]]:
        """The rows as they are now; made anew when something changed."""
        kept = self.views.get(vlan)
        if kept is None or kept[0] != self.switch.version:
            made = rows(self.switch, vlan)
            kept = self.views[vlan] = (self.switch.version, sorted(made), made)
        return kept[1], kept[2]


class SwitchAgents:
    """Agents of simulated switches, served by one thread; a context manager.

    Attributes:
        lock: taken while a request is answered; take it to change several things at once.
        requests: how many requests have been answered.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.requests = 0
        self._served: dict[int, _Served] = {}
        self._selector = selectors.DefaultSelector()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="switch-agents", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        for served in self._served.values():
            served.sock.close()
        self._selector.close()

    def add(self, switch: Switch, host: str = "127.0.0.1", port: int = 0) -> str:
        """Let a switch answer at an address; returns ``HOST:PORT``."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((host, port))
        sock.setblocking(False)
        with self.lock:
            self._served[sock.fileno()] = _Served(switch, sock)
            self._selector.register(sock, selectors.EVENT_READ)
        host, port = sock.getsockname()
        return f"{host}:{port}"

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change switches without being asked in the middle of it."""
        with self.lock:
            yield

    def _run(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(0.1):
                self._answer(self._served[key.fd])

    def _answer(self, served: _Served) -> None:
        try:
            data, peer = served.sock.recvfrom(65535)
        except OSError:
            return
        with self.lock:
            if not served.switch.answers:
                return
            try:
                reply = answered(served, data)
            except (PyAsn1Error, ValueError, IndexError):
                return  # no agent answers what it cannot read
            self.requests += 1
        if reply is not None:
            served.sock.sendto(reply, peer)


def answered(served: _Served, data: bytes) -> bytes | None:
    """Return the answer to a datagram; None: silence."""
    version, body = _opened(data)
    if version == _VERSION_3:
        return _report(body)
    if version != _VERSION_2C:
        return None
    message, _ = decoder.decode(data, asn1Spec=v2c.Message())
    community = bytes(message[1]).decode("latin-1")
    vlan = _vlan_of(served.switch, community)
    if vlan is False:
        return None
    request = v2c.apiMessage.get_pdu(message)
    if request.isSameTypeWith(v2c.SetRequestPDU()):
        return _set(served.switch, request, message)
    names, found = served.view(None if vlan is True else vlan)
    asked = [tuple(name) for name, _ in v2c.apiPDU.get_varbinds(request)]
    if request.isSameTypeWith(v2c.GetRequestPDU()):
        parts = [_varbind(name, _value(served.switch, found, name)) for name in asked]
    else:
        is_bulk = request.isSameTypeWith(v2c.GetBulkRequestPDU())
        times = int(v2c.apiBulkPDU.get_max_repetitions(request)) if is_bulk else 1
        parts = _walked(served.switch, names, found, asked, times)
    return _response(bytes(message[1]), int(v2c.apiPDU.get_request_id(request)), b"".join(parts))


def _opened(data: bytes) -> tuple[int, bytes]:
    """The version of a message, and the message: SEQUENCE, length, INTEGER, 1, version."""
    start = 2 if data[1] < 0x80 else 2 + (data[1] & 0x7F)
    if data[0] != 0x30 or data[start : start + 2] != b"\x02\x01":
        raise ValueError("this is no SNMP")
    return data[start + 2], data


def _vlan_of(switch: Switch, community: str) -> int | bool:
    """The VLAN of a Cisco's ``community@20``; True: the community itself; False: a wrong one."""
    if community == switch.community or community == switch.write_community:
        return True
    name, _, vlan = community.partition("@")
    if switch.kind == "cisco" and name == switch.community and vlan.isdecimal():
        return int(vlan)
    return False


def _walked(
    switch: Switch, names: list[Oid], found: dict[Oid, Value], asked: list[Oid], times: int
) -> list[bytes]:
    """GETNEXT, repeated: row by row, until the frame is full (RFC 3416 section 4.2.3)."""
    parts: list[bytes] = []
    size = 0
    at = list(asked)
    for _ in range(times):
        for column, name in enumerate(at):
            place = bisect_right(names, name)
            if place < len(names):
                at[column] = names[place]
                part = _varbind(at[column], _value(switch, found, at[column]))
            else:
                part = _sequence(0x30, _name(name) + _END_OF_VIEW)
            if parts and size + len(part) > MOST_BYTES:
                return parts
            parts.append(part)
            size += len(part)
    return parts


def _value(switch: Switch, found: dict[Oid, Value], name: Oid) -> Value | None:
    if name == SYS_UPTIME:
        return ("t", switch.ticks(time.monotonic()))
    return found.get(name)


def _set(switch: Switch, request: Any, message: Any) -> bytes | None:
    """Take a SET of INTEGERs: all of them, or none."""
    if bytes(message[1]).decode("latin-1") != switch.write_community:
        return None
    wanted = [(tuple(name), value) for name, value in v2c.apiPDU.get_varbinds(request)]
    status = 0
    for name, value in wanted:
        if not set_by_manager(switch, name, int(value)):
            status = _NOT_WRITABLE
            break
    parts = [_varbind(name, ("i", int(value))) for name, value in wanted]
    number = int(v2c.apiPDU.get_request_id(request))
    return _response(bytes(message[1]), number, b"".join(parts), status)


def _response(community: bytes, number: int, varbinds: bytes, status: int = 0) -> bytes:
    head = b"".join(encoder.encode(univ.Integer(n)) for n in (number, status, 1 if status else 0))
    pdu = _sequence(0xA2, head + _sequence(0x30, varbinds))
    own = encoder.encode(univ.Integer(_VERSION_2C)) + encoder.encode(univ.OctetString(community))
    return _sequence(0x30, own + pdu)


def _sequence(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


@lru_cache(maxsize=65536)
def _name(name: Oid) -> bytes:
    return bytes(encoder.encode(univ.ObjectIdentifier(name)))


@lru_cache(maxsize=65536)
def _content(value: Value) -> bytes:
    kind, plain = value
    return bytes(encoder.encode(_KINDS[kind](plain)))


def _varbind(name: Oid, value: Value | None) -> bytes:
    content = _NO_SUCH_OBJECT if value is None else _content(value)
    return _sequence(0x30, _name(name) + content)


def _report(data: bytes) -> bytes:
    """usmStatsUnknownEngineIDs.0, to whoever asks by SNMPv3 who we are."""
    start = 2 if data[1] < 0x80 else 2 + (data[1] & 0x7F)
    header, _ = decoder.decode(data[start + 3 :])  # after the version: SEQUENCE of four
    number = int(header[0])
    engine = b"\x80\x00\x1f\x88\x04bellwire"
    usm = univ.Sequence()
    for place, part in enumerate((engine, 1, 1, b"", b"", b"")):
        kind = univ.OctetString if isinstance(part, bytes) else univ.Integer
        usm.setComponentByPosition(place, kind(part))
    counted = _varbind((1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0), ("c", 1))
    zeros = encoder.encode(univ.Integer(0))
    pdu = _sequence(
        _REPORT,
        encoder.encode(univ.Integer(number)) + zeros * 2 + _sequence(0x30, counted),
    )
    scoped = encoder.encode(univ.OctetString(engine)) + encoder.encode(univ.OctetString(b"")) + pdu
    global_data = b"".join(
        (
            encoder.encode(univ.Integer(number)),
            encoder.encode(univ.Integer(65507)),
            encoder.encode(univ.OctetString(b"\x00")),
            encoder.encode(univ.Integer(3)),
        )
    )
    return _sequence(
        0x30,
        encoder.encode(univ.Integer(_VERSION_3))
        + _sequence(0x30, global_data)
        + encoder.encode(univ.OctetString(encoder.encode(usm)))
        + _sequence(0x30, scoped),
    )
