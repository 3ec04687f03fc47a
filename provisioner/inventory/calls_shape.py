"""The part ``calls`` of a site in a site file: what may be written, and its record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from provisioner.inventory.calls import (
    DEFAULT_LIMITS,
    NO_LIMITS,
    Calls,
    DoNotCall,
    Limits,
    Numbering,
    ScopeLimits,
    TollFree,
)
from provisioner.inventory.calls_incoming_shape import (
    Entries,
    FileCallerActions,
    FileIncomingRule,
    FileWhen,
)
from provisioner.inventory.calls_pbx_shape import FileCallPbx
from provisioner.inventory.calls_words import (
    Code,
    Count,
    Digits,
    Land,
    Money,
    Name,
    Numbers,
)
from provisioner.inventory.file_values import Part, Text

_GROUP = "group:"


class FileNumbering(Part):
    """How the site dials, where it differs from its country."""

    area: Digits = Field(default="", description="put before local numbers, no trunk prefix")
    trunk_prefix: Digits | None = Field(default=None, description="null: the country's")
    international_prefix: Digits = Field(default="", description="besides the country's own")
    outside: Digits = Field(default="", description="dialled for a line")
    home: tuple[Land, ...] = Field(default=(), description="countries that count as national")
    services: tuple[Code, ...] = Field(default=(), description="codes of the PBX")
    emergency: tuple[Code, ...] = Field(default=(), description="besides the country's")

    def record(self) -> Numbering:
        """Return what is stored of it."""
        return Numbering(**{name: getattr(self, name) for name in type(self).model_fields})


class FileTollFree(Part):
    """Protection of toll-free numbers."""

    numbers: Annotated[Numbers, Field(min_length=1)]
    per_hour: int = Field(default=5, ge=1, le=10_000)
    per_day: int = Field(default=10, ge=1, le=100_000)
    level: int = Field(default=1, ge=1, le=9, description="1 to 5: a code, 6 and more: refused")
    interval_s: int = Field(default=10, ge=4, le=120, description="not charged within it")
    forget_days: int = Field(default=30, ge=1, le=3650)

    @model_validator(mode="after")
    def _the_day_is_longer(self) -> Self:
        if self.per_day < self.per_hour:
            raise ValueError("per_day is less than per_hour; a day holds every hour's calls")
        return self

    def record(self) -> TollFree:
        """Return what is stored of it."""
        return TollFree(**{name: getattr(self, name) for name in type(self).model_fields})


class FileScopeLimits(Part):
    """Limits of an account, a room or the site; what is left out keeps its default."""

    spend_day: Money | None = None
    spend_month: Money | None = None
    international_hour: Count | None = None
    international_day: Count | None = None
    international_month: Count | None = None
    simultaneous: Annotated[int, Field(ge=1, le=10_000)] | None = None

    def record(self, default: ScopeLimits) -> ScopeLimits:
        """Return what is stored of it; null takes a limit away."""
        given = self.model_fields_set
        return ScopeLimits(
            **{
                name: getattr(self if name in given else default, name)
                for name in type(self).model_fields
            }
        )


class FileLimits(Part):
    """Limits of outgoing calls."""

    site: FileScopeLimits = FileScopeLimits()
    room: FileScopeLimits = FileScopeLimits()
    account: FileScopeLimits = FileScopeLimits()
    accounts: dict[Text, FileScopeLimits] = Field(default_factory=dict)
    closed: Numbers = ("premium", "satellite")
    closed_times: tuple[FileWhen, ...] = ()
    unrated: Literal["refuse", "allow"] = "refuse"
    warn_new_country: bool = True

    def record(self) -> Limits:
        """Return what is stored of it."""
        account = self.account.record(DEFAULT_LIMITS)
        return Limits(
            site=self.site.record(NO_LIMITS),
            room=self.room.record(DEFAULT_LIMITS),
            account=account,
            accounts={name: each.record(account) for name, each in self.accounts.items()},
            closed=self.closed,
            closed_times=tuple(each.record() for each in self.closed_times),
            unrated=self.unrated,
            warn_new_country=self.warn_new_country,
        )


class FileDoNotCall(Part):
    """Checks before commercial calls."""

    extensions: Annotated[Numbers, Field(min_length=1)]
    action: Literal["block", "warn"] = "block"
    list_days: int = Field(default=30, ge=1, le=3650)

    def record(self) -> DoNotCall:
        """Return what is stored of it."""
        return DoNotCall(self.extensions, self.action, self.list_days)


class FileCalls(Part):
    """How the site's calls are guarded."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    numbering: FileNumbering = FileNumbering()
    groups: dict[Name, Entries] = Field(default_factory=dict)
    extension_groups: dict[Name, Numbers] = Field(default_factory=dict)
    incoming: tuple[FileIncomingRule, ...] = ()
    actions: tuple[FileCallerActions, ...] = ()
    toll_free: FileTollFree | None = None
    limits: FileLimits = FileLimits()
    do_not_call: FileDoNotCall | None = None
    pbx: FileCallPbx = FileCallPbx()

    @model_validator(mode="after")
    def _names_things_that_exist(self) -> Self:
        for what, names in (
            ("rule", [rule.name for rule in self.incoming]),
            ("actions", [each.name for each in self.actions]),
        ):
            if twice := next((name for name in names if names.count(name) > 1), ""):
                raise ValueError(f"two {what} are called {twice!r}")
        for where, groups, known in self._groups_named():
            for name in groups:
                if name not in known:
                    listed = ", ".join(sorted(known)) or "there are none"
                    raise ValueError(f"{where}: no group {name!r}; known: {listed}")
        return self

    def _groups_named(self) -> Iterator[tuple[str, list[str], set[str]]]:
        callers, extensions = set(self.groups), set(self.extension_groups)
        for rule in self.incoming:
            listed = [each.number for each in (*rule.white, *rule.black)]
            yield f"incoming {rule.name}", _groups(listed), callers
            yield f"incoming {rule.name}", _groups(rule.called), extensions
        for each in self.actions:
            yield f"actions {each.name}", _groups(each.callers), callers
            yield f"actions {each.name}", _groups(each.called), extensions
        if self.do_not_call:
            yield "do_not_call", _groups(self.do_not_call.extensions), extensions
        for name, entries in self.groups.items():
            nested = _groups(each.number for each in entries)
            yield f"group {name}: a group holds numbers, not groups", nested, set()

    def record(self) -> Calls:
        """Return what is stored of it."""
        return Calls(
            currency=self.currency,
            numbering=self.numbering.record(),
            groups={name: tuple(e.record() for e in each) for name, each in self.groups.items()},
            extension_groups=dict(self.extension_groups),
            incoming=tuple(each.record() for each in self.incoming),
            actions=tuple(each.record() for each in self.actions),
            toll_free=self.toll_free.record() if self.toll_free else TollFree(),
            limits=self.limits.record(),
            do_not_call=self.do_not_call.record() if self.do_not_call else DoNotCall(),
            pbx=self.pbx.record(),
        )


def _groups(names: Iterable[str]) -> list[str]:
    return [name.removeprefix(_GROUP) for name in names if name.startswith(_GROUP)]
