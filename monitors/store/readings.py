"""The latest reading of each target and probe."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import delete, select

from monitors.store.tables import reading
from monitors.store.upsert import changed, inserting
from provisioner.db import Database


@dataclass(frozen=True, slots=True)
class KeptReading:
    """What a probe said last.

    Attributes:
        target: a phone's MAC, or ``switch 10.20.0.2``, or ``pbx 10.20.0.5``.
        probe: what was asked: ``options``, ``registration``, ``port``.
        at: naive UTC.
        value: anything JSON can hold.
    """

    target: str
    probe: str
    at: datetime
    value: JsonValue


def keep_readings(database: Database, readings: Iterable[KeptReading]) -> None:
    """Store readings; one that is older than what is stored changes nothing."""
    rows = [
        {"target": r.target, "probe": r.probe, "at": r.at, "value": r.value} for r in readings
    ]  # asdict would copy each value
    if not rows:
        return
    rows.sort(key=lambda row: (row["target"], row["probe"]))  # one order: workers never deadlock
    with database.write() as session:
        put = inserting(session, reading)
        put = put.on_conflict_do_update(
            index_elements=["target", "probe"],
            set_={"at": put.excluded.at, "value": put.excluded.value},
            where=reading.c.at <= put.excluded.at,
        )
        session.execute(put, rows)


def readings_of(database: Database, targets: Iterable[str]) -> dict[str, dict[str, KeptReading]]:
    """Return the latest readings by target and probe."""
    wanted = set(targets)
    found: dict[str, dict[str, KeptReading]] = {target: {} for target in wanted}
    with database.read() as session:
        for row in session.execute(select(reading).where(reading.c.target.in_(wanted))):
            kept = KeptReading(row.target, row.probe, row.at, row.value)
            found[kept.target][kept.probe] = kept
    return found


def all_readings(database: Database, probe: str) -> dict[str, KeptReading]:
    """Return the latest reading of one probe for every target."""
    with database.read() as session:
        rows = session.execute(select(reading).where(reading.c.probe == probe))
        return {row.target: KeptReading(row.target, row.probe, row.at, row.value) for row in rows}


def forget_readings(database: Database, before: datetime, but: Collection[str] = ()) -> int:
    """Delete what no probe has said again since; returns how many. ``but``: probes that stay."""
    with database.write() as session:
        old = reading.c.at < before, reading.c.probe.not_in(but)
        return changed(session, delete(reading).where(*old))
