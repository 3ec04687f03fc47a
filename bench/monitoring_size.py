"""How large the monitoring database of SQLite grows: a small hotel is measured, a large one said.

    python -m bench.monitoring_size [--phones 1000] [--measured 100]

Every table is filled as the monitor fills it, by the same functions, for fewer phones; the bytes
of a row are measured by pages in use, and multiplied with the rows that the retention leaves.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from monitors.history import DAY_S, HOUR_S, MINUTE_S, Quantity, Sample
from monitors.incident_steps import Close, Ending, Open
from monitors.incidents import phone_key
from monitors.status import State, Status
from monitors.store.incident_pages import all_open
from monitors.store.incidents import acknowledge, take
from monitors.store.readings import KeptReading, keep_readings
from monitors.store.samples import keep_samples, prune_samples, roll_up_samples
from monitors.store.statuses import KeptStatus, keep_statuses
from monitors.store.tables import day_sample, hour_sample, incident, minute_sample
from provisioner.config import Retention
from provisioner.db import Database
from web.migrate import upgrade

START = 1_795_305_600 - 1_795_305_600 % DAY_S
FACTS = {"room": "room 214", "port": "port 14", "switch": "sw-floor-2", "extension": "2214",
         "pbx": "the PBX", "address": "10.20.2.14", "model": "fanvil/h5"}  # fmt: skip
INCIDENTS_PER_PHONE_YEAR = 4
PROBES = 6
MIB = 1024 * 1024


def used_bytes(database: Database) -> int:
    """Bytes of the pages in use."""
    with database.read() as session:
        pages, free, size = (
            int(session.execute(text(f"PRAGMA {name}")).scalar_one())
            for name in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * size


def samples(phones: int, times: Iterable[int]) -> list[Sample]:
    """What is measured of phones at some times: round trip, watts, registration."""
    chance = random.Random(7)
    return [
        Sample(f"0c383e{n:06x}", at, chance.randrange(800, 30_000), chance.randrange(1900, 3800),
               registered=True)
        for at in times
        for n in range(phones)
    ]  # fmt: skip


def rows(database: Database, table: object) -> int:
    """Number of rows."""
    with database.read() as session:
        return int(session.scalar(select(func.count()).select_from(table)) or 0)


def measure(database: Database, phones: int) -> dict[str, float]:
    """Return bytes of a row, by kind of row."""
    found: dict[str, float] = {}
    empty = used_bytes(database)
    for hour in range(START, START + 6 * HOUR_S, HOUR_S):
        keep_samples(database, samples(phones, range(hour, hour + HOUR_S, MINUTE_S)))
    found["minute"] = (used_bytes(database) - empty) / rows(database, minute_sample)
    for day in range(START + DAY_S, START + 31 * DAY_S, DAY_S):
        keep_samples(database, samples(phones, range(day, day + DAY_S, HOUR_S)))
    before = used_bytes(database)
    keep = Retention(minute_days=1, hour_days=4000, day_days=40_000)
    roll_up_samples(database, START + 40 * DAY_S)
    rolled = rows(database, hour_sample) + rows(database, day_sample)
    found["rolled"] = (used_bytes(database) - before) / rolled
    prune_samples(database, keep, START + 60 * DAY_S)
    before = used_bytes(database)
    keep_others(database, phones)
    found["phone"] = (used_bytes(database) - before) / phones
    before = used_bytes(database)
    keep_incidents(database, phones)
    found["incident"] = (used_bytes(database) - before) / rows(database, incident)
    return found


def keep_others(database: Database, phones: int) -> None:
    """The status and the latest readings of each phone."""
    now = datetime.now(UTC).replace(tzinfo=None)
    macs = [f"0c383e{n:06x}" for n in range(phones)]
    status = Status(State.WORKING, now, "I1")
    keep_statuses(database, [KeptStatus(m, "aurora", status, "certain", now, FACTS) for m in macs])
    keep_readings(
        database,
        [KeptReading(m, f"probe-{n}", now, {**FACTS, "rtt_ms": 3.2}) for m in macs
         for n in range(PROBES)],
    )  # fmt: skip


def keep_incidents(database: Database, phones: int) -> None:
    """Incidents from their opening to their end."""
    now = datetime.now(UTC).replace(tzinfo=None)
    macs = [f"0c383e{n:06x}" for n in range(phones)]
    opened = [
        Open(phone_key(m), False, "", "B5", "certain", FACTS, frozenset({m}), now) for m in macs
    ]
    take(database, "aurora", opened, now)
    there = all_open(database)
    for one in there:
        acknowledge(database, one.id, "ana", now)
    closed = [Close(one.id, Ending.RECOVERED) for one in there]
    take(database, "aurora", closed, now + timedelta(hours=1))


def main() -> None:
    """Measure, and say how large it becomes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=1000, help="of the hotel that is said")
    parser.add_argument("--measured", type=int, default=100, help="of the one that is filled")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'monitoring.db'}")
        upgrade("monitoring", database)
        each = measure(database, asked.measured)
        database.close()
    keep, kinds = Retention(), len(Quantity) - 1  # calls are few
    counts = {
        "minute": asked.phones * keep.minute_days * 24 * 60,
        "rolled": asked.phones * kinds * (keep.hour_days * 24 + min(keep.day_days, 365)),
        "phone": asked.phones,
        "incident": asked.phones * INCIDENTS_PER_PHONE_YEAR,
    }
    total = 0.0
    for name, count in counts.items():
        size = count * each[name]
        total += size
        print(f"{name:9} {count:10,} rows x {each[name]:7.1f} bytes = {size / MIB:7.1f} MiB")
    print(f"after a year with {asked.phones} phones: {total / MIB:.0f} MiB")


if __name__ == "__main__":
    main()
