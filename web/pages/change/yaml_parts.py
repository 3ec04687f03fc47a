"""Parts of a document as YAML in a text area, and back with the line of every error. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from provisioner.errors import SiteFileError
from provisioner.inventory.site_yaml import Document, Path_, dotted, read_yaml

EMPTY: tuple[object, ...] = (None, {}, [], "")


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote in a text area.

    Attributes:
        value: None: nothing.
        document: with the line of each path; None: nothing could be read.
        error: why not, in words.
    """

    value: Any = None
    document: Document | None = None
    error: str = ""

    def line(self, path: Path_) -> int:
        """Return the line of something in it."""
        return self.document.line(path) if self.document else 1


def as_yaml(value: object) -> str:
    """Return a part of a document as people write it; nothing as an empty text."""
    if value in EMPTY:
        return ""
    text: str = yaml.safe_dump(
        value, sort_keys=False, allow_unicode=True, default_flow_style=False, width=96
    )
    return text.removesuffix("...\n")


def from_yaml(text: str) -> Written:
    """Read a text area; what cannot be read is a value too."""
    if not text.strip():
        return Written()
    try:
        document = read_yaml("", text.replace("\r\n", "\n"), from_outside=True)
    except SiteFileError as problem:
        sentence = str(problem).split(": ", 1)[-1]
        where = f"line {problem.line}: " if problem.line else ""
        return Written(error=f"{where}{sentence}")
    return Written(document.data, document)


def is_same(written: object, stored: object) -> bool:
    """Whether a part says what is stored already."""
    if written in EMPTY and stored in EMPTY:
        return True
    return written == stored


def said_at(written: Written, path: Path_, sentence: str) -> str:
    """Return an error with its line and its place."""
    place = f"{dotted(path)}: " if path else ""
    return f"line {written.line(path)}: {place}{sentence}"


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[str]:
    """Return the unified diff of two documents as YAML, without its head."""
    old, new = as_yaml(dict(before or {})).splitlines(), as_yaml(dict(after or {})).splitlines()
    return list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]
