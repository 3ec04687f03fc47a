"""What is said with every page: who may frame, script and keep it; and it is compressed."""

from __future__ import annotations

import gzip
import io
import secrets

from flask import Response, g, request

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
TRANSPORT = "max-age=15552000"
"""Half a year, of this host alone (RFC 6797)."""
_PACKED_FROM = 1000
_PADDING_MAX = 100


def leave(answer: Response) -> Response:
    """Add the headers of every page, and compress what is worth it."""
    answer.headers.extend(
        {name: value for name, value in HEADERS.items() if name not in answer.headers}
    )
    if "Cache-Control" not in answer.headers:
        answer.headers["Cache-Control"] = "no-store"
    if g.get("is_https"):
        answer.headers["Strict-Transport-Security"] = TRANSPORT
    if answer.mimetype == "text/html":
        _pack(answer)
    return answer


def _pack(answer: Response) -> None:
    """Compress a page, as a browser far away by Wi-Fi wants it.

    The length of a compressed page that echoes what was asked may tell of secrets in it
    (BREACH); so its gzip header carries a name of random length, as Django does.
    """
    answer.vary.add("Accept-Encoding")
    if answer.direct_passthrough or not request.accept_encodings.quality("gzip"):
        return
    body = answer.get_data()
    if len(body) < _PACKED_FROM or "Content-Encoding" in answer.headers:
        return
    padding = "a" * secrets.randbelow(_PADDING_MAX)
    packed = io.BytesIO()
    with gzip.GzipFile(padding, "wb", 5, packed, mtime=0) as stream:
        stream.write(body)
    answer.set_data(packed.getvalue())
    answer.headers["Content-Encoding"] = "gzip"
