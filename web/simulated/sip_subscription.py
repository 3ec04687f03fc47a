"""Subscriptions of a phone (RFC 6665): busy lamps (RFC 4235) and waiting messages (RFC 3842)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from provisioner.sip.headers import MalformedMessageError, parse_parameters
from provisioner.sip.message import SipRequest, SipResponse
from provisioner.sip.transport import SocketAddress
from web.simulated.sip_dialog import Dialog
from web.simulated.sip_engine import SipEngine, Timer
from web.simulated.sip_line import SignedExchange, SipLine
from web.simulated.sip_link import OK, REFUSED
from web.simulated.sip_registration import REFRESH_AT

DIALOG_EVENT = "dialog"
DIALOG_INFO = "application/dialog-info+xml"
MESSAGE_EVENT = "message-summary"
MESSAGE_SUMMARY = "application/simple-message-summary"
EXPIRES_S = 3600

OnBody = Callable[[bytes], None]

_DIALOG_NAMESPACE = "{urn:ietf:params:xml:ns:dialog-info}"
_STARTING = {"trying", "proceeding", "early"}


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """What a mail box holds."""

    is_waiting: bool
    new: int = 0
    old: int = 0


class Subscription:
    """One subscription, kept alive until ``stop``.

    Args:
        engine: what serves it.
        line: the account that subscribes.
        event: the event package.
        accept: the media type of its bodies.
        user: whose state it is.
        on_body: gets the body of every NOTIFY that has one.

    Attributes:
        call_id: of its dialog.
        status: of the last SUBSCRIBE, None until it is answered.
        is_active: whether the server says that it serves it.
    """

    def __init__(
        self, engine: SipEngine, line: SipLine, event: str, accept: str, user: str, on_body: OnBody
    ) -> None:
        self._engine = engine
        self._line = line
        self._on_body = on_body
        self._headers = (("Event", event), ("Accept", accept))
        self._uri = line.uri_of(user)
        self._dialog: Dialog | None = None
        self._exchange: SignedExchange | None = None
        self._refresh: Timer | None = None
        self._is_wanted = True
        self.call_id = ""
        self.status: int | None = None
        self.is_active = False

    def start(self) -> None:
        """Subscribe, or subscribe again."""
        with self._engine.lock:
            self._send(EXPIRES_S)

    def stop(self) -> None:
        """Unsubscribe (section 4.1.2.3), without waiting for the answer."""
        with self._engine.lock:
            self._is_wanted = False
            if self._refresh is not None:
                self._refresh.cancel()
            if self._dialog is not None:
                self._send(0)

    def on_notify(self, request: SipRequest) -> None:
        """Take a NOTIFY of this subscription."""
        state = request.header("Subscription-State") or "active"
        self.is_active = not state.lower().startswith("terminated")
        if not self.is_active:
            self._dialog = None
        if request.body:
            self._on_body(request.body)
        self._engine.changed()

    def _send(self, expires_s: int) -> None:
        headers = (*self._headers, ("Expires", str(expires_s)))
        if self._dialog is None:
            request = self._line.new_request("SUBSCRIBE", self._uri, self._uri, headers=headers)
            self.call_id = request.needed("Call-ID")
            to = None
        else:
            request = self._dialog.request("SUBSCRIBE", (*self._line.own_headers, *headers))
            to = self._dialog.address
        self._exchange = self._line.send(request, self._on_response, to)

    def _on_response(self, response: SipResponse, source: SocketAddress) -> None:
        if not response.is_final or self._exchange is None:
            return
        sent = self._exchange.request
        self.status = response.status
        if not OK <= response.status < REFUSED:
            self._dialog = None
            self.is_active = False
        elif self._dialog is None:
            self._dialog = Dialog.from_response(sent, response, source)
        else:
            self._dialog.cseq = max(self._dialog.cseq, sent.cseq.number)
        self._plan(response)
        self._engine.changed()

    def _plan(self, response: SipResponse) -> None:
        """Set when to subscribe again."""
        expires = response.header("Expires") or ""
        if self._dialog is None or not self._is_wanted or not expires.isdecimal():
            return
        self._refresh = self._engine.later(REFRESH_AT * int(expires), self.start)


def lamp(body: bytes) -> str:
    """Return ``idle``, ``ringing`` or ``busy`` as a dialog-info document says (RFC 4235).

    One's own calling out is busy, not ringing.

    Raises:
        MalformedMessageError: it is no such document.
    """
    try:
        # The document comes from a test's PBX; expat bounds what entities may grow to.
        root = ET.fromstring(body)  # noqa: S314
    except ET.ParseError as error:
        raise MalformedMessageError(f"the dialog-info cannot be read: {error}") from None
    lamps = {_lamp_of(dialog) for dialog in root.iter(f"{_DIALOG_NAMESPACE}dialog")}
    return next((state for state in ("ringing", "busy") if state in lamps), "idle")


def _lamp_of(dialog: ET.Element) -> str:
    """Return what one dialog element means."""
    state = (dialog.findtext(f"{_DIALOG_NAMESPACE}state") or "").strip().lower()
    if state in _STARTING:
        return "busy" if dialog.get("direction") == "initiator" else "ringing"
    return "busy" if state == "confirmed" else "idle"


def message_summary(body: bytes) -> MessageSummary:
    """Read a message summary (RFC 3842 section 3.5)."""
    lines = body.decode("utf-8", "replace").lower().splitlines()
    fields = {name.strip(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    counts = re.match(r"([0-9]{1,6})/([0-9]{1,6})", fields.get("voice-message", ""))
    new, old = (int(counts[1]), int(counts[2])) if counts else (0, 0)
    return MessageSummary(fields.get("messages-waiting") == "yes", new, old)


def asks_reboot(event: str) -> bool:
    """Return whether a check-sync event asks for a restart, too."""
    return parse_parameters(event).get("reboot", "").lower() == "true"
