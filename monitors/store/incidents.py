"""Incidents in the database: opened once and closed once, however many workers see them.

Two workers may want the same step at the same moment. The unique ``open_key`` lets only one of
them open an incident, and every other change is an UPDATE on the condition that it has not been
made yet; only the worker whose statement met a row writes the timeline.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import and_, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from monitors.incident_steps import Close, Event, Keep, Leave, Open, OpenIncident, Step
from monitors.store.tables import incident, incident_phone, timeline
from monitors.store.tally import count
from monitors.store.upsert import changed, inserting
from provisioner.db import Database

REOPEN = timedelta(minutes=10)
"""Within this time after its end, a trouble that comes again is the same incident."""
DETAIL_MAX = 500


def open_incidents(database: Database, site: str) -> tuple[OpenIncident, ...]:
    """Return a site's open incidents with the phones that are in them now."""
    with database.read() as session:
        still = and_(
            incident_phone.c.incident_id == incident.c.id, incident_phone.c.left_at.is_(None)
        )
        query = (
            select(incident, incident_phone.c.mac)
            .outerjoin(incident_phone, still)
            .where(incident.c.site == site, incident.c.closed_at.is_(None))
            .order_by(incident.c.id)
        )
        rows = list(session.execute(query))
    macs: dict[int, set[str]] = {}
    for row in rows:
        macs.setdefault(row.id, set()).update([row.mac] if row.mac else [])
    return tuple(
        OpenIncident(r.id, r.key, r.grouped, r.rule, r.found_at, frozenset(macs[r.id]))
        for r in {row.id: row for row in rows}.values()
    )


def take(
    database: Database,
    site: str,
    steps: Iterable[Step],
    now: datetime,
    reopen: timedelta = REOPEN,
) -> tuple[Step, ...]:
    """Make the steps that nobody has made meanwhile; returns those that were made here."""
    wanted = list(steps)
    if not wanted:
        return ()
    with database.write() as session:
        return tuple(step for step in wanted if _take(session, site, step, now, reopen))


def _take(session: Session, site: str, step: Step, now: datetime, reopen: timedelta) -> bool:
    if isinstance(step, Open):
        return _open(session, site, step, now, reopen)
    if isinstance(step, Keep):
        return _keep(session, step, now)
    if isinstance(step, Leave):
        return _leave(session, step, now)
    return _close(session, step, now)


def _open(session: Session, site: str, step: Open, now: datetime, reopen: timedelta) -> bool:
    again = _reopened(session, site, step, now, reopen)
    found = _inserted(session, site, step, now) if again is None else again
    if found is None:
        return False
    if again is None:
        count(session, "incidents_opened", site, step.rule)
    event = Event.OPENED if again is None else Event.REOPENED
    note(session, found, now, event, detail=step.rule)
    _join(session, found, step.macs, now, say=False)
    return True


def _inserted(session: Session, site: str, step: Open, now: datetime) -> int | None:
    put = inserting(session, incident).values(
        site=site, key=step.key, open_key=_open_key(site, step.key), grouped=step.grouped,
        rule=step.rule, sureness=step.sureness, name=step.name, facts=dict(step.facts),
        began_at=step.began_at, round_at=now, found_at=now, ending="", round=0,
        acknowledged_by="",
    )  # fmt: skip
    put = put.on_conflict_do_nothing(index_elements=["open_key"])
    found: int | None = session.scalar(put.returning(incident.c.id))
    return found


def _reopened(
    session: Session, site: str, step: Open, now: datetime, reopen: timedelta
) -> int | None:
    """Open the last incident of this key again, if it ended a short time ago."""
    last = (
        select(incident.c.id)
        .where(incident.c.site == site, incident.c.key == step.key)
        .order_by(incident.c.id.desc())
        .limit(1)
    )
    put = (
        update(incident)
        .where(incident.c.id == last.scalar_subquery(), incident.c.closed_at > now - reopen)
        .values(
            open_key=_open_key(site, step.key), closed_at=None, ending="", found_at=now,
            round=incident.c.round + 1, round_at=now, rule=step.rule, sureness=step.sureness,
            facts=dict(step.facts), acknowledged_at=None, acknowledged_by="",
        )
    )  # fmt: skip
    try:
        with session.begin_nested():
            found: int | None = session.scalar(put.returning(incident.c.id))
            return found
    except IntegrityError:  # another worker has opened a new one in this moment
        return None


