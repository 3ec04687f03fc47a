"""Incidents as they are shown: a group's once, with its rooms. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from monitors.diagnosis.wording import Words, known_rules
from monitors.incident_steps import Event, Incident, TimelineEntry
from web.overview.reading import StoredSite
from web.overview.sentences import diagnosis_words
from web.overview.values import IncidentView, TimelineLine
from web.overview.wording import by_number

_NEW_CAUSE = " -> "


def incident_view(incident: Incident, stored: StoredSite) -> IncidentView:
    """Return an incident in words, with as much of its timeline as it was read with."""
    ours = {mac: stored.phones[mac].place for mac in incident.macs if mac in stored.phones}
    gone = {mac: mac for mac in incident.macs if mac not in stored.phones}
    one = None if incident.grouped else next(iter(ours.values()), None)
    said = _words(incident.rule, incident, stored)
    return IncidentView(
        id=incident.id,
        site=incident.site,
        grouped=incident.grouped,
        group=incident.name,
        rule=incident.rule,
        sureness=incident.sureness,
        place=one or stored.name,
        sentence=said.sentence,
        fix=said.fix,
        began_at=incident.began_at,
        closed_at=incident.closed_at,
        ending=incident.ending,
        acknowledged_at=incident.acknowledged_at,
        acknowledged_by=incident.acknowledged_by,
        phones=dict(sorted({**ours, **gone}.items(), key=lambda pair: by_number(pair[1]))),
        timeline=tuple(_lines(incident, stored)),
    )


def _words(rule: str, incident: Incident, stored: StoredSite) -> Words:
    facts = dict(incident.facts)
    if incident.grouped and incident.macs:
        facts["phones"] = str(len(incident.macs))
    alone = incident.macs[0] if incident.macs and not incident.grouped else None
    return diagnosis_words(stored, alone, rule, facts)


def _lines(incident: Incident, stored: StoredSite) -> Iterable[TimelineLine]:
    for entry in incident.timeline:
        text = _event(entry, incident, stored)
        yield TimelineLine(entry.at, str(entry.what), entry.mac, entry.who, entry.detail, text)


def _event(entry: TimelineEntry, incident: Incident, stored: StoredSite) -> str:
    voice = stored.voice
    phone = stored.phones.get(entry.mac)
    kind = str(entry.what)
    if entry.what is Event.ACKNOWLEDGED and entry.detail:
        kind += "-note"
    rule = entry.detail.rpartition(_NEW_CAUSE)[2]
    is_rule = rule in known_rules("en")
    sentence = _words(rule, incident, stored).sentence if is_rule else entry.detail
    return voice.event(
        kind,
        place=phone.place if phone else entry.mac,
        who=entry.who or "bellwire",
        detail=entry.detail,
        sentence=sentence,
        ending=voice.word("endings", entry.detail),
    )
