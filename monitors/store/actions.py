"""The journal of remedies: what is to be done stands here before it is begun.

planned -> off -> done -> verified or failed; or refused at once. ``off`` is written before the
first write to a switch, with what gives power back. Whoever works on a row holds it until its
deadline; after that another worker may claim it and finish what was begun.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from monitors.remedies.action import Action, ActionState
from monitors.store.action_pages import read_actions
from monitors.store.tables import remedy_action
from monitors.store.upsert import changed
from provisioner.db import Database

DETAIL_MAX = 500
PORT_PAUSE = timedelta(minutes=10)
SWITCH_SPAN = timedelta(minutes=1)
SWITCH_MOST = 5
LEASE = timedelta(seconds=90)
"""How long a worker may be silent about what it has begun."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a worker wants to do."""

    site: str
    mac: str
    remedy: str
    who: str
    switch: str = ""
    if_index: int = 0
    port: str = ""
    incident_id: int | None = None


def plan(database: Database, wanted: Plan, worker: str, now: datetime) -> int | str:
    """Enter an action; the limits of port and switch are looked at in the same transaction.

    Returns:
        Its id; or why it may not be done now.
    """
    values = _values(wanted) | {
        "open_key": wanted.mac, "way": "", "undo": {}, "state": str(ActionState.PLANNED),
        "at": now, "deadline": now + LEASE, "claimed_by": worker, "tries": 0, "seen": {},
        "detail": "",
    }  # fmt: skip
    try:
        with database.write() as session:
            _lock(session)
            if wanted.switch:
                problem = _too_often(session, wanted, now)
                if problem:
                    return problem
            put = insert(remedy_action).values(**values).returning(remedy_action.c.id)
            return int(session.execute(put).scalar_one())
    except IntegrityError:
        return "something is being done to this phone at this moment"


def limit_now(database: Database, wanted: Plan, now: datetime) -> str:
    """Return why the limits of port and switch do not allow it now; empty: they do."""
    with database.read() as session:
        return _too_often(session, wanted, now)


def refused(database: Database, wanted: Plan, detail: str, now: datetime) -> None:
    """Enter that something was not done, and why."""
    values = _values(wanted) | {
        "way": "", "undo": {}, "state": str(ActionState.REFUSED), "at": now, "ended_at": now,
        "deadline": now, "claimed_by": "", "tries": 0, "seen": {}, "detail": detail[:DETAIL_MAX],
    }  # fmt: skip
    with database.write() as session:
        session.execute(insert(remedy_action).values(**values))


def _values(wanted: Plan) -> dict[str, Any]:
    return {
        "site": wanted.site,
        "mac": wanted.mac,
        "remedy": wanted.remedy,
        "who": wanted.who[:100],
        "switch": wanted.switch,
        "if_index": wanted.if_index,
        "port": wanted.port[:128],
        "incident_id": wanted.incident_id,
    }


