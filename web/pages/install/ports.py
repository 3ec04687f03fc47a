"""Which port of which switch sees a waiting phone, as the monitor has read it last."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select

from monitors.places import Place, Remembered
from monitors.store.memory import PLACE, PORTS, switch_target
from monitors.store.tables import reading
from monitors.switches.reading import PortReading, SwitchReading
from monitors.topology import is_uplink
from provisioner.db import Database
from provisioner.inventory.records import Site
from provisioner.mac import MacAddress

_CROWD_OF_ONE_WHO_SAYS_SO = 0
_SWITCH, _REMEMBERED = TypeAdapter(SwitchReading), TypeAdapter(Remembered)


@dataclass(frozen=True, slots=True)
class Seat:
    """A port where a MAC was seen.

    Attributes:
        alias: what somebody has written on the port.
        crowd: how many others were learned there; fewer is surer.
    """

    place: Place
    alias: str = ""
    crowd: int = 0

    def is_of(self, room: str, homes: Iterable[Place]) -> bool:
        """Whether it is a port of a room: a phone of it belongs there, or it is named so."""
        named = re.search(rf"(?<![0-9A-Za-z]){re.escape(room)}(?![0-9A-Za-z])", self.alias, re.I)
        return named is not None or self.place in homes


Seats = Mapping[str, Seat]


def seats_of(switch: SwitchReading) -> dict[str, Seat]:
    """Return the port of every MAC on a switch, except on ports to other switches. Pure."""
    found: dict[str, Seat] = {}
    for port in switch.ports:
        if port.if_index is None:
            continue
        for mac, crowd in _seen(port):
            seat = Seat(Place(switch.name, port.if_index, port.name), port.alias, crowd)
            if mac not in found or crowd < found[mac].crowd:
                found[mac] = seat
    return found


def _seen(port: PortReading) -> Iterable[tuple[str, int]]:
    """MACs on a port; who says so by LLDP is surer than who was learned."""
    for neighbour in port.neighbours:
        if neighbour.mac is not None:
            yield str(neighbour.mac), _CROWD_OF_ONE_WHO_SAYS_SO
    if not is_uplink(port):
        learned = {str(seen.mac) for seen in port.learned}
        yield from ((mac, len(learned)) for mac in learned)


@dataclass(slots=True)
class PortBook:
    """Seats by switch, read again only when a switch was; one for a process."""

    _known: dict[str, tuple[datetime, Seats]] = field(default_factory=dict)

    def seats(self, monitoring: Database, site: Site, macs: Iterable[str]) -> dict[str, Seat]:
        """Return the surest seat of each of these MACs on a site's switches."""
        wanted = {switch_target(site.id, s.name or s.host) for s in site.switches}
        if not wanted:
            return {}
        self._refresh(monitoring, wanted)
        books = [self._known[target][1] for target in sorted(wanted) if target in self._known]
        found: dict[str, Seat] = {}
        for mac in macs:
            seats = [book[mac] for book in books if mac in book]
            if seats:
                found[mac] = min(seats, key=lambda seat: seat.crowd)
        return found

    def _refresh(self, monitoring: Database, wanted: set[str]) -> None:
        of_ports = reading.c.probe == PORTS, reading.c.target.in_(wanted)
        with monitoring.read() as session:
            query = select(reading.c.target, reading.c.at).where(*of_ports)
            times = {row.target: row.at for row in session.execute(query)}
            fresh = [
                target for target, at in times.items()
                if target not in self._known or self._known[target][0] != at
            ]  # fmt: skip
            rows = session.execute(
                select(reading.c.target, reading.c.at, reading.c.value).where(
                    reading.c.probe == PORTS, reading.c.target.in_(fresh)
                )
            ).all()
        for row in rows:
            try:
                seats = seats_of(_SWITCH.validate_python(row.value))
            except ValidationError:  # an earlier release wrote it in another shape
                seats = {}
            self._known[row.target] = (row.at, seats)


def homes_of(monitoring: Database, macs: Iterable[MacAddress]) -> frozenset[Place]:
    """Return the ports where these phones belong."""
    wanted = [str(mac) for mac in macs]
    if not wanted:
        return frozenset()
    with monitoring.read() as session:
        query = select(reading.c.value).where(
            reading.c.probe == PLACE, reading.c.target.in_(wanted)
        )
        values = list(session.scalars(query))
    found = set()
    for value in values:
        try:
            found.add(_REMEMBERED.validate_python(value).home)
        except ValidationError:
            continue
    return frozenset(found)
