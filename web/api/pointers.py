"""Where in a document something stands, as a JSON Pointer (RFC 6901). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PART = re.compile(r"\[(\d+)\]|([^.\[]+)")


def pointer(path: Iterable[str | int]) -> str:
    """Return the pointer of a path; the whole document is the empty text."""
    return "".join(f"/{_escaped(str(part))}" for part in path)


def pointer_of_text(dotted: str) -> str:
    """Return the pointer of ``sites[0].rooms[3].phones.bedside.mac``."""
    return pointer(number or name for number, name in _PART.findall(dotted))


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
