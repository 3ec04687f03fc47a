"""What the calls of a simulated phone have in common, whoever began them."""

from __future__ import annotations

import math
import re
import secrets
import time
from abc import ABC, abstractmethod
from collections import deque

from provisioner.sip.headers import tag_of
from provisioner.sip.message import Fields, SipRequest, SipResponse
from provisioner.sip.transport import SocketAddress
from web.simulated.rtp import DIGITS
from web.simulated.rtp_stream import RtpStream
from web.simulated.sdp import SDP_TYPE, Session, parse_session
from web.simulated.sip_dialog import Dialog
from web.simulated.sip_engine import SipEngine
from web.simulated.sip_line import SipLine
from web.simulated.sip_link import LIFETIME_S, OK

STATES = ("calling", "ringing", "early", "answered", "ended")
DTMF_RELAY = "application/dtmf-relay"
_DTMF_TYPES = {DTMF_RELAY, "application/dtmf"}
_SIGNAL = re.compile(r"^\s*(?:signal\s*=\s*)?([0-9*#A-D])\s*$", re.IGNORECASE | re.MULTILINE)
_INFO_DURATION_MS = 160


class Call(ABC):
    """One call.

    Args:
        engine: what serves it.
        line: the account it goes over.
        peer_number: who is called, or who calls.
        media: whether silence is sent while the call is answered.

    Attributes:
        call_id: its Call-ID.
        local_tag: our tag.
        status: final status of the INVITE, 0 before there is one.
        reason: the phrase of that status, or how the call ended.
        received_dtmf: the digits received, by RTP and by INFO.
        other_requests: methods of requests inside the call, in order.
    """

    def __init__(self, engine: SipEngine, line: SipLine, peer_number: str, *, media: bool) -> None:
        self._engine = engine
        self._line = line
        self._media = media
        self._dialog: Dialog | None = None
        self._states = ["calling"]
        self._session_number = secrets.randbits(31)
        self._info_digits: deque[str] = deque()
        self._is_sending_info = False
        self._rtp = RtpStream(engine, line.link.address[0], self._on_digits)
        self._local = self._rtp.local
        self._forget_at_s = math.inf
        self.call_id = ""
        self.local_tag = ""
        self.peer_number = peer_number
        self.status = 0
        self.reason = ""
        self.received_dtmf = ""
        self.other_requests: list[str] = []

    @property
    def state(self) -> str:
        """One of ``STATES``."""
        return self._states[-1]

    @property
    def states(self) -> tuple[str, ...]:
        """The states the call has been in, in order."""
        return tuple(self._states)

    @property
    def account(self) -> int:
        """Number of the account it goes over."""
        return self._line.account.number

    @property
    def is_alive(self) -> bool:
        """Whether messages of the call may still come: they may be repeated after its end."""
        return time.monotonic() < self._forget_at_s

    @property
    def rtp_packets(self) -> int:
        """How many RTP packets have come."""
        return self._rtp.received

    def wait(self, state: str, timeout_s: float = 10.0) -> bool:
        """Wait until the call is in ``state`` and return whether it is, or has been.

        Raises:
            ValueError: there is no such state.
        """
        if state not in STATES:
            raise ValueError(f"{state!r} is none of {', '.join(STATES)}")
        self._engine.wait_for(lambda: state in self._states or self.state == "ended", timeout_s)
        return state in self._states

    def wait_dtmf(self, digits: str, timeout_s: float = 10.0) -> bool:
        """Wait until ``received_dtmf`` ends with ``digits`` and return whether it does."""
        return self._engine.wait_for(lambda: self.received_dtmf.endswith(digits), timeout_s)

    @abstractmethod
    def answer(self) -> None:
        """Pick up.

        Raises:
            ValueError: there is nothing to answer.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Give up before the call is answered.

        Raises:
            ValueError: it is answered, or someone else's.
        """

    @abstractmethod
    def hang_up(self) -> None:
        """End the call, whatever its state; without effect when it has ended."""

    def send_dtmf(self, digits: str, how: str = "") -> None:
        """Send digits; returns before they are sent.

        Args:
            digits: of ``0123456789*#ABCD``.
            how: ``rfc4733`` or ``info``; as the account says when empty, and what is neither of
                them there goes by RTP when the other side takes it, by INFO otherwise.

        Raises:
            ValueError: no call that takes digits, or no such digit.
        """
        wanted = how or self._line.account.dtmf
        if any(digit not in DIGITS for digit in digits):
            raise ValueError(f"{digits!r} are not digits of a telephone")
        with self._engine.lock:
            if self.state not in {"early", "answered"}:
                raise ValueError(f"the call to {self.peer_number} is {self.state}")
            by_rtp = self._rtp.takes_events if wanted != "info" else False
            if how == "rfc4733" and not by_rtp:
                raise ValueError("the other side takes no telephone events")
            if by_rtp:
                self._rtp.send_digits(digits)
            else:
                self._info_digits.extend(digits)
                self._send_info()

    def abandon(self) -> None:
        """End the call without a word, as a phone does that loses its power."""
        with self._engine.lock:
            self._end("the phone is gone")

    def owns(self, request: SipRequest) -> bool:
        """Return whether ``request`` belongs to this call."""
        tag = tag_of(request.needed("To"))
        return request.needed("Call-ID") == self.call_id and tag in {"", self.local_tag}

    def on_request(self, request: SipRequest, source: SocketAddress) -> None:
        """Take a request inside the call."""
        if request.method != "ACK":
            self.other_requests.append(request.method)
        if request.method == "BYE":
            self._reply(request, source, OK)
            self._end("the other side hung up")
        elif self.state == "ended":
            if request.method != "ACK":
                self._reply(request, source, 481)
        elif request.method == "INFO":
            self._on_info(request, source)
        elif request.method == "INVITE":
            self._on_invite_again(request, source)

    def _on_info(self, request: SipRequest, source: SocketAddress) -> None:
        """Take digits (application/dtmf-relay)."""
        kind = (request.header("Content-Type") or "").partition(";")[0].strip().lower()
        self._reply(request, source, OK if kind in _DTMF_TYPES or not request.body else 415)
        found = _SIGNAL.search(request.body.decode("utf-8", "replace"))
        if kind in _DTMF_TYPES and found:
            self._on_digits(found[1].upper())

    def _on_invite_again(self, request: SipRequest, source: SocketAddress) -> None:
        """Answer a re-INVITE with the session as it is (RFC 3261 section 14.2)."""
        if self._dialog is None or self.state != "answered":
            self._reply(request, source, 481)
            return
        self._dialog.refresh(request, source)
        if request.body:
            self._connect(parse_session(request.body))
        self._reply(request, source, OK, with_session=True)

    def _on_digits(self, digits: str) -> None:
        self.received_dtmf += digits
        self._engine.changed()

    def _connect(self, remote: Session) -> None:
        """Send RTP to where the other side wants it."""
        self._rtp.connect(remote, is_talking=self._media)

    def _reply(
        self, request: SipRequest, source: SocketAddress, status: int, *, with_session: bool = False
    ) -> None:
        """Answer a request of the call."""
        headers: Fields = self._line.own_headers
        body = b""
        if with_session:
            headers = (*headers, ("Content-Type", SDP_TYPE))
            body = self._local.encode(self._session_number)
        tag = self.local_tag
        self._line.link.answer(request, source, status, tag=tag, headers=headers, body=body)

    def _send(self, method: str, headers: Fields = (), body: bytes = b"") -> None:
        """Send a request inside the dialog, and take what comes of it."""
        dialog = self._dialog
        if dialog is None:
            return
        request = dialog.request(method, (*self._line.own_headers, *headers), body)

        def on_response(response: SipResponse, _: SocketAddress) -> None:
            dialog.cseq = max(dialog.cseq, exchange.request.cseq.number)
            if response.is_final and method == "INFO":
                self._is_sending_info = False
                self._send_info()

        exchange = self._line.send(request, on_response, dialog.address)

    def _send_info(self) -> None:
        """Send the next digit by INFO, once the one before is answered."""
        if self._is_sending_info or not self._info_digits or self.state == "ended":
            return
        self._is_sending_info = True
        body = f"Signal={self._info_digits.popleft()}\r\nDuration={_INFO_DURATION_MS}\r\n"
        self._send("INFO", (("Content-Type", DTMF_RELAY),), body.encode())

    def _enter(self, state: str) -> None:
        """Go to a state, never back from the end."""
        if self.state not in {state, "ended"}:
            self._states.append(state)
            self._engine.changed()

    def _end(self, reason: str, status: int = 0) -> None:
        """Note that the call is over and give its socket back."""
        if self.state != "ended":
            self.status = self.status or status
            self.reason = reason
            self._rtp.close()
            self._forget_at_s = time.monotonic() + LIFETIME_S
            self._enter("ended")

    def _hang_up_answered(self) -> None:
        """Send BYE (RFC 3261 section 15.1.1); the call is over without waiting for its answer."""
        self._send("BYE")
        self._end("hung up")
