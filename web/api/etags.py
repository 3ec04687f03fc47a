"""ETags: reading the headers, and whether what was read still stands (RFC 9110, 13). Pure."""

from __future__ import annotations

import re

from web.api.operation import Call
from web.api.problems import ProblemError

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"|(\*)')


def tags_of(header: str | None) -> tuple[str, ...] | None:
    """Return the strong tags of If-Match or If-None-Match, without quotes; ``*`` as it is.

    A weak tag never matches: what is written must be the same byte for byte.
    """
    if header is None:
        return None
    return tuple(m[3] or m[2] for m in _TAG.finditer(header) if not m[1])


def check_unchanged(call: Call, tag: str) -> None:
    """Refuse a write to something that exists, when it is not what the caller has read.

    Raises:
        ProblemError: 412; or 428: the caller does not say what was read.
    """
    if {"*", tag} & set(call.if_none_match or ()):
        raise ProblemError("stale", "it exists, and If-None-Match says it must not")
    if call.if_match is None and not call.dry_run:
        told = "send If-Match with the ETag of what you have read, or If-Match: *"
        raise ProblemError("match-needed", told)
    if call.if_match is not None and not {"*", tag} & set(call.if_match):
        raise ProblemError("stale", "it is not what If-Match names; read it again")


def check_new(call: Call) -> None:
    """Refuse to make something anew for a caller who thinks that it exists."""
    if call.if_match is not None:
        raise ProblemError("stale", "it does not exist, so nothing can match If-Match")
