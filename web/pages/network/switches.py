"""Switches as the monitor read them last: what they feed, and which phone hangs on which port."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitors.signals import Budget, Link, PortPower, SwitchState
from monitors.status import State
from monitors.store.memory import KeptSwitch, switches_of
from monitors.store.tables import status
from monitors.switches.reading import Neighbour, PoeGroup, PortReading
from monitors.switches.signals_of import budget_signal
from monitors.topology import is_uplink
from provisioner.inventory.tables import PhoneRow, SiteRow
from provisioner.mac import MacAddress
from web.installation import Installation
from web.overview.switch_ports import neighbour_of

_CHUNK = 500
_FED = frozenset({PortPower.DELIVERING})
_BROKEN = frozenset(
    {
        PortPower.DENIED,
        PortPower.OVERLOAD,
        PortPower.SHORT,
        PortPower.FAULT,
        PortPower.HARDWARE,
    }
)


@dataclass(frozen=True, slots=True)
class PortPhone:
    """A phone of the site on a port; ``state``: None: nobody has judged it yet."""

    mac: str
    room: str
    position: str
    model: str
    state: State | None


@dataclass(frozen=True, slots=True)
class PortView:
    """One port.

    Attributes:
        phones: of the inventory that hang on it.
        seen: the device on it that is none of ours, if any.
        is_broken: its power does not do what it should.
        is_uplink: it leads to another switch.
    """

    port: PortReading
    phones: tuple[PortPhone, ...]
    seen: Neighbour | None
    is_broken: bool
    is_uplink: bool

    @property
    def is_used(self) -> bool:
        """Whether there is anything to be said of it."""
        up = self.port.link in {Link.UP, Link.DEGRADED, Link.UNSTABLE}
        return bool(self.phones or self.seen or self.is_broken or up)


@dataclass(frozen=True, slots=True)
class BudgetView:
    """One power supply: watts drawn and there, and what that means."""

    group: PoeGroup
    state: Budget

    @property
    def percent(self) -> int | None:
        """How much of it is drawn; None: the switch does not tell."""
        if not self.group.total_w or self.group.used_w is None:
            return None
        return min(100, round(100 * self.group.used_w / self.group.total_w))


@dataclass(frozen=True, slots=True)
class SwitchView:
    """One switch; without a reading nobody has read it yet.

    Attributes:
        host: its address, with its port if that is not the usual one.
        feeding, broken: ports that deliver power, and whose power is not as it should be.
        phones: of the inventory on its ports.
    """

    name: str
    host: str
    platform: str
    state: SwitchState
    read_at: datetime | None
    failure: str
    remarks: tuple[str, ...]
    budgets: tuple[BudgetView, ...]
    ports: tuple[PortView, ...]
    description: str = ""

    @property
    def feeding(self) -> int:
        """Ports that deliver power."""
        return sum(view.port.state in _FED for view in self.ports)

    @property
    def broken(self) -> int:
        """Ports whose power is not as it should be."""
        return sum(view.is_broken for view in self.ports)

    @property
    def phones(self) -> int:
        """Phones of the site on its ports."""
        return sum(len(view.phones) for view in self.ports)


def switch_views(installation: Installation, site: str, only: str = "") -> list[SwitchView] | None:
    """Return the switches of a site, in the order of its file; None: there is no such site.

    Args:
        installation: the opened data folder.
        site: its id.
        only: the name of one switch; empty: all of them.
    """
    with installation.database.read() as reading:
        told = reading.scalar(select(SiteRow.switches).where(SiteRow.id == site))
    if told is None:
        return None
    listed = {str(one.get("name") or one["host"]): str(one["host"]) for one in told}
    wanted = {n: host for n, host in listed.items() if only in {"", n}}
    kept = switches_of(installation.monitoring, site, wanted)
    phones = _phones(installation, site, _macs(kept.values()))
    return [_view(name, host, kept.get(name), phones) for name, host in wanted.items()]


def _macs(kept: Iterable[KeptSwitch]) -> set[str]:
    return {str(mac) for one in kept for port in one.reading.ports for mac in _on(port)}


def _on(port: PortReading) -> Iterator[MacAddress]:
    """Who is known to be on a port; behind an uplink is everybody."""
    if is_uplink(port):
        return
    yield from (n.mac for n in port.neighbours if n.mac is not None)
    yield from (seen.mac for seen in port.learned)


def _phones(installation: Installation, site: str, macs: set[str]) -> dict[str, PortPhone]:
    wanted = sorted(macs)
    found: dict[str, PortPhone] = {}
    with installation.database.read() as reading, installation.monitoring.read() as judging:
        for start in range(0, len(wanted), _CHUNK):
            some = wanted[start : start + _CHUNK]
            states = _states(judging, some)
            query = select(PhoneRow.mac, PhoneRow.room_id, PhoneRow.position, PhoneRow.model).where(
                PhoneRow.site_id == site, PhoneRow.mac.in_(some)
            )
            for mac, room, position, model in reading.execute(query):
                found[mac] = PortPhone(mac, room, position, model, states.get(mac))
    return found


def _states(judging: Session, macs: list[str]) -> dict[str, State]:
    query = select(status.c.mac, status.c.state).where(status.c.mac.in_(macs))
    return {row.mac: State(row.state) for row in judging.execute(query)}


def _view(
    name: str, host: str, kept: KeptSwitch | None, phones: Mapping[str, PortPhone]
) -> SwitchView:
    if kept is None:
        return SwitchView(name, host, "", SwitchState.UNKNOWN, None, "", (), (), ())
    reading = kept.reading
    return SwitchView(
        name,
        host,
        reading.platform,
        reading.state,
        kept.at,
        reading.failure.text if reading.failure else "",
        reading.remarks,
        tuple(BudgetView(group, budget_signal(group)) for group in reading.budget.groups),
        tuple(port_view(port, phones) for port in reading.ports),
        reading.description,
    )


def port_view(port: PortReading, phones: Mapping[str, PortPhone]) -> PortView:
    """Return a port with the phones on it. Pure."""
    macs = dict.fromkeys(str(mac) for mac in _on(port))
    ours = tuple(phones[mac] for mac in macs if mac in phones)
    seen = None if ours else neighbour_of(port, lambda mac: str(mac) in phones)
    return PortView(port, ours, seen, port.state in _BROKEN, is_uplink(port))
