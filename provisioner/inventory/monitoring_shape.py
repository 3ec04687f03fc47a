"""The part ``monitoring`` of a site in a site file: what may be written, and its record."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, time
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from provisioner.inventory.file_values import time_of_day
from provisioner.inventory.monitoring import Maintenance, Monitoring, Remedies
from provisioner.inventory.site_yaml import WrittenInt
from provisioner.setting_values import SecretLine, one_line


def _as_written(value: object) -> object:
    return value.written if isinstance(value, WrittenInt) else value


def _moment(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", value):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    raise ValueError(f"{value!r} is not a time such as 2026-12-01 22:00")


def _http_url(url: SecretStr) -> SecretStr:
    scheme, _, rest = url.get_secret_value().partition("://")
    if scheme not in {"http", "https"} or not rest or " " in rest:
        raise ValueError("a URL that begins with http:// or https:// is needed")
    return url


_Word = Annotated[
    str, BeforeValidator(_as_written), Field(max_length=200), AfterValidator(one_line)
]
_Time = Annotated[time, BeforeValidator(time_of_day)]
_Moment = Annotated[datetime, BeforeValidator(_moment)]
_Address = Annotated[_Word, Field(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$")]
_Secret = Annotated[SecretLine, BeforeValidator(_as_written)]
_Hours = Annotated[int, Field(ge=1, le=24 * 14)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileQuietHours(_Part):
    """When nobody is told of a guest's phone; wall time of the site."""

    start: _Time = time(0)
    end: _Time = time(7)
    except_presets: tuple[_Word, ...] = Field(
        default=(), description="presets told of at once, besides those for emergencies"
    )
    except_positions: tuple[_Word, ...] = ()


class FileEmail(_Part):
    """Who gets messages by e-mail."""

    to: Annotated[tuple[_Address, ...], Field(min_length=1)]


class FileWebhook(_Part):
    """Where messages are posted, and the secret they are signed with."""

    url: Annotated[_Secret, AfterValidator(_http_url)]
    secret: Annotated[_Secret, Field(min_length=16)] | None = None


class FileMaintenance(_Part):
    """A time in which nobody is told; wall time of the site."""

    start: _Moment
    end: _Moment
    rooms: tuple[_Word, ...] = Field(default=(), description="none and no switches: the whole site")
    switches: tuple[_Word, ...] = Field(default=(), description="names or hosts")
    reason: _Word = ""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("the end is not after the start")
        return self


class FileRemedies(_Part):
    """What is done to a phone that is down without asking anybody; by hand all is possible."""

    automatic: tuple[Literal["resync", "reboot", "poe-cycle"], ...] = Field(
        default=(), description="never for phones for emergencies, and for none in a call"
    )
    tries: int = Field(default=3, ge=1, le=10, description="at most, in one incident")
    pause_s: int = Field(default=900, ge=60, le=86400, description="from one try to the next")
    except_presets: tuple[_Word, ...] = Field(
        default=(), description="presets left alone, besides those for emergencies"
    )
    except_positions: tuple[_Word, ...] = ()
    except_rooms: tuple[_Word, ...] = ()

    def record(self) -> Remedies:
        """Return what is stored of it."""
        return Remedies(**{**self.model_dump(), "automatic": tuple(dict.fromkeys(self.automatic))})


class FileMonitoring(_Part):
    """How a site is watched and who is told."""

    misses: int = Field(default=2, ge=1, le=20, description="bad answers until a phone is down")
    successes: int = Field(default=2, ge=1, le=20, description="good ones until it is well again")
    reopen_s: int = Field(
        default=600, ge=0, le=86400, description="the same trouble again is the same incident"
    )
    quiet_hours: FileQuietHours | None = Field(
        default_factory=FileQuietHours, description="null: there are none"
    )
    reminders_h: tuple[_Hours, ...] = (1, 4, 24)
    digest_at: _Time | None = Field(default=time(8), description="null: no daily digest")
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] | None = None
    email: FileEmail | None = None
    webhook: FileWebhook | None = None
    maintenance: tuple[FileMaintenance, ...] = ()
    remedies: FileRemedies = FileRemedies()

    def record(self) -> Monitoring:
        """Return what is stored of it."""
        quiet = self.quiet_hours or FileQuietHours(start=time(0), end=time(0))
        return Monitoring(
            misses=self.misses,
            successes=self.successes,
            reopen_s=self.reopen_s,
            quiet_start=quiet.start,
            quiet_end=quiet.end,
            urgent_presets=quiet.except_presets,
            urgent_positions=quiet.except_positions,
            reminders_h=tuple(sorted(set(self.reminders_h))),
            digest_at=self.digest_at,
            language=self.language or "",
            email_to=self.email.to if self.email else (),
            webhook_url=self.webhook.url if self.webhook else None,
            webhook_secret=self.webhook.secret if self.webhook else None,
            maintenance=tuple(
                Maintenance(m.start, m.end, m.rooms, m.switches, m.reason) for m in self.maintenance
            ),
            remedies=self.remedies.record(),
        )
