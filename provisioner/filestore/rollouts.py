"""Rollouts: begun, paused, taken up again and withdrawn by people. All of it audited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from provisioner.db import Database
from provisioner.errors import InventoryError, UnknownThingError
from provisioner.filestore.files import the_file
from provisioner.filestore.formats import FileKind
from provisioner.filestore.marking import mark, mark_differing
from provisioner.filestore.records import (
    image_of,
    phones_of,
    rollout_of,
    stage_values,
    taken_by,
    taken_in,
)
from provisioner.filestore.rollout import (
    Device,
    Image,
    Policy,
    Rollout,
    Standing,
    State,
    concerns,
    is_older,
    same_version,
    standing,
)
from provisioner.filestore.stages import Spot, Stage, default_stages, stage_of
from provisioner.filestore.tables import LibraryFileRow, RolloutPhoneRow, RolloutRow
from provisioner.inventory.audit import note
from provisioner.inventory.phones import require_site
from provisioner.inventory.tables import RoomRow
from provisioner.mac import MacAddress

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Assignment:
    """A firmware for phones of a site, as somebody wants it.

    Attributes:
        image: name or number of the file.
        stages: empty: careful ones are made, within rooms and floors when those are given.
    """

    image: str
    site: str
    stages: tuple[Stage, ...] = ()
    rooms: tuple[str, ...] = ()
    floors: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)
    downgrade: bool = False


def assign(database: Database, wanted: Assignment, who: str) -> tuple[Rollout, tuple[int, ...]]:
    """Begin a rollout: its first stage is open at once.

    Returns:
        The rollout, and how many phones belong to each stage.

    Raises:
        UnknownThingError: no such image, site, room or floor.
        InventoryError: nothing to do, or a phone runs something newer.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    with database.write() as session:
        require_site(session, wanted.site)
        file = the_file(session, wanted.image, [FileKind.FIRMWARE])
        image = image_of(file)
        if file.site_id not in {"", wanted.site}:
            raise UnknownThingError(f"{image.name} is for {file.site_id} only")
        devices = _devices(session, image, wanted.site)
        stages = wanted.stages or default_stages(
            _spots(devices, image), wanted.rooms, wanted.floors
        )
        _check_places(session, wanted.site, stages)
        reached = _reached(devices, stages, wanted, image)
        row = RolloutRow(
            file_id=file.id, site_id=wanted.site, stages=[stage_values(s) for s in stages],
            stage=0, stage_since=now, state=str(State.ACTIVE), reason="",
            policy=wanted.policy.model_dump(), downgrade=wanted.downgrade,
            made_at=now, made_by=who[:100],
        )  # fmt: skip
        session.add(row)
        session.flush()
        mark(session, [device.mac for device, _ in reached])
        words = f"{image.name} {image.version} for {len(reached)} phones: "
        _note(session, now, who, "firmware-assign", row.id, words + " ".join(map(str, stages)))
        counts = [sum(stage == n for _, stage in reached) for n in range(len(stages))]
        return rollout_of(row, file), tuple(counts)


def pause(database: Database, number: int, who: str) -> None:
    """Hold a rollout: nothing is offered until it is taken up again.

    Raises:
        UnknownThingError: there is no such rollout.
        InventoryError: it is not going on.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    with database.write() as session:
        row, _ = _the_rollout(session, number)
        if row.state != State.ACTIVE:
            raise InventoryError(f"rollout {number} is {row.state}: there is nothing to pause")
        row.state, row.reason = str(State.PAUSED), f"paused by {who}"
        session.flush()
        mark_differing(session, row.site_id)
        _note(session, now, who, "firmware-pause", number, "")


def resume(database: Database, number: int, who: str, *, skip: bool = False) -> None:
    """Take a rollout up again: its open stage begins anew, also for phones that failed.

    Args:
        database: the inventory.
        number: of the rollout.
        who: for the audit log.
        skip: go on with the next stage, whatever the phones of this one do.

    Raises:
        UnknownThingError: there is no such rollout.
        InventoryError: it is neither paused nor stopped, or has no next stage.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    with database.write() as session:
        row, file = _the_rollout(session, number)
        if row.state == State.DONE or (row.state == State.ACTIVE and not skip):
            raise InventoryError(f"rollout {number} is {row.state}: there is nothing to resume")
        if skip and row.stage + 1 >= len(row.stages):
            raise InventoryError(f"rollout {number} is in its last stage")
        forgotten = _in_vain(session, rollout_of(row, file))
        gone = delete(RolloutPhoneRow).where(RolloutPhoneRow.rollout_id == number)
        session.execute(gone.where(RolloutPhoneRow.mac.in_(forgotten)))
        session.execute(
            update(RolloutRow)
            .where(RolloutRow.id == number)
            .values(
                state=str(State.ACTIVE), reason="", stage=row.stage + int(skip), stage_since=now
            )
        )
        session.expire_all()
        mark_differing(session, row.site_id)
        _note(session, now, who, "firmware-resume", number, "next stage" if skip else "")


