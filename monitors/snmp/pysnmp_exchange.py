"""Requests of SNMPv3, sent by pysnmp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pysnmp.entity.rfc3413 import cmdgen
from pysnmp.error import PySnmpError
from pysnmp.proto import rfc1902

from monitors.snmp.addresses import resolved
from monitors.snmp.credentials import User
from monitors.snmp.pysnmp_engine import NOTHING, Engine
from monitors.snmp.values import Answer, Failure, FailureKind, Oid


class PysnmpEngines:
    """The engines of a client, one for each user: their tables know a user by name alone."""

    def __init__(self) -> None:
        self._engines: dict[User, Engine] = {}

    def of(self, user: User) -> Engine:
        """Return the engine that knows a user."""
        if user not in self._engines:
            self._engines[user] = Engine(user)
        return self._engines[user]

    def close(self) -> None:
        """Close their sockets."""
        for one in self._engines.values():
            one.close()
        self._engines.clear()


class PysnmpExchange:
    """Requests to one agent."""

    def __init__(
        self, engines: PysnmpEngines, address: tuple[str, int], user: User, timeout_s: float
    ) -> None:
        self._engines = engines
        self._address = address
        self._user = replace(user, context="")
        self._context = user.context
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

    async def _send(self, generator: Any, *request: Any) -> Answer:  # noqa: ANN401 - pysnmp's types
        if self._known is None:
            try:
                address = await resolved(*self._address)
                engine = self._engines.of(self._user)
                self._known = engine, engine.target(address, self._timeout_s)
            except OSError as problem:
                text = f"{self._address[0]}: {problem.strerror or problem}"
                return Failure(FailureKind.UNREACHABLE, text)
            except (PySnmpError, ValueError) as problem:
                return Failure(FailureKind.REFUSED, f"these keys cannot be used: {problem}")
        engine, target = self._known
        return await engine.send(generator, target, self._context, *request)
