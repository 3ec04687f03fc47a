"""How each phone is, and when it was last judged.

Two workers that judge the same phone at once would count one bad answer twice: so a status is
stored only when the one it was made from is still the one that is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from monitors.status import State, Status
from monitors.store.tables import status
from monitors.store.upsert import changed, inserting
from provisioner.db import Database


@dataclass(frozen=True, slots=True)
class KeptStatus:
    """A phone's status with what is needed to say it in words.

    Attributes:
        sureness: of its diagnosis, a word of ``monitors.diagnosis.rule.Sureness``.
        facts: names and numbers for the sentence.
        missing: signals that would make the diagnosis surer.
        judged_at: naive UTC, when the status was made.
        made_from: ``judged_at`` of the status it was made from; None: of none.
    """

    mac: str
    site: str
    status: Status
    sureness: str
    judged_at: datetime
    facts: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    made_from: datetime | None = None


def keep_statuses(database: Database, judged: Iterable[KeptStatus]) -> frozenset[str]:
    """Store statuses, those only whose predecessor is still the one that is stored.

    Returns:
        MACs of the phones that were stored; another worker has judged the others meanwhile.
    """
    wanted = {kept.mac: kept for kept in sorted(judged, key=lambda kept: kept.mac)}
    if not wanted:
        return frozenset()
    sites = {kept.site for kept in wanted.values()}
    with database.write() as session:
        query = select(status.c.mac, status.c.judged_at).where(status.c.site.in_(sites))
        there = {row.mac: row.judged_at for row in session.execute(query.with_for_update())}
        rows = [_row(k) for k in wanted.values() if there.get(k.mac) == k.made_from]
        if rows:
            put = inserting(session, status)
            values = {c.name: put.excluded[c.name] for c in status.c if c.name != "mac"}
            newer = status.c.judged_at < put.excluded.judged_at
            session.execute(
                put.on_conflict_do_update(index_elements=["mac"], set_=values, where=newer), rows
            )
    return frozenset(row["mac"] for row in rows)


def statuses(database: Database, site: str | None = None) -> dict[str, KeptStatus]:
    """Return the statuses of a site's phones (of all when None), by MAC.

    Each one's ``made_from`` is its own ``judged_at``, so that its successor can be made with
    ``replace``.
    """
    query = select(status)
    if site is not None:
        query = query.where(status.c.site == site)
    with database.read() as session:
        return {row.mac: _kept(row) for row in session.execute(query)}


def statuses_of(database: Database, macs: Iterable[str]) -> dict[str, KeptStatus]:
    """Return the statuses of some phones, by MAC."""
    wanted = list(macs)
    if not wanted:
        return {}
    with database.read() as session:
        rows = session.execute(select(status).where(status.c.mac.in_(wanted)))
        return {row.mac: _kept(row) for row in rows}


def forget_statuses(database: Database, site: str, known: Iterable[str]) -> int:
    """Delete the statuses of a site's phones that are not in the inventory any more."""
    with database.write() as session:
        there = set(session.scalars(select(status.c.mac).where(status.c.site == site)))
        gone = there.difference(known)
        if not gone:
            return 0
        return changed(session, delete(status).where(status.c.site == site, status.c.mac.in_(gone)))


def _row(kept: KeptStatus) -> dict[str, Any]:
    now = kept.status
    return {
        "mac": kept.mac,
        "site": kept.site,
        "state": str(now.state),
        "since": now.since,
        "rule": now.rule,
        "sureness": kept.sureness,
        "facts": dict(kept.facts),
        "missing": list(kept.missing),
        "misses": now.misses,
        "successes": now.successes,
        "judged_at": kept.judged_at,
    }


def _kept(row: Any) -> KeptStatus:  # noqa: ANN401 - a row
    return KeptStatus(
        mac=row.mac,
        site=row.site,
        status=Status(State(row.state), row.since, row.rule, row.misses, row.successes),
        sureness=row.sureness,
        judged_at=row.judged_at,
        facts=row.facts,
        missing=tuple(row.missing),
        made_from=row.judged_at,
    )
