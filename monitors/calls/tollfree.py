"""Protection of toll-free numbers: who calls too often must key a code, or is refused.

The site pays for calls to its toll-free number, so a robot that calls it all night is money lost.
A caller with too many calls in an hour or a day goes on a list by itself. Levels: 0 is not on it;
1 to 5 must key two digits that a voice says, before the operator begins to charge; 6 and more are
refused at once. Keying wrong raises the level by one; keying right leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from monitors.calls.windows import SlidingCount
from provisioner.inventory.calls import TollFree

SOFT_MOST = 5
"""The highest level whose callers may key a code."""
HIGHEST = 9
HOUR_S = 3600
DAY_S = 24 * HOUR_S
CODES = 100
CODE_DIGITS = 2
SPARE_S = 1
"""The caller must be done so long before the operator begins to charge."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A caller on the list.

    Attributes:
        level: 1 to 9.
        last_call: when it called last; it comes off some time after.
        by_hand: a person put it there, so it never comes off by itself.
    """

    level: int
    last_call: datetime
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class TollFreeCall:
    """What is known of the caller of a toll-free number.

    Attributes:
        level: 0: not on the list.
        listed: what to keep of the caller from now on; None: it is not on the list.
        just_listed: this call put it there.
    """

    level: int
    listed: Listed | None = None
    just_listed: bool = False


def judge(
    settings: TollFree,
    counts: tuple[int, int],
    listed: Listed | None,
    at: datetime,
    *,
    white: bool = False,
) -> TollFreeCall:
    """Decide the level of a caller, this call counted.

    Args:
        settings: of the site.
        counts: calls of this caller in the last hour and in the last 24 hours, with this one.
        listed: what is kept of the caller.
        at: now.
        white: the caller is on a white list: never put on the list, and none of its entries count.
    """
    if white:
        return TollFreeCall(0)
    if listed is not None and not listed.by_hand:
        idle_days = (at - listed.last_call).total_seconds() / DAY_S
        listed = None if idle_days >= settings.forget_days else listed
    if listed is not None:
        kept = replace(listed, last_call=max(at, listed.last_call))
        return TollFreeCall(kept.level, kept)
    in_hour, in_day = counts
    if in_hour > settings.per_hour or in_day > settings.per_day:
        return TollFreeCall(settings.level, Listed(settings.level, at), just_listed=True)
    return TollFreeCall(0)


def counts_of(windows: SlidingCount, caller: Hashable, now_s: float) -> tuple[int, int]:
    """Return calls of a caller in the last hour and in the last 24 hours."""
    return windows.count(caller, now_s, HOUR_S), windows.count(caller, now_s, DAY_S)


def after_dialogue(listed: Listed, *, right: bool) -> Listed:
    """Return what is kept of a caller after the code was asked for."""
    return listed if right else replace(listed, level=min(HIGHEST, listed.level + 1))


class Step(StrEnum):
    """What the PBX does next."""

    SAY_CODE = "say_code"
    ANSWER = "answer"
    WAIT = "wait"
    CONNECT = "connect"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The asking for a code: where it stands.

    First the code is said in early media, then the call is answered and two digits are awaited.

    Attributes:
        code: two digits.
        interval_s: of the operator; a call that ends within it is not charged.
        answered_s: when it was answered, of any steady clock; None: not yet.
        keyed: digits so far.
        step: what the PBX does now; after CONNECT and HANG_UP nothing changes any more.
    """

    code: str
    interval_s: int
    answered_s: float | None = None
    keyed: str = ""
    step: Step = Step.SAY_CODE

    @property
    def deadline_s(self) -> float | None:
        """When the call is ended without a code, of the same clock; None before it is answered."""
        return None if self.answered_s is None else self.answered_s + self.interval_s - SPARE_S

    @property
    def is_over(self) -> bool:
        """Whether it is decided."""
        return self.step in {Step.CONNECT, Step.HANG_UP}


def begin(drawn: int, interval_s: int) -> Dialogue:
    """Begin to ask; ``drawn`` is a random number of which two digits are made."""
    return Dialogue(str(drawn % CODES).zfill(CODE_DIGITS), interval_s)


def said(dialogue: Dialogue) -> Dialogue:
    """The code has been said: answer the call."""
    return replace(dialogue, step=Step.ANSWER) if dialogue.step is Step.SAY_CODE else dialogue


def answered(dialogue: Dialogue, now_s: float) -> Dialogue:
    """The call is answered: the caller's time begins."""
    if dialogue.step is not Step.ANSWER:
        return dialogue
    return replace(dialogue, step=Step.WAIT, answered_s=now_s)


def keyed(dialogue: Dialogue, digit: str, now_s: float) -> Dialogue:
    """A key was pressed.

    One that comes before the answer does not count, nor do ``*`` and ``#``; one after the
    deadline comes too late.
    """
    dialogue = waited(dialogue, now_s)
    if dialogue.step is not Step.WAIT or digit not in "0123456789" or len(digit) != 1:
        return dialogue
    digits = dialogue.keyed + digit
    if len(digits) < CODE_DIGITS:
        return replace(dialogue, keyed=digits)
    right = digits == dialogue.code
    return replace(dialogue, keyed=digits, step=Step.CONNECT if right else Step.HANG_UP)


def waited(dialogue: Dialogue, now_s: float) -> Dialogue:
    """Time has passed: at the deadline the call ends."""
    deadline = dialogue.deadline_s
    if dialogue.step is Step.WAIT and deadline is not None and now_s >= deadline:
        return replace(dialogue, step=Step.HANG_UP)
    return dialogue


def hung_up(dialogue: Dialogue) -> Dialogue:
    """The caller has gone; a code that was right stays right."""
    return dialogue if dialogue.is_over else replace(dialogue, step=Step.HANG_UP)
