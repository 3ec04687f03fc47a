"""Incoming calls in the part ``calls`` of a site file: lists, rules, actions by caller."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from provisioner.inventory.calls import (
    Anonymous,
    CallAction,
    CallerActions,
    Does,
    IncomingRule,
    When,
    WrittenNumber,
)
from provisioner.inventory.calls_words import Day, Name, Number, Numbers, Time, one_or_more
from provisioner.inventory.file_values import Part, Text
from provisioner.inventory.site_yaml import WrittenInt

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NEEDS_NO_TARGET = frozenset({"busy", "hang_up", "voicemail"})


class FileNumber(Part):
    """An entry of a list of callers."""

    number: Number
    comment: Text = ""
    reason: Text = ""
    expires: Day | None = Field(default=None, description="the last day on which it counts")

    def record(self) -> WrittenNumber:
        """Return what is stored of it."""
        return WrittenNumber(self.number, self.comment, self.reason, self.expires)


def _entries(value: object) -> object:
    split = one_or_more(value)
    if not isinstance(split, list | tuple):
        return split
    bare = (str, WrittenInt)
    return [{"number": each} if isinstance(each, bare) else each for each in split]


Entries = Annotated[tuple[FileNumber, ...], BeforeValidator(_entries)]


class FileWhen(Part):
    """Times in which something holds; wall time of the site."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    start: Time = time(0)
    end: Time = Field(default=time(0), description="may be after midnight; equal: all day")
    first: Day | None = None
    last: Day | None = None
    negated: bool = Field(default=False, description="holds outside of these times")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.first and self.last and self.last < self.first:
            raise ValueError("the last day is before the first")
        return self

    def record(self) -> When:
        """Return what is stored of it."""
        days = tuple(sorted({WEEK.index(day) for day in self.days}))
        return When(days, self.start, self.end, self.first, self.last, self.negated)


class FileCallAction(Part):
    """One step of what is done with a call."""

    do: Does
    to: Text = ""
    when: tuple[FileWhen, ...] = ()
    ring_s: int = Field(default=20, ge=1, le=600)

    @model_validator(mode="after")
    def _has_a_target(self) -> Self:
        if not self.to and self.do not in NEEDS_NO_TARGET:
            raise ValueError(f"{self.do} needs 'to'")
        if self.to and self.do in {"busy", "hang_up"}:
            raise ValueError(f"{self.do} goes nowhere; leave out 'to'")
        return self

    def record(self) -> CallAction:
        """Return what is stored of it."""
        return CallAction(self.do, self.to, tuple(w.record() for w in self.when), self.ring_s)


class FileCallerActions(Part):
    """What is done with calls of some callers, in order."""

    name: Name
    callers: Annotated[Numbers, Field(min_length=1)]
    called: Numbers = Field(default=(), description="none: the whole site")
    actions: Annotated[tuple[FileCallAction, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _nothing_after_the_end(self) -> Self:
        for action in self.actions[:-1]:
            if action.do in {"busy", "hang_up"} and not action.when:
                raise ValueError(f"{action.do} ends the call; actions after it are never reached")
        return self

    def record(self) -> CallerActions:
        """Return what is stored of it."""
        actions = tuple(each.record() for each in self.actions)
        return CallerActions(self.name, self.callers, actions, self.called)


class FileIncomingRule(Part):
    """White and black list of the site, of extensions or of a group of them."""

    name: Name
    called: Numbers = Field(default=(), description="none: the whole site")
    white: Entries = ()
    black: Entries = ()
    anonymous: Anonymous | None = None
    refusal: Literal["busy", "hang_up", "announcement"] = "hang_up"

    def record(self) -> IncomingRule:
        """Return what is stored of it."""
        return IncomingRule(
            name=self.name,
            called=self.called,
            white=tuple(each.record() for each in self.white),
            black=tuple(each.record() for each in self.black),
            anonymous=self.anonymous,
            refusal=self.refusal,
        )
