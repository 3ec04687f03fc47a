"""From diagnosis to diagnosis: when a phone counts as down, and when as well again. Pure.

One bad answer opens nothing and one good answer closes nothing: N in a row do (hysteresis).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from monitors.diagnosis.explain import Diagnosis
from monitors.diagnosis.rule import Weight


class State(StrEnum):
    """How a phone is, in one word."""

    UNKNOWN = "unknown"  # just started, or nothing to go by
    NOT_INSTALLED = "not-installed"
    WORKING = "working"
    WARNING = "warning"
    FAILING = "failing"  # bad, but not often enough to call it down
    DOWN = "down"
    RECOVERING = "recovering"  # good again, but not often enough to trust it


@dataclass(frozen=True, slots=True)
class Policy:
    """How many answers in a row it takes.

    Attributes:
        misses: bad ones until a phone is down.
        successes: good ones until it is working again.
    """

    misses: int = 2
    successes: int = 2


@dataclass(frozen=True, slots=True)
class Status:
    """How a phone is, since when, and why.

    Attributes:
        since: naive UTC, when ``state`` began; FAILING and DOWN are one trouble and share theirs.
        rule: of the diagnosis that holds.
        misses, successes: in a row, up to now.
    """

    state: State
    since: datetime
    rule: str
    misses: int = 0
    successes: int = 0

    @property
    def is_open(self) -> bool:
        """Whether an incident belongs to it."""
        return self.state in {State.DOWN, State.RECOVERING}


_ALREADY_BAD = frozenset({State.FAILING, State.DOWN})
_NO_STATE = {"J1": State.UNKNOWN, "J2": State.NOT_INSTALLED, "J4": State.UNKNOWN}
_NO_NEWS = frozenset({"J1", "J4"})


def advance(
    previous: Status | None, diagnosis: Diagnosis, now: datetime, policy: Policy = Policy()
) -> Status:
    """Return a phone's status after one more diagnosis.

    Args:
        previous: its status before; None: it is new.
        diagnosis: what is known now.
        now: naive UTC.
        policy: how many answers in a row it takes.
    """
    before = previous or Status(State.UNKNOWN, now, diagnosis.rule)
    if diagnosis.rule in _NO_STATE and not before.is_open:
        return _moved(before, _NO_STATE[diagnosis.rule], now, diagnosis.rule)
    if diagnosis.rule in _NO_NEWS:
        return before  # an open trouble is not forgotten because nobody can see it now
    if diagnosis.is_fault or diagnosis.rule == "J2":
        return _bad(before, diagnosis, now, policy)
    return _good(before, diagnosis, now, policy)


def _bad(before: Status, diagnosis: Diagnosis, now: datetime, policy: Policy) -> Status:
    misses = before.misses + 1
    is_down = misses >= policy.misses or before.is_open
    state = State.DOWN if is_down else State.FAILING
    made = _moved(before, state, now, diagnosis.rule)
    if before.state in _ALREADY_BAD or before.state is State.RECOVERING:
        made = replace(made, since=before.since)
    return replace(made, misses=misses, successes=0)


def _good(before: Status, diagnosis: Diagnosis, now: datetime, policy: Policy) -> Status:
    successes = before.successes + 1
    if before.is_open and successes < policy.successes:
        return replace(before, state=State.RECOVERING, misses=0, successes=successes)
    state = State.WARNING if diagnosis.weight is Weight.WARNING else State.WORKING
    made = _moved(before, state, now, diagnosis.rule)
    return replace(made, misses=0, successes=successes)


def _moved(before: Status, state: State, now: datetime, rule: str) -> Status:
    """The same status with another rule, or a new one from now on."""
    since = before.since if before.state is state else now
    return Status(state, since, rule, before.misses, before.successes)
