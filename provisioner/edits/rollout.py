"""A change that goes to the phones stage by stage: when it goes on, and when it stops. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from provisioner.catalogue.record import Record
from provisioner.filestore.rollout import Decision, Step


class State(StrEnum):
    """How a staged change stands."""

    ACTIVE = "active"
    PAUSED = "paused"  # by a person
    STOPPED = "stopped"  # by itself
    DONE = "done"
    WITHDRAWN = "withdrawn"  # the phones have their old files again


class Policy(Record):
    """When a staged change stops by itself.

    Attributes:
        return_minutes: so long the phones of a stage have to fetch and to work again.
        settle_minutes: a phone that worked before is back when it is seen working so long after
            it fetched: a registration outlives a phone that is lost by some time.
        missing_max, missing_percent: so many of a stage may stay away, whichever is more; but
            never half of it.
        take_back: when it stops, the phones get their old files back at once.
    """

    return_minutes: int = Field(default=15, ge=1, le=1440)
    settle_minutes: int = Field(default=2, ge=0, le=60)
    missing_max: int = Field(default=1, ge=0, le=1000)
    missing_percent: int = Field(default=20, ge=0, le=100)
    take_back: bool = False

    def may_miss(self, phones: int) -> int:
        """Return how many of so many phones may stay away."""
        wanted = max(self.missing_max, phones * self.missing_percent // 100)
        return max(min(wanted, (phones - 1) // 2), 0)


class Standing(StrEnum):
    """How a phone stands to a staged change."""

    LATER = "later"
    WAITING = "waiting"  # it has not fetched
    FETCHED = "fetched"  # and is not seen working again
    BACK = "back"
    SAME = "same"  # its files are what they were: there is nothing to fetch
    AWAY = "away"  # it was down before: nobody waits for it


@dataclass(frozen=True, slots=True)
class Member:
    """A phone of a staged change."""

    mac: str
    stage: int
    how: Standing

    @property
    def is_missing(self) -> bool:
        """Whether it is waited for."""
        return self.how in {Standing.WAITING, Standing.FETCHED}


def standing(*, released: bool, same: bool, before: str, fetched: bool, back: bool) -> Standing:
    """Return how a phone stands.

    Args:
        released: its files are the new ones.
        same: they do not differ from the old ones.
        before: how it was when it was released: ``working``, ``down``, or empty.
        fetched: it took them.
        back: it was seen working after that.
    """
    rules = (
        (not released, Standing.LATER),
        (same, Standing.SAME),
        (fetched and (back or before != "working"), Standing.BACK),
        (before == "down", Standing.AWAY),
        (fetched, Standing.FETCHED),
    )
    return next((how for holds, how in rules if holds), Standing.WAITING)


def advance(
    stage: int,
    stages: int,
    since: datetime,
    members: Sequence[Member],
    policy: Policy,
    now: datetime,
) -> Decision:
    """Decide what happens next to a staged change that goes on.

    Args:
        stage: the open one, counted from 0.
        stages: how many there are.
        since: when it was opened; naive UTC.
        members: its phones.
        policy: when it stops.
        now: naive UTC.
    """
    here = [member for member in members if member.stage == stage]
    missing = tuple(member.mac for member in here if member.is_missing)
    onward = Step.NEXT if stage + 1 < stages else Step.DONE
    if not missing:
        return Decision(onward)
    if now - since < timedelta(minutes=policy.return_minutes):
        return Decision(Step.WAIT, f"waits for {len(missing)} of {len(here)} phones", missing)
    if len(missing) > policy.may_miss(len(here)):
        words = "a phone has" if len(missing) == 1 else f"{len(missing)} phones have"
        reason = f"{words} not come back within {policy.return_minutes} minutes"
        return Decision(Step.STOP, reason, missing)
    return Decision(onward, f"without {len(missing)} of {len(here)} phones", missing)
