"""What the check of a file comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from provisioner.errors import InventoryError


class FileRefusedError(InventoryError):
    """A file cannot go into the library; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Findings:
    """A file that was looked into.

    Attributes:
        facts: what is worth keeping: width and height in pixels, encoding and rate in Hz.
        warnings: what may go wrong with it, in sentences.
    """

    media_type: str
    facts: Mapping[str, JsonValue]
    warnings: tuple[str, ...] = ()
