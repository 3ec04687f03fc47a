"""Where edits are previewed and applied: each in one transaction, audited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from provisioner.apply import Applier, summary
from provisioner.db import Database
from provisioner.edits.diffs import find_diffs
from provisioner.edits.documents import etag_of, room_document
from provisioner.edits.edit import Applied, Edit, EditError, Preview, Problem
from provisioner.edits.history import (
    Entry,
    Kept,
    entries,
    remember,
    revive,
    the_change,
    way_back,
    what_changes,
)
from provisioner.edits.naming import action_of, target_of, touched
from provisioner.edits.preparing import Prepared, prepare
from provisioner.edits.staging import end_staged, refuse_meanwhile
from provisioner.edits.tables import ChangeRow
from provisioner.inventory.audit import note as audit_note
from provisioner.inventory.fetches import forget_waiting
from provisioner.inventory.phones import phone_row
from provisioner.inventory.records import Phone
from provisioner.inventory.stamp import lock_site, read_sites_stamp
from provisioner.mac import MacAddress
from provisioner.plan import Action, Plan


@dataclass(frozen=True, slots=True)
class EditDesk:
    """Takes edits.

    Attributes:
        applier: what stores plans.
        events: the database that knows the phones which wait to be adopted.
    """

    applier: Applier
    events: Database

    def preview(self, edit: Edit) -> Preview:
        """Return what an edit would do; nothing is stored.

        Raises:
            StaleError: what it was based on has changed.
            EditError: it cannot be; says where and why.
        """
        with self.applier.database.read() as session:
            prepared = self.prepare(session, edit)
        plan = prepared.plan
        return Preview(
            plan, prepared.warnings, plan.affected, lambda n: find_diffs(self.applier, plan, n)
        )

    def replacement(self, mac: MacAddress, by: MacAddress) -> Edit:
        """Return the edit that puts another device in the place of a phone.

        It gets everything that the phone had, but a token of its own, and is armed.

        Raises:
            UnknownThingError: there is no such phone.
        """
        with self.applier.database.read() as session:
            row = phone_row(session, mac)
            box, catalogue = self.applier.box, self.applier.catalogue
            document = room_document(session, box, row.site_id, row.room_id, catalogue)
        key, etag = f"room/{row.room_id}", etag_of(document)
        document["phones"][row.position]["mac"] = by.colons
        return Edit(row.site_id, rooms=(document,), if_match={key: etag})

    def apply(self, edit: Edit, *, who: str, note: str = "") -> Applied:
        """Carry an edit out, in one transaction; the phones concerned are marked.

        Args:
            edit: what is wanted.
            who: for the audit log and the history.
            note: why, in a person's words.

        Raises:
            StaleError: what it was based on has changed.
            EditError: it cannot be; says where and why.
        """

        def prepare_in(session: Session) -> _Ready:
            return _Ready(edit, self.prepare(session, edit))

        return self._carry_out(prepare_in, who, note)

    def undo(self, change: int, *, who: str) -> Applied:
        """Take a change back; phones that were retired by it come back with their tokens.

        Raises:
            UnknownThingError: there is no such change.
            EditError: what it touched has been changed since, or it was undone already.
        """

        def prepare_in(session: Session) -> _Ready:
            box, catalogue = self.applier.box, self.applier.catalogue
            edit, kept = way_back(session, box, catalogue, change)
            return _Ready(edit, self.prepare(session, edit, exact=True), change, kept)

        return self._carry_out(prepare_in, who, "")

    def apply_staged(self, edit: Edit, number: int, *, who: str, note: str) -> Applied:
        """Make a staged change that of the whole site, and end it, in one transaction.

        Raises:
            EditError: the head was changed meanwhile, or the staged change is not going on.
        """

        def prepare_in(session: Session) -> _Ready:
            applier = self.applier
            prepared = prepare(session, applier.box, applier.catalogue, edit, exact=True)
            return _Ready(edit, prepared, staged=number)

        return self._carry_out(prepare_in, who, note)

    def history(self, site: str, limit: int = 50, before: int | None = None) -> tuple[Entry, ...]:
        """Return changes of a site, newest first; ``before`` a number, for the next page."""
        with self.applier.database.read() as session:
            return entries(session, site, limit, before)

    def change(self, number: int) -> tuple[Entry, Kept]:
        """Return one change of the history; raises UnknownThingError."""
        with self.applier.database.read() as session:
            return the_change(session, self.applier.box, number)

    def _carry_out(self, prepare_in: Callable[[Session], _Ready], who: str, note: str) -> Applied:
        """Check without keeping others waiting; check again only if something changed meanwhile."""
        with self.applier.database.read() as session:
            stamp = read_sites_stamp(session)
            ready = prepare_in(session)
        try:
            with self.applier.database.write() as session:
                if lock_site(session, ready.edit.site) != stamp:
                    ready = prepare_in(session)
                applied = self._store(session, ready, who, note)
        except IntegrityError as problem:  # another site's edit, at the same moment
            sentence = "somebody else has just taken one of these phones or names; look again"
            raise EditError(Problem((), sentence)) from problem
        fresh = _fresh(ready.prepared.plan)
        if fresh:
            forget_waiting(self.events, fresh)
        return applied

    def _store(self, session: Session, ready: _Ready, who: str, note: str) -> Applied:
        applier, edit, plan = self.applier, ready.edit, ready.prepared.plan
        if not plan.changes:
            end_staged(session, ready.staged, None)
            return Applied(0, plan, ready.prepared.warnings, (), summary(plan))
        now = datetime.now(UTC).replace(tzinfo=None)
        kept = what_changes(session, applier.box, applier.catalogue, plan)
        applier.carry_out(session, plan, now)
        if ready.kept is not None:
            revive(session, applier.box, ready.kept, _fresh(plan), now, applier.armed_for)
        action = "undo" if ready.undoes else action_of(edit, plan)
        told = summary(plan)
        detail = f"{note}: {told}" if note else told
        audit_note(session, now, who, action, target_of(edit, plan), detail)
        row = ChangeRow(
            site_id=edit.site, at=now, who=who[:100], action=action, note=note[:500],
            summary=told[:1000], targets=list(touched(plan)), affected=len(plan.affected),
            undoes=ready.undoes,
        )  # fmt: skip
        number = remember(session, applier.box, row, kept)
        end_staged(session, ready.staged, number)
        return Applied(number, plan, ready.prepared.warnings, plan.affected, told)

    def prepare(self, session: Session, edit: Edit, *, exact: bool = False) -> Prepared:
        """Return what an edit would do, asked in a session of the caller.

        Raises:
            StaleError: what it was based on has changed.
            EditError: it cannot be, or its site is in the middle of a change in stages.
        """
        applier = self.applier
        if edit.head is not None:
            refuse_meanwhile(session, edit.site)
        return prepare(session, applier.box, applier.catalogue, edit, exact=exact)


@dataclass(frozen=True, slots=True)
class _Ready:
    """An edit that was checked.

    Attributes:
        undoes: the change that it takes back.
        kept: what is kept of that.
        staged: the staged change that ends with it.
    """

    edit: Edit
    prepared: Prepared
    undoes: int | None = None
    kept: Kept | None = None
    staged: int | None = None


def _fresh(plan: Plan) -> list[str]:
    return [
        str(change.after.mac)
        for change in plan.of(Phone)
        if change.action is Action.ADD and isinstance(change.after, Phone)
    ]
