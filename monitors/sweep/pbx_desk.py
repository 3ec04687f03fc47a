"""Stays with a site's PBX: reads its registrations and listens to what it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from monitors.probes.pbx import asterisk, freeswitch, kamailio
from monitors.probes.pbx.board import EventBoard
from monitors.probes.pbx.watch import PbxWatch
from monitors.probes.registrations import RegistrationsReading
from monitors.sweep.registration_desk import PbxNews
from provisioner.inventory.records import Pbx

Clock = Callable[[], datetime]
Read = Callable[[], RegistrationsReading]


@dataclass(slots=True)
class PbxDesk:
    """One PBX; ``watch`` is None where it tells nothing by itself.

    Attributes:
        tells_refusals: it says whom it refuses, and why.
    """

    name: str
    read: Read
    board: EventBoard
    watch: PbxWatch | None = None
    tells_refusals: bool = False

    def start(self) -> None:
        """Start to listen."""
        if self.watch is not None:
            self.watch.start()

    def stop(self) -> None:
        """Stop to listen."""
        if self.watch is not None:
            self.watch.stop()

    def news(self) -> PbxNews:
        """Read the registrations; a PBX that cannot be asked is in what is returned."""
        reading = self.read()
        listens = self.watch is not None and self.watch.connected_at is not None
        refusals = self.board.security_events() if listens and self.tells_refusals else None
        return PbxNews(reading, self.board.contact_events(), refusals)


def desk_of(pbx: Pbx | None, now: Clock) -> PbxDesk | None:
    """Return the desk of a site's PBX; None: it has none that can be asked."""
    if pbx is None or not pbx.host:
        return None
    return _DESKS[pbx.kind](pbx, now)


def _asterisk(pbx: Pbx, now: Clock) -> PbxDesk:
    access = asterisk.AsteriskAccess(pbx.host, pbx.port, pbx.username, _secret(pbx))
    board = EventBoard()
    watch = PbxWatch(access.name, lambda: asterisk.AsteriskLive(access, now), board.take, now)

    def read() -> RegistrationsReading:
        return asterisk.read_registrations(access, now)

    return PbxDesk(access.name, read, board, watch, tells_refusals=True)


def _freeswitch(pbx: Pbx, now: Clock) -> PbxDesk:
    access = freeswitch.FreeSwitchAccess(pbx.host, pbx.port, _secret(pbx))
    board = EventBoard()
    watch = PbxWatch(access.name, lambda: freeswitch.FreeSwitchLive(access, now), board.take, now)

    def read() -> RegistrationsReading:
        return freeswitch.read_registrations(access, now)

    return PbxDesk(access.name, read, board, watch, tells_refusals=True)


def _kamailio(pbx: Pbx, now: Clock) -> PbxDesk:
    access = kamailio.KamailioAccess(pbx.host, pbx.port, pbx.path, tls=pbx.tls)

    def read() -> RegistrationsReading:
        return kamailio.read_registrations(access, now)

    return PbxDesk(access.name, read, EventBoard())


_DESKS = {"asterisk": _asterisk, "freeswitch": _freeswitch, "kamailio": _kamailio}


def _secret(pbx: Pbx) -> str:
    return pbx.secret.get_secret_value() if pbx.secret is not None else ""
