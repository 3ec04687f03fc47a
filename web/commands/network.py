"""What is written for the PBX and the DHCP server, and resync."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from provisioner.delivery import utc_now
from provisioner.dhcp import Target as DhcpTarget
from provisioner.dhcp import snippet
from provisioner.errors import UnknownThingError
from provisioner.inventory import store
from provisioner.inventory.fetches import last_fetches
from provisioner.inventory.phones import phone_row, require_site
from provisioner.inventory.records import Inventory, Site
from provisioner.mac import MacAddress, parse_mac
from provisioner.pbx.asterisk import export
from provisioner.pbx.asterisk import remarks as pbx_remarks
from provisioner.pbx.site import pbx_site
from provisioner.resync import Notified, Target, notify_direct, notify_through_pbx
from provisioner.soft_phones.links import soft_phones_of
from web.commands.options import echo_json, json_option, who_fetched, with_installation
from web.installation import Installation

FILE_MODE = 0o640


def _stored_site(installation: Installation, site: str) -> tuple[Inventory, Site]:
    with installation.database.read() as session:
        require_site(session, site)
        held = store.stored(session, installation.box, [site])
    return held, held.sites[0]


@click.group()
def pbx() -> None:
    """Write configuration for the PBX from the same inventory."""


@pbx.command()
@click.argument("site")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that Asterisk includes the files from.",
)
@with_installation
def asterisk(installation: Installation, site: str, out: Path) -> None:
    """Write SITE's endpoints, access lists, dial plan, hints and voice mail for Asterisk."""
    held, _ = _stored_site(installation, site)
    with installation.database.read() as session:
        soft_phones = soft_phones_of(session, site, utc_now())
    made = pbx_site(installation.catalogue, held, site)
    wanted = replace(made, soft_phones=soft_phones)
    files = export(wanted, installation.catalogue.folder)
    out.mkdir(parents=True, exist_ok=True)
    for file in files:
        target = out / file.name
        fresh = target.with_suffix(".new")
        fresh.touch(mode=FILE_MODE)
        fresh.write_text(file.text, encoding="utf-8")
        fresh.replace(target)  # Asterisk never reads half a file
        click.echo(str(target))
    for remark in pbx_remarks(wanted):
        click.echo(f"note: {remark}", err=True)


@click.command()
@click.argument("site")
@click.option(
    "--for",
    "target",
    required=True,
    type=click.Choice(["dnsmasq", "kea", "isc", "mikrotik"]),
    help="Which DHCP server.",
)
@with_installation
def dhcp(installation: Installation, site: str, target: DhcpTarget) -> None:
    """Print the DHCP options that lead SITE's phones to bellwire."""
    _, found = _stored_site(installation, site)
    click.echo(snippet(found, installation.catalogue, target), nl=False)


@click.command()
@click.argument("mac_or_site")
@click.option("--reboot", is_flag=True, help="Reboot the phone, not only fetch.")
@click.option("--direct", is_flag=True, help="Straight to the phone, not through the PBX.")
@click.option("--port", default=5060, help="The phone's SIP port, with --direct.")
@click.option("--wait", default=20, help="Seconds to wait for the phones to fetch.")
@json_option
@with_installation
def resync(
    installation: Installation,
    mac_or_site: str,
    reboot: bool,
    direct: bool,
    port: int,
    wait: int,
    as_json: bool,
) -> None:
    """Make a phone, or all phones of a site, fetch again, and say which of them did."""
    site, targets = _targets(installation, mac_or_site)
    asked_at = utc_now()
    catalogue = installation.catalogue
    if direct:
        done = [notify_direct(catalogue, t, port, reboot=reboot) for t in targets]
    elif site.pbx is None or not site.pbx.host or site.pbx.kind != "asterisk":
        raise UnknownThingError(
            f"site {site.id} has no Asterisk to send through (pbx: ami: in its site file); "
            "use --direct"
        )
    else:
        done = notify_through_pbx(catalogue, site.pbx, targets, reboot=reboot)
    expected = {str(n.target.phone.mac) for n in done if n.contacts and not n.problem}
    fetched = who_fetched(installation, expected, asked_at, wait)
    rows = [_row(n, fetched) for n in done]
    if as_json:
        echo_json(rows)
    else:
        for row in rows:
            click.echo(f"{row['mac']}  {row['result']:<14} {row['detail']}")
    if any(row["result"] != "fetched" for row in rows):
        raise SystemExit(1)


def _targets(installation: Installation, mac_or_site: str) -> tuple[Site, list[Target]]:
    mac = parse_mac(mac_or_site)
    if mac is not None:
        with installation.database.read() as session:
            site_id = phone_row(session, mac).site_id
    else:
        site_id = mac_or_site
    held, site = _stored_site(installation, site_id)
    last = last_fetches(installation.events)
    targets = [
        Target(
            phone,
            (*phone.accounts, *(h.extension for h in phone.handsets)),
            last[phone.mac].address if phone.mac in last else "",
        )
        for phone in held.phones
        if mac is None or phone.mac == mac
    ]
    return site, targets


def _row(notified: Notified, fetched: set[str]) -> dict[str, str]:
    mac = notified.target.phone.mac
    if notified.problem:
        result, detail = "not-notified", notified.problem
    elif mac in fetched:
        result, detail = "fetched", ", ".join(notified.contacts)
    else:
        result, detail = "did-not-fetch", ", ".join(notified.contacts)
    return {"mac": MacAddress(mac).colons, "result": result, "detail": detail}


COMMANDS = (pbx, dhcp, resync)
