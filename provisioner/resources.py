"""What a phone finds under its token beside its own files: phone books, firmware, pictures.

They are not rendered for each phone: thousands share one. ``Delivery`` asks each shelf of
resources in turn, after the phone has proved who it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from markupsafe import escape

from provisioner.shelf import Entry

DIRECTORY_MARK = b"\0"
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Resource:
    """A finished file that several phones share.

    Attributes:
        body: bytes, or a view of a mapped file that may be large.
        digest: SHA-256 of the body, hexadecimal.
        on_sent: is called with (start, end) when these bytes have all gone out to the phone.
        linked: the body names other files of the phone: each ``DIRECTORY_MARK`` in it stands
            for where the phone finds them.
    """

    name: str
    media_type: str
    body: bytes | memoryview
    digest: str
    on_sent: Callable[[int, int], None] | None = field(default=None, compare=False)
    linked: bool = False

    def linked_to(self, directory: str) -> Resource:
        """Return the XML file as one phone gets it, with its URLs below ``directory``."""
        if not self.linked:
            return self
        body = bytes(self.body).replace(DIRECTORY_MARK, str(escape(directory)).encode("utf-8"))
        digest = hashlib.sha256(body).hexdigest()
        return replace(self, body=body, digest=digest, linked=False)


class Resources(Protocol):
    """A shelf of resources."""

    def find(self, entry: Entry, name: str, query: str) -> Resource | None:
        """Return what an authorised phone may have under that name, else None.

        Args:
            entry: the phone.
            name: last part of the path, as asked.
            query: what follows the question mark, undecoded.
        """

    def may_have(self, entry: Entry, name: str) -> bool:
        """Whether ``find`` could find something; answered at once, without reading anything."""

    def close(self) -> None:
        """Let go of what it holds."""


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """Return (start, end) of the one range a Range header asks for; None: all of it.

    Only a single range of bytes is understood (RFC 9110 section 14.1.2); any other header is
    passed over, as the RFC allows. An empty pair (0, 0): nothing of the file lies in the range.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        length = min(int(match[2]), size)
        return (size - length, size) if length else (0, 0)
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    if match[2] and int(match[2]) < start:
        return None
    return (start, end) if start < size else (0, 0)
