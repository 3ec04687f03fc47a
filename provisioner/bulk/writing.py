"""Lists written for spreadsheets: nothing in them is taken for a formula. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from provisioner.bulk.cells import Column, ListRow

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
EXAMPLE: tuple[Mapping[Column, str], ...] = (
    {Column.ROOM: "201", Column.FLOOR: "2", Column.TEMPLATE: "guest-room",
     Column.POSITION: "bedside", Column.MODEL: "fanvil/h5", Column.MAC: "0c:38:3e:00:02:01",
     Column.EXTENSION: "2201", Column.NAME: ""},
    {Column.ROOM: "201", Column.FLOOR: "2", Column.TEMPLATE: "guest-room",
     Column.POSITION: "bathroom", Column.MODEL: "fanvil/h2u-v2", Column.MAC: "0c:38:3e:00:02:02",
     Column.EXTENSION: "2201", Column.NAME: ""},
    {Column.ROOM: "office", Column.FLOOR: "0", Column.TEMPLATE: "office",
     Column.POSITION: "desk", Column.MODEL: "yealink/t31p", Column.MAC: "80:5e:c0:00:02:03",
     Column.EXTENSION: "120", Column.NAME: "Office"},
)  # fmt: skip
"""What the list to be filled in shows."""


def harmless(text: str) -> str:
    """Return a cell that no spreadsheet runs: what begins like a formula gets an apostrophe.

    Numbers stay numbers: a floor may be ``-1`` (OWASP, CSV injection).
    """
    if not text.startswith(_FORMULA):
        return text
    digits = text[1:]
    return text if text[0] in "+-" and digits.isascii() and digits.isdigit() else f"'{text}"


def csv_of(rows: Iterable[Mapping[Column, str]]) -> str:
    """Return rows as CSV with a header; MAC addresses with colons stay texts in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([str(column) for column in Column])
    for row in rows:
        writer.writerow([harmless(row.get(column, "")) for column in Column])
    return out.getvalue()


def rows_of(cells: Iterable[Mapping[Column, str]]) -> tuple[ListRow, ...]:
    """Return rows with their numbers."""
    return tuple(ListRow(number, row) for number, row in enumerate(cells, start=1))
