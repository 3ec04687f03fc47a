"""What phones asked for and reported lately, read once for all sites' sweeps."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from monitors.call_quality import QualityReading, quality_of
from monitors.sweep.fetch_ledger import HOUR, Fetches, FetchLedger
from provisioner.db import Database
from provisioner.inventory.call_quality import CallQuality, qualities_since
from provisioner.inventory.phone_reports import PhoneReport, reports_since

AT_MOST_EVERY = timedelta(seconds=1)


class PhoneNews:
    """The events database as sweeps need it; may be used from several threads.

    Args:
        events: the database of fetches, reports and call qualities.
    """

    def __init__(self, events: Database) -> None:
        self._events = events
        self._ledger = FetchLedger(events)
        self._reports: dict[str, list[PhoneReport]] = {}
        self._qualities: dict[str, QualityReading] = {}
        self._at: datetime | None = None
        self._lock = threading.Lock()

    def refresh(self, now: datetime) -> None:
        """Read what is new; sites that sweep at the same moment share one reading."""
        with self._lock:
            if self._at is not None and now - self._at < AT_MOST_EVERY:
                return
            self._ledger.refresh(now)
            self._reports = {}
            for report in reports_since(self._events, now - HOUR):
                self._reports.setdefault(report.mac, []).append(report)
            heard: dict[str, list[CallQuality]] = {}
            for quality in qualities_since(self._events, now - HOUR):
                heard.setdefault(quality.mac, []).append(quality)
            self._qualities = {mac: quality_of(them) for mac, them in heard.items()}
            self._at = now

    def fetches_of(self, macs: frozenset[str]) -> dict[str, Fetches]:
        """Return what these phones asked for; those that never asked are not in it."""
        with self._lock:
            found = ((mac, self._ledger.of(mac)) for mac in macs)
            return {mac: fetches.copy() for mac, fetches in found if fetches is not None}

    @property
    def reports(self) -> Mapping[str, list[PhoneReport]]:
        """What phones reported in the last hour, newest first, by MAC."""
        return self._reports

    @property
    def qualities(self) -> Mapping[str, QualityReading]:
        """How calls of the last hour sounded, by MAC."""
        return self._qualities

    def keep_only(self, macs: frozenset[str]) -> None:
        """Forget who is not in the inventory."""
        with self._lock:
            self._ledger.keep_only(macs)
