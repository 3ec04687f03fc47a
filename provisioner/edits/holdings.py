"""What is stored of one site, asked for piece by piece: no question reads all of its phones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import String, cast, or_, select
from sqlalchemy.orm import Session

from provisioner.inventory import store
from provisioner.inventory.records import Account, Inventory, Phone, Room, Site
from provisioner.inventory.tables import AccountRow, PhoneRow, RoomRow, SiteRow
from provisioner.secrets import Box

CHUNK = 500
FEW = 8
"""So many things are looked for by the database; of more, all phones' columns are read."""


@dataclass(frozen=True, slots=True)
class Use:
    """A phone that uses an account, or a base that has a handset."""

    mac: str
    room: str
    position: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """The stored site.

    Attributes:
        session: a reading or a writing one.
        box: opens what is encrypted.
        id: of the site.
    """

    session: Session
    box: Box
    id: str
    _kept: dict[str, Any] = field(default_factory=dict)

    def site(self) -> Site | None:
        """The site itself; None: there is none yet."""
        if "site" not in self._kept:
            row = self.session.get(SiteRow, self.id)
            self._kept["site"] = store.site_of(row, self.box) if row is not None else None
        found: Site | None = self._kept["site"]
        return found

    def whole(self) -> Inventory:
        """All of the site."""
        return store.stored(self.session, self.box, [self.id])

    def rooms(self, ids: Collection[str]) -> dict[str, Room]:
        """Those of these rooms that there are."""
        query = select(RoomRow).where(RoomRow.site_id == self.id)
        found = (
            store.room_of(row, self.box)
            for some in _chunks(ids)
            for row in self.session.scalars(query.where(RoomRow.id.in_(some)))
        )
        return {room.id: room for room in found}

    def all_rooms(self) -> tuple[Room, ...]:
        """What keys of phones show of all rooms; without their settings."""
        shown = (RoomRow.id, RoomRow.name, RoomRow.floor, RoomRow.template, RoomRow.extension)
        rows = self.session.execute(select(*shown).where(RoomRow.site_id == self.id))
        return tuple(Room(self.id, *row) for row in rows)

    def phones_in(self, rooms: Collection[str]) -> tuple[Phone, ...]:
        """The phones of these rooms."""
        query = select(PhoneRow).where(PhoneRow.site_id == self.id)
        return tuple(
            store.phone_of(row, self.box)
            for some in _chunks(rooms)
            for row in self.session.scalars(query.where(PhoneRow.room_id.in_(some)))
        )

    def phones(self, macs: Collection[str]) -> dict[str, Phone]:
        """Those of these phones that there are, wherever they stand, by MAC."""
        return {
            row.mac: store.phone_of(row, self.box)
            for some in _chunks(macs)
            for row in self.session.scalars(select(PhoneRow).where(PhoneRow.mac.in_(some)))
        }

    def accounts(self, extensions: Collection[str]) -> dict[str, Account]:
        """Those of these accounts that there are."""
        query = select(AccountRow).where(AccountRow.site_id == self.id)
        return {
            row.extension: store.account_of(row, self.box)
            for some in _chunks(extensions)
            for row in self.session.scalars(query.where(AccountRow.extension.in_(some)))
        }

    def extensions(self) -> tuple[str, ...]:
        """All extensions of the site."""
        query = select(AccountRow.extension).where(AccountRow.site_id == self.id)
        return tuple(self.session.scalars(query))

    def rooms_with(self, extensions: Collection[str]) -> dict[str, list[str]]:
        """The rooms of each of these extensions."""
        found: dict[str, list[str]] = {}
        query = select(RoomRow.id, RoomRow.extension).where(RoomRow.site_id == self.id)
        for some in _chunks(extensions):
            for room, extension in self.session.execute(query.where(RoomRow.extension.in_(some))):
                found.setdefault(extension, []).append(room)
        return found

    def users_of(self, extensions: Collection[str]) -> dict[str, list[Use]]:
        """The phones that use each of these accounts, themselves or by a handset."""
        found: dict[str, list[Use]] = {}
        wanted = set(extensions)
        columns = (PhoneRow.accounts, PhoneRow.handsets)
        for use, accounts, handsets in self._using(columns, wanted):
            for extension in {*accounts, *(h["extension"] for h in handsets)} & wanted:
                found.setdefault(extension, []).append(use)
        return found

    def bases_of(self, ipuis: Collection[str]) -> dict[str, Use]:
        """The bases that have handsets of these IPUIs."""
        found: dict[str, Use] = {}
        for use, handsets in self._using((PhoneRow.handsets,), set(ipuis)):
            for handset in handsets:
                if handset["ipui"] in ipuis:
                    found[handset["ipui"]] = use
        return found

    def watchers(self, presets: Collection[str]) -> tuple[str, ...]:
        """The phones with keys that stand for rooms: by their preset or by themselves."""
        query = select(PhoneRow.mac).where(
            PhoneRow.site_id == self.id,
            or_(PhoneRow.preset.in_(presets), _text(PhoneRow.keys).contains('"each": "rooms"')),
        )
        return tuple(self.session.scalars(query))

    def _using(self, columns: Sequence[Any], wanted: set[str]) -> Iterator[Any]:
        """Phones with these columns, of which some may name one of the texts wanted."""
        if not wanted:
            return
        query = select(PhoneRow.mac, PhoneRow.room_id, PhoneRow.position, *columns).where(
            PhoneRow.site_id == self.id
        )
        if len(wanted) <= FEW:
            named = [
                _text(column).contains(f'"{text}"', autoescape=True)
                for column in columns
                for text in sorted(wanted)
            ]
            query = query.where(or_(*named))
        for mac, room, position, *values in self.session.execute(query):
            yield (Use(mac, room, position), *values)


def _text(column: Any) -> Any:  # noqa: ANN401 - a column
    return cast(column, String)


def _chunks(values: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]
