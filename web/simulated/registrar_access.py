"""The server's side of SIP digest authentication (RFC 3261 section 22), for the simulated PBX."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from enum import Enum

from provisioner.sip.digest import Challenge, Credentials, NonceUse, authorization
from provisioner.sip.headers import MalformedMessageError
from provisioner.sip.message import SipRequest

REALM = "bellwire"

_FIELD = re.compile(r'([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.IGNORECASE)


class Verdict(Enum):
    """What a request's credentials are worth."""

    MISSING = "missing"
    STALE = "stale"
    WRONG = "wrong"
    GOOD = "good"


class DigestServer:
    """Makes challenges and judges what answers them.

    A nonce is the time and its signature, so that none needs to be remembered.

    Args:
        accounts: user names and secrets, read anew for every request.
        nonce_lifetime_s: how long a nonce may be used.
    """

    def __init__(self, accounts: Mapping[str, str], nonce_lifetime_s: float) -> None:
        self._accounts = accounts
        self._nonce_lifetime_s = nonce_lifetime_s
        self._key = secrets.token_bytes(32)

    def challenge(self, *, is_stale: bool) -> str:
        """Return the value of a ``WWW-Authenticate`` or ``Proxy-Authenticate`` header."""
        stale = ", stale=true" if is_stale else ""
        nonce = self._nonce(f"{time.monotonic():.3f}")
        return f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5, qop="auth"{stale}'

    def judge(self, request: SipRequest, header: str, user: str) -> Verdict:
        """Judge the credentials of a request.

        Args:
            request: the request.
            header: the header that holds them.
            user: who the request says that it comes from; the credentials must be this user's.
        """
        value = request.header(header)
        if value is None:
            return Verdict.MISSING
        fields = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(value)}
        nonce = fields.get("nonce", "")
        stamp = nonce.partition("-")[0]
        if not nonce.isascii() or not hmac.compare_digest(
            nonce.encode(), self._nonce(stamp).encode()
        ):
            return Verdict.STALE
        if time.monotonic() - float(stamp) > self._nonce_lifetime_s:
            return Verdict.STALE
        secret = self._accounts.get(user)
        if secret is None or fields.get("username") != user:
            return Verdict.WRONG
        expected = _expected(request, fields, Credentials(user, secret))
        is_good = hmac.compare_digest(expected, fields.get("response", "").encode())
        return Verdict.GOOD if is_good else Verdict.WRONG

    def _nonce(self, stamp: str) -> str:
        signature = hmac.new(self._key, stamp.encode(), hashlib.sha256).hexdigest()[:32]
        return f"{stamp}-{signature}"


def _expected(request: SipRequest, fields: Mapping[str, str], credentials: Credentials) -> bytes:
    """Return the response that the right secret gives; empty when there can be none."""
    count = fields.get("nc", "1")
    if not re.fullmatch(r"[0-9a-f]{1,8}", count) or fields.get("realm") != REALM:
        return b"none"
    challenge = Challenge(REALM, fields["nonce"], has_qop="qop" in fields)
    use = NonceUse(int(count, 16), fields.get("cnonce", ""))
    try:
        value = authorization(
            challenge, credentials, request.method, fields.get("uri", request.uri), use
        )
    except MalformedMessageError:
        return b"none"
    found = re.search(r'response="([0-9a-f]+)"', value)
    return found[1].encode() if found else b"none"
