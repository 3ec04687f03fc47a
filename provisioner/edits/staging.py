"""Staged changes in the database: begun, released stage by stage, paused, taken back, finished."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from provisioner.apply import summary
from provisioner.edits.edit import Edit, EditError, Problem
from provisioner.edits.preparing import Prepared
from provisioner.edits.rollout import Member, Policy, Standing, State, standing
from provisioner.edits.written import site_as_written
from provisioner.errors import UnknownThingError
from provisioner.filestore.marking import mark
from provisioner.filestore.stages import Spot, Stage, default_stages, stage_of
from provisioner.inventory.records import Phone, Room
from provisioner.inventory.staged import OPEN, NewHead, StagedPhoneRow, StagedRow, seal_head
from provisioner.inventory.tables import PhoneRow, RenderedRow
from provisioner.mac import MacAddress
from provisioner.plan import Plan
from provisioner.secrets import Box

CHUNK = 500
FRESH = timedelta(minutes=10)
"""A condition that is older says nothing: the monitor does not run."""
Condition = Callable[[Iterable[str]], Mapping[str, tuple[str, datetime]]]
"""Asks how phones are: ``working`` or ``down`` by MAC, and when that was; others are not known."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A staged change; times are naive UTC.

    Attributes:
        stages: their names: rooms, floors, or all.
    """

    id: int
    site: str
    made_at: datetime
    made_by: str
    note: str
    summary: str
    stages: tuple[str, ...]
    stage: int
    since: datetime
    state: State
    reason: str
    policy: Policy
    change: int | None


def under_way(session: Session, site: str) -> Staged | None:
    """Return the staged change that a site's phones are in the middle of."""
    query = select(StagedRow).where(StagedRow.site_id == site, StagedRow.state.in_(OPEN))
    row = session.scalars(query.order_by(StagedRow.id.desc()).limit(1)).one_or_none()
    return _staged(row) if row else None


def latest(session: Session, site: str) -> Staged | None:
    """Return the last staged change of a site, ended or not."""
    query = select(StagedRow).where(StagedRow.site_id == site)
    row = session.scalars(query.order_by(StagedRow.id.desc()).limit(1)).one_or_none()
    return _staged(row) if row else None


def refuse_meanwhile(session: Session, site: str) -> None:
    """Refuse an edit of a head that is on its way to the phones.

    Raises:
        EditError: says what to do first.
    """
    if under_way(session, site) is not None:
        sentence = (
            "a change of these settings is being rolled out in stages; let it end, "
            "or take it back first"
        )
        raise EditError(Problem(("head",), sentence))


def the_staged(session: Session, number: int) -> StagedRow:
    """Return the row of a staged change; raises UnknownThingError."""
    row = session.get(StagedRow, number, with_for_update=True)
    if row is None:
        raise UnknownThingError(f"there is no staged change {number}")
    return row


def begin(
    session: Session, box: Box, edit: Edit, prepared: Prepared, row: StagedRow, etag: str
) -> None:
    """Store a staged change with its phones; its first stage is not open yet.

    Args:
        session: a writing one.
        box: encrypts the new head.
        edit: of a head, and nothing else.
        prepared: what it would do.
        row: with site, policy, who, note and time.
        etag: of the head that it is based on.

    Raises:
        EditError: it reaches no phone, or more than the head.
    """
    plan = prepared.plan
    if edit.head is None or edit.rooms or edit.accounts or edit.remove_rooms:
        raise EditError(Problem((), "only a change of a site's settings goes in stages"))
    members = _spots(plan)
    if not members:
        raise EditError(Problem(("head",), "no phone gets other files: it can be saved at once"))
    wanted = _careful([Spot(room, floor, model) for room, floor, model in members.values()])
    stages = _with_phones(wanted, members)
    written = site_as_written(plan.after.sites[0], None)
    presets = {
        str(change.after.mac): (change.before.preset, change.after.preset)
        for change in plan.of(Phone)
        if isinstance(change.before, Phone) and isinstance(change.after, Phone)
    }
    head = {name: written.get(name) for name in edit.head}
    row.sealed = seal_head(box, NewHead(plan.after.sites[0], presets, head, etag))
    row.stages = [str(stage) for stage in stages]
    row.summary = summary(plan)[:1000]
    session.add(row)
    session.flush()
    session.add_all(
        StagedPhoneRow(staged_id=row.id, mac=str(mac), stage=stage_of(stages, room, floor) or 0)
        for mac, (room, floor, _) in members.items()
    )
    session.flush()


def _spots(plan: Plan) -> dict[MacAddress, tuple[str, str, str]]:
    """Room, floor and model of every phone that a plan reaches."""
    rooms: dict[str, Room] = {room.id: room for room in plan.after.rooms}
    reached = set(plan.affected)
    return {
        phone.mac: (phone.room, rooms[phone.room].floor, phone.model)
        for phone in plan.after.phones
        if phone.mac in reached
    }


