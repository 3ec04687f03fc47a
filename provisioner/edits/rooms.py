"""Rooms and accounts of an edit: read, joined with what is stored, and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from provisioner.catalogue.loader import Catalogue
from provisioner.edits.edit import Edit, EditError, Problem
from provisioner.edits.holdings import Holdings
from provisioner.edits.secret_places import kept_in_room
from provisioner.edits.sources import EditSource, FoundError, rooms_source, shaped, single_phones
from provisioner.edits.written import room_as_written
from provisioner.inventory.file_values import as_written
from provisioner.inventory.records import Account, Inventory, Phone, Room, Site
from provisioner.inventory.site_records import Where, to_inventory
from provisioner.inventory.site_shape import FileAccount, FileRoom
from provisioner.inventory.site_yaml import Path_
from provisioner.mac import MacAddress, parse_mac
from provisioner.secrets import make_sip_secret

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Concerned:
    """What is stored of the rooms that an edit is about.

    Attributes:
        rooms: by id; those that are removed too.
        phones: that stand in them.
        named: phones that the edit names, wherever they stand, by MAC.
    """

    rooms: Mapping[str, Room]
    phones: tuple[Phone, ...]
    named: Mapping[str, Phone]

    def written(self, room: str, site: Site, catalogue: Catalogue) -> Json:
        """A stored room as it would be written."""
        inside = [phone for phone in self.phones if phone.room == room]
        return room_as_written(self.rooms[room], inside, site, catalogue)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rooms and accounts that an edit writes.

    Attributes:
        where: each phone's place in the edit.
        source: what they were read from.
    """

    inventory: Inventory
    where: Where
    source: EditSource

    @property
    def anywhere(self) -> EditSource:
        """A source for phones that the edit does not write."""
        return self.source


def concerned_by(edit: Edit, holdings: Holdings) -> Concerned:
    """Ask for the rooms that an edit names, or whose phones it removes.

    Raises:
        EditError: it removes what there is not.
    """
    named = holdings.phones({*_macs(edit), *map(str, edit.remove_phones)})
    ids = {id_of(room) for room in edit.rooms} | set(edit.remove_rooms)
    problems = []
    for number, mac in enumerate(edit.remove_phones):
        phone = named.get(str(mac))
        if phone is None or phone.site != edit.site:
            sentence = f"{edit.site} has no phone {mac.colons}"
            problems.append(Problem(("remove_phones", number), sentence))
        else:
            ids.add(phone.room)
    rooms = holdings.rooms(ids)
    for number, room in enumerate(edit.remove_rooms):
        if room not in rooms:
            sentence = f"{edit.site} has no room {room!r}"
            problems.append(Problem(("remove_rooms", number), sentence))
    if problems:
        raise EditError(*problems)
    return Concerned(rooms, holdings.phones_in(rooms), named)


def shaped_rooms(
    edit: Edit, site: Site, concerned: Concerned, catalogue: Catalogue, *, exact: bool = False
) -> list[tuple[Path_, FileRoom]]:
    """Return every room that is written, each with its place in the edit.

    Raises:
        EditError: all that is wrong with their shapes.
    """
    made: list[tuple[Path_, FileRoom]] = []
    problems: list[Problem] = []
    for path, document in _documents(edit, site, concerned, catalogue):
        kept = document if exact else _kept(document, site, concerned, catalogue)
        room, wrong = shaped(FileRoom, kept, path)
        problems += wrong
        if room is not None:
            made.append((path, room))
    problems += _twice(edit, made, concerned)
    if problems:
        raise EditError(*problems)
    return made


def shaped_accounts(edit: Edit) -> list[tuple[Path_, FileAccount]]:
    """Return every account that is written; a secret that is null becomes a new one.

    Raises:
        EditError: all that is wrong with their shapes.
    """
    made: list[tuple[Path_, FileAccount]] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    for number, document in enumerate(edit.accounts):
        path = ("accounts", number)
        account, wrong = shaped(FileAccount, document, path)
        problems += wrong
        if account is None:
            continue
        if account.extension in seen or account.extension in edit.remove_accounts:
            sentence = f"account {account.extension} is named twice"
            problems.append(Problem((*path, "extension"), sentence))
        seen.add(account.extension)
        if "secret" in document and document["secret"] is None:
            account = account.model_copy(update={"secret": make_sip_secret()})
        made.append((path, account))
    if problems:
        raise EditError(*problems)
    return made


def read_rooms(
    site: Site,
    rooms: Sequence[tuple[Path_, FileRoom]],
    accounts: Sequence[tuple[Path_ | None, FileAccount]],
    catalogue: Catalogue,
) -> Wanted:
    """Turn rooms and accounts into records, as a site file's are.

    Raises:
        EditError: the first problem of each phone.
    """
    source = rooms_source(site, rooms, accounts)
    try:
        inventory, where = to_inventory([source], catalogue, {site.id: site})
    except FoundError as found:
        raise EditError(
            *(_all_problems(site, rooms, accounts, catalogue) or [found.problem])
        ) from found
    return Wanted(inventory, where, source)


