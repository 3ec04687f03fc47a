"""Rooms with their phones, and accounts."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from sqlalchemy import select

from provisioner.edits.documents import etag_of
from provisioner.edits.edit import Edit
from provisioner.inventory.site_shape import FileRoom
from provisioner.inventory.tables import PhoneRow, RoomRow
from web.accounts.people import Role, Scope
from web.api.areas.editing import keyed, merged, store
from web.api.areas.reading import found, room
from web.api.etags import check_new, check_unchanged
from web.api.operation import Call, Document, Operation, Reply
from web.api.paging import Page, Paged, Words, page
from web.api.problems import not_found
from web.api.shapes.documents import MergePatch, Write, Written
from web.api.shapes.values import Answer, MacText

TAG = "rooms"
Json = dict[str, Any]


class RoomPhone(Answer):
    """A phone of a room."""

    position: str
    mac: MacText
    model: str


class RoomEntry(Answer):
    """A room at a glance."""

    id: str
    name: str
    floor: str
    template: str
    extension: str
    phones: list[RoomPhone]


class RoomsAsked(Paged):
    """Which rooms are wanted."""

    floor: Words | None = Field(default=None, description="only this floor")
    template: Words | None = Field(default=None, description="only of this room template")


def rooms(call: Call) -> Reply:
    """List the rooms of a site, by id."""
    asked: RoomsAsked = call.query
    query = select(RoomRow).where(RoomRow.site_id == call.site).order_by(RoomRow.id)
    if asked.floor is not None:
        query = query.where(RoomRow.floor == asked.floor)
    if asked.template is not None:
        query = query.where(RoomRow.template == asked.template)
    if asked.after:
        query = query.where(RoomRow.id > asked.after)
    with call.installation.database.read() as session:
        rows = list(session.scalars(query.limit(asked.limit + 1)))
        of_phones = select(PhoneRow.room_id, PhoneRow.position, PhoneRow.mac, PhoneRow.model).where(
            PhoneRow.site_id == call.site, PhoneRow.room_id.in_([row.id for row in rows])
        )
        phones: dict[str, list[Json]] = {}
        for phone in session.execute(of_phones.order_by(PhoneRow.position)):
            entry = {"position": phone.position, "mac": phone.mac, "model": phone.model}
            phones.setdefault(phone.room_id, []).append(entry)
    return page(call, [(row.id, _entry(row, phones.get(row.id, []))) for row in rows])


def _entry(row: RoomRow, phones: list[Json]) -> Json:
    return {
        "id": row.id, "name": row.name, "floor": row.floor, "template": row.template,
        "extension": row.extension, "phones": phones,
    }  # fmt: skip


def get(call: Call) -> Reply:
    """Answer with a room and its phones."""
    return found(room(call, call.path["room"]), f"room {call.path['room']!r}")


def put(call: Call) -> Reply:
    """Make a room, or replace it: phones it no longer names are retired."""
    return _write(call, call.body, room(call, call.path["room"]))


def patch(call: Call) -> Reply:
    """Change parts of a room."""
    before = room(call, call.path["room"])
    if before is None:
        raise not_found(f"there is no room {call.path['room']!r}")
    return _write(call, merged(before, call.body), before)


def _write(call: Call, wanted: Json, before: Json | None) -> Reply:
    name = call.path["room"]
    whole = keyed(wanted, "id", name)
    if before is None:
        check_new(call)
    else:
        check_unchanged(call, etag_of(before))
    edit = Edit(call.site, rooms=(whole,), if_match=match_of("room", name, before))
    where = f"/sites/{call.site}/rooms/{name}"
    reply = store(call, edit, ("rooms", 0), new=before is None, location=where)
    return tagged(reply, None if call.dry_run else room(call, name))


def match_of(kind: str, name: str, before: Json | None) -> dict[str, str]:
    """Return what an edit is based on, as ``Edit.if_match`` has it."""
    return {f"{kind}/{name}": etag_of(before) if before is not None else ""}


def tagged(reply: Reply, after: Json | None) -> Reply:
    """Return a reply with the ETag of what was written."""
    return Reply(reply.value, reply.status, etag_of(after) if after else "", reply.location)


def delete(call: Call) -> Reply:
    """Remove a room, and retire its phones."""
    name = call.path["room"]
    before = room(call, name)
    if before is None:
        raise not_found(f"there is no room {name!r}")
    check_unchanged(call, etag_of(before))
    edit = Edit(call.site, remove_rooms=(name,), if_match=match_of("room", name, before))
    return store(call, edit, ("remove_rooms", 0))


_READ: Json = {"tag": TAG, "scope": Scope.READ}
_CHANGE: Json = {"tag": TAG, "scope": Scope.CHANGE, "role": Role.INSTALLER, "refusals": (409,)}
OPERATIONS = (
    Operation(
        id="list_rooms", method="GET", path="/sites/{site}/rooms", handler=rooms,
        summary="The rooms of a site", query=RoomsAsked, answers={200: Page[RoomEntry]}, **_READ,
    ),
    Operation(
        id="get_room", method="GET", path="/sites/{site}/rooms/{room}", handler=get,
        summary="A room with its phones, as in the site file", has_etag=True,
        answers={200: Document(FileRoom)}, **_READ,
    ),
    Operation(
        id="put_room", method="PUT", path="/sites/{site}/rooms/{room}", handler=put,
        summary="Make a room, or replace it with its phones", query=Write, must_match=True,
        body=Document(FileRoom), answers={200: Written, 201: Written}, has_etag=True,
        note="A phone that it no longer names is retired.", **_CHANGE,
    ),
    Operation(
        id="patch_room", method="PATCH", path="/sites/{site}/rooms/{room}", handler=patch,
        summary="Change parts of a room", query=Write, body=Document(MergePatch), must_match=True,
        answers={200: Written}, has_etag=True, **_CHANGE,
    ),
    Operation(
        id="delete_room", method="DELETE", path="/sites/{site}/rooms/{room}", handler=delete,
        summary="Remove a room, and retire its phones", query=Write, must_match=True,
        answers={200: Written}, **_CHANGE,
    ),
)  # fmt: skip
