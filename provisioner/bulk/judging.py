"""Is a list right, and what does it ask for? Every problem in its cell. Pure.

Rows of one room belong together: what is said of the room in one counts for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from provisioner.bulk.cells import (
    Column,
    JudgedRow,
    Judgement,
    ListRow,
    Remark,
    Trouble,
    WantedPhone,
    WantedRoom,
)
from provisioner.bulk.known import Known, KnownRoom
from provisioner.bulk.notebook import Notebook
from provisioner.bulk.phone_rows import Phones
from provisioner.catalogue.presets import RoomTemplate

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ROOM_COLUMNS = (Column.FLOOR, Column.TEMPLATE, Column.NAME)
_MOST = {Column.ROOM: 64, Column.FLOOR: 32, Column.EXTENSION: 64, Column.NAME: 200}
_CHANGES = {
    Column.FLOOR: Remark.FLOOR_CHANGES,
    Column.TEMPLATE: Remark.TEMPLATE_CHANGES,
    Column.NAME: Remark.NAME_CHANGES,
    Column.EXTENSION: Remark.EXTENSION_CHANGES,
}


def judge(rows: Sequence[ListRow], known: Known) -> Judgement:
    """Return what a list asks for, and everything that is wrong with it.

    Args:
        rows: of the list.
        known: the site as it stands.
    """
    book = Notebook()
    groups: dict[str, list[ListRow]] = {}
    for row in rows:
        if _is_written_well(row, book):
            groups.setdefault(row.text(Column.ROOM), []).append(row)
    phones = Phones(known, book, rows)
    rooms = [_room(room, some, known, book, phones) for room, some in groups.items()]
    _check_extensions(rooms, groups, known, book)
    judged = tuple(
        JudgedRow(row, tuple(book.said.get(row.number, ())), book.filled.get(row.number, {}))
        for row in rows
    )
    return Judgement(judged, tuple(rooms))


def _is_written_well(row: ListRow, book: Notebook) -> bool:
    """Whether the row names a room; what its cells cannot hold is noted."""
    for column, text in row.cells.items():
        if not text.isprintable():
            book.say(row, column, Trouble.CONTROL)
        elif len(text) > _MOST.get(column, 200):
            book.say(row, column, Trouble.TOO_LONG, most=_MOST.get(column, 200))
    room, extension = row.text(Column.ROOM), row.text(Column.EXTENSION)
    if not room:
        book.say(row, Column.ROOM, Trouble.ROOM_NEEDED)
    elif not _NAME.fullmatch(room):
        book.say(row, Column.ROOM, Trouble.ROOM_FORM)
    if extension and not _NAME.fullmatch(extension):
        book.say(row, Column.EXTENSION, Trouble.EXTENSION_FORM)
    return bool(_NAME.fullmatch(room))


def _room(
    room: str, rows: Sequence[ListRow], known: Known, book: Notebook, phones: Phones
) -> WantedRoom:
    """One room with all of its rows."""
    stored = known.rooms.get(room, KnownRoom(room))
    values = {column: _agreed(column, rows, book) for column in _ROOM_COLUMNS}
    template = _template(rows, values[Column.TEMPLATE], stored, known, book)
    first = next((row for row in rows if row.text(Column.EXTENSION)), None)
    extension = first.text(Column.EXTENSION) if first else ""
    _tell_changes(rows, stored, template, extension, book)
    placed = phones.of_room(room, rows, template, extension or stored.extension)
    _check_twice(room, rows, placed, book)
    return WantedRoom(
        room, tuple(row.number for row in rows), values[Column.FLOOR],
        template.id if template else "", extension, values[Column.NAME], placed,
    )  # fmt: skip


def _agreed(column: Column, rows: Sequence[ListRow], book: Notebook) -> str:
    """What the rows of a room say in a column: the first counts, others must not differ."""
    first = next((row for row in rows if row.text(column)), None)
    if first is None:
        return ""
    value = first.text(column)
    for row in rows:
        if row.text(column) and row.text(column).casefold() != value.casefold():
            book.say(row, column, Trouble.DIFFERS, row=first.number, other=value)
    return value


def _template(
    rows: Sequence[ListRow], word: str, stored: KnownRoom, known: Known, book: Notebook
) -> RoomTemplate | None:
    """The template of a room; None: it has none that there is."""
    found = known.template_words.get(word.lower()) if word else stored.template or known.template
    if found and found in known.templates:
        for row in rows:
            book.fill(row, Column.TEMPLATE, found)
        return known.templates[found]
    if word:
        near = known.near_templates(word)
        for row in rows:
            if not row.text(Column.TEMPLATE):
                continue
            what = Trouble.TEMPLATE_NEAR if near else Trouble.TEMPLATE_UNKNOWN
            book.say(row, Column.TEMPLATE, what, word=word, near=", ".join(near))
        return None
    needing = next((row for row in rows if row.text(Column.MAC)), None)
    if needing is not None:
        book.say(needing, Column.TEMPLATE, Trouble.TEMPLATE_NEEDED)
    return None


def _tell_changes(
    rows: Sequence[ListRow],
    stored: KnownRoom,
    template: RoomTemplate | None,
    extension: str,
    book: Notebook,
) -> None:
    """Say where a stored room becomes another, and refuse a template that leaves out a phone."""
    before = {
        Column.FLOOR: stored.floor, Column.NAME: stored.name, Column.EXTENSION: stored.extension,
        Column.TEMPLATE: stored.template,
    }  # fmt: skip
    for column, old in before.items():
        row = next((row for row in rows if row.text(column)), None)
        if row is None or not old:
            continue
        new = {Column.TEMPLATE: template.id if template else old, Column.EXTENSION: extension}
        if new.get(column, row.text(column)) != old:
            book.say(row, column, _CHANGES[column], before=old)
    if template is not None and template.id != stored.template:
        row = next((row for row in rows if row.text(Column.TEMPLATE)), rows[0])
        for position in stored.phones:
            if template.position(position) is None and stored.template:
                book.say(row, Column.TEMPLATE, Trouble.TEMPLATE_LEAVES_OUT, position=position)


def _check_twice(
    room: str, rows: Sequence[ListRow], placed: dict[str, WantedPhone], book: Notebook
) -> None:
    """A room is named again only for another phone, or another position."""
    seen: dict[str, ListRow] = {}
    with_phone = {phone.row for phone in placed.values()}
    for row in rows:
        if row.text(Column.MAC):
            seen.setdefault("", row)
            continue
        position = row.text(Column.POSITION).lower()
        if position in seen or (seen and not position):
            first = seen.get(position) or next(iter(seen.values()))
            book.say(row, Column.ROOM, Trouble.ROOM_TWICE, room=room, row=first.number)
        elif (position or row.text(Column.MODEL)) and row.number not in with_phone:
            book.say(row, Column.MAC, Remark.ROOM_ONLY)
        seen.setdefault(position, row)


def _check_extensions(
    rooms: Iterable[WantedRoom], groups: dict[str, list[ListRow]], known: Known, book: Notebook
) -> None:
    """No extension belongs to two rooms."""
    moved = {r.id for r in rooms if r.extension}
    taken: dict[str, tuple[str, int]] = {}
    for room in rooms:
        for row in groups[room.id]:
            word = row.text(Column.EXTENSION)
            if not word:
                book.fill(row, Column.EXTENSION, _own(room, known))
                continue
            owner = known.room_of_extension.get(word)
            owner = known.owners.get(word, "") if owner in moved or owner is None else owner
            if owner and owner != room.id:
                book.say(row, Column.EXTENSION, Trouble.EXTENSION_TAKEN, word=word, room=owner)
            first = taken.setdefault(word, (room.id, row.number))
            if first[0] != room.id:
                book.say(row, Column.EXTENSION, Trouble.EXTENSION_TWICE, word=word, room=first[0],
                         row=first[1])  # fmt: skip


def _own(room: WantedRoom, known: Known) -> str:
    stored = known.rooms.get(room.id)
    return room.extension or (stored.extension if stored else "")
