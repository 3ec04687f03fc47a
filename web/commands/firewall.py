"""Firewall rules from the inventory, and the addresses that are shut out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path

import click

from monitors.firewall.fail2ban import LOG, NAME, filter_file, jail_file
from monitors.firewall.nftables import nftables_rules, shut_out_table
from monitors.firewall.openings import (
    TFTP_PORT,
    Bellwire,
    Network,
    Opening,
    openings,
    together,
)
from monitors.firewall.systemd import service_unit
from monitors.firewall.ufw import ufw_rules
from monitors.store.shut_out import ShutOut, shut_outs
from provisioner.delivery import utc_now
from provisioner.errors import InventoryError
from provisioner.inventory.phones import require_site
from provisioner.pbx.hardening import hardening_of
from web.calls.acting import let_in as release
from web.commands.options import echo_json, json_option, who, with_installation
from web.installation import Installation
from web.pbx_folder import pbx_of


def _networks(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(one)) for one in given)
    except ValueError as problem:
        raise click.BadParameter(str(problem)) from None


_sites = click.argument("sites", nargs=-1, required=True, metavar="SITE...")
_ami_from = click.option(
    "--ami-from",
    multiple=True,
    callback=_networks,
    metavar="NETWORK",
    help="From where bellwire logs in to the manager interface, besides the PBX itself.",
)
_pages_from = click.option(
    "--pages-from",
    multiple=True,
    callback=_networks,
    metavar="NETWORK",
    help="Close bellwire's pages to all but the phones and these networks.",
)


@click.group()
def firewall() -> None:
    """Firewall rules from the inventory, and addresses that are shut out."""


def _openings(
    installation: Installation,
    sites: tuple[str, ...],
    ami_from: tuple[str, ...],
    pages_from: tuple[str, ...],
) -> tuple[Opening, ...]:
    here = installation.settings
    bellwire = Bellwire(
        # phones ask port 69, whatever port leads there
        tftp=TFTP_PORT if here.tftp.enabled else 0,
        pnp=here.pnp.port if here.pnp.enabled else 0,
        quality=here.quality.port if here.quality.enabled else 0,
        ami_from=ami_from,
        pages_from=pages_from,
    )
    return openings([pbx_of(installation, site) for site in sites], bellwire)


@firewall.command()
@_sites
@_ami_from
@_pages_from
@click.option("--shut-out", is_flag=True, help="Only the table of addresses that are shut out.")
@with_installation
def nftables(
    installation: Installation,
    sites: tuple[str, ...],
    ami_from: tuple[str, ...],
    pages_from: tuple[str, ...],
    shut_out: bool,
) -> None:
    """Print rules for nft: who may reach the services of SITE's phones."""
    found = _openings(installation, sites, ami_from, pages_from)
    click.echo(shut_out_table(found) if shut_out else nftables_rules(sites, found), nl=False)


@firewall.command()
@_sites
@_ami_from
@_pages_from
@with_installation
def ufw(
    installation: Installation,
    sites: tuple[str, ...],
    ami_from: tuple[str, ...],
    pages_from: tuple[str, ...],
) -> None:
    """Print the same rules as commands of ufw."""
    found = _openings(installation, sites, ami_from, pages_from)
    click.echo(ufw_rules(sites, found), nl=False)


@firewall.command()
@_sites
@click.option(
    "--program",
    default="/opt/bellwire/bin/bellwire-firewall",
    show_default=True,
    help="Where bellwire-firewall is installed.",
)
@with_installation
def systemd(installation: Installation, sites: tuple[str, ...], program: str) -> None:
    """Print the systemd unit of bellwire-firewall, the one part that runs as root."""
    click.echo(service_unit(program, _never(installation, sites)), nl=False)


@firewall.command()
@_sites
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write filter.d/ and jail.d/ to, such as /etc/fail2ban.",
)
@click.option("--log", default=LOG, show_default=True, help="Asterisk's security log.")
@with_installation
def fail2ban(installation: Installation, sites: tuple[str, ...], out: Path, log: str) -> None:
    """Write a filter and a jail for fail2ban, for a PBX where bellwire-firewall does not run."""
    pbx = pbx_of(installation, sites[0])
    found = _openings(installation, sites, (), ())
    jail = jail_file(_never(installation, sites), found, hardening_of(pbx).shut_out, log)
    for folder, text in (("filter.d", filter_file()), ("jail.d", jail)):
        target = out / folder / f"{NAME}.conf"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        click.echo(str(target))


def _never(installation: Installation, sites: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks of the sites, of their trunks, and what they name besides."""
    known: list[Network] = []
    for pbx in (pbx_of(installation, site) for site in sites):
        if not pbx.site.networks:
            raise InventoryError(f"site {pbx.site.id} names no networks: it would be shut out too")
        hardening = hardening_of(pbx)
        known += pbx.site.networks
        known += [ip_network(n) for n in (*hardening.trunks, *hardening.never_shut_out)]
    return together(known)


@firewall.command()
@click.argument("site", required=False)
@click.option("--all", "every", is_flag=True, help="Also addresses whose time is over.")
@json_option
@with_installation
def blocked(installation: Installation, site: str | None, every: bool, as_json: bool) -> None:
    """List the addresses that are shut out, of SITE or of all sites."""
    if site is not None:
        with installation.database.read() as session:
            require_site(session, site)
    now = utc_now()
    found = shut_outs(installation.monitoring, site, at=None if every else now)
    if as_json:
        echo_json([asdict(one) for one in found])
        return
    for one in found:
        click.echo(_line(one, now))
    if not found:
        click.echo("no address is shut out")


def _line(one: ShutOut, now: datetime) -> str:
    what = f"guessed {one.account or 'extensions'}, {one.tries} tries"
    if one.released_by:
        state = f"released by {one.released_by}"
    elif one.until <= now:
        state = f"over since {one.until:%Y-%m-%d %H:%M} UTC"
    else:
        state = f"until {one.until:%Y-%m-%d %H:%M} UTC (time {one.times})"
    trouble = f"  NOT SHUT OUT: {one.problem}" if one.problem and one.until > now else ""
    return f"{one.address:<39} {one.site}  {what}  {state}{trouble}"


@firewall.command(name="release")
@click.argument("address")
@with_installation
def let_in(installation: Installation, address: str) -> None:
    """Let ADDRESS in again at once, and forgive its past."""
    done = release(installation, address, who(), utc_now(), lambda _: True)
    for problem in done.problems:
        click.echo(f"bellwire: the firewall still drops {done.address}: {problem}", err=True)
    if done.problems:
        raise SystemExit(1)
    click.echo(f"{done.address} is let in again")


COMMANDS = (firewall,)
