"""What is shown, as JSON for programs. Times are ISO 8601 in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from provisioner.mac import MacAddress
from web.overview.values import (
    DiagnosisView,
    EvidenceView,
    FindingView,
    IncidentView,
    PhoneOverview,
    RemedyView,
    SiteOverview,
    TimelineLine,
    WindowView,
)

Row = dict[str, Any]


def time_text(at: datetime | None) -> str | None:
    """Return a naive UTC time as ``2026-11-22T09:12:00Z``."""
    return None if at is None else at.isoformat(timespec="seconds") + "Z"


def colons(mac: str) -> str:
    """Return a MAC as people write it."""
    return MacAddress(mac).colons


def phone_json(phone: PhoneOverview) -> Row:
    """Return a row of ``bellwire status --json``."""
    return {
        "mac": colons(phone.mac),
        "site": phone.site,
        "room": phone.room,
        "position": phone.position,
        "model": phone.model,
        "status": phone.status,
        "cause": phone.cause,
        "since": time_text(phone.since),
        "provisioning": phone.provisioning,
        "rule": phone.rule or None,
        "sureness": phone.sureness or None,
        "fix": phone.fix,
        "judged_at": time_text(phone.judged_at),
        "incident": phone.incident,
    }


def site_json(site: SiteOverview) -> Row:
    """Return a site with its counts."""
    return {
        "id": site.id,
        "name": site.name,
        "counts": dict(site.counts),
        "judged_at": time_text(site.judged_at),
        "stale": site.is_stale,
        "maintenance": [window_json(window, site.id) for window in site.windows],
    }


def incident_json(incident: IncidentView) -> Row:
    """Return an incident; its timeline only where it was read."""
    made: Row = {
        "id": incident.id,
        "site": incident.site,
        "open": incident.is_open,
        "rule": incident.rule,
        "sureness": incident.sureness,
        "group": incident.group,
        "place": incident.place,
        "sentence": incident.sentence,
        "fix": incident.fix,
        "began_at": time_text(incident.began_at),
        "closed_at": time_text(incident.closed_at),
        "ending": incident.ending,
        "acknowledged_at": time_text(incident.acknowledged_at),
        "acknowledged_by": incident.acknowledged_by,
        "phones": [{"mac": colons(mac), "place": place} for mac, place in incident.phones.items()],
    }
    if incident.timeline:
        made["timeline"] = timeline_json(incident.timeline)
    return made


def timeline_json(lines: Iterable[TimelineLine]) -> list[Row]:
    """Return the lines of a timeline."""
    return [
        {
            "at": time_text(line.at),
            "what": line.what,
            "mac": colons(line.mac) if line.mac else None,
            "who": line.who,
            "detail": line.detail,
            "text": line.text,
        }
        for line in lines
    ]


def diagnosis_json(view: DiagnosisView) -> Row:
    """Return what ``bellwire diagnose --json`` prints of a phone."""
    phone, finding, incident = view.phone, view.finding, view.incident
    return {
        "cause": view.cause,
        "sentence": view.sentence,
        "fix": view.fix,
        "confidence": str(view.confidence),
        "evidence": [_evidence_json(e) for e in view.evidence],
        "mac": colons(phone.mac),
        "site": phone.site,
        "room": phone.room,
        "position": phone.position,
        "model": phone.model,
        "place": phone.place,
        "status": phone.status,
        "since": time_text(phone.since),
        "provisioning": phone.provisioning,
        "judged_at": time_text(phone.judged_at),
        "next_check": time_text(view.next_check),
        "layer": view.layer.name.lower(),
        "ladder": [
            {"step": s.layer.name.lower(), "mark": s.mark, "text": s.text, "cause": s.is_cause}
            for s in view.steps
        ],
        "missing": [m.signal for m in view.missing],
        "supply": {m.signal: m.supply for m in view.missing},
        "troubles": list(view.troubles),
        "handsets_out": list(view.handsets_out),
        "finding": _finding_json(finding) if finding else None,
        "incident": incident_json(incident) if incident else None,
        "timeline": timeline_json(incident.timeline) if incident else [],
        "earlier": [incident_json(over) for over in view.earlier],
        "fitting": list(view.fitting),
        "remedies": [_remedy_json(done) for done in view.remedies],
    }


def _evidence_json(evidence: EvidenceView) -> Row:
    return {
        "signal": evidence.signal,
        "value": evidence.value,
        "age_s": None if evidence.age_s is None else round(evidence.age_s, 1),
        "source": evidence.source,
        "measured": evidence.measured,
        "stale": evidence.is_stale,
        "text": evidence.text,
    }


def _finding_json(finding: FindingView) -> Row:
    return {
        "rule": finding.rule,
        "group": finding.group,
        "name": finding.name,
        "phones": [colons(mac) for mac in finding.macs],
        "share": round(finding.share, 3),
        "sentence": finding.sentence,
        "fix": finding.fix,
    }


def _remedy_json(done: RemedyView) -> Row:
    return {
        "id": done.id,
        "remedy": done.remedy,
        "state": done.state,
        "who": done.who,
        "at": time_text(done.at),
        "ended_at": time_text(done.ended_at),
        "way": done.way or None,
        "port": done.port or None,
        "detail": done.detail,
    }


def window_json(window: WindowView, site: str) -> Row:
    """Return a maintenance window; one without an id is in the site file."""
    return {
        "id": window.id,
        "site": site,
        "start": time_text(window.start),
        "end": time_text(window.end),
        "rooms": list(window.rooms),
        "switches": list(window.switches),
        "reason": window.reason,
        "who": window.who,
    }
