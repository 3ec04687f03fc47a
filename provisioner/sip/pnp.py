"""SIP plug and play: a phone asks the group where its settings are, and is told (RFC 6080).

The phone sends a SUBSCRIBE for ``ua-profile`` to 224.0.1.75. It gets a 200 and, in the same
dialog, a NOTIFY whose body is the URL. ``ua_profile`` reads the question and writes the answer;
``PnpServer`` moves the datagrams.
"""

from __future__ import annotations

import logging
import selectors
import threading
import time
from collections.abc import Callable, Iterable
from ipaddress import ip_address

from provisioner.sip.headers import (
    SIP_PORT,
    MalformedMessageError,
    new_branch,
    new_token,
    tag_of,
)
from provisioner.sip.message import SipRequest, SipResponse, parse_message
from provisioner.sip.pnp_dialogs import Datagram, DialogKey, Dialogs, SourceRate
from provisioner.sip.transport import SocketAddress, UdpEndpoint, local_address_towards
from provisioner.sip.ua_profile import (
    OwnEnd,
    PnpAsk,
    answer,
    bad_event,
    is_profile_event,
    notify_destination,
    parse_subscribe,
    response_destination,
)

__all__ = [
    "PNP_GROUP",
    "OwnEnd",
    "PnpAsk",
    "PnpServer",
    "UrlFor",
    "answer",
    "notify_destination",
    "parse_subscribe",
]

PNP_GROUP = "224.0.1.75"  # IANA: sip.mcast.net, RFC 3261 section 10.2.6

UrlFor = Callable[[PnpAsk, str], str | None]

_ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - the group's members reach us on any interface
_POLL_S = 0.2
_DATAGRAMS_PER_TURN = 64
_REFUSED = 300

_log = logging.getLogger(__name__)


