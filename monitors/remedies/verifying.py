"""Did it help? What was seen since comes in, the journal's next state goes out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitors.remedies.action import Action, ActionState
from monitors.remedies.kinds import Remedy

LIMITS = {
    Remedy.RESYNC: timedelta(minutes=2),
    Remedy.REBOOT: timedelta(minutes=5),
    Remedy.POE_CYCLE: timedelta(minutes=5),  # phones start in 40 to 120 s
    Remedy.POE_ON: timedelta(minutes=5),
}
"""How long after it was done its effect is waited for."""
STEPS = ("power", "link", "fetched", "started", "registered")
"""What can be seen of a phone that comes back, in the order it usually happens."""
_PROOFS = {
    Remedy.RESYNC: ("fetched",),
    Remedy.REBOOT: ("fetched", "started"),
    Remedy.POE_CYCLE: ("fetched", "started", "registered"),
    Remedy.POE_ON: ("fetched", "started", "registered"),
}
_SAID = {
    "power": "power",
    "link": "link",
    "fetched": "fetched its files",
    "started": "reported its start",
    "registered": "registered",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the journal is to say next.

    Attributes:
        seen: when each step was first seen, ISO 8601.
    """

    state: ActionState
    seen: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""


def judged(action: Action, seen: Mapping[str, datetime], now: datetime) -> Judgement:
    """Return whether it helped.

    Args:
        action: one that was done.
        seen: steps with the times they were first seen at, since it was done; naive UTC.
        now: naive UTC.
    """
    remedy = Remedy(action.remedy)
    known = dict(action.seen)
    for step in STEPS:
        if step in seen and step not in known:
            known[step] = seen[step].isoformat(timespec="seconds")
    done_at = action.done_at or action.at
    if any(step in known for step in _PROOFS[remedy]):
        return Judgement(ActionState.VERIFIED, known, _told(known, done_at, action.detail))
    if now - done_at < LIMITS[remedy]:
        return Judgement(ActionState.DONE, known, action.detail)
    minutes = LIMITS[remedy].total_seconds() / 60
    missing = " or ".join(_SAID[step] for step in _PROOFS[remedy])
    there = _told(known, done_at, action.detail)
    told = f"{there}; " if there else ""
    return Judgement(ActionState.FAILED, known, f"{told}it has not {missing} in {minutes:.0f} min")


def _told(known: Mapping[str, str], done_at: datetime, detail: str) -> str:
    words = [detail] if detail else []
    for step in STEPS:
        if step in known:
            after = datetime.fromisoformat(known[step]) - done_at
            words.append(f"{_SAID[step]} after {max(0.0, after.total_seconds()):.0f} s")
    return ", ".join(words)
