"""Messages by HTTP: a JSON document is posted, signed so that its receiver can trust it.

``X-Bellwire-Signature: t=<seconds since 1970>,v1=<hex>``, where hex is the HMAC-SHA256 (RFC 2104)
of ``<t>.<body>`` with the site's secret: a receiver that compares ``t`` with its clock cannot be
sent an old message again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from pydantic import SecretStr

from monitors.notify.messages import Message

TIMEOUT_S = 15.0
_GOOD = range(200, 300)


def post(
    url: SecretStr,
    secret: SecretStr | None,
    message: Message,
    at_s: int,
    *,
    timeout_s: float = TIMEOUT_S,
    tls: ssl.SSLContext | None = None,
) -> str:
    """Post a message once; returns why it did not arrive, or an empty text.

    Any answer of 2xx is taken as arrived; redirections are not followed. The journal tries
    again later what did not arrive.

    Args:
        url: where to; it is in no message and no log, because it may hold a key.
        secret: for the signature; None: it is not signed.
        message: its facts are posted.
        at_s: seconds since 1970.
        timeout_s: of each step.
        tls: whom to trust; None: the certificate authorities of this system.
    """
    body = json.dumps(dict(message.facts), ensure_ascii=False).encode("utf-8")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "bellwire",
        "X-Bellwire-Delivery": message.key,
    }
    if secret is not None:
        headers["X-Bellwire-Signature"] = signature(secret, body, at_s)
    parts = urlsplit(url.get_secret_value())
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    where = parts.hostname or ""
    connection: HTTPConnection
    if parts.scheme == "https":
        connection = HTTPSConnection(where, parts.port, timeout=timeout_s, context=tls)
    else:
        connection = HTTPConnection(where, parts.port, timeout=timeout_s)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
    except (OSError, HTTPException, ValueError) as problem:
        return f"{where}: {problem or type(problem).__name__}"
    finally:
        connection.close()
    return "" if answer.status in _GOOD else f"{where}: answered {answer.status} {answer.reason}"


def signature(secret: SecretStr, body: bytes, at_s: int) -> str:
    """Return the value of ``X-Bellwire-Signature``."""
    key = secret.get_secret_value().encode("utf-8")
    made = hmac.new(key, f"{at_s}.".encode("ascii") + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={made}"
