"""Registering one account, and keeping it registered (RFC 3261 section 10.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from provisioner.sip.message import SipRequest, SipResponse
from provisioner.sip.transport import SocketAddress
from web.simulated.sip_engine import SipEngine, Timer
from web.simulated.sip_line import SipLine
from web.simulated.sip_link import OK, REFUSED

TOO_BRIEF = 423
REFRESH_AT = 0.8  # of what the server grants, so that a lost REGISTER can be sent again in time
RETRY_S = 30.0


@dataclass(frozen=True, slots=True)
class RegisterResult:
    """How a registration went.

    Attributes:
        account: number of the account on the phone.
        status: 200, or why not; 408 for silence and 503 for no way to the server.
        reason: the phrase for people.
    """

    account: int
    status: int
    reason: str

    @property
    def is_registered(self) -> bool:
        """Whether the server took it."""
        return OK <= self.status < REFUSED


class Registration:
    """The registration of one account.

    Attributes:
        result: of the last attempt; None while one is under way.
        count: how many REGISTERs the server has granted.
    """

    def __init__(self, engine: SipEngine, line: SipLine) -> None:
        self._engine = engine
        self._line = line
        self._expires_s = line.account.expires_s
        uri = line.server_uri
        self._request = line.new_request("REGISTER", uri, line.uri)
        self._refresh: Timer | None = None
        self._is_wanted = False
        self.result: RegisterResult | None = None
        self.count = 0

    @property
    def is_registered(self) -> bool:
        """Whether the server has our contact, as far as we know."""
        return self.result is not None and self.result.is_registered

    def start(self) -> None:
        """Register now, and again before the server forgets."""
        with self._engine.lock:
            self._is_wanted = True
            self.result = None
            self._send(self._expires_s)

    def stop(self) -> bool:
        """Take our contact back (section 10.2.2), if the server has it.

        Returns:
            Whether it was asked to; then ``result`` is None until it answers.
        """
        with self._engine.lock:
            has_contact = self.is_registered
            self.abandon()
            if has_contact:
                self.result = None
                self._send(0)
            return has_contact

    def abandon(self) -> None:
        """Do not register again, and let the server find out."""
        with self._engine.lock:
            self._is_wanted = False
            if self._refresh is not None:
                self._refresh.cancel()

    def _send(self, expires_s: int) -> None:
        """Send a REGISTER of the same Call-ID with the next number."""
        expiring = replace(
            self._request, headers=(*self._request.headers, ("Expires", str(expires_s)))
        )
        exchange = self._line.send(expiring, self._on_response)
        self._exchange = exchange
        self._count_on(exchange.request)

    def _count_on(self, sent: SipRequest) -> None:
        """Let the next REGISTER have a higher number than ``sent``, challenge included."""
        cseq = f"{sent.cseq.number + 1} REGISTER"
        headers = tuple(
            (name, cseq if name == "CSeq" else value) for name, value in self._request.headers
        )
        self._request = replace(self._request, headers=headers)

    def _on_response(self, response: SipResponse, _: SocketAddress) -> None:
        if not response.is_final:
            return
        self._count_on(self._exchange.request)
        if response.status == TOO_BRIEF and self._lengthen(response):
            self._send(self._expires_s)
            return
        number = self._line.account.number
        self.result = RegisterResult(number, response.status, response.reason)
        self._engine.changed()
        if self._is_wanted:
            self._plan(response)

    def _lengthen(self, response: SipResponse) -> bool:
        """Ask for as long as the server wants (section 10.2.8); False when we did already."""
        least = response.header("Min-Expires") or ""
        if not least.isdecimal() or int(least) <= self._expires_s:
            return False
        self._expires_s = int(least)
        return self._is_wanted

    def _plan(self, response: SipResponse) -> None:
        """Set when to register again."""
        if self._refresh is not None:
            self._refresh.cancel()
        wait_s = RETRY_S
        if self.is_registered:
            self.count += 1
            wait_s = REFRESH_AT * granted_s(response, self._line.contact, self._expires_s)
        self._refresh = self._engine.later(wait_s, lambda: self._send(self._expires_s))


def granted_s(response: SipResponse, contact: str, asked_s: int) -> int:
    """Return for how long the server keeps ``contact`` (section 10.2.4)."""
    listed = ",".join(response.headers_named("Contact"))
    own = re.search(re.escape(contact) + r"[^,]*?;\s*expires=([0-9]{1,9})", listed, re.IGNORECASE)
    expires = own[1] if own else response.header("Expires") or ""
    return int(expires) if expires.isdecimal() else asked_s
