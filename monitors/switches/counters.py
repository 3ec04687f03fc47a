"""Counters mean something only as differences: how often in the last hour. Pure.

A counter that is smaller than before has wrapped, or its switch was restarted, or somebody
cleared it. sysUpTime tells the first two apart; it wraps itself after 497 days (RFC 3418).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from monitors.signals import Trouble

COUNTER32 = 2**32
COUNTER64 = 2**64
TICKS_PER_S = 100
_DRIFT_S = 120.0
"""How far a switch's clock and ours may differ between two readings."""
_CLEARED = 2**31
"""A step beyond this is no wrap of a counter of rare events: it was cleared."""

GAUGES = frozenset({"last_change"})
HOUR_S = 3600.0
LOST_AN_HOUR = 3
STRANGE_AN_HOUR = 3
ERRORS_AN_HOUR = 100
FLAPS_AN_HOUR = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """The counters of one port at one moment.

    Attributes:
        at_s: when it was read, by a clock that only goes forward.
        uptime_ticks: the switch's sysUpTime; None: it has none.
        values: as in ``PortReading.counters``.
    """

    at_s: float
    uptime_ticks: int | None
    values: Mapping[str, int] = field(default_factory=dict)


def restarted(before: Sample, after: Sample) -> bool:
    """Whether the switch was restarted between two readings."""
    if before.uptime_ticks is None or after.uptime_ticks is None:
        return False
    passed_s = max(after.at_s - before.at_s, 0.0)
    expected = before.uptime_ticks + round(passed_s * TICKS_PER_S)
    behind = expected - after.uptime_ticks
    slack = round(_DRIFT_S * TICKS_PER_S)
    if behind <= slack and after.uptime_ticks >= before.uptime_ticks:
        return False
    return abs(behind - COUNTER32) > slack  # unless sysUpTime itself has wrapped


def increase(before: int, after: int, *, was_restarted: bool, size: int = COUNTER32) -> int:
    """Return how much a counter has grown; after a restart, what it has counted since.

    Args:
        before: its earlier value.
        after: its later one.
        was_restarted: it began at zero in between.
        size: number of its values, 2**32 or 2**64.
    """
    if was_restarted:
        return after
    grown = (after - before) % size
    return after if after < before and grown > _CLEARED else grown


def increases(before: Sample, after: Sample) -> dict[str, int]:
    """Return how much each counter has grown between two readings of a port."""
    anew = restarted(before, after)
    return {
        name: increase(before.values[name], value, was_restarted=anew)
        for name, value in after.values.items()
        if name in before.values and name not in GAUGES
    }


def counted(samples: Sequence[Sample], now_s: float, window_s: float = HOUR_S) -> dict[str, int]:
    """Return how much each counter has grown within the window, and ``flaps`` of the link.

    Args:
        samples: of one port, oldest first.
        now_s: the end of the window.
        window_s: how far it reaches back.
    """
    total: dict[str, int] = {}
    flaps = 0
    for before, after in pairwise(samples):
        if after.at_s <= now_s - window_s or after.at_s > now_s:
            continue
        for name, grown in increases(before, after).items():
            total[name] = total.get(name, 0) + grown
        flaps += _changed(before, after)
    return total | {"flaps": flaps}


def _changed(before: Sample, after: Sample) -> bool:
    """Whether the link changed in between: ifLastChange moved and the switch did not restart."""
    old, new = before.values.get("last_change"), after.values.get("last_change")
    return old is not None and new is not None and old != new and not restarted(before, after)


def troubles(grown: Mapping[str, int]) -> frozenset[Trouble]:
    """Return what the counts of an hour amount to.

    One short circuit, overload or refusal is news. A device that is unplugged now and then, or
    a computer in the socket, counts a little as well.
    """
    limits = {
        Trouble.POWER_LOST: ("power_lost", LOST_AN_HOUR),
        Trouble.SHORT: ("short", 1),
        Trouble.OVERLOAD: ("overload", 1),
        Trouble.DENIED: ("denied", 1),
        Trouble.NOT_A_POE_DEVICE: ("invalid_signature", STRANGE_AN_HOUR),
        Trouble.LINK_ERRORS: ("in_errors", ERRORS_AN_HOUR),
    }
    return frozenset(t for t, (name, least) in limits.items() if grown.get(name, 0) >= least)
