"""A small TFTP client, as a phone has one: options, windows and a lossy line.

Written from the RFCs with nothing taken from ``provisioner.tftp``, so that a mistake there
is not made here as well.
"""

from __future__ import annotations

import random
import socket
import struct
import time

RRQ, DATA, ACK, ERROR, OACK = 1, 3, 4, 5, 6  # RFC 1350, section 5; OACK: RFC 2347
BLKSIZE_DEFAULT = 512
UNKNOWN_TRANSFER = 5

_DATAGRAM_BYTES_MAX = 65535
_WRAP = 0x10000


class TftpRefusedError(Exception):
    """The server answered with ERROR.

    Attributes:
        code: the error code of RFC 1350.
        message: the server's text.
    """

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"error {code}: {message}")


def fetch(
    host: str,
    port: int,
    name: str,
    *,
    blksize: int | None = None,
    windowsize: int | None = None,
    timeout_s: float = 10.0,
    retry_s: float = 1.0,
    loss: float = 0.0,
    rng: random.Random | None = None,
) -> bytes:
    """Read a file in octet mode.

    Args:
        host: address of the server.
        port: its request port.
        name: the file to ask for.
        blksize: block size to ask for (RFC 2348).
        windowsize: blocks per ACK to ask for (RFC 7440).
        timeout_s: give up after this time without anything new from the server.
        retry_s: silence after which the last packet is sent again.
        loss: share of packets to lose, 0 to 1, each way.
        rng: decides which; seeded with 0 by default, so that a run can be repeated.

    Raises:
        TftpRefusedError: the server answered with ERROR.
        TimeoutError: the server fell silent.
    """
    asked = {"blksize": blksize, "windowsize": windowsize}
    options = {key: number for key, number in asked.items() if number is not None}
    line = _Line(host, port, loss, rng or random.Random(0))
    try:
        return _Read(line, options, timeout_s, retry_s).run(name)
    finally:
        line.close()


class _Line:
    """A UDP socket that loses packets on purpose and knows the server's transfer port."""

    def __init__(self, host: str, port: int, loss: float, rng: random.Random) -> None:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, server = found[0]
        self._socket = socket.socket(family, kind, protocol)
        self._server = server
        self._transfer_port: int | None = None
        self._loss = loss
        self._rng = rng

    @property
    def is_lossy(self) -> bool:
        return self._loss > 0

    def close(self) -> None:
        self._socket.close()

    def send(self, packet: bytes) -> None:
        if self._rng.random() < self._loss:
            return
        port = self._server[1] if self._transfer_port is None else self._transfer_port
        self._socket.sendto(packet, (self._server[0], port, *self._server[2:]))

    def receive(self, wait_s: float) -> bytes | None:
        """Return the server's next packet, None when nothing comes within the time."""
        until = time.monotonic() + wait_s
        while (left_s := until - time.monotonic()) > 0:
            self._socket.settimeout(left_s)
            try:
                packet, sender = self._socket.recvfrom(_DATAGRAM_BYTES_MAX)
            except TimeoutError:
                return None
            if self._rng.random() < self._loss:
                continue
            if self._transfer_port is None:
                self._transfer_port = sender[1]
            if sender[1] == self._transfer_port:
                return packet
            stray = struct.pack("!HH", ERROR, UNKNOWN_TRANSFER) + b"unknown transfer ID\0"
            self._socket.sendto(stray, sender)
        return None


class _Read:
    """The receiving side of one read."""

    def __init__(
        self, line: _Line, options: dict[str, int], timeout_s: float, retry_s: float
    ) -> None:
        self._line = line
        self._asked = options
        self._timeout_s = timeout_s
        self._retry_s = retry_s
        self._blksize = BLKSIZE_DEFAULT
        self._windowsize = 1
        self._content = bytearray()
        self._block = 0  # the last one received in order, without the 16-bit wrap
        self._unconfirmed = 0
        self._gap_told = False
        self._done = False
        self._last_sent = b""

    def run(self, name: str) -> bytes:
        request = struct.pack("!H", RRQ) + name.encode("ascii") + b"\0octet\0"
        for key, number in self._asked.items():
            request += f"{key}\0{number}\0".encode("ascii")
        self._send(request)
        give_up_at = time.monotonic() + self._timeout_s
        while not self._done:
            packet = self._line.receive(self._retry_s)
            if packet is not None and self._take(packet):
                give_up_at = time.monotonic() + self._timeout_s
            elif time.monotonic() >= give_up_at:
                raise TimeoutError(f"no answer for {name} after {len(self._content)} bytes")
            elif packet is None:
                self._repeat()
        self._linger()
        return bytes(self._content)

    def _send(self, packet: bytes) -> None:
        self._last_sent = packet
        self._line.send(packet)

    def _confirm(self) -> None:
        self._unconfirmed = 0
        self._send(struct.pack("!HH", ACK, self._block % _WRAP))

    def _repeat(self) -> None:
        if self._block:
            self._confirm()
        else:
            self._line.send(self._last_sent)

    def _take(self, packet: bytes) -> bool:
        """Take a packet of the server; return whether it brought anything new."""
        opcode, number = struct.unpack_from("!HH", packet)
        if opcode == ERROR:
            raise TftpRefusedError(number, packet[4:].split(b"\0")[0].decode("ascii", "replace"))
        if opcode == OACK and self._block == 0:
            self._agree(packet[2:])
            return True
        if opcode != DATA:
            return False
        ahead = (number - self._block) % _WRAP
        if ahead == 1:
            self._take_block(packet[4:])
            return True
        if ahead == 0 and self._unconfirmed == 0:
            self._confirm()  # the server repeats because our ACK was lost
        elif 1 < ahead <= self._windowsize and not self._gap_told:
            self._gap_told = True
            self._confirm()  # RFC 7440, section 4: tell of a hole at once
        return False

    def _agree(self, body: bytes) -> None:
        words = body.split(b"\0")[:-1]
        answers = {
            key.decode("ascii").lower(): int(number)
            for key, number in zip(words[::2], words[1::2], strict=True)
        }
        if answers.keys() - self._asked.keys():
            raise AssertionError(f"the server answers options nobody asked for: {answers}")
        self._blksize = answers.get("blksize", BLKSIZE_DEFAULT)
        self._windowsize = answers.get("windowsize", 1)
        self._confirm()

    def _take_block(self, payload: bytes) -> None:
        self._block += 1
        self._unconfirmed += 1
        self._gap_told = False
        self._content += payload
        self._done = len(payload) < self._blksize
        if self._done or self._unconfirmed >= self._windowsize:
            self._confirm()

    def _linger(self) -> None:
        """On a lossy line, stay to confirm the last block again (RFC 1350, section 6)."""
        while self._line.is_lossy:
            packet = self._line.receive(self._retry_s)
            if packet is None:
                return
            if packet[:4] == struct.pack("!HH", DATA, self._block % _WRAP):
                self._confirm()
