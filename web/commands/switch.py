"""Switches: read one as it stands, also before it is added."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from monitors.snmp.addresses import host_and_port
from monitors.snmp.client import SnmpClient
from monitors.snmp.credentials import Community, Credentials, User
from monitors.switches.platform import platforms
from monitors.switches.read import Who, read_switch
from monitors.switches.reading import SwitchReading
from provisioner.catalogue.loader import load
from provisioner.inventory.phones import phone_rows
from web.commands.options import data_option, echo_json, json_option, settings_for
from web.installation import opened
from web.overview.switch_ports import KnownPhone, description

AUTH = ("md5", "sha", "sha224", "sha256", "sha384", "sha512")
PRIV = ("des", "3des", "aes", "aes192", "aes256")


@click.group()
def switch() -> None:
    """Read PoE switches by SNMP."""


@switch.command()
@click.argument("target", metavar="HOST[:PORT]")
@click.option("--community", envvar="BELLWIRE_SNMP_COMMUNITY", help="SNMPv2c community.")
@click.option("--v3-user", help="User of SNMPv3, in place of a community.")
@click.option("--v3-auth", envvar="BELLWIRE_SNMP_AUTH", help="Its pass phrase that signs.")
@click.option("--v3-priv", envvar="BELLWIRE_SNMP_PRIV", help="Its pass phrase that encrypts.")
@click.option("--v3-auth-protocol", type=click.Choice(AUTH), default="sha256", show_default=True)
@click.option("--v3-priv-protocol", type=click.Choice(PRIV), default="aes", show_default=True)
@click.option("--platform", default="", help="What it is, when it does not say so itself.")
@click.option("--timeout", default=2.0, show_default=True, help="Seconds to wait for an answer.")
@json_option
@data_option
def read(  # noqa: PLR0913, PLR0917 - one option each
    target: str,
    community: str | None,
    v3_user: str | None,
    v3_auth: str | None,
    v3_priv: str | None,
    v3_auth_protocol: str,
    v3_priv_protocol: str,
    platform: str,
    timeout: float,
    as_json: bool,
    data: Path | None,
) -> None:
    """Read a switch: its ports, what they feed, who hangs on them.

    The switch need not be in the inventory; with --data, phones of the inventory are known
    by their MAC address.
    """
    keys = (v3_auth, v3_priv, v3_auth_protocol, v3_priv_protocol)
    credentials = _credentials(community, v3_user, keys)
    if platform and platform not in platforms():
        raise click.UsageError(f"--platform: one of {', '.join(platforms())}")
    host, port = _address(target)
    reading = asyncio.run(_read(host, port, credentials, Who(host, platform), timeout))
    if reading.failure is not None and not reading.ports:
        click.echo(f"bellwire: {reading.failure.text} ({reading.failure.kind})", err=True)
        sys.exit(1)
    described = description(reading, _known_phones(data))
    if as_json:
        echo_json(described)
    else:
        _show(reading, described)
    for remark in reading.remarks:
        click.echo(f"note: {remark}", err=True)


async def _read(
    host: str, port: int, credentials: Credentials, who: Who, timeout_s: float
) -> SwitchReading:
    async with SnmpClient(timeout_s) as client:
        session = client.session(host, port, credentials)
        return await read_switch(
            session,
            who,
            for_vlan=lambda vlan: client.session(host, port, credentials.for_vlan(vlan)),
        )


def _credentials(
    community: str | None, user: str | None, keys: tuple[str | None, str | None, str, str]
) -> Credentials:
    auth, priv, auth_protocol, priv_protocol = keys
    if user:
        if community:
            raise click.UsageError("either --community or --v3-user, not both")
        if priv and not auth:
            raise click.UsageError("--v3-priv needs --v3-auth")
        return User(user, _secret(auth), _secret(priv), auth_protocol, priv_protocol)
    if not community:
        raise click.UsageError("give --community, or --v3-user with its keys")
    return Community(SecretStr(community))


def _secret(text: str | None) -> SecretStr | None:
    return SecretStr(text) if text else None


def _address(target: str) -> tuple[str, int]:
    try:
        return host_and_port(target)
    except ValueError as problem:
        raise click.UsageError(str(problem)) from problem


def _known_phones(data: Path | None) -> KnownPhone:
    """Return what tells a phone by its MAC: its maker, or the inventory where there is one."""
    makers = {oui for vendor in load().vendors.values() for oui in vendor.ouis}
    ours: set[str] = set()
    if data is not None:
        settings = settings_for(data)
        if settings.secret_key_file.exists():
            with opened(settings) as installation:
                ours = {row.mac for row in phone_rows(installation.database, None)}
    return lambda mac: mac.oui in makers or mac in ours


def _show(reading: SwitchReading, described: dict[str, Any]) -> None:
    click.echo(f"{described['platform']}  {reading.sys_name}  {reading.description[:60]}")
    for group in (described["budget"] or {"groups": []})["groups"]:
        used, total = group["used_w"], group["total_w"]
        told = f"{used or 0:.0f} of {total:.0f} W" if total else f"{used or 0:.0f} W"
        click.echo(f"PoE supply {group['group']}: {told} used, {group['state']}")
    for row in described["ports"]:
        watts = "" if row["power_mw"] is None else f"{row['power_mw'] / 1000:.1f} W"
        who = row["neighbour"]
        name = ""
        if who:
            kind = "phone" if who["is_phone"] else "device"
            name = f"{kind} {who['mac'] or ''} {who['ip'] or ''} {who['name'] or ''}"
        click.echo(
            f"{row['pse'] or '-':<8} {row['if_name'] or '?':<20} {row['state']:<10} {watts:>7} "
            f"{row['link']:<10} {row['mapping']:<8} {name}".rstrip()
        )


COMMANDS = (switch,)
