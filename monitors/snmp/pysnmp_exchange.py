"""Requests sent by pysnmp 7: the only module that knows it.

Its protocol engine is used without the convenience layer on top, which resolves names of MIBs
that we do not have and is several times slower. One engine serves all agents of an event loop.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any

from pyasn1.type import univ
from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdgen
from pysnmp.error import PySnmpError
from pysnmp.proto import errind, rfc1902, rfc1905

from monitors.snmp.credentials import PORT, Community, Credentials, User
from monitors.snmp.presence import why_silent
from monitors.snmp.session import Session
from monitors.snmp.values import Answer, Failure, FailureKind, Oid, Value, Varbind

TIMEOUT_S = 2.0
_TICK_S = 0.1
_V2C, _V3 = 1, 3
_NOTHING = univ.Null("")

_AUTH: dict[str, Any] = {
    "md5": config.USM_AUTH_HMAC96_MD5,
    "sha": config.USM_AUTH_HMAC96_SHA,
    "sha224": config.USM_AUTH_HMAC128_SHA224,
    "sha256": config.USM_AUTH_HMAC192_SHA256,
    "sha384": config.USM_AUTH_HMAC256_SHA384,
    "sha512": config.USM_AUTH_HMAC384_SHA512,
}
# Cisco's AES-192 and AES-256 extend their keys as the Blumenthal draft does
_PRIV: dict[str, Any] = {
    "des": config.USM_PRIV_CBC56_DES,
    "3des": config.USM_PRIV_CBC168_3DES,
    "aes": config.USM_PRIV_CFB128_AES,
    "aes192": config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "aes256": config.USM_PRIV_CFB256_AES_BLUMENTHAL,
}
_TOO_BIG, _NO_SUCH_NAME = 1, 2
_NO_ACCESS = frozenset({6, 16})  # noAccess, authorizationError (RFC 3416, 3)
_REFUSALS = (
    errind.UnknownUserName,
    errind.UnknownSecurityName,
    errind.UnknownCommunityName,
    errind.WrongDigest,
    errind.AuthenticationFailure,
    errind.AuthenticationError,
    errind.DecryptionError,
    errind.UnsupportedSecurityLevel,
    errind.UnsupportedAuthProtocol,
    errind.UnsupportedPrivProtocol,
    errind.NotInTimeWindow,
    errind.NoSuchContext,
    errind.NoAccessEntry,
)


class SnmpClient:
    """Sends requests to many agents; use it as an asynchronous context manager."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._numbers = itertools.count(1)
        self._engine: Any = None
        self._domains: set[tuple[int, ...]] = set()

    async def __aenter__(self) -> SnmpClient:
        """Start."""
        self._engine = engine.SnmpEngine()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the sockets."""
        self._engine.close_dispatcher()

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

    async def target(
        self, address: tuple[str, int], credentials: Credentials, timeout_s: float
    ) -> str:
        """Tell the engine of an agent; returns the name it knows it by.

        Raises:
            OSError: the host has no address.
            PySnmpError: a key or protocol cannot be used.
        """
        domain, resolved = await self._resolved(address)
        name = f"agent-{next(self._numbers)}"
        model, level = _secured(self._engine, name, credentials)
        config.add_target_parameters(self._engine, name, name, level, model)
        hundredths = round(timeout_s * 100)
        config.add_target_address(
            self._engine, name, domain, resolved, name, timeout=hundredths, retryCount=0
        )
        return name

    async def _resolved(self, address: tuple[str, int]) -> tuple[tuple[int, ...], Any]:
        host, port = address
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port or PORT, type=socket.SOCK_DGRAM)
        family, _, _, _, resolved = found[0]
        kind = udp6.Udp6Transport if family == socket.AF_INET6 else udp.UdpTransport
        domain = udp6.DOMAIN_NAME if family == socket.AF_INET6 else udp.DOMAIN_NAME
        if domain not in self._domains:
            config.add_transport(self._engine, domain, kind().open_client_mode())
            self._engine.transport_dispatcher.set_timer_resolution(_TICK_S)
            self._domains.add(domain)
        return domain, resolved[:2] if family == socket.AF_INET else resolved

    async def send(self, generator: Any, target: str, context: str, *request: Any) -> Answer:  # noqa: ANN401
        """Send a request and wait for what comes of it."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def done(*result: Any) -> None:  # noqa: ANN401 - pysnmp's callback
            _, _, trouble, status, index, varbinds, _ = result
            if future.done():
                return
            try:
                future.set_result(_answer(trouble, int(status), int(index), varbinds))
            except (TypeError, ValueError) as problem:  # a type of value SNMP does not have
                future.set_result(Failure(FailureKind.AGENT, f"an unreadable answer: {problem}"))

        try:
            generator.send_varbinds(self._engine, target, None, context, *request, done)
        except (PySnmpError, OSError) as problem:
            return Failure(FailureKind.AGENT, f"the request cannot be sent: {problem}")
        return await future


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
        self._credentials = credentials
        self._timeout_s = timeout_s
        self._target = ""
        self._context = credentials.context if isinstance(credentials, User) else ""
        self._getter = cmdgen.GetCommandGenerator()
        self._bulk = cmdgen.BulkCommandGeneratorSingleRun()
        self._setter = cmdgen.SetCommandGenerator()

    async def get(self, oids: Sequence[Oid]) -> Answer:
        """Send one GET."""
        return await self._send(self._getter, [(rfc1902.ObjectName(o), _NOTHING) for o in oids])

    async def get_bulk(self, oids: Sequence[Oid], repetitions: int) -> Answer:
        """Send one GETBULK without non-repeaters."""
        variables = [(rfc1902.ObjectName(o), _NOTHING) for o in oids]
        return await self._send(self._bulk, 0, repetitions, variables)

    async def set_integers(self, values: Mapping[Oid, int]) -> Answer:
        """Send one SET."""
        variables = [(rfc1902.ObjectName(o), rfc1902.Integer32(v)) for o, v in values.items()]
        return await self._send(self._setter, variables)

    async def _send(self, generator: Any, *request: Any) -> Answer:  # noqa: ANN401
        if not self._target:
            try:
                self._target = await self._client.target(
                    self._address, self._credentials, self._timeout_s
                )
            except OSError as problem:
                text = f"{self._address[0]}: {problem.strerror or problem}"
                return Failure(FailureKind.UNREACHABLE, text)
            except PySnmpError as problem:
                return Failure(FailureKind.REFUSED, f"these keys cannot be used: {problem}")
        return await self._client.send(generator, self._target, self._context, *request)


