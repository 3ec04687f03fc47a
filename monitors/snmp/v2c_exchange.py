"""Requests of SNMPv2c over one socket for all agents.

Answers are told apart by their request id, whatever address they come from: a switch with many
addresses may answer from another one than it was asked at.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence

from monitors.snmp import ber
from monitors.snmp.addresses import Address, resolved
from monitors.snmp.credentials import Community
from monitors.snmp.statuses import answer_of
from monitors.snmp.values import Answer, Failure, FailureKind, Oid

RECEIVE_BUFFER = 4 * 1024 * 1024
_REQUEST_IDS = 2**31
_ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}  # noqa: S104 - answers come from anywhere


class _Listener(asyncio.DatagramProtocol):
    """Gives each request its response."""

    def __init__(self) -> None:
        self.waiting: dict[int, asyncio.Future[ber.Message]] = {}

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002
        try:
            message = ber.response(data)
        except ValueError:
            return  # a broken answer is none: the request will time out
        future = self.waiting.pop(message.request_id, None)
        if future is not None and not future.done():
            future.set_result(message)


class V2cSockets:
    """The sockets of a client, one for each family of addresses, made when needed."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[asyncio.DatagramTransport, _Listener]] = {}
        self._making = asyncio.Lock()
        self._next_id = secrets.randbelow(_REQUEST_IDS)

    def close(self) -> None:
        """Close them."""
        for transport, _ in self._made.values():
            transport.close()
        self._made.clear()

    async def ask(
        self, address: Address, build: Callable[[int], bytes], timeout_s: float
    ) -> ber.Message | Failure:
        """Send a request and wait for its response.

        Args:
            address: where the agent listens.
            build: makes the request for an id.
            timeout_s: how long to wait.
        """
        self._next_id = number = (self._next_id + 1) % _REQUEST_IDS
        future: asyncio.Future[ber.Message] = asyncio.get_running_loop().create_future()
        try:
            transport, listener = await self._socket(address.family)
            listener.waiting[number] = future
            transport.sendto(build(number), address.where)
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            return Failure(FailureKind.SILENT, "no answer")
        except OSError as problem:
            return Failure(FailureKind.UNREACHABLE, problem.strerror or str(problem))
        finally:
            for _, listener in self._made.values():
                listener.waiting.pop(number, None)

    async def _socket(self, family: int) -> tuple[asyncio.DatagramTransport, _Listener]:
        async with self._making:
            if family not in self._made:
                loop = asyncio.get_running_loop()
                transport, listener = await loop.create_datagram_endpoint(
                    _Listener, local_addr=(_ANY[socket.AddressFamily(family)], 0)
                )
                sock = transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
                self._made[family] = transport, listener
            return self._made[family]


class V2cExchange:
    """Requests to one agent."""

    def __init__(
        self, sockets: V2cSockets, address: tuple[str, int], community: Community, timeout_s: float
    ) -> None:
        self._sockets = sockets
        self._address = address
        self._community = community.name.get_secret_value().encode()
        self._timeout_s = timeout_s
        self._known: Address | None = None

    async def get(self, oids: Sequence[Oid]) -> Answer:
        """Send one GET."""
        return await self._ask(ber.GET, [(o, None) for o in oids])

    async def get_bulk(self, oids: Sequence[Oid], repetitions: int) -> Answer:
        """Send one GETBULK without non-repeaters."""
        return await self._ask(ber.GET_BULK, [(o, None) for o in oids], repetitions)

    async def set_integers(self, values: Mapping[Oid, int]) -> Answer:
        """Send one SET."""
        return await self._ask(ber.SET, list(values.items()))

    async def _ask(
        self, kind: int, variables: Sequence[tuple[Oid, int | None]], repetitions: int = 0
    ) -> Answer:
        if self._known is None:
            try:
                self._known = await resolved(*self._address)
            except OSError as problem:
                text = f"{self._address[0]}: {problem.strerror or problem}"
                return Failure(FailureKind.UNREACHABLE, text)

        def build(number: int) -> bytes:
            return ber.request(kind, self._community, number, variables, repetitions)

        message = await self._sockets.ask(self._known, build, self._timeout_s)
        if isinstance(message, Failure):
            return message
        return answer_of(message.status, message.index, message.varbinds)
