"""What stands of guarded calls: the guard itself, names, listed callers, addresses shut out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from monitors.calls.book import Scope
from monitors.calls.tollfree import SOFT_MOST
from monitors.store.calls_blocks import ListedCaller, listed_of
from monitors.store.calls_guard import GuardSeen, seen_of
from monitors.store.calls_sums import toll_free_counts
from monitors.store.shut_out import ShutOut, shut_outs
from provisioner.inventory.tables import AccountRow, RoomRow
from web.calls.ground import Guarded, seconds
from web.installation import Installation


@dataclass(frozen=True, slots=True)
class GuardStanding:
    """Whether the guard does its work, as far as the store knows.

    Attributes:
        state: ``off``: the site has no part ``calls``; ``never``: no guard has run;
            ``silent``: it was heard of, and is no more; ``apart``: it answers, and is not
            connected with the PBX; ``well``.
    """

    state: str
    seen: GuardSeen | None


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller on the toll-free list. Times are naive UTC.

    Attributes:
        in_hour, in_day: calls in the last hour and in the last 24 hours.
    """

    caller: str
    level: int
    since: datetime
    last_call: datetime
    by_hand: bool
    in_hour: int = 0
    in_day: int = 0

    @property
    def is_refused(self) -> bool:
        """Whether its calls are refused; else it must key a code."""
        return self.level > SOFT_MOST


def read_guard(installation: Installation, guarded: Guarded, now: datetime) -> GuardStanding:
    """Return whether the guard does its work."""
    return guard_standing(guarded, seen_of(installation.monitoring, guarded.id), now)


def guard_standing(guarded: Guarded, seen: GuardSeen | None, now: datetime) -> GuardStanding:
    """Judge what the guard said of itself last. Pure."""
    if guarded.calls is None:
        return GuardStanding("off", None)
    if seen is None:
        return GuardStanding("never", None)
    if not seen.answers(now):
        return GuardStanding("silent", seen)
    return GuardStanding("well" if seen.connected and not seen.problem else "apart", seen)


def names_of(installation: Installation, site: str, scopes: Iterable[Scope]) -> dict[Scope, str]:
    """Return the names of accounts and rooms that have one; two queries."""
    wanted = list(scopes)
    found: dict[Scope, str] = {}
    for kind, column, name, owner in (
        ("account", AccountRow.extension, AccountRow.name, AccountRow.site_id),
        ("room", RoomRow.id, RoomRow.name, RoomRow.site_id),
    ):
        ids = sorted({each[1] for each in wanted if each[0] == kind})
        if not ids:
            continue
        query = select(column, name).where(owner == site, column.in_(ids))
        with installation.database.read() as session:
            found |= {(kind, key): text for key, text in session.execute(query) if text}
    return found


def read_listed(installation: Installation, guarded: Guarded) -> list[Caller]:
    """Return the callers on the toll-free list, the highest level first; not yet their calls."""
    found = [_caller(each) for each in listed_of(installation.monitoring, guarded.id)]
    return sorted(found, key=lambda each: (-each.level, each.caller))


def with_counts(
    installation: Installation, guarded: Guarded, found: Sequence[Caller], now: datetime
) -> list[Caller]:
    """Return callers of a page with their calls; one query."""
    names = [each.caller for each in found]
    counts = toll_free_counts(installation.monitoring, guarded.id, names, seconds(now))
    return [
        Caller(c.caller, c.level, c.since, c.last_call, c.by_hand, *counts.get(c.caller, (0, 0)))
        for c in found
    ]


def _caller(each: ListedCaller) -> Caller:
    listed = each.listed
    last = listed.last_call.astimezone(UTC).replace(tzinfo=None)
    return Caller(each.caller, listed.level, each.since, last, listed.by_hand)


def read_shut_out(
    installation: Installation, guarded: Guarded, now: datetime
) -> tuple[ShutOut, ...]:
    """Return the addresses that are shut out now, the one that lasts longest first."""
    return shut_outs(installation.monitoring, guarded.id, at=now)
