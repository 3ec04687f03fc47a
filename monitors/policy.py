"""A site's settings for watching and telling, as the decisions want them. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from monitors.status import Policy
from provisioner.catalogue.presets import Preset
from provisioner.inventory.monitoring import Maintenance, Monitoring
from provisioner.inventory.records import Site


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which nobody is told; naive UTC.

    Attributes:
        rooms, switches: both empty: it is about the whole site.
    """

    start: datetime
    end: datetime
    rooms: frozenset[str] = frozenset()
    switches: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NotifyPolicy:
    """Who is told, and when not.

    Attributes:
        zone: of the site's wall time.
        language: of messages, two letters.
        channels: ``email``, ``webhook``: those that have somewhere to go.
        quiet_start, quiet_end: wall time; equal: there are no quiet hours.
        guest_presets: phones that the quiet hours concern.
        urgent_presets, urgent_positions: phones that they never concern.
        reminders_h: hours after which a trouble that goes on is told of again.
        digest_at: wall time of the daily digest, or None.
    """

    zone: ZoneInfo
    language: str = "en"
    channels: tuple[str, ...] = ("email",)
    quiet_start: time = time(0)
    quiet_end: time = time(7)
    guest_presets: frozenset[str] = frozenset()
    urgent_presets: frozenset[str] = frozenset()
    urgent_positions: frozenset[str] = frozenset()
    reminders_h: tuple[int, ...] = (1, 4, 24)
    digest_at: time | None = time(8)
    windows: tuple[Window, ...] = ()

    def local(self, at: datetime) -> datetime:
        """Return the site's wall time of a naive UTC time."""
        return at.replace(tzinfo=UTC).astimezone(self.zone)

    def is_quiet(self, now: datetime) -> bool:
        """Whether it is the time in which guests' phones are not told of."""
        wall = self.local(now).time()
        if self.quiet_start <= self.quiet_end:
            return self.quiet_start <= wall < self.quiet_end
        return wall >= self.quiet_start or wall < self.quiet_end


def status_policy(monitoring: Monitoring) -> Policy:
    """Return how many answers in a row it takes."""
    return Policy(monitoring.misses, monitoring.successes)


def reopen_time(monitoring: Monitoring) -> timedelta:
    """Return for how long after its end a trouble is still the same incident."""
    return timedelta(seconds=monitoring.reopen_s)


def notify_policy(
    site: Site, presets: Mapping[str, Preset], extra: Iterable[Window] = ()
) -> NotifyPolicy:
    """Return who of a site is told, and when not.

    Args:
        site: with its monitoring settings and own presets.
        presets: those of the catalogue.
        extra: maintenance that a person has set besides that of the site file.
    """
    told = site.monitoring
    zone = ZoneInfo(site.timezone)
    everything = {**presets, **site.presets}
    channels = [name for name, there in (("email", told.email_to), ("webhook", told.webhook_url))
                if there]  # fmt: skip
    urgent = urgent_phones()
    return NotifyPolicy(
        zone=zone,
        language=told.language or site.languages[0],
        channels=tuple(channels),
        quiet_start=told.quiet_start,
        quiet_end=told.quiet_end,
        guest_presets=frozenset(name for name, p in everything.items() if p.guests),
        urgent_presets=urgent["presets"] | set(told.urgent_presets),
        urgent_positions=urgent["positions"] | set(told.urgent_positions),
        reminders_h=told.reminders_h,
        digest_at=told.digest_at,
        windows=(*(_window(m, zone) for m in told.maintenance), *extra),
    )


def _window(planned: Maintenance, zone: ZoneInfo) -> Window:
    start, end = (
        wall.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
        for wall in (planned.start, planned.end)
    )
    return Window(start, end, frozenset(planned.rooms), frozenset(planned.switches))


@cache
def urgent_phones() -> dict[str, frozenset[str]]:
    """Return the presets and positions that quiet hours never concern, of every site."""
    file = resources.files("monitors.notify").joinpath("urgent.toml")
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    return {name: frozenset(values) for name, values in data.items()}
