"""The rollouts' own step: looks at every one that goes on, and moves or stops it.

Several processes may run it: a rollout moves only from the stage that was looked at.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from provisioner.db import Database
from provisioner.filestore.marking import differing, mark_differing
from provisioner.filestore.records import phones_of, rollouts_of, taken_by, taken_in
from provisioner.filestore.rollout import (
    Decision,
    Progress,
    Rollout,
    State,
    Step,
    advance,
    in_charge,
    standing,
)
from provisioner.filestore.stages import stage_of
from provisioner.filestore.tables import RolloutRow
from provisioner.inventory.audit import note
from provisioner.mac import MacAddress

log = logging.getLogger(__name__)

WHO = "bellwire"
SHOWN = 5


def step(database: Database, now: datetime) -> int:
    """Move what can move; returns how many rollouts did.

    Args:
        database: the inventory.
        now: naive UTC.
    """
    with database.read() as session:
        sites = sorted({rollout.site for rollout in rollouts_of(session)})
    moved = 0
    for site in sites:
        with database.read() as session:
            decisions = [(r, decide(session, r, now)) for r in _active(session, site)]
            differs = differing(session, site)
        moving = [(r, d) for r, d in decisions if d.step is not Step.WAIT]
        if not moving and not differs:
            continue  # nothing to do, so no lock is taken
        with database.write() as session:
            moved += sum(_move(session, rollout, what, now) for rollout, what in moving)
            mark_differing(session, site)
    return moved


def decide(session: Session, rollout: Rollout, now: datetime) -> Decision:
    """Return what is to happen to a rollout that goes on."""
    return advance(rollout, progress_of(session, rollout), now)


def progress_of(session: Session, rollout: Rollout, *, closed: bool = False) -> list[Progress]:
    """Return how the phones of a rollout's open stages stand; of all its stages with ``closed``."""
    rollouts = rollouts_of(session, rollout.site)
    rows = taken_by(session, [rollout])
    made = []
    for phone in phones_of(session, rollout.site, rollout.image.models):
        device = phone.device
        stage = stage_of(rollout.stages, device.room, device.floor)
        charged = {r.id for r in in_charge(rollouts, device)}
        if stage is None or rollout.id not in charged or (stage > rollout.stage and not closed):
            continue
        taken = taken_in(rows.get((rollout.id, phone.mac)), rollout, device)
        made.append(Progress(phone.mac, stage, standing(rollout, device, taken), taken.first_at))
    return made


def _active(session: Session, site: str) -> list[Rollout]:
    return [r for r in rollouts_of(session, site) if r.state is State.ACTIVE]


def _move(session: Session, rollout: Rollout, what: Decision, now: datetime) -> bool:
    """Do what was decided, unless somebody else moved the rollout meanwhile. Audited."""
    steps: dict[Step, dict[str, Any]] = {
        Step.NEXT: {"stage": rollout.stage + 1, "stage_since": now},
        Step.DONE: {"state": str(State.DONE)},
        Step.STOP: {"state": str(State.STOPPED), "reason": _words(what)},
    }
    moved = session.execute(
        update(RolloutRow)
        .where(
            RolloutRow.id == rollout.id,
            RolloutRow.state == str(State.ACTIVE),
            RolloutRow.stage == rollout.stage,
            RolloutRow.stage_since == rollout.since,
        )
        .values(**steps[what.step])
    )
    if not getattr(moved, "rowcount", 0):
        return False
    words = _words(what) or f"{rollout.image.name}: stage {rollout.stage + 1} is through"
    note(session, now, WHO, f"firmware-{what.step}", f"rollout {rollout.id}", words)
    level = logging.WARNING if what.step is Step.STOP else logging.INFO
    log.log(level, "rollout %d of %s: %s: %s", rollout.id, rollout.site, what.step, words)
    return True


def _words(what: Decision) -> str:
    """The reason with the phones it is about."""
    if not what.reason:
        return ""
    macs = ", ".join(MacAddress(mac).colons for mac in what.macs[:SHOWN])
    more = f" and {len(what.macs) - SHOWN} more" if len(what.macs) > SHOWN else ""
    return f"{what.reason}: {macs}{more}"
