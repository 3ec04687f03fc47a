"""What phones asked for lately, kept in memory as the fetch log grows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select

from provisioner.db import Database
from provisioner.inventory.fetches import FetchEvent, fetch_table

HOUR = timedelta(hours=1)
SINCE_DAYS = 8
"""How far back the log is read at the start: a little more than a file counts as fresh."""
MOST_NAMES = 12
MOST_LOADS = 64
LARGE_BYTES = 1_000_000
_GOT = frozenset({"sent", "not-modified"})
_REFUSALS = frozenset({"wrong-token", "wrong-network", "wrong-mac", "not-armed", "shut-out"})


@dataclass(slots=True)
class Fetches:
    """What one phone asked for lately.

    Attributes:
        last: its last request.
        got: the last answer it got of each file, by lower-case name; without first contacts.
        loads: when it got which file, within the last hour.
        first_contacts: when it was told its own URL, within the last hour.
        refused: the last time it was sent away.
        missing: the last time it asked for something that it is not offered.
        broken: the last transfer that did not arrive.
        model: what it said it is, when it said so last.
    """

    last: FetchEvent | None = None
    got: dict[str, FetchEvent] = field(default_factory=dict)
    loads: deque[tuple[datetime, str]] = field(default_factory=lambda: deque(maxlen=MOST_LOADS))
    first_contacts: deque[datetime] = field(default_factory=lambda: deque(maxlen=MOST_LOADS))
    refused: FetchEvent | None = None
    missing: FetchEvent | None = None
    broken: FetchEvent | None = None
    model: FetchEvent | None = None

    def take(self, event: FetchEvent) -> None:
        """Note one more request; they come in the order of time."""
        self.last = event
        name = event.path.rsplit("/", 1)[-1].lower()
        if event.model:
            self.model = event
        if event.outcome in _GOT and event.reason == "armed":
            self.first_contacts.append(event.at)
        elif event.outcome in _GOT:
            self._note(name, event)
        elif event.outcome == "not-delivered":
            self.broken = event
        elif event.reason in _REFUSALS:
            self.refused = event
        elif event.outcome == "not-found":
            self.missing = event
        self._forget(event.at)

    def _note(self, name: str, event: FetchEvent) -> None:
        self.got.pop(name, None)
        self.got[name] = event
        self.loads.append((event.at, name))
        if len(self.got) > MOST_NAMES:
            del self.got[next(iter(self.got))]

    def _forget(self, now: datetime) -> None:
        while self.loads and self.loads[0][0] < now - HOUR:
            self.loads.popleft()
        while self.first_contacts and self.first_contacts[0] < now - HOUR:
            self.first_contacts.popleft()

    def copy(self) -> Fetches:
        """Return the same, which later requests do not change."""
        return replace(
            self, got=dict(self.got), loads=self.loads.copy(),
            first_contacts=self.first_contacts.copy(),
        )  # fmt: skip

    def loads_of(self, names: Iterable[str], since: datetime) -> int:
        """Return how often the most fetched of these files was fetched since."""
        wanted = set(names)
        counts: dict[str, int] = {}
        for at, name in self.loads:
            if at >= since and name in wanted:
                counts[name] = counts.get(name, 0) + 1
        return max(counts.values(), default=0)


class FetchLedger:
    """The lately of every phone; ``refresh`` reads what the log has new."""

    def __init__(self, events: Database) -> None:
        self._events = events
        self._phones: dict[str, Fetches] = {}
        self._read_to: int | None = None

    def refresh(self, now: datetime) -> None:
        """Read what was written since the last time; the first time, of the last days."""
        with self._events.read() as session:
            if self._read_to is None:
                oldest = fetch_table.c.at >= now - timedelta(days=SINCE_DAYS)
                first = session.scalar(select(func.min(fetch_table.c.id)).where(oldest))
                self._read_to = 0 if first is None else first - 1
            column = fetch_table.c
            query = select(fetch_table).where(column.id > self._read_to)
            # several processes write, each a moment after the request
            for row in session.execute(query.order_by(column.at, column.id)).mappings():
                values = dict(row)
                self._read_to = max(self._read_to, values.pop("id"))
                if values["mac"]:
                    fetches = self._phones.setdefault(values["mac"], Fetches())
                    fetches.take(FetchEvent(**values))

    def of(self, mac: str) -> Fetches | None:
        """Return what a phone asked for; None: nothing in the log's last days."""
        return self._phones.get(mac)

    def keep_only(self, macs: Iterable[str]) -> None:
        """Forget everybody else, so that strangers do not fill the memory."""
        known = set(macs)
        for mac in [m for m in self._phones if m not in known]:
            del self._phones[mac]
