"""Who is blocked, which callers of toll-free numbers are listed, and what was warned of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from monitors.calls.book import Scope
from monitors.calls.decision import Because
from monitors.calls.tollfree import Listed
from monitors.store.calls_tables import call_block, call_stamp, call_warning, toll_free_listed
from monitors.store.upsert import changed, inserting
from provisioner.db import Database

BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Block:
    """Somebody's outgoing calls are blocked. Times are naive UTC.

    Attributes:
        rule: the limit that was passed; ``by_hand``: a person did it.
        facts: of its sentence.
        who: empty: bellwire.
        ended_at: None: it stands.
    """

    id: int
    site: str
    scope: Scope
    rule: str
    facts: Mapping[str, str]
    since: datetime
    who: str
    ended_at: datetime | None = None
    ended_by: str = ""


@dataclass(frozen=True, slots=True)
class ListedCaller:
    """A caller on the list of a toll-free number."""

    caller: str
    since: datetime
    listed: Listed


@dataclass(frozen=True, slots=True)
class CallWarning:
    """What a person should hear of, although the call was made."""

    at: datetime
    account: str
    because: Because


def block(
    session: Session,
    site: str,
    scope: Scope,
    because: Because,
    at: datetime,
    who: str = "",
) -> bool:
    """Block a scope, in the caller's transaction; returns whether it was not blocked before."""
    put = inserting(session, call_block).values(
        site=site, scope=scope[0], name=scope[1], open_key=_open_key(site, scope),
        rule=because.rule, facts=dict(because.facts), since=at, who=who, ended_by="",
    )  # fmt: skip
    return bool(changed(session, put.on_conflict_do_nothing(index_elements=["open_key"])))


def unblock(session: Session, site: str, scope: Scope, at: datetime, who: str) -> bool:
    """End a block, in the caller's transaction; returns whether there was one."""
    standing = update(call_block).where(call_block.c.open_key == _open_key(site, scope))
    return bool(changed(session, standing.values(open_key=None, ended_at=at, ended_by=who)))


def blocks_of(database: Database, site: str | None = None, *, ended: bool = False) -> list[Block]:
    """Return the blocks that stand, or also those that have ended; the oldest first."""
    query = select(call_block).order_by(call_block.c.id)
    if not ended:
        query = query.where(call_block.c.ended_at.is_(None))
    if site is not None:
        query = query.where(call_block.c.site == site)
    with database.read() as session:
        return [
            Block(
                r.id, r.site, (r.scope, r.name), r.rule, r.facts, r.since, r.who, r.ended_at,
                r.ended_by,
            )
            for r in session.execute(query)
        ]  # fmt: skip


def keep_listed(session: Session, site: str, caller: str, listed: Listed) -> None:
    """Keep what is known of a caller of a toll-free number, in the caller's transaction."""
    last = listed.last_call.astimezone(UTC).replace(tzinfo=None)
    put = inserting(session, toll_free_listed).values(
        site=site, caller=caller, level=listed.level, since=last, last_call=last,
        by_hand=listed.by_hand,
    )  # fmt: skip
    values = {name: put.excluded[name] for name in ("level", "last_call", "by_hand")}
    session.execute(put.on_conflict_do_update(index_elements=["site", "caller"], set_=values))


def unlist(session: Session, site: str, caller: str) -> bool:
    """Take a caller off the list; returns whether it was on it."""
    mine = (toll_free_listed.c.site == site, toll_free_listed.c.caller == caller)
    return bool(changed(session, delete(toll_free_listed).where(*mine)))


def listed_of(database: Database, site: str) -> list[ListedCaller]:
    """Return the callers on a site's list."""
    query = select(toll_free_listed).where(toll_free_listed.c.site == site)
    with database.read() as session:
        return [
            ListedCaller(
                r.caller, r.since, Listed(r.level, r.last_call.replace(tzinfo=UTC), r.by_hand)
            )
            for r in session.execute(query.order_by(toll_free_listed.c.caller))
        ]


def keep_warnings(session: Session, site: str, warnings: Iterable[CallWarning]) -> None:
    """Write warnings, in the caller's transaction."""
    rows = [
        {"site": site, "at": w.at, "account": w.account, "rule": w.because.rule,
         "facts": dict(w.because.facts)}
        for w in warnings
    ]  # fmt: skip
    if rows:
        session.execute(insert(call_warning), rows)


def warnings_of(database: Database, site: str, since: datetime) -> list[CallWarning]:
    """Return a site's warnings since a moment, the oldest first."""
    query = select(call_warning).where(call_warning.c.site == site, call_warning.c.at >= since)
    with database.read() as session:
        rows = session.execute(query.order_by(call_warning.c.id))
        return [CallWarning(r.at, r.account, Because(r.rule, r.facts)) for r in rows]


def touch(session: Session, site: str) -> None:
    """Say that blocks, rates or lists of a site were changed by a person."""
    put = inserting(session, call_stamp).values(site=site, value=1)
    put = put.on_conflict_do_update(index_elements=["site"], set_={"value": call_stamp.c.value + 1})
    session.execute(put)


def call_stamps(database: Database) -> dict[str, int]:
    """Return a number for each site that rises when a person changed something of its calls."""
    with database.read() as session:
        return {r.site: r.value for r in session.execute(select(call_stamp))}


def _open_key(site: str, scope: Scope) -> str:
    return f"{site} {scope[0]} {scope[1]}"
