"""SIP over UDP: one exchange that blocks, and a socket that threads may share.

``exchange`` uses a connected socket, so that the kernel reports an ICMP refusal: a host that is up
without SIP is another finding than silence.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address

from provisioner.errors import SipError
from provisioner.sip.headers import MalformedMessageError, host_port, new_branch
from provisioner.sip.message import MAX_MESSAGE_BYTES, SipRequest, SipResponse, parse_message

T1_S = 0.5  # RFC 3261 section 17.1.1.1: the round trip estimate
SEND_AT_T1 = (0, 1, 3)  # RFC 3261 section 17.1.2.1: timer E doubles, T1 and then 2*T1 later
GIVE_UP_T1 = 7  # cut short of timer F (64*T1, section 17.1.2.2): who watches asks again anyway
GIVE_UP_S = GIVE_UP_T1 * T1_S

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024  # bursts of answers; the kernel may grant less
_IP_MULTICAST_ALL = 49  # linux/in.h; the socket module has no name for it

SocketAddress = tuple[str, int]


class RefusedError(SipError):
    """The host is up, but nothing there listens to SIP (an ICMP refusal came back)."""


class SilenceError(SipError):
    """Nobody answered."""


def exchange(
    request: SipRequest,
    host: str,
    port: int,
    *,
    timeout_s: float = GIVE_UP_S,
    t1_s: float = T1_S,
) -> SipResponse:
    """Send ``request`` and return its final response, whatever the status.

    A request without Via gets one, and one without Contact gets one, both with the address of the
    socket. It is sent again after T1 and 3*T1 until something answers (RFC 3261 section 17.1.2).

    Args:
        request: what to send.
        host: address or name.
        port: UDP port.
        timeout_s: when to give up.
        t1_s: the round trip estimate T1.

    Raises:
        RefusedError: ICMP says that nothing listens there (permanent).
        SilenceError: no final response in time (not permanent).
        SipError: the host has no address or cannot be reached, or the request cannot be sent.
    """
    try:
        with _connected(host, port) as channel:
            local = channel.getsockname()[:2]
            sent = with_origin(request, local)
            return _Exchange(channel, sent, host, t1_s).run(timeout_s)
    except ConnectionRefusedError:
        raise RefusedError(host, f"nothing listens on UDP port {port}", permanent=True) from None
    except socket.gaierror as error:
        is_final = error.errno == socket.EAI_NONAME
        raise SipError(host, f"no address: {error.strerror}", permanent=is_final) from None
    except (ValueError, OverflowError) as error:
        raise SipError(host, f"the request cannot be sent: {error}", permanent=True) from None
    except OSError as error:
        raise SipError(host, f"cannot be reached: {error.strerror or error}") from None


def with_origin(request: SipRequest, local: SocketAddress, transport: str = "UDP") -> SipRequest:
    """Return ``request`` with a Via and a Contact that name ``local``, where it has none.

    Args:
        request: what is to be sent.
        local: own address and port.
        transport: ``UDP``, ``TCP`` or ``TLS``, as it stands in a Via.
    """
    place = host_port(*local)
    fields = request.headers
    if request.header("Contact") is None:
        parameter = "" if transport == "UDP" else f";transport={transport.lower()}"
        fields = (*fields, ("Contact", f"<sip:bellwire@{place}{parameter}>"))
    if request.header("Via") is None:
        # RFC 3581 section 3: rport, for devices behind a translator and for answers to this port.
        fields = (("Via", f"SIP/2.0/{transport} {place};branch={new_branch()};rport"), *fields)
    return replace(request, headers=fields)


class _Exchange:
    """One client transaction over a connected socket (RFC 3261 section 17.1.2)."""

    def __init__(self, channel: socket.socket, request: SipRequest, host: str, t1_s: float) -> None:
        self._channel = channel
        self._data = request.encode()
        self._branch = request.top_via.branch
        self._method = request.cseq.method
        self._host = host
        self._t1_s = t1_s

    def run(self, timeout_s: float) -> SipResponse:
        """Send, send again, and return the final response."""
        started = time.monotonic()
        give_up_at = started + timeout_s
        sends = [started + count * self._t1_s for count in SEND_AT_T1]
        while (now := time.monotonic()) < give_up_at:
            if sends and sends[0] <= now:
                sends.pop(0)
                self._channel.send(self._data)
            response = self._receive(min([give_up_at, *sends[:1]]) - time.monotonic())
            if response is None:
                continue
            if response.is_final:
                return response
            sends.clear()  # a provisional response: it has the request and works on it
        raise SilenceError(self._host, f"no answer to {self._method} within {timeout_s:g} s")

    def _receive(self, wait_s: float) -> SipResponse | None:
        """Return the next message that answers this request, None when there is none in time."""
        self._channel.settimeout(max(wait_s, 0.001))
        try:
            message = parse_message(self._channel.recv(MAX_MESSAGE_BYTES))
        except (TimeoutError, MalformedMessageError):
            return None
        return message if isinstance(message, SipResponse) and self._is_answer(message) else None

    def _is_answer(self, response: SipResponse) -> bool:
        return answers(response, self._branch, self._method)


def answers(response: SipResponse, branch: str, method: str) -> bool:
    """Return whether a response belongs to a request (RFC 3261 section 17.1.3)."""
    return response.top_via.branch == branch and response.cseq.method == method


def _connected(host: str, port: int) -> socket.socket:
    """Return a UDP socket that talks to ``host`` and ``port`` only."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    channel = socket.socket(family, kind, protocol)
    try:
        channel.connect(address)
    except BaseException:
        channel.close()
        raise
    return channel


