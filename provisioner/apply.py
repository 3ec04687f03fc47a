"""Site files into the database: everything or nothing.

``apply`` runs in one transaction: a reader, or a restart after a crash, sees all of it or none.
Rendering follows outside of it; the phones concerned are marked.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from provisioner.assembly import assemble, place_of
from provisioner.catalogue.loader import Catalogue
from provisioner.db import Database
from provisioner.errors import DuplicateError
from provisioner.filestore.site_names import check_library_names
from provisioner.inventory import store
from provisioner.inventory.audit import note
from provisioner.inventory.records import Account, Inventory, Phone, Room, Site
from provisioner.inventory.site_file import read_site_files
from provisioner.inventory.site_records import to_inventory
from provisioner.inventory.stamp import next_generation
from provisioner.inventory.tables import AccountRow, Base, PhoneRow, RenderedRow, RoomRow, SiteRow
from provisioner.mac import MacAddress
from provisioner.phone_checks import check_phones
from provisioner.plan import Action, Change, Plan, make_plan
from provisioner.render import render
from provisioner.room_keys import rooms_by_site
from provisioner.secrets import Box, hash_token, make_phone_secrets, make_sip_secret

CHUNK = 500
_DONE = {Action.ADD: "added", Action.CHANGE: "changed", Action.RETIRE: "retired"}


@dataclass(frozen=True, slots=True)
class Applier:
    """What ``plan`` and ``apply`` work with."""

    database: Database
    box: Box
    catalogue: Catalogue
    armed_for: timedelta = timedelta(hours=24)

    def read(self, files: Iterable[Path]) -> tuple[Inventory, dict[str, int]]:
        """Read and check site files; nothing is stored.

        Returns:
            The inventory wanted, and warnings with the number of phones each is about.

        Raises:
            SiteFileError: names file, line and field.
        """
        sources = read_site_files(files)
        inventory, where = to_inventory(sources, self.catalogue)
        with self.database.read() as session:
            check_library_names(session, sources)
        return inventory, check_phones(self.catalogue, inventory, where)

    def plan(self, wanted: Inventory, *, prune: bool = False) -> Plan:
        """Return what would change.

        Raises:
            DuplicateError: a MAC belongs to another site already.
        """
        with self.database.read() as session:
            return self.plan_in(session, wanted, prune=prune)

    def apply(self, wanted: Inventory, *, who: str, prune: bool = False) -> Plan:
        """Store what is wanted, in one transaction; new phones are armed.

        No history knows of it: that is for ``provisioner.edits.whole``.

        Raises:
            DuplicateError: a MAC belongs to another site already.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        with self.database.write() as session:
            plan = self.plan_in(session, wanted, prune=prune)
            if plan.changes:
                self.carry_out(session, plan, now)
                note(session, now, who, "apply", ", ".join(_sites(wanted)), summary(plan))
        return plan

    def plan_in(self, session: Session, wanted: Inventory, *, prune: bool) -> Plan:
        """Return what would change, asked in a session of the caller.

        Raises:
            DuplicateError: a MAC belongs to another site already.
        """
        self._refuse_foreign(session, wanted)
        held = store.stored(session, self.box, _sites(wanted))
        return make_plan(self.catalogue, held, wanted, prune=prune)

    def _refuse_foreign(self, session: Session, wanted: Inventory) -> None:
        here = set(_sites(wanted))
        macs = [str(phone.mac) for phone in wanted.phones]
        for start in range(0, len(macs), CHUNK):
            query = select(PhoneRow.mac, PhoneRow.site_id, PhoneRow.room_id).where(
                PhoneRow.mac.in_(macs[start : start + CHUNK])
            )
            for mac, site, room in session.execute(query):
                if site not in here:
                    raise DuplicateError(
                        f"MAC {MacAddress(mac).colons} already belongs to {site} {room}; "
                        "retire it there first"
                    )

    def carry_out(self, session: Session, plan: Plan, now: datetime) -> None:
        """Write a plan: what is gone first, then what others refer to, then phones."""
        gone = [c for c in plan.changes if c.action is Action.RETIRE]
        self._retire(session, gone)
        self._upsert(session, SiteRow, plan.of(Site), lambda s: store.site_values(s, self.box))
        self._upsert(session, RoomRow, plan.of(Room), lambda r: store.room_values(r, self.box))
        self._upsert(session, AccountRow, plan.of(Account), self._account)
        self._phones(session, plan.of(Phone), now)
        self._retire_rest(session, gone)
        generation = next_generation(session, removed=bool(gone), sites=True)
        macs = [str(mac) for mac in plan.affected]
        for start in range(0, len(macs), CHUNK):
            session.execute(
                update(PhoneRow)
                .where(PhoneRow.mac.in_(macs[start : start + CHUNK]))
                .values(dirty=True, generation=generation)
            )

    def _account(self, account: Account) -> dict[str, Any]:
        return store.account_values(account, account.secret or make_sip_secret(), self.box)

    def _upsert(
        self,
        session: Session,
        table: type[Base],
        changes: Iterable[Change],
        row: Callable[[Any], dict[str, Any]],
    ) -> None:
        for action in (Action.ADD, Action.CHANGE):
            values = [row(c.after) for c in changes if c.action is action]
            if values and action is Action.ADD:
                session.execute(insert(table), values)
            elif values:
                session.execute(update(table), values)

    def _phones(self, session: Session, changes: Iterable[Change], now: datetime) -> None:
        moved = [c.after for c in changes if c.action is Action.CHANGE]
        for phone in moved:  # a position is free before its next phone comes: phones may swap
            if isinstance(phone, Phone):
                session.execute(
                    update(PhoneRow)
                    .where(PhoneRow.mac == str(phone.mac))
                    .values(position=f"~{phone.mac}")
                )
        self._upsert(
            session,
            PhoneRow,
            [c for c in changes if c.action is Action.CHANGE],
            lambda p: store.phone_values(p, self.box),
        )
        fresh = [
            self._new_phone(c.after, now)
            for c in changes
            if c.action is Action.ADD and isinstance(c.after, Phone)
        ]
        if fresh:
            session.execute(insert(PhoneRow), fresh)

    def _new_phone(self, phone: Phone, now: datetime) -> dict[str, Any]:
        secrets = make_phone_secrets()
        return {
            **store.phone_values(phone, self.box),
            "token_hash": hash_token(secrets.token.get_secret_value()),
            "secrets": store.seal_phone_secrets(secrets, self.box),
            "armed_until": now + self.armed_for,
            "firmware": "",
        }

    def _retire(self, session: Session, gone: Iterable[Change]) -> None:
        for change in gone:
            if isinstance(change.before, Phone):
                mac = str(change.before.mac)
                session.execute(delete(RenderedRow).where(RenderedRow.mac == mac))
                session.execute(delete(PhoneRow).where(PhoneRow.mac == mac))

    def _retire_rest(self, session: Session, gone: Iterable[Change]) -> None:
        for change in gone:
            thing = change.before
            if isinstance(thing, Room):
                key = (RoomRow.site_id == thing.site, RoomRow.id == thing.id)
                session.execute(delete(RoomRow).where(*key))
            elif isinstance(thing, Account):
                where = (
                    AccountRow.site_id == thing.site,
                    AccountRow.extension == thing.extension,
                )
                session.execute(delete(AccountRow).where(*where))


