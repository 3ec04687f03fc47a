"""Takes the phones' voice quality reports: PUBLISH over UDP (RFC 6035, RFC 3903)."""

from __future__ import annotations

import logging
import selectors
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from provisioner.sip.headers import SIP_PORT, MalformedMessageError, new_token
from provisioner.sip.message import SipRequest, parse_message
from provisioner.sip.pnp_dialogs import SourceRate
from provisioner.sip.transport import SocketAddress, UdpEndpoint
from provisioner.sip.ua_profile import reply, response_destination
from provisioner.sip.vq_report import VqReport, parse_vq_report

EVENT = "vq-rtcpxr"
MEDIA_TYPE = "application/vq-rtcpxr"
ALLOW = "PUBLISH, OPTIONS"
MAX_REMEMBERED = 4096

Take = Callable[[VqReport, SipRequest, str], None]
"""Is given a report, the request that brought it and the sender's address."""

_POLL_S = 0.2
_DATAGRAMS_PER_TURN = 64
_log = logging.getLogger(__name__)


class VqCollector:
    """Listens for reports and answers them.

    Args:
        take: keeps a report; it is called in the thread that serves, once for each report.
        host: own address.
        port: UDP port; 0 takes a free one.
        rate: how much one source may send.

    Raises:
        SipError: the address or the port cannot be had.
    """

    def __init__(
        self,
        take: Take,
        *,
        host: str,
        port: int = SIP_PORT,
        rate: SourceRate | None = None,
    ) -> None:
        self._take = take
        self._rate = rate or SourceRate()
        self._endpoint = UdpEndpoint.bound(host, port)
        self._answers: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()
        self._is_closed = threading.Event()
        self._serving = threading.Lock()

    @property
    def address(self) -> SocketAddress:
        """Where phones send to."""
        return self._endpoint.address

    def serve(self, stop_event: threading.Event) -> None:
        """Answer until ``stop_event`` is set or the collector is closed."""
        with self._serving, selectors.DefaultSelector() as selector:
            if self._is_closed.is_set():
                return
            selector.register(self._endpoint.fileno(), selectors.EVENT_READ)
            while not (stop_event.is_set() or self._is_closed.is_set()):
                if selector.select(_POLL_S):
                    self._drain()

    def close(self) -> None:
        """End ``serve``, wait for it and give the socket back."""
        self._is_closed.set()
        with self._serving:
            self._endpoint.close()

    def _drain(self) -> None:
        for _ in range(_DATAGRAMS_PER_TURN):
            waiting = self._endpoint.receive()
            if waiting is None:
                return
            data, source = waiting
            try:
                self._on_datagram(data, source)
            except MalformedMessageError as problem:
                _log.debug("quality: a datagram from %s is ignored: %s", source[0], problem)
            except Exception:  # noqa: BLE001 - the hook's fault must not end the service
                _log.exception("quality: a report from %s could not be kept", source[0])

    def _on_datagram(self, data: bytes, source: SocketAddress) -> None:
        """Answer a request; one that was answered before gets the same answer again."""
        if not self._rate.allows(source[0], time.monotonic()):
            return
        request = parse_message(data)
        if not isinstance(request, SipRequest) or request.method == "ACK":
            return
        # who sends again keeps the branch (RFC 3261 section 17.2.3)
        key = (source[0], request.top_via.branch, request.needed("CSeq"))
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answer(request, source)
            self._answers[key] = answer
            if len(self._answers) > MAX_REMEMBERED:
                self._answers.popitem(last=False)
        self._endpoint.send(answer, response_destination(request, source))

    def _answer(self, request: SipRequest, source: SocketAddress) -> bytes:
        tag = new_token()
        if request.method == "OPTIONS":
            return reply(request, source, tag, 200, "OK", ("Allow", ALLOW))
        if request.method != "PUBLISH":
            return reply(request, source, tag, 405, "Method Not Allowed", ("Allow", ALLOW))
        if _first_word(request, "Event") != EVENT:
            return reply(request, source, tag, 489, "Bad Event", ("Allow-Events", EVENT))
        if _first_word(request, "Content-Type") != MEDIA_TYPE:
            wanted = ("Accept", MEDIA_TYPE)
            return reply(request, source, tag, 415, "Unsupported Media Type", wanted)
        try:
            report = parse_vq_report(request.body)
        except MalformedMessageError:
            return reply(request, source, tag, 400, "Bad Request")
        self._take(report, request, source[0])
        # a report is an event, not a state: it expires at once (RFC 3903 section 6)
        state = (("SIP-ETag", new_token()), ("Expires", "0"))
        return reply(request, source, tag, 200, "OK", *state)


def _first_word(request: SipRequest, name: str) -> str:
    return (request.header(name) or "").partition(";")[0].strip().lower()
