"""What the monitor found out last and needs again: after a restart, and in other processes.

It is kept as readings: of a phone its place and its evidence, of a switch its ports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import delete, select

from monitors.evidence import Evidence
from monitors.places import Remembered
from monitors.probes.options_meaning import Learned
from monitors.signals import Signal
from monitors.store.readings import KeptReading, all_readings, keep_readings, readings_of
from monitors.store.tables import reading
from monitors.switches.reading import SwitchReading
from provisioner.db import Database
from provisioner.mac import MacAddress

PLACE, EVIDENCE, PORTS, LEARNED = "place", "evidence", "ports", "learned"
LASTING = (PLACE, LEARNED)
"""Kept as long as their phone is in the inventory, however old they are."""
_POLLED = frozenset({
    "switch", "power", "watts", "budget", "link", "neighbour", "vlan", "registration", "options",
})  # fmt: skip
"""Signals that every sweep asks for anew."""

_CHUNK = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeptEvidence:
    """The evidence a phone was judged by, its ages as of now; ``at``: naive UTC of the judging."""

    evidence: Evidence
    at: datetime


@dataclass(frozen=True, slots=True)
class KeptSwitch:
    """A switch's last reading; ``at``: naive UTC."""

    reading: SwitchReading
    at: datetime


def keep_places(database: Database, places: Mapping[MacAddress, Remembered], at: datetime) -> None:
    """Remember where phones are and belong; times in them are seconds since 1970."""
    _keep(database, PLACE, {str(mac): place for mac, place in places.items()}, Remembered, at)


def places_of(database: Database) -> dict[MacAddress, Remembered]:
    """Return where phones were and belong."""
    kept = all_readings(database, PLACE)
    read = ((MacAddress(mac), _read(row, Remembered)) for mac, row in kept.items())
    return {mac: place for mac, place in read if place is not None}


def keep_evidence(
    database: Database, evidence: Mapping[MacAddress, Evidence], at: datetime
) -> None:
    """Keep what phones were judged by."""
    _keep(database, EVIDENCE, {str(mac): e for mac, e in evidence.items()}, Evidence, at)


def evidence_of(
    database: Database,
    macs: Iterable[MacAddress],
    now: datetime,
    judged_at: Mapping[str, datetime] | None = None,
) -> dict[MacAddress, KeptEvidence]:
    """Return what these phones were judged by last; each age has grown by the time since.

    Args:
        database: the monitor's.
        macs: of the phones.
        now: naive UTC.
        judged_at: when each was judged last, by MAC: what says the same as before is stored
            again now and then only, and is as young as that.
    """
    found: dict[MacAddress, KeptEvidence] = {}
    for mac, rows in readings_of(database, map(str, macs)).items():
        row = rows.get(EVIDENCE)
        evidence = _read(row, Evidence) if row else None
        if row is not None and evidence is not None:
            at = max(row.at, (judged_at or {}).get(mac, row.at))
            passed_s = max(0.0, (now - row.at).total_seconds())
            polled_s = max(0.0, (now - at).total_seconds())
            found[MacAddress(mac)] = KeptEvidence(_aged(evidence, passed_s, polled_s), at)
    return found


def keep_switch(database: Database, site: str, read: SwitchReading, at: datetime) -> None:
    """Keep a switch's last reading."""
    _keep(database, PORTS, {switch_target(site, read.name): read}, SwitchReading, at)


def switches_of(database: Database, site: str, names: Iterable[str]) -> dict[str, KeptSwitch]:
    """Return the last readings of a site's switches, by name."""
    targets = {switch_target(site, name): name for name in names}
    found: dict[str, KeptSwitch] = {}
    for target, rows in readings_of(database, targets).items():
        row = rows.get(PORTS)
        last = _read(row, SwitchReading) if row else None
        if row is not None and last is not None:
            found[targets[target]] = KeptSwitch(last, row.at)
    return found


def keep_learned(database: Database, learned: Mapping[MacAddress, Learned], at: datetime) -> None:
    """Remember what phones have answered to OPTIONS."""
    _keep(database, LEARNED, {str(mac): what for mac, what in learned.items()}, Learned, at)


def learned_of(database: Database) -> dict[MacAddress, Learned]:
    """Return what phones have answered to OPTIONS."""
    kept = all_readings(database, LEARNED)
    read = ((MacAddress(mac), _read(row, Learned)) for mac, row in kept.items())
    return {mac: what for mac, what in read if what is not None}


def forget_memory(database: Database, known: Iterable[str]) -> None:
    """Forget what lasts, of phones that are not in the inventory any more."""
    with database.write() as session:
        lasting = reading.c.probe.in_(LASTING)
        there = set(session.scalars(select(reading.c.target).where(lasting)))
        gone = sorted(there.difference(known))
        for start in range(0, len(gone), _CHUNK):
            some = gone[start : start + _CHUNK]
            session.execute(delete(reading).where(lasting, reading.c.target.in_(some)))


def switch_target(site: str, name: str) -> str:
    """Return what a switch's readings are kept under."""
    return f"switch {site} {name}"


def _aged(evidence: Evidence, passed_s: float, polled_s: float) -> Evidence:
    older: dict[str, Any] = {
        name: replace(
            signal, age_s=signal.age_s + (polled_s if _is_polled(name, signal) else passed_s)
        )
        for name, signal in evidence.signals().items()
        if signal.age_s is not None
    }
    return replace(evidence, settled_s=evidence.settled_s + passed_s, **older)


def _is_polled(name: str, signal: Signal[Any]) -> bool:
    """Whether every sweep asks for it; an address is as young as what names it."""
    if name == "address":
        return signal.source == "its contact" or signal.source.startswith("snmp ")
    return name in _POLLED


def _keep(
    database: Database, probe: str, values: Mapping[str, T], kind: type[T], at: datetime
) -> None:
    adapter = _ADAPTERS[kind]
    rows = [
        KeptReading(target, probe, at, adapter.dump_python(value, mode="json"))
        for target, value in values.items()
    ]
    keep_readings(database, rows)


def _read(row: KeptReading | None, kind: type[T]) -> T | None:
    """The value of a row; None: an earlier release wrote it in another shape."""
    try:
        return _ADAPTERS[kind].validate_python(row.value) if row else None
    except ValidationError:
        return None


_ADAPTERS: dict[type, TypeAdapter[Any]] = {
    kind: TypeAdapter(kind) for kind in (Remembered, Evidence, SwitchReading, Learned)
}
