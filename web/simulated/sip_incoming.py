"""A call that comes to the simulated phone (RFC 3261 sections 13.3 and 9.2)."""

from __future__ import annotations

from provisioner.sip.headers import new_token, parse_address, tag_of
from provisioner.sip.message import SipRequest
from provisioner.sip.transport import SocketAddress
from web.simulated.sdp import Session, parse_session
from web.simulated.sip_call import Call
from web.simulated.sip_dialog import Dialog
from web.simulated.sip_engine import SipEngine
from web.simulated.sip_line import SipLine
from web.simulated.sip_link import OK

_RINGING = 180
_BUSY = 486
_TERMINATED = 487
_NOT_ACCEPTABLE = 488


class IncomingCall(Call):
    """A call from someone.

    Args:
        engine: what serves it.
        line: the account that is called.
        invite: the INVITE.
        source: where it came from.
        media: whether silence is sent while the call is answered.

    Raises:
        MalformedMessageError: the INVITE cannot be read.
    """

    def __init__(
        self,
        engine: SipEngine,
        line: SipLine,
        invite: SipRequest,
        source: SocketAddress,
        *,
        media: bool,
    ) -> None:
        number = parse_address(invite.needed("From")).user
        tag = new_token()
        dialog = Dialog.from_request(invite, source, tag)
        offer = parse_session(invite.body) if invite.body else None
        super().__init__(engine, line, number, media=media)
        self.call_id = dialog.call_id
        self.local_tag = tag
        self._remote_tag = tag_of(dialog.remote)
        self._invite = invite
        self._source = source
        self._dialog = dialog
        self._offer: Session | None = offer
        self._is_acknowledged = False
        self._is_given_up = False

    def begin(self, policy: str) -> None:
        """Do what the phone does with a call: ``ring``, ``answer`` or be ``busy``."""
        answer = self._offer.answer_to(self._rtp.local) if self._offer else self._local
        if answer is None:
            self._refuse(_NOT_ACCEPTABLE, "no common codec")
        elif policy == "busy":
            self._refuse(_BUSY, "busy")
        else:
            self._reply(self._invite, self._source, _RINGING)
            self._enter("ringing")
            if policy == "answer":
                self.answer()

    def answer(self) -> None:
        """Pick up.

        Raises:
            ValueError: it does not ring any more.
        """
        with self._engine.lock:
            if self.state != "ringing":
                raise ValueError(f"the call from {self.peer_number} is {self.state}")
            if self._offer is not None:
                self._local = self._rtp.local.answer_to(self._offer) or self._local
                self._connect(self._offer)
            self._reply(self._invite, self._source, OK, with_session=True)
            self.status, self.reason = OK, "OK"
            self._enter("answered")

    def cancel(self) -> None:
        """Refuse: only who calls can cancel.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"the call from {self.peer_number} is not ours to cancel")

    def hang_up(self) -> None:
        """End the call: refuse it while it rings."""
        with self._engine.lock:
            if self.state == "answered" and not self._is_acknowledged:
                # RFC 3261 section 15: no BYE before the ACK.
                self._is_given_up = True
            elif self.state == "answered":
                self._hang_up_answered()
            elif self.state != "ended":
                self._refuse(_BUSY, "refused")

    def owns(self, request: SipRequest) -> bool:
        """Return whether ``request`` is of the other side of this call."""
        return super().owns(request) and tag_of(request.needed("From")) == self._remote_tag

    def on_request(self, request: SipRequest, source: SocketAddress) -> None:
        """Take a request inside the call; CANCEL and ACK, too."""
        if request.method == "ACK":
            self._on_ack(request)
        elif request.method == "CANCEL":
            self._reply(request, source, OK)
            if self.state in {"calling", "ringing"}:
                self._refuse(_TERMINATED, "the other side gave up")
        else:
            super().on_request(request, source)

    def _on_ack(self, request: SipRequest) -> None:
        """Take the ACK; it holds the answer when the INVITE had no offer."""
        if self.state != "answered":
            return
        self._is_acknowledged = True
        if self._offer is None and request.body:
            self._offer = parse_session(request.body)
            self._connect(self._offer)
        if self._is_given_up:
            self._hang_up_answered()

    def _refuse(self, status: int, reason: str) -> None:
        """Answer the INVITE with a refusal."""
        self._reply(self._invite, self._source, status)
        self._end(reason, status)
