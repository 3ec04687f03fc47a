"""How phones are, as ``--json`` of the command line says it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from web.api.paging import Page
from web.api.shapes.values import Answer, MacText, UtcTime
from web.overview.values import ORDER

Status = Literal[ORDER]  # type: ignore[valid-type]  # a tuple of texts


class PhoneStatus(Answer):
    """How a phone is."""

    mac: MacText
    site: str
    room: str
    position: str
    model: str
    status: Status
    cause: str = Field(description="one sentence; empty: nothing is to be said")
    since: UtcTime | None
    provisioning: str = Field(description="what the fetch log says, in one word")
    rule: str | None = Field(description="of the diagnosis")
    sureness: str | None
    fix: str = Field(description="what to do; may be empty")
    judged_at: UtcTime | None
    incident: int | None = Field(description="number of the open incident it is in")


class WindowEntry(Answer):
    """Maintenance: a time in which nobody is told of troubles."""

    id: int | None = Field(description="null: the site file plans it")
    site: str
    start: UtcTime
    end: UtcTime
    rooms: list[str] = Field(description="empty, as switches: all of the site")
    switches: list[str]
    reason: str
    who: str


class SiteStatus(Answer):
    """How a site is."""

    id: str
    name: str
    counts: dict[str, int] = Field(description="phones by status, worst first")
    judged_at: UtcTime | None
    stale: bool = Field(description="the monitor should have judged since")
    maintenance: list[WindowEntry]


class TimelineEntry(Answer):
    """What happened in an incident."""

    at: UtcTime
    what: str
    mac: MacText | None
    who: str
    detail: str
    text: str = Field(description="it in words")


class PlacedPhone(Answer):
    """A phone of an incident."""

    mac: MacText
    place: str


class IncidentEntry(Answer):
    """An incident: the trouble of a phone, or of a group that fails together."""

    id: int
    site: str
    open: bool
    rule: str
    sureness: str
    group: str = Field(description="name of the group; empty: a single phone")
    place: str
    sentence: str
    fix: str
    began_at: UtcTime
    closed_at: UtcTime | None
    ending: str = Field(description="a word; empty while it is open")
    acknowledged_at: UtcTime | None
    acknowledged_by: str
    phones: list[PlacedPhone]
    timeline: list[TimelineEntry] | None = Field(
        default=None, description="only where a single one is asked for"
    )


class StatusReport(Page[PhoneStatus]):
    """How phones are, a page of them, and how their sites are on the whole."""

    sites: list[SiteStatus] = Field(description="all that are asked about, on every page")
    simulated: bool = Field(description="the phones of this demo are simulated")


class EvidenceEntry(Answer):
    """What one signal says."""

    signal: str
    value: str
    age_s: float | None
    source: str
    measured: str
    stale: bool = Field(description="too old to count")
    text: str


class LadderStep(Answer):
    """A step of the ladder from power to a call."""

    step: str
    mark: Literal["ok", "bad", "unknown"]
    text: str
    cause: bool = Field(description="the diagnosis is about this step")


class Finding(Answer):
    """The group a phone fails with."""

    rule: str
    group: str
    name: str
    phones: list[MacText]
    share: float = Field(description="of all in it, 0 to 1")
    sentence: str
    fix: str


class RemedyDone(Answer):
    """What was done to the phone."""

    id: int
    remedy: str
    state: str
    who: str
    at: UtcTime
    ended_at: UtcTime | None
    way: str | None
    port: str | None
    detail: str


class Diagnosis(Answer):
    """Why a phone does not work, and what to do."""

    cause: str = Field(description="id of the rule, or the word of the fetch log")
    sentence: str
    fix: str
    confidence: str
    evidence: list[EvidenceEntry]
    mac: MacText
    site: str
    room: str
    position: str
    model: str
    place: str
    status: Status
    since: UtcTime | None
    provisioning: str
    judged_at: UtcTime | None
    next_check: UtcTime | None
    layer: str
    ladder: list[LadderStep]
    missing: list[str] = Field(description="signals that would make it surer")
    supply: dict[str, str] = Field(description="how each of them is supplied")
    troubles: list[str]
    handsets_out: list[str]
    finding: Finding | None
    incident: IncidentEntry | None
    timeline: list[TimelineEntry]
    earlier: list[IncidentEntry]
    fitting: list[str] = Field(default=[], description="remedies that fit, the gentlest first")
    remedies: list[RemedyDone] = Field(default=[], description="what was done lately")
