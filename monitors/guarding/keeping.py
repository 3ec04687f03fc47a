"""Writes what a site's calls changed: all of a batch, or nothing; then incidents are opened."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from monitors.calls.book import Scope
from monitors.calls.decision import Because
from monitors.calls.wording import sentence
from monitors.guarding.incidents import close_incident, open_incident
from monitors.guarding.ledger import Batch, NewBlock
from monitors.store.calls import count_refusals, keep_calls, keep_toll_free_calls
from monitors.store.calls_blocks import block, keep_listed, keep_warnings, touch, unblock, unlist
from monitors.store.calls_lists import keep_checks
from provisioner.db import Database


def write(database: Database, site: str, currency: str, batch: Batch) -> list[NewBlock]:
    """Write a batch; returns the blocks that are new."""
    with database.write() as session:
        keep_calls(session, site, batch.calls.values(), currency)
        count_refusals(session, site, batch.refusals.values())
        keep_warnings(session, site, batch.warnings)
        keep_toll_free_calls(session, site, batch.toll_free)
        keep_checks(session, site, batch.checks)
        _keep_callers(session, site, batch)
        blocked = [b for b in batch.blocks if block(session, site, b.scope, b.because, b.at)]
    for each in blocked:
        open_incident(database, site, each.scope, each.because, each.at)
    return blocked


def _keep_callers(session: Session, site: str, batch: Batch) -> None:
    for caller, listed in batch.listed.items():
        if listed is None:
            unlist(session, site, caller)
        else:
            keep_listed(session, site, caller, listed)


def block_by_hand(
    database: Database, site: str, scope: Scope, because: Because, at: datetime, who: str
) -> bool:
    """Block a scope for a person; returns whether it was not blocked before."""
    with database.write() as session:
        made = block(session, site, scope, because, at, who)
        touch(session, site)
    return made


def unblock_by_hand(database: Database, site: str, scope: Scope, at: datetime, who: str) -> bool:
    """Let a scope call out again for a person; returns whether it was blocked."""
    with database.write() as session:
        made = unblock(session, site, scope, at, who)
        touch(session, site)
    if made:
        close_incident(database, site, scope, at)
    return made


def reason(because: Because, language: str = "en") -> str:
    """Return why somebody is blocked; a rule of before that has no text any more by its name."""
    try:
        return sentence(because, language)
    except KeyError:
        return because.rule
