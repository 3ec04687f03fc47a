"""What is used of every limit, and calls that go on: three or four queries, however many call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter

from monitors.calls.book import Scope
from monitors.calls.limits import OutgoingRules, ScopeState, limits_of_scope
from monitors.calls.spending import MOST_S
from monitors.guarding.reporting import Use, states, usages, uses
from monitors.store.calls import KeptCall, live_calls
from monitors.store.calls_blocks import Block, blocks_of
from provisioner.inventory.calls import ScopeLimits
from web.calls.ground import Guarded, seconds
from web.calls.used import used_this_month
from web.installation import Installation

LIMITS = (
    ("spend_day", "spent_day"), ("spend_month", "spent_month"), ("international_hour", "hour"),
    ("international_day", "day"), ("international_month", "month"), ("simultaneous", "running"),
)  # fmt: skip
"""Limits by their names in a site file, and where their use stands."""
_MOST = attrgetter(*(name for name, _ in LIMITS))
_USED = attrgetter(*(field for _, field in LIMITS))
MONEY = frozenset({"spend_day", "spend_month"})
NEARLY = 0.8


@dataclass(frozen=True, slots=True)
class Meter:
    """A limit and what is used of it; ``most`` is None where there is none."""

    name: str
    used: Decimal | int
    most: Decimal | int | None

    @property
    def share(self) -> float:
        """How much of it is used: 1 is all; a limit of nothing is used up."""
        if self.most is None:
            return 0.0
        return float(self.used / self.most) if self.most else 1.0

    @property
    def level(self) -> str:
        """How near the limit is: ``used-up``, ``nearly`` or ``free``."""
        if self.most is not None and self.used >= self.most:
            return "used-up"
        return "nearly" if self.share >= NEARLY else "free"

    @property
    def is_money(self) -> bool:
        """Whether it is counted in the site's currency."""
        return self.name in MONEY


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account, a room or the site stands.

    Attributes:
        room: of an account that has called.
        use: what it has used; None: nothing.
        block: why it is blocked, or None.
    """

    scope: Scope
    room: str
    limits: ScopeLimits
    use: Use | None = None
    block: Block | None = None

    @property
    def meters(self) -> tuple[Meter, ...]:
        """Every limit with its use; made for those that are looked at, of thousands."""
        return meters_of(self.limits, self.use)

    @property
    def share(self) -> float:
        """The highest share of all its limits; one of nothing that was not used is not meant."""
        if self.use is None:
            return 0.0
        shares = [
            float(used) / float(most) if most else 1.0
            for used, most in zip(_USED(self.use), _MOST(self.limits), strict=True)
            if used and most is not None
        ]
        return max(shares, default=0.0)


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call to the outside that goes on. Times are naive UTC.

    Attributes:
        since: when it was answered, or began to ring.
        cost: by now, in its currency.
        cut_at: when its money is used up; None: not within the hours any call may last, or it
            rings and nobody knows.
        left_s: seconds until then; of one that rings: that it may be spoken.
    """

    kept: KeptCall
    is_answered: bool
    since: datetime
    cost: Decimal
    cut_at: datetime | None
    left_s: int | None


def read_uses(installation: Installation, guarded: Guarded, now: datetime) -> list[Use]:
    """Return the use of the site, and of rooms and accounts that have used something."""
    day, now_s = guarded.day_of(now), seconds(now)
    running = [kept.call for _, kept in live_calls(installation.monitoring, guarded.id)]
    used = used_this_month(installation.monitoring, guarded.id, day, now_s, running)
    return uses(guarded.rules.limits, guarded.id, used, running, day, now_s)


def read_standings(installation: Installation, guarded: Guarded, now: datetime) -> list[Standing]:
    """Return how the site, rooms and accounts stand: blocked ones first, then the highest use."""
    blocks = blocks_of(installation.monitoring, guarded.id)
    return standings(read_uses(installation, guarded, now), blocks, guarded)


def read_blocked(installation: Installation, guarded: Guarded, now: datetime) -> list[Standing]:
    """Return how those stand who are blocked, the highest use first."""
    blocks = blocks_of(installation.monitoring, guarded.id)
    if not blocks:
        return []
    scopes = {block.scope for block in blocks}
    found = [use for use in read_uses(installation, guarded, now) if use.scope in scopes]
    return standings(found, blocks, guarded)


def standings(found: Iterable[Use], blocks: Iterable[Block], guarded: Guarded) -> list[Standing]:
    """Put together uses and blocks, in their order. Pure."""
    blocked = {block.scope: block for block in blocks}
    made = [
        Standing(use.scope, use.room, use.limits, use, blocked.pop(use.scope, None))
        for use in found
    ]
    for scope, block in blocked.items():  # blocked, and nothing used
        limits = limits_of_scope(guarded.rules.limits, scope)
        made.append(Standing(scope, "", limits, None, block))
    return sorted(made, key=lambda each: (each.block is None, -each.share, each.scope))


def meters_of(limits: ScopeLimits, use: Use | None) -> tuple[Meter, ...]:
    """Return every limit with its use; without a use nothing is used. Pure."""
    return tuple(
        Meter(name, getattr(use, field) if use is not None else 0, getattr(limits, name))
        for name, field in LIMITS
    )


def fitting(found: Sequence[Standing], text: str) -> list[Standing]:
    """Return those of an extension or a room, whatever part of its name is given. Pure."""
    wanted = text.strip().lower()
    if not wanted:
        return list(found)
    exact = [s for s in found if wanted in {s.scope[1].lower(), s.room.lower()}]
    rooms = {s.room for s in exact if s.room}
    return [
        s
        for s in found
        if wanted in s.scope[1].lower()
        or s.room.lower() == wanted
        or (s.scope[0] == "room" and s.scope[1] in rooms)
    ]


def read_live(installation: Installation, guarded: Guarded, now: datetime) -> list[LiveCall]:
    """Return the calls to the outside that go on, the oldest first, and when they are cut."""
    found = [kept for _, kept in live_calls(installation.monitoring, guarded.id)]
    cuts = _cuts(installation, guarded, found, now)
    return [live_call(kept, cuts.get(kept.call.id), now) for kept in found]


def _cuts(
    installation: Installation, guarded: Guarded, live: Iterable[KeptCall], now: datetime
) -> dict[str, int]:
    """After how many seconds money is used up; a call draws on the day on which it began."""
    running = [kept.call for kept in live]
    now_s, limits = seconds(now), guarded.rules.limits
    made: list[ScopeState] = []
    for day in {call.day for call in running}:
        used = used_this_month(installation.monitoring, guarded.id, day, now_s, running)
        found = usages(guarded.id, used, running, day)
        made += states(limits, {scope: each for scope, each in found.items() if each.running})
    return OutgoingRules.cut_after(made, now.replace(tzinfo=UTC))


def live_call(kept: KeptCall, left_s: int | None, now: datetime) -> LiveCall:
    """Return a call as it stands. Pure.

    Args:
        kept: as it is stored.
        left_s: seconds until its money is used up; None: it costs nothing.
        now: naive UTC.
    """
    call = kept.call
    since = datetime.fromtimestamp(call.answered_s or call.started_s, UTC).replace(tzinfo=None)
    is_cut = left_s is not None and left_s < MOST_S
    is_answered = call.answered_s is not None
    cut_at = now + timedelta(seconds=left_s or 0) if is_cut and is_answered else None
    cost = call.cost_at(seconds(now))
    return LiveCall(kept, is_answered, since, cost, cut_at, left_s if is_cut else None)
