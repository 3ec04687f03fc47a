"""One account on a simulated phone: who it is, where its server is, and its credentials."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import quote

from provisioner.sip.digest import (
    Challenge,
    Credentials,
    NonceUse,
    authorization,
    first_answerable,
)
from provisioner.sip.headers import SIP_PORT, host_port, new_token
from provisioner.sip.message import Fields, SipRequest, SipResponse
from provisioner.sip.transport import SocketAddress
from web.simulated.device import SimAccount
from web.simulated.sip_link import OnResponse, SipLink

ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, INFO"

# The header that holds a challenge, and the one that answers it (RFC 3261 section 22).
_CHALLENGES = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}
_ANSWER_HEADERS = {answer.lower() for _, answer in _CHALLENGES.values()}
_STALE = re.compile(r"\bstale\s*=\s*\"?true\b", re.IGNORECASE)
_MOST_SENDS = 4  # unasked, answered, and twice more with a nonce that was too old


class DigestClient:
    """The credentials of one account, and the nonce that is in use (RFC 7616 section 3.4)."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._challenge: Challenge | None = None
        self._header = ""
        self._count = 0

    def learn(self, response: SipResponse) -> bool:
        """Take the challenge of a 401 or 407 and return whether it can be answered."""
        asks, answers = _CHALLENGES[response.status]
        self._challenge = first_answerable(response.headers_named(asks))
        self._header = answers
        self._count = 0
        return self._challenge is not None

    def signed(self, request: SipRequest) -> SipRequest:
        """Return ``request`` with credentials for the last challenge, as it is without one."""
        if self._challenge is None:
            return request
        self._count += 1
        use = NonceUse(self._count)
        value = authorization(self._challenge, self._credentials, request.method, request.uri, use)
        return replace(request, headers=(*_unsigned(request), (self._header, value)))


class SipLine:
    """One account with its own link to its server.

    Args:
        account: the account as the phone understood it.
        link: the phone's socket.
        user_agent: the phone's User-Agent.
        server: where its requests are sent.

    Attributes:
        server_uri: request URI of its REGISTER.
        uri: its address of record.
        contact: its Contact header.
    """

    def __init__(
        self, account: SimAccount, link: SipLink, user_agent: str, server: SocketAddress
    ) -> None:
        self.account = account
        self.link = link
        self.server = server
        self._user_agent = user_agent
        self._digest = DigestClient(Credentials(account.auth_user or account.user, account.secret))
        port = f":{account.port}" if account.port not in {0, SIP_PORT} else ""
        host = f"[{account.server}]" if ":" in account.server else account.server
        self._domain = f"{host}{port}"
        self.server_uri = f"sip:{self._domain}"
        self.uri = self.uri_of(account.user)
        self.contact = f"<sip:{_escaped(account.user)}@{host_port(*link.address)}>"

    @property
    def own_headers(self) -> Fields:
        """The headers that say who we are, of requests and of responses that make dialogs."""
        return ("Contact", self.contact), ("Allow", ALLOW), ("User-Agent", self._user_agent)

    def uri_of(self, user: str) -> str:
        """Return the URI of another user of the same server."""
        return f"sip:{_escaped(user)}@{self._domain}"

    def new_request(
        self, method: str, uri: str, to: str, *, headers: Fields = (), body: bytes = b""
    ) -> SipRequest:
        """Return a request outside a dialog, without Via (RFC 3261 section 8.1.1).

        Args:
            method: the method.
            uri: the request URI.
            to: the URI of the To header.
            headers: beside the usual ones.
            body: the body.
        """
        name = re.sub(r'[\\"\x00-\x1f\x7f-\x9f]', "", self.account.display_name)
        own = (
            ("Max-Forwards", "70"),
            ("From", f'"{name}" <{self.uri}>;tag={new_token()}'.removeprefix('"" ')),
            ("To", f"<{to}>"),
            ("Call-ID", new_token()),
            ("CSeq", f"1 {method}"),
        )
        return SipRequest(method, uri, headers=(*own, *self.own_headers, *headers), body=body)

    def send(
        self, request: SipRequest, on_response: OnResponse, to: SocketAddress | None = None
    ) -> SignedExchange:
        """Send a request, with digest authentication, to the server or to ``to``."""
        return SignedExchange(self.link, self._digest, request, to or self.server, on_response)


class SignedExchange:
    """A request and its repetitions with credentials (RFC 3261 section 22).

    It answers one challenge, and further ones only when they say that the nonce was stale.

    Attributes:
        request: as it was last sent.
    """

    def __init__(
        self,
        link: SipLink,
        digest: DigestClient,
        request: SipRequest,
        to: SocketAddress,
        on_response: OnResponse,
    ) -> None:
        self._link = link
        self._digest = digest
        self._to = to
        self._on_response = on_response
        self._sends = 0
        self._has_answered = False
        with link.engine.lock:
            self.request = self._send(request)

    def _send(self, request: SipRequest) -> SipRequest:
        self._sends += 1
        return self._link.request(self._digest.signed(request), self._to, self._receive)

    def _receive(self, response: SipResponse, source: SocketAddress) -> None:
        if response.status in _CHALLENGES and self._is_worth_answering(response):
            self._has_answered = True
            self.request = self._send(_next(self.request))
        else:
            self._on_response(response, source)

    def _is_worth_answering(self, response: SipResponse) -> bool:
        """Return whether the challenge is a new question, and not a refusal of our secret."""
        asks, _ = _CHALLENGES[response.status]
        is_stale = any(_STALE.search(value) for value in response.headers_named(asks))
        if self._sends >= _MOST_SENDS or (self._has_answered and not is_stale):
            return False
        return self._digest.learn(response)


def _escaped(user: str) -> str:
    """Return a user as it stands in a URI (RFC 3261 section 25.1)."""
    return quote(user, safe="-_.!~*'()&=+$,;?/")


def _next(request: SipRequest) -> SipRequest:
    """Return a request with the next CSeq number, to be signed and sent again."""
    following = f"{request.cseq.number + 1} {request.method}"
    kept = ((name, value) for name, value in _unsigned(request) if name != "Via")
    headers = tuple((name, following if name == "CSeq" else value) for name, value in kept)
    return replace(request, headers=headers)


def _unsigned(request: SipRequest) -> Fields:
    """Return the headers without credentials."""
    return tuple(field for field in request.headers if field[0].lower() not in _ANSWER_HEADERS)
