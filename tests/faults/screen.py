"""What bellwire says, as its pages and messages would show it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import OperationalError

from monitors.incident_steps import Incident, OpenIncident
from monitors.status import State
from monitors.store.incident_pages import recent_incidents
from monitors.store.incidents import open_incidents
from monitors.store.memory import KeptEvidence, evidence_of
from monitors.store.statuses import KeptStatus, statuses
from provisioner.db import Database
from provisioner.mac import MacAddress
from tests.faults.plan import SITE
from tests.faults.telephones import Telephone

LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001 - as stored
_WELL = frozenset({State.WORKING, State.WARNING})


class Screen:
    """Reads what the monitor remembers.

    Args:
        file: its database; it need not be there yet.
        phones: of the hotel, by MAC.
    """

    def __init__(self, file: Path, phones: Mapping[str, Telephone]) -> None:
        self._file = file
        self._phones = phones
        self._database: Database | None = None

    @property
    def database(self) -> Database:
        """What the monitor remembers."""
        if self._database is None:
            self._database = Database(f"sqlite:///{self._file}")
        return self._database

    def close(self) -> None:
        """Let go of the database, before it is made anew."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def judged(self) -> dict[str, KeptStatus]:
        """How every phone is, by MAC; nothing before the first sweep."""
        return statuses(self.database, SITE)

    def incidents(self) -> tuple[OpenIncident, ...]:
        """What is open."""
        return open_incidents(self.database, SITE)

    def all_incidents(self) -> tuple[Incident, ...]:
        """What is or was open, since the monitor remembers."""
        return recent_incidents(self.database, SITE, LONG_AGO)

    def evidence(self, mac: str) -> KeptEvidence | None:
        """What a phone was judged by."""
        kept = next(iter(self.judged().values())).judged_at
        return evidence_of(self.database, [MacAddress(mac)], kept).get(MacAddress(mac))

    def evidence_text(self, mac: str) -> str:
        """What a phone was judged by, in one line."""
        kept = self.evidence(mac)
        if kept is None:
            return "no evidence"
        parts = [
            f"{name}={s.value}" + (f"({s.age_s:.0f}s {s.measured})" if s.age_s is not None else "")
            for name, s in kept.evidence.signals().items()
        ]
        more = ",".join(sorted(kept.evidence.troubles))
        finding = kept.evidence.finding
        group = f" finding={finding.rule}" if finding else ""
        settled_s = kept.evidence.settled_s
        return f"{' '.join(parts)} troubles={more} settled={settled_s:.0f}s{group}"

    def not_well(self) -> dict[str, KeptStatus | None]:
        """Phones that hang there and do not work, or of which nothing is said yet (None)."""
        found = self.judged()
        installed = [mac for mac, phone in self._phones.items() if phone.plug.has_power]
        return {
            mac: found.get(mac)
            for mac in installed
            if mac not in found or found[mac].status.state not in _WELL
        }

    def wait_until(self, check: Callable[[], bool], limit_s: float) -> bool:
        """Wait until something holds, and return whether it does."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            if check():
                return True
            time.sleep(0.2)
        return check()

    def wait_well(self, limit_s: float) -> bool:
        """Wait until all phones that hang there work and no incident is open."""

        def is_well() -> bool:
            if not self._file.exists():
                return False
            try:
                return not self.not_well() and not self.incidents()
            except OperationalError:  # the monitor is just making its tables
                return False

        return self.wait_until(is_well, limit_s)
