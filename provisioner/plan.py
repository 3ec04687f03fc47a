"""What a site file would change: stored and wanted inventory in, a Plan out. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import TypeVar

from provisioner.catalogue.loader import Catalogue
from provisioner.errors import DuplicateError, UnknownThingError
from provisioner.inventory.records import Account, Inventory, Phone, Room, Site
from provisioner.mac import MacAddress
from provisioner.room_keys import WATCHED, watches_rooms

NO_PHONES_MATTER = frozenset({"switches", "pbx", "phonebook", "listed", "monitoring", "calls"})
"""Fields of a site, or an account, that no phone's file depends on."""


class Action(StrEnum):
    """What happens to a thing."""

    ADD = "add"
    CHANGE = "change"
    RETIRE = "retire"


Record = Site | Room | Account | Phone
T = TypeVar("T", Site, Room, Account, Phone)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is added, changed or retired.

    Attributes:
        before, after: None when it did not, or will not, exist.
        fields: names of what differs; never values, which may be secret.
    """

    action: Action
    before: Record | None
    after: Record | None
    fields: tuple[str, ...] = ()

    @property
    def record(self) -> Record:
        """The thing itself, as it will be or was."""
        thing = self.after or self.before
        if thing is None:
            raise ValueError("a change of nothing")
        return thing

    @property
    def title(self) -> str:
        """The thing in words: ``phone 0c:38:3e:00:02:14``."""
        thing = self.record
        if isinstance(thing, Site):
            return f"site {thing.id}"
        if isinstance(thing, Phone):
            return f"phone {thing.mac.colons} ({thing.model}, {thing.site} {thing.room})"
        if isinstance(thing, Room):
            return f"room {thing.site} {thing.id}"
        return f"account {thing.site} {thing.extension}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes, and the phones whose files may change with them."""

    changes: tuple[Change, ...]
    affected: tuple[MacAddress, ...]
    before: Inventory
    after: Inventory

    def of(self, kind: type[T]) -> tuple[Change, ...]:
        """The changes of one kind of record."""
        return tuple(c for c in self.changes if isinstance(c.record, kind))


def make_plan(
    catalogue: Catalogue, before: Inventory, wanted: Inventory, *, prune: bool = False
) -> Plan:
    """Compare what is stored with what is wanted.

    What the files no longer name stays, unless ``prune``. An account without a secret in the
    file keeps the one it has.

    Args:
        catalogue: its presets say which phones show other rooms on their keys.
        before: what is stored.
        wanted: what the files say.
        prune: retire what the files no longer name.

    Raises:
        DuplicateError: two phones would stand at the same position.
    """
    secrets = {(a.site, a.extension): a.secret for a in before.accounts}
    accounts = tuple(
        a if a.secret else replace(a, secret=secrets.get((a.site, a.extension)))
        for a in wanted.accounts
    )
    changes = (
        *_changes({s.id: s for s in before.sites}, {s.id: s for s in wanted.sites}, prune=prune),
        *_changes(_rooms(before.rooms), _rooms(wanted.rooms), prune=prune),
        *_changes(_accounts(before.accounts), _accounts(accounts), prune=prune),
        *_changes(
            {p.mac: p for p in before.phones}, {p.mac: p for p in wanted.phones}, prune=prune
        ),
    )
    after = _after(before, changes)
    _check_positions(after.phones)
    _check_references(after)
    return Plan(changes, affected_phones(catalogue, changes, before, after), before, after)


K = TypeVar("K", bound=Hashable)


def _changes(before: Mapping[K, T], wanted: Mapping[K, T], *, prune: bool) -> list[Change]:
    changes = []
    for key, new in wanted.items():
        old = before.get(key)
        if old is None:
            changes.append(Change(Action.ADD, None, new))
        elif old != new:
            changes.append(Change(Action.CHANGE, old, new, _differing(old, new)))
    if prune:
        gone = (old for key, old in before.items() if key not in wanted)
        changes += [Change(Action.RETIRE, old, None) for old in gone]
    return changes


def _differing(old: Record, new: Record) -> tuple[str, ...]:
    return tuple(
        f.name for f in fields(old) if getattr(old, f.name, None) != getattr(new, f.name, None)
    )


