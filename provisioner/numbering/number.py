"""A number as it was understood: one value, whatever it was spelled like."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class NumberError(ValueError):
    """A number, mask or list that cannot be read; the message names the entry."""


class Kind(StrEnum):
    """What sort of number it is, seen from a site."""

    INTERNAL = "internal"
    SERVICE = "service"
    EMERGENCY = "emergency"
    SHORT = "short"
    NATIONAL = "national"
    INTERNATIONAL = "international"
    ANONYMOUS = "anonymous"
    UNKNOWN = "unknown"


OUTSIDE = frozenset({Kind.NATIONAL, Kind.INTERNATIONAL})
"""Kinds whose value is E.164 with its plus."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number, read once.

    Attributes:
        value: ``+34912345678``; or digits of an extension, a code, an emergency or short number;
            what was written, when it is none of these; empty when the caller is anonymous.
        country: two letters; ``001`` for numbers of no country; empty when nobody can say.
        nature: ``premium``, ``shared-cost``, ``toll-free``, ``satellite``, ``mobile``, ``fixed``
            or empty.
        emergency: an emergency number of the site's country, also when it is an extension.
        valid: the metadata know its range; new or invented ranges are read all the same.
    """

    kind: Kind
    value: str
    country: str = ""
    nature: str = ""
    emergency: bool = False
    valid: bool = True


ANONYMOUS_WORDS = frozenset(
    {
        "", "anonymous", "restricted", "private", "unavailable", "unknown", "withheld", "hidden",
        "coverage unavailable", "anonimo", "anónimo", "oculto", "privado", "desconocido",
        "номер скрыт", "скрыт", "неизвестен",
    }
)  # fmt: skip
"""What operators deliver in place of a number: RFC 3323, Q.951, Asterisk's presentation names."""

_SCHEME = re.compile(r"^(?:sips?|tel):", re.IGNORECASE)
_AFTER_PLUS_ZERO = re.compile(r"^(\+|00)([^()]*)\(0\)")
_SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015\u2212\u00b7]+")
_LONGEST = 64


def bare(text: str) -> str:
    """Return a number without scheme, host, parameters and brackets of an address.

    ``<sip:+34912345678@10.0.0.1;user=phone>`` and ``tel:+34-912-345-678`` give what a person would
    have written (RFC 3261, 19.1; RFC 3966). Digits of other scripts become 0 to 9.

    Raises:
        NumberError: longer than any number.
    """
    plain = text.strip()
    if not plain.isascii():
        plain = "".join(map(_ascii_digit, unicodedata.normalize("NFKC", plain)))
    if len(plain) > _LONGEST:
        raise NumberError(f"{plain[:20]!r}...: longer than any number")
    plain = plain.strip('<>"').strip()
    plain = _SCHEME.sub("", plain).partition(";")[0].partition("@")[0]
    return plain.strip()


def joined(text: str) -> str:
    """Return a number without what people put between its digits; ``+44 (0)20`` loses the zero."""
    return _SEPARATORS.sub("", _AFTER_PLUS_ZERO.sub(r"\1\2", text.strip()))


def is_anonymous(text: str) -> bool:
    """Whether this stands for a caller who does not show a number."""
    return text.casefold() in ANONYMOUS_WORDS or (text != "" and not text.strip("0"))


def _ascii_digit(character: str) -> str:
    """A digit of any script as 0 to 9; marks of direction, which come with a copy, as nothing."""
    if unicodedata.category(character) == "Cf":
        return ""
    if character.isascii() or not character.isdecimal():
        return character
    return str(unicodedata.decimal(character))
