"""Files of an export as texts, and their JSON, INI and CSV. Pure, but for reading the files."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioner.bulk.tables import delimiter_of, is_spreadsheet, text_of
from provisioner.errors import SiteFileError

BYTES_MAX = 64 * 1024 * 1024
FILES_MAX = 20_000
_LOOKED_AT = 20
_SECTION = re.compile(r"\[([^\]]+)\]\s*(?:;.*)?")
_PAIR = re.compile(r"([^=\s][^=]*?)\s*=\s*(.*)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:;.*)?')


@dataclass(frozen=True, slots=True)
class Source:
    """A file: its name, for messages, and its text."""

    name: str
    text: str

    @property
    def stem(self) -> str:
        """The last part of its name, without ending."""
        return Path(self.name).stem


def read_sources(files: Iterable[Path]) -> tuple[Source, ...]:
    """Read files, and all files below folders.

    Raises:
        SiteFileError: a file cannot be read, or is a workbook.
    """
    found = [_read(file) for file in _walk(files)]
    if not found:
        raise SiteFileError(", ".join(map(str, files)), 0, "", "there is no file in it")
    return tuple(found)


def _walk(files: Iterable[Path]) -> Iterator[Path]:
    for given in files:
        if not given.is_dir():
            yield given
            continue
        inside = sorted(p for p in given.rglob("*") if p.is_file() and not p.name.startswith("."))
        if len(inside) > FILES_MAX:
            raise SiteFileError(str(given), 0, "", f"holds more than {FILES_MAX} files")
        yield from inside


def _read(file: Path) -> Source:
    try:
        if file.stat().st_size > BYTES_MAX:
            raise SiteFileError(str(file), 0, "", f"larger than {BYTES_MAX} bytes")
        data = file.read_bytes()
    except OSError as problem:
        raise SiteFileError(str(file), 0, "", f"cannot be read: {problem}") from problem
    if is_spreadsheet(data):
        raise SiteFileError(str(file), 0, "", "is a workbook: save it as CSV")
    return Source(str(file), text_of(data))


def json_of(source: Source) -> Any:  # noqa: ANN401 - any JSON
    """Return the JSON of a file.

    Raises:
        SiteFileError: it is none; names the line.
    """
    try:
        return json.loads(source.text)
    except json.JSONDecodeError as problem:
        raise SiteFileError(source.name, problem.lineno, "", f"not JSON: {problem.msg}") from None
    except ValueError:  # more than 4300 digits
        raise SiteFileError(source.name, 0, "", "not JSON: a number is too long") from None
    except RecursionError:
        raise SiteFileError(source.name, 0, "", "not JSON: nested too deeply") from None


def ini_of(source: Source) -> dict[str, dict[str, str]]:
    """Return an INI file as PHP writes it, by section: ``key = "text"`` below ``[section]``.

    Raises:
        SiteFileError: a line is neither a section, a pair nor a comment.
    """
    made: dict[str, dict[str, str]] = {}
    section = ""
    for number, raw in enumerate(source.text.splitlines(), start=1):
        line = raw.strip()
        if not line or line[0] in ";#":
            continue
        if head := _SECTION.fullmatch(line):
            section = head[1]
        elif pair := _PAIR.fullmatch(line):
            made.setdefault(section, {})[pair[1]] = _value(pair[2])
        else:
            raise SiteFileError(source.name, number, "", "is neither [section] nor key = value")
    return made


def _value(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    return (
        re.sub(r'\\(["\\])', r"\1", quoted[1])
        if quoted
        else text.split(" ;", maxsplit=1)[0].strip()
    )


@dataclass(frozen=True, slots=True)
class Table:
    """A list: its rows, the header among them, and the line each begins at."""

    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The header: names in lower case, parted by underscores."""
        return tuple(re.sub(r"[\s.-]+", "_", cell.lower()) for cell in self.rows[0])

    def named(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield line and filled cells of each row below the header."""
        columns = self.columns
        for line, cells in zip(self.lines[1:], self.rows[1:], strict=True):
            yield line, {c: v for c, v in zip(columns, cells, strict=False) if c and v}


def csv_of(source: Source) -> Table:
    """Return a list, parted by commas, semicolons, tabs or bars; empty rows are left out.

    Raises:
        SiteFileError: it is no list.
    """
    text = source.text.lstrip("\ufeff")
    sign = delimiter_of([line for line in text.splitlines() if line.strip()][:_LOOKED_AT])
    rows, lines, begins = [], [], 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(tuple(cell.strip() for cell in cells))
                lines.append(begins)
            begins = reader.line_num + 1
    except csv.Error as problem:
        raise SiteFileError(source.name, reader.line_num, "", f"not CSV: {problem}") from problem
    if not rows:
        raise SiteFileError(source.name, 1, "", "is empty")
    return Table(tuple(rows), tuple(lines))
