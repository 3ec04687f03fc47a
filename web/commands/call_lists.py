"""Lists of guarded calls: ``bellwire calls rates|dnc|consent|toll-free``."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click

from monitors.calls.donotcall import write_report
from monitors.calls.rate_csv import RateError
from monitors.calls.tollfree import HIGHEST
from monitors.store.calls_lists import checks_of, rates_text
from provisioner.delivery import utc_now
from provisioner.errors import UnknownThingError
from provisioner.inventory.records import Site
from provisioner.numbering.number import NumberError
from web.call_rules.importing import Importer
from web.calls.acting import caller_of, list_caller
from web.calls.ground import plan_of
from web.commands.calls import calls, site_of, site_option
from web.commands.options import who, with_installation
from web.installation import Installation

_FILE = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))


@calls.group()
def rates() -> None:
    """What calls cost."""


@rates.command("import")
@_FILE
@site_option
@with_installation
def import_rates(installation: Installation, file: Path, site_id: str | None) -> None:
    """Read the rates of a site from CSV; they take the place of those of before."""
    importer = _importer(installation, site_id)
    try:
        imported = importer.rates(_text(file), file.name)
    except RateError as problem:
        _fail(f"{file}: {problem}")
    click.echo(f"{imported.entries} rates in {importer.currency} for {importer.site.id}")


@rates.command("export")
@site_option
@with_installation
def export_rates(installation: Installation, site_id: str | None) -> None:
    """Write the rates of a site as they were imported."""
    site, _ = site_of(installation, site_id)
    found = rates_text(installation.monitoring, site.id)
    if found is None:
        raise UnknownThingError(f"site {site.id} has no rates")
    click.echo(found[0], nl=False)


@calls.group()
def dnc() -> None:
    """Do-not-call lists, and what was checked against them."""


@dnc.command("import")
@_FILE
@site_option
@click.option("--name", required=True, help="Of the list, such as robinson.")
@click.option("--dated", type=click.DateTime(["%Y-%m-%d"]), help="Day of it. [default: today]")
@with_installation
def import_list(
    installation: Installation, file: Path, site_id: str | None, name: str, dated: datetime | None
) -> None:
    """Read a do-not-call list: numbers, or their SHA-1 or SHA-256, an entry a line."""
    importer = _importer(installation, site_id)
    day = dated.date() if dated else utc_now().date()
    try:
        made = importer.list(name, day, _text(file), plan_of(installation, importer.site.id))
    except NumberError as problem:
        _fail(f"{file}: {problem}")
    click.echo(f"{made.entries} entries ({made.form}) of {day} in {name}")


@dnc.command("drop")
@click.argument("name")
@site_option
@with_installation
def drop(installation: Installation, name: str, site_id: str | None) -> None:
    """Delete a do-not-call list."""
    importer = _importer(installation, site_id)
    if not importer.drop(name):
        raise UnknownThingError(f"site {importer.site.id} has no list {name!r}")


@dnc.command("report")
@site_option
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="[default: now]")
@with_installation
def checked(
    installation: Installation, site_id: str | None, first: datetime, last: datetime | None
) -> None:
    """Write what was checked before commercial calls, as CSV, for an audit. Days are UTC."""
    site, _ = site_of(installation, site_id)
    rows = checks_of(installation.monitoring, site.id, first, last or utc_now())
    click.echo(write_report(rows), nl=False)


@calls.command()
@click.argument("number")
@site_option
@click.option("--how", help="What proves it: a form, a contract, a recorded call.")
@click.option("--withdraw", is_flag=True, help="The person agrees no more.")
@with_installation
def consent(
    installation: Installation,
    number: str,
    site_id: str | None,
    how: str | None,
    withdraw: bool,
) -> None:
    """Write that the person at NUMBER agrees to commercial calls, or no more."""
    importer = _importer(installation, site_id)
    value = _number(installation, importer.site, number)
    if not withdraw and not how:
        raise click.UsageError("say with --how what proves it")
    if withdraw and not importer.withdraw(value):
        raise UnknownThingError(f"{value} has no consent that stands")
    if how and not withdraw:
        importer.consent(value, how)
    click.echo(f"{value}: {'agrees no more' if withdraw else 'agrees'}")


@calls.command("toll-free")
@click.argument("caller")
@site_option
@click.option("--level", type=click.IntRange(0, HIGHEST), required=True, help="0: off the list.")
@with_installation
def toll_free(installation: Installation, caller: str, site_id: str | None, level: int) -> None:
    """Put CALLER on the list of the toll-free numbers, or take it off.

    Levels 1 to 5 must key a code, 6 and more are refused. What a person puts there stays there.
    """
    site, _ = site_of(installation, site_id)
    try:
        value = list_caller(installation, site.id, caller, level, who(), utc_now())
    except NumberError as problem:
        _fail(str(problem))
    click.echo(f"{value}: level {level}")


def _importer(installation: Installation, site_id: str | None) -> Importer:
    site, _ = site_of(installation, site_id)
    return Importer(installation, site, who(), utc_now())


def _number(installation: Installation, site: Site, text: str) -> str:
    try:
        return caller_of(installation, site.id, text)
    except NumberError as problem:
        _fail(str(problem))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        _fail(f"{file}: no text in UTF-8")


def _fail(problem: str) -> NoReturn:
    click.echo(f"bellwire: {problem}", err=True)
    sys.exit(1)


COMMANDS: tuple[click.Command, ...] = ()  # they are in the group ``calls``
