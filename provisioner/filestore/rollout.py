"""A rollout: a firmware on its way to a site's phones, and when it goes on or stops. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from provisioner.catalogue.record import Record
from provisioner.catalogue.versions import version_tuple
from provisioner.filestore.stages import Stage, stage_of


class State(StrEnum):
    """How a rollout stands."""

    ACTIVE = "active"
    PAUSED = "paused"  # by a person
    STOPPED = "stopped"  # by itself
    DONE = "done"  # all stages; phones that come later still get the image


class Policy(Record):
    """When a rollout stops by itself.

    Attributes:
        return_minutes: so long a phone may take to come back with the new version.
        patience_hours: after so long a phone counts as one that never fetched the image.
        never_fetched_percent: more phones of a stage than this must not do that.
        fetches_max: a phone that took the image so often in vain gets it no more.
    """

    return_minutes: int = Field(default=30, ge=1, le=1440)
    patience_hours: int = Field(default=48, ge=1, le=720)
    never_fetched_percent: int = Field(default=20, ge=0, le=100)
    fetches_max: int = Field(default=3, ge=1, le=10)


@dataclass(frozen=True, slots=True)
class Image:
    """A firmware of the library.

    Attributes:
        models: ids of the phones it is for; with a handset, of the bases.
        handset: DECT handset model, empty: for the phones themselves.
        is_part: the handset is a part that each of these phones has.
    """

    id: int
    name: str
    version: str
    models: frozenset[str]
    handset: str = ""
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Rollout:
    """One image for one site.

    Attributes:
        stage: which stage is open, counted from 0; those before it stay open.
        since: when it was opened; naive UTC.
    """

    id: int
    site: str
    image: Image
    stages: tuple[Stage, ...]
    stage: int
    since: datetime
    state: State
    policy: Policy
    downgrade: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A phone as a rollout sees it.

    Attributes:
        version: the firmware it last reported; empty: never.
        handsets: models of the handsets on a base, one entry each, empty where not known.
    """

    mac: str
    site: str
    model: str
    room: str
    floor: str
    version: str
    handsets: tuple[str, ...] = ()

    def handsets_for(self, image: Image) -> int:
        """How many handsets an image may be for: those of its model, and those of none known."""
        if image.is_part:
            return 1
        return sum(handset.lower() in {"", image.handset.lower()} for handset in self.handsets)


@dataclass(frozen=True, slots=True)
class Taken:
    """How often a phone took the whole image, and when first, at the version it reported then."""

    fetches: int = 0
    first_at: datetime | None = None


class Standing(StrEnum):
    """How a phone stands to the rollout in charge of it."""

    OFFERED = "offered"
    HAS_IT = "has it"
    FETCHED = "fetched"  # took it and has not come back with it
    LATER = "later stage"
    HELD = "held"  # the rollout is paused or stopped
    NEWER = "newer"  # offering it would be a downgrade
    LOOPING = "looping"  # took it again and again in vain
    UNHEARD = "unheard"  # never reported a version


def concerns(image: Image, device: Device) -> bool:
    """Whether an image is for a phone, or for a handset on it."""
    if device.model not in image.models:
        return False
    return not image.handset or device.handsets_for(image) > 0


def in_charge(rollouts: Sequence[Rollout], device: Device) -> tuple[Rollout, ...]:
    """Return the rollouts that decide about a phone: the newest one for each part of it.

    A base has a firmware of its own and one for each handset model.
    """
    newest: dict[str, Rollout] = {}
    for rollout in sorted(rollouts, key=lambda r: -r.id):
        reached = stage_of(rollout.stages, device.room, device.floor) is not None
        if rollout.site == device.site and reached and concerns(rollout.image, device):
            newest.setdefault(rollout.image.handset.lower(), rollout)
    return tuple(newest[part] for part in sorted(newest))


def standing(rollout: Rollout, device: Device, taken: Taken) -> Standing:
    """Return how a phone stands to a rollout that is in charge of it."""
    stage = stage_of(rollout.stages, device.room, device.floor)
    closed = stage is None or stage > rollout.stage
    held = rollout.state in {State.PAUSED, State.STOPPED}
    if rollout.image.handset:
        return _handset_standing(rollout, device, taken, closed=closed, held=held)
    older = is_older(rollout.image.version, device.version)
    rules = (
        (not device.version, Standing.UNHEARD),
        (same_version(device.version, rollout.image.version), Standing.HAS_IT),
        (older and not rollout.downgrade, Standing.NEWER),
        (closed, Standing.LATER),
        (taken.fetches >= rollout.policy.fetches_max, Standing.LOOPING),
        (held, Standing.HELD),
        (taken.fetches > 0, Standing.FETCHED),
    )
    return next((how for holds, how in rules if holds), Standing.OFFERED)


