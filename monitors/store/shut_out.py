"""Addresses that are, or were, shut out; in the monitoring database. Times are naive UTC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, DateTime, Index, Integer, String, Table, delete, select, true, update

from monitors.firewall.judging import Past, Verdict
from monitors.store.tables import metadata
from monitors.store.upsert import changed, inserting
from provisioner.db import Database

PROBLEM_MAX = 200

shut_out = Table(
    "shut_out",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("address", String(45), primary_key=True),
    Column("account", String(64), nullable=False),  # the one tried most; empty: none that exists
    Column("tries", Integer, nullable=False),
    Column("times", Integer, nullable=False),  # how often by now
    Column("since", DateTime, nullable=False),
    Column("until", DateTime, nullable=False),
    Column("problem", String(PROBLEM_MAX), nullable=False),  # why the firewall did not do it
    Column("released_by", String(100), nullable=False),
    Index("shut_out_until", "until"),
)


@dataclass(frozen=True, slots=True)
class ShutOut:
    """An address that is shut out, or was.

    Attributes:
        account: the one that was tried most; empty: extensions that do not exist.
        times: how often it was shut out by now; 0: a person has released it.
        problem: why the firewall does not do it; empty: it does.
    """

    site: str
    address: str
    account: str
    tries: int
    times: int
    since: datetime
    until: datetime
    problem: str = ""
    released_by: str = ""

    @property
    def past(self) -> Past:
        """What counts the next time."""
        return Past(self.times, self.until)


def shut_outs(
    database: Database, site: str | None = None, *, at: datetime | None = None
) -> tuple[ShutOut, ...]:
    """Return addresses, the one that lasts longest first.

    Args:
        database: the monitor's.
        site: None: of all sites.
        at: only those that are shut out at this time, naive UTC.
    """
    query = select(shut_out).order_by(shut_out.c.until.desc(), shut_out.c.address)
    if site is not None:
        query = query.where(shut_out.c.site == site)
    if at is not None:
        query = query.where(shut_out.c.until > at)
    with database.read() as session:
        return tuple(ShutOut(**row._mapping) for row in session.execute(query))  # noqa: SLF001 - its name


def past_of(database: Database, site: str, address: str) -> Past | None:
    """Return when an address was shut out the last time; None: never."""
    with database.read() as session:
        row = session.execute(
            select(shut_out.c.times, shut_out.c.until).where(
                shut_out.c.site == site, shut_out.c.address == address
            )
        ).first()
    return Past(row.times, row.until) if row is not None else None


def keep_shut_out(
    database: Database, site: str, address: str, verdict: Verdict, now: datetime
) -> bool:
    """Store a verdict; False: another worker has shut the address out meanwhile."""
    values = {
        "account": verdict.account[:64], "tries": verdict.tries, "times": verdict.times,
        "since": now, "until": verdict.until, "problem": "", "released_by": "",
    }  # fmt: skip
    with database.write() as session:
        put = inserting(session, shut_out).values(site=site, address=address, **values)
        put = put.on_conflict_do_update(
            index_elements=["site", "address"], set_=values, where=shut_out.c.until <= now
        )
        return bool(changed(session, put))


def note_problem(database: Database, site: str, address: str, problem: str) -> None:
    """Store why the firewall did not do it; empty: now it has."""
    here = (shut_out.c.site == site, shut_out.c.address == address)
    with database.write() as session:
        session.execute(update(shut_out).where(*here).values(problem=problem[:PROBLEM_MAX]))


def release(
    database: Database, address: str, who: str, now: datetime,
    at_sites: Iterable[str] | None = None,
) -> Sequence[str]:  # fmt: skip
    """End the time of an address at all sites, or at some; its past is forgiven there.

    Returns:
        those of the sites that had shut it out.
    """
    mine = true() if at_sites is None else shut_out.c.site.in_(sorted(at_sites))
    standing = (shut_out.c.address == address, shut_out.c.until > now, mine)
    with database.write() as session:
        sites = session.scalars(select(shut_out.c.site).where(*standing)).all()
        over = {"until": now, "times": 0, "problem": "", "released_by": who[:100]}
        session.execute(update(shut_out).where(*standing).values(**over))
    return sites


def forget_shut_outs(database: Database, before: datetime) -> None:
    """Delete what ended before this time."""
    with database.write() as session:
        session.execute(delete(shut_out).where(shut_out.c.until < before))
