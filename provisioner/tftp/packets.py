"""TFTP packets: bytes to frozen values and back, nothing else.

The codec knows RFC 1350 (the packets) and RFC 2347 (options and OACK). What an option
means is ``options.py``; what a packet does to a transfer is ``transfer.py``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from provisioner.errors import BellwireError

REQUEST_BYTES_MAX = 512  # RFC 2347, section 2: the whole request packet
BLOCK_NUMBERS = 1 << 16  # RFC 1350, section 5: block numbers have 16 bits; after 65535 comes 0
ERROR_TEXT_MAX = 128  # an answer to a forged source must stay small
_HEADER_BYTES = 4
_PRINTABLE = frozenset(range(0x20, 0x7F))

_HEADER = struct.Struct("!HH")
_OPCODE = struct.Struct("!H")

Options = tuple[tuple[str, str], ...]


class Opcode(IntEnum):
    """What a packet is (RFC 1350, section 5; OACK: RFC 2347)."""

    RRQ = 1
    WRQ = 2
    DATA = 3
    ACK = 4
    ERROR = 5
    OACK = 6


_DATA = int(Opcode.DATA)
_ACK_BEGINS = _OPCODE.pack(Opcode.ACK)
_OPCODES = {int(opcode): opcode for opcode in Opcode}


class ErrorCode(IntEnum):
    """Why a request or transfer failed (RFC 1350, appendix; 8: RFC 2347)."""

    UNDEFINED = 0
    FILE_NOT_FOUND = 1
    ACCESS_VIOLATION = 2
    DISK_FULL = 3
    ILLEGAL_OPERATION = 4
    UNKNOWN_TRANSFER = 5
    FILE_EXISTS = 6
    NO_SUCH_USER = 7
    OPTIONS_REFUSED = 8


class MalformedPacketError(BellwireError, ValueError):
    """The bytes are no TFTP packet."""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """RRQ: send me this file.

    Attributes:
        name: the file's name as asked, printable ASCII.
        mode: transfer mode in lower case.
        options: names in lower case and values, in the order asked, each name once.
    """

    name: str
    mode: str = "octet"
    options: Options = ()

    def encode(self) -> bytes:
        """Return the packet's bytes."""
        return _encode_request(Opcode.RRQ, self.name, self.mode, self.options)


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """WRQ: take this file. The attributes are those of ``ReadRequest``."""

    name: str
    mode: str = "octet"
    options: Options = ()

    def encode(self) -> bytes:
        """Return the packet's bytes."""
        return _encode_request(Opcode.WRQ, self.name, self.mode, self.options)


@dataclass(frozen=True, slots=True)
class Data:
    """DATA: one block. ``block`` is the 16-bit number on the wire."""

    block: int
    payload: bytes

    def encode(self) -> bytes:
        """Return the packet's bytes."""
        return data_packet(self.block, self.payload)


@dataclass(frozen=True, slots=True)
class Ack:
    """ACK: all blocks up to ``block`` (16 bits) have arrived."""

    block: int

    def encode(self) -> bytes:
        """Return the packet's bytes."""
        return _HEADER.pack(Opcode.ACK, self.block)


@dataclass(frozen=True, slots=True)
class ErrorPacket:
    """ERROR: the transfer is over. ``code`` may be one that ``ErrorCode`` does not know."""

    code: int
    message: str

    def encode(self) -> bytes:
        """Return the packet's bytes; the text is cut to ``ERROR_TEXT_MAX`` characters."""
        text = self.message[:ERROR_TEXT_MAX].replace("\0", " ").encode("ascii", "replace")
        return _HEADER.pack(Opcode.ERROR, self.code) + text + b"\0"


@dataclass(frozen=True, slots=True)
class OptionAck:
    """OACK: these options hold, with these values (RFC 2347)."""

    options: Options

    def encode(self) -> bytes:
        """Return the packet's bytes."""
        return _OPCODE.pack(Opcode.OACK) + _encode_options(self.options)


Packet = ReadRequest | WriteRequest | Data | Ack | ErrorPacket | OptionAck


