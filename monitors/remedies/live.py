"""A switch read at this moment, and this machine's own addresses: never what is stored."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from pathlib import Path

from monitors.remedies.case import ThisHost
from monitors.signals import SwitchState
from monitors.snmp.addresses import host_and_port
from monitors.snmp.client import SnmpClient
from monitors.snmp.credentials import credentials_of
from monitors.snmp.values import Failure, FailureKind
from monitors.switches.read import Who, read_switch
from monitors.switches.reading import SwitchReading
from monitors.switches.refresh import refreshed
from provisioner.inventory.records import Switch
from provisioner.mac import MacAddress

_INTERFACES = Path("/sys/class/net")


def called(switch: Switch) -> str:
    """Return what a switch is called: its name, or its address."""
    return switch.name or switch.host


def read_now(switches: Iterable[Switch], timeout_s: float = 2.0) -> list[SwitchReading]:
    """Read switches whole, together; one that cannot be read says so in its reading."""

    async def all_of_them() -> list[SwitchReading]:
        async with SnmpClient(timeout_s) as client:
            return await asyncio.gather(*(_whole(client, switch) for switch in switches))

    return asyncio.run(all_of_them())


def refreshed_now(switch: Switch, last: SwitchReading, timeout_s: float = 2.0) -> SwitchReading:
    """Read power and links of a switch that was read before."""

    async def one() -> SwitchReading:
        credentials, address = credentials_of(switch), _address(switch)
        if credentials is None or address is None:
            return _unread(switch)
        async with SnmpClient(timeout_s) as client:
            return await refreshed(client.session(*address, credentials), last)

    return asyncio.run(one())


async def _whole(client: SnmpClient, switch: Switch) -> SwitchReading:
    credentials, address = credentials_of(switch), _address(switch)
    if credentials is None or address is None:
        return _unread(switch)
    return await read_switch(
        client.session(*address, credentials),
        Who(called(switch), switch.platform),
        for_vlan=lambda vlan: client.session(*address, credentials.for_vlan(vlan)),
    )


def _address(switch: Switch) -> tuple[str, int] | None:
    try:
        return host_and_port(switch.host)
    except ValueError:
        return None


def _unread(switch: Switch) -> SwitchReading:
    told = "the site file has no SNMP credentials for it, or a wrong port"
    problem = Failure(FailureKind.REFUSED, told)
    return SwitchReading(called(switch), SwitchState.UNKNOWN, failure=problem)


def this_host(towards: Iterable[str] = ()) -> ThisHost:
    """Return this machine's MAC addresses, and the addresses it has towards some hosts."""
    macs = set()
    for file in _INTERFACES.glob("*/address"):
        try:
            macs.add(MacAddress(file.read_text(encoding="ascii").strip()))
        except (OSError, ValueError):
            continue  # a tunnel or the loopback has none
    return ThisHost(frozenset(macs), frozenset(map(_address_towards, towards)) - {""})


def _address_towards(host: str) -> str:
    try:
        name, port = host_and_port(host)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((name, port))
            return str(probe.getsockname()[0])
    except (OSError, ValueError):
        return ""
