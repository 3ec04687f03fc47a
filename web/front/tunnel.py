"""A connection that is passed on as it is, byte for byte, to the pages' server.

One connection outside is one connection inside: nothing is parsed anew or put together, so both
sides agree where a request begins and ends.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import dataclass
from typing import cast

from web.front.peers import Peers
from web.front.replies import UNAVAILABLE

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Inner:
    """The pages' server: where it listens on loopback, and the table of peers it reads."""

    port: int
    peers: Peers


class Tunnel(asyncio.Protocol):
    """The inner half of a tunnel.

    Args:
        inner: where to.
        outside: the connection from outside.
        address: whose that is.
        first: what has come from there already.
    """

    def __init__(
        self, inner: Inner, outside: asyncio.Transport, address: str, first: bytes
    ) -> None:
        self._inner = inner
        self._outside = outside
        self._pending = [first]
        self._transport: asyncio.Transport | None = None
        self._ended = self._gone = self._heard = False
        self._loopback = ""
        outside.pause_reading()
        self._opening = asyncio.ensure_future(self._open(address))

    async def _open(self, address: str) -> None:
        loop = asyncio.get_running_loop()
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._loopback = self._inner.peers.claim(address)
            made.setblocking(False)  # noqa: FBT003 - the standard library's
            made.bind((self._loopback, 0))
            await loop.sock_connect(made, ("127.0.0.1", self._inner.port))
            await loop.create_connection(lambda: self, sock=made)
        except OSError as problem:
            made.close()
            self._release()
            log.debug("the pages do not answer: %s", problem.strerror or problem)
            self._give_up()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send on what has come meanwhile."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of no such class
        if self._gone:
            self._transport.abort()
            return
        self._transport.writelines(self._pending)
        self._pending.clear()
        if self._ended:
            self._transport.write_eof()
        self._outside.resume_reading()

    def to_pages(self, data: bytes) -> None:
        """Pass on what came from outside."""
        if self._transport is None:
            self._pending.append(data)
        else:
            self._transport.write(data)

    def end_to_pages(self) -> None:
        """Pass on that nothing more comes from outside."""
        self._ended = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def outside_is_gone(self) -> None:
        """End the inner half."""
        self._gone = True
        if self._transport is not None:
            self._transport.abort()

    def pause_pages(self) -> None:
        """Outside reads slowly."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_pages(self) -> None:
        """Outside has caught up."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Pass on what the pages' server says."""
        self._heard = True
        self._outside.write(data)

    def pause_writing(self) -> None:
        """The pages' server reads slowly."""
        self._outside.pause_reading()

    def resume_writing(self) -> None:
        """The pages' server has caught up."""
        if not self._outside.is_closing():
            self._outside.resume_reading()

    def connection_lost(self, _problem: Exception | None) -> None:
        """The pages' server has ended the connection: so ends the outer half."""
        self._release()
        if not self._gone:
            self._give_up()

    def _give_up(self) -> None:
        """End outside; who has heard nothing yet is told to try again."""
        if not self._heard:
            self._outside.write(UNAVAILABLE)
        self._outside.close()

    def _release(self) -> None:
        if self._loopback:
            self._inner.peers.release(self._loopback)
            self._loopback = ""