def _careful(spots: list[Spot]) -> tuple[Stage, ...]:
    """First a room for each model, then the floor of the first of them, then all."""
    first = default_stages(spots)[0]
    floors = {spot.room: spot.floor for spot in spots}
    floor = next((floors[room] for room in first.rooms if floors[room]), "")
    between = (Stage(floors=(floor,)),) if floor else ()
    return (first, *between, Stage(everything=True))


def _with_phones(
    stages: tuple[Stage, ...], members: Mapping[MacAddress, tuple[str, str, str]]
) -> tuple[Stage, ...]:
    """Leave out stages in which no phone would be."""
    used = {stage_of(stages, room, floor) for room, floor, _ in members.values()}
    return tuple(stage for number, stage in enumerate(stages) if number in used)


def release(
    session: Session, row: StagedRow, stage: int, condition: Condition, now: datetime
) -> int:
    """Open a stage: its phones get the new files; returns how many there are."""
    query = select(StagedPhoneRow).where(
        StagedPhoneRow.staged_id == row.id,
        StagedPhoneRow.stage == stage,
        StagedPhoneRow.released_at.is_(None),
    )
    phones = list(session.scalars(query))
    how = condition([phone.mac for phone in phones])
    digests = digests_of(session, [phone.mac for phone in phones])
    for phone in phones:
        phone.released_at = now
        word, judged_at = how.get(phone.mac, ("", now))
        phone.before = word if now - judged_at <= FRESH else ""
        phone.digest = digests.get(phone.mac, "")
    row.stage, row.since, row.state, row.reason = stage, now, str(State.ACTIVE), ""
    session.flush()
    mark(session, [phone.mac for phone in phones])
    return len(phones)


def withdraw(session: Session, row: StagedRow, reason: str) -> int:
    """Give the released phones their old files back; returns how many."""
    query = select(StagedPhoneRow.mac).where(
        StagedPhoneRow.staged_id == row.id, StagedPhoneRow.released_at.is_not(None)
    )
    macs = list(session.scalars(query))
    row.state, row.reason = str(State.WITHDRAWN), reason[:1000]
    session.flush()
    mark(session, macs)
    return len(macs)


def end_staged(session: Session, number: int | None, change: int | None) -> None:
    """End a staged change that became a change of the whole site.

    Args:
        session: a writing one.
        number: of the staged change; None: there is none to be ended.
        change: what it became; None: all was so already.

    Raises:
        EditError: it is not going on.
    """
    if number is None:
        return
    row = the_staged(session, number)
    if row.state != State.ACTIVE:
        raise EditError(Problem(("head",), f"the roll-out is {row.state}"))
    row.state, row.reason, row.change_id = str(State.DONE), "", change


def digests_of(session: Session, macs: Iterable[str]) -> dict[str, str]:
    """Return a digest of all files of each phone; of one whose files are out of date nothing."""
    found: dict[str, list[str]] = {}
    for some in _chunks(list(macs)):
        columns = (RenderedRow.mac, RenderedRow.name, RenderedRow.content_digest)
        query = select(*columns).join(PhoneRow, PhoneRow.mac == RenderedRow.mac)
        query = query.where(RenderedRow.mac.in_(some), PhoneRow.dirty.is_(False))
        for mac, name, digest in session.execute(query.order_by(RenderedRow.mac, RenderedRow.name)):
            found.setdefault(mac, []).append(f"{name} {digest}")
    return {mac: hashlib.sha256("\n".join(f).encode()).hexdigest() for mac, f in found.items()}


def members_of(session: Session, number: int) -> list[Member]:
    """Return the phones of a staged change, and how each stands."""
    rows = list(session.scalars(select(StagedPhoneRow).where(StagedPhoneRow.staged_id == number)))
    now = digests_of(session, [row.mac for row in rows if row.released_at is not None])
    return [Member(row.mac, row.stage, _standing(row, now)) for row in rows]


def _standing(row: StagedPhoneRow, digests: Mapping[str, str]) -> Standing:
    return standing(
        released=row.released_at is not None,
        same=bool(row.digest) and digests.get(row.mac) == row.digest,
        before=row.before,
        fetched=row.fetched_at is not None,
        back=row.back_at is not None,
    )


def observe(session: Session, mac: str, number: int, **seen: datetime | bool) -> None:
    """Note what a phone was seen to do."""
    session.execute(
        update(StagedPhoneRow)
        .where(StagedPhoneRow.staged_id == number, StagedPhoneRow.mac == mac)
        .values(**seen)
    )


def _staged(row: StagedRow) -> Staged:
    return Staged(
        id=row.id,
        site=row.site_id,
        made_at=row.made_at,
        made_by=row.made_by,
        note=row.note,
        summary=row.summary,
        stages=tuple(row.stages),
        stage=row.stage,
        since=row.since,
        state=State(row.state),
        reason=row.reason,
        policy=Policy.model_validate(row.policy),
        change=row.change_id,
    )


def _chunks(macs: list[str]) -> Iterable[list[str]]:
    return (macs[start : start + CHUNK] for start in range(0, len(macs), CHUNK))
