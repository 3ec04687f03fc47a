"""Reads a site's switches: whole now and then, power and links each time, politely."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from monitors.signals import SwitchState
from monitors.snmp.addresses import host_and_port
from monitors.snmp.client import SnmpClient
from monitors.snmp.credentials import Credentials, credentials_of
from monitors.switches.counters import HOUR_S, Sample, counted
from monitors.switches.read import Who, read_switch
from monitors.switches.reading import SwitchReading
from monitors.switches.refresh import refreshed
from monitors.switches.signals_of import Observed
from provisioner.inventory.records import Switch


@dataclass(slots=True)
class _Known:
    """What is known of one switch from earlier sweeps; times by the caller's clock, in seconds."""

    reading: SwitchReading | None = None
    read_at_s: float = 0.0
    whole_at_s: float | None = None
    samples: dict[int, deque[Sample]] = field(default_factory=dict)


@dataclass(slots=True)
class SwitchDesk:
    """Remembers readings and counters of a site's switches; used by one sweep at a time.

    Attributes:
        whole_s: how often names, neighbours and forwarding tables are read.
        at_once: how many switches are read together.
    """

    whole_s: float = 300.0
    at_once: int = 8
    _known: dict[str, _Known] = field(default_factory=dict)

    async def read(
        self, client: SnmpClient, switches: Iterable[Switch], now_s: float
    ) -> dict[str, SwitchReading]:
        """Read every switch that bellwire may read; returns what is new, by name."""
        wanted = {called(switch): switch for switch in switches}
        for gone in set(self._known) - set(wanted):
            del self._known[gone]
        places = asyncio.Semaphore(self.at_once)

        async def one(name: str, switch: Switch) -> SwitchReading | None:
            async with places:
                return await self._read(client, name, switch, now_s)

        found = await asyncio.gather(*(one(n, s) for n, s in wanted.items()))
        return {name: r for name, r in zip(wanted, found, strict=True) if r is not None}

    def observed(self, now_s: float) -> dict[str, Observed]:
        """Return the last readings with their ages and the counts of the last hour."""
        return {
            name: Observed(
                known.reading,
                max(0.0, now_s - known.read_at_s),
                max(0.0, now_s - (known.whole_at_s or known.read_at_s)),
                _counts(known, now_s),
            )
            for name, known in self._known.items()
            if known.reading is not None
        }

    async def _read(
        self, client: SnmpClient, name: str, switch: Switch, now_s: float
    ) -> SwitchReading | None:
        credentials = credentials_of(switch)
        if credentials is None:
            return None
        known = self._known.setdefault(name, _Known())
        last = known.reading
        is_due = known.whole_at_s is None or now_s - known.whole_at_s >= self.whole_s
        if last is None or last.state is not SwitchState.UP or is_due:
            reading = await _whole(client, switch, credentials, last)
            if reading.state is SwitchState.UP:
                known.whole_at_s = now_s
        else:
            host, port = host_and_port(switch.host)
            reading = await refreshed(client.session(host, port, credentials), last)
        known.reading, known.read_at_s = _with_memory(reading, last), now_s
        _sample(known, now_s)
        return known.reading


async def _whole(
    client: SnmpClient, switch: Switch, credentials: Credentials, last: SwitchReading | None
) -> SwitchReading:
    host, port = host_and_port(switch.host)
    table = last.power_table if last is not None else ""
    return await read_switch(
        client.session(host, port, credentials),
        Who(called(switch), switch.platform, table),
        for_vlan=lambda vlan: client.session(host, port, credentials.for_vlan(vlan)),
    )


def _with_memory(reading: SwitchReading, last: SwitchReading | None) -> SwitchReading:
    """What a silent switch is known to be, so that it is asked the right things again."""
    if reading.state is SwitchState.UP or last is None:
        return reading
    return replace(reading, platform=last.platform, power_table=last.power_table)


def _sample(known: _Known, now_s: float) -> None:
    """Keep a port's counters when they have changed; of what is old the newest is kept."""
    reading = known.reading
    if reading is None or reading.state is not SwitchState.UP:
        return
    for port in reading.ports:
        if port.if_index is None or not port.counters:
            continue
        kept = known.samples.setdefault(port.if_index, deque())
        if not kept or dict(kept[-1].values) != dict(port.counters):
            kept.append(Sample(now_s, reading.uptime_ticks, port.counters))
        while len(kept) > 1 and kept[1].at_s <= now_s - HOUR_S:
            kept.popleft()


def _counts(known: _Known, now_s: float) -> Mapping[int, Mapping[str, int]]:
    return {
        index: counted(list(samples), now_s)
        for index, samples in known.samples.items()
        if len(samples) > 1
    }


def called(switch: Switch) -> str:
    """Return what a switch is called: its name, or its address."""
    return switch.name or switch.host


def link_up_s(reading: SwitchReading, if_index: int) -> float | None:
    """Return for how many seconds a port's link has been as it is; None: not known."""
    port = reading.port(if_index)
    changed = port.counters.get("last_change") if port is not None else None
    if changed is None or reading.uptime_ticks is None or changed > reading.uptime_ticks:
        return None
    return (reading.uptime_ticks - changed) / 100
