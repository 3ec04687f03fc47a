"""Finding phones on the network: a process of its own listens, this one keeps what it finds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import IO, Any

import click
from sqlalchemy import select

from monitors.discovery.arp_sweep import MOST, targets
from monitors.discovery.finds import MAX_FINDS, Find, from_line, merged
from monitors.discovery.waiting import waiting_phone
from provisioner.delivery import utc_now
from provisioner.errors import DeviceError, SettingsError, UnknownThingError
from provisioner.inventory.fetches import waiting_phones
from provisioner.inventory.phones import phone_rows, require_site
from provisioner.inventory.tables import SiteRow
from provisioner.mac import MacAddress
from web.commands.options import echo_json, json_option, with_installation
from web.installation import Installation

MODULE = "monitors.discovery"
KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LC_CTYPE", "VIRTUAL_ENV")
"""The listening process needs nothing else; no secret of ours is in its environment."""
_USAGE = 2
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Found:
    """A find, and what became of it.

    Attributes:
        state: ``waiting`` (on the list now), ``known`` (in the inventory), ``elsewhere`` (not in
            the site's networks) or ``unsupported`` (a phone of another maker).
        place: site, room and position of a known one.
    """

    find: Find
    state: str
    place: str = ""


@click.command()
@click.option("--interface", default="", help="Listen on it; default: that of the default route.")
@click.option("--site", help="Only phones in this site's networks; needed to sweep several sites.")
@click.option("--sweep", is_flag=True, help="Ask every address of the site's networks by ARP.")
@click.option("--network", "parts", multiple=True, metavar="NET", help="Sweep only this part.")
@click.option("--most", default=MOST, show_default=True, help="Addresses a sweep may ask.")
@click.option("--listen", default=60.0, show_default=True, help="Seconds to listen.")
@click.option(
    "--capture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read a capture (pcap) instead.",
)
@click.option(
    "--from",
    "lines",
    type=click.File("r"),
    help="Read what python -m monitors.discovery wrote elsewhere; - is standard input.",
)
@json_option
@with_installation
def discover(  # noqa: PLR0913, PLR0917 - one option each
    installation: Installation,
    interface: str,
    site: str | None,
    sweep: bool,
    parts: tuple[str, ...],
    most: int,
    listen: float,
    capture: Path | None,
    lines: IO[str] | None,
    as_json: bool,
) -> None:
    """Find phones that nobody entered: listen for DHCP, LLDP, plug-and-play and ARP.

    New ones go on the waiting list. A process of its own listens; it alone needs CAP_NET_RAW,
    and gives it up once its socket is open. It needs scapy: pip install 'bellwire[discovery]'.
    """
    networks = _networks(installation, site, needed=sweep or bool(parts))
    if lines is not None:
        read: dict[MacAddress, Find] = {}
        _collect(lines, read, as_json=as_json)
        finds = list(read.values())
    else:
        asked = _asked(networks, parts, most) if sweep or parts else []
        command = _command(interface, listen, asked, most)
        if capture is not None:
            command = ["--capture", str(capture.absolute())]
        finds = _listened(command, as_json=as_json)
    found = keep(installation, finds, networks if site else ())
    if as_json:
        echo_json(
            {"phones": [asdict(f.find) | {"state": f.state, "place": f.place} for f in found]}
        )
    else:
        _tell(found)


def _networks(installation: Installation, site: str | None, *, needed: bool) -> list[Network]:
    """The networks of the site, or of the only one.

    Raises:
        UnknownThingError: there is no such site, or one must be named.
    """
    with installation.database.read() as session:
        if site is not None:
            return [ip_network(n) for n in require_site(session, site).networks]
        rows = list(session.scalars(select(SiteRow).order_by(SiteRow.id)))
        if needed and len(rows) != 1:
            names = ", ".join(row.id for row in rows) or "none"
            raise UnknownThingError(f"which site? Say --site; known are: {names}")
        return [ip_network(n) for row in rows for n in row.networks]


def _asked(networks: Iterable[Network], parts: Sequence[str], most: int) -> list[IPv4Network]:
    """The networks to sweep.

    Raises:
        SettingsError: there is none, one is not the site's, or they are too large.
    """
    own = [n for n in networks if isinstance(n, IPv4Network)]
    try:
        wanted = [IPv4Network(part) for part in parts] or own
    except ValueError as problem:
        raise SettingsError(f"--network: {problem}") from problem
    strange = [n for n in wanted if not any(n.subnet_of(each) for each in own)]
    if strange:
        raise SettingsError(f"--network: {strange[0]} is in none of the site's networks")
    if not wanted:
        raise SettingsError("the site has no IPv4 network to sweep")
    try:
        targets(wanted, most)
    except ValueError as problem:
        raise SettingsError(str(problem)) from problem
    return wanted


def _command(interface: str, listen: float, asked: Iterable[IPv4Network], most: int) -> list[str]:
    options = ["--listen", str(listen), "--most", str(most), "--with-parent"]
    options += ["--interface", interface] if interface else []
    return [*options, *(word for n in asked for word in ("--sweep", str(n)))]


def _listened(options: Sequence[str], *, as_json: bool) -> list[Find]:
    """Run the listening process and return what it found; Ctrl-C ends it, and keeps the finds.

    Raises:
        SettingsError: scapy or the capability is missing, or it was asked for nonsense.
        DeviceError: it could not listen.
    """
    # -P: modules are not taken from the folder that happens to be the working one
    command = [sys.executable, "-P", "-m", MODULE, *options]
    environment = {n: os.environ[n] for n in KEPT_ENVIRONMENT if n in os.environ}
    pipe = subprocess.PIPE
    finds: dict[MacAddress, Find] = {}
    with subprocess.Popen(
        command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            _collect(process.stdout or (), finds, as_json=as_json)
        except KeyboardInterrupt:  # enough: what was found is kept
            process.terminate()
            return list(finds.values())
        said = process.stderr.read().strip() if process.stderr else ""
        code = process.wait()
    if code != 0:
        problem = said.rpartition("\n")[2].removeprefix("discovery: ")
        raise SettingsError(problem) if code == _USAGE else DeviceError("discovery", problem)
    return list(finds.values())


def _collect(lines: Iterable[str], finds: dict[MacAddress, Find], *, as_json: bool) -> None:
    """Add the finds that lines hold, each device once; people see them as they come."""
    for line in lines:
        try:
            find = from_line(line)
        except ValueError as problem:
            click.echo(f"bellwire: left out, {problem}", err=True)
            continue
        if find.mac not in finds and len(finds) >= MAX_FINDS:
            continue  # somebody makes them up
        if not as_json and find.mac not in finds:
            what = find.model or find.vendor
            click.echo(f"{find.mac.colons} {find.via} {what}".rstrip(), err=True)
        finds[find.mac] = merged(finds[find.mac], find) if find.mac in finds else find


def keep(
    installation: Installation, finds: Iterable[Find], networks: Sequence[Network]
) -> list[Found]:
    """Put new phones on the waiting list, and say what became of each find.

    Args:
        installation: where.
        finds: each device once.
        networks: only phones there are kept; empty: all.
    """
    rows = {row.mac: row for row in phone_rows(installation.database)}
    held = {phone.mac: phone for phone in waiting_phones(installation.events)}
    vendors, models = installation.catalogue.vendors, installation.catalogue.models
    recorder = installation.recorder()
    now = utc_now()
    found: list[Found] = []
    for find in finds:
        row = rows.get(find.mac)
        if row is not None:
            found.append(Found(find, "known", f"{row.site_id} {row.room_id} {row.position}"))
        elif not _is_inside(find, networks):
            found.append(Found(find, "elsewhere"))
        elif find.vendor not in vendors:
            found.append(Found(find, "unsupported"))
        else:
            recorder.record(waiting_phone(find, held.get(find.mac), models, now))
            found.append(Found(find, "waiting"))
    recorder.close()
    return found


def _is_inside(find: Find, networks: Sequence[Network]) -> bool:
    """Whether a find may be the site's; one without an address may."""
    if not networks or not find.address:
        return True
    try:
        address: Any = ip_address(find.address)
    except ValueError:
        return False
    return any(address in network for network in networks)


def _tell(found: Sequence[Found]) -> None:
    if not found:
        click.echo("no phone said anything")
    for each in found:
        find = each.find
        what = " ".join(filter(None, (find.model or find.vendor, find.firmware)))
        where = each.place or find.address or "no address yet"
        click.echo(f"{find.mac.colons}  {each.state:<11} {find.via:<5} {what:<32} {where}")
    new = sum(each.state == "waiting" for each in found)
    if new:
        click.echo(f"{new} wait to be adopted: bellwire adopt MAC ... (bellwire status lists them)")


COMMANDS = (discover,)
