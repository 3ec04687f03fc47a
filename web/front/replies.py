"""Answers as bytes on the wire."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache

from provisioner.answers import Answer, Outcome
from web.phone_plane import NOT_FOUND_BODY, reply_of

UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Retry-After: 2\r\nContent-Length: 10\r\nConnection: close\r\n\r\ntry again\n"
)
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)


def reply_bytes(answer: Answer, *, version: str, keeps: bool) -> bytes:
    """Return status line, headers and body, written as the pages' server writes them.

    A guesser must not be able to tell from a refusal which of the two has made it.

    Args:
        answer: what to say.
        version: of HTTP, as the request had it: ``1.0`` or ``1.1``.
        keeps: the connection stays open.
    """
    body = NOT_FOUND_BODY if answer.outcome is Outcome.NOT_FOUND else answer.body
    head = _head(answer.outcome, answer.media_type, answer.digest, len(body), version, keeps)
    return b"".join((head, _date(int(time.time())), body))


@lru_cache(maxsize=16384)
def _head(
    outcome: Outcome,
    media_type: str,
    digest: str,
    size: int,
    version: str,
    keeps: bool,  # noqa: FBT001 - a key
) -> bytes:
    status, headers, _ = reply_of(Answer(outcome, bytes(size), media_type, digest))
    lines = [f"HTTP/{version} {status}"]
    lines += [f"{name.lower()}: {value}" for name, value in headers]
    lines.append("server: granian")
    if keeps and version == "1.0":
        lines.append("connection: keep-alive")
    if not keeps and version == "1.1":
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\ndate: ").encode("latin-1")


@lru_cache(maxsize=2)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode("ascii") + b"\r\n\r\n"
