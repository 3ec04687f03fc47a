"""What a target of fuzzing is, and small things its callables need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from provisioner.catalogue.loader import Catalogue, load

NOW = datetime.fromisoformat("2026-11-22 12:00")
AT = ("10.20.0.7", 5060)


@dataclass(frozen=True)
class Target:
    """Something that reads what strangers send.

    Attributes:
        take: reads bytes, and checks what it made of them; a broken check is a finding.
        seeds: inputs that are understood.
        words: pieces that the format knows, for mutations.
        refuses: what it may raise; anything else is a finding.
        most: an input is not longer.
    """

    name: str
    take: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    refuses: tuple[type[Exception], ...] = ()
    most: int = 8192


EVIL = (
    b"\0", b"\r\n", b"\n\n", b"\r\n\r\n", b"..", b"../", b"%2e%2e%2f", b"%00", b"%", b"\xff\xfe",
    b"\xc3\x28", b"\xed\xa0\x80", b"\xe2\x80\xae", b"9" * 30, b"9" * 4400, b"-1", b"1e999", b"NaN",
    b"=cmd|'/C'!A1", b"<script>", b"{{7*7}}", b"${jndi:x}", b"'", b'"', b"\\", b";", b",", b"\xd9\xa3",
    b"A" * 1000, b"0x", b"Infinity", b"\xef\xbb\xbf", b"[" * 200, b"{" * 200, b'{"a":' * 100,
)  # fmt: skip
"""Pieces that readers of every kind stumble over."""


class Dough:
    """Values drawn from bytes: what is used up gives zeros."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        """Whether something is left."""
        return self._at < len(self._data)

    def octet(self) -> int:
        """One octet."""
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def octets(self) -> bytes:
        """A string, its length in front."""
        length = self.octet()
        self._at += length
        return self._data[self._at - length : self._at]

    def number(self) -> int:
        """A number of up to four octets, negative ones among them."""
        size = self.octet() % 5
        self._at += size
        return int.from_bytes(self._data[self._at - size : self._at], "big", signed=True)

    def numbers(self) -> tuple[int, ...]:
        """A few numbers, none negative."""
        return tuple(abs(self.number()) for _ in range(self.octet() % 12))

    def each(self) -> Iterator[int]:
        """Octets until nothing is left."""
        while self:
            yield self.octet()


@cache
def catalogue() -> Catalogue:
    """The shipped vendor knowledge."""
    return load()
