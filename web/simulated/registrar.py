"""A small simulated PBX, for demonstrations where no Asterisk is installed.

It registers phones, shows their lamps and mail boxes as idle and empty, and forwards calls without
memory. It has no voice mail, no groups and no music: it is there so that phones have a server.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from provisioner.sip.headers import new_token, parse_address, parse_uri, tag_of
from provisioner.sip.message import Fields, SipRequest, SipResponse
from provisioner.sip.transport import SocketAddress
from web.simulated.registrar_access import DigestServer, Verdict
from web.simulated.registrar_contacts import Contacts, RegisteredContact
from web.simulated.registrar_proxy import forwarded, hops_left, returned
from web.simulated.sip_dialog import Dialog
from web.simulated.sip_engine import SipEngine
from web.simulated.sip_link import OK, SipLink
from web.simulated.sip_subscription import (
    DIALOG_EVENT,
    DIALOG_INFO,
    MESSAGE_EVENT,
    MESSAGE_SUMMARY,
)

__all__ = ["SERVER", "RegisteredContact", "Registrar"]

SERVER = "bellwire simulated PBX"
ALLOW = "ACK, BYE, CANCEL, INFO, INVITE, NOTIFY, OPTIONS, REGISTER, SUBSCRIBE"
LONGEST_S = 3600
NONCE_LIFETIME_S = 300.0

_FORWARDED = {"ACK", "BYE", "CANCEL", "INFO", "INVITE", "NOTIFY"}
_IDLE = """<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{version}" state="full" \
entity="{entity}"/>
"""
_EMPTY_BOX = "Messages-Waiting: no\r\nVoice-Message: 0/0 (0/0)\r\n"


class Registrar:
    """The simulated PBX.

    Args:
        accounts: extensions and their secrets, read anew for every request.
        host: own address.
        port: UDP port; 0 takes a free one.
        longest_s: for how long a registration is granted at most.
        nonce_lifetime_s: how long a nonce may be used.
    """

    def __init__(
        self,
        accounts: Mapping[str, str],
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        longest_s: int = LONGEST_S,
        nonce_lifetime_s: float = NONCE_LIFETIME_S,
    ) -> None:
        self._accounts = accounts
        self._wanted: SocketAddress = (host, port)
        self._contacts = Contacts(longest_s)
        self._digest = DigestServer(accounts, nonce_lifetime_s)
        # Marks the answers that are our own, so that an ACK to one of them goes no further.
        self._tag_mark = new_token()
        self._engine: SipEngine | None = None
        self._link: SipLink | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def address(self) -> SocketAddress:
        """Where it listens.

        Raises:
            RuntimeError: it has not been started.
        """
        return self._started.address

    def start(self) -> None:
        """Listen, and serve in a thread of its own; calling it again does no harm.

        Raises:
            SipError: the address cannot be had.
        """
        if self._engine is not None:
            return
        engine = SipEngine()
        try:
            self._link = SipLink(engine, self._wanted, self._on_request, self._on_response)
        except BaseException:
            engine.close()
            raise
        self._engine = engine

    def close(self) -> None:
        """Stop serving; calling it again does no harm. Contacts stay known until they expire."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def contacts(self) -> list[RegisteredContact]:
        """Return all contacts, sorted by extension."""
        engine = self._engine
        if engine is None:
            return sorted(self._contacts, key=lambda contact: contact.extension)
        with engine.lock:
            return sorted(self._contacts, key=lambda contact: contact.extension)

    @property
    def _started(self) -> SipLink:
        if self._link is None:
            raise RuntimeError("the simulated PBX has not been started")
        return self._link

    def _on_request(self, request: SipRequest, source: SocketAddress) -> None:
        """Answer or forward a request."""
        to_tag = tag_of(request.needed("To"))
        if request.method == "ACK" and to_tag.endswith(self._tag_mark):
            return
        if request.method == "REGISTER":
            self._on_register(request, source)
        elif request.method == "SUBSCRIBE":
            self._on_subscribe(request, source)
        elif request.method == "OPTIONS":
            self._answer(request, source, OK)
        elif request.method not in _FORWARDED:
            self._answer(request, source, 405)
        elif request.method == "INVITE" and not to_tag:
            if self._is_allowed(request, source, parse_address(request.needed("From")).user):
                self._forward(request, source)
        else:
            self._forward(request, source)

    def _is_allowed(self, request: SipRequest, source: SocketAddress, user: str) -> bool:
        """Return whether a request comes from ``user``; answer it when it does not.

        An INVITE is challenged as by a proxy (RFC 3261 section 22.3), the others as by a server.
        """
        is_call = request.method == "INVITE"
        header = "Proxy-Authorization" if is_call else "Authorization"
        verdict = self._digest.judge(request, header, user)
        if verdict is Verdict.GOOD:
            return True
        if verdict is Verdict.WRONG:
            self._answer(request, source, 403)
            return False
        name = "Proxy-Authenticate" if is_call else "WWW-Authenticate"
        challenge = self._digest.challenge(is_stale=verdict is Verdict.STALE)
        self._answer(request, source, 407 if is_call else 401, ((name, challenge),))
        return False

    def _on_register(self, request: SipRequest, source: SocketAddress) -> None:
        """Register the contacts of an extension (RFC 3261 section 10.3)."""
        extension = parse_address(request.needed("To")).user
        if self._is_allowed(request, source, extension):
            self._contacts.register(request, extension, source)
            self._answer(request, source, OK, self._contacts.headers_of(extension))

    def _on_subscribe(self, request: SipRequest, source: SocketAddress) -> None:
        """Take a subscription and tell that nothing goes on (RFC 6665 section 4.2.1)."""
        event = (request.header("Event") or "").partition(";")[0].strip().lower()
        if event not in {DIALOG_EVENT, MESSAGE_EVENT}:
            self._answer(request, source, 489)
            return
        if not self._is_allowed(request, source, parse_address(request.needed("From")).user):
            return
        asked = request.header("Expires") or ""
        expires_s = min(int(asked), LONGEST_S) if asked.isdecimal() else LONGEST_S
        dialog = Dialog.from_request(request, source, self._new_tag())
        dialog.cseq = request.cseq.number  # grows with each refresh, so nothing is remembered
        headers = (self._contact, ("Expires", str(expires_s)))
        self._answer(request, source, OK, headers, tag_of(dialog.local))
        self._notify(dialog, event, expires_s)

    def _notify(self, dialog: Dialog, event: str, expires_s: int) -> None:
        """Send the NOTIFY of a subscription."""
        is_lamp = event == DIALOG_EVENT
        entity = parse_address(dialog.local).text.replace("&", "&amp;").replace('"', "&quot;")
        body = _IDLE.format(version=dialog.cseq, entity=entity) if is_lamp else _EMPTY_BOX
        state = f"active;expires={expires_s}" if expires_s else "terminated;reason=timeout"
        headers = (
            self._contact,
            ("Event", event),
            ("Subscription-State", state),
            ("Content-Type", DIALOG_INFO if is_lamp else MESSAGE_SUMMARY),
        )
        notify = dialog.request("NOTIFY", headers, body.encode())
        self._started.request(notify, dialog.address, lambda _response, _source: None)

    def _forward(self, request: SipRequest, source: SocketAddress) -> None:
        """Forward a request to the phone that its URI names, or to an extension's contact."""
        status, contact = self._find(request)
        if contact is None or hops_left(request) <= 0:
            if request.method != "ACK":
                self._answer(request, source, status if contact is None else 483)
            return
        self._started.disown(request)
        onward = forwarded(request, contact.uri, self.address, source)
        self._started.send(onward, contact.address)

    def _find(self, request: SipRequest) -> tuple[int, RegisteredContact | None]:
        """Return the contact that a request is for, or the status when there is none."""
        at_place = self._contacts.at(request.uri)
        if at_place is not None:
            return OK, at_place
        extension = parse_uri(request.uri).user
        if extension not in self._accounts:
            return 404, None
        return 480, next(iter(self._contacts.of(extension)), None)

    def _on_response(self, response: SipResponse, _: SocketAddress) -> None:
        """Send a response back to where its request came from."""
        back = returned(response, self.address)
        if back is not None:
            self._started.send(*back)

    @property
    def _contact(self) -> tuple[str, str]:
        host, port = self.address
        return "Contact", f"<sip:{host}:{port}>"

    def _new_tag(self) -> str:
        return new_token()[:8] + self._tag_mark

    def _answer(
        self,
        request: SipRequest,
        source: SocketAddress,
        status: int,
        headers: Fields = (),
        tag: str = "",
    ) -> None:
        """Answer in our own name."""
        own = (("Server", SERVER), ("Allow", ALLOW), *headers)
        self._started.answer(request, source, status, tag=tag or self._new_tag(), headers=own)
