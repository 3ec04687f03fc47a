"""The job that keeps the monitoring database small: rolls up first, then forgets."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from monitors.store.action_pages import forget_actions
from monitors.store.incident_pages import forget_incidents
from monitors.store.journal import forget_messages
from monitors.store.maintenance import forget_windows
from monitors.store.memory import LASTING, forget_memory
from monitors.store.readings import forget_readings
from monitors.store.samples import forget_phones, prune_samples, roll_up_samples
from monitors.store.shut_out import forget_shut_outs
from monitors.store.tables import sampled_phone
from monitors.store.wishes import forget_wishes
from provisioner.config import Retention
from provisioner.db import Database

READING_KEPT = timedelta(days=7)
"""A reading that old is of a phone, a switch or a probe that is no more."""


def prune(database: Database, keep: Retention, now: datetime, known: Collection[str]) -> None:
    """Roll figures up and delete what is older than the retention; safe in several workers.

    Args:
        database: the monitor's.
        keep: how long.
        now: naive UTC.
        known: MACs of the inventory's phones; the figures of others go.
    """
    now_s = int(now.replace(tzinfo=UTC).timestamp())
    roll_up_samples(database, now_s)
    prune_samples(database, keep, now_s)
    over = now - timedelta(days=keep.incident_days)
    forget_incidents(database, over)
    forget_messages(database, over)
    forget_shut_outs(database, over)
    forget_actions(database, over)
    forget_wishes(database, now)
    forget_windows(database, over)
    forget_readings(database, now - READING_KEPT, LASTING)
    forget_memory(database, known)
    with database.read() as session:
        gone = set(session.scalars(select(sampled_phone.c.mac))).difference(known)
    if gone:
        forget_phones(database, gone)
