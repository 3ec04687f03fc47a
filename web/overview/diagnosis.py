"""All that can be said of one phone: cause, ladder, evidence, what is missing, its incident."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitors.diagnosis.rule import Sureness
from monitors.evidence import Evidence, GroupFinding
from monitors.incident_steps import Incident
from monitors.status import State
from monitors.store.action_pages import actions_of
from monitors.store.incident_pages import incident_of, incidents_of_phone
from monitors.store.memory import evidence_of
from monitors.store.statuses import KeptStatus
from provisioner.errors import UnknownThingError
from provisioner.inventory.phones import phone_row
from provisioner.mac import MacAddress
from web.installation import Installation
from web.overview.incidents import incident_view
from web.overview.ladder import evidence_views, layer_of, steps
from web.overview.phones import is_stale, last_judged, phone_overview
from web.overview.reading import StoredSite, read_sites
from web.overview.remedies import fitting_remedies, remedy_views
from web.overview.sentences import fetch_words, seen_of
from web.overview.values import DiagnosisView, FindingView, IncidentView, MissingView
from web.overview.wording import Voice

EARLIER_MAX = 5
REMEDIES_MAX = 5
_WRONG = frozenset({State.DOWN, State.FAILING, State.WARNING})


def phones_called(
    sites: Iterable[StoredSite], room: str, site: str | None
) -> tuple[StoredSite, tuple[str, ...]]:
    """Return the site that has a room, and the MACs of the phones in it.

    Args:
        sites: all of them, or the one that was named.
        room: its id, or its name, in any case.
        site: the one that was named, if any.

    Raises:
        UnknownThingError: no site has it, or several have, or there is no phone in it.
    """
    wanted = room.casefold()
    found = [
        (stored, name)
        for stored in sites
        for name, said in stored.rooms.items()
        if wanted in {name.casefold(), said.casefold()}
    ]
    where = f" in site {site}" if site else ""
    if not found:
        raise UnknownThingError(f"there is no phone and no room {room!r}{where}")
    names = sorted({stored.id for stored, _ in found})
    if len(names) > 1:
        raise UnknownThingError(
            f"room {room!r} is in several sites; say --site: {', '.join(names)}"
        )
    stored = found[0][0]
    rooms = {name for _, name in found}
    macs = tuple(mac for mac, phone in stored.phones.items() if phone.room in rooms)
    if not macs:
        raise UnknownThingError(f"there is no phone in room {room!r} of site {stored.id}")
    return stored, macs


def read_diagnoses(
    installation: Installation, stored: StoredSite, macs: Iterable[str]
) -> tuple[DiagnosisView, ...]:
    """Return what can be said of some phones of a site."""
    wanted = [MacAddress(mac) for mac in macs]
    now, monitoring = stored.voice.now, installation.monitoring
    judged_at = {m: stored.statuses[m].judged_at for m in map(str, wanted) if m in stored.statuses}
    kept = evidence_of(monitoring, wanted, now, judged_at)
    made = []
    for mac in wanted:
        known = incidents_of_phone(monitoring, str(mac), EARLIER_MAX + 1)
        going = next((i for i in known if i.is_open and mac in i.macs), None)
        whole = incident_of(monitoring, going.id) if going else None
        evidence = kept[mac].evidence if mac in kept else None
        others = [i for i in known if not i.is_open][:EARLIER_MAX]
        sweep_s = installation.settings.monitor.sweep_s
        view = diagnosis_view(stored, str(mac), evidence, whole, others, sweep_s)
        done = actions_of(monitoring, mac=str(mac), limit=REMEDIES_MAX)
        made.append(replace(view, remedies=remedy_views(done, stored.voice)))
    return tuple(made)


def diagnosis_view(
    stored: StoredSite,
    mac: str,
    evidence: Evidence | None,
    incident: Incident | None,
    earlier: Sequence[Incident],
    sweep_s: float,
) -> DiagnosisView:
    """Return all that can be said of a phone. Pure.

    Args:
        stored: its site.
        mac: of a phone of that site.
        evidence: what it was judged by, ages as of now; None: nothing is known.
        incident: the open one it is in, with its timeline.
        earlier: those that are over.
        sweep_s: seconds between two judgings.
    """
    kept, voice = stored.statuses.get(mac), stored.voice
    overview = phone_overview(stored, mac, incident)
    layer = layer_of(kept.status.rule) if kept else layer_of("")
    trouble = kept is not None and kept.status.state in _WRONG
    known = evidence or Evidence()
    cause, sentence, fix = overview.rule, overview.cause, overview.fix
    if kept is None:
        cause = overview.status
        sentence, fix = _unjudged(stored, mac)
    return DiagnosisView(
        phone=overview,
        site_name=stored.name,
        voice=voice,
        cause=cause,
        sentence=sentence,
        fix=fix,
        confidence=overview.sureness or Sureness.POSSIBLE,
        layer=layer,
        steps=steps(known, layer, voice, trouble=trouble),
        evidence=evidence_views(known, voice),
        missing=tuple(
            MissingView(name, voice.signal(name), voice.supply(name))
            for name in (kept.missing if kept else ())
        ),
        troubles={str(t): voice.word("troubles", str(t)) for t in sorted(known.troubles)},
        handsets_out=known.handsets_out,
        finding=_finding(known.finding, incident, voice) if known.finding else None,
        incident=incident_view(incident, stored) if incident else None,
        earlier=_earlier(earlier, stored),
        fitting=fitting_remedies(cause, voice) if trouble else {},
        next_check=_next_check(kept, stored.statuses, voice.now, sweep_s),
    )


def _unjudged(stored: StoredSite, mac: str) -> tuple[str, str]:
    """What is said of a phone that the monitor has not judged yet."""
    voice = stored.voice
    said = fetch_words(seen_of(stored, mac), voice)
    sentence = said.sentence.rstrip(".") or voice.say("has_files")
    return voice.say("by_fetch_log", sentence=sentence), said.fix


def _earlier(incidents: Sequence[Incident], stored: StoredSite) -> tuple[IncidentView, ...]:
    return tuple(incident_view(incident, stored) for incident in incidents)


def _finding(finding: GroupFinding, incident: Incident | None, voice: Voice) -> FindingView:
    facts = {str(finding.group): finding.name, "phones": str(len(finding.phones))}
    if incident is not None and incident.grouped:
        facts = {**incident.facts, **facts}
    said = voice.diagnosis(finding.rule, facts)
    return FindingView(
        rule=finding.rule,
        group=str(finding.group),
        name=finding.name,
        text=voice.group(finding),
        sentence=said.sentence,
        fix=said.fix,
        macs=tuple(sorted(finding.phones)),
        share=finding.share,
    )


def _next_check(
    kept: KeptStatus | None, statuses: Mapping[str, KeptStatus], now: datetime, sweep_s: float
) -> datetime | None:
    """The next sweep, while the monitor makes them; a new phone is in the next one too."""
    judged_at = last_judged(statuses.values())
    if judged_at is None or is_stale(judged_at, now, sweep_s):
        return None
    return (kept.judged_at if kept else judged_at) + timedelta(seconds=sweep_s)


def read_phone(
    installation: Installation, mac: MacAddress, language: str, now: datetime
) -> tuple[StoredSite, tuple[str, ...]]:
    """Return the site of a phone, and the phone's MAC; raises UnknownThingError."""
    with installation.database.read() as session:
        site = phone_row(session, mac).site_id
    (stored,) = read_sites(installation, site, language, now)
    return stored, (str(mac),)
