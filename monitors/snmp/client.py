"""A client of many agents: version 2c by its own codec, version 3 by pysnmp."""

from __future__ import annotations

from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

from monitors.snmp.credentials import Community, Credentials, User
from monitors.snmp.presence import why_silent
from monitors.snmp.session import Session
from monitors.snmp.transport import Exchange
from monitors.snmp.v2c_exchange import V2cExchange, V2cSockets

if TYPE_CHECKING:
    from monitors.snmp.pysnmp_exchange import PysnmpEngines

TIMEOUT_S = 2.0


class SnmpClient:
    """Sends requests to many agents; use it as an asynchronous context manager.

    Args:
        timeout_s: how long to wait for an answer, unless a session says otherwise.
    """

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._sockets = V2cSockets()
        self._engines: PysnmpEngines | None = None

    async def __aenter__(self) -> SnmpClient:
        """Start; sockets are opened when they are needed."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the sockets."""
        self._sockets.close()
        if self._engines is not None:
            self._engines.close()

    def session(
        self, host: str, port: int, credentials: Credentials, timeout_s: float | None = None
    ) -> Session:
        """Return a conversation with one agent; nothing is sent yet."""
        exchange = self._exchange((host, port), credentials, timeout_s or self._timeout_s)
        return Session(exchange, partial(why_silent, host, port))

    def _exchange(
        self, address: tuple[str, int], credentials: Community | User, timeout_s: float
    ) -> Exchange:
        if isinstance(credentials, Community):
            return V2cExchange(self._sockets, address, credentials, timeout_s)
        from monitors.snmp.pysnmp_exchange import PysnmpEngines, PysnmpExchange

        if self._engines is None:
            self._engines = PysnmpEngines()
        return PysnmpExchange(self._engines, address, credentials, timeout_s)
