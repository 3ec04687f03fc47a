"""Names to addresses of agents."""

from __future__ import annotations

import asyncio
import re
import socket
from dataclasses import dataclass
from typing import Any

from monitors.snmp.credentials import PORT

_TARGET = re.compile(r"^(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:]+))(?::(?P<port>\d{1,5}))?$")
_PORTS = range(1, 65536)


@dataclass(frozen=True, slots=True)
class Address:
    """Where an agent listens: a family of addresses and an address as sockets take it."""

    family: int
    where: tuple[Any, ...]


async def resolved(host: str, port: int) -> Address:
    """Return the address of a host.

    Raises:
        OSError: it has none.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except UnicodeError as problem:  # a label that no name can have
        raise OSError(f"{host} is no host name") from problem
    family, _, _, _, where = found[0]
    return Address(int(family), tuple(where))


def host_and_port(text: str) -> tuple[str, int]:
    """Split ``HOST[:PORT]``; an IPv6 address with a port stands in brackets.

    Raises:
        ValueError: the port is none.
    """
    match = _TARGET.match(text)
    if match is None:
        return text, PORT
    port = int(match["port"] or PORT)
    if port not in _PORTS:
        raise ValueError(f"{text}: the port must be 1 to 65535")
    return match["v6"] or match["host"], port
