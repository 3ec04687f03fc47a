"""pysnmp's protocol engine: who is known to it, and what its answers are as plain values.

It is used without the convenience layer on top, which resolves names of MIBs that we do not have
and is several times slower. An engine belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from pyasn1.type import univ
from pydantic import SecretStr
from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.entity import config, engine
from pysnmp.error import PySnmpError
from pysnmp.proto import errind, rfc1905

from monitors.snmp.addresses import Address
from monitors.snmp.credentials import User
from monitors.snmp.statuses import answer_of
from monitors.snmp.values import Answer, Failure, FailureKind, Value, Varbind

KEY_MIN = 8
_TICK_S = 0.1
_V3 = 3
_PARAMETERS = "how"
NOTHING = univ.Null("")

AUTH_PROTOCOLS: dict[str, Any] = {
    "md5": config.USM_AUTH_HMAC96_MD5,
    "sha": config.USM_AUTH_HMAC96_SHA,
    "sha224": config.USM_AUTH_HMAC128_SHA224,
    "sha256": config.USM_AUTH_HMAC192_SHA256,
    "sha384": config.USM_AUTH_HMAC256_SHA384,
    "sha512": config.USM_AUTH_HMAC384_SHA512,
}
# Cisco's AES-192 and AES-256 extend their keys as the Blumenthal draft does
PRIV_PROTOCOLS: dict[str, Any] = {
    "des": config.USM_PRIV_CBC56_DES,
    "3des": config.USM_PRIV_CBC168_3DES,
    "aes": config.USM_PRIV_CFB128_AES,
    "aes192": config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "aes256": config.USM_PRIV_CFB256_AES_BLUMENTHAL,
}
_REFUSALS = (
    errind.UnknownUserName,
    errind.UnknownSecurityName,
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


class Engine:
    """One protocol engine of pysnmp, for one user.

    Args:
        user: how it makes itself known.

    Raises:
        ValueError: a key is too short.
        PySnmpError: a protocol cannot be used.
    """

    def __init__(self, user: User) -> None:
        self._engine: Any = engine.SnmpEngine()
        self._domains: set[tuple[int, ...]] = set()
        self._targets: dict[tuple[Address, float], str] = {}
        level = _introduced(self._engine, user)
        config.add_target_parameters(self._engine, _PARAMETERS, user.name, level, _V3)

    def close(self) -> None:
        """Close its sockets."""
        self._engine.close_dispatcher()

    def target(self, address: Address, timeout_s: float) -> str:
        """Return the name of an agent in its tables; it is put there once."""
        key = (address, timeout_s)
        if key not in self._targets:
            name = f"agent-{len(self._targets)}"
            domain, where = self._listening(address)
            hundredths = round(timeout_s * 100)
            config.add_target_address(
                self._engine, name, domain, where, _PARAMETERS, timeout=hundredths, retryCount=0
            )
            self._targets[key] = name
        return self._targets[key]

    def _listening(self, address: Address) -> tuple[tuple[int, ...], tuple[Any, ...]]:
        """Return pysnmp's names for an address; its socket is open then."""
        six = address.family == socket.AF_INET6
        domain: tuple[int, ...] = udp6.DOMAIN_NAME if six else udp.DOMAIN_NAME
        if domain not in self._domains:
            kind = udp6.Udp6Transport if six else udp.UdpTransport
            config.add_transport(self._engine, domain, kind().open_client_mode())
            self._engine.transport_dispatcher.set_timer_resolution(_TICK_S)
            self._domains.add(domain)
        return domain, address.where if six else address.where[:2]

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


def _introduced(snmp_engine: Any, user: User) -> str:  # noqa: ANN401
    """Tell an engine of its user; returns the security level."""
    keys: dict[str, Any] = {}
    level = "noAuthNoPriv"
    if user.auth is not None:
        keys |= {"authProtocol": AUTH_PROTOCOLS[user.auth_protocol], "authKey": _key(user.auth)}
        level = "authNoPriv"
        if user.priv is not None:
            keys |= {"privProtocol": PRIV_PROTOCOLS[user.priv_protocol], "privKey": _key(user.priv)}
            level = "authPriv"
    config.add_v3_user(snmp_engine, user.name, **keys)
    return level


def _key(phrase: SecretStr) -> str:
    if len(phrase.get_secret_value()) < KEY_MIN:
        raise ValueError(f"a pass phrase has at least {KEY_MIN} characters (RFC 3414, 11.2)")
    return phrase.get_secret_value()


def _answer(trouble: Any, status: int, index: int, varbinds: Any) -> Answer:  # noqa: ANN401
    if trouble is not None:
        return _trouble(trouble)
    plain = tuple(Varbind(tuple(name), _plain(value)) for name, value in varbinds)
    return answer_of(status, index, plain)


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
