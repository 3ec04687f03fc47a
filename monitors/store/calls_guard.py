"""What the process that guards calls says of itself, site by site. Times are naive UTC."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from monitors.store.calls_tables import call_guard
from monitors.store.upsert import inserting
from provisioner.db import Database

TELLS_EVERY_S = 15
PATIENCE = timedelta(seconds=4 * TELLS_EVERY_S)
"""One that has said nothing for so long does not answer."""
_PROBLEM_MAX = 200


@dataclass(frozen=True, slots=True)
class GuardSeen:
    """How the guard of a site was when it was last heard of.

    Attributes:
        connected: whether it had the PBX's manager interface.
        problem: why not, in one line; empty: it was, or has none to connect to.
        reconciled_at: when it last read what the PBX had kept of calls; None: not yet.
    """

    site: str
    seen_at: datetime
    connected: bool
    problem: str = ""
    reconciled_at: datetime | None = None

    def answers(self, now: datetime) -> bool:
        """Whether it was heard of lately."""
        return now - self.seen_at <= PATIENCE


def keep_seen(database: Database, seen: Iterable[GuardSeen]) -> None:
    """Write how the guard is; each site once."""
    rows = [
        {"site": each.site, "seen_at": each.seen_at, "connected": each.connected,
         "problem": each.problem[:_PROBLEM_MAX], "reconciled_at": each.reconciled_at}
        for each in seen
    ]  # fmt: skip
    if not rows:
        return
    with database.write() as session:
        put = inserting(session, call_guard)
        values = {name: put.excluded[name] for name in rows[0] if name != "site"}
        session.execute(put.on_conflict_do_update(index_elements=["site"], set_=values), rows)


def seen_of(database: Database, site: str) -> GuardSeen | None:
    """Return how the guard of a site was last; None: it never ran."""
    with database.read() as session:
        row = session.execute(select(call_guard).where(call_guard.c.site == site)).one_or_none()
    return None if row is None else GuardSeen(**row._mapping)  # noqa: SLF001 - its name
