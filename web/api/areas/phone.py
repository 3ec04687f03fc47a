"""One phone as a document: read, put into a room, moved, changed, replaced, retired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from provisioner.edits.documents import etag_of
from provisioner.edits.edit import Edit
from provisioner.inventory.fetches import waiting_phones
from provisioner.inventory.tables import PhoneRow
from provisioner.mac import MacAddress, parse_mac
from web.accounts.people import Role, Scope
from web.api.areas.editing import merged, store
from web.api.areas.reading import found, phone_place, room
from web.api.areas.rooms import match_of, tagged
from web.api.etags import check_new, check_unchanged
from web.api.operation import Call, Document, Operation, Reply
from web.api.problems import ProblemError, invalid, not_found
from web.api.shapes.documents import MergePatch, PhoneDocument, Write, Written
from web.api.shapes.values import Line, Sent, SentMac

TAG = "phones"
Json = dict[str, Any]


class Replacement(Sent):
    """Another device for the same place."""

    mac: SentMac
    model: Line = Field(default="", description="default: what it said it is, or else the old one")


def document(call: Call, mac: MacAddress, place: tuple[str, str]) -> Json:
    """Return a phone with its place, as the API shows it."""
    name, position = place
    around = room(call, name)
    if around is None or position not in around.get("phones", {}):
        raise not_found(f"site {call.site} has no phone {mac.colons}")
    return {"room": name, "position": position, **around["phones"][position]}


def get(call: Call) -> Reply:
    """Answer with a phone."""
    mac = call.path["mac"]
    return found(document(call, mac, phone_place(call)), f"phone {mac.colons}")


def put(call: Call) -> Reply:
    """Put a phone into a room, or replace what is said of it; it may move."""
    mac = call.path["mac"]
    place = _place(call, mac)
    before = document(call, mac, place) if place else None
    return _write(call, dict(call.body), before)


def patch(call: Call) -> Reply:
    """Change parts of a phone."""
    mac = call.path["mac"]
    before = document(call, mac, phone_place(call))
    return _write(call, merged(before, call.body), before)


def _place(call: Call, mac: MacAddress) -> tuple[str, str] | None:
    """Where the phone stands in this site; None: it is not in it."""
    with call.installation.database.read() as session:
        row = session.get(PhoneRow, str(mac))
        return (row.room_id, row.position) if row and row.site_id == call.site else None


def _write(call: Call, wanted: Json, before: Json | None) -> Reply:
    mac = call.path["mac"]
    if parse_mac(str(wanted.get("mac"))) != mac:
        told = f"must be {mac.colons}, as the address says; POST .../replace changes it"
        raise invalid("/mac", told)
    name, position = _words(wanted, "room"), _words(wanted, "position")
    if before is None:
        check_new(call)
    else:
        check_unchanged(call, etag_of(before))
    around = room(call, name)
    if around is None:
        raise invalid("/room", f"site {call.site} has no room {name!r}")
    edit = _edit(call, around, (name, position), wanted, before)
    where = f"/sites/{call.site}/phones/{mac.colons}"
    place = ("rooms", 0, "phones", position)
    reply = store(call, edit, place, new=before is None, location=where)
    after = None if call.dry_run else document(call, mac, (name, position))
    return tagged(reply, after)


def _words(wanted: Json, name: str) -> str:
    value = wanted.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"/{name}", "is needed: a text")
    return value


def _edit(
    call: Call, around: Json, place: tuple[str, str], wanted: Json,
    before: Json | None,
) -> Edit:  # fmt: skip
    """Put the phone into its room; the room it leaves is part of the edit."""
    name, position = place
    phones = dict(around.get("phones", {}))
    if before is not None and before["room"] == name:
        phones.pop(before["position"], None)
    check_free(phones, name, position)
    phones[position] = {n: v for n, v in wanted.items() if n not in {"room", "position"}}
    rooms = [{**around, "phones": phones}]
    match = match_of("room", name, around)
    if before is not None and before["room"] != name:
        left = room(call, before["room"])
        if left is not None:
            others = {p: v for p, v in left["phones"].items() if p != before["position"]}
            rooms.append({**left, "phones": others})
            match |= match_of("room", before["room"], left)
    return Edit(call.site, rooms=tuple(rooms), if_match=match)


def check_free(phones: Json, name: str, position: str) -> None:
    """Refuse a place where another phone stands."""
    if position in phones:
        there = phones[position]["mac"]
        raise ProblemError("conflict", f"position {position} of room {name} has {there}")


def delete(call: Call) -> Reply:
    """Retire a phone."""
    mac = call.path["mac"]
    place = phone_place(call)
    check_unchanged(call, etag_of(document(call, mac, place)))
    match = match_of("room", place[0], room(call, place[0]))
    edit = Edit(call.site, remove_phones=(mac,), if_match=match)
    return store(call, edit, ("remove_phones", 0))


def replace_device(call: Call) -> Reply:
    """Put another device at the place of a phone; the old one is retired."""
    wish: Replacement = call.body
    old, new = call.path["mac"], MacAddress(wish.mac)
    if new == old:
        raise invalid("/mac", "it is this one already")
    _, position = phone_place(call)
    here = call.installation
    edit = here.edits.replacement(old, new)
    waits = {w.mac: w.model for w in waiting_phones(here.events)}.get(str(new), "")
    model = wish.model or (waits if waits in here.catalogue.models else "")
    if model:
        edit = replace(edit, rooms=(_of_model(edit.rooms[0], position, model),))
    return store(
        call, edit, ("rooms", 0, "phones", position), new=not call.dry_run,
        location=f"/sites/{call.site}/phones/{new.colons}",
    )  # fmt: skip


def _of_model(around: Mapping[str, Any], position: str, model: str) -> Json:
    phones = around["phones"]
    return {**around, "phones": {**phones, position: {**phones[position], "model": model}}}


_CHANGE: Json = {"tag": TAG, "scope": Scope.CHANGE, "role": Role.INSTALLER, "refusals": (409,)}
_ONE = "/sites/{site}/phones/{mac}"
OPERATIONS = (
    Operation(
        id="get_phone", method="GET", path=_ONE, handler=get, tag=TAG, scope=Scope.READ,
        summary="A phone, and where it stands", answers={200: Document(PhoneDocument)},
        has_etag=True,
    ),
    Operation(
        id="put_phone", method="PUT", path=_ONE, handler=put, query=Write, must_match=True,
        summary="Put a phone into a room, or replace what is said of it", has_etag=True,
        body=Document(PhoneDocument), answers={200: Written, 201: Written},
        note="With another room or position it moves. A new one is armed.", **_CHANGE,
    ),
    Operation(
        id="patch_phone", method="PATCH", path=_ONE, handler=patch, query=Write, must_match=True,
        summary="Change parts of a phone, or move it", has_etag=True,
        body=Document(MergePatch), answers={200: Written}, **_CHANGE,
    ),
    Operation(
        id="delete_phone", method="DELETE", path=_ONE, handler=delete, query=Write,
        summary="Retire a phone", must_match=True, answers={200: Written}, **_CHANGE,
    ),
    Operation(
        id="replace_phone", method="POST", path=f"{_ONE}/replace", handler=replace_device,
        summary="Put another device at its place", query=Write, body=Replacement,
        answers={200: Written, 201: Written}, note="The old one is retired, the new one armed.",
        **_CHANGE,
    ),
)  # fmt: skip
