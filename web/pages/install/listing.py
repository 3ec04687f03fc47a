"""A pasted list against a site: what there is, what the list would do, and doing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.bulk.cells import Column, JudgedRow, Judgement, ListRow, Said
from provisioner.bulk.documents import changed_documents, refused_at, room_documents
from provisioner.bulk.judging import judge
from provisioner.bulk.known import Known, KnownRoom
from provisioner.bulk.macs import mac_in
from provisioner.edits.documents import bare_room, etag_of
from provisioner.edits.edit import Applied, Edit, EditError
from provisioner.edits.written import room_as_written
from provisioner.inventory.fetches import waiting_phones
from provisioner.inventory.store import phone_of, room_of
from provisioner.inventory.tables import PhoneRow, RoomRow
from provisioner.mac import MacAddress
from web.installation import Installation
from web.pages.install.candidates import model_of
from web.pages.install.ground import Ground

Document = dict[str, Any]
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Defaults:
    """What counts for rows that name none."""

    template: str = ""
    model: str = ""


@dataclass(slots=True)
class Looked:
    """A list, judged against a site.

    Attributes:
        documents: the rooms that would be stored; those that stay as they are are left out.
        edit: what would be done; None: something is wrong, or nothing is to be done.
        warnings: what phones would not do as asked, with the number of phones.
    """

    judgement: Judgement
    documents: tuple[Document, ...] = ()
    edit: Edit | None = None
    warnings: Mapping[str, int] = field(default_factory=dict)
    new_rooms: int = 0
    new_phones: int = 0


def known_of(
    installation: Installation, ground: Ground, rows: Iterable[ListRow], defaults: Defaults
) -> Known:
    """Return what a list is judged against; the number of queries does not grow with it."""
    site = ground.site.id
    macs = {mac for row in rows if (mac := mac_in(row.text(Column.MAC), ground.makers))}
    with installation.database.read() as session:
        columns = RoomRow.id, RoomRow.floor, RoomRow.template, RoomRow.extension, RoomRow.name
        rooms = {
            row.id: KnownRoom(row.id, row.floor, row.template, row.extension, row.name, {}, {})
            for row in session.execute(select(*columns).where(RoomRow.site_id == site))
        }
        owners = _put_phones(session, site, rooms)
        elsewhere = _elsewhere(session, site, sorted(macs))
    waiting = {
        phone.mac: model.id
        for phone in waiting_phones(installation.events)
        if phone.mac in macs and (model := model_of(ground, phone)) is not None
    }
    return Known(
        ground.catalogue, ground.templates, ground.presets, rooms, elsewhere, owners, waiting,
        defaults.template, defaults.model,
    )  # fmt: skip


def _put_phones(session: Session, site: str, rooms: dict[str, KnownRoom]) -> dict[str, str]:
    """Put phones into their rooms; return the rooms of extensions that are phones' own."""
    columns = (
        PhoneRow.mac, PhoneRow.room_id, PhoneRow.position, PhoneRow.model, PhoneRow.accounts
    )  # fmt: skip
    phones: dict[str, tuple[dict[str, MacAddress], dict[str, str]]] = {}
    owners: dict[str, str] = {}
    for row in session.execute(select(*columns).where(PhoneRow.site_id == site)):
        macs, models = phones.setdefault(row.room_id, ({}, {}))
        macs[row.position], models[row.position] = MacAddress(row.mac), row.model
        for extension in row.accounts:
            if extension != rooms[row.room_id].extension:
                owners.setdefault(extension, row.room_id)
    for room, (macs, models) in phones.items():
        rooms[room] = replace(rooms[room], phones=macs, models=models)
    return owners


def _elsewhere(session: Session, site: str, macs: Sequence[MacAddress]) -> frozenset[MacAddress]:
    found: set[MacAddress] = set()
    for start in range(0, len(macs), _CHUNK):
        some = [str(mac) for mac in macs[start : start + _CHUNK]]
        query = select(PhoneRow.mac).where(PhoneRow.mac.in_(some), PhoneRow.site_id != site)
        found |= {MacAddress(mac) for mac in session.scalars(query)}
    return frozenset(found)


