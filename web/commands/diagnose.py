"""All that can be said of one phone: ``bellwire diagnose``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import click

from provisioner.delivery import utc_now
from provisioner.errors import UnknownThingError
from provisioner.mac import parse_mac
from web.commands.options import echo_json, json_option, with_installation
from web.commands.status import incident_lines, language_option, status_word
from web.installation import Installation
from web.overview.diagnosis import phones_called, read_diagnoses, read_phone
from web.overview.json_form import colons, diagnosis_json
from web.overview.reading import read_sites
from web.overview.values import DiagnosisView, IncidentView

_MARKS = {"ok": "green", "bad": "red", "unknown": None}


@click.command()
@click.argument("mac_or_room", metavar="MAC|ROOM")
@click.option("--site", help="Site id, when several sites have a room of this name.")
@language_option
@json_option
@with_installation
def diagnose(
    installation: Installation, mac_or_room: str, site: str | None, language: str, as_json: bool
) -> None:
    """Say of one phone, or of all in a room, what is wrong, how that is known, and what to do.

    The exit code is 1 when a phone does not work.
    """
    mac = parse_mac(mac_or_room)
    if mac is not None:
        stored, macs = read_phone(installation, mac, language, utc_now())
        if site is not None and site != stored.id:
            raise UnknownThingError(f"{mac.colons} is in site {stored.id}, not in {site}")
    else:
        sites = read_sites(installation, site, language, utc_now())
        stored, macs = phones_called(sites, mac_or_room, site)
    found = read_diagnoses(installation, stored, macs)
    if as_json:
        made = [diagnosis_json(view) for view in found]
        echo_json({"phones": made} if mac is None else made[0])
    else:
        if installation.simulated_mark.exists():
            click.echo(stored.voice.say("simulated") + "\n")
        for number, view in enumerate(found):
            click.echo("\n".join(([""] if number else []) + list(diagnosis_lines(view))))
    if any(view.phone.is_broken for view in found):
        sys.exit(1)


def diagnosis_lines(view: DiagnosisView) -> Iterator[str]:
    """Return a diagnosis as a person reads it: the answer first, then how it is known."""
    phone, voice = view.phone, view.voice
    yield f"{phone.place}, {view.site_name}  {colons(phone.mac)}  {phone.model}"
    since = f" {voice.since(phone.since)}" if phone.since else ""
    yield f"{status_word(phone.status, voice)}{since}"
    yield f"\n{view.sentence}"
    if view.fix:
        yield f"{view.fix}"
    if phone.rule:
        sureness = voice.word("sureness", view.confidence)
        yield voice.say("cause", rule=view.cause, sureness=sureness)
    yield from _block(voice.say("ladder"), _ladder(view))
    yield from _block(voice.say("evidence"), _evidence(view))
    yield from _block(voice.say("missing"), (f"{m.name}: {m.supply}" for m in view.missing))
    yield from _block(voice.say("remedies"), _remedies(view))
    yield from _incident(view)
    yield f"\n{_next_check(view)}"


def _block(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"\n{title}"
        yield from (f"  {line}" for line in found)


def _ladder(view: DiagnosisView) -> Iterator[str]:
    voice = view.voice
    names = max(len(step.name) for step in view.steps)
    marks = max(len(voice.word("marks", mark)) for mark in _MARKS)
    for step in view.steps:
        mark = voice.word("marks", step.mark)
        gap = " " * (marks - len(mark))
        arrow = ">" if step.is_cause else " "
        line = f"{arrow} {step.name:<{names}}  {click.style(mark, fg=_MARKS[step.mark])}"
        yield f"{line}{gap}  {step.text}".rstrip()


def _evidence(view: DiagnosisView) -> Iterator[str]:
    voice = view.voice
    if not view.evidence:
        yield voice.say("no_evidence")
    names = max((len(e.name) for e in view.evidence), default=0)
    width = max((len(e.said) for e in view.evidence), default=0)
    for e in view.evidence:
        age = "" if e.age_s is None else voice.say("ago", time=voice.lasted_s(e.age_s))
        if e.is_stale:
            age += f", {voice.say('too_old')}"
        source = f"  [{e.source}]" if e.source else ""
        yield f"{e.name:<{names}}  {e.said:<{width}}  {age}{source}".rstrip()
    if view.troubles:
        yield voice.say("troubles", troubles=", ".join(view.troubles.values()))
    if view.handsets_out:
        yield voice.say("handsets", handsets=", ".join(view.handsets_out))
    if view.finding:
        share = round(view.finding.share * 100)
        count = len(view.finding.macs)
        yield voice.say("group", count=count, share=share, group=view.finding.text)
        yield f"  {view.finding.sentence}"


def _remedies(view: DiagnosisView) -> Iterator[str]:
    voice = view.voice
    if view.fitting:
        names = ", ".join(view.fitting.values())
        yield voice.say("remedies_fit", remedies=names, mac=colons(view.phone.mac))
    for done in view.remedies:
        yield voice.say(
            "remedy_line",
            at=voice.moment(done.at),
            remedy=done.name,
            state=done.state_name,
            who=voice.say("by_whom", who=done.who),
            detail=f": {done.detail}" if done.detail else "",
        )


def _incident(view: DiagnosisView) -> Iterator[str]:
    voice = view.voice
    if view.incident is not None:
        state = voice.say(
            "open_since",
            since=voice.moment(view.incident.began_at),
            time=voice.lasted(voice.now - view.incident.began_at),
        )
        title = voice.say("incident", id=view.incident.id, state=state)
        yield from _block(title, timeline_lines(view.incident, view))
    earlier = (line for over in view.earlier for line in incident_lines(over, voice))
    yield from _block(voice.say("earlier"), earlier)


def timeline_lines(incident: IncidentView, view: DiagnosisView) -> Iterator[str]:
    """Return what happened in an incident, oldest first, by the site's wall time."""
    return (f"{view.voice.moment(line.at)}  {line.text}" for line in incident.timeline)


def _next_check(view: DiagnosisView) -> str:
    voice = view.voice
    if view.next_check is None:
        return voice.say("no_next_check")
    if view.next_check <= voice.now:
        return voice.say("next_due")
    return voice.say("next_check", at=voice.wall(view.next_check).strftime("%H:%M:%S"))


COMMANDS = (diagnose,)
