"""What the library offers one phone: an input of its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.filestore.files import best_for
from provisioner.filestore.formats import SETTINGS
from provisioner.filestore.records import device_of, rollouts_of, taken_by, taken_in
from provisioner.filestore.rollout import (
    Device,
    Rollout,
    Standing,
    Taken,
    in_charge,
    is_offered,
    standing,
)
from provisioner.filestore.tables import LibraryFileRow
from provisioner.filestore.users import names_in
from provisioner.inventory.tables import PhoneRow
from provisioner.kit import Offer, PhoneKit, Urls
from provisioner.syntaxes import MaskedText

MAX_TEXT = 255
_NO_URL = MaskedText("", "")


@dataclass(frozen=True, slots=True)
class Wish:
    """What rollouts want of a phone.

    Attributes:
        managed: a rollout decides about its own firmware; its settings do not.
        offered: the images offered, by part: empty for the phone itself, else a handset model.
        remarks: why something is not offered, in sentences.
    """

    managed: bool = False
    offered: Mapping[str, Rollout] | None = None
    remarks: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What is offered, in words that can be compared; empty: nothing."""
        rollouts = (self.offered or {}).values()
        return ", ".join(f"{r.image.name} {r.image.version}" for r in rollouts)[:MAX_TEXT]

    @property
    def names(self) -> tuple[str, ...]:
        """The files of what is offered."""
        return tuple(rollout.image.name for rollout in (self.offered or {}).values())

    def offer(self, urls: Urls) -> Offer | None:
        """What is offered, with the phone's own URLs."""
        if not self.offered:
            return None
        own = self.offered.get("")
        handsets = {part: rollout for part, rollout in self.offered.items() if part}
        return Offer(
            version=own.image.version if own else "",
            url=urls.file(own.image.name) if own else _NO_URL,
            handsets={part: urls.file(r.image.name) for part, r in handsets.items()},
            handset_versions={part: r.image.version for part, r in handsets.items()},
        )


def wish_of(session: Session, row: PhoneRow, floor: str, firmware: str) -> Wish:
    """Return what rollouts want of a phone.

    Args:
        session: a reading session.
        row: the phone.
        floor: that of its room.
        firmware: as it last reported, or as if it had.
    """
    known: dict[str, list[Rollout]] = session.info.setdefault("rollouts", {})
    if row.site_id not in known:  # read once for all phones of a session
        known[row.site_id] = rollouts_of(session, row.site_id)
    rollouts = known[row.site_id]
    if not rollouts:
        return Wish()
    device = device_of(row, floor, firmware)
    charged = in_charge(rollouts, device)
    rows = taken_by(session, charged, device)
    taken = {r.id: taken_in(rows.get((r.id, device.mac)), r, device) for r in charged}
    return wish(charged, device, taken)


def wish(charged: Sequence[Rollout], device: Device, taken: Mapping[int, Taken]) -> Wish:
    """Return what the rollouts in charge of a phone want of it. Pure."""
    offered: dict[str, Rollout] = {}
    remarks: list[str] = []
    for rollout in charged:
        how = standing(rollout, device, taken.get(rollout.id, Taken()))
        if is_offered(rollout, how):
            offered[rollout.image.handset] = rollout
        remarks += _remarks(rollout, device, how, taken.get(rollout.id, Taken()))
    managed = any(not rollout.image.handset for rollout in charged)
    return Wish(managed, offered, tuple(remarks))


def _remarks(rollout: Rollout, device: Device, how: Standing, taken: Taken) -> Iterator[str]:
    image = rollout.image
    if how is Standing.LOOPING and image.handset:
        yield f"{image.name} was fetched {taken.fetches} times: it is offered no more"
    elif how is Standing.LOOPING:
        yield (
            f"{image.name} was fetched {taken.fetches} times and the phone still reports "
            f"{device.version}: it is offered no more; does this image report {image.version}?"
        )
    elif how is Standing.NEWER:
        yield (
            f"{image.name} is not offered: the phone reports {device.version}, "
            f"which is newer than {image.version}"
        )


def with_wish(session: Session, kit: PhoneKit, wanted: Wish) -> PhoneKit:
    """Return a kit with what the library offers, and with what it has not got.

    A rollout in charge of the phone's own firmware is stronger than a firmware in its settings:
    the two would send the phone to and fro.
    """
    offer = wanted.offer(kit.urls)
    if not wanted.managed and kit.offer is not None:
        own = kit.offer
        offer = replace(offer, version=own.version, url=own.url) if offer else own
    told = (*wanted.remarks, *_picture_remarks(session, kit))
    return replace(kit, offer=offer, file_remarks=told)


def facts_of(kit: PhoneKit, wanted: Wish) -> dict[str, object]:
    """Return the columns of a phone that say what its files hold of the library. Pure."""
    return {
        "offered": wanted.text,
        "version_matters": wanted.managed or bool(kit.settings.firmware.url),
        "stored_names": [*stored_names(kit), *wanted.names],
    }


def stored_names(kit: PhoneKit) -> tuple[str, ...]:
    """Return the files of the library that a phone's settings name. Pure."""
    return tuple(dict.fromkeys(name for _, name in names_in(_layer(kit))))


def _picture_remarks(session: Session, kit: PhoneKit) -> Iterator[str]:
    """Yield which of its files the library does not have for a phone of this model."""
    named = dict(names_in(_layer(kit)))
    if not named:
        return
    wanted = {name.lower() for name in named.values()}
    rows = [r for r in session.scalars(select(LibraryFileRow)) if r.name.lower() in wanted]
    for setting, name in named.items():
        same = [r for r in rows if r.name.lower() == name.lower() and r.kind == SETTINGS[setting]]
        if best_for(same, kit.site.id, kit.model.id) is None:
            yield f"{setting}: the library has no {name} for {kit.model.name}"


def _layer(kit: PhoneKit) -> dict[str, dict[str, str]]:
    settings = kit.settings
    return {
        "screen": {"wallpaper": settings.screen.wallpaper, "logo": settings.screen.logo},
        "audio": {"ring_file": settings.audio.ring_file},
    }
