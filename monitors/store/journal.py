"""The journal of messages: each is claimed before it is sent, so that one worker sends it.

A worker that dies between claim and report leaves a row that says neither sent nor failed.
After a time another worker may claim it; nobody can know whether the message left, so it is
marked as perhaps sent twice, and says so itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, or_, select, update

from monitors.incident_steps import Event
from monitors.notify.due import CLAIM_TIME, TRIES_MAX, Due, Entry, Kind, retry_after
from monitors.store.incidents import note
from monitors.store.tables import incident, notification
from monitors.store.tally import count
from monitors.store.upsert import changed, inserting
from provisioner.db import Database

PROBLEM_MAX = 500


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this worker, and no other, is to send now.

    Attributes:
        maybe_double: an earlier worker claimed it and was not heard of again.
    """

    key: str
    site: str
    incident_id: int | None
    channel: str
    worker: str
    claimed_at: datetime
    tries: int = 1
    maybe_double: bool = False


def claim(
    database: Database,
    site: str,
    incident_id: int | None,
    message: Due,
    worker: str,
    now: datetime,
) -> Claim | None:
    """Claim a message; None: another worker was faster, or it is not its time."""
    row = notification.c
    with database.write() as session:
        put = inserting(session, notification).values(
            key=message.key, incident_id=incident_id, site=site, kind=str(message.kind),
            channel=message.channel, claimed_at=now, claimed_by=worker, tries=1, problem="",
            maybe_double=False,
        )  # fmt: skip
        if changed(session, put.on_conflict_do_nothing(index_elements=["key"])):
            return Claim(message.key, site, incident_id, message.channel, worker, now)
        failed = and_(row.next_try_at <= now, row.tries < TRIES_MAX)
        lost = and_(row.next_try_at.is_(None), row.claimed_at <= now - CLAIM_TIME)
        again = (
            update(notification)
            .where(row.key == message.key, row.sent_at.is_(None), or_(failed, lost))
            .values(
                claimed_at=now, claimed_by=worker, tries=row.tries + 1, next_try_at=None,
                # evaluated on the row as it was: no time of a next try, so nobody knows
                maybe_double=or_(row.maybe_double, row.next_try_at.is_(None)),
            )
            .returning(row.tries, row.maybe_double)
        )  # fmt: skip
        got = session.execute(again).one_or_none()
    if got is None:
        return None
    return Claim(
        message.key, site, incident_id, message.channel, worker, now, got.tries, got.maybe_double
    )


def report(database: Database, claimed: Claim, problem: str, now: datetime) -> bool:
    """Note that a claimed message was sent, or why it was not.

    Args:
        database: the monitor's.
        claimed: as ``claim`` returned it.
        problem: why it was not sent; empty: it was.
        now: naive UTC.

    Returns:
        False: the claim has run out and is another worker's now.
    """
    row = notification.c
    mine = update(notification).where(
        row.key == claimed.key,
        row.claimed_by == claimed.worker,
        row.claimed_at == claimed.claimed_at,
        row.sent_at.is_(None),
    )
    values: dict[str, Any] = {"sent_at": now, "problem": ""}
    if problem:
        later = now + retry_after(claimed.tries)
        values = {"next_try_at": later, "problem": problem[:PROBLEM_MAX]}
    with database.write() as session:
        if not changed(session, mine.values(**values)):
            return False
        name = "notifications_failed" if problem else "notifications_sent"
        count(session, name, claimed.site, claimed.channel)
        there = select(incident.c.id).where(incident.c.id == claimed.incident_id)
        if not problem and claimed.incident_id is not None and session.scalar(there):
            words = claimed.key.split(" ", 3)[-1]  # "down email"
            words += ", perhaps twice" if claimed.maybe_double else ""
            note(session, claimed.incident_id, now, Event.NOTIFIED, detail=words)
    return True


def journal_of(database: Database, incident_ids: Iterable[int]) -> dict[int, list[Entry]]:
    """Return what was sent of some incidents, by incident."""
    ids = list(incident_ids)
    found: dict[int, list[Entry]] = {incident_id: [] for incident_id in ids}
    with database.read() as session:
        query = select(notification).where(notification.c.incident_id.in_(ids))
        for row in session.execute(query):
            found[row.incident_id].append(_entry(row))
    return found


def digests_of(database: Database, site: str, since: datetime) -> list[Entry]:
    """Return a site's digests that were claimed after a time."""
    row = notification.c
    query = select(notification).where(
        row.site == site, row.incident_id.is_(None), row.claimed_at > since
    )
    with database.read() as session:
        return [_entry(found) for found in session.execute(query)]


def forget_messages(database: Database, before: datetime) -> int:
    """Delete the journal of what was claimed before a time; returns how many rows."""
    with database.write() as session:
        return changed(session, delete(notification).where(notification.c.claimed_at < before))


def _entry(row: Any) -> Entry:  # noqa: ANN401 - a row
    return Entry(
        key=row.key,
        kind=Kind(row.kind),
        channel=row.channel,
        claimed_at=row.claimed_at,
        tries=row.tries,
        next_try_at=row.next_try_at,
        sent_at=row.sent_at,
    )