def look_at_list(
    installation: Installation, ground: Ground, rows: Sequence[ListRow], defaults: Defaults
) -> Looked:
    """Return what a list would do; nothing is stored."""
    known = known_of(installation, ground, rows, defaults)
    judgement = judge(rows, known)
    looked = Looked(judgement)
    if not judgement.is_good:
        return looked
    stored = stored_rooms(installation, ground, [room.id for room in judgement.rooms])
    looked.documents = changed_documents(room_documents(judgement, stored), stored)
    looked.new_rooms = sum(room["id"] not in stored for room in looked.documents)
    looked.new_phones = sum(
        MacAddress(phone.mac) not in known.stands
        for room in judgement.rooms for phone in room.phones.values()
    )  # fmt: skip
    if not looked.documents:
        return looked
    edit = Edit(ground.site.id, rooms=looked.documents)
    try:
        looked.warnings = installation.edits.preview(edit).warnings
    except EditError as problem:
        looked.judgement = refused(judgement, looked.documents, problem)
    else:
        names = (document["id"] for document in looked.documents)
        based = {f"room/{name}": etag_of(stored[name]) for name in names if name in stored}
        looked.edit = replace(edit, if_match=based)
    return looked


def stored_rooms(
    installation: Installation, ground: Ground, names: Sequence[str]
) -> dict[str, Document]:
    """Return those rooms that are stored, as documents by id."""
    site, box = ground.site, installation.box
    found: dict[str, Document] = {}
    with installation.database.read() as session:
        for start in range(0, len(names), _CHUNK):
            some = names[start : start + _CHUNK]
            of_phones = select(PhoneRow).where(
                PhoneRow.site_id == site.id, PhoneRow.room_id.in_(some)
            )
            inside: dict[str, list[PhoneRow]] = {}
            for phone in session.scalars(of_phones):
                inside.setdefault(phone.room_id, []).append(phone)
            of_rooms = select(RoomRow).where(RoomRow.site_id == site.id, RoomRow.id.in_(some))
            for row in session.scalars(of_rooms):
                phones = [phone_of(phone, box) for phone in inside.get(row.id, ())]
                written = room_as_written(room_of(row, box), phones, site, ground.catalogue)
                found[row.id] = bare_room(written)
    return found


def refused(judgement: Judgement, documents: tuple[Document, ...], problem: EditError) -> Judgement:
    """Return a list with what the inventory refuses, each in its cell."""
    more: dict[int, list[Said]] = {}
    for each in problem.problems:
        number, said = refused_at(judgement, documents, each.path, each.sentence)
        more.setdefault(number, []).append(said)
    rows = tuple(
        JudgedRow(row.row, (*row.said, *more.get(row.row.number, ())), row.filled)
        for row in judgement.rows
    )
    return replace(judgement, rows=rows)


def apply_list(installation: Installation, looked: Looked, edit: Edit, who: str) -> Applied | None:
    """Store a list, all of it or nothing; None: the inventory refuses it after all."""
    try:
        return installation.edits.apply(edit, who=who, note="list")
    except EditError as problem:
        looked.judgement = refused(looked.judgement, looked.documents, problem)
        return None


def rows_stored(installation: Installation, ground: Ground) -> list[dict[Column, str]]:
    """Return a site's rooms and phones as rows of a list."""
    known = known_of(installation, ground, (), Defaults())
    rows = []
    for room in known.rooms.values():
        base = {
            Column.ROOM: room.id, Column.FLOOR: room.floor, Column.TEMPLATE: room.template,
            Column.EXTENSION: room.extension, Column.NAME: room.name,
        }  # fmt: skip
        phones = [
            {**base, Column.POSITION: p, Column.MAC: mac.colons, Column.MODEL: room.models[p]}
            for p, mac in room.phones.items()
        ]
        rows += phones or [base]
    return rows
