"""One OPTIONS over UDP: a connected socket, three sendings, and the answer that belongs to it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from ipaddress import ip_address
from typing import cast

from provisioner.sip.headers import MalformedMessageError
from provisioner.sip.message import SipRequest, SipResponse, parse_message
from provisioner.sip.transport import GIVE_UP_T1, RECEIVE_BUFFER_BYTES, SEND_AT_T1, answers


async def connected_channel(host: str, port: int) -> socket.socket:
    """Return a non-blocking UDP socket that talks to ``host`` only.

    Raises:
        OSError: the host has no address, or there is no way to it.
    """
    family, kind, protocol, _, address = await _address_of(host, port)
    channel = socket.socket(family, kind, protocol)
    try:
        channel.setblocking(False)  # noqa: FBT003 - the library's signature
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        channel.connect(address)
    except BaseException:
        channel.close()
        raise
    return channel


async def _address_of(
    host: str, port: int
) -> tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]:
    """Look a host up; a number is read at once, a name is asked for in a thread."""
    try:
        ip_address(host)
    except ValueError:
        loop = asyncio.get_running_loop()
        return (await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM))[0]
    numbers = socket.AI_NUMERICHOST
    return socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=numbers)[0]


class UdpExchange(asyncio.DatagramProtocol):
    """A client transaction (RFC 3261 section 17.1.2) over a connected socket.

    Attributes:
        sends: how often the request went out.
        took_s: from the first sending to the answer.
    """

    def __init__(self, request: SipRequest, loop: asyncio.AbstractEventLoop) -> None:
        self.sends = 0
        self.took_s = 0.0
        self._data = request.encode()
        self._branch = request.top_via.branch
        self._method = request.cseq.method
        self._loop = loop
        self._began = 0.0
        self._is_worked_on = False
        self._answer: asyncio.Future[SipResponse] = loop.create_future()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (asyncio's hook)."""
        # no isinstance: the class of Python 3.11 does not say that it is one
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002
        """Take a message, if it answers this request by branch and method (asyncio's hook)."""
        try:
            message = parse_message(data)
        except MalformedMessageError:
            return
        if not isinstance(message, SipResponse) or self._answer.done():
            return
        if not answers(message, self._branch, self._method):
            return
        if not message.is_final:
            self._is_worked_on = True  # it has the request: no need to send again
            return
        self.took_s = self._loop.time() - self._began
        self._answer.set_result(message)

    def error_received(self, exc: Exception) -> None:
        """Take an ICMP error that the system passes on (asyncio's hook)."""
        if not self._answer.done():
            self._answer.set_exception(exc)

    async def run(self, t1_s: float) -> SipResponse:
        """Send until something answers.

        Raises:
            TimeoutError: nothing did.
            OSError: the system or a router says that it cannot be reached, or is refused.
        """
        self._began = self._loop.time()
        try:
            for send_at, until in zip(SEND_AT_T1, (*SEND_AT_T1[1:], GIVE_UP_T1), strict=True):
                if self._transport is not None and not (self._is_worked_on and send_at):
                    self.sends += 1
                    self._transport.sendto(self._data)
                wait_s = self._began + until * t1_s - self._loop.time()
                with suppress(TimeoutError):
                    return await asyncio.wait_for(asyncio.shield(self._answer), wait_s)
            raise TimeoutError
        finally:
            self._answer.cancel()