def _keep(session: Session, step: Keep, now: datetime) -> bool:
    is_open = and_(incident.c.id == step.id, incident.c.closed_at.is_(None))
    if step.is_found:
        session.execute(update(incident).where(is_open).values(found_at=now))
    made = False
    if step.rule is not None:
        other = update(incident).where(is_open, incident.c.rule == step.before)
        values = {"rule": step.rule, "sureness": step.sureness, "facts": dict(step.facts)}
        made = bool(changed(session, other.values(**values)))
        if made:
            words = f"{step.before} -> {step.rule}"
            note(session, step.id, now, Event.CAUSE_CHANGED, detail=words)
    if step.joined and session.scalar(select(incident.c.id).where(is_open).with_for_update()):
        made = _join(session, step.id, step.joined, now, say=True) or made
    return made


def _join(
    session: Session, incident_id: int, macs: Iterable[str], now: datetime, *, say: bool
) -> bool:
    made = False
    for mac in sorted(macs):
        put = inserting(session, incident_phone)
        put = put.values(incident_id=incident_id, mac=mac, joined_at=now)
        put = put.on_conflict_do_update(
            index_elements=["incident_id", "mac"],
            set_={"joined_at": now, "left_at": None},
            where=incident_phone.c.left_at.is_not(None),
        )
        if changed(session, put):
            made = True
            if say:
                note(session, incident_id, now, Event.JOINED, mac=mac)
    return made


def _leave(session: Session, step: Leave, now: datetime) -> bool:
    event = Event.RECOVERED if step.recovered else Event.LEFT
    made = False
    for mac in sorted(step.macs):
        gone = update(incident_phone).where(
            incident_phone.c.incident_id == step.id,
            incident_phone.c.mac == mac,
            incident_phone.c.left_at.is_(None),
        )
        if changed(session, gone.values(left_at=now)):
            made = True
            note(session, step.id, now, event, mac=mac)
    return made


def _close(session: Session, step: Close, now: datetime) -> bool:
    done = update(incident).where(incident.c.id == step.id, incident.c.closed_at.is_(None))
    made = changed(session, done.values(closed_at=now, open_key=None, ending=str(step.ending)))
    if made:
        gone = update(incident_phone).where(
            incident_phone.c.incident_id == step.id, incident_phone.c.left_at.is_(None)
        )
        session.execute(gone.values(left_at=now))
        note(session, step.id, now, Event.CLOSED, detail=str(step.ending))
    return bool(made)


def acknowledge(
    database: Database, incident_id: int, who: str, now: datetime, detail: str = ""
) -> bool:
    """Note that a person knows of an open incident; False: closed, or somebody was first."""
    with database.write() as session:
        known = update(incident).where(
            incident.c.id == incident_id,
            incident.c.closed_at.is_(None),
            incident.c.acknowledged_at.is_(None),
        )
        made = bool(changed(session, known.values(acknowledged_at=now, acknowledged_by=who)))
        if made:
            note(session, incident_id, now, Event.ACKNOWLEDGED, who=who, detail=detail)
    return made


def note(
    session: Session,
    incident_id: int,
    at: datetime,
    what: Event,
    *,
    mac: str = "",
    who: str = "",
    detail: str = "",
) -> None:
    """Write a line of an incident's timeline, in the transaction of what it tells of."""
    values = {"mac": mac, "who": who, "detail": detail[:DETAIL_MAX]}
    session.execute(
        insert(timeline).values(incident_id=incident_id, at=at, what=str(what), **values)
    )


def _open_key(site: str, key: str) -> str:
    return f"{site} {key}"