def local_address_towards(host: str, fallback: str) -> str:
    """Return the address this machine sends from to reach ``host``; no packet is sent."""
    try:
        with _connected(host, 9) as channel:
            return str(channel.getsockname()[0])
    except OSError:
        return fallback


class UdpEndpoint:
    """An IPv4 UDP socket that several threads may send on and close.

    Sending never blocks and never raises: a datagram that cannot be sent is a lost one, and SIP
    sends again.
    """

    def __init__(self, channel: socket.socket) -> None:
        channel.settimeout(0)
        self._channel = channel
        self._lock = threading.Lock()
        self._address: SocketAddress = channel.getsockname()[:2]

    @classmethod
    def bound(cls, host: str, port: int = 0) -> UdpEndpoint:
        """Open a unicast endpoint.

        Raises:
            SipError: the address cannot be had.
        """
        return cls._open(host, port, ())

    @classmethod
    def in_group(cls, group: str, port: int, interfaces: Iterable[str]) -> UdpEndpoint:
        """Open an endpoint that receives what is sent to a multicast group (RFC 1112).

        Args:
            group: the group's address; any other address is bound as it is.
            port: UDP port, shared with others that share it too.
            interfaces: own addresses on whose networks to join; the default route's when empty.

        Raises:
            SipError: the address cannot be had or an interface cannot join.
        """
        joins = tuple(interfaces) or ("0.0.0.0",)  # noqa: S104 - the kernel chooses the interface
        return cls._open(group, port, joins if ip_address(group).is_multicast else ())

    @classmethod
    def _open(cls, host: str, port: int, joins: tuple[str, ...]) -> UdpEndpoint:
        channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            if joins:
                channel.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                channel.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
            channel.bind((host, port))
            for interface in joins:
                membership = socket.inet_aton(host) + socket.inet_aton(interface)
                channel.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        except OSError as error:
            channel.close()
            problem = f"UDP port {port} cannot be opened: {error.strerror or error}"
            raise SipError(host, problem, permanent=True) from None
        return cls(channel)

    @property
    def address(self) -> SocketAddress:
        """Own address and port, also after ``close``."""
        return self._address

    def fileno(self) -> int:
        """Return the descriptor, for selectors."""
        return self._channel.fileno()

    def send(self, data: bytes, to: SocketAddress) -> bool:
        """Send one datagram and return whether the kernel took it."""
        with self._lock:
            try:
                return self._channel.sendto(data, to) == len(data)
            except OSError:
                return False

    def receive(self) -> tuple[bytes, SocketAddress] | None:
        """Return a waiting datagram and its sender, None when there is none."""
        try:
            data, sender = self._channel.recvfrom(MAX_MESSAGE_BYTES)
        except OSError:
            return None
        return data, (str(sender[0]), int(sender[1]))

    def close(self) -> None:
        """Give the socket back; calling it again does no harm."""
        with self._lock:
            self._channel.close()
