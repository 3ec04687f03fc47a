"""Firmware versions and the ranges that choose a dialect."""

from __future__ import annotations

import re
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_TERM = re.compile(r"(>=|<=|==|>|<)\s*(\d+(?:\.\d+)*)")
_NUMBERS = re.compile(r"\d+")


def version_tuple(text: str, skip: int = 0) -> tuple[int, ...]:
    """Return the numbers of a version, without its first ``skip`` ones.

    >>> version_tuple("108.86.0.20", skip=1)
    (86, 0, 20)
    """
    return tuple(int(part) for part in _NUMBERS.findall(text))[skip:]


class VersionRange(str):
    """Comparators joined by commas, all of which must hold: ``>=81,<87``; empty is everything.

    Raises:
        ValueError: a part is no comparator with a version.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> VersionRange:
        """Check ``text``."""
        for part in filter(None, (p.strip() for p in text.split(","))):
            if not _TERM.fullmatch(part):
                raise ValueError(f"{part!r} is not a range such as '>=81' or '<2.4'")
        return super().__new__(cls, text)

    def allows(self, version: tuple[int, ...]) -> bool:
        """Whether a version lies in the range."""
        return all(_holds(version, *match) for match in _TERM.findall(self))

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: type[Any], _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate from a string."""
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


def _holds(version: tuple[int, ...], comparator: str, bound_text: str) -> bool:
    bound = version_tuple(bound_text)
    width = len(bound)
    left = (version + (0,) * width)[:width]
    return {
        ">=": left >= bound,
        "<=": left <= bound,
        "==": left == bound,
        ">": left > bound,
        "<": left < bound,
    }[comparator]
