"""From a read request to the bytes to send, or to the reason why not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from provisioner.tftp.netascii import to_netascii
from provisioner.tftp.packets import ErrorCode, ReadRequest

OCTET, NETASCII = "octet", "netascii"  # RFC 1350, section 1; its third mode, mail, is obsolete

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no: what the ERROR packet says."""

    code: ErrorCode
    message: str


Content = bytes | memoryview
"""What is sent; a view is that of a mapped file, which may be large."""

Answerer = Callable[[str, str, int], Content | Refusal]
"""Looks up a file: (name as asked, peer address, peer port). Must not block."""

BUSY = Refusal(ErrorCode.UNDEFINED, "busy, try again")
STOPPING = Refusal(ErrorCode.UNDEFINED, "server is stopping")
READ_ONLY = Refusal(ErrorCode.ACCESS_VIOLATION, "this server is read-only")
MALFORMED = Refusal(ErrorCode.ILLEGAL_OPERATION, "malformed request")
FOREIGN = Refusal(ErrorCode.UNKNOWN_TRANSFER, "unknown transfer ID")
_NO_SUCH_MODE = Refusal(ErrorCode.ILLEGAL_OPERATION, "mode must be octet or netascii")
_BROKEN = Refusal(ErrorCode.UNDEFINED, "internal error")


def content_for(request: ReadRequest, peer: tuple[str, int], answer: Answerer) -> Content | Refusal:
    """Return the bytes to send to ``peer``, translated as the mode wants.

    An answerer that raises is logged and refuses this one request: a fault in one phone's
    file must not end the loop that serves all others.
    """
    if request.mode not in {OCTET, NETASCII}:
        return _NO_SUCH_MODE
    try:
        found = answer(request.name, *peer)
    except Exception:
        # Without the name, which may hold the phone's token.
        logger.exception("TFTP %s port %d: looking up a file failed", *peer)
        return _BROKEN
    if isinstance(found, Refusal) or request.mode == OCTET:
        return found
    return to_netascii(bytes(found))
