"""Traps and informs of SNMPv3: whose they are, whether they are fresh, and what confirms them.

The user-based security model of RFC 3414, as the side that receives. Of a trap the sender's
engine is the authority: its id, boots and time stand in the message. Of an inform it is ours;
who does not know it asks with any other id and is told (3.2.3). Our engine has a new id at every
start, so that nobody keeps an idea of its time.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from monitors.snmp import ber
from monitors.snmp.credentials import User
from monitors.snmp.traps_keys import (
    ENCRYPTED,
    REPORTABLE,
    SIGNED,
    KeyRing,
    Keys,
    decrypted,
    encrypted,
    level_of,
    signature,
    signature_octets,
)
from monitors.snmp.traps_reading import MOST_OCTETS, Notice, Sealed, scoped_notice, sealed
from monitors.snmp.values import Oid, oid

WINDOW_S = 150  # RFC 3414, 2.2.3
MAX_ENGINES = 2048
NOT_IN_TIME, UNKNOWN_ENGINE = oid("1.3.6.1.6.3.15.1.1.2.0"), oid("1.3.6.1.6.3.15.1.1.4.0")
_ENGINE_ID = range(5, 33)  # octets, RFC 3411, SnmpEngineID
_OWN_ENGINE = bytes.fromhex("8000000005")  # no enterprise, octets of our own choice (RFC 3411)
_OWN_BOOTS = 1
_LEVEL = SIGNED | ENCRYPTED
_USM, _V3, _REPORT = 3, 3, 0xA8
_COUNTER32, _OCTETS, _SEQUENCE = 0x41, 0x04, 0x30
_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of a message.

    Attributes:
        notice: the trap or inform; None: it was a question about our engine.
        user: who sent it, proven unless the user signs nothing.
        answer: what to send back, empty: nothing.
    """

    notice: Notice | None
    user: str = ""
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class _Writer:
    """Who an answer is written for; nobody: it is not secured."""

    user: User
    keys: Keys


