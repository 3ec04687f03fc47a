"""Numbers: what would happen to a call from one or to one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from monitors.calls.explain import CheckedSite, NumberCheck, check_number
from monitors.calls.wording import sentence
from provisioner.errors import UnknownThingError
from provisioner.inventory.store import stored
from provisioner.numbering.countries import known_countries
from provisioner.numbering.number import Kind, NumberError
from provisioner.numbering.plan import Plan
from web.call_rules.checking import checked_site, described
from web.commands.options import data_option, echo_json, json_option, settings_for
from web.installation import opened


@click.group()
def number() -> None:
    """Telephone numbers and the rules about them."""


@number.command()
@click.argument("text", metavar="NUMBER")
@click.option("--site", "site_id", help="Site whose numbers and rules count.")
@click.option("--country", help="Country in two letters, when no site is named.")
@click.option("--extension", help="That calls or is called. [default: the reception]")
@json_option
@data_option
def check(
    text: str,
    site_id: str | None,
    country: str | None,
    extension: str | None,
    as_json: bool,
    data: Path | None,
) -> None:
    """Say what would happen to a call from a number and to it, and which rule decides.

    Any spelling of the number will do. With neither site nor country, the only site of the
    data folder is meant.
    """
    if country and site_id:
        raise click.UsageError("either --site or --country: a site has its country")
    site = _country_only(country) if country else _site(site_id, data)
    asked = site.plan.reception if extension is None else extension
    if extension and extension not in site.plan.extensions:
        raise UnknownThingError(f"there is no extension {extension!r} at {site.id or country}")
    try:
        checked = check_number(text, site, asked, datetime.now(UTC))
    except NumberError as problem:
        click.echo(f"bellwire: {problem}", err=True)
        sys.exit(1)
    if as_json:
        echo_json(described(checked))
    else:
        _show(checked)
    if checked.dialled.kind is Kind.UNKNOWN:
        sys.exit(1)


def _show(checked: NumberCheck) -> None:
    found = checked.dialled
    about = (found.kind.value, found.country, found.nature, "" if found.valid else "not in use")
    click.echo(f"{found.value or 'no number'}: {', '.join(filter(None, about))}")
    if len(checked.spellings) > 1:
        click.echo(f"also written {', '.join(checked.spellings[1:])}")
    for way, decided in (("from", checked.incoming), ("to", checked.outgoing)):
        click.echo(f"{way}: {decided.verdict.value} - {sentence(decided.because)}")
        for action in decided.actions:
            click.echo(f"  then {action.do} {action.to}".rstrip())
        for warning in decided.warnings:
            click.echo(f"  note: {sentence(warning)}")


def _country_only(country: str) -> CheckedSite:
    code = country.upper()
    if code not in known_countries():
        raise click.UsageError(f"--country: {country!r} is no country with numbers of its own")
    return CheckedSite("", Plan(code))


def _site(site_id: str | None, data: Path | None) -> CheckedSite:
    with opened(settings_for(data)) as installation, installation.database.read() as session:
        inventory = stored(session, installation.box, [site_id] if site_id else None)
    if site_id and not inventory.sites:
        raise UnknownThingError(f"there is no site {site_id!r}")
    if len(inventory.sites) != 1:
        raise click.UsageError("name a site with --site, or a country with --country")
    site = inventory.sites[0]
    return checked_site(site, tuple(each.extension for each in inventory.accounts))


COMMANDS = (number,)