def withdraw(database: Database, number: int, who: str) -> None:
    """End a rollout for good: its image is not offered any more; phones keep what they run.

    Raises:
        UnknownThingError: there is no such rollout.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    with database.write() as session:
        row, file = _the_rollout(session, number)
        devices = _devices(session, image_of(file), row.site_id)
        session.execute(delete(RolloutRow).where(RolloutRow.id == number))
        mark(session, [device.mac for device in devices])
        _note(session, now, who, "firmware-withdraw", number, f"{file.name} {file.version}")


def _the_rollout(session: Session, number: int) -> tuple[RolloutRow, LibraryFileRow]:
    row = session.get(RolloutRow, number)
    if row is None:
        known = ", ".join(str(n) for n in session.scalars(select(RolloutRow.id))) or "none"
        raise UnknownThingError(f"there is no rollout {number}; known are: {known}")
    return row, session.get_one(LibraryFileRow, row.file_id)


def _devices(session: Session, image: Image, site: str) -> list[Device]:
    devices = [phone.device for phone in phones_of(session, site, image.models)]
    return [device for device in devices if concerns(image, device)]


def _spots(devices: Sequence[Device], image: Image) -> list[Spot]:
    """Where the first stage may be: phones that have something to do, if there are any."""
    needy = [d for d in devices if d.version and not same_version(d.version, image.version)]
    return [Spot(d.room, d.floor, d.model) for d in needy or devices]


def _check_places(session: Session, site: str, stages: Sequence[Stage]) -> None:
    rows = list(session.execute(select(RoomRow.id, RoomRow.floor).where(RoomRow.site_id == site)))
    rooms, floors = {row.id for row in rows}, {row.floor for row in rows if row.floor}
    for stage in stages:
        for what, named, there in (("room", stage.rooms, rooms), ("floor", stage.floors, floors)):
            unknown = sorted(set(named) - there)
            if unknown:
                known = ", ".join(sorted(there)[:20]) or "none"
                raise UnknownThingError(f"{site} has no {what} {unknown[0]!r}; it has {known}")


def _reached(
    devices: Sequence[Device], stages: Sequence[Stage], wanted: Assignment, image: Image
) -> list[tuple[Device, int]]:
    """The phones that stages hold, each with its stage."""
    places = ((device, stage_of(stages, device.room, device.floor)) for device in devices)
    reached = [(device, stage) for device, stage in places if stage is not None]
    if not reached:
        raise InventoryError(f"{image.name} is for no phone in these stages of {wanted.site}")
    newer = [] if image.handset else [d for d, _ in reached if is_older(image.version, d.version)]
    if newer and not wanted.downgrade:
        shown = ", ".join(f"{MacAddress(d.mac).colons} ({d.version})" for d in newer[:SHOWN])
        more = f" and {len(newer) - SHOWN} more" if len(newer) > SHOWN else ""
        raise InventoryError(
            f"{image.version} is older than what {shown}{more} run; say --downgrade to go back"
        )
    return reached


def _in_vain(session: Session, rollout: Rollout) -> list[str]:
    """The phones that took the image and do not run it."""
    rows = taken_by(session, [rollout])
    found = []
    for phone in phones_of(session, rollout.site, rollout.image.models):
        taken = taken_in(rows.get((rollout.id, phone.mac)), rollout, phone.device)
        if taken.fetches and standing(rollout, phone.device, taken) is not Standing.HAS_IT:
            found.append(phone.mac)
    return found


def _note(session: Session, now: datetime, who: str, action: str, number: int, words: str) -> None:
    note(session, now, who, action, f"rollout {number}", words)
