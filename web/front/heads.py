"""The head of an ordinary phone's request. Pure.

Only the plain form is read here: GET without a body, one value for each header of interest. All
else, whether legal or not, is left to the server of the pages, which knows the whole of HTTP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_HEAD_BYTES = 16 * 1024
END = b"\r\n\r\n"

# RFC 9112 sections 3 and 5, RFC 9110 section 5.6.2 (token); no line folding, no control characters
# in it, no percent escapes
_HEAD = re.compile(
    rb"GET (/[!-$&-~]*) HTTP/1\.([01])\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n"
)
_OF_INTEREST = (
    b"user-agent", b"if-none-match", b"connection", b"x-forwarded-for", b"x-forwarded-proto",
    b"x-ssl-client-verify", b"x-ssl-client-s-dn",
)  # fmt: skip
_NOT_ORDINARY = (
    b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"range", b"if-range", b"te",
)  # fmt: skip
_HEADER = re.compile(
    rb"^(" + b"|".join(_OF_INTEREST + _NOT_ORDINARY) + rb"):[\t ]*([^\r\n]*?)[\t ]*\r$",
    re.IGNORECASE | re.MULTILINE,
)
_KEYS = {n: f"HTTP_{n.decode().upper().replace('-', '_')}" for n in _OF_INTEREST} | dict.fromkeys(
    _NOT_ORDINARY, ""
)


@dataclass(slots=True)  # not frozen: one is made for each request
class Head:
    """What a phone asked.

    Attributes:
        environ: path, query and the headers that matter here, named as in WSGI.
        version: of HTTP, ``1.0`` or ``1.1``.
        keeps: the connection stays open after the answer.
        size: bytes of the head, its empty line included.
    """

    environ: dict[str, str]
    version: str
    keeps: bool
    size: int


def read_head(data: bytes) -> Head | None:
    """Return the head at the beginning of ``data``; None: it is not of the plain form."""
    match = _HEAD.match(data)
    if match is None:
        return None
    path, _, query = match[1].decode("ascii").partition("?")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query}
    for name, value in _HEADER.findall(match[3]):
        key = _KEYS[name.lower()]
        if key in environ or not key:
            return None
        environ[key] = value.decode("latin-1")
    connection = environ.get("HTTP_CONNECTION", "").lower()
    version = "1.0" if match[2] == b"0" else "1.1"
    keeps = "keep-alive" in connection if version == "1.0" else "close" not in connection
    return Head(environ, version, keeps, match.end())
