"""Single phones: adopt, arm, url, render, explain, fetches."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from provisioner.adopt import Spot
from provisioner.adopt import adopt as adopt_phone
from provisioner.errors import UnknownThingError
from provisioner.explain import explain_keys, explain_settings
from provisioner.inventory.fetches import (
    fetches_of,
    forget_waiting,
    waiting_phones,
)
from provisioner.inventory.phones import arm as arm_phone
from provisioner.inventory.phones import phone_row
from provisioner.render import render as render_files
from web.commands.options import echo_json, json_option, mac_argument, who, with_installation
from web.installation import Installation


@click.command()
@click.argument("mac")
@click.option("--site", required=True, help="Site id.")
@click.option("--room", required=True, help="Room id.")
@click.option("--position", required=True, help="Position in the room.")
@click.option("--model", help="Model id; default: what the waiting phone said it is.")
@click.option("--extension", help="Extension; default: the room's.")
@with_installation
def adopt(
    installation: Installation,
    mac: str,
    site: str,
    room: str,
    position: str,
    model: str | None,
    extension: str | None,
) -> None:
    """Take the waiting phone MAC into a room, and arm it."""
    address = mac_argument(mac)
    seen = {phone.mac: phone for phone in waiting_phones(installation.events)}.get(address)
    model = model or (seen.model if seen else "")
    if not model:
        raise UnknownThingError(f"{address.colons} is not waiting; say --model")
    phone = adopt_phone(
        installation.applier, address, Spot(site, room, position, extension), model, who()
    )
    forget_waiting(installation.events, [address])
    installation.press.render_phone(address)
    click.echo(f"{address.colons} is now {phone.position} of {site} {room} ({phone.model}); armed")


@click.command()
@click.argument("mac")
@with_installation
def arm(installation: Installation, mac: str) -> None:
    """Let the phone MAC make first contact again, for a limited time."""
    until = arm_phone(
        installation.database,
        mac_argument(mac),
        installation.settings.access.armed_hours,
        who(),
    )
    click.echo(f"armed until {until:%Y-%m-%d %H:%M} UTC; restart the phone now")


@click.command()
@click.argument("mac")
@with_installation
def url(installation: Installation, mac: str) -> None:
    """Print the provisioning URL of the phone MAC. It holds its token: treat it as a password."""
    address = mac_argument(mac)
    with installation.database.read() as session:
        phone_row(session, address)
        click.echo(installation.press.kit(session, address).urls.directory.text)


@click.command()
@click.argument("mac")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write files here.")
@click.option("--masked", is_flag=True, help="Show secrets as asterisks.")
@click.option("--firmware", help="As if the phone had this firmware.")
@with_installation
def render(
    installation: Installation, mac: str, out: Path | None, masked: bool, firmware: str | None
) -> None:
    """Render every file of the phone MAC under the name it asks for."""
    address = mac_argument(mac)
    press = installation.press
    press.render_phone(address)
    with installation.database.read() as session:
        row = phone_row(session, address)
        kit = press.kit(session, address, firmware)
        versions = press.versions(session, address)
    if row.problem:
        click.echo(f"warning: {row.problem}", err=True)
    files = render_files(
        installation.catalogue.folder,
        kit,
        version_for=lambda name, _digest: versions.get(name, 1),
        masked=masked,
    )
    for file in files:
        if out is None:
            click.echo(f"### {file.name}\n{file.body.decode()}")
            continue
        out.mkdir(parents=True, exist_ok=True)
        target = out / file.name
        target.touch(mode=0o600)
        target.write_bytes(file.body)
        click.echo(str(target))
    for warning in kit.warnings:
        click.echo(f"warning: {warning}", err=True)


@click.command()
@click.argument("mac")
@click.argument("setting", required=False)
@json_option
@with_installation
def explain(installation: Installation, mac: str, setting: str | None, as_json: bool) -> None:
    """Say what the phone MAC is told, and which layer said so."""
    address = mac_argument(mac)
    with installation.database.read() as session:
        phone_row(session, address)
        kit = installation.press.kit(session, address)
    rows = explain_settings(kit, setting)
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(f"{row['setting']:<36} {row['value']!s:<32} {row['origin']}")
    if setting is None:
        for key in explain_keys(kit):
            click.echo(f"key {key['slot']:<32} {key['key']}")
        for warning in kit.warnings:
            click.echo(f"warning: {warning}")


@click.command()
@click.argument("mac")
@click.option("--limit", default=20, help="How many.")
@json_option
@with_installation
def fetches(installation: Installation, mac: str, limit: int, as_json: bool) -> None:
    """List the last requests of the phone MAC, newest first."""
    events = fetches_of(installation.events, mac_argument(mac), limit)
    if as_json:
        echo_json([asdict(event) for event in events])
        return
    for e in events:
        click.echo(
            f"{e.at:%Y-%m-%d %H:%M:%S}  {e.protocol:<5} {e.outcome:<12} {e.reason:<14} "
            f"{e.path:<44} {e.address:<15} {e.size_bytes:>6} B  {e.agent}"
        )


COMMANDS = (adopt, arm, url, render, explain, fetches)
