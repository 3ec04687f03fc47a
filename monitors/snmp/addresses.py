"""Names to addresses of agents."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import Any


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
