"""How all phones are: ``bellwire status``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace

import click

from monitors.diagnosis.wording import LANGUAGES
from provisioner.catalogue.advice import about_waiting
from provisioner.delivery import utc_now
from provisioner.inventory.fetches import waiting_phones
from web.commands.options import echo_json, json_option, with_installation
from web.installation import Installation
from web.overview.json_form import Row, colons, incident_json, phone_json, site_json, time_text
from web.overview.phones import site_overview
from web.overview.reading import read_sites
from web.overview.values import ORDER, IncidentView, PhoneOverview, SiteOverview
from web.overview.wording import Voice

COLOURS = {
    "down": "red", "failing": "red", "refused": "red", "not-rendered": "red",
    "recovering": "yellow", "warning": "yellow", "working": "green", "provisioned": "green",
}  # fmt: skip
PLACES_MAX = 20
_WELL = "I1"

language_option = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="Language of the sentences.",
)


@click.command()
@click.argument("site", required=False)
@click.option(
    "--only", type=click.Choice(ORDER), multiple=True, help="Phones of this status; repeatable."
)
@language_option
@json_option
@with_installation
def status(
    installation: Installation,
    site: str | None,
    only: tuple[str, ...],
    language: str,
    as_json: bool,
) -> None:
    """List phones, those in trouble first with what to do, open incidents, waiting phones."""
    now = utc_now()
    sweep_s = installation.settings.monitor.sweep_s
    stored = read_sites(installation, site, language, now)
    sites = [_only(site_overview(one, sweep_s), only) for one in stored]
    waiting = _waiting(installation)
    simulated = installation.simulated_mark.exists()
    if as_json:
        echo_json(
            {
                "phones": [phone_json(phone) for one in sites for phone in one.phones],
                "waiting": waiting,
                "simulated": simulated,
                "sites": [site_json(one) for one in sites],
                "incidents": [incident_json(i) for one in sites for i in one.incidents],
            }
        )
        return
    voice = sites[0].voice if sites else None
    if simulated and voice:
        click.echo(voice.say("simulated") + "\n")
    for one in sites:
        for line in site_lines(one):
            click.echo(line)
        click.echo()
    _say_waiting(waiting, voice)


def _only(site: SiteOverview, wanted: tuple[str, ...]) -> SiteOverview:
    if not wanted:
        return site
    return replace(site, phones=tuple(p for p in site.phones if p.status in wanted))


def _waiting(installation: Installation) -> list[Row]:
    return [
        {
            **asdict(phone),
            "mac": colons(phone.mac),
            "first_seen": time_text(phone.first_seen),
            "last_seen": time_text(phone.last_seen),
            "advice": about_waiting(installation.catalogue, phone.vendor, phone.model),
        }
        for phone in waiting_phones(installation.events)
    ]


def _say_waiting(waiting: Iterable[Row], voice: Voice | None) -> None:
    found = list(waiting)
    if voice is None:
        click.echo(f"no phones; {len(found)} waiting")
    else:
        click.echo(voice.say("waiting", count=len(found)))
    for w in found:
        what = f"{w['vendor']} {w['model']}"
        if voice is None:
            click.echo(f"waiting {w['mac']}  {what} from {w['address']}: {w['advice']}")
        else:
            facts = {name: w[name] for name in ("mac", "address", "times", "advice")}
            click.echo(voice.say("waiting_phone", what=what, **facts))


def site_lines(site: SiteOverview) -> Iterator[str]:
    """Return a site as a person reads it."""
    yield head_line(site)
    yield from (f"  {hint}" for hint in hints(site))
    groups = [incident for incident in site.incidents if incident.grouped]
    if groups:
        yield f"\n  {site.voice.say('open_incidents')}"
        for incident in groups:
            yield from (f"    {line}" for line in incident_lines(incident, site.voice))
        yield ""
    yield from phone_lines(site.phones, site)


def head_line(site: SiteOverview) -> str:
    """Return name, counts by status, and when the monitor judged last."""
    voice = site.voice
    facts = {"name": site.name, "site": site.id, "phones": sum(site.counts.values())}
    if not site.counts:
        return voice.say("site_empty", **facts)
    told = voice.say("site", **facts, counts=counts_text(site))
    if site.judged_at is None:
        return told
    return f"{told}; {voice.say('judged', ago=voice.ago(site.judged_at))}"


def counts_text(site: SiteOverview) -> str:
    """Return how many phones there are of each status, worst first."""
    return ", ".join(f"{n} {status_word(s, site.voice)}" for s, n in site.counts.items())


def status_word(status: str, voice: Voice) -> str:
    """Return a status in words and colour; colours are left out where nobody sees them."""
    return click.style(voice.word("states", status), fg=COLOURS.get(status))


def hints(site: SiteOverview) -> Iterator[str]:
    """Return what a person must know first: that the monitor stands still, maintenance."""
    voice = site.voice
    if site.judged_at is None and site.counts:
        yield voice.say("never_judged")
    elif site.is_stale and site.judged_at is not None:
        yield voice.say("stale", time=voice.lasted(voice.now - site.judged_at))
    for window in site.windows:
        if window.start <= voice.now:
            what = ", ".join((*window.rooms, *window.switches)) or voice.say("everything")
            reason = f" ({window.reason})" if window.reason else ""
            yield voice.say("maintenance", until=voice.moment(window.end), what=what + reason)


def incident_lines(incident: IncidentView, voice: Voice) -> Iterator[str]:
    """Return an incident: what it is, what to do, whose it is, its phones once."""
    if incident.closed_at is None:
        state = voice.since(incident.began_at)
    else:
        state = voice.say(
            "over",
            at=voice.moment(incident.closed_at),
            time=voice.lasted(incident.closed_at - incident.began_at),
            ending=voice.word("endings", incident.ending),
        )
    place = "" if incident.grouped else f"{incident.place}: "
    yield f"{incident.id:<5} {place}{incident.sentence}"
    if incident.fix and incident.is_open:
        yield f"      {incident.fix}"
    yield f"      {state}"
    if incident.acknowledged_at is not None:
        at = voice.moment(incident.acknowledged_at)
        yield f"      {voice.say('acknowledged', who=incident.acknowledged_by, at=at)}"
    if incident.grouped and incident.phones:
        yield f"      {voice.say('phones', phones=places_text(incident, voice))}"


def places_text(incident: IncidentView, voice: Voice) -> str:
    """Return where the phones of an incident are, the first of them by name."""
    places = list(dict.fromkeys(incident.phones.values()))
    told = places[:PLACES_MAX]
    if len(places) > PLACES_MAX:
        told.append(voice.say("more", count=len(places) - PLACES_MAX))
    return ", ".join(told)


def phone_lines(phones: Iterable[PhoneOverview], site: SiteOverview) -> Iterator[str]:
    """Return phones as a table; of those in trouble with sentence and fix below."""
    found, voice = list(phones), site.voice
    places = max((len(p.place) for p in found), default=0)
    models = max((len(p.model) for p in found), default=0)
    words = max((len(voice.word("states", p.status)) for p in found), default=0)
    for p in found:
        gap = " " * (words - len(voice.word("states", p.status)))
        line = f"  {status_word(p.status, voice)}{gap}  {p.place:<{places}}  {colons(p.mac)}  "
        line += f"{p.model:<{models}}"
        if not p.is_in_trouble:
            cause = "" if p.rule == _WELL else p.cause
            yield f"{line}  {cause}".rstrip()
            continue
        if p.since is not None:
            line += f"  {voice.since(p.since)}"
        if p.incident is not None:
            line += f", {voice.say('in_incident', id=p.incident)}"
        yield line.rstrip()
        yield from (f"  {'':<{words}}  {text}" for text in _below(p))


def _below(phone: PhoneOverview) -> Iterator[str]:
    """What is wrong and what to do; of a phone that fails with its group its incident says it."""
    if not phone.in_group:
        yield from filter(None, (phone.cause, phone.fix))


COMMANDS = (status,)
