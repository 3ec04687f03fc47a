"""One connection of the front: a phone's requests are answered, any other makes it a tunnel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import cast

from provisioner.answers import Answer
from web.front.heads import END, MAX_HEAD_BYTES, Head, read_head
from web.front.replies import TOO_LARGE, reply_bytes
from web.front.tunnel import Inner, Tunnel

log = logging.getLogger(__name__)

HEAD_S = 10.0
"""A request's head must be here within this time."""
NEXT_S = 30.0
"""After an answer: it must be out, and the next request here, within this time."""

Answering = Callable[[Head, str], Answer | None]
"""Answers a head from an address at once; None: the pages' server must."""


class Connections:
    """All open connections, the longest silent first; ends those that take too long.

    Args:
        most: with more, the one that has been waiting longest for its request is ended.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[Connection, float] = {}

    def put_off(self, connection: Connection, until: float) -> None:
        """Note until when a connection may stay as it is."""
        self._open.pop(connection, None)
        if len(self._open) >= self._most:
            next(iter(self)).end()
        self._open[connection] = until

    def forget(self, connection: Connection) -> None:
        """Leave a connection alone: it is closed, or a tunnel."""
        self._open.pop(connection, None)

    def sweep(self, now: float) -> None:
        """End what is over its time."""
        for connection in [c for c, until in self._open.items() if until < now]:
            connection.end()

    def __iter__(self) -> Iterator[Connection]:
        """Those that wait, the longest silent first."""
        return iter(self._open)

    def __len__(self) -> int:
        """How many wait for a request or for their answer to go out."""
        return len(self._open)


class Connection(asyncio.Protocol):
    """A connection from outside.

    Args:
        answering: what phones get.
        inner: the pages' server.
        open_ones: where it counts.
        loop: the running loop.
    """

    __slots__ = (
        "_address", "_answering", "_buffer", "_inner", "_is_full", "_loop", "_open", "_transport",
        "_tunnel",
    )  # fmt: skip

    def __init__(
        self,
        answering: Answering,
        inner: Inner,
        open_ones: Connections,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._answering = answering
        self._inner = inner
        self._open = open_ones
        self._loop = loop
        self._buffer = b""
        self._tunnel: Tunnel | None = None
        self._is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of no such class
        peer = transport.get_extra_info("peername")
        self._address: str = peer[0] if peer else ""
        self._open.put_off(self, self._loop.time() + HEAD_S)

    def data_received(self, data: bytes) -> None:
        """Take what came in."""
        if self._tunnel is not None:
            self._tunnel.to_pages(data)
            return
        self._buffer = self._buffer + data if self._buffer else data
        self._answer_what_is_here()

    def _answer_what_is_here(self) -> None:
        """Answer one request after the other, as long as what is answered is also read."""
        buffer = self._buffer
        while buffer and not self._is_full:
            if END not in buffer:
                if len(buffer) > MAX_HEAD_BYTES:
                    self._transport.write(TOO_LARGE)
                    self._transport.close()
                return
            head = read_head(buffer)
            answer = self._answering(head, self._address) if head is not None else None
            if head is None or answer is None:
                self._open.forget(self)
                self._tunnel = Tunnel(self._inner, self._transport, self._address, buffer)
                self._buffer = b""
                return
            self._buffer = buffer = buffer[head.size :]
            if not self._send(answer, head):
                return

    def _send(self, answer: Answer, head: Head) -> bool:
        """Answer; returns whether another request may follow."""
        self._transport.write(reply_bytes(answer, version=head.version, keeps=head.keeps))
        self._open.put_off(self, self._loop.time() + NEXT_S)
        if not head.keeps:
            self._transport.close()
        return head.keeps

    def eof_received(self) -> bool:
        """Tell the pages' server that nothing more comes; otherwise end."""
        if self._tunnel is None:
            return False
        self._tunnel.end_to_pages()
        return True

    def connection_lost(self, _problem: Exception | None) -> None:
        """Clean up."""
        self._open.forget(self)
        if self._tunnel is not None:
            self._tunnel.outside_is_gone()

    def pause_writing(self) -> None:
        """Outside reads slowly."""
        self._is_full = True
        if self._tunnel is not None:
            self._tunnel.pause_pages()
        else:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Outside has caught up."""
        self._is_full = False
        if self._tunnel is not None:
            self._tunnel.resume_pages()
        elif not self._transport.is_closing():
            self._transport.resume_reading()
            self._answer_what_is_here()

    @property
    def waiting_bytes(self) -> int:
        """What has been answered and not yet taken."""
        return self._transport.get_write_buffer_size()

    def end(self) -> None:
        """End at once; what the other side has not taken yet is lost."""
        self._open.forget(self)
        if self.waiting_bytes:
            self._transport.abort()
        else:
            self._transport.close()
