"""Figures in the database: rolled up once, pruned after that, and never lost between."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import func, select

from monitors.history import DAY_S, HOUR_S, MINUTE_S, Quantity, Sample
from monitors.store.samples import (
    forget_phones,
    keep_samples,
    prune_samples,
    roll_up_samples,
    series,
)
from monitors.store.tables import day_sample, hour_sample, minute_sample
from provisioner.config import Retention
from provisioner.db import Database
from tests.integration.test_monitoring_store import MAC, OTHER, database, in_processes, postgres

__all__ = ["database", "postgres"]  # fixtures
DAY0 = 1_795_305_600 - 1_795_305_600 % DAY_S


def rows(database: Database, table: Any) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def two_days(*macs: str) -> list[Sample]:
    chance = random.Random(1)
    return [
        Sample(mac, at, chance.randrange(1000, 90_000), chance.randrange(2000, 4000), at % 7 > 0)
        for at in range(DAY0, DAY0 + 2 * DAY_S, 20 * MINUTE_S)
        for mac in macs
    ]


def test_probes_of_the_same_minute_fill_each_others_gaps(database: Database) -> None:
    keep_samples(database, [])
    keep_samples(database, [Sample(MAC, DAY0 + 1, rtt_us=1500), Sample(OTHER, DAY0, rtt_us=7)])
    keep_samples(database, [Sample(MAC, DAY0 + 59, power_mw=2300, registered=True)])
    keep_samples(database, [Sample(MAC, DAY0 + 59, power_mw=2400)])
    assert rows(database, minute_sample) == 2

    def value(quantity: Quantity) -> list[int]:
        found = series(database, MAC, quantity, DAY0, DAY0 + DAY_S, MINUTE_S)
        return [bucket.total for bucket in found.buckets]

    assert [value(quantity) for quantity in Quantity] == [[1500], [2400], [1], []]
    assert series(database, "0c383effffff", Quantity.RTT_US, 0, HOUR_S, HOUR_S).buckets == ()
    with pytest.raises(ValueError, match="too many"):
        series(database, MAC, Quantity.RTT_US, 0, DAY0, MINUTE_S)


def test_hours_and_days_are_made_of_minutes(database: Database) -> None:
    samples = two_days(MAC, OTHER)
    keep_samples(database, samples)
    assert roll_up_samples(database, DAY0 + HOUR_S + 299) == 0  # a late sample may still come
    assert roll_up_samples(database, DAY0 + HOUR_S + 300) == 2 * 3
    assert roll_up_samples(database, DAY0 + 2 * DAY_S + 300) == 2 * 3 * (47 + 2)
    assert roll_up_samples(database, DAY0 + 9 * DAY_S) == 0
    end = DAY0 + 2 * DAY_S
    found = series(database, MAC, Quantity.RTT_US, DAY0, end, DAY_S).buckets
    mine = [s.rtt_us or 0 for s in samples if s.mac == MAC and s.at_s < DAY0 + DAY_S]
    assert len(found) == 2
    assert (found[0].count, found[0].total) == (72, sum(mine))
    assert (found[0].least, found[0].most) == (min(mine), max(mine))
    assert len(series(database, MAC, Quantity.REGISTERED, DAY0, end, HOUR_S).buckets) == 48


def test_only_what_is_rolled_up_is_pruned(database: Database) -> None:
    keep_samples(database, two_days(MAC))
    keep = Retention(minute_days=1, hour_days=2, day_days=30)
    later = DAY0 + 40 * DAY_S
    assert prune_samples(database, keep, later) == 0  # nothing has been rolled up
    roll_up_samples(database, DAY0 + DAY_S + 300)
    assert prune_samples(database, keep, later) == 72 + 72 + 3
    roll_up_samples(database, later)
    prune_samples(database, keep, DAY0 + 3 * DAY_S)
    assert rows(database, minute_sample) == 0
    assert rows(database, hour_sample) == 72  # the second day is two days old
    assert rows(database, day_sample) == 3


def test_the_figures_of_a_phone_that_is_no_more(database: Database) -> None:
    keep_samples(database, two_days(MAC, OTHER))
    roll_up_samples(database, DAY0 + 3 * DAY_S)
    assert forget_phones(database, [MAC, "0c383eaaaaaa"]) == 1
    assert rows(database, minute_sample) == 144
    assert rows(database, day_sample) == 6


def roll(begin: Any, answers: Any, url: str) -> None:
    """One of several monitors that all keep and roll up the same figures."""
    worker = Database(url)
    begin.wait(timeout=60)
    keep_samples(worker, two_days(MAC, OTHER))
    begin.wait(timeout=60)
    roll_up_samples(worker, DAY0 + 3 * DAY_S)
    worker.close()
    answers.put(1)


def test_workers_that_race_make_each_bucket_once(database: Database) -> None:
    in_processes(roll, database.url)
    assert roll_up_samples(database, DAY0 + 9 * DAY_S) == 0
    assert rows(database, minute_sample) == 2 * 144
    assert rows(database, hour_sample) == 2 * 48 * 3
    end = DAY0 + 2 * DAY_S
    days = series(database, MAC, Quantity.RTT_US, DAY0, end, DAY_S).buckets
    assert [bucket.count for bucket in days] == [72, 72]
