"""MAC addresses: any notation in, twelve lower-case hex digits inside."""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import CoreSchema, core_schema

_SEPARATORS = re.compile(r"[\s:.\-]")
_DIGITS = re.compile(r"[0-9a-f]{12}")
# the last one is what Fanvil phones put in file names before they use their own
_NOT_A_DEVICE = frozenset({"000000000000", "ffffffffffff", "f00000000000"})


class MacAddress(str):
    """A device's MAC address as twelve lower-case hex digits.

    It is a ``str``, so it sorts, hashes and stores as one.

    Args:
        text: any usual notation: ``0C:38:3E:00:02:14``, ``0c-38-3e-00-02-14``,
            ``0c38.3e00.0214`` or ``0C383E000214``.

    Raises:
        ValueError: the text is no MAC address of a single device.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> MacAddress:
        """Normalise ``text``."""
        digits = _SEPARATORS.sub("", text).lower()
        if not _DIGITS.fullmatch(digits):
            raise ValueError(f"{text!r} is not a MAC address: 12 hex digits are needed")
        if digits in _NOT_A_DEVICE or int(digits[1], 16) & 1:
            raise ValueError(f"{text!r} is not the MAC address of one device")
        return super().__new__(cls, digits)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:  # noqa: ANN401
        """Let pydantic read it from a text (its own hook)."""
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())

    @property
    def upper12(self) -> str:
        """Twelve upper-case digits, as Snom names its files."""
        return str.upper(self)

    @property
    def colons(self) -> str:
        """Lower case with colons, as people read it."""
        return ":".join(self[i : i + 2] for i in range(0, 12, 2))

    @property
    def oui(self) -> str:
        """The maker's six digits (IEEE MA-L)."""
        return self[:6]


def parse_mac(text: str | None) -> MacAddress | None:
    """Return the MAC address in ``text``, or None when there is none."""
    if not text:
        return None
    try:
        return MacAddress(text)
    except ValueError:
        return None
