"""Which remedy is the next one for a phone that is down, if any. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitors.diagnosis.rule import Sureness
from monitors.remedies.action import Action, ActionState
from monitors.remedies.kinds import Remedy, fitting
from monitors.status import State
from provisioner.inventory.monitoring import Remedies


@dataclass(frozen=True, slots=True)
class Condition:
    """How a phone was judged last.

    Attributes:
        rule, sureness: of its diagnosis.
        judged_at: naive UTC.
    """

    state: State
    rule: str
    sureness: Sureness
    judged_at: datetime


JUDGED_FRESH = timedelta(minutes=5)
"""An older judgement is that of a monitor that does not look any more."""
REFUSED_PAUSE = timedelta(minutes=5)
REFUSED_PAUSE_MOST = timedelta(hours=6)
_GOING_ON = frozenset({ActionState.PLANNED, ActionState.OFF, ActionState.DONE})
_SURE = frozenset({Sureness.CERTAIN, Sureness.LIKELY})


def next_automatic(
    policy: Remedies, phone: Condition, before: Sequence[Action], now: datetime
) -> Remedy | None:
    """Return what bellwire may try by itself now; the gentlest first, each one once.

    Args:
        policy: the site's.
        phone: as it was judged last.
        before: what was done in this incident, by whomever.
        now: naive UTC.
    """
    tried = [a for a in before if a.state is not ActionState.REFUSED]
    refused = [a for a in before if a.state is ActionState.REFUSED]
    if not _is_surely_down(phone, now) or _refused_lately(refused, now):
        return None
    if len(tried) >= policy.tries or _goes_on(policy, phone, tried, now):
        return None
    return _first(fitting().get(phone.rule, ()), policy, tried)


def _is_surely_down(phone: Condition, now: datetime) -> bool:
    is_down = phone.state is State.DOWN and phone.sureness in _SURE
    return is_down and now - phone.judged_at <= JUDGED_FRESH


def _goes_on(
    policy: Remedies, phone: Condition, tried: Iterable[Action], now: datetime
) -> bool:  # fmt: skip
    """Whether the last try is not over, or nobody has judged the phone since."""
    pause = timedelta(seconds=policy.pause_s)
    return any(
        a.state in _GOING_ON
        or now - (a.ended_at or a.at) < pause
        or (a.ended_at is not None and phone.judged_at <= a.ended_at)
        for a in tried
    )


def _refused_lately(refusals: Sequence[Action], now: datetime) -> bool:
    """Whether the guards need not be asked again yet: each refusal doubles the pause."""
    if not refusals:
        return False
    doubled: int = 2 ** min(len(refusals) - 1, 10)
    pause = min(REFUSED_PAUSE * doubled, REFUSED_PAUSE_MOST)
    return now - max(a.at for a in refusals) < pause


def _first(
    remedies: Iterable[Remedy], policy: Remedies, tried: Iterable[Action]
) -> Remedy | None:  # fmt: skip
    """The gentlest that is allowed and was tried least often; the strongest is repeated."""
    allowed = [r for r in remedies if r in policy.automatic and r is not Remedy.POE_ON]
    done = {a.remedy for a in tried}
    return next((r for r in allowed if r not in done), allowed[-1] if allowed else None)


def by_rule(rule: str, before: Iterable[Action] = ()) -> Remedy | None:
    """Return what fits a diagnosis when a person asks: the gentlest that was not tried."""
    done = {a.remedy for a in before if a.state is not ActionState.REFUSED}
    remedies = fitting().get(rule, ())
    return next((r for r in remedies if r not in done), remedies[-1] if remedies else None)
