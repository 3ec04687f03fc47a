"""FreeSWITCH's event socket: packets of headers, some with a body, over TCP.

After the documentation of mod_event_socket (developer.signalwire.com): a greeting that asks for
the password, then commands with replies, and events in between.
"""

from __future__ import annotations

import re
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from provisioner.errors import PbxError

MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_HEAD_BYTES = 64 * 1024
MAX_UNASKED = 10_000
_CHUNK_BYTES = 65_536
_SENDABLE = re.compile(r"[^\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class SocketPacket:
    """One packet: its headers, and a body that may be empty."""

    headers: dict[str, str]
    body: str

    @property
    def kind(self) -> str:
        """Its Content-Type."""
        return self.headers.get("Content-Type", "")


def read_headers(text: str) -> dict[str, str]:
    """Return the headers of a packet, or of a plain event, whose values are percent-encoded."""
    headers: dict[str, str] = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip(), unquote(value.strip(), errors="replace"))
    return headers


class EventSocket:
    """A session that has given its password; for one thread.

    Use ``EventSocket.connect(...)`` in a ``with`` statement.

    Args:
        channel: a connected socket; it belongs to the session from now on.
        host: the PBX, for messages.
        timeout_s: how long one command may take.
    """

    def __init__(self, channel: socket.socket, host: str, timeout_s: float) -> None:
        self._channel = channel
        self._host = host
        self._timeout_s = timeout_s
        self._received = bytearray()
        self._unasked: deque[SocketPacket] = deque(maxlen=MAX_UNASKED)

    @classmethod
    def connect(cls, host: str, port: int, password: str, timeout_s: float = 5.0) -> Self:
        """Connect and give the password.

        Raises:
            PbxError: nobody answers, it is no event socket, or it refuses us (permanent).
        """
        try:
            channel = socket.create_connection((host, port), timeout_s)
        except (OSError, UnicodeError) as error:
            raise PbxError(host, f"event socket port {port} cannot be reached: {error}") from None
        made = cls(channel, host, timeout_s)
        try:
            made._authenticate(password)
        except BaseException:
            channel.close()
            raise
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close; calling it again does no harm."""
        self._channel.close()

    def api(self, command: str) -> str:
        """Run a command and return what it says.

        Raises:
            PbxError: it is refused (permanent), or there is no answer in time.
        """
        body = self._ask(f"api {command}", "api/response").body
        if body.startswith("-ERR"):
            raise PbxError(
                self._host, f"{command} is refused: {body[:200].strip()}", permanent=True
            )
        return body

    def subscribe(self, subclasses: Sequence[str]) -> None:
        """Ask to be told of events of these subclasses.

        Raises:
            PbxError: as for ``api``.
        """
        reply = self._ask(f"event plain CUSTOM {' '.join(subclasses)}", "command/reply")
        if not reply.headers.get("Reply-Text", "").startswith("+OK"):
            raise PbxError(self._host, "events are refused", permanent=True)

    def event(self, wait_s: float) -> dict[str, str] | None:
        """Return the headers of the next event; None: there was none in time.

        Raises:
            PbxError: the connection broke.
        """
        deadline_s = time.monotonic() + wait_s
        packet = self._unasked.popleft() if self._unasked else None
        try:
            while packet is None or packet.kind != "text/event-plain":
                packet = self._packet(deadline_s)
        except TimeoutError:
            return None
        return read_headers(packet.body)

    def _authenticate(self, password: str) -> None:
        try:
            greeting = self._packet(time.monotonic() + self._timeout_s)
        except TimeoutError:
            raise PbxError(self._host, "the event socket does not greet") from None
        if greeting.kind == "text/rude-rejection":
            raise PbxError(self._host, "its access list refuses us", permanent=True)
        if greeting.kind != "auth/request":
            raise PbxError(self._host, "what answers is no event socket", permanent=True)
        reply = self._ask(f"auth {password}", "command/reply")
        if not reply.headers.get("Reply-Text", "").startswith("+OK"):
            raise PbxError(self._host, "the password is refused", permanent=True)

    def _ask(self, command: str, kind: str) -> SocketPacket:
        """Send a command and return the packet that answers it; keep the events in between."""
        if not _SENDABLE.fullmatch(command):
            raise PbxError(self._host, "a command holds a line break", permanent=True)
        deadline_s = time.monotonic() + self._timeout_s
        try:
            self._channel.settimeout(self._timeout_s)
            self._channel.sendall(f"{command}\n\n".encode())
            while (packet := self._packet(deadline_s)).kind != kind:
                self._unasked.append(packet)
        except TimeoutError:
            said = f"the event socket does not answer in {self._timeout_s:g} s"
            raise PbxError(self._host, said) from None
        except OSError as error:
            raise PbxError(self._host, f"the event socket broke: {error}") from None
        return packet

    def _packet(self, deadline_s: float) -> SocketPacket:
        """Return the next packet; raises TimeoutError, keeping what has come of it."""
        while (end := self._received.find(b"\n\n")) < 0:
            if len(self._received) > MAX_HEAD_BYTES:
                raise PbxError(self._host, "the headers of a packet do not end")
            self._receive(deadline_s)
        headers = read_headers(self._received[:end].decode(errors="replace"))
        length = headers.get("Content-Length", "0")
        if not re.fullmatch(r"[0-9]{1,9}", length) or int(length) > MAX_BODY_BYTES:
            raise PbxError(self._host, f"a packet of {length[:20]!r} bytes is not read")
        start = end + 2
        while len(self._received) < start + int(length):
            self._receive(deadline_s)
        body = self._received[start : start + int(length)].decode(errors="replace")
        del self._received[: start + int(length)]
        if headers.get("Content-Type") == "text/disconnect-notice":
            raise PbxError(self._host, "the PBX ends the session")
        return SocketPacket(headers, body)

    def _receive(self, deadline_s: float) -> None:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        try:
            self._channel.settimeout(left_s)
            chunk = self._channel.recv(_CHUNK_BYTES)
        except TimeoutError:
            raise
        except OSError as error:
            raise PbxError(self._host, f"the event socket broke: {error}") from None
        if not chunk:
            raise PbxError(self._host, "the PBX closed the event socket")
        self._received += chunk
