"""SIP transactions over one UDP socket (RFC 3261 section 17), cut down to what loopback needs.

A request is sent again until any response comes; a final response to an INVITE is sent again until
its ACK comes; a repeated request gets the same response again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from provisioner.sip.headers import host_port, new_branch, tag_of
from provisioner.sip.message import Fields, SipRequest, SipResponse, parse_message
from provisioner.sip.transport import T1_S, SocketAddress, UdpEndpoint
from provisioner.sip.ua_profile import response_destination
from web.simulated.sip_engine import SipEngine, Timer
from web.simulated.sip_reply import REASONS, ack_of_refusal, reply_headers

T2_S = 4.0  # RFC 3261 section 17.1.2.2: the longest pause between two sends
LIFETIME_S = 64 * T1_S  # timers B, F, H and J
UNREACHABLE = 503  # RFC 3261 section 8.1.3.1: what a transport error is taken for
SILENT = 408  # the same section: what a time-out is taken for
OK = 200
REFUSED = 300

OnRequest = Callable[[SipRequest, SocketAddress], None]
OnResponse = Callable[[SipResponse, SocketAddress], None]
Passes = Callable[[SocketAddress], bool]

_Key = tuple[str, ...]


class ClientTransaction:
    """One request that waits for its response (RFC 3261 section 17.1).

    Attributes:
        is_ended: whether the final response came, or will not come any more.
    """

    def __init__(
        self, link: SipLink, request: SipRequest, to: SocketAddress, on_response: OnResponse
    ) -> None:
        self._link = link
        self._request = request
        self._to = to
        self._on_response = on_response
        self._pause_s = T1_S
        self._again: Timer | None = None
        self._end: Timer | None = None
        self.is_ended = False

    def start(self) -> None:
        """Send for the first time; a response never comes before this has returned."""
        engine = self._link.engine
        if self._link.send(self._request, self._to):
            self._again = engine.later(self._pause_s, self._send_again)
            self._end = engine.later(LIFETIME_S, lambda: self._fail(SILENT))
        else:
            self._end = engine.later(0, lambda: self._fail(UNREACHABLE))

    def receive(self, response: SipResponse, source: SocketAddress) -> None:
        """Take a response that belongs to this request."""
        is_invite = self._request.method == "INVITE"
        # A provisional response to an INVITE may be followed by a long ringing.
        self._stop_timers(with_end=response.is_final or is_invite)
        if is_invite and response.status >= REFUSED:
            self._link.send(ack_of_refusal(self._request, response), self._to)
        if self.is_ended:
            return
        if response.is_final:
            self._finish()
        self._on_response(response, source)

    def _send_again(self) -> None:
        self._link.send(self._request, self._to)
        is_invite = self._request.method == "INVITE"
        self._pause_s = self._pause_s * 2 if is_invite else min(self._pause_s * 2, T2_S)
        self._again = self._link.engine.later(self._pause_s, self._send_again)

    def _fail(self, status: int) -> None:
        """End without a response from the other side."""
        self._stop_timers(with_end=True)
        self._finish()
        headers = reply_headers(self._request, self._to)
        self._on_response(SipResponse(status, REASONS[status], headers=headers), self._to)

    def _finish(self) -> None:
        """Stay a while, so that repeated final responses to an INVITE are acknowledged again."""
        self.is_ended = True
        self._link.engine.later(LIFETIME_S, lambda: self._link.forget(self._request))

    def _stop_timers(self, *, with_end: bool) -> None:
        for timer in (self._again, self._end if with_end else None):
            if timer is not None:
                timer.cancel()


class SipLink:
    """One UDP socket with its transactions.

    Args:
        engine: what serves it.
        address: own address to bind; port 0 takes a free one.
        on_request: gets every new request, and every ACK.
        on_stray: gets every response that belongs to no transaction here, and every 2xx to an
            INVITE after the first.

    Attributes:
        passes: whether a datagram to or from an address gets through: what a cable, a router or a
            filter does. Lost ones are lost in silence; None: all get through.

    Raises:
        SipError: the address cannot be had.
    """

    def __init__(
        self,
        engine: SipEngine,
        address: SocketAddress,
        on_request: OnRequest,
        on_stray: OnResponse,
    ) -> None:
        self.engine = engine
        self.passes: Passes | None = None
        self._endpoint = UdpEndpoint.bound(*address)
        self._on_request = on_request
        self._on_stray = on_stray
        self._clients: dict[_Key, ClientTransaction] = {}
        self._served: dict[_Key, tuple[bytes, SocketAddress] | None] = {}
        self._unacknowledged: dict[_Key, Timer] = {}
        engine.serve(self._endpoint, self._on_datagram)

    @property
    def address(self) -> SocketAddress:
        """Own address, also after ``close``."""
        return self._endpoint.address

    def close(self) -> None:
        """Give the socket back; calling it again does no harm."""
        self.engine.drop(self._endpoint)

    def send(self, message: SipRequest | SipResponse, to: SocketAddress) -> bool:
        """Send once, outside any transaction; returns whether the kernel took it."""
        return self._put(message.encode(), to)

    def _put(self, data: bytes, to: SocketAddress) -> bool:
        if self.passes is not None and not self.passes(to):
            return True  # as the kernel does: nobody tells that it is lost on the way
        return self._endpoint.send(data, to)

    def with_via(self, request: SipRequest) -> SipRequest:
        """Return ``request`` with our Via and a new branch on top."""
        via = f"SIP/2.0/UDP {host_port(*self.address)};branch={new_branch()};rport"
        return replace(request, headers=(("Via", via), *request.headers))

    def request(
        self, request: SipRequest, to: SocketAddress, on_response: OnResponse
    ) -> SipRequest:
        """Send ``request`` in a transaction and return it as sent.

        A request that has a Via already is sent with that one: a CANCEL shares the branch of its
        INVITE (RFC 3261 section 9.1). Silence comes as a 408 and a transport error as a 503.
        """
        sent = request if request.header("Via") else self.with_via(request)
        transaction = ClientTransaction(self, sent, to, on_response)
        with self.engine.lock:
            self._clients[_client_key(sent)] = transaction
            transaction.start()
        return sent

    def forget(self, request: SipRequest) -> None:
        """Drop the transaction of a request."""
        self._clients.pop(_client_key(request), None)

    def disown(self, request: SipRequest) -> None:
        """Take repetitions of ``request`` for new: it is forwarded, not answered, here."""
        self._served.pop(_server_key(request), None)

    def answer(
        self,
        request: SipRequest,
        source: SocketAddress,
        status: int,
        *,
        tag: str = "",
        headers: Fields = (),
        body: bytes = b"",
    ) -> None:
        """Answer ``request``, and remember the answer for when it is repeated.

        Args:
            request: what is answered.
            source: where it came from.
            status: the status.
            tag: our tag, for a To header that has none.
            headers: beside those that every response repeats.
            body: for example SDP.
        """
        fields = (*reply_headers(request, source, tag), *headers)
        response = SipResponse(status, REASONS.get(status, ""), headers=fields, body=body)
        datagram = (response.encode(), response_destination(request, source))
        with self.engine.lock:
            self._served[_server_key(request)] = datagram
            self._put(*datagram)
            if request.method == "INVITE" and response.is_final:
                self._repeat(_ack_key(request), datagram, T1_S, LIFETIME_S)

    def _repeat(
        self, key: _Key, datagram: tuple[bytes, SocketAddress], pause_s: float, left_s: float
    ) -> None:
        """Send a final response to an INVITE again until its ACK (RFC 3261 section 13.3.1.4)."""

        def again() -> None:
            self._put(*datagram)
            self._repeat(key, datagram, min(2 * pause_s, T2_S), left_s - pause_s)

        if left_s > 0:
            self._unacknowledged[key] = self.engine.later(pause_s, again)
        else:
            self._unacknowledged.pop(key, None)

    def _on_datagram(self, data: bytes, source: SocketAddress) -> None:
        if self.passes is not None and not self.passes(source):
            return
        message = parse_message(data)
        if isinstance(message, SipResponse):
            self._on_response(message, source)
        elif message.method == "ACK":
            timer = self._unacknowledged.pop(_ack_key(message), None)
            if timer is not None:
                timer.cancel()
            self._on_request(message, source)
        elif not self._is_repeated(message):
            self._on_request(message, source)

    def _on_response(self, response: SipResponse, source: SocketAddress) -> None:
        transaction = self._clients.get(_client_key(response))
        is_call = response.cseq.method == "INVITE" and OK <= response.status < REFUSED
        if transaction is None or (is_call and transaction.is_ended):
            self._on_stray(response, source)
        else:
            transaction.receive(response, source)

    def _is_repeated(self, request: SipRequest) -> bool:
        """Return whether ``request`` was here before; then its answer is sent again."""
        key = _server_key(request)
        if key not in self._served:
            self._served[key] = None
            self.engine.later(LIFETIME_S, lambda: self._forget_served(key))
            return False
        datagram = self._served[key]
        if datagram is not None:
            self._put(*datagram)
        return True

    def _forget_served(self, key: _Key) -> None:
        self._served.pop(key, None)


def _client_key(message: SipRequest | SipResponse) -> _Key:
    """Return what a request and its responses have in common (RFC 3261 section 17.1.3)."""
    return message.top_via.branch, message.cseq.method


def _server_key(request: SipRequest) -> _Key:
    """Return what a request and its repetitions have in common (RFC 3261 section 17.2.3)."""
    via = request.top_via
    return via.branch, via.host, str(via.port), request.method


def _ack_key(request: SipRequest) -> _Key:
    """Return what an INVITE and its ACK have in common, whatever the status was."""
    return request.needed("Call-ID"), tag_of(request.needed("From")), str(request.cseq.number)
