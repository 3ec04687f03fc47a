"""Searching all sites somebody may see: a fixed number of queries, some of each kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from monitors.status import State
from monitors.store.tables import status
from provisioner.inventory.fetches import fetch_table, waiting_table
from provisioner.inventory.phone_reports import report_table
from provisioner.inventory.tables import AccountRow, PhoneRow, RoomRow, SiteRow
from web.accounts.people import Person
from web.installation import Installation
from web.pages.finding.understanding import Meaning
from web.pages.hotel.board import like

MOST = 20
"""Of each kind; whoever wants more types more."""
_RECENT = 200_000
"""So many of the newest fetches are searched for an address."""


@dataclass(frozen=True, slots=True)
class FoundPhone:
    """A phone; ``why``: the address or MAC by which it was found, when it is not plain."""

    site: str
    mac: str
    room: str
    position: str
    model: str
    state: State
    why: str = ""


@dataclass(frozen=True, slots=True)
class FoundRoom:
    """A room, with the phone to go to; empty: it has none."""

    site: str
    id: str
    name: str
    floor: str
    extension: str
    mac: str


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """An extension, with the phone to go to; empty: none has it."""

    site: str
    extension: str
    name: str
    mac: str


@dataclass(frozen=True, slots=True)
class FoundWaiting:
    """A phone that is in no inventory."""

    mac: str
    model: str
    address: str


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, by kind; ``names`` of sites by id."""

    sites: tuple[tuple[str, str], ...] = ()
    rooms: tuple[FoundRoom, ...] = ()
    accounts: tuple[FoundAccount, ...] = ()
    phones: tuple[FoundPhone, ...] = ()
    waiting: tuple[FoundWaiting, ...] = ()
    names: dict[str, str] | None = None

    @property
    def count(self) -> int:
        """How many in all."""
        kinds: Sequence[Sequence[object]] = (
            self.sites, self.rooms, self.accounts, self.phones, self.waiting,
        )  # fmt: skip
        return sum(map(len, kinds))


def search(installation: Installation, who: Person, meaning: Meaning) -> Found:
    """Return what a text may mean, of the sites a person may see."""
    if not meaning.text:
        return Found()
    by_address = _by_address(installation, meaning.address) if meaning.address else {}
    with installation.database.read() as session:
        query = select(SiteRow.id, SiteRow.name)
        names = {row.id: row.name for row in session.execute(query) if who.sees(row.id)}
        rooms = _rooms(session, who, meaning)
        accounts = _accounts(session, who, meaning)
        phones = _phones(session, who, meaning, by_address)
    sought = meaning.text.casefold()
    sites = [(i, n) for i, n in names.items() if sought in i.casefold() or sought in n.casefold()]
    states = _states(installation, [phone.mac for phone in phones])
    return Found(
        sites=tuple(sites[:MOST]),
        rooms=tuple(rooms),
        accounts=tuple(accounts),
        phones=tuple(
            FoundPhone(
                p.site_id,
                p.mac,
                p.room_id,
                p.position,
                p.model,
                states.get(p.mac, State.UNKNOWN),
                by_address.get(p.mac, ""),
            )
            for p in phones
        ),
        waiting=_waiting(installation, meaning) if who.sees_all else (),
        names=names,
    )


def _mine(query: Select[Any], column: InstrumentedAttribute[str], who: Person) -> Select[Any]:
    return query if who.sees_all else query.where(column.in_(who.sites))


def _rooms(session: Session, who: Person, meaning: Meaning) -> list[FoundRoom]:
    room, phone, within = RoomRow, PhoneRow, like(meaning.text)
    first = (
        select(func.min(phone.mac))
        .where(phone.site_id == room.site_id, phone.room_id == room.id)
        .scalar_subquery()
    )
    query = select(room.site_id, room.id, room.name, room.floor, room.extension, first).where(
        or_(room.id.ilike(within, escape="\\"), room.name.ilike(within, escape="\\"))
    )
    exact = func.lower(room.id) != meaning.text.lower()
    query = _mine(query, room.site_id, who).order_by(exact, func.length(room.id), room.id)
    found = session.execute(query.limit(MOST))
    return [FoundRoom(r[0], r[1], r[2], r[3], r[4], r[5] or "") for r in found]


