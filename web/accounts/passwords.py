"""Passwords: which are good enough, and their argon2id hashes (RFC 9106, second choice)."""

from __future__ import annotations

import threading
import unicodedata
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import SecretStr

LENGTH_MIN = 10
LENGTH_MAX = 200
WAIT_S = 2.0
_DIFFERENT_MIN = 5


class BusyError(Exception):
    """Somebody else's password is being looked at; it takes memory and time, so one at once."""


class Passwords:
    """Hashes and compares passwords, one at a time.

    A comparison takes 64 MiB and some 50 ms on purpose. Only one runs, so that a flood of wrong
    passwords keeps no more than one of the threads from the phones.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(
            time_cost=3, memory_cost=64 * 1024, parallelism=4, type=Type.ID
        )
        self._slot = threading.BoundedSemaphore(1)

    def hash(self, password: SecretStr) -> str:
        """Return what is stored; raises BusyError."""
        with self._turn():
            return self._hasher.hash(_normal(password))

    def is_right(self, kept: str, password: SecretStr) -> bool:
        """Compare; an empty ``kept`` (no such user) takes the same time and is never right.

        Raises:
            BusyError: too many are asking at once.
        """
        with self._turn():
            nobodys = self._nobodys  # made the first time, whoever asks
            try:
                right = self._hasher.verify(kept or nobodys, _normal(password))
            except (VerificationError, InvalidHashError):
                return False
        return right and bool(kept)

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with other costs than those of today."""
        return self._hasher.check_needs_rehash(kept)

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash("nobody's password")

    def _turn(self) -> _Turn:
        return _Turn(self._slot)


class _Turn:
    """The one slot for hashing, for the length of a ``with`` block."""

    def __init__(self, slot: threading.BoundedSemaphore) -> None:
        self._slot = slot

    def __enter__(self) -> None:
        if not self._slot.acquire(timeout=WAIT_S):
            raise BusyError

    def __exit__(self, *_: object) -> None:
        self._slot.release()


def _normal(password: SecretStr) -> str:
    """One spelling of letters with accents, whatever the keyboard (NIST SP 800-63B 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password.get_secret_value())


def weakness(password: SecretStr, name: str) -> str:
    """Return why a password is not good enough, in a word, or an empty text.

    Long is what counts; rules on digits and signs make passwords worse (NIST SP 800-63B).

    Returns:
        ``short``, ``long``, ``name`` (it is the user's name or holds it), ``simple``, or empty.
    """
    text = _normal(password)
    if len(text) < LENGTH_MIN:
        return "short"
    if len(text) > LENGTH_MAX:
        return "long"
    folded = text.casefold()
    if name and name.casefold() in folded and len(text) - len(name) < LENGTH_MIN // 2:
        return "name"
    if len(set(folded)) < _DIFFERENT_MIN or folded in _simple() or _is_a_run(folded):
        return "simple"
    return ""


@cache
def _simple() -> frozenset[str]:
    file = Path(__file__).parent / "simple_passwords.txt"
    return frozenset(file.read_text(encoding="utf-8").split())


def _is_a_run(text: str) -> bool:
    """Whether it only counts up or down, as 1234567890 does."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1}) or text in {"1234567890", "0987654321"}