def _lock(session: Session) -> None:
    """Let nobody else plan meanwhile: SQLite's write lock does it, PostgreSQL must be told."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text("LOCK TABLE remedy_action IN SHARE ROW EXCLUSIVE MODE"))


def _too_often(session: Session, wanted: Plan, now: datetime) -> str:
    row = remedy_action.c
    here = and_(row.site == wanted.site, row.switch == wanted.switch)
    # a planned one counts as of now: it is about to write
    begun = func.coalesce(row.off_at, row.at)
    alive = or_(row.off_at.is_not(None), row.state == str(ActionState.PLANNED))
    last = session.scalar(
        select(func.max(begun)).where(here, alive, row.if_index == wanted.if_index)
    )
    if last is not None and last > now - PORT_PAUSE:
        return f"the power of this port was switched at {last:%H:%M:%S}: once in 10 minutes"
    recent = select(func.count()).select_from(remedy_action)
    count = session.scalar(recent.where(here, alive, begun > now - SWITCH_SPAN))
    if (count or 0) >= SWITCH_MOST:
        return f"{count} ports of this switch in the last minute: at most {SWITCH_MOST}"
    return ""


def begin(
    database: Database, action_id: int, worker: str, way: str, undo: Mapping[str, Any],
    deadline: datetime, now: datetime,
) -> bool:  # fmt: skip
    """Enter that power is about to be taken away; False: another worker has the row now."""
    mine = _mine(action_id, worker, ActionState.PLANNED, ActionState.OFF)
    values = {
        "state": str(ActionState.OFF), "way": way, "undo": dict(undo), "deadline": deadline,
        "off_at": now,
    }  # fmt: skip
    with database.write() as session:
        return bool(changed(session, update(remedy_action).where(mine).values(**values)))


def take_back(database: Database, action_id: int, worker: str, now: datetime) -> bool:
    """Enter that a way certainly changed nothing: the row is only planned again."""
    mine = _mine(action_id, worker, ActionState.OFF)
    values: dict[str, Any] = {
        "state": str(ActionState.PLANNED), "off_at": None, "undo": {}, "deadline": now + LEASE,
    }  # fmt: skip
    with database.write() as session:
        return bool(changed(session, update(remedy_action).where(mine).values(**values)))


def done(
    database: Database, action_id: int, worker: str, now: datetime, way: str = "", detail: str = ""
) -> bool:
    """Enter that it was done; whether it helped is looked at next."""
    mine = _mine(action_id, worker, ActionState.PLANNED, ActionState.OFF)
    values: dict[str, Any] = {
        "state": str(ActionState.DONE), "done_at": now, "deadline": now, "open_key": None,
    }  # fmt: skip
    values |= {"way": way} if way else {}
    values |= {"detail": detail[:DETAIL_MAX]} if detail else {}
    with database.write() as session:
        return bool(changed(session, update(remedy_action).where(mine).values(**values)))


def failed(database: Database, action_id: int, worker: str, detail: str, now: datetime) -> bool:
    """Enter that nothing was done, and why; power was not taken away, or is back."""
    mine = _mine(action_id, worker, ActionState.PLANNED, ActionState.OFF)
    values = {
        "state": str(ActionState.FAILED), "ended_at": now, "open_key": None,
        "detail": detail[:DETAIL_MAX],
    }  # fmt: skip
    with database.write() as session:
        return bool(changed(session, update(remedy_action).where(mine).values(**values)))


def put_off(
    database: Database, action_id: int, worker: str, detail: str, deadline: datetime
) -> bool:
    """Enter that power could not be given back, and when it is tried again."""
    mine = _mine(action_id, worker, ActionState.OFF)
    values = {"deadline": deadline, "claimed_by": "", "detail": detail[:DETAIL_MAX]}
    with database.write() as session:
        return bool(changed(session, update(remedy_action).where(mine).values(**values)))


def claim_stranded(database: Database, worker: str, now: datetime) -> list[Action]:
    """Claim what others have begun and not ended in time; no other worker gets the same."""
    row = remedy_action.c
    late = and_(
        row.state.in_([str(ActionState.PLANNED), str(ActionState.OFF)]), row.deadline <= now
    )
    with database.read() as session:
        ids = list(session.scalars(select(row.id).where(late).order_by(row.id)))
    mine: list[Action] = []
    for action_id in ids:
        take = (
            update(remedy_action)
            .where(row.id == action_id, late)
            .values(claimed_by=worker, deadline=now + LEASE, tries=row.tries + 1)
        )
        with database.write() as session:
            if changed(session, take):
                mine += read_actions(session, select(remedy_action).where(row.id == action_id))
    return mine


def settle(
    database: Database, action: Action, state: ActionState, seen: Mapping[str, str],
    detail: str, now: datetime,
) -> bool:  # fmt: skip
    """Enter what is known of whether it helped; False: somebody else has ended it."""
    row = remedy_action.c
    values: dict[str, Any] = {"seen": dict(seen), "detail": detail[:DETAIL_MAX]}
    if state is not ActionState.DONE:
        values |= {"state": str(state), "ended_at": now}
    mine = update(remedy_action).where(row.id == action.id, row.state == str(ActionState.DONE))
    with database.write() as session:
        return bool(changed(session, mine.values(**values)))


def _mine(action_id: int, worker: str, *states: ActionState) -> Any:  # noqa: ANN401 - a condition
    row = remedy_action.c
    return and_(
        row.id == action_id, row.claimed_by == worker, row.state.in_([str(s) for s in states])
    )
