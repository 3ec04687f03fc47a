"""What requests teach about phones, written down without slowing an answer.

That a token was used, and with which firmware: when a whole hotel boots for the first time, each
phone teaches something. A thread of its own writes it in batches; what cannot be written now is
kept, and the phones are answered all the same.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import Table, bindparam, update
from sqlalchemy.exc import SQLAlchemyError

from provisioner.db import Database
from provisioner.inventory.stamp import next_generation
from provisioner.inventory.tables import PhoneRow

log = logging.getLogger(__name__)

WRITE_S = 0.1
_MAC, _KNEW = "of", "knew"
_TOGETHER = (("armed_until", "token_seen_at"), ("firmware",), ("dirty",))
_PHONES = cast("Table", PhoneRow.__table__)


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned of a phone.

    Attributes:
        values: columns of its row, by name.
        knew: what some of them were then: where one is something else now, another process has
            written meanwhile, and it stays as it is.
    """

    values: Mapping[str, object]
    knew: Mapping[str, object] = field(default_factory=dict)

    def then(self, later: Learned) -> Learned:
        """Return both as one."""
        return Learned({**self.values, **later.values}, {**later.knew, **self.knew})


def write_learned(database: Database, learned: Mapping[str, Learned]) -> None:
    """Store what was learned of phones, by MAC, in one transaction.

    Raises:
        SQLAlchemyError: the database cannot be written; nothing is stored.
    """
    with database.write() as session:
        generation = next_generation(session)
        for (first, *more), rows in _alike(learned).items():
            told: dict[str, object] = {name: bindparam(name) for name in (first, *more)}
            of_one = update(_PHONES).where(_PHONES.c.mac == bindparam(_MAC))
            if _KNEW in rows[0]:
                of_one = of_one.where(_PHONES.c[first].is_not_distinct_from(bindparam(_KNEW)))
            session.connection().execute(of_one.values(told | {"generation": generation}), rows)


def _alike(learned: Mapping[str, Learned]) -> dict[tuple[str, ...], list[dict[str, object]]]:
    """Rows to write, by the columns they set; of these the first decides whether to."""
    rows: dict[tuple[str, ...], list[dict[str, object]]] = {}
    for mac, each in learned.items():
        for columns in _TOGETHER:
            values = {name: each.values[name] for name in columns if name in each.values}
            if values:
                knew = {_KNEW: each.knew[columns[0]]} if columns[0] in each.knew else {}
                rows.setdefault(tuple(values), []).append({_MAC: mac, **values, **knew})
    return rows


class Learner:
    """Takes what was learned from any thread; one thread of its own writes it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._learned: dict[str, Learned] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._is_troubled = False
        self._thread = threading.Thread(target=self._run, name="learner", daemon=True)

    def start(self) -> None:
        """Start the writing thread."""
        self._thread.start()

    def learn(self, mac: str, learned: Learned) -> None:
        """Note something of a phone; never waits for the database."""
        with self._lock:
            _add(self._learned, mac, learned)

    def flush(self) -> None:
        """Write what is noted now; what cannot be written is tried again at the next flush."""
        with self._lock:
            learned, self._learned = self._learned, {}
        if not learned:
            return
        try:
            write_learned(self._database, learned)
            self._is_troubled = False
        except SQLAlchemyError:
            if not self._is_troubled:  # once for each trouble, not ten times a second
                log.exception("what phones told cannot be written; it is tried again")
            self._is_troubled = True
            with self._lock:
                for mac, later in self._learned.items():
                    _add(learned, mac, later)
                self._learned = learned

    def close(self) -> None:
        """Write what is noted and stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self.flush()

    def _run(self) -> None:
        while not self._stop.wait(WRITE_S):
            self.flush()


def _add(learned: dict[str, Learned], mac: str, later: Learned) -> None:
    before = learned.get(mac)
    learned[mac] = before.then(later) if before else later
