"""What incidents are made of: phones, steps that change them, and what is known of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitors.evidence import GroupFinding
from monitors.status import Status

CALLS = "calls "
"""Keys of incidents of blocked calls begin so; no sweep opens or closes them."""
ATTACK = "attack "
"""Keys of incidents of guessed passwords begin so; no sweep opens or closes them."""
MISSING_SIGNALS = "missing_signals"
"""A fact: names of the signals that would make a diagnosis surer, with blanks between."""


class Ending(StrEnum):
    """Why an incident was closed."""

    RECOVERED = "recovered"
    MERGED = "merged"  # its phones are in the incident of a group now
    RETIRED = "retired"  # they are not in the inventory any more


class Event(StrEnum):
    """What stands in a timeline."""

    OPENED = "opened"
    REOPENED = "reopened"
    CAUSE_CHANGED = "cause-changed"
    JOINED = "joined"
    LEFT = "left"
    RECOVERED = "recovered"  # one phone
    ACKNOWLEDGED = "acknowledged"
    NOTIFIED = "notified"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Judged:
    """A phone as it is now.

    Attributes:
        finding: the group it fails with, if any.
        facts: for the sentence.
    """

    mac: str
    status: Status
    sureness: str
    facts: Mapping[str, str] = field(default_factory=dict)
    finding: GroupFinding | None = None


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident as it is stored.

    Attributes:
        key: what it is about, unique among the open ones of a site: ``phone 0c383e000214``.
        found_at: naive UTC, when its group was last found failing.
        macs: phones that are in it now.
    """

    id: int
    key: str
    grouped: bool
    rule: str
    found_at: datetime
    macs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Open:
    """Open an incident, or the same one again.

    Attributes:
        name: of the group; empty for a phone.
        began_at: naive UTC of the first bad answer.
    """

    key: str
    grouped: bool
    name: str
    rule: str
    sureness: str
    facts: Mapping[str, str]
    macs: frozenset[str]
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Keep:
    """What is new of an open incident; ``rule`` is None when the cause is still the same."""

    id: int
    before: str
    rule: str | None
    sureness: str
    facts: Mapping[str, str]
    joined: frozenset[str]
    is_found: bool


@dataclass(frozen=True, slots=True)
class Leave:
    """Phones that are not in an incident any more, and whether they work again."""

    id: int
    macs: frozenset[str]
    recovered: bool


@dataclass(frozen=True, slots=True)
class Close:
    """An incident is over."""

    id: int
    ending: Ending


Step = Open | Keep | Leave | Close


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of an incident's timeline; ``who`` is empty for bellwire itself."""

    at: datetime
    what: Event
    mac: str = ""
    who: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident with all that can be said of it. Times are naive UTC.

    Attributes:
        name: of the group; empty for a phone.
        ending: recovered, merged, retired; empty while it is open.
        round: how often it was opened again.
        round_at: when it was opened the last time.
        macs: phones that are in it; of a closed one, that ever were.
    """

    id: int
    site: str
    key: str
    grouped: bool
    rule: str
    sureness: str
    name: str
    facts: Mapping[str, str]
    began_at: datetime
    round: int
    round_at: datetime
    closed_at: datetime | None = None
    ending: str = ""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    macs: tuple[str, ...] = ()
    timeline: tuple[TimelineEntry, ...] = field(default=(), compare=False)

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.closed_at is None
