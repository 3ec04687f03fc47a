"""A read-only TFTP server on one event loop: sockets and timers; decisions are elsewhere.

Nothing here or below opens a file: what is sent comes from the answerer, in memory.
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from provisioner.tftp.answering import (
    BUSY,
    FOREIGN,
    MALFORMED,
    OCTET,
    READ_ONLY,
    STOPPING,
    Answerer,
    Content,
    Refusal,
    content_for,
)
from provisioner.tftp.deadlines import Deadlines
from provisioner.tftp.limits import Limits
from provisioner.tftp.options import negotiate
from provisioner.tftp.packets import (
    ErrorPacket,
    MalformedPacketError,
    Opcode,
    ReadRequest,
    WriteRequest,
    opcode_of,
    parse,
)
from provisioner.tftp.sockets import (
    Datagram,
    SocketAddress,
    is_answerable,
    open_listening,
    open_transfer,
    prepare_listening,
    receive,
)
from provisioner.tftp.transfer import Outcome, Transfer, TransferStats, refused

DRAIN_MAX = 512
"""Requests taken per wake-up before transfers go on: a boot storm must not overflow the buffer."""

_REPLY_BYTES_MAX = 1024
"""Bytes read from a peer during a transfer: an ACK has 4, an ERROR a line of text."""

_REPLIES_BEFORE_REQUEST_MAX = 16

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Session:
    """A transfer and its socket."""

    socket: socket.socket
    sender: SocketAddress
    peer: tuple[str, int]
    request: ReadRequest
    transfer: Transfer


class TftpServer:
    """Serves reads until it is stopped.

    ``serve_forever`` runs in one thread and calls ``answer`` and ``on_finished`` there; ``stop``
    may be called from any thread or signal handler.

    Args:
        address: host and port to listen on; port 0 takes a free one. Not used when
            ``listening`` is given.
        answer: looks up the bytes of a file.
        on_finished: is told of each transfer that has ended and each read that was refused.
        limits: what the server may spend.
        listening: a bound UDP socket (systemd socket activation); the server closes it.

    Raises:
        OSError: the address cannot be bound.
    """

    def __init__(
        self,
        address: tuple[str, int],
        answer: Answerer,
        *,
        on_finished: Callable[[TransferStats], None] | None = None,
        limits: Limits | None = None,
        listening: socket.socket | None = None,
    ) -> None:
        self._answer = answer
        self._on_finished = on_finished
        self._limits = limits or Limits()
        self._sessions: dict[SocketAddress, _Session] = {}
        self._per_host: Counter[str] = Counter()
        self._deadlines: Deadlines[_Session] = Deadlines()
        self._stopping = threading.Event()
        self._listening = open_listening(address) if listening is None else listening
        prepare_listening(self._listening)
        self._wake, self._waker = socket.socketpair()
        for end in (self._wake, self._waker):
            end.settimeout(0.0)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._address: tuple[str, int] = self._listening.getsockname()[:2]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on."""
        return self._address

    @property
    def open_transfers(self) -> int:
        """How many transfers are going on."""
        return len(self._sessions)

    def serve_forever(self) -> None:
        """Serve until ``stop`` is called."""
        while not self._stopping.is_set():
            next_at = self._deadlines.next_at()
            wait_s = None if next_at is None else max(0.0, next_at - time.monotonic())
            ready = [key for key, _ in self._selector.select(wait_s)]
            if any(key.fileobj is self._listening for key in ready):
                self._drain()
            for key in ready:
                session = key.data
                # It may have ended earlier in this very turn.
                if isinstance(session, _Session) and session.transfer.outcome is None:
                    self._read_reply(session)
            now = time.monotonic()
            for late in self._deadlines.due(now):
                self._advance(late, late.transfer.tick(now))

    def stop(self) -> None:
        """Make ``serve_forever`` return; calling it before or twice is fine."""
        self._stopping.set()
        try:
            self._waker.send(b"\0")
        except OSError:
            logger.debug("the TFTP server is already awake or closed")

    def close(self) -> None:
        """Tell the peers of open transfers and close all sockets, once the loop has returned."""
        for session in list(self._sessions.values()):
            _refuse(session.socket, session.sender, STOPPING)
            session.transfer.end(Outcome.STOPPED)
            self._finish(session)
        self._selector.close()
        for end in (self._listening, self._wake, self._waker):
            end.close()

    def _drain(self) -> None:
        for _ in range(DRAIN_MAX):
            try:
                datagram = receive(self._listening)
            except OSError as error:
                logger.warning("the TFTP port cannot be read: %s", error)
                return
            if datagram is None:
                return
            # RFC 1123, 4.2.3.5: a request sent to a broadcast address is ignored in silence.
            if is_answerable(datagram.sender) and not datagram.to_many:
                self._take(datagram)

    def _take(self, datagram: Datagram) -> None:
        try:
            packet = parse(datagram.payload)
        except MalformedPacketError as error:
            logger.debug("TFTP %s port %d: %s", *datagram.peer, error)
            if opcode_of(datagram.payload) in {Opcode.RRQ, Opcode.WRQ}:
                _refuse(self._listening, datagram.sender, MALFORMED)
            return
        if isinstance(packet, ReadRequest):
            self._take_read(packet, datagram)
        elif isinstance(packet, WriteRequest):
            _refuse(self._listening, datagram.sender, READ_ONLY)

    def _take_read(self, request: ReadRequest, datagram: Datagram) -> None:
        if self._is_repeated(request, datagram.sender):
            return
        now = time.monotonic()
        peer = datagram.peer
        is_full = self._is_full_for(peer[0])
        found = BUSY if is_full else content_for(request, peer, self._answer)
        refusal = found if isinstance(found, Refusal) else self._open(request, datagram, found, now)
        if refusal is not None:
            _refuse(self._listening, datagram.sender, refusal)
            self._report(refused(peer, request.name, time.monotonic() - now))

    def _is_repeated(self, request: ReadRequest, sender: SocketAddress) -> bool:
        """Whether the request is being served; ends what the sender's port has left behind."""
        current = self._sessions.get(sender)
        if current is None:
            return False
        # Requests are read before replies: the ACK that ends the transfer may still wait there.
        for _ in range(_REPLIES_BEFORE_REQUEST_MAX):
            if current.transfer.outcome is not None:
                return False
            if not self._read_reply(current):
                break
        if current.request == request:
            return True
        # A phone with one fixed port has gone on to its next file; its last ACK was lost.
        current.transfer.end(Outcome.ABORTED)
        self._finish(current)
        return False

    def _is_full_for(self, host: str) -> bool:
        if len(self._sessions) >= self._limits.transfers_max:
            return True
        return self._per_host[host] >= self._limits.transfers_per_peer_max

    def _open(
        self, request: ReadRequest, datagram: Datagram, content: Content, now: float
    ) -> Refusal | None:
        """Begin a transfer; return why not when there is no socket left."""
        try:
            own = open_transfer(self._listening.family, datagram)
        except OSError as error:
            logger.warning("TFTP %s: no socket for a transfer: %s", datagram.peer[0], error)
            return BUSY
        # In netascii the size differs between the two sides, so tsize has no true answer.
        size_bytes = len(content) if request.mode == OCTET else None
        terms = negotiate(request.options, size_bytes, self._limits)
        transfer = Transfer(content, terms, self._limits, now)
        session = _Session(own, datagram.sender, datagram.peer, request, transfer)
        self._sessions[session.sender] = session
        self._per_host[session.peer[0]] += 1
        self._selector.register(own, selectors.EVENT_READ, session)
        self._advance(session, transfer.begin(now))
        return None

    def _read_reply(self, session: _Session) -> bool:
        """Take one packet that has come for a transfer; return whether there was one."""
        try:
            payload, sender = session.socket.recvfrom(_REPLY_BYTES_MAX)
        except OSError:
            return False
        if sender == session.sender:
            self._advance(session, session.transfer.receive(payload, time.monotonic()))
        elif is_answerable(sender) and opcode_of(payload) not in {None, Opcode.ERROR}:
            # Never answer an ERROR, or two servers could go on for ever.
            _refuse(session.socket, sender, FOREIGN)
        return True

    def _advance(self, session: _Session, datagrams: list[bytes]) -> None:
        try:
            for datagram in datagrams:
                session.socket.sendto(datagram, session.sender)
        except OSError as error:  # as good as lost on the way: the timer sends it again
            logger.debug("TFTP %s port %d: %s", *session.peer, error)
        if session.transfer.outcome is None:
            self._deadlines.enter(session, session.transfer.deadline)
        else:
            self._finish(session)

    def _finish(self, session: _Session) -> None:
        host = session.peer[0]
        self._per_host[host] -= 1
        if not self._per_host[host]:
            del self._per_host[host]
        self._deadlines.discard(session)
        self._selector.unregister(session.socket)
        session.socket.close()
        self._report(session.transfer.stats(session.peer, session.request.name, time.monotonic()))
        del self._sessions[session.sender]

    def _report(self, stats: TransferStats) -> None:
        if self._on_finished is None:
            return
        try:
            self._on_finished(stats)
        except Exception:
            logger.exception("TFTP %s port %d: recording a transfer failed", *stats.peer)


def _refuse(own: socket.socket, to: SocketAddress, refusal: Refusal) -> None:
    try:
        own.sendto(ErrorPacket(refusal.code, refusal.message).encode(), to)
    except OSError as error:
        logger.debug("TFTP %s port %d: %s", to[0], to[1], error)
