"""Lists of guarded calls: ``bellwire calls rates|dnc|consent|toll-free``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from monitors.calls.donotcall import Consent, read_list, write_report
from monitors.calls.rate_csv import RateError, read_rates
from monitors.calls.tollfree import HIGHEST, Listed
from monitors.store.calls_blocks import keep_listed, touch, unlist
from monitors.store.calls_lists import (
    Imported,
    checks_of,
    drop_list,
    keep_consent,
    keep_list,
    keep_rates,
    rates_text,
    withdraw_consent,
)
from provisioner.delivery import utc_now
from provisioner.errors import UnknownThingError
from provisioner.inventory.calls import Calls
from provisioner.inventory.calls_plan import site_plan
from provisioner.inventory.records import Site
from provisioner.numbering.number import NumberError
from provisioner.numbering.plan import Plan
from web.commands.calls import audit, calls, site_of, site_option
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
    site, _ = site_of(installation, site_id)
    currency, text = (site.calls or Calls()).currency, _text(file)
    try:
        table = read_rates(text, currency)
    except RateError as problem:
        _fail(f"{file}: {problem}")
    imported = Imported("", len(table), utc_now(), who())
    with installation.monitoring.write() as session:
        keep_rates(session, site.id, text, currency, imported)
        touch(session, site.id)
    audit(installation, "rates", site.id, f"{len(table)} rates from {file.name}")
    click.echo(f"{len(table)} rates in {currency} for {site.id}")


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
    site, _ = site_of(installation, site_id)
    day = dated.date() if dated else utc_now().date()
    try:
        made = read_list(name, day, _text(file), _plan(installation, site))
    except NumberError as problem:
        _fail(f"{file}: {problem}")
    imported = Imported(name, len(made.entries), utc_now(), who(), day, made.form)
    with installation.monitoring.write() as session:
        keep_list(session, site.id, made, imported)
        touch(session, site.id)
    audit(installation, "dnc-import", f"{site.id} {name}", f"{len(made.entries)} of {day}")
    click.echo(f"{len(made.entries)} entries ({made.form}) of {day} in {name}")


@dnc.command("drop")
@click.argument("name")
@site_option
@with_installation
def drop(installation: Installation, name: str, site_id: str | None) -> None:
    """Delete a do-not-call list."""
    site, _ = site_of(installation, site_id)
    with installation.monitoring.write() as session:
        gone = drop_list(session, site.id, name)
        touch(session, site.id)
    if not gone:
        raise UnknownThingError(f"site {site.id} has no list {name!r}")
    audit(installation, "dnc-drop", f"{site.id} {name}")


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
    site, _ = site_of(installation, site_id)
    value = _number(installation, site, number)
    if not withdraw and not how:
        raise click.UsageError("say with --how what proves it")
    with installation.monitoring.write() as session:
        if withdraw:
            made = withdraw_consent(session, site.id, value, utc_now())
        else:
            made = keep_consent(
                session, site.id, Consent(value, datetime.now(UTC), how or "", who())
            )
        touch(session, site.id)
    if not made:
        raise UnknownThingError(f"{value} has no consent that stands")
    audit(installation, "consent", f"{site.id} {value}", "withdrawn" if withdraw else how or "")
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
    value = caller if caller == "anonymous" else _number(installation, site, caller)
    with installation.monitoring.write() as session:
        if level:
            listed = Listed(level, datetime.now(UTC), by_hand=True)
            keep_listed(session, site.id, value, listed)
        elif not unlist(session, site.id, value):
            raise UnknownThingError(f"{value} is not on the list")
        touch(session, site.id)
    audit(installation, "toll-free", f"{site.id} {value}", f"level {level}")
    click.echo(f"{value}: level {level}")


def _plan(installation: Installation, site: Site) -> Plan:
    _, inventory = site_of(installation, site.id)
    extensions = [account.extension for account in inventory.accounts]
    return site_plan(site, extensions, site.calls)


def _number(installation: Installation, site: Site, text: str) -> str:
    try:
        value = _plan(installation, site).read(text).value
    except NumberError as problem:
        _fail(str(problem))
    return value or _fail(f"{text!r} is no number")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        _fail(f"{file}: no text in UTF-8")


def _fail(problem: str) -> NoReturn:
    click.echo(f"bellwire: {problem}", err=True)
    sys.exit(1)


COMMANDS: tuple[click.Command, ...] = ()  # they are in the group ``calls``