def _sites(wanted: Inventory) -> list[str]:
    """The sites something is said about: whole ones, or only some of their phones."""
    named = (*(s.id for s in wanted.sites), *(p.site for p in wanted.phones))
    return list(dict.fromkeys(named))


def summary(plan: Plan) -> str:
    """Return the changes in one line, without values."""
    counts: dict[tuple[str, str], int] = {}
    for change in plan.changes:
        kind = (type(change.record).__name__.lower(), _DONE[change.action])
        counts[kind] = counts.get(kind, 0) + 1
    told = ", ".join(f"{_counted(n, noun)} {done}" for (noun, done), n in counts.items())
    return f"{told or 'nothing'}; {_counted(len(plan.affected), 'phone')} affected"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def file_diffs(
    applier: Applier, plan: Plan, macs: Iterable[MacAddress]
) -> Iterator[tuple[MacAddress, str]]:
    """Yield the unified diff of each phone's files, secrets masked."""
    firmware = _firmware(applier.database)
    now = _Preview(applier.catalogue, plan.before, firmware)
    then = _Preview(applier.catalogue, plan.after, firmware)
    for mac in macs:
        before, after = now.files(mac), then.files(mac)
        lines: list[str] = []
        for name in sorted({*before, *after}):
            lines += difflib.unified_diff(
                before.get(name, "").splitlines(),
                after.get(name, "").splitlines(),
                f"{name} (now)",
                f"{name} (then)",
                lineterm="",
                n=1,
            )
        yield mac, "\n".join(lines)


def _firmware(database: Database) -> dict[str, str]:
    """The firmware that phones have shown, by MAC: it chooses the dialect of a preview too."""
    with database.read() as session:
        query = select(PhoneRow.mac, PhoneRow.firmware).where(PhoneRow.firmware != "")
        return {row.mac: row.firmware for row in session.execute(query)}


class _Preview:
    """An inventory, looked up by key, whose files are rendered with their secrets masked."""

    def __init__(
        self, catalogue: Catalogue, inventory: Inventory, firmware: Mapping[str, str]
    ) -> None:
        self._catalogue = catalogue
        self._firmware = firmware
        self._stand_in = make_phone_secrets()  # never shown: every secret is masked
        self._phones = {p.mac: p for p in inventory.phones}
        self._sites = {s.id: s for s in inventory.sites}
        self._rooms = {(r.site, r.id): r for r in inventory.rooms}
        self._rooms_of = rooms_by_site(inventory.rooms)
        self._accounts: dict[str, dict[str, Account]] = {}
        for account in inventory.accounts:
            made = account if account.secret else replace(account, secret=self._stand_in.token)
            self._accounts.setdefault(account.site, {})[account.extension] = made

    def files(self, mac: MacAddress) -> dict[str, str]:
        """Return a phone's files by name; none when it is not in the inventory."""
        phone = self._phones.get(mac)
        if phone is None:
            return {}
        room = self._rooms[phone.site, phone.room]
        rooms = self._rooms_of[phone.site]
        place = place_of(self._catalogue, self._sites[phone.site], room, phone, rooms)
        accounts = self._accounts.get(phone.site, {})
        shown = self._firmware.get(mac)
        kit = assemble(self._catalogue, place, accounts, self._stand_in, shown)
        made = render(self._catalogue.folder, kit, masked=True)
        return {file.name: file.body.decode("utf-8") for file in made}
