"""What was changed: kept encrypted, listed, and turned into the edit that takes it back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from provisioner.catalogue.loader import Catalogue
from provisioner.edits.edit import Edit, EditError, Problem
from provisioner.edits.holdings import Holdings
from provisioner.edits.matching import bare, document_of
from provisioner.edits.naming import LASTING, touched
from provisioner.edits.tables import ChangeRow
from provisioner.edits.written import account_as_written, room_as_written, site_as_written
from provisioner.errors import UnknownThingError
from provisioner.inventory.records import Inventory, Phone
from provisioner.inventory.tables import PhoneRow
from provisioner.plan import Action, Plan
from provisioner.secrets import Box, hash_token

KEPT = 500
"""So many changes of a site are kept."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A change in the history; times are naive UTC.

    Attributes:
        targets: what was touched: ``head``, ``room/214``, ``account/214``.
        affected: so many phones.
        undoes, undone_by: numbers of other changes.
    """

    id: int
    site: str
    at: datetime
    who: str
    action: str
    note: str
    summary: str
    targets: tuple[str, ...]
    affected: int
    undoes: int | None
    undone_by: int | None

    @property
    def is_lasting(self) -> bool:
        """Whether it is one of those that are never taken back."""
        return self.action in LASTING


@dataclass(frozen=True, slots=True)
class Kept:
    """What a change was, with its secrets.

    Attributes:
        before, after: documents by target; None: there was, or is, none.
        phones: secrets of phones that were retired, by MAC: they come back with them.
    """

    before: Mapping[str, Json | None]
    after: Mapping[str, Json | None]
    phones: Mapping[str, Json] = field(default_factory=dict)

    def shown(self) -> tuple[dict[str, Json | None], dict[str, Json | None]]:
        """Return the documents before and after, without their secrets."""
        return _bare(self.before), _bare(self.after)


def _bare(documents: Mapping[str, Json | None]) -> dict[str, Json | None]:
    return {key: d if d is None else bare(key, d) for key, d in documents.items()}


def what_changes(session: Session, box: Box, catalogue: Catalogue, plan: Plan) -> Kept:
    """Return what is to be kept of a plan that has not been carried out yet."""
    keys = touched(plan)
    gone = [
        str(change.before.mac)
        for change in plan.of(Phone)
        if change.action is Action.RETIRE and isinstance(change.before, Phone)
    ]
    phones = {
        row.mac: {
            "secrets": box.open(row.secrets).get_secret_value(),
            "seen": row.token_seen_at.isoformat() if row.token_seen_at else "",
            "firmware": row.firmware,
        }
        for row in session.scalars(select(PhoneRow).where(PhoneRow.mac.in_(gone)))
    }
    return Kept(
        _documents(keys, plan.before, catalogue), _documents(keys, plan.after, catalogue), phones
    )


def remember(session: Session, box: Box, entry: ChangeRow, kept: Kept) -> int:
    """Add a change to the history; returns its number."""
    text = json.dumps({"before": kept.before, "after": kept.after, "phones": kept.phones})
    entry.sealed = box.seal_body(text.encode("utf-8", "surrogatepass"))
    session.add(entry)
    session.flush()
    of_site = select(ChangeRow.id).where(ChangeRow.site_id == entry.site_id)
    oldest = session.scalar(of_site.order_by(ChangeRow.id.desc()).offset(KEPT - 1).limit(1))
    if oldest is not None:
        session.execute(
            delete(ChangeRow).where(ChangeRow.site_id == entry.site_id, ChangeRow.id < oldest)
        )
    if entry.undoes is not None:
        undone = update(ChangeRow).where(ChangeRow.id == entry.undoes)
        session.execute(undone.values(undone_by=entry.id))
    return entry.id


def entries(
    session: Session, site: str, limit: int, before: int | None = None
) -> tuple[Entry, ...]:
    """Return changes of a site, newest first.

    Args:
        session: a reading session.
        site: its id.
        limit: so many at most.
        before: only those with a lower number.
    """
    query = select(*_COLUMNS).where(ChangeRow.site_id == site)
    if before is not None:
        query = query.where(ChangeRow.id < before)
    rows = session.execute(query.order_by(ChangeRow.id.desc()).limit(limit))
    return tuple(_entry(row) for row in rows)


def the_change(session: Session, box: Box, number: int) -> tuple[Entry, Kept]:
    """Return one change with what is kept of it; raises UnknownThingError."""
    query = select(*_COLUMNS, ChangeRow.sealed).where(ChangeRow.id == number)
    row = session.execute(query).one_or_none()
    if row is None:
        raise UnknownThingError(f"there is no change {number}; only the last {KEPT} are kept")
    kept = json.loads(box.open_body(row.sealed).decode("utf-8", "surrogatepass"))
    return _entry(row), Kept(kept["before"], kept["after"], kept["phones"])


def way_back(session: Session, box: Box, catalogue: Catalogue, number: int) -> tuple[Edit, Kept]:
    """Return the edit that takes a change back; it is exact.

    Raises:
        UnknownThingError: there is no such change.
        EditError: it was taken back already, or never is, or what it touched has been changed
            since.
    """
    entry, kept = the_change(session, box, number)
    if entry.undone_by is not None:
        sentence = f"change {number} was undone already, by change {entry.undone_by}"
        raise EditError(Problem(("undo",), sentence))
    if entry.is_lasting:
        sentence = "new secrets are not taken back, for the old ones may be known; make new ones"
        raise EditError(Problem(("undo",), sentence))
    if "head" in kept.before and kept.before["head"] is None:
        raise EditError(
            Problem(("undo", "head"), "a site is not removed by undoing its first change")
        )
    holdings = Holdings(session, box, entry.site)
    other = [
        key
        for key, after in kept.after.items()
        if document_of(key, holdings, catalogue, whole=True) != after
    ]
    if other:
        raise EditError(*_in_the_way(session, entry, other))
    return _edit_back(entry.site, kept), kept


def revive(
    session: Session, box: Box, kept: Kept, fresh: Iterable[str], now: datetime, armed: timedelta
) -> None:
    """Give phones that come back the secrets they had, so that they go on as if nothing was."""
    for mac in fresh:
        had = kept.phones.get(mac)
        if had is None:
            continue
        token = json.loads(had["secrets"])["token"]
        seen = datetime.fromisoformat(had["seen"]) if had["seen"] else None
        session.execute(
            update(PhoneRow)
            .where(PhoneRow.mac == mac)
            .values(
                secrets=box.seal(had["secrets"]),
                token_hash=hash_token(token),
                token_seen_at=seen,
                armed_until=None if seen else now + armed,
                firmware=had["firmware"],
            )
        )


_COLUMNS = (
    ChangeRow.id, ChangeRow.site_id, ChangeRow.at, ChangeRow.who, ChangeRow.action,
    ChangeRow.note, ChangeRow.summary, ChangeRow.targets, ChangeRow.affected, ChangeRow.undoes,
    ChangeRow.undone_by,
)  # fmt: skip


def _entry(row: Any) -> Entry:  # noqa: ANN401 - a row
    values = list(row[: len(_COLUMNS)])
    values[7] = tuple(values[7])
    return Entry(*values)


def _documents(
    keys: Iterable[str], inventory: Inventory, catalogue: Catalogue
) -> dict[str, Json | None]:
    site = next(iter(inventory.sites), None)
    rooms = {room.id: room for room in inventory.rooms}
    accounts = {account.extension: account for account in inventory.accounts}
    inside: dict[str, list[Phone]] = {}
    for phone in inventory.phones:
        inside.setdefault(phone.room, []).append(phone)

    def room(name: str) -> Json | None:
        if site is None or name not in rooms:
            return None
        return room_as_written(rooms[name], inside.get(name, ()), site, catalogue, whole=True)

    def account(name: str) -> Json | None:
        return account_as_written(accounts[name]) if name in accounts else None

    def head(_: str) -> Json | None:
        return site_as_written(site, None) if site else None

    kinds: dict[str, Callable[[str], Json | None]] = {
        "head": head,
        "room": room,
        "account": account,
    }
    return {key: kinds[key.partition("/")[0]](key.partition("/")[2]) for key in keys}


def _in_the_way(session: Session, entry: Entry, keys: Iterable[str]) -> list[Problem]:
    query = select(ChangeRow.who, ChangeRow.at, ChangeRow.targets).where(
        ChangeRow.site_id == entry.site, ChangeRow.id > entry.id
    )
    later = list(session.execute(query.order_by(ChangeRow.id.desc())))
    problems = []
    for key in keys:
        what = {"head": "the settings of the site"}.get(key, key.replace("/", " "))
        by = next((f" by {who} on {at:%Y-%m-%d}" for who, at, on in later if key in on), "")
        problems.append(Problem(("undo", key), f"{what} was changed again{by}; undo that first"))
    return problems


def _edit_back(site: str, kept: Kept) -> Edit:
    rooms: list[Json] = []
    accounts: list[Json] = []
    no_rooms: list[str] = []
    no_accounts: list[str] = []
    head: Json | None = None
    for key, document in kept.before.items():
        kind, _, name = key.partition("/")
        if kind == "head":
            new = dict.fromkeys(kept.after.get("head") or {})
            head = {**new, **(document or {})}
        elif document is None:
            (no_rooms if kind == "room" else no_accounts).append(name)
        else:
            (rooms if kind == "room" else accounts).append(document)
    return Edit(
        site,
        head=head,
        rooms=tuple(rooms),
        accounts=tuple(accounts),
        remove_rooms=tuple(no_rooms),
        remove_accounts=tuple(no_accounts),
    )