class PnpServer:
    """Listens to the PnP group and answers.

    Args:
        url_for: the hook that says which URL a phone at an address gets; None means silence.
            It is called in the thread that serves.
        group: multicast group, or an own address to listen on without multicast.
        port: UDP port; 0 takes a free one.
        interfaces: own addresses on whose networks to join; the default route's when empty.
        rate: how much one source may send.
        dialogs: the memory, with its bounds and timers.

    Raises:
        SipError: the group or the port cannot be had.
    """

    def __init__(
        self,
        url_for: UrlFor,
        *,
        group: str = PNP_GROUP,
        port: int = SIP_PORT,
        interfaces: Iterable[str] = (),
        rate: SourceRate | None = None,
        dialogs: Dialogs | None = None,
    ) -> None:
        own = tuple(interfaces)
        self._url_for = url_for
        self._rate = rate or SourceRate()
        self._dialogs = Dialogs() if dialogs is None else dialogs
        self._listening = UdpEndpoint.in_group(group, port, own)
        try:
            self._unicast = UdpEndpoint.bound(_unicast_host(group, own))
        except BaseException:
            self._listening.close()
            raise
        self._is_closed = threading.Event()
        self._serving = threading.Lock()

    @property
    def address(self) -> SocketAddress:
        """Where phones send to: the group and the port."""
        return self._listening.address

    def serve(self, stop_event: threading.Event) -> None:
        """Answer until ``stop_event`` is set or the server is closed."""
        with self._serving, selectors.DefaultSelector() as selector:
            if self._is_closed.is_set():
                return
            handlers = {
                self._listening.fileno(): (self._listening, self._on_request),
                self._unicast.fileno(): (self._unicast, self._on_response),
            }
            for descriptor in handlers:
                selector.register(descriptor, selectors.EVENT_READ)
            while not (stop_event.is_set() or self._is_closed.is_set()):
                for key, _ in selector.select(self._wait_s()):
                    self._drain(*handlers[key.fd])
                for datagram in self._dialogs.due(time.monotonic()):
                    self._unicast.send(datagram.data, datagram.to)

    def close(self) -> None:
        """End ``serve``, wait for it and give the sockets back."""
        self._is_closed.set()
        with self._serving:
            self._listening.close()
            self._unicast.close()

    def _wait_s(self) -> float:
        """Return how long nothing needs to be done, short enough to see a stop soon."""
        next_at_s = self._dialogs.next_at_s()
        return _POLL_S if next_at_s is None else min(_POLL_S, max(0, next_at_s - time.monotonic()))

    def _drain(self, endpoint: UdpEndpoint, handle: Callable[[bytes, SocketAddress], None]) -> None:
        """Handle what waits at ``endpoint``, a bounded number so that timers are served too."""
        for _ in range(_DATAGRAMS_PER_TURN):
            waiting = endpoint.receive()
            if waiting is None:
                return
            data, source = waiting
            try:
                handle(data, source)
            except MalformedMessageError as error:
                _log.debug("PnP: a datagram from %s is ignored: %s", source[0], error)
            except Exception:  # noqa: BLE001 - the hook's fault must not end the service
                _log.exception("PnP: a datagram from %s could not be handled", source[0])

    def _on_request(self, data: bytes, source: SocketAddress) -> None:
        """Answer a SUBSCRIBE.

        1. Look only at as much as one source may send. 2. Ignore all but SUBSCRIBE. 3. Repeat the
        200 of one already answered. 4. Refuse other events. 5. Ask the hook; None is silence.
        6. Send the 200 and the NOTIFY, and remember both.
        """
        now_s = time.monotonic()
        if not self._rate.allows(source[0], now_s):
            return
        request = parse_message(data)
        if not isinstance(request, SipRequest) or request.method != "SUBSCRIBE":
            return
        key = _key(request, source)
        earlier = self._dialogs.answer_again(key, now_s)
        if earlier is not None:
            self._unicast.send(earlier.data, earlier.to)
        elif not is_profile_event(request):
            refusal = bad_event(request, source, new_token())
            self._unicast.send(refusal, response_destination(request, source))
        else:
            self._on_ask(request, source, key, now_s)

    def _on_ask(
        self, request: SipRequest, source: SocketAddress, key: DialogKey, now_s: float
    ) -> None:
        """Ask the hook and answer with what it says."""
        ask = parse_subscribe(request)
        if ask is None or not self._dialogs.has_room(now_s):
            return
        url = self._url_for(ask, source[0])
        if url is None:
            return
        own = OwnEnd(self._own_address(source[0]), new_token(), new_branch())
        ok_data, notify_data = answer(request, ask, url, source, own)
        ok = Datagram(ok_data, response_destination(request, source))
        notify = Datagram(notify_data, notify_destination(ask.contact_uri, source))
        self._dialogs.open(key, ok, notify, own.branch, now_s)
        self._unicast.send(ok.data, ok.to)
        self._unicast.send(notify.data, notify.to)
        _log.info("PnP: %s (%s %s) at %s is answered", ask.mac, ask.vendor, ask.model, source[0])

    def _on_response(self, data: bytes, source: SocketAddress) -> None:
        """Note that a phone has its NOTIFY."""
        response = parse_message(data)
        if not isinstance(response, SipResponse) or not response.is_final:
            return
        is_answer = response.cseq.method == "NOTIFY" and self._dialogs.answered(
            response.top_via.branch, source[0]
        )
        if is_answer and response.status >= _REFUSED:
            _log.warning("PnP: %s refuses its NOTIFY with %d", source[0], response.status)

    def _own_address(self, peer_host: str) -> SocketAddress:
        """Return our unicast address as ``peer_host`` sees it."""
        host, port = self._unicast.address
        return (local_address_towards(peer_host, host) if host == _ANY_ADDRESS else host), port


def _key(request: SipRequest, source: SocketAddress) -> DialogKey:
    """Return what a SUBSCRIBE and its repetitions have in common."""
    tag = tag_of(request.needed("From"))
    return source[0], request.needed("Call-ID"), tag, request.needed("CSeq")


def _unicast_host(group: str, interfaces: tuple[str, ...]) -> str:
    """Return the address that answers come from."""
    if not ip_address(group).is_multicast:
        return group
    return interfaces[0] if len(interfaces) == 1 else _ANY_ADDRESS
