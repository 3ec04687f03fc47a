"""Where staged changes are begun, held, taken up again, taken back, and moved on by themselves."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from provisioner.db import Database
from provisioner.edits.desk import EditDesk
from provisioner.edits.documents import etag_of, site_document
from provisioner.edits.edit import Edit, EditError
from provisioner.edits.rollout import Member, Policy, State, advance
from provisioner.edits.staging import (
    Condition,
    Staged,
    begin,
    latest,
    members_of,
    observe,
    refuse_meanwhile,
    release,
    the_staged,
    under_way,
    withdraw,
)
from provisioner.errors import InventoryError
from provisioner.filestore.rollout import Decision, Step
from provisioner.inventory.audit import note as audit_note
from provisioner.inventory.fetches import fetch_table
from provisioner.inventory.staged import StagedPhoneRow, StagedRow, open_head
from provisioner.inventory.stamp import lock_site, read_sites_stamp
from provisioner.inventory.tables import RenderedRow, SiteRow
from provisioner.mac import MacAddress

log = logging.getLogger(__name__)

WHO = "bellwire"
SHOWN = 5
TAKEN = ("sent", "not-modified")


@dataclass(frozen=True, slots=True)
class StageDesk:
    """Moves staged changes.

    Attributes:
        desk: what applies a change in the end.
        condition: asks the monitor how phones are.
    """

    desk: EditDesk
    condition: Condition

    @property
    def _database(self) -> Database:
        return self.desk.applier.database

    def begin(self, edit: Edit, policy: Policy, who: str, note: str, now: datetime) -> int:
        """Begin a staged change: its first stage is open at once; returns its number.

        Raises:
            EditError: it cannot be, or another one is under way.
        """
        applier = self.desk.applier
        with self._database.read() as session:
            stamp = read_sites_stamp(session)
            prepared = self.desk.prepare(session, edit)
        with self._database.write() as session:
            if lock_site(session, edit.site) != stamp:
                prepared = self.desk.prepare(session, edit)
            refuse_meanwhile(session, edit.site)
            document = site_document(session, applier.box, edit.site, applier.catalogue)
            row = StagedRow(
                site_id=edit.site, made_at=now, made_by=who[:100], note=note[:500], stage=0,
                since=now, state=str(State.ACTIVE), policy=policy.model_dump(),
            )  # fmt: skip
            begin(session, applier.box, edit, prepared, row, etag_of(document))
            phones = release(session, row, 0, self.condition, now)
            words = f"{row.summary}; in stages: {' '.join(row.stages)}; {phones} phones first"
            _audit(session, now, who, "stage-begin", row, words)
            return row.id

    def pause(self, number: int, who: str, now: datetime) -> None:
        """Let no further stage begin until it is taken up again.

        Raises:
            InventoryError: it is not going on.
        """
        with self._database.write() as session:
            row = self._row(session, number, State.ACTIVE)
            row.state, row.reason = str(State.PAUSED), f"paused by {who}"
            _audit(session, now, who, "stage-pause", row, "")

    def resume(self, number: int, who: str, now: datetime, *, skip: bool = False) -> None:
        """Take it up again: the open stage has its time anew.

        Args:
            number: of the staged change.
            who: for the audit log.
            now: naive UTC.
            skip: go on with the next stage, whatever the phones of this one do.

        Raises:
            InventoryError: it neither waits nor was stopped, or ended.
        """
        with self._database.write() as session:
            row = self._row(session, number, State.PAUSED, State.STOPPED)
            row.state, row.reason, row.since = str(State.ACTIVE), "", now
            _audit(session, now, who, "stage-resume", row, "the next stage" if skip else "")
            last = row.stage + 1 >= len(row.stages)
            if skip and not last:
                release(session, row, row.stage + 1, self.condition, now)
        if skip and last:
            self._finish(number, who)

    def take_back(self, number: int, who: str, now: datetime) -> int:
        """Give the released phones their old files back; returns how many.

        Raises:
            InventoryError: it has ended.
        """
        with self._database.write() as session:
            row = self._row(session, number, State.ACTIVE, State.PAUSED, State.STOPPED)
            phones = withdraw(session, row, f"taken back by {who}")
            _audit(session, now, who, "stage-back", row, f"{phones} phones get their old files")
            return phones

    def shown(self, site: str) -> tuple[Staged, list[Member]] | None:
        """Return the last staged change of a site with its phones."""
        with self._database.read() as session:
            found = latest(session, site)
            return (found, members_of(session, found.id)) if found else None

    def step(self, now: datetime) -> int:
        """Move every staged change that can move; returns how many did.

        Several processes may run it: one moves only from the stage that was looked at.
        """
        with self._database.read() as session:
            sites = list(session.scalars(select(SiteRow.id).where(SiteRow.id.in_(_going()))))
        return sum(self._step_site(site, now) for site in sites)

    def _step_site(self, site: str, now: datetime) -> bool:
        with self._database.read() as session:
            staged = under_way(session, site)
        if staged is None or staged.state is not State.ACTIVE:
            return False
        self._look(staged)
        with self._database.read() as session:
            members = members_of(session, staged.id)
        what = advance(staged.stage, len(staged.stages), staged.since, members, staged.policy, now)
        if what.step is Step.WAIT:
            return False
        return self._move(staged, what, now)

    def _move(self, staged: Staged, what: Decision, now: datetime) -> bool:
        if what.step is Step.DONE:
            return self._finish(staged.id, WHO)
        with self._database.write() as session:
            row = the_staged(session, staged.id)
            if (row.stage, row.since, row.state) != (staged.stage, staged.since, State.ACTIVE):
                return False
            words = _words(what) or f"stage {staged.stage + 1} is through"
            if what.step is Step.NEXT:
                phones = release(session, row, staged.stage + 1, self.condition, now)
                _audit(session, now, WHO, "stage-next", row, f"{words}; {phones} phones next")
                return True
            row.state, row.reason = str(State.STOPPED), words[:1000]
            _audit(session, now, WHO, "stage-stop", row, words)
            log.warning("staged change %d of %s stopped: %s", row.id, row.site_id, words)
            if staged.policy.take_back:
                phones = withdraw(session, row, f"stopped and taken back: {words}")
                _audit(session, now, WHO, "stage-back", row, f"{phones} phones")
        return True

    def _finish(self, number: int, who: str) -> bool:
        """Make the change that of the whole site; then the phones need no special care."""
        with self._database.read() as session:
            row = session.get_one(StagedRow, number)
            new = open_head(self.desk.applier.box, row.sealed)
            made_by, note = row.made_by, row.note
        edit = Edit(row.site_id, head=dict(new.head), if_match={"head": new.etag})
        try:
            applied = self.desk.apply_staged(edit, number, who=made_by, note=note)
        except EditError as problem:
            with self._database.write() as session:
                row = the_staged(session, number)
                if row.state == State.ACTIVE:
                    row.state, row.reason = str(State.STOPPED), str(problem)[:1000]
            log.warning("staged change %d cannot be finished: %s", number, problem)
            return False
        log.info("staged change %d is through: change %d (%s)", number, applied.change, who)
        return True

    def _look(self, staged: Staged) -> None:
        """Note which released phones took their files, and which of them work again."""
        query = select(StagedPhoneRow).where(
            StagedPhoneRow.staged_id == staged.id,
            StagedPhoneRow.released_at.is_not(None),
            StagedPhoneRow.back_at.is_(None),
        )
        with self._database.read() as session:
            rows = list(session.scalars(query))
            digests = _digests(session, [row.mac for row in rows])
        how = self.condition([row.mac for row in rows if row.fetched_at is not None])
        settle = timedelta(minutes=staged.policy.settle_minutes)
        seen: dict[str, dict[str, datetime]] = {}
        for row in rows:
            if row.fetched_at is None and row.released_at is not None:
                at = self._fetched(row.mac, row.released_at, digests.get(row.mac, ()))
                if at is not None:
                    seen[row.mac] = {"fetched_at": at}
            elif row.fetched_at is not None and row.mac in how:
                word, judged_at = how[row.mac]
                if word == "working" and judged_at >= row.fetched_at + settle:
                    seen[row.mac] = {"back_at": judged_at}
        if seen:
            with self._database.write() as session:
                for mac, values in seen.items():
                    observe(session, mac, staged.id, **values)

    def _fetched(self, mac: str, since: datetime, digests: Iterable[str]) -> datetime | None:
        """When a phone first took one of its present files after it was released."""
        table = fetch_table.c
        query = select(func.min(table.at)).where(
            table.mac == mac, table.at >= since, table.outcome.in_(TAKEN),
            table.digest.in_(list(digests)),
        )  # fmt: skip
        with self.desk.events.read() as session:
            at: datetime | None = session.scalar(query)
        return at

    def _row(self, session: Session, number: int, *states: State) -> StagedRow:
        row = the_staged(session, number)
        if row.state not in states:
            raise InventoryError(f"the roll-out is {row.state}")
        return row


def _digests(session: Session, macs: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    query = select(RenderedRow.mac, RenderedRow.digest).where(RenderedRow.mac.in_(list(macs)))
    for mac, digest in session.execute(query):
        found.setdefault(mac, []).append(digest)
    return found


def _going() -> Select[Any]:
    return select(StagedRow.site_id).where(StagedRow.state == str(State.ACTIVE))


def _audit(
    session: Session, at: datetime, who: str, action: str, row: StagedRow, words: str
) -> None:
    session.flush()
    audit_note(session, at, who, action, f"{row.site_id}: staged change {row.id}", words)


def _words(what: Decision) -> str:
    if not what.reason:
        return ""
    macs = ", ".join(MacAddress(mac).colons for mac in what.macs[:SHOWN])
    more = f" and {len(what.macs) - SHOWN} more" if len(what.macs) > SHOWN else ""
    return f"{what.reason}: {macs}{more}" if macs else what.reason
