"""Whole numbers out of texts that anybody may write: addresses, forms, exports."""

from __future__ import annotations

_DIGITS_MAX = 18
"""What a column of a database holds; ``int`` itself refuses more than 4300 with an error."""


def whole_number(text: str) -> int | None:
    """Return a number written in ASCII digits; None: it is none, or absurdly long."""
    text = text.strip()
    is_number = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
    return int(text) if is_number else None
