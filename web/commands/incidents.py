"""Incidents: ``bellwire incidents`` and ``bellwire acknowledge``."""

from __future__ import annotations

from datetime import timedelta

import click

from monitors.store.incident_pages import incident_of
from monitors.store.incidents import acknowledge as acknowledge_stored
from provisioner.delivery import utc_now
from provisioner.errors import InventoryError, UnknownThingError
from provisioner.inventory.audit import note
from web.commands.options import echo_json, json_option, who, with_installation
from web.commands.status import incident_lines, language_option
from web.installation import Installation
from web.overview.incidents import incident_view
from web.overview.json_form import incident_json
from web.overview.reading import read_sites


@click.command()
@click.argument("site", required=False)
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@click.option(
    "--days",
    type=click.IntRange(1, 4000),
    default=30,
    show_default=True,
    help="How far back --all goes.",
)
@language_option
@json_option
@with_installation
def incidents(
    installation: Installation,
    site: str | None,
    everything: bool,
    days: int,
    language: str,
    as_json: bool,
) -> None:
    """List incidents with what to do and the phones that are in them, newest first."""
    now = utc_now()
    since = now - timedelta(days=days) if everything else None
    stored = read_sites(installation, site, language, now, closed_since=since)
    found = [
        (one, incident_view(i, one))
        for one in stored
        for i in sorted(one.incidents, key=lambda i: -i.id)
    ]
    if as_json:
        echo_json({"incidents": [incident_json(view) for _, view in found]})
        return
    for one in stored:
        mine = [view for owner, view in found if owner is one]
        if mine:
            click.echo(f"{one.name} ({one.id})")
        for view in mine:
            for line in incident_lines(view, one.voice):
                click.echo(f"  {line}")
    if not found:
        click.echo(stored[0].voice.say("no_incidents") if stored else "no incidents")


@click.command()
@click.argument("number", metavar="ID", type=click.IntRange(1))
@click.option("--note", "remark", default="", help="What is done about it.")
@with_installation
def acknowledge(installation: Installation, number: int, remark: str) -> None:
    """Say that somebody knows of incident ID: it is not told of again while it goes on."""
    now, person = utc_now(), who()
    if not acknowledge_stored(installation.monitoring, number, person, now, remark):
        _say_why_not(installation, number)
    with installation.database.write() as session:
        note(session, now, person, "acknowledge", f"incident {number}", remark)
    click.echo(f"incident {number} is acknowledged by {person}")


def _say_why_not(installation: Installation, number: int) -> None:
    found = incident_of(installation.monitoring, number)
    if found is None:
        raise UnknownThingError(f"there is no incident {number}; bellwire incidents lists them")
    if found.closed_at is not None:
        raise InventoryError(
            f"incident {number} is over since {found.closed_at:%Y-%m-%d %H:%M} UTC"
        )
    raise InventoryError(f"incident {number} was acknowledged by {found.acknowledged_by} already")


COMMANDS = (incidents, acknowledge)
