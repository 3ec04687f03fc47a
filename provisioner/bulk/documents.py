"""A judged list as rooms in the shape of the site file. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.bulk.cells import Column, Judgement, Said, Trouble, WantedPhone, WantedRoom
from provisioner.mac import MacAddress

Document = dict[str, Any]
_CELLS = {"floor": Column.FLOOR, "template": Column.TEMPLATE, "extension": Column.EXTENSION,
          "name": Column.NAME, "id": Column.ROOM}  # fmt: skip
_PHONE_CELLS = {"mac": Column.MAC, "model": Column.MODEL, "extension": Column.EXTENSION,
                "accounts": Column.EXTENSION, "preset": Column.POSITION}  # fmt: skip


def room_documents(
    judgement: Judgement, stored: Mapping[str, Mapping[str, Any]]
) -> tuple[Document, ...]:
    """Return each room of a list as it is to be stored, whole.

    Args:
        judgement: of a list without problems.
        stored: the rooms that there are, as documents by id; what the list does not name stays.
    """
    return tuple(_document(room, stored.get(room.id, {})) for room in judgement.rooms)


def changed_documents(
    documents: tuple[Document, ...], stored: Mapping[str, Mapping[str, Any]]
) -> tuple[Document, ...]:
    """Return those that are not as they are stored."""
    return tuple(made for made in documents if made != stored.get(made["id"]))


def _document(room: WantedRoom, before: Mapping[str, Any]) -> Document:
    made: Document = {**before, "id": room.id}
    for name in ("floor", "template", "extension", "name"):
        value = getattr(room, name)
        if value:
            made[name] = value
    phones = dict(before.get("phones", {}))
    for position, phone in room.phones.items():
        phones[position] = _phone(phone, phones.get(position, {}))
    if phones:
        made["phones"] = phones
    return made


def _phone(phone: WantedPhone, before: Mapping[str, Any]) -> Document:
    made = {**before, "model": phone.model, "mac": MacAddress(phone.mac).colons}
    if phone.extension:
        made["extension"] = phone.extension
    return made


def refused_at(
    judgement: Judgement,
    documents: tuple[Document, ...],
    path: tuple[str | int, ...],
    sentence: str,
) -> tuple[int, Said]:
    """Return row and cell of what the inventory refuses although the list looked right.

    Args:
        judgement: of the list.
        documents: what was asked for.
        path: where in it, as ``("rooms", 3, "phones", "bedside", "mac")``.
        sentence: why.
    """
    at = path[1] if len(path) > 1 and isinstance(path[1], int) else 0
    name = documents[at]["id"] if at < len(documents) else ""
    room = next((room for room in judgement.rooms if room.id == name), judgement.rooms[0])
    parts = [part for part in path[2:] if isinstance(part, str)]
    number, cells = room.rows[0], _CELLS
    if parts[:1] == ["phones"]:
        cells = _PHONE_CELLS
        phone = room.phones.get(parts[1]) if len(parts) > 1 else None
        number = phone.row if phone is not None else number
    column = next((cells[part] for part in reversed(parts) if part in cells), Column.ROOM)
    return number, Said(column, Trouble.REFUSED, {"sentence": sentence})
