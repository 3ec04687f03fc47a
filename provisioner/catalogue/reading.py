"""Reading one data file: TOML into a checked record; a mistake is named with file and key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from provisioner.errors import CatalogueError

R = TypeVar("R", bound=BaseModel)


def read_record(root: Path, file: Path, kind: type[R]) -> R:
    """Return a file as a record.

    Args:
        root: the folder that errors name the file below.
        file: a TOML file inside it.
        kind: what it must be.

    Raises:
        CatalogueError: the file is wrong; it names file and key.
    """
    return checked_record(str(file.relative_to(root)), read_toml(root, file), kind)


def read_toml(root: Path, file: Path) -> dict[str, Any]:
    """Return what a file holds, unchecked; raises CatalogueError when it is not TOML."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise CatalogueError(str(file.relative_to(root)), "", f"not TOML: {problem}") from problem


def checked_record(name: str, data: Mapping[str, Any], kind: type[R]) -> R:
    """Return data as a record; raises CatalogueError that names the file and the first key."""
    try:
        return kind.model_validate(data)
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise CatalogueError(name, key, first["msg"]) from problem
