"""Which messages an incident is due: the incident and the journal in, messages out. Pure.

A trouble is told of once, again after some hours while it goes on and nobody has acknowledged
it, and once when it is over. What is held back (quiet hours, maintenance) is told of later if
it still goes on then; what was over before anybody was told is left to the digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitors.incident_steps import Ending, Incident
from monitors.notify.places import Place
from monitors.policy import NotifyPolicy, Window

CLAIM_TIME = timedelta(minutes=3)
"""A message claimed before this and not reported as sent: its worker died, or hangs."""
TRIES_MAX = 12
_RETRY = timedelta(minutes=1)
_RETRY_MAX = timedelta(hours=1)
_DIGEST_TIME = timedelta(hours=2)


class Kind(StrEnum):
    """What a message says."""

    DOWN = "down"
    STILL = "still"
    RESOLVED = "resolved"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the journal. Times are naive UTC.

    Attributes:
        next_try_at: when the last try failed: not before this.
        sent_at: None: it is being sent, or failed.
    """

    key: str
    kind: Kind
    channel: str
    claimed_at: datetime
    tries: int = 1
    next_try_at: datetime | None = None
    sent_at: datetime | None = None

    @property
    def is_given_up(self) -> bool:
        """Whether it failed too often."""
        return self.sent_at is None and self.next_try_at is not None and self.tries >= TRIES_MAX

    @property
    def told_at(self) -> datetime | None:
        """When it was sent, or given up; None: neither."""
        return self.claimed_at if self.is_given_up else self.sent_at


@dataclass(frozen=True, slots=True)
class Due:
    """A message to send.

    Attributes:
        key: unique in the journal; the same message always has the same.
        hours: of a reminder.
    """

    key: str
    kind: Kind
    channel: str
    hours: int = 0


def retry_after(tries: int) -> timedelta:
    """Return how long to wait after so many failed tries: 1, 2, 4 ... 60 minutes."""
    return min(_RETRY * (1 << min(tries - 1, 10)), _RETRY_MAX)


def due(
    incident: Incident,
    journal: Iterable[Entry],
    now: datetime,
    policy: NotifyPolicy,
    places: Mapping[str, Place],
) -> tuple[Due, ...]:
    """Return the messages to send now: at most one for each channel.

    Args:
        incident: open, or closed lately.
        journal: what was sent of this incident.
        now: naive UTC.
        policy: of its site.
        places: of its phones, by MAC.
    """
    if is_held(incident, now, policy, places):
        return ()
    entries = list(journal)
    found = (
        _of_channel(incident, [e for e in entries if e.channel == channel], now, policy, channel)
        for channel in policy.channels
    )
    return tuple(message for message in found if message is not None)


def _of_channel(
    incident: Incident,
    entries: list[Entry],
    now: datetime,
    policy: NotifyPolicy,
    channel: str,
) -> Due | None:
    if any(_in_flight(entry, now) for entry in entries):
        return None
    told = sorted((e.told_at, e.kind) for e in entries if e.told_at is not None)
    is_told = bool(told) and told[-1][1] is not Kind.RESOLVED
    wanted: tuple[Kind, int] | None = None
    if incident.is_open:
        hours = _reminder(incident, told[-1][0], now, policy) if is_told else 0
        wanted = (Kind.STILL, hours) if hours else None if is_told else (Kind.DOWN, 0)
    elif is_told and incident.ending == Ending.RECOVERED:
        wanted = (Kind.RESOLVED, 0)
    if wanted is None:
        return None
    kind, hours = wanted
    word = f"{kind}{hours}" if hours else str(kind)
    key = f"incident {incident.id} {incident.round} {word} {channel}"
    before = next((entry for entry in entries if entry.key == key), None)
    return Due(key, kind, channel, hours) if before is None or may_try(before, now) else None


def _reminder(incident: Incident, last: datetime, now: datetime, policy: NotifyPolicy) -> int:
    """Return the reminder that is due, in hours, or 0; what was missed is not made up for."""
    if incident.acknowledged_at is not None:
        return 0
    passed = [h for h in policy.reminders_h if incident.round_at + timedelta(hours=h) <= now]
    newest = max(passed, default=0)
    return newest if newest and last < incident.round_at + timedelta(hours=newest) else 0


def may_try(entry: Entry, now: datetime) -> bool:
    """Whether a message that is in the journal may be sent (again)."""
    if entry.sent_at is not None or entry.is_given_up:
        return False
    if entry.next_try_at is not None:
        return entry.next_try_at <= now
    return not _in_flight(entry, now)


def _in_flight(entry: Entry, now: datetime) -> bool:
    is_claimed = entry.sent_at is None and entry.next_try_at is None
    return is_claimed and now - entry.claimed_at < CLAIM_TIME


def is_held(
    incident: Incident, now: datetime, policy: NotifyPolicy, places: Mapping[str, Place]
) -> bool:
    """Whether nobody is to be told now: quiet hours, or maintenance."""
    there = [places[mac] for mac in incident.macs if mac in places]
    if any(_covers(window, incident, there) for window in policy.windows
           if window.start <= now < window.end):  # fmt: skip
        return True
    if incident.grouped or not there or not policy.is_quiet(now):
        return False
    return all(_is_guests(place, policy) for place in there)


def _is_guests(place: Place, policy: NotifyPolicy) -> bool:
    is_urgent = place.preset in policy.urgent_presets or place.position in policy.urgent_positions
    return place.preset in policy.guest_presets and not is_urgent


def _covers(window: Window, incident: Incident, places: list[Place]) -> bool:
    if not window.rooms and not window.switches:
        return True
    if incident.key in {f"switch {name}" for name in window.switches}:
        return True
    return bool(places) and all(
        place.room in window.rooms or place.switch in window.switches for place in places
    )


def digest_due(
    site: str, journal: Iterable[Entry], now: datetime, policy: NotifyPolicy
) -> tuple[Due, ...]:
    """Return the daily digests to send now, for each channel.

    Args:
        site: its id.
        journal: digests of this site, of the last days.
        now: naive UTC.
        policy: of the site.
    """
    if policy.digest_at is None:
        return ()
    wall = policy.local(now).replace(tzinfo=None)
    planned = datetime.combine(wall.date(), policy.digest_at)
    if not planned <= wall < planned + _DIGEST_TIME:
        return ()
    there = {entry.key: entry for entry in journal}
    found = []
    for channel in policy.channels:
        key = f"digest {site} {wall.date()} {channel}"
        if key not in there or may_try(there[key], now):
            found.append(Due(key, Kind.DIGEST, channel))
    return tuple(found)
