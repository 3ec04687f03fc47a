"""Option negotiation (RFC 2347): what a peer asks for, what it gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from provisioner.tftp.limits import (
    BLKSIZE_DEFAULT,
    BLKSIZE_MAX,
    BLKSIZE_MIN,
    TIMEOUT_S_MAX,
    TIMEOUT_S_MIN,
    WINDOWSIZE_MAX,
    WINDOWSIZE_MIN,
    Limits,
)
from provisioner.tftp.packets import Options

_DIGITS_MAX = 10


@dataclass(frozen=True, slots=True)
class Terms:
    """What server and peer agreed on.

    Attributes:
        blksize: bytes in a full block (RFC 2348).
        windowsize: blocks sent before an ACK is awaited (RFC 7440).
        timeout_s: fixed retransmission interval (RFC 2349), None for the adaptive one.
        accepted: the options to confirm by OACK; when empty there is no OACK.
    """

    blksize: int = BLKSIZE_DEFAULT
    windowsize: int = 1
    timeout_s: int | None = None
    accepted: Options = ()


def negotiate(asked: Options, size_bytes: int | None, limits: Limits) -> Terms:
    """Return the terms of a read.

    An option that is unknown, or whose value is no number in its RFC's range, is left out
    of the OACK, as RFC 2347 wants: the transfer goes on as if it had not been asked for.

    Args:
        asked: the request's options, names in lower case.
        size_bytes: the file's size for ``tsize``; None when it cannot be told.
        limits: the server's own bounds.
    """
    terms = Terms()
    for name, text in asked:
        accept = _ACCEPT.get(name)
        number = _number(text)
        if accept is None or number is None:
            continue
        terms, answer = accept(terms, number, size_bytes, limits)
        if answer is not None:
            terms = replace(terms, accepted=(*terms.accepted, (name, str(answer))))
    return terms


def _number(text: str) -> int | None:
    if len(text) > _DIGITS_MAX or not (text.isascii() and text.isdigit()):
        return None
    return int(text)


_Accepted = tuple[Terms, int | None]


def _blksize(terms: Terms, asked: int, _size_bytes: int | None, limits: Limits) -> _Accepted:
    if not BLKSIZE_MIN <= asked <= BLKSIZE_MAX:
        return terms, None
    blksize = min(asked, limits.blksize_max)
    return replace(terms, blksize=blksize), blksize


def _windowsize(terms: Terms, asked: int, _size_bytes: int | None, limits: Limits) -> _Accepted:
    if not WINDOWSIZE_MIN <= asked <= WINDOWSIZE_MAX:
        return terms, None
    windowsize = min(asked, limits.windowsize_max)
    return replace(terms, windowsize=windowsize), windowsize


def _timeout(terms: Terms, asked: int, _size_bytes: int | None, _limits: Limits) -> _Accepted:
    if not TIMEOUT_S_MIN <= asked <= TIMEOUT_S_MAX:
        return terms, None
    return replace(terms, timeout_s=asked), asked


def _tsize(terms: Terms, _asked: int, size_bytes: int | None, _limits: Limits) -> _Accepted:
    return terms, size_bytes


_ACCEPT: dict[str, Callable[[Terms, int, int | None, Limits], _Accepted]] = {
    "blksize": _blksize,  # RFC 2348
    "timeout": _timeout,  # RFC 2349
    "tsize": _tsize,  # RFC 2349
    "windowsize": _windowsize,  # RFC 7440
}