def _handset_standing(
    rollout: Rollout, device: Device, taken: Taken, *, closed: bool, held: bool
) -> Standing:
    """A base does not report what its handsets run: an image it took whole is all we learn."""
    most = rollout.policy.fetches_max * device.handsets_for(rollout.image)
    rules = (
        (closed, Standing.LATER),
        (taken.fetches >= most, Standing.LOOPING),
        (held, Standing.HELD),
        (taken.fetches > 0, Standing.HAS_IT),
    )
    return next((how for holds, how in rules if holds), Standing.OFFERED)


def is_offered(rollout: Rollout, how: Standing) -> bool:
    """Whether a phone's files name the image.

    Handsets go on getting theirs from the base after the base has taken it once.
    """
    if how is Standing.HAS_IT:
        return bool(rollout.image.handset)
    return how in {Standing.OFFERED, Standing.FETCHED}


def same_version(one: str, other: str) -> bool:
    """Whether two versions are the same number by number: 05.20 is 5.20."""
    return version_tuple(one) == version_tuple(other)


def is_older(one: str, other: str) -> bool:
    """Whether a version is below another one."""
    return version_tuple(one) < version_tuple(other)


@dataclass(frozen=True, slots=True)
class Progress:
    """A phone of an open stage.

    Attributes:
        stage: which stage it belongs to, counted from 0.
        first_at: when it first took the whole image; None: not yet.
    """

    mac: str
    stage: int
    how: Standing
    first_at: datetime | None = None

    @property
    def is_through(self) -> bool:
        """Whether nothing more is expected of it."""
        return self.how in {Standing.HAS_IT, Standing.NEWER}


class Step(StrEnum):
    """What happens to a rollout next."""

    WAIT = "wait"
    NEXT = "next"
    DONE = "done"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Decision:
    """A step with its reason; ``macs`` are the phones it is about."""

    step: Step
    reason: str = ""
    macs: tuple[str, ...] = ()


def advance(rollout: Rollout, phones: Sequence[Progress], now: datetime) -> Decision:
    """Decide what happens next.

    Args:
        rollout: an active one.
        phones: those of its open stages that it is in charge of.
        now: naive UTC.

    Returns:
        NEXT or DONE only when every phone of the stage is through; STOP when one that took the
        image has not come back with it in time, or too many never took it.
    """
    lost = tuple(phone.mac for phone in phones if _is_lost(phone, rollout.policy, now))
    if lost:
        return Decision(Step.STOP, _lost_words(rollout, lost), lost)
    stage = [phone for phone in phones if phone.stage == rollout.stage]
    missing = tuple(phone.mac for phone in stage if not phone.is_through)
    if not missing:
        last = rollout.stage + 1 >= len(rollout.stages)
        return Decision(Step.DONE if last else Step.NEXT)
    silent = tuple(_silent(stage))
    if now - rollout.since >= timedelta(hours=rollout.policy.patience_hours):
        percent = 100 * len(silent) / len(stage)
        if percent > rollout.policy.never_fetched_percent:
            words = f"{len(silent)} of {len(stage)} phones have not fetched the image"
            hours = rollout.policy.patience_hours
            return Decision(Step.STOP, f"{words} in {hours} hours", silent)
    return Decision(Step.WAIT, f"waits for {len(missing)} of {len(stage)} phones", missing)


def _is_lost(phone: Progress, policy: Policy, now: datetime) -> bool:
    if phone.is_through or phone.first_at is None:
        return False
    return now - phone.first_at >= timedelta(minutes=policy.return_minutes)


def _silent(stage: Sequence[Progress]) -> Iterator[str]:
    yield from (phone.mac for phone in stage if not phone.is_through and phone.first_at is None)


def _lost_words(rollout: Rollout, lost: Sequence[str]) -> str:
    who = "a phone has" if len(lost) == 1 else f"{len(lost)} phones have"
    image, minutes = rollout.image, rollout.policy.return_minutes
    in_time = f"with {image.version} within {minutes} minutes"
    return f"{who} fetched {image.name} and not come back {in_time}"
