"""Which column says what: by the header, or by what stands in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioner.bulk.cells import Column, ListRow
from provisioner.bulk.known import Known
from provisioner.bulk.macs import mac_in

HEADERS: Mapping[Column, frozenset[str]] = {
    Column.ROOM: frozenset({
        "room", "roomno", "roomnumber", "roomnr", "roomid", "number", "zimmer", "habitacion", "hab",
        "sala", "numero", "комната", "номер", "помещение",
    }),
    Column.FLOOR: frozenset({"floor", "level", "storey", "planta", "piso", "этаж"}),
    Column.TEMPLATE: frozenset({
        "template", "roomtemplate", "roomtype", "type", "plantilla", "tipo", "шаблон", "тип",
        "типномера",
    }),
    Column.POSITION: frozenset({
        "position", "place", "location", "posicion", "lugar", "ubicacion", "место", "положение",
    }),
    Column.MODEL: frozenset({
        "model", "phone", "phonemodel", "device", "product", "modelo", "telefono", "модель",
        "телефон", "аппарат",
    }),
    Column.MAC: frozenset({
        "mac", "macaddress", "macaddr", "direccionmac", "ethernet", "macадрес", "адресmac",  # noqa: RUF001
    }),
    Column.EXTENSION: frozenset({
        "extension", "ext", "extn", "extensionnumber", "dn", "line", "internal", "interno", "anexo",
        "внутренний", "внутреннийномер", "добавочный",
    }),
    Column.NAME: frozenset({
        "name", "roomname", "label", "displayname", "description", "nombre", "descripcion", "имя",
        "название", "описание",
    }),
}  # fmt: skip
_BY_WORD = {word: column for column, words in HEADERS.items() for word in words}
_ACCENTS = str.maketrans("áéíóúüñё", "aeiouunе")  # noqa: RUF001
_ROOM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}")
_FLOOR = re.compile(r"-?\d{1,2}|[A-Za-z]{1,2}")
_MOST = 0.6
_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class PastedList:
    """A list with its columns.

    Attributes:
        columns: what each column of the table says; None: nothing that is used.
        has_header: its first row named the columns.
        words: what the header calls each column, or its first cell.
    """

    columns: tuple[Column | None, ...]
    rows: tuple[ListRow, ...]
    has_header: bool = False
    words: tuple[str, ...] = ()


def list_of(
    table: Sequence[Sequence[str]], known: Known, chosen: Mapping[int, Column | None] | None = None
) -> PastedList:
    """Return the rows of a table by column.

    Args:
        table: rows of cells.
        known: helps to see what stands in a column.
        chosen: by a person, by 0-based column; instead of what would be guessed.
    """
    if not table:
        return PastedList((), ())
    width = max(map(len, table))
    named = [_BY_WORD.get(_plain(cell)) for cell in table[0]]
    has_header = _is_header(table[0], named)
    body = table[1:] if has_header else table
    guessed = named if has_header else _guessed(body, width, known)
    columns = [*guessed, *[None] * (width - len(guessed))]
    for at, column in (chosen or {}).items():
        if at < width:
            columns[at] = column
    columns = _once(columns)
    rows = tuple(
        ListRow(number, {c: cell for c, cell in zip(columns, row, strict=False) if c is not None})
        for number, row in enumerate(body, start=1)
    )
    return PastedList(tuple(columns), rows, has_header, _words(table[0], width))


def _plain(cell: str) -> str:
    return re.sub(r"[\W_]+", "", cell.casefold().translate(_ACCENTS))


def _is_header(first: Sequence[str], named: Sequence[Column | None]) -> bool:
    if any(mac_in(cell) is not None for cell in first):
        return False
    found = sum(column is not None for column in named)
    return found >= min(_ENOUGH, sum(bool(cell) for cell in first)) > 0


def _words(first: Sequence[str], width: int) -> tuple[str, ...]:
    return (*first, *[""] * (width - len(first)))


def _once(columns: Sequence[Column | None]) -> list[Column | None]:
    """Only the first of several columns that say the same counts."""
    seen: set[Column] = set()
    found: list[Column | None] = []
    for column in columns:
        found.append(None if column in seen else column)
        if column is not None:
            seen.add(column)
    return found


def _guessed(body: Sequence[Sequence[str]], width: int, known: Known) -> list[Column | None]:
    """What columns say that have no names."""
    columns: list[Column | None] = [None] * width
    cells = [[row[at] for row in body if at < len(row) and row[at]] for at in range(width)]
    for at, some in enumerate(cells):
        found = _by_words(some, known)
        if found is not None and found not in columns:
            columns[at] = found
    left = [at for at in range(width) if columns[at] is None and cells[at]]
    for column, at in _by_form(cells, left, known).items():
        columns[at] = column
    return columns


def _by_words(cells: Sequence[str], known: Known) -> Column | None:
    """What can be told by the words of a column alone."""
    tests = {
        Column.MAC: lambda cell: mac_in(cell) is not None,
        Column.TEMPLATE: lambda cell: cell.lower() in known.template_words,
        Column.POSITION: lambda cell: cell.lower() in known.position_words,
        Column.MODEL: lambda cell: known.find_model(cell) is not None,
    }
    shares = {c: sum(map(test, cells)) / max(len(cells), 1) for c, test in tests.items()}
    best = max(shares, key=lambda column: shares[column])
    return best if shares[best] >= _MOST else None


def _by_form(
    cells: Sequence[Sequence[str]], left: Sequence[int], known: Known
) -> dict[Column, int]:
    """Rooms, floors, extensions and names: by their length, and by which comes first."""
    found: dict[Column, int] = {}
    for at in left:
        column = _form_of(cells[at], known, found, is_last_like_room=_is_last(cells, left, at))
        if column is not None and column not in found:
            found[column] = at
    return found


def _is_last(cells: Sequence[Sequence[str]], left: Sequence[int], at: int) -> bool:
    return not any(_share(_ROOM, cells[other]) >= _MOST for other in left if other > at)


def _form_of(
    cells: Sequence[str], known: Known, found: Mapping[Column, int], *, is_last_like_room: bool
) -> Column | None:
    if _share(_ROOM, cells) < _MOST:
        return Column.NAME
    if sum(cell in known.rooms for cell in cells) >= _MOST * len(cells):
        return Column.ROOM if Column.ROOM not in found else Column.EXTENSION
    repeats = len(set(cells)) < len(cells) or len(cells) == 1
    if (
        Column.FLOOR not in found
        and repeats
        and _share(_FLOOR, cells) >= _MOST
        and not (Column.ROOM not in found and is_last_like_room)
    ):
        return Column.FLOOR
    if Column.ROOM not in found:
        return Column.ROOM
    is_number = _share(re.compile(r"\+?\d+"), cells) >= _MOST
    return Column.EXTENSION if is_number else Column.NAME


def _share(pattern: re.Pattern[str], cells: Sequence[str]) -> float:
    return sum(pattern.fullmatch(cell) is not None for cell in cells) / max(len(cells), 1)