def _after(before: Inventory, changes: Iterable[Change]) -> Inventory:
    sites = {s.id: s for s in before.sites}
    rooms = _rooms(before.rooms)
    accounts = _accounts(before.accounts)
    phones = _phones(before.phones)
    for change in changes:
        thing, keep = change.record, change.after is not None
        if isinstance(thing, Site):
            _put(sites, thing.id, thing, keep=keep)
        elif isinstance(thing, Room):
            _put(rooms, (thing.site, thing.id), thing, keep=keep)
        elif isinstance(thing, Account):
            _put(accounts, (thing.site, thing.extension), thing, keep=keep)
        else:
            _put(phones, thing.mac, thing, keep=keep)
    return Inventory(
        tuple(sites.values()),
        tuple(rooms.values()),
        tuple(accounts.values()),
        tuple(phones.values()),
    )


def _put(into: dict[K, T], key: K, thing: T, *, keep: bool) -> None:
    if keep:
        into[key] = thing
    else:
        into.pop(key, None)


def _check_positions(phones: Iterable[Phone]) -> None:
    taken: dict[tuple[str, str, str], Phone] = {}
    for phone in phones:
        other = taken.setdefault((phone.site, phone.room, phone.position), phone)
        if other is not phone:
            raise DuplicateError(
                f"{phone.site} {phone.room}: position {phone.position!r} would hold "
                f"{other.mac.colons} and {phone.mac.colons}; use --prune to retire what the "
                "file no longer names"
            )


def _check_references(after: Inventory) -> None:
    known = set(_accounts(after.accounts))
    rooms = set(_rooms(after.rooms))
    for phone in after.phones:
        wanted = (*phone.accounts, *(h.extension for h in phone.handsets))
        for extension in wanted:
            if (phone.site, extension) not in known:
                raise UnknownThingError(
                    f"phone {phone.mac.colons} uses account {extension!r} of {phone.site}, "
                    "which would be retired"
                )
        if (phone.site, phone.room) not in rooms:
            raise UnknownThingError(
                f"phone {phone.mac.colons} stands in room {phone.room!r}, which would be retired"
            )


def affected_phones(
    catalogue: Catalogue, changes: Iterable[Change], before: Inventory, after: Inventory
) -> tuple[MacAddress, ...]:
    """Phones whose files depend on something that changes."""
    touched = _touched(changes)
    macs = dict.fromkeys(touched.phones)
    for inventory in (before, after):
        sites = {site.id: site for site in inventory.sites}
        for phone in inventory.phones:
            shows_rooms = phone.site in touched.shown and _shows_rooms(catalogue, sites, phone)
            if shows_rooms or touched.reaches(phone):
                macs[phone.mac] = None
    return tuple(macs)


@dataclass(frozen=True, slots=True)
class _Touched:
    """Keys of what changes.

    Attributes:
        shown: sites of which a room changes in a way that keys of other phones show.
    """

    sites: set[str] = field(default_factory=set)
    rooms: set[tuple[str, str]] = field(default_factory=set)
    accounts: set[tuple[str, str]] = field(default_factory=set)
    phones: list[MacAddress] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)

    def reaches(self, phone: Phone) -> bool:
        """Whether a phone uses one of these things."""
        used = {(phone.site, e) for e in (*phone.accounts, *(h.extension for h in phone.handsets))}
        return bool(
            phone.site in self.sites
            or (phone.site, phone.room) in self.rooms
            or used & self.accounts
        )


def _touched(changes: Iterable[Change]) -> _Touched:
    touched = _Touched()
    for change in changes:
        thing = change.record
        if change.fields and set(change.fields) <= NO_PHONES_MATTER:
            continue
        if isinstance(thing, Site):
            touched.sites.add(thing.id)
        elif isinstance(thing, Room):
            touched.rooms.add((thing.site, thing.id))
            if not change.fields or set(change.fields) & WATCHED:
                touched.shown.add(thing.site)
        elif isinstance(thing, Account):
            touched.accounts.add((thing.site, thing.extension))
        else:
            touched.phones.append(thing.mac)
    return touched


def _shows_rooms(catalogue: Catalogue, sites: Mapping[str, Site], phone: Phone) -> bool:
    site = sites.get(phone.site)
    own = site.presets if site else {}
    preset = own.get(phone.preset) or catalogue.presets.get(phone.preset)
    return preset is not None and watches_rooms(preset, phone)


def _rooms(rooms: Iterable[Room]) -> dict[tuple[str, str], Room]:
    return {(room.site, room.id): room for room in rooms}


def _accounts(accounts: Iterable[Account]) -> dict[tuple[str, str], Account]:
    return {(account.site, account.extension): account for account in accounts}


def _phones(phones: Iterable[Phone]) -> dict[MacAddress, Phone]:
    return {phone.mac: phone for phone in phones}