def parse(datagram: bytes) -> Packet:
    """Return the packet in ``datagram``.

    Raises:
        MalformedPacketError: the bytes are no TFTP packet.
    """
    opcode = opcode_of(datagram)
    if opcode is None:
        raise MalformedPacketError("this is no TFTP operation")
    body = datagram[2:]
    if opcode in (Opcode.RRQ, Opcode.WRQ):
        return _parse_request(opcode, body)
    if opcode is Opcode.OACK:
        return OptionAck(_parse_options(_strings(body)))
    if len(datagram) < _HEADER_BYTES:
        raise MalformedPacketError(f"{opcode.name} of {len(datagram)} bytes: 4 are needed")
    number: int = _HEADER.unpack_from(datagram)[1]
    if opcode is Opcode.ACK:
        return Ack(number)
    if opcode is Opcode.DATA:
        return Data(number, body[2:])
    # Some firmwares leave out the closing NUL of an ERROR; its meaning is clear without it.
    return ErrorPacket(number, body[2:].split(b"\0", 1)[0].decode("ascii", "replace"))


def acknowledged_block(datagram: bytes) -> int | None:
    """Return the block that an ACK confirms, None when it is none: ``parse`` for the hot path."""
    if len(datagram) >= _HEADER_BYTES and datagram.startswith(_ACK_BEGINS):
        return datagram[2] << 8 | datagram[3]
    return None


def data_packet(block: int, payload: bytes | memoryview) -> bytes:
    """Return a DATA packet's bytes, without the value in between: the hot path."""
    return _HEADER.pack(_DATA, block) + payload


def opcode_of(datagram: bytes) -> Opcode | None:
    """Return what the datagram claims to be, None when that is nothing known."""
    if len(datagram) < _OPCODE.size:
        return None
    return _OPCODES.get(_OPCODE.unpack_from(datagram)[0])


def _parse_request(opcode: Opcode, body: bytes) -> ReadRequest | WriteRequest:
    if len(body) + _OPCODE.size > REQUEST_BYTES_MAX:
        raise MalformedPacketError(f"a request has at most {REQUEST_BYTES_MAX} bytes (RFC 2347)")
    strings = _strings(body)
    if len(strings) < 2:  # noqa: PLR2004 - a name and a mode
        raise MalformedPacketError("a request needs a file name and a mode")
    name, mode = strings[:2]
    if not name or not mode:
        raise MalformedPacketError("the file name or the mode is empty")
    options = _parse_options(strings[2:])
    kind = ReadRequest if opcode is Opcode.RRQ else WriteRequest
    return kind(_printable(name), _printable(mode).lower(), options)


def _strings(body: bytes) -> list[bytes]:
    """Split NUL-terminated strings."""
    if not body:
        return []
    if not body.endswith(b"\0"):
        raise MalformedPacketError("the last string has no closing NUL")
    return body[:-1].split(b"\0")


def _parse_options(strings: list[bytes]) -> Options:
    # Padding with NULs is not RFC 2347 but harmless, and boot loaders do it.
    while strings and not strings[-1] and (len(strings) % 2 or not strings[-2]):
        strings = strings[:-1]
    if len(strings) % 2:
        raise MalformedPacketError("an option has no value")
    options: dict[str, str] = {}
    for name, value in zip(strings[::2], strings[1::2], strict=True):
        if not name:
            raise MalformedPacketError("an option has no name")
        # RFC 2347, section 2: an option may be given once; the first one counts.
        options.setdefault(_printable(name).lower(), _printable(value))
    return tuple(options.items())


def _printable(text: bytes) -> str:
    """Decode printable ASCII: anything else could forge lines in a log."""
    if not _PRINTABLE.issuperset(text):
        raise MalformedPacketError("a string has bytes that are not printable ASCII")
    return text.decode("ascii")


def _encode_request(opcode: Opcode, name: str, mode: str, options: Options) -> bytes:
    return (
        _OPCODE.pack(opcode)
        + name.encode("ascii")
        + b"\0"
        + mode.encode("ascii")
        + b"\0"
        + _encode_options(options)
    )


def _encode_options(options: Options) -> bytes:
    return b"".join(f"{name}\0{value}\0".encode("ascii") for name, value in options)