class Receiver:
    """Opens messages of SNMPv3; one thread at a time.

    Args:
        clock: monotonic seconds.
        engine_id: ours, when it must be a certain one.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, engine_id: bytes | None = None
    ) -> None:
        self._clock = clock
        self._started = clock()
        self.engine_id = engine_id or _OWN_ENGINE + secrets.token_bytes(12)
        self._ring = KeyRing()
        self._seen: OrderedDict[bytes, tuple[int, int, float]] = OrderedDict()

    def open(self, data: bytes, users: Iterable[User]) -> Opened:
        """Return what a message says.

        Args:
            data: the datagram.
            users: who the sender may be.

        Raises:
            ValueError: it is broken, of nobody we know, not secured as it must be, or old.
        """
        message = sealed(data)
        is_ours = message.engine_id == self.engine_id
        if not is_ours and message.flags & REPORTABLE:  # an inform, and our engine is not known
            return Opened(None, answer=self._report(message, UNKNOWN_ENGINE))
        if not is_ours and len(message.engine_id) not in _ENGINE_ID:
            raise ValueError("the sender does not say which engine it is")
        who = self._who(data, message, users)
        if is_ours and message.flags & SIGNED and not self._is_in_time(message):
            return Opened(None, answer=self._report(message, NOT_IN_TIME, who))
        if not is_ours and message.flags & SIGNED:
            self._check_fresh(message)
        notice, scoped = scoped_notice(_inside(message, who))
        if notice.confirmed and not is_ours:
            raise ValueError("an inform that names another engine")
        answer = self._sent(message, scoped, who, message.flags & _LEVEL) if scoped else b""
        return Opened(notice, who.user.name, answer)

    def _who(self, data: bytes, message: Sealed, users: Iterable[User]) -> _Writer:
        """Whose signature it bears; of one name there may be several users with other keys."""
        for user in users:
            if user.name.encode() != message.user or level_of(user) != message.flags & _LEVEL:
                continue
            keys = self._ring.of(user, message.engine_id)
            if user.auth is None or _is_signed(data, message, user, keys):
                return _Writer(user, keys)
        raise ValueError("no user of ours with this name, level and key")

    def _is_in_time(self, message: Sealed) -> bool:
        """Whether a message to our engine is of this start and of now (RFC 3414, 3.2.7a)."""
        return message.boots == _OWN_BOOTS and abs(message.time_s - self._time_s()) <= WINDOW_S

    def _check_fresh(self, message: Sealed) -> None:
        """Refuse what was sent before (RFC 3414, 3.2.7b), and remember the sender's time."""
        now = self._clock()
        boots, time_s, at = self._seen.get(message.engine_id, (0, 0, now))
        is_old = message.boots < boots or (
            message.boots == boots and message.time_s < time_s + (now - at) - WINDOW_S
        )
        if is_old or message.boots == _MOST:
            raise ValueError("it was sent before, or the sender's clock stands")
        if (message.boots, message.time_s) >= (boots, time_s):
            self._seen[message.engine_id] = message.boots, message.time_s, now
            self._seen.move_to_end(message.engine_id)
            if len(self._seen) > MAX_ENGINES:
                self._seen.popitem(last=False)

    def _time_s(self) -> int:
        return int(self._clock() - self._started)

    def _report(self, message: Sealed, which: Oid, who: _Writer | None = None) -> bytes:
        """A report about our engine; what tells the time is signed (RFC 3414, 3.2.7)."""
        varbind = ber.tlv(_SEQUENCE, ber.object_identifier(which) + ber.tlv(_COUNTER32, b"\x01"))
        pdu = ber.tlv(_REPORT, ber.integer(0) * 3 + ber.tlv(_SEQUENCE, varbind))
        context = ber.tlv(_OCTETS, self.engine_id) + ber.tlv(_OCTETS, b"")
        scoped = ber.tlv(_SEQUENCE, context + pdu)
        return self._sent(message, scoped, who, SIGNED if who is not None else 0)

    def _sent(self, message: Sealed, scoped: bytes, who: _Writer | None, flags: int) -> bytes:
        """A message that answers another one."""
        clock = (_OWN_BOOTS, self._time_s())
        salt = b""
        if who is not None and flags & ENCRYPTED:
            closed, salt = encrypted(scoped, clock, who.user, who.keys.priv)
            scoped = ber.tlv(_OCTETS, closed)
        length = signature_octets(who.user) if who is not None and flags & SIGNED else 0
        place = secrets.token_bytes(length)  # found again, and overwritten
        inner = (
            ber.tlv(_OCTETS, self.engine_id) + ber.integer(clock[0]) + ber.integer(clock[1])
            + ber.tlv(_OCTETS, message.user) + ber.tlv(_OCTETS, place) + ber.tlv(_OCTETS, salt)
        )  # fmt: skip
        header = (
            ber.integer(message.message_id) + ber.integer(MOST_OCTETS)
            + ber.tlv(_OCTETS, bytes([flags])) + ber.integer(_USM)
        )  # fmt: skip
        security = ber.tlv(_OCTETS, ber.tlv(_SEQUENCE, inner))
        data = ber.tlv(_SEQUENCE, ber.integer(_V3) + ber.tlv(_SEQUENCE, header) + security + scoped)
        if who is None or not length:
            return data
        blank = data.replace(place, bytes(length), 1)
        return data.replace(place, signature(blank, who.user, who.keys.auth), 1)


def _is_signed(data: bytes, message: Sealed, user: User, keys: Keys) -> bool:
    length = signature_octets(user)
    at = message.signature_at
    blank = data[:at] + bytes(length) + data[at + length :]
    return hmac.compare_digest(signature(blank, user, keys.auth), message.signature)


def _inside(message: Sealed, who: _Writer) -> bytes:
    """Return the scoped PDU; raises ValueError when it cannot be decrypted."""
    if not message.flags & ENCRYPTED:
        return message.scoped
    try:
        start, stop = ber.opened(message.scoped, 0, len(message.scoped), _OCTETS)
    except IndexError as problem:
        raise ValueError("the message is cut off") from problem
    clock = (message.boots, message.time_s)
    return decrypted(message.scoped[start:stop], clock, message.salt, who.user, who.keys.priv)
