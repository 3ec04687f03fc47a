"""Plain lists: the columns of bellwire's own lists of rooms, and a password for each extension."""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.bulk.cells import Column
from provisioner.bulk.columns import PastedList, list_of
from provisioner.bulk.known import Known
from provisioner.importing.found import Found, FoundPhone, Line, Place
from provisioner.importing.sources import Source, Table, csv_of

_SECRET = frozenset({"secret", "password", "sip_password", "sip_secret"})
_VOICEMAIL = frozenset({"voicemail", "voicemail_enable"})
_YES = frozenset({"yes", "1", "true", "on"})


def read_lists(sources: Iterable[Source], known: Known) -> Found:
    """Return what lists of rooms and phones hold; a row without a MAC address is a room.

    Args:
        sources: with or without a header, in any order of columns.
        known: helps to see what stands in a column that has no name.

    Raises:
        SiteFileError: a file is no list.
    """
    found = Found()
    for source in sources:
        table = csv_of(source)
        listed = list_of(table.rows, known)
        if Column.ROOM not in listed.columns:
            found.refuse(Place(source.name, table.lines[0]), "no column says which room: name one")
            continue
        _read(source, table, listed, found)
    return found


def _read(source: Source, table: Table, listed: PastedList, found: Found) -> None:
    skipped = 1 if listed.has_header else 0
    names = table.columns if listed.has_header else ()
    for row, line, cells in zip(
        listed.rows, table.lines[skipped:], table.rows[skipped:], strict=True
    ):
        rest = {
            name: cell
            for at, (name, cell) in enumerate(zip(names, cells, strict=False))
            if listed.columns[at] is None and name and cell
        }
        secret = next((rest[n] for n in rest if n in _SECRET), "")
        has_box = any(rest[n].lower() in _YES for n in rest if n in _VOICEMAIL)
        for name in set(rest) - _SECRET - _VOICEMAIL:
            found.leave(f"column {name}")
        extension = row.text(Column.EXTENSION)
        lines = (Line(extension, row.text(Column.NAME), secret, "", has_box),) if extension else ()
        found.phones.append(FoundPhone(
            Place(source.name, line), row.text(Column.MAC), row.text(Column.MODEL), lines,
            room=row.text(Column.ROOM), floor=row.text(Column.FLOOR),
            template=row.text(Column.TEMPLATE), position=row.text(Column.POSITION),
            name=row.text(Column.NAME),
        ))  # fmt: skip