def _accounts(session: Session, who: Person, meaning: Meaning) -> list[FoundAccount]:
    account, within = AccountRow, like(meaning.text)
    begins = like(meaning.text, start=True)
    wanted: list[ColumnElement[bool]] = [account.extension.ilike(begins, escape="\\")]
    if not meaning.text.isdigit():
        wanted.append(account.name.ilike(within, escape="\\"))
    columns: tuple[Any, ...] = (account.site_id, account.extension, account.name)
    query = select(*columns).where(or_(*wanted))
    exact = account.extension != meaning.text
    query = _mine(query, account.site_id, who).order_by(exact, account.extension)
    rows = list(session.execute(query.limit(MOST)))
    holders = _holders(session, {row.site_id for row in rows}, {row.extension for row in rows})
    return [
        FoundAccount(row.site_id, row.extension, row.name,
                     holders.get((row.site_id, row.extension), "")) for row in rows
    ]  # fmt: skip


def _holders(
    session: Session, sites: Iterable[str], extensions: set[str]
) -> dict[tuple[str, str], str]:
    """Which phone has an extension; of several the first."""
    if not extensions:
        return {}
    row = PhoneRow
    query = select(row.site_id, row.mac, row.accounts, row.handsets).where(row.site_id.in_(sites))
    found: dict[tuple[str, str], str] = {}
    for site, mac, accounts, handsets in session.execute(query.order_by(row.mac)):
        numbers = [*accounts, *(h.get("extension", "") for h in handsets)]
        for number in extensions.intersection(numbers):
            found.setdefault((site, number), mac)
    return found


def _phones(
    session: Session, who: Person, meaning: Meaning, by_address: dict[str, str]
) -> list[Any]:
    row = PhoneRow
    wanted: list[ColumnElement[bool]] = []
    if meaning.mac:
        wanted.append(row.mac.like(like(meaning.mac)))
    if by_address:
        wanted.append(row.mac.in_(list(by_address)[:500]))
    if not meaning.mac and not meaning.address:
        wanted.append(row.model.ilike(like(meaning.text), escape="\\"))
    if not wanted:
        return []
    columns: tuple[Any, ...] = (row.site_id, row.mac, row.room_id, row.position, row.model)
    query = select(*columns).where(or_(*wanted))
    query = _mine(query, row.site_id, who).order_by(row.site_id, row.room_id, row.position)
    return list(session.execute(query.limit(MOST)))


def _by_address(installation: Installation, address: str) -> dict[str, str]:
    """Addresses by MAC, of phones that fetched or reported from one that begins so."""
    begins = like(address, start=True)
    found: dict[str, str] = {}
    with installation.events.read() as session:
        for table, columns in (
            (report_table, (report_table.c.ip, report_table.c.address)),
            (fetch_table, (fetch_table.c.address,)),
        ):
            newest = session.scalar(select(func.max(table.c.id))) or 0
            recent = table.c.id > newest - _RECENT
            for column in columns:
                query = select(table.c.mac, func.max(column)).where(
                    recent, table.c.mac != "", column.like(begins, escape="\\")
                )
                for mac, said in session.execute(query.group_by(table.c.mac).limit(500)):
                    found.setdefault(mac, said)
    return found


def _states(installation: Installation, macs: list[str]) -> dict[str, State]:
    if not macs:
        return {}
    query = select(status.c.mac, status.c.state).where(status.c.mac.in_(macs))
    with installation.monitoring.read() as session:
        return {row.mac: State(row.state) for row in session.execute(query)}


def _waiting(installation: Installation, meaning: Meaning) -> tuple[FoundWaiting, ...]:
    row = waiting_table.c
    wanted: list[ColumnElement[bool]] = []
    if meaning.mac:
        wanted.append(row.mac.like(like(meaning.mac)))
    if meaning.address:
        wanted.append(row.address.like(like(meaning.address, start=True), escape="\\"))
    if not wanted:
        return ()
    query = select(row.mac, row.model, row.address).where(or_(*wanted))
    with installation.events.read() as session:
        found = session.execute(query.order_by(row.last_seen.desc()).limit(MOST))
        return tuple(FoundWaiting(*each) for each in found)
