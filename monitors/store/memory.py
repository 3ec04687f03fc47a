"""What the monitor found out last and needs again: after a restart, and in other processes.

It is kept as readings: of a phone its place and its evidence, of a switch its ports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from monitors.evidence import Evidence
from monitors.places import Remembered
from monitors.store.readings import KeptReading, all_readings, keep_readings, readings_of
from monitors.switches.reading import SwitchReading
from provisioner.db import Database
from provisioner.mac import MacAddress

PLACE, EVIDENCE, PORTS = "place", "evidence", "ports"

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
    database: Database, macs: Iterable[MacAddress], now: datetime
) -> dict[MacAddress, KeptEvidence]:
    """Return what these phones were judged by last; each age has grown by the time since."""
    found: dict[MacAddress, KeptEvidence] = {}
    for mac, rows in readings_of(database, map(str, macs)).items():
        row = rows.get(EVIDENCE)
        evidence = _read(row, Evidence) if row else None
        if row is not None and evidence is not None:
            passed_s = max(0.0, (now - row.at).total_seconds())
            found[MacAddress(mac)] = KeptEvidence(_aged(evidence, passed_s), row.at)
    return found


def keep_switch(database: Database, site: str, reading: SwitchReading, at: datetime) -> None:
    """Keep a switch's last reading."""
    _keep(database, PORTS, {switch_target(site, reading.name): reading}, SwitchReading, at)


def switches_of(database: Database, site: str, names: Iterable[str]) -> dict[str, KeptSwitch]:
    """Return the last readings of a site's switches, by name."""
    targets = {switch_target(site, name): name for name in names}
    found: dict[str, KeptSwitch] = {}
    for target, rows in readings_of(database, targets).items():
        row = rows.get(PORTS)
        reading = _read(row, SwitchReading) if row else None
        if row is not None and reading is not None:
            found[targets[target]] = KeptSwitch(reading, row.at)
    return found


def switch_target(site: str, name: str) -> str:
    """Return what a switch's readings are kept under."""
    return f"switch {site} {name}"


def _aged(evidence: Evidence, passed_s: float) -> Evidence:
    older: dict[str, Any] = {
        name: replace(signal, age_s=signal.age_s + passed_s)
        for name, signal in evidence.signals().items()
        if signal.age_s is not None
    }
    return replace(evidence, settled_s=evidence.settled_s + passed_s, **older)


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
    kind: TypeAdapter(kind) for kind in (Remembered, Evidence, SwitchReading)
}
