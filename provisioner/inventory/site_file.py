"""The declarative site file: reading it, and saying where something in it stands.

Reading stops at the first error, naming file, line and field; nothing is stored before all
files are read and checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue, ValidationError

from provisioner.errors import SiteFileError
from provisioner.inventory.site_shape import FileContent
from provisioner.inventory.site_yaml import Document, Path_, dotted, read_yaml


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A read file with what is needed to say where something stands."""

    document: Document
    content: FileContent

    def error(self, path: Path_, problem: str) -> SiteFileError:
        """Return an error that names this file and the line of ``path``."""
        return SiteFileError(self.document.file, self.document.line(path), dotted(path), problem)


def read_site_files(files: Iterable[Path]) -> tuple[SiteFile, ...]:
    """Read site files.

    Raises:
        SiteFileError: names file, line and field.
    """
    read = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise SiteFileError(str(file), 0, "", f"cannot be read: {problem}") from problem
        read.append(parse_site_file(str(file), text, file.parent))
    return tuple(read)


def parse_site_file(file: str, text: str, folder: Path | None = None) -> SiteFile:
    """Parse one site file; raises SiteFileError."""
    document = read_yaml(file, text, folder)
    try:
        return SiteFile(document, FileContent.model_validate(document.data))
    except ValidationError as problem:
        first = problem.errors()[0]
        path = written_path(document.data, first["loc"])
        raise SiteFileError(
            file, document.line(path), dotted(path), message_of(first["msg"])
        ) from problem


def schema() -> dict[str, object]:
    """Return the JSON Schema of a site file."""
    return FileContent.model_json_schema()


def written_path(data: JsonValue, location: Path_) -> Path_:
    """Return the part of a location that a person wrote, without names of alternatives."""
    path: list[str | int] = []
    for part in location:
        if isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif isinstance(data, dict) and part != "[key]" and "[" not in str(part):
            data = data.get(str(part))
        else:
            continue
        path.append(part)
    return tuple(path)


def message_of(text: str) -> str:
    """Return what pydantic says of a value, without what it says of itself."""
    return text.removeprefix("Value error, ")
