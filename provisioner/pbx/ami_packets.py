"""The manager interface's packets: lines that end in CRLF, and an empty line at the end.

Everything is read and written as bytes: text mode would translate the line ends.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Iterable

from provisioner.errors import PbxError

MAX_LINE_BYTES = 1000  # Asterisk main/manager.c reads lines of at most 1024 bytes
MAX_PACKET_BYTES = 1024 * 1024

_CHUNK_BYTES = 65_536
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

Packet = dict[str, str]


class QuietError(PbxError):
    """Nothing has come in time; the connection may still be good."""


class PacketStream:
    """Packets over a connected socket, which belongs to the stream from now on.

    Args:
        channel: the socket.
        host: the PBX, for messages.
        timeout_s: how long a caller may wait, for messages and for sending.
    """

    def __init__(self, channel: socket.socket, host: str, timeout_s: float) -> None:
        self._channel = channel
        self._host = host
        self._timeout_s = timeout_s
        self._received = bytearray()

    def close(self) -> None:
        """Close the socket; calling it again does no harm."""
        self._channel.close()

    def send(self, headers: Iterable[tuple[str, str]]) -> None:
        """Send one packet.

        Raises:
            PbxError: a header cannot be sent (permanent), or the connection broke.
        """
        lines = b"".join(self._line(name, value) for name, value in headers)
        try:
            self._channel.settimeout(self._timeout_s)
            self._channel.sendall(lines + b"\r\n")
        except OSError as error:
            raise PbxError(self._host, f"the AMI connection broke: {error}") from None

    def line(self, deadline_s: float) -> bytes:
        """Return the next line.

        Raises:
            PbxError: there is none before ``deadline_s`` of the monotonic clock.
        """
        return self._until(b"\r\n", deadline_s)

    def packet(self, deadline_s: float) -> Packet:
        """Return the next packet; a repeated header has its values on lines of their own.

        Raises:
            PbxError: there is none before ``deadline_s`` of the monotonic clock.
        """
        return _fields(self._until(b"\r\n\r\n", deadline_s))

    def wait(self, wait_s: float, other: socket.socket) -> bool:
        """Wait until something has come here or at another socket; returns whether here."""
        if b"\r\n\r\n" in self._received:
            return True
        both = select.poll()
        for each in (self._channel, other):
            both.register(each, select.POLLIN)
        return any(fd == self._channel.fileno() for fd, _ in both.poll(wait_s * 1000))

    def _line(self, name: str, value: str) -> bytes:
        """Return a header line; the value is never in an error, for it may be a secret."""
        if not _HEADER_NAME.fullmatch(name):
            raise PbxError(self._host, f"{name[:40]!r} is not an AMI header", permanent=True)
        if _UNSENDABLE.search(value):
            problem = f"the AMI header {name} holds a line break or control character"
            raise PbxError(self._host, problem, permanent=True)
        line = f"{name}: {value}".encode()
        if len(line) > MAX_LINE_BYTES:
            raise PbxError(self._host, f"the AMI header {name} is too long", permanent=True)
        return line + b"\r\n"

    def _until(self, end: bytes, deadline_s: float) -> bytes:
        """Return what comes before ``end``."""
        searched = 0
        while (at := self._received.find(end, searched)) < 0:
            if len(self._received) > MAX_PACKET_BYTES:
                raise PbxError(self._host, "an AMI packet does not end")
            searched = max(0, len(self._received) - len(end))
            self._received += self._chunk(deadline_s)
        data = bytes(self._received[:at])
        del self._received[: at + len(end)]
        return data

    def _chunk(self, deadline_s: float) -> bytes:
        """Return the next bytes."""
        left_s = deadline_s - time.monotonic()
        try:
            if left_s <= 0:
                raise TimeoutError  # noqa: TRY301 - one message for both
            self._channel.settimeout(left_s)
            chunk = self._channel.recv(_CHUNK_BYTES)
        except TimeoutError:
            raise QuietError(self._host, f"AMI does not answer in {self._timeout_s:g} s") from None
        except OSError as error:
            raise PbxError(self._host, f"the AMI connection broke: {error}") from None
        if not chunk:
            raise PbxError(self._host, "the PBX closed the AMI connection")
        return chunk


def _fields(packet: bytes) -> Packet:
    """Return the headers of a packet."""
    fields: Packet = {}
    for line in packet.decode(errors="replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            name, value = name.strip(), value.strip()
            fields[name] = f"{fields[name]}\n{value}" if name in fields else value
    return fields
