"""The UDP sockets of the TFTP server: opening them, and which datagrams deserve an answer."""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
from dataclasses import dataclass

from provisioner.tftp.packets import REQUEST_BYTES_MAX

SocketAddress = tuple[str, int] | tuple[str, int, int, int]

_RECEIVE_BUFFER_BYTES = 1 << 20  # the kernel cuts it to net.core.rmem_max
_IP_PKTINFO = 8  # ip(7) of Linux; the socket module of Python 3.11 does not name it
_IN_PKTINFO = struct.Struct("@i4s4s")  # ip(7): interface, local address, header's destination
_IN6_PKTINFO = struct.Struct("@16sI")  # RFC 3542, section 6: destination, interface
_ANCILLARY_BYTES = socket.CMSG_SPACE(_IN_PKTINFO.size) + socket.CMSG_SPACE(_IN6_PKTINFO.size)
_MAPPED_PREFIX = "::ffff:"  # RFC 4291, 2.5.5.2: an IPv4 peer on an IPv6 socket
_NOTHING_THERE = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR})


@dataclass(frozen=True, slots=True)
class Datagram:
    """What came in on the listening socket.

    Attributes:
        payload: its bytes, cut one byte after the longest legal request.
        sender: the sender as the kernel names it.
        local: the own address it was sent to; empty when that cannot be told.
        to_many: whether it was sent to a broadcast or multicast address.
    """

    payload: bytes
    sender: SocketAddress
    local: str
    to_many: bool

    @property
    def peer(self) -> tuple[str, int]:
        """The sender's address as people write it, and its port."""
        return plain_host(self.sender[0]), self.sender[1]


def open_listening(address: tuple[str, int]) -> socket.socket:
    """Return a UDP socket bound to ``address``; IPv4 or IPv6 follows from the host.

    Raises:
        OSError: the address is not one of this machine, in use, or not allowed.
    """
    host, port = address
    flags = socket.AI_PASSIVE
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_DGRAM, flags=flags)
    family, kind, protocol, _, where = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.bind(where)
    except OSError:
        listening.close()
        raise
    return listening


def prepare_listening(listening: socket.socket) -> None:
    """Make a bound UDP socket non-blocking and let it tell where datagrams were sent to.

    Raises:
        ValueError: it is no UDP socket.
    """
    if listening.type != socket.SOCK_DGRAM:
        raise ValueError("TFTP needs a datagram socket")
    listening.settimeout(0.0)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
    if listening.family == socket.AF_INET6:
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        listening.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)


def receive(listening: socket.socket) -> Datagram | None:
    """Return the next datagram, None when none is there.

    Raises:
        OSError: the socket itself has failed.
    """
    try:
        payload, ancillary, _, sender = listening.recvmsg(REQUEST_BYTES_MAX + 1, _ANCILLARY_BYTES)
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return None
        raise
    local, to_many = "", False
    for level, kind, content in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            _, own, destination = _IN_PKTINFO.unpack_from(content)
            local, to_many = socket.inet_ntop(socket.AF_INET, own), own != destination
        elif (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            destination = _IN6_PKTINFO.unpack_from(content)[0]
            local = socket.inet_ntop(socket.AF_INET6, destination)
            to_many = ipaddress.IPv6Address(destination).is_multicast
    return Datagram(payload, sender, local, to_many)


def open_transfer(family: int, datagram: Datagram) -> socket.socket:
    """Return a non-blocking socket for one transfer (its port is the TID of RFC 1350, section 4).

    It answers from the address that was asked: a phone drops answers from another one.

    Raises:
        OSError: no descriptor or no port is left.
    """
    transfer = socket.socket(family, socket.SOCK_DGRAM)
    try:
        transfer.settimeout(0.0)
        # On IPv6 the tail is the flow, which is the sender's own, and the scope (link-local).
        scope = () if family == socket.AF_INET else (0, *datagram.sender[3:])
        transfer.bind((datagram.local, 0, *scope))
    except OSError:
        transfer.close()
        raise
    return transfer


def is_answerable(sender: SocketAddress) -> bool:
    """Whether ``sender`` can be one host's own address and port (a forged one may not be)."""
    host, port = sender[:2]
    if port == 0:
        return False
    address = ipaddress.ip_address(plain_host(host).partition("%")[0])
    is_broadcast = isinstance(address, ipaddress.IPv4Address) and address.packed == b"\xff" * 4
    return not (address.is_multicast or address.is_unspecified or is_broadcast)


def plain_host(host: str) -> str:
    """Return an IPv4 address that an IPv6 socket has mapped in its plain notation."""
    return host.removeprefix(_MAPPED_PREFIX) if "." in host else host