def _secured(snmp_engine: Any, name: str, credentials: Credentials) -> tuple[int, str]:  # noqa: ANN401
    """Tell the engine of credentials; returns message model and security level."""
    if isinstance(credentials, Community):
        config.add_v1_system(snmp_engine, name, credentials.name.get_secret_value())
        return _V2C, "noAuthNoPriv"
    keys: dict[str, Any] = {}
    level = "noAuthNoPriv"
    if credentials.auth is not None:
        keys |= {
            "authProtocol": _AUTH[credentials.auth_protocol],
            "authKey": credentials.auth.get_secret_value(),
        }
        level = "authNoPriv"
        if credentials.priv is not None:
            keys |= {
                "privProtocol": _PRIV[credentials.priv_protocol],
                "privKey": credentials.priv.get_secret_value(),
            }
            level = "authPriv"
    config.add_v3_user(snmp_engine, credentials.name, securityName=name, **keys)
    return _V3, level


def _answer(trouble: Any, status: int, index: int, varbinds: Any) -> Answer:  # noqa: ANN401
    if trouble is not None:
        return _trouble(trouble)
    if status == 0:
        return tuple(Varbind(tuple(name), _plain(value)) for name, value in varbinds)
    if status == _TOO_BIG:
        return Failure(FailureKind.TOO_BIG, "the answer would be too big")
    if status == _NO_SUCH_NAME:
        return tuple(Varbind(tuple(name), None) for name, _ in varbinds)
    if status in _NO_ACCESS:
        return Failure(FailureKind.REFUSED, f"the agent allows no access (error {status})", index)
    return Failure(FailureKind.AGENT, f"the agent reports error {status}", index)


def _trouble(trouble: Any) -> Failure:  # noqa: ANN401
    if isinstance(trouble, errind.RequestTimedOut):
        return Failure(FailureKind.SILENT, "no answer")
    if isinstance(trouble, _REFUSALS):
        return Failure(FailureKind.REFUSED, f"the agent refuses: {trouble}")
    if isinstance(trouble, errind.TooBig):
        return Failure(FailureKind.TOO_BIG, str(trouble))
    return Failure(FailureKind.AGENT, str(trouble))


_NO_VALUE = (rfc1905.NoSuchObject, rfc1905.NoSuchInstance, rfc1905.EndOfMibView, univ.Null)
_KINDS: tuple[tuple[Any, Callable[[Any], Value | None]], ...] = (
    (_NO_VALUE, lambda _: None),
    (univ.ObjectIdentifier, tuple),
    (univ.OctetString, bytes),
)


def _plain(value: Any) -> Value | None:  # noqa: ANN401
    for kind, convert in _KINDS:
        if isinstance(value, kind):
            return convert(value)
    return int(value)
