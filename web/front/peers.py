"""Who is at the other end of a connection that the front passes on.

The pages' server sees only the front. Each connection that is passed on comes from a loopback
address of its own (127.77.x.y), and a table in shared memory says whose it is.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from web.phone_plane import WsgiApp

SLOTS = 1 << 16
_ROW = 64
_PREFIX = "127.77."


class Peers:
    """The table; made by the front, read by the pages' server.

    Args:
        descriptor: of a file of at least ``size_bytes`` that both have open.
    """

    size_bytes = SLOTS * _ROW

    def __init__(self, descriptor: int) -> None:
        self._rows = mmap.mmap(descriptor, self.size_bytes)
        self._next = 1
        self._taken: set[int] = set()

    @classmethod
    def made(cls) -> tuple[Peers, int]:
        """Return a new table and the descriptor to hand on."""
        descriptor = os.memfd_create("bellwire-peers")
        os.ftruncate(descriptor, cls.size_bytes)
        return cls(descriptor), descriptor

    def claim(self, address: str) -> str:
        """Return the loopback address that stands for a peer from now on.

        Raises:
            OSError: all are taken.
        """
        if len(self._taken) >= SLOTS - 2:
            raise OSError("no loopback address is left")
        while self._next in self._taken or not 0 < self._next < SLOTS - 1:
            self._next = (self._next + 1) % SLOTS
        slot, self._next = self._next, (self._next + 1) % SLOTS
        self._taken.add(slot)
        text = address.encode("ascii", "replace")[: _ROW - 1]
        at = slot * _ROW
        self._rows[at : at + _ROW] = bytes([len(text)]) + text.ljust(_ROW - 1, b"\0")
        return f"{_PREFIX}{slot >> 8}.{slot & 255}"

    def release(self, loopback: str) -> None:
        """Forget whose a loopback address was."""
        slot = _slot(loopback)
        if slot is not None:
            self._rows[slot * _ROW] = 0
            self._taken.discard(slot)

    def address_of(self, loopback: str) -> str | None:
        """Return whose a loopback address is; None: it stands for nobody."""
        slot = _slot(loopback)
        length = self._rows[slot * _ROW] if slot is not None else 0
        if slot is None or not length:
            return None
        at = slot * _ROW + 1
        return self._rows[at : at + length].decode("ascii")


def _slot(loopback: str) -> int | None:
    if not loopback.startswith(_PREFIX):
        return None
    high, _, low = loopback[len(_PREFIX) :].partition(".")
    return int(high) << 8 | int(low)


class BehindFront:
    """A WSGI application that learns its peers' addresses from the front."""

    def __init__(self, app: WsgiApp, peers: Peers) -> None:
        self._app = app
        self._peers = peers

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        environ["REMOTE_ADDR"] = (
            self._peers.address_of(environ["REMOTE_ADDR"]) or environ["REMOTE_ADDR"]
        )
        return self._app(environ, start_response)
