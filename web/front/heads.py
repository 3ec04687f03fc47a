"""The head of an ordinary phone's request. Pure.

Only the plain form is read here: GET without a body, one value for each header of interest. All
else, whether legal or not, is left to the server of the pages, which knows the whole of HTTP.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

MAX_HEAD_BYTES = 16 * 1024
END = b"\r\n\r\n"

# RFC 9112 sections 3 and 5, RFC 9110 section 5.6.2 (token)
_NAME = (string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode()
_VALUE = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
_TARGET = bytes(c for c in range(0x21, 0x7F) if c != ord("%"))  # no percent escapes
_VERSIONS = {b" HTTP/1.1": "1.1", b" HTTP/1.0": "1.0"}
_OF_INTEREST = (
    b"user-agent", b"if-none-match", b"connection", b"x-forwarded-for", b"x-forwarded-proto",
    b"x-ssl-client-verify", b"x-ssl-client-s-dn",
)  # fmt: skip
_NOT_ORDINARY = (
    b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"range", b"if-range", b"te",
)  # fmt: skip
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
    size = data.find(END)
    first, *lines = data[:size].split(b"\r\n")
    version = _VERSIONS.get(first[-9:])
    target = first[4:-9]
    if size < 0 or version is None or first[:5] != b"GET /" or target.translate(None, _TARGET):
        return None
    path, _, query = target.decode("ascii").partition("?")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query}
    if not _read_headers(lines, environ):
        return None
    connection = environ.get("HTTP_CONNECTION", "").lower()
    keeps = "keep-alive" in connection if version == "1.0" else "close" not in connection
    return Head(environ, version, keeps, size + len(END))


def _read_headers(lines: list[bytes], environ: dict[str, str]) -> bool:
    """Add the headers that matter; returns whether all are plain."""
    for line in lines:
        name, colon, value = line.partition(b":")
        # what is left when all that may stand there is taken away: line folding, control characters
        if not colon or not name or name.translate(None, _NAME) or value.translate(None, _VALUE):
            return False
        key = _KEYS.get(name.lower())
        if key is None:
            continue
        if key in environ or not key:
            return False
        environ[key] = value.strip(b"\t ").decode("latin-1")
    return True
