"""The netascii transfer mode (RFC 1350, section 1; RFC 764): line ends as the wire wants them."""

from __future__ import annotations

import re

_LINE_BYTES = re.compile(rb"[\r\n]")
_ON_THE_WIRE = {b"\n": b"\r\n", b"\r": b"\r\0"}


def to_netascii(content: bytes) -> bytes:
    """Return ``content``, whose lines end in LF, as netascii.

    LF becomes CR LF and CR becomes CR NUL, so that the receiver gets back every byte.
    """
    return _LINE_BYTES.sub(lambda match: _ON_THE_WIRE[match[0]], content)
