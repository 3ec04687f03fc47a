"""The incident of a blocked account, room or site: opened with the block, closed with its end.

The sweep knows nothing of these: ``monitors.incidents.decide`` leaves their keys alone.
"""

from __future__ import annotations

from datetime import datetime

from monitors.calls.book import Scope
from monitors.calls.decision import Because
from monitors.incident_steps import CALLS, Close, Ending, Open
from monitors.store.calls_blocks import blocks_of
from monitors.store.incident_pages import recent_incidents
from monitors.store.incidents import open_incidents, take
from provisioner.db import Database

MONEY, COUNTED = "K1", "K2"
"""Rows of the diagnosis texts."""


def incident_key(scope: Scope) -> str:
    """Return what the incident of a block is called."""
    return f"{CALLS}{scope[0]} {scope[1]}"


def open_incident(
    database: Database, site: str, scope: Scope, because: Because, at: datetime
) -> None:
    """Open the incident of a block; once, however often it is told."""
    facts = {**because.facts, "scope": f"{scope[0]} {scope[1]}"}
    step = Open(
        key=incident_key(scope),
        grouped=True,
        name=facts["scope"],
        rule=MONEY if because.rule.startswith("spend") else COUNTED,
        sureness="certain",
        facts=facts,
        macs=frozenset(),
        began_at=at,
    )
    take(database, site, (step,), at)


def open_missing(database: Database, site: str) -> None:
    """Open the incidents of blocks that have none: whoever wrote the block ended right after it."""
    for each in blocks_of(database, site):
        known = {found.key for found in recent_incidents(database, site, each.since)}
        if not each.who and incident_key(each.scope) not in known:
            because = Because(each.rule, each.facts)
            open_incident(database, site, each.scope, because, each.since)


def close_incident(database: Database, site: str, scope: Scope, at: datetime) -> None:
    """Close the incident of a block, if there is one."""
    key = incident_key(scope)
    known = (each for each in open_incidents(database, site) if each.key == key)
    take(database, site, [Close(each.id, Ending.RECOVERED) for each in known], at)
