"""What is shown, as frozen values in a person's language. Times are naive UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitors.diagnosis.rule import Layer
from web.overview.wording import Voice

ORDER = (
    "down", "failing", "recovering", "refused", "not-rendered", "warning", "unknown",
    "not-installed", "never-seen", "first-contact", "provisioned", "working",
)  # fmt: skip
"""Every status there is, worst first: the monitor's states, and those of the fetch log."""
BROKEN = frozenset({"down", "failing", "refused", "not-rendered"})
"""With these a phone does not work."""
IN_TROUBLE = BROKEN | {"recovering", "warning"}
"""With these there is something to be said of a phone."""


@dataclass(frozen=True, slots=True)
class PhoneOverview:
    """One phone, in one line.

    Attributes:
        mac: twelve digits.
        place: where it stands, in words.
        status: a word of ``ORDER``: the monitor's, or of the fetch log before the first judging.
        cause: one sentence; empty: nothing is to be said.
        fix: what to do; may be empty.
        since: since when it is so; None: nobody knows.
        provisioning: what the fetch log says, in one word.
        rule, sureness: of the diagnosis; empty before the first judging.
        judged_at: None: never yet.
        incident: number of the open incident it is in, if any.
        in_group: whether that is the incident of a group.
    """

    mac: str
    site: str
    room: str
    position: str
    model: str
    place: str
    status: str
    cause: str
    fix: str
    since: datetime | None
    provisioning: str
    rule: str = ""
    sureness: str = ""
    judged_at: datetime | None = None
    incident: int | None = None
    in_group: bool = False

    @property
    def is_broken(self) -> bool:
        """Whether it does not work."""
        return self.status in BROKEN

    @property
    def is_in_trouble(self) -> bool:
        """Whether something is to be said of it."""
        return self.status in IN_TROUBLE


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One line of a timeline; ``text`` says it in words."""

    at: datetime
    what: str
    mac: str
    who: str
    detail: str
    text: str


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident.

    Attributes:
        place: where it is: the phone's place, or the site's name for a group.
        phones: places of its phones by MAC, in the order of the places.
        ending: a word; empty while it is open.
    """

    id: int
    site: str
    grouped: bool
    group: str
    rule: str
    sureness: str
    place: str
    sentence: str
    fix: str
    began_at: datetime
    closed_at: datetime | None
    ending: str
    acknowledged_at: datetime | None
    acknowledged_by: str
    phones: Mapping[str, str]
    timeline: tuple[TimelineLine, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class WindowView:
    """Maintenance that is in force or to come; without rooms and switches: all of a site.

    Attributes:
        id: of one that a person has set; None: it is in the site file.
    """

    id: int | None
    start: datetime
    end: datetime
    rooms: tuple[str, ...]
    switches: tuple[str, ...]
    reason: str
    who: str


@dataclass(frozen=True, slots=True)
class SiteOverview:
    """A site: its phones, worst first, and its open incidents.

    Attributes:
        counts: phones by status, worst first; those there are none of are left out.
        judged_at: when the monitor judged any of its phones last; None: never.
        is_stale: it should have judged since.
    """

    id: str
    name: str
    voice: Voice
    phones: tuple[PhoneOverview, ...]
    incidents: tuple[IncidentView, ...]
    windows: tuple[WindowView, ...]
    counts: Mapping[str, int]
    judged_at: datetime | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class StepView:
    """A step of the ladder.

    Attributes:
        mark: ``ok``, ``bad`` or ``unknown``.
        text: what its signals say, with measured values.
        is_cause: the diagnosis is about this step.
    """

    layer: Layer
    name: str
    mark: str
    text: str
    is_cause: bool


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """What one signal says.

    Attributes:
        signal, value: words of ``monitors.signals``; ``name`` and ``text`` say them to people,
            ``said`` with what was measured.
        mark: ``ok``, ``bad`` or ``unknown``: what it means by itself.
        is_stale: too old to count.
    """

    signal: str
    value: str
    name: str
    text: str
    said: str
    measured: str
    age_s: float | None
    source: str
    mark: str
    is_stale: bool


@dataclass(frozen=True, slots=True)
class MissingView:
    """A signal that would make the diagnosis surer, and how to supply it."""

    signal: str
    name: str
    supply: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """The group a phone fails with; ``share`` of all in it, 0 to 1."""

    rule: str
    group: str
    name: str
    text: str
    sentence: str
    fix: str
    macs: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class RemedyView:
    """Something that was done to a phone, or refused.

    Attributes:
        remedy, state: words of the journal; ``name`` and ``state_name`` say them to people.
        who: a person, or bellwire itself.
        ended_at: None: it is not known yet whether it helped.
        port: switch and port, of what was done to its power.
        detail: what went wrong, or what a person should know; English, as the journal has it.
    """

    id: int
    remedy: str
    name: str
    state: str
    state_name: str
    who: str
    at: datetime
    ended_at: datetime | None
    way: str
    port: str
    detail: str


@dataclass(frozen=True, slots=True)
class DiagnosisView:
    """One phone with all that can be said of it.

    Attributes:
        cause: id of the rule; before the first judging the word of the fetch log.
        confidence: certain, likely or possible.
        layer: the step of the ladder it is about.
        troubles: what was counted in the last hour, in words, by its name.
        incident: the open one, with its timeline.
        earlier: incidents that are over, newest first.
        fitting: what fits the diagnosis, the gentlest first: remedies and what they are called.
        remedies: what was done last, newest first.
        next_check: when the monitor judges it again; None: it does not.
    """

    phone: PhoneOverview
    site_name: str
    voice: Voice
    cause: str
    sentence: str
    fix: str
    confidence: str
    layer: Layer
    steps: tuple[StepView, ...]
    evidence: tuple[EvidenceView, ...]
    missing: tuple[MissingView, ...]
    troubles: Mapping[str, str] = field(default_factory=dict)
    handsets_out: tuple[str, ...] = ()
    finding: FindingView | None = None
    incident: IncidentView | None = None
    earlier: tuple[IncidentView, ...] = ()
    fitting: Mapping[str, str] = field(default_factory=dict)
    remedies: tuple[RemedyView, ...] = ()
    next_check: datetime | None = None
