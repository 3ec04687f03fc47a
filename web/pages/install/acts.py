"""From choices to edits of the inventory, in the shape of the site file. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from provisioner.edits.documents import etag_of
from provisioner.edits.edit import Edit
from provisioner.mac import MacAddress
from web.pages.install.draft import Choice, Considered, Draft
from web.pages.install.room import RoomView

Document = dict[str, Any]
_BOUND = ("preset", "extension", "accounts")
"""What a phone has because of where it stands."""


def setting_up(
    view: RoomView, draft: Draft, considered: Considered, others: Mapping[str, Document], etag: str
) -> Edit:
    """Return the edit that fills a room.

    Args:
        view: the room.
        draft: its fields as sent.
        considered: what goes where.
        others: the rooms that phones are moved from, as documents by id.
        etag: what the form was based on; empty: what is stored now.
    """
    document: Document = {**view.document}
    for name, value in draft.fields.items():
        document[name] = value
    if view.template is not None:
        document["template"] = view.template.id
    document = {name: value for name, value in document.items() if value not in ("", None)}
    phones = dict(document.get("phones", {}))
    left = {
        room: {**other, "phones": dict(other.get("phones", {}))} for room, other in others.items()
    }
    for choice in considered.choices.values():
        phones[choice.position] = _phone(choice, _taken(choice, phones, left, view.id))
    if phones:
        document["phones"] = phones
    based = {f"room/{view.id}": etag or view.etag}
    based |= {f"room/{room}": etag_of(other) for room, other in others.items()}
    return Edit(view.ground.site.id, rooms=(document, *left.values()), if_match=based)


def _taken(
    choice: Choice, phones: Document, left: Mapping[str, Document], here: str
) -> Mapping[str, Any]:
    """Take a phone from where it stands; return what it was there."""
    if choice.origin is None:
        return {}
    room, position = choice.origin
    inside = phones if room == here else left[room]["phones"]
    found: Mapping[str, Any] = inside.pop(position, {})
    return {name: value for name, value in found.items() if name not in _BOUND}


def _phone(choice: Choice, before: Mapping[str, Any]) -> Document:
    model = choice.model or before.get("model", "")
    return {**before, "model": model, "mac": choice.mac.colons}


def replacing(view: RoomView, position: str, mac: MacAddress, model: str, etag: str) -> Edit:
    """Return the edit that puts another device in the place of a phone, which keeps its settings.

    What hangs on the old one stays only when the new one is the same model.
    """
    before = view.document["phones"][position]
    kept = before if before.get("model") == model else _without(before, "accessories")
    return _with_phone(view, position, {**kept, "model": model, "mac": mac.colons}, etag)


def retiring(view: RoomView, position: str, etag: str) -> Edit:
    """Return the edit that takes a phone out of the inventory."""
    return _with_phone(view, position, None, etag)


def moving(view: RoomView, position: str, to: Document, to_position: str, etag: str) -> Edit:
    """Return the edit that moves a phone.

    Args:
        view: the room where it stands.
        position: where.
        to: the room where it goes, as a document; it may be the same.
        to_position: a position of it.
        etag: what the form was based on.
    """
    before = view.document["phones"][position]
    phone = {name: value for name, value in before.items() if name not in _BOUND}
    edit = _with_phone(view, position, None, etag)
    if to["id"] == view.id:
        return _with_phone(view, position, None, etag, {to_position: phone})
    room = {**to, "phones": {**to.get("phones", {}), to_position: phone}}
    based = {**edit.if_match, f"room/{to['id']}": etag_of(to)}
    return replace(edit, rooms=(*edit.rooms, room), if_match=based)


def _with_phone(
    view: RoomView,
    position: str,
    phone: Mapping[str, Any] | None,
    etag: str,
    more: Mapping[str, Mapping[str, Any]] | None = None,
) -> Edit:
    phones = {**_without(view.document["phones"], position), **(more or {})}
    if phone is not None:
        phones[position] = phone
    document = _without(view.document, "phones") | ({"phones": phones} if phones else {})
    return Edit(view.ground.site.id, rooms=(document,), if_match={f"room/{view.id}": etag})


def _without(values: Mapping[str, Any], name: str) -> Document:
    return {key: value for key, value in values.items() if key != name}
