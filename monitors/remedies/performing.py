"""Taking power away and giving it back: the journal first, then the switch.

Whatever happens in between, power is given back: at once when this process can, otherwise by
whoever reads the journal next (``monitors.remedies.completing``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from monitors.remedies.entry import Entry
from monitors.remedies.feed import Feed, FeedError, Look
from monitors.remedies.kinds import Remedy, WayKind
from monitors.remedies.ways import Way

log = logging.getLogger(__name__)

OFF_S = 6.0
"""How long power is away: phones keep theirs for some seconds in their capacitors."""
PAUSE = timedelta(seconds=10)
"""After it could not be given back, until the next worker tries."""

Wait = Callable[[float], object]
"""Waits so many seconds, or less when the process is told to end."""
OpenFeed = Callable[[Way], Feed]


class Ended(StrEnum):
    """How it ended."""

    DONE = "done"
    FAILED = "failed"  # nothing was changed
    STRANDED = "stranded"  # power could not be given back yet
    LOST = "lost"  # another worker has taken over


@dataclass(frozen=True, slots=True)
class Performed:
    """What came of it."""

    ended: Ended
    way: WayKind | None = None
    detail: str = ""


def perform(
    remedy: Remedy, ways: Iterable[Way], open_feed: OpenFeed, entry: Entry, off_s: float, wait: Wait
) -> Performed:
    """Switch a port's power by the first way that works.

    Args:
        remedy: power away and back, or only on.
        ways: in the order they are tried; the next one only when nothing was changed.
        open_feed: makes what switches the port by a way.
        entry: the journal's row; it is planned.
        off_s: for how long power is to be away.
        wait: waits for it.
    """
    problems: list[str] = []
    for way in ways:
        try:
            feed = open_feed(way)
        except FeedError as problem:
            problems.append(str(problem))
            continue
        try:
            performed = _by(remedy, way, feed, entry, off_s, wait)
        except FeedError as problem:
            problems.append(str(problem))
            continue
        finally:
            feed.close()
        return performed
    detail = "; ".join(problems) or "there is no way to do it"
    entry.failed(detail)
    return Performed(Ended.FAILED, None, detail)


def _by(
    remedy: Remedy, way: Way, feed: Feed, entry: Entry, off_s: float, wait: Wait
) -> Performed:  # fmt: skip
    """Do it by one way; raises FeedError when that certainly changed nothing."""
    look = feed.look()
    if look.is_on is False and remedy is Remedy.POE_CYCLE:
        detail = "PoE is switched off on this port by somebody"
        entry.failed(detail)
        return Performed(Ended.FAILED, way.kind, detail)
    if not entry.begin(way.kind, look.undo, off_s):
        return Performed(Ended.LOST, way.kind, "another worker has taken over")
    try:
        if remedy is Remedy.POE_ON:
            feed.on(look.undo)
        elif way.is_one_shot:
            feed.cycle()
        else:
            return _off_and_on(way, feed, look, entry, off_s, wait)
    except FeedError as problem:
        if not problem.nothing_done:  # perhaps it was done; it is not done twice
            entry.done(detail=str(problem))
            return Performed(Ended.DONE, way.kind, str(problem))
        entry.take_back()
        raise
    entry.done()
    return Performed(Ended.DONE, way.kind)


def _off_and_on(
    way: Way, feed: Feed, look: Look, entry: Entry, off_s: float, wait: Wait
) -> Performed:  # fmt: skip
    problem = ""
    try:
        feed.off()
    except FeedError as failed:
        if failed.nothing_done:
            raise
        problem = str(failed)  # perhaps it is off: it is switched on in any case
    try:
        if not problem:
            wait(off_s)
    finally:
        stranded = _given_back(feed, look, entry)
    if stranded:
        return Performed(Ended.STRANDED, way.kind, stranded)
    entry.done(detail=problem)
    return Performed(Ended.DONE, way.kind, problem)


def _given_back(feed: Feed, look: Look, entry: Entry) -> str:
    """Give power back; returns why it could not be."""
    try:
        feed.on(look.undo)
    except FeedError as failed:
        log.error("power could not be given back, it is tried again: %s", failed)  # noqa: TRY400
        entry.put_off(f"power could not be given back: {failed}", PAUSE)
        return str(failed)
    return ""
