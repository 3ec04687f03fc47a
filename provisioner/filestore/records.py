"""Rows of rollouts and phones, as the values that decisions are made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.filestore.rollout import Device, Image, Policy, Rollout, State, Taken
from provisioner.filestore.stages import Stage
from provisioner.filestore.tables import LibraryFileRow, RolloutPhoneRow, RolloutRow
from provisioner.inventory.tables import PhoneRow, RoomRow


def rollouts_of(session: Session, site: str | None = None) -> list[Rollout]:
    """Return the rollouts of a site, or of all, oldest first."""
    query = select(RolloutRow, LibraryFileRow).join(
        LibraryFileRow, LibraryFileRow.id == RolloutRow.file_id
    )
    if site is not None:
        query = query.where(RolloutRow.site_id == site)
    rows = session.execute(query.order_by(RolloutRow.id))
    return [rollout_of(row, file) for row, file in rows]


def rollout_of(row: RolloutRow, file: LibraryFileRow) -> Rollout:
    """Return the rollout of a row and its image's row."""
    return Rollout(
        id=row.id,
        site=row.site_id,
        image=image_of(file),
        stages=tuple(stage_from(stored) for stored in row.stages),
        stage=row.stage,
        since=row.stage_since,
        state=State(row.state),
        policy=Policy.model_validate(row.policy),
        downgrade=row.downgrade,
    )


def image_of(file: LibraryFileRow) -> Image:
    """Return the image of a row."""
    models, is_part = frozenset(file.models), bool(file.facts.get("part"))
    return Image(file.id, file.name, file.version, models, file.handset, is_part)


def stage_from(stored: dict[str, object]) -> Stage:
    """Return a stage as it was stored."""
    rooms, floors = stored.get("rooms", []), stored.get("floors", [])
    return Stage(
        tuple(rooms if isinstance(rooms, list) else ()),
        tuple(floors if isinstance(floors, list) else ()),
        bool(stored.get("all")),
    )


def stage_values(stage: Stage) -> dict[str, object]:
    """Return a stage as it is stored."""
    if stage.everything:
        return {"all": True}
    return {"rooms": list(stage.rooms)} if stage.rooms else {"floors": list(stage.floors)}


def device_of(row: PhoneRow, floor: str, firmware: str) -> Device:
    """Return a phone as rollouts see it."""
    handsets = _handsets(row.handsets)
    return Device(row.mac, row.site_id, row.model, row.room_id, floor, firmware, handsets)


def _handsets(stored: list[dict[str, object]]) -> tuple[str, ...]:
    return tuple(str(handset.get("model") or "") for handset in stored)


@dataclass(frozen=True, slots=True)
class Held:
    """A phone of the inventory, as far as rollouts care.

    Attributes:
        offered: what its files offer it.
        dirty: its files are to be made again.
    """

    device: Device
    position: str
    offered: str
    dirty: bool

    @property
    def mac(self) -> str:
        """The phone's MAC."""
        return self.device.mac


def phones_of(session: Session, site: str, models: Iterable[str]) -> list[Held]:
    """Return the phones of a site that are of these models, by room and position."""
    query = (
        select(
            PhoneRow.mac, PhoneRow.model, PhoneRow.room_id, PhoneRow.position, PhoneRow.handsets,
            PhoneRow.firmware, PhoneRow.offered, PhoneRow.dirty, RoomRow.floor,
        )
        .join(RoomRow, (RoomRow.site_id == PhoneRow.site_id) & (RoomRow.id == PhoneRow.room_id))
        .where(PhoneRow.site_id == site, PhoneRow.model.in_(sorted(models)))
        .order_by(PhoneRow.room_id, PhoneRow.position)
    )  # fmt: skip
    found = []
    for row in session.execute(query):
        where = (row.room_id, row.floor)
        device = Device(row.mac, site, row.model, *where, row.firmware, _handsets(row.handsets))
        found.append(Held(device, row.position, row.offered, row.dirty))
    return found


def taken_by(
    session: Session, rollouts: Sequence[Rollout], device: Device | None = None
) -> dict[tuple[int, str], RolloutPhoneRow]:
    """Return what phones have taken, by rollout and MAC; of one phone when one is given."""
    if not rollouts:
        return {}
    query = select(RolloutPhoneRow).where(
        RolloutPhoneRow.rollout_id.in_([rollout.id for rollout in rollouts])
    )
    if device is not None:
        query = query.where(RolloutPhoneRow.mac == device.mac)
    return {(row.rollout_id, row.mac): row for row in session.scalars(query)}


def taken_in(row: RolloutPhoneRow | None, rollout: Rollout, device: Device) -> Taken:
    """Return what a phone took since it reports the version it reports now.

    A base does not report what its handsets run, so for handsets all counts.
    """
    if row is None or (not rollout.image.handset and row.version != device.version):
        return Taken()
    return Taken(row.fetches, row.first_at)
