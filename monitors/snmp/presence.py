"""Is there an SNMP agent at all? Told apart from one that refuses our community.

An agent drops a wrong community without a word (RFC 3584, 5.2.1; RFC 1157, 4.1). The discovery
message of SNMPv3 needs no credentials and is answered with the agent's engine id (RFC 3414, 4):
whoever answers it and not our request refuses us. On a connected UDP socket the system also
reports a closed port.
"""

from __future__ import annotations

import asyncio

from monitors.snmp.values import Failure, FailureKind

WAIT_S = 1.5
SENDS = 2

# SNMPv3, reportable, no user, no engine id: a GET without variables
_DISCOVERY = bytes.fromhex(
    "303a020103"
    "300f02021234020300ffe3040104020103"
    "0410300e0400020100020100040004000400"
    "301204000400a00c0202567802010002010030" + "00"
)


class _Listener(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002
        self._say(None)

    def error_received(self, exc: Exception) -> None:
        self._say(exc if isinstance(exc, OSError) else OSError(str(exc)))

    def _say(self, what: OSError | None) -> None:
        if not self.heard.done():
            self.heard.set_result(what)


async def why_silent(host: str, port: int, wait_s: float = WAIT_S) -> Failure:
    """Return why an agent did not answer: refused, closed, unreachable or just silent."""
    try:
        transport, listener = await asyncio.get_running_loop().create_datagram_endpoint(
            _Listener, remote_addr=(host, port)
        )
    except OSError as problem:
        return Failure(FailureKind.UNREACHABLE, f"{host}: {problem.strerror or problem}")
    try:
        for _ in range(SENDS):
            transport.sendto(_DISCOVERY)
            done, _ = await asyncio.wait({listener.heard}, timeout=wait_s)
            if done:
                break
    finally:
        transport.close()
    if not listener.heard.done():
        listener.heard.cancel()
        return Failure(FailureKind.SILENT, f"{host} port {port} does not answer SNMP")
    return _meaning(host, port, listener.heard.result())


def _meaning(host: str, port: int, heard: OSError | None) -> Failure:
    if heard is None:
        return Failure(
            FailureKind.REFUSED,
            f"{host} speaks SNMP and does not accept our community or user, or not from here",
        )
    if isinstance(heard, ConnectionRefusedError):
        return Failure(FailureKind.CLOSED, f"{host} is there, but its SNMP port {port} is closed")
    return Failure(FailureKind.UNREACHABLE, f"{host}: {heard.strerror or heard}")
