"""A call that the simulated phone makes (RFC 3261 sections 13.2 and 9.1)."""

from __future__ import annotations

from provisioner.sip.headers import MalformedMessageError, tag_of
from provisioner.sip.message import SipRequest, SipResponse
from provisioner.sip.transport import SocketAddress
from web.simulated.sdp import SDP_TYPE, parse_session
from web.simulated.sip_call import Call
from web.simulated.sip_dialog import Dialog
from web.simulated.sip_engine import SipEngine
from web.simulated.sip_line import SipLine
from web.simulated.sip_link import OK, REFUSED

_TRYING = 100
_RINGING = 180


class OutgoingCall(Call):
    """A call to a number; it begins when it is made.

    Args:
        engine: what serves it.
        line: the account it goes over.
        number: who is called.
        media: whether silence is sent while the call is answered.
    """

    def __init__(self, engine: SipEngine, line: SipLine, number: str, *, media: bool) -> None:
        super().__init__(engine, line, number, media=media)
        uri = line.uri_of(number)
        content = ("Content-Type", SDP_TYPE)
        offer = self._local.encode(self._session_number)
        request = line.new_request("INVITE", uri, uri, headers=(content,), body=offer)
        self.call_id = request.needed("Call-ID")
        self.local_tag = tag_of(request.needed("From"))
        self._ack: SipRequest | None = None
        self._is_given_up = False
        self._is_cancelled = False
        self._has_begun = False
        self._exchange = line.send(request, self._on_response)

    def answer(self) -> None:
        """Refuse: the other side answers this call.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"the call to {self.peer_number} is for the other side to answer")

    def cancel(self) -> None:
        """Give up before the call is answered; it ends when the server says so.

        Raises:
            ValueError: it is answered.
        """
        with self._engine.lock:
            if self.state == "answered":
                raise ValueError(f"the call to {self.peer_number} is answered")
            self._is_given_up = True
            self._cancel_when_possible()

    def hang_up(self) -> None:
        """End the call, whatever its state."""
        with self._engine.lock:
            if self.state == "answered":
                self._hang_up_answered()
            elif self.state != "ended":
                self.cancel()

    def owns(self, request: SipRequest) -> bool:
        """Return whether ``request`` is of the other side of this call."""
        return super().owns(request) and tag_of(request.needed("From")) != self.local_tag

    def on_stray(self, response: SipResponse) -> None:
        """Acknowledge a 2xx that is repeated because our ACK was lost (section 13.2.2.4)."""
        if self._ack is not None and self._dialog is not None and response.cseq.method == "INVITE":
            self._line.link.send(self._ack, self._dialog.address)

    def _cancel_when_possible(self) -> None:
        """Send CANCEL, which must not come before a provisional response (section 9.1)."""
        if not self._is_given_up or not self._has_begun or self._is_cancelled:
            return
        self._is_cancelled = True
        sent = self._exchange.request
        names = {"via", "route", "max-forwards", "from", "to", "call-id"}
        headers = [field for field in sent.headers if field[0].lower() in names]
        headers.append(("CSeq", f"{sent.cseq.number} CANCEL"))
        cancel = SipRequest("CANCEL", sent.uri, headers=tuple(headers))
        self._line.link.request(cancel, self._line.server, lambda _response, _source: None)

    def _on_response(self, response: SipResponse, source: SocketAddress) -> None:
        """Take a response to the INVITE."""
        if response.status < OK:
            self._on_provisional(response, source)
        elif response.status < REFUSED:
            self._on_answer(response, source)
        else:
            self._end(response.reason, response.status)

    def _on_provisional(self, response: SipResponse, source: SocketAddress) -> None:
        """Take a 1xx."""
        self._has_begun = True
        self._cancel_when_possible()
        if response.status == _TRYING:
            return
        if tag_of(response.needed("To")):
            self._dialog = Dialog.from_response(self._exchange.request, response, source)
        if response.body:
            self._connect(parse_session(response.body))
            self._enter("early")
        elif response.status == _RINGING and self.state == "calling":
            self._enter("ringing")

    def _on_answer(self, response: SipResponse, source: SocketAddress) -> None:
        """Take the 2xx, acknowledge it, and hang up when the call was given up meanwhile."""
        sent = self._exchange.request
        self._dialog = dialog = Dialog.from_response(sent, response, source)
        # Section 13.2.2.4: the ACK has the credentials of the INVITE.
        signs = [field for field in sent.headers if field[0].lower().endswith("authorization")]
        ack = dialog.request("ACK", tuple(signs), cseq=sent.cseq.number)
        self._ack = self._line.link.with_via(ack)
        self._line.link.send(self._ack, dialog.address)
        self.status, self.reason = response.status, response.reason
        try:
            self._connect(parse_session(response.body))
        except MalformedMessageError:
            self._is_given_up = True
        self._enter("answered")
        if self._is_given_up:
            self._hang_up_answered()
