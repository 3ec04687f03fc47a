"""How a site is watched and who is told, as values; and their JSON form for the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any

from pydantic import SecretStr

from provisioner.secrets import Box

MONITORING_SECRETS = ("webhook_url", "webhook_secret")
"""Fields that are encrypted at rest; the URL too, because many services put their key in it."""


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A time in which nobody is told: of the whole site, or of some rooms and switches.

    Attributes:
        start, end: wall time of the site.
    """

    start: datetime
    end: datetime
    rooms: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    reason: str = ""


REMEDIES = ("resync", "reboot", "poe-cycle")
"""What bellwire may do by itself where a site allows it."""


@dataclass(frozen=True, slots=True)
class Remedies:
    """What is done to a phone that is down without asking anybody.

    Attributes:
        automatic: some of ``REMEDIES``; empty: nothing.
        tries: at most so many in one incident.
        pause_s: between one try and the next.
        except_presets, except_positions, except_rooms: phones that are left alone, besides those
            for emergencies.
    """

    automatic: tuple[str, ...] = ()
    tries: int = 3
    pause_s: int = 900
    except_presets: tuple[str, ...] = ()
    except_positions: tuple[str, ...] = ()
    except_rooms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Monitoring:
    """How a site is watched.

    Attributes:
        misses, successes: bad answers in a row until a phone is down; good ones until it is well.
        reopen_s: a trouble that comes again within this time is the same incident.
        quiet_start, quiet_end: wall time in which nobody is told of a guest's phone; equal: never.
        urgent_presets, urgent_positions: more phones that the quiet hours never concern.
        reminders_h: hours after which a trouble that goes on is told of again.
        digest_at: wall time of the daily digest; None: none is sent.
        language: of messages; empty: the site's first.
    """

    misses: int = 2
    successes: int = 2
    reopen_s: int = 600
    quiet_start: time = time(0)
    quiet_end: time = time(7)
    urgent_presets: tuple[str, ...] = ()
    urgent_positions: tuple[str, ...] = ()
    reminders_h: tuple[int, ...] = (1, 4, 24)
    digest_at: time | None = time(8)
    language: str = ""
    email_to: tuple[str, ...] = ()
    webhook_url: SecretStr | None = None
    webhook_secret: SecretStr | None = None
    maintenance: tuple[Maintenance, ...] = ()
    remedies: Remedies = Remedies()


def monitoring_values(monitoring: Monitoring, box: Box) -> dict[str, Any]:
    """Return the JSON form, with its secrets encrypted."""
    values = asdict(monitoring)
    for name in MONITORING_SECRETS:
        values[name] = box.seal(values[name]) if values[name] else ""
    for name in ("quiet_start", "quiet_end", "digest_at"):
        values[name] = values[name].isoformat() if values[name] is not None else None
    values["maintenance"] = [
        {**window, "start": window["start"].isoformat(), "end": window["end"].isoformat()}
        for window in values["maintenance"]
    ]
    return values


def monitoring_of(values: Mapping[str, Any], box: Box) -> Monitoring:
    """Return the record of a JSON form; what is not there keeps its default.

    Raises:
        SecretsError: a secret was encrypted with another key.
    """
    made: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    for name in MONITORING_SECRETS:
        if name in made:
            made[name] = box.open(made[name]) if made[name] else None
    for name in ("quiet_start", "quiet_end", "digest_at"):
        if made.get(name) is not None:
            made[name] = time.fromisoformat(made[name])
    if "maintenance" in made:
        made["maintenance"] = tuple(_maintenance(window) for window in made["maintenance"])
    if "remedies" in made:
        made["remedies"] = _remedies(made["remedies"])
    return Monitoring(**made)


def _remedies(values: Mapping[str, Any]) -> Remedies:
    made: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return Remedies(**made)


def _maintenance(values: Mapping[str, Any]) -> Maintenance:
    return Maintenance(
        start=datetime.fromisoformat(values["start"]),
        end=datetime.fromisoformat(values["end"]),
        rooms=tuple(values["rooms"]),
        switches=tuple(values["switches"]),
        reason=values["reason"],
    )
