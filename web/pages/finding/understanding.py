"""What somebody who types into the search may mean. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

TEXT_MAX = 100
_MAC_PART = re.compile(r"[0-9a-fA-F]+(?:[:.\- ][0-9a-fA-F]+)*[:.\-]?")
_ADDRESS_PART = re.compile(r"\d{1,3}(\.\d{1,3}){1,3}\.?")
_HEX_LEAST = 4
_MAC_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text may be.

    Attributes:
        text: without blanks around it; empty: nothing was typed.
        mac: hexadecimal digits that may be a part of a MAC; empty: it cannot be one.
        address: the beginning of an IP address; empty: it cannot be one.
    """

    text: str
    mac: str = ""
    address: str = ""


def meaning_of(typed: str) -> Meaning:
    """Return what a text may be: a name always, and a part of a MAC or of an address."""
    plain = "".join(sign if sign.isprintable() else " " for sign in typed)
    text = " ".join(plain.split())[:TEXT_MAX]
    mac = ""
    if _MAC_PART.fullmatch(text):
        digits = re.sub(r"[^0-9a-f]", "", text.lower())
        if _HEX_LEAST <= len(digits) <= _MAC_DIGITS or (":" in text and digits):
            mac = digits[:_MAC_DIGITS]
    address = text.rstrip(".") + ("." if text.endswith(".") else "")
    return Meaning(text, mac, address if _ADDRESS_PART.fullmatch(text) else "")
