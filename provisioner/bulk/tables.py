"""Text to rows of cells: CSV, semicolons, tabs of a spreadsheet, bytes of a file. Pure."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence

ROWS_MAX = 2000
CELL_MAX = 500
_DELIMITERS = "\t;,|"
_LOOKED_AT = 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def text_of(data: bytes) -> str:
    """Return the text of a file, in whichever encoding spreadsheets have written it."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def is_spreadsheet(data: bytes) -> bool:
    """Whether these bytes are a workbook or another archive, not a text."""
    return data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"))


def table_of(text: str) -> list[list[str]]:
    """Return the rows of a list, without empty ones; cells without blanks around them.

    At most ``ROWS_MAX`` rows and a header are read, and ``CELL_MAX`` characters of a cell.
    """
    lines = text.lstrip("\ufeff").replace("\x00", "").splitlines()
    lines = [line for line in lines if line.strip()]
    if lines and lines[0].strip().lower().startswith("sep=") and len(lines[0].strip()) == 5:  # noqa: PLR2004 - what Excel writes
        delimiter, lines = lines[0].strip()[4], lines[1:]
    else:
        delimiter = delimiter_of(lines[:_LOOKED_AT])
    rows = ([cell.strip()[:CELL_MAX] for cell in cells] for cells in _split(lines, delimiter))
    return [cells for cells in rows if any(cells)][: ROWS_MAX + 1]


def delimiter_of(lines: Iterable[str]) -> str:
    """Return the sign that parts most lines into equally many cells; a comma when none does."""
    best, score = ",", 0
    some = list(lines)
    for sign in _DELIMITERS:
        counts = [_outside_quotes(line, sign) for line in some]
        most = max(counts, key=counts.count, default=0)
        if most and counts.count(most) > score:
            best, score = sign, counts.count(most)
    return best


def _outside_quotes(line: str, sign: str) -> int:
    return sum(part.count(sign) for part in line.split('"')[::2])


def _split(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Parse as CSV; what is none is split at its delimiter, quotes and all."""
    try:
        return list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    except (csv.Error, TypeError):  # a cell without end; a delimiter that cannot be one
        return [line.split(delimiter) for line in lines]
