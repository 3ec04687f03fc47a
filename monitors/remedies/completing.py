"""Finishing what another process began and did not end: power is given back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from monitors.remedies.action import Action, ActionState
from monitors.remedies.entry import Entry
from monitors.remedies.feed import Feed, FeedError, Undo, undo_of
from monitors.store.actions import claim_stranded
from provisioner.db import Database

log = logging.getLogger(__name__)

PAUSE_MOST_S = 300

OpenUndo = Callable[[Action, Undo], Feed]


def complete(
    database: Database, worker: str, clock: Callable[[], datetime], open_feed: OpenUndo
) -> int:
    """Finish every action whose worker has not been heard of in time; returns how many.

    Args:
        database: the monitor's.
        worker: this one.
        clock: gives naive UTC.
        open_feed: makes what gives power back; raises FeedError.
    """
    found = claim_stranded(database, worker, clock())
    for action in found:
        _finish(action, Entry(database, action.id, worker, clock), open_feed)
    return len(found)


def _finish(action: Action, entry: Entry, open_feed: OpenUndo) -> None:
    if action.state is ActionState.PLANNED:
        entry.failed("bellwire stopped before anything was written")
        return
    undo = undo_of(action.undo)
    if undo is None or not undo.is_needed:
        entry.done(detail="bellwire stopped in between; this way gives power back by itself")
        return
    where = f"{action.switch} port {action.port}"
    try:
        feed = open_feed(action, undo)
        try:
            feed.on(undo)
        finally:
            feed.close()
    except FeedError as problem:
        log.error("power of %s could not be given back: %s", where, problem)  # noqa: TRY400
        pause_s = min(10 * action.tries, PAUSE_MOST_S)
        entry.put_off(f"power could not be given back: {problem}", timedelta(seconds=pause_s))
        return
    log.warning("power of %s was given back after bellwire had stopped in between", where)
    entry.done(detail="power was given back after bellwire had stopped in between")