def extensions_of(rooms: Iterable[FileRoom]) -> set[str]:
    """Return every extension that rooms, phones and handsets name."""
    found: set[str] = set()
    for room in rooms:
        found.add(room.extension or "")
        for phone in room.phones.values():
            found |= {phone.extension or "", *phone.accounts}
            found |= {handset.extension for handset in phone.handsets}
    return found - {""}


def used_by(phone: Phone) -> tuple[str, ...]:
    """Return the extensions that a phone uses, its handsets' included."""
    return (*phone.accounts, *(handset.extension for handset in phone.handsets))


def as_shape(account: Account) -> FileAccount:
    """Return a stored account as it would be read from a file."""
    return FileAccount.model_construct(
        extension=account.extension,
        name=account.name,
        secret=account.secret,
        voicemail=account.voicemail,
        listed=account.listed,
    )


def id_of(room: Mapping[str, Any]) -> str:
    """Return the id that a document of a room names, as it was written."""
    return str(as_written(room.get("id", "")))


def _documents(
    edit: Edit, site: Site, concerned: Concerned, catalogue: Catalogue
) -> Iterator[tuple[Path_, Mapping[str, Any]]]:
    """The rooms of the edit, and those that only lose phones."""
    written = {id_of(room) for room in edit.rooms}
    yield from ((("rooms", number), room) for number, room in enumerate(edit.rooms))
    losing: dict[str, int] = {}
    for number, mac in enumerate(edit.remove_phones):
        room = concerned.named[str(mac)].room
        if room not in written and room not in edit.remove_rooms:
            losing.setdefault(room, number)
    gone = set(map(str, edit.remove_phones))
    for room, number in losing.items():
        inside = [p for p in concerned.phones if p.room == room and str(p.mac) not in gone]
        document = room_as_written(concerned.rooms[room], inside, site, catalogue)
        yield ("remove_phones", number), document


def _kept(
    document: Mapping[str, Any], site: Site, concerned: Concerned, catalogue: Catalogue
) -> Json:
    """A room with the secrets it leaves out; a new phone at a position keeps those of the old."""
    room = id_of(document)
    stored = concerned.written(room, site, catalogue) if room in concerned.rooms else {}
    phones = {mac: {"settings": dict(phone.settings)} for mac, phone in concerned.named.items()}
    inside = document.get("phones")
    for position, phone in inside.items() if isinstance(inside, Mapping) else ():
        mac = parse_mac(str(phone.get("mac", ""))) if isinstance(phone, Mapping) else None
        before = (stored.get("phones") or {}).get(position)
        if mac is not None and before is not None:
            phones.setdefault(str(mac), {"settings": before.get("settings") or {}})
    return kept_in_room(document, stored, phones)


def _twice(
    edit: Edit, rooms: Iterable[tuple[Path_, FileRoom]], concerned: Concerned
) -> Iterator[Problem]:
    """What would be there twice: rooms, and phones here or elsewhere."""
    seen: set[str] = set()
    places: dict[str, str] = {}
    gone = set(map(str, edit.remove_phones))
    for path, room in rooms:
        if room.id in seen or room.id in edit.remove_rooms:
            yield Problem((*path, "id"), f"room {room.id} is named twice")
        seen.add(room.id)
        for position, phone in room.phones.items():
            here = (*path, "phones", position, "mac")
            mac = MacAddress(phone.mac)
            other = places.get(mac) or _elsewhere(edit, mac, concerned)
            if other:
                yield Problem(here, f"{mac.colons} {other}")
            elif str(mac) in gone:
                yield Problem(here, f"{mac.colons} is to be removed in the same edit")
            places[mac] = f"is also {position} of room {room.id}"


def _elsewhere(edit: Edit, mac: MacAddress, concerned: Concerned) -> str:
    held = concerned.named.get(str(mac))
    if held is None or (held.site == edit.site and held.room in concerned.rooms):
        return ""
    if held.site != edit.site:
        return "belongs to another site; it must be retired there first"
    return (
        f"is {held.position} of room {held.room} already; take it out there, "
        "or move it by changing both rooms together"
    )


def _all_problems(
    site: Site,
    rooms: Sequence[tuple[Path_, FileRoom]],
    accounts: Sequence[tuple[Path_ | None, FileAccount]],
    catalogue: Catalogue,
) -> list[Problem]:
    found = []
    for single in single_phones(rooms):
        try:
            to_inventory([rooms_source(site, [single], accounts)], catalogue, {site.id: site})
        except FoundError as problem:
            found.append(problem.problem)
    return list(dict.fromkeys(found))


def _macs(edit: Edit) -> Iterator[str]:
    for room in edit.rooms:
        phones = room.get("phones")
        for phone in phones.values() if isinstance(phones, Mapping) else ():
            mac = parse_mac(str(phone.get("mac", ""))) if isinstance(phone, Mapping) else None
            if mac is not None:
                yield str(mac)


def renamed(account: Account, before: Mapping[str, Room], after: Mapping[str, FileRoom]) -> Account:
    """Return an account that was named after its room with the room's new name."""
    for room_id, room in after.items():
        old = before.get(room_id)
        if old is None or not old.extension == account.extension == room.extension:
            continue
        if account.name == (old.name or old.id):
            return replace(account, name=room.name or room.id)
    return account
