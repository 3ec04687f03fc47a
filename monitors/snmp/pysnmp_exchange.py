"""Requests sent by pysnmp 7, one agent at a time or many at once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any

from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.entity.rfc3413 import cmdgen
from pysnmp.error import PySnmpError
from pysnmp.proto import rfc1902

from monitors.snmp.credentials import Credentials, User
from monitors.snmp.presence import why_silent
from monitors.snmp.pysnmp_engine import NOTHING, Engine, Resolved
from monitors.snmp.session import Session
from monitors.snmp.values import Answer, Failure, FailureKind, Oid

TIMEOUT_S = 2.0


class SnmpClient:
    """Sends requests to many agents; use it as an asynchronous context manager."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._engines: dict[User | None, Engine] = {}

    async def __aenter__(self) -> SnmpClient:
        """Start."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the sockets."""
        for one in self._engines.values():
            one.close()
        self._engines.clear()

    def session(
        self,
        host: str,
        port: int,
        credentials: Credentials,
        timeout_s: float | None = None,
    ) -> Session:
        """Return a conversation with one agent; nothing is sent yet."""
        exchange = PysnmpExchange(self, (host, port), credentials, timeout_s or self._timeout_s)
        return Session(exchange, partial(why_silent, host, port))

    def engine_for(self, credentials: Credentials) -> Engine:
        """Return the engine that knows these credentials."""
        key = credentials if isinstance(credentials, User) else None
        if key not in self._engines:
            self._engines[key] = Engine()
        return self._engines[key]


class PysnmpExchange:
    """Requests to one agent."""

    def __init__(
        self,
        client: SnmpClient,
        address: tuple[str, int],
        credentials: Credentials,
        timeout_s: float,
    ) -> None:
        self._client = client
        self._address = address
        self._context = ""
        if isinstance(credentials, User):
            self._context = credentials.context
            credentials = replace(credentials, context="")
        self._credentials = credentials
        self._timeout_s = timeout_s
        self._known: tuple[Engine, str] | None = None
        self._getter = cmdgen.GetCommandGenerator()
        self._bulk = cmdgen.BulkCommandGeneratorSingleRun()
        self._setter = cmdgen.SetCommandGenerator()

    async def get(self, oids: Sequence[Oid]) -> Answer:
        """Send one GET."""
        return await self._send(self._getter, [(rfc1902.ObjectName(o), NOTHING) for o in oids])

    async def get_bulk(self, oids: Sequence[Oid], repetitions: int) -> Answer:
        """Send one GETBULK without non-repeaters."""
        variables = [(rfc1902.ObjectName(o), NOTHING) for o in oids]
        return await self._send(self._bulk, 0, repetitions, variables)

    async def set_integers(self, values: Mapping[Oid, int]) -> Answer:
        """Send one SET."""
        variables = [(rfc1902.ObjectName(o), rfc1902.Integer32(v)) for o, v in values.items()]
        return await self._send(self._setter, variables)

    async def _send(self, generator: Any, *request: Any) -> Answer:  # noqa: ANN401
        if self._known is None:
            try:
                self._known = await self._introduced()
            except OSError as problem:
                text = f"{self._address[0]}: {problem.strerror or problem}"
                return Failure(FailureKind.UNREACHABLE, text)
            except (PySnmpError, ValueError) as problem:
                return Failure(FailureKind.REFUSED, f"these keys cannot be used: {problem}")
        spoken_to, target = self._known
        return await spoken_to.send(generator, target, self._context, *request)

    async def _introduced(self) -> tuple[Engine, str]:
        """Tell the engine of the agent.

        Raises:
            OSError: the host has no address.
            PySnmpError: a protocol cannot be used.
            ValueError: a key is too short.
        """
        resolved = await _resolved(self._address)
        spoken_to = self._client.engine_for(self._credentials)
        return spoken_to, spoken_to.target(resolved, self._credentials, self._timeout_s)


async def _resolved(address: tuple[str, int]) -> Resolved:
    host, port = address
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    family, _, _, _, resolved = found[0]
    if family == socket.AF_INET6:
        return udp6.DOMAIN_NAME, resolved
    return udp.DOMAIN_NAME, resolved[:2]
