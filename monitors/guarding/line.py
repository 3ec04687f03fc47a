"""The line to a PBX's manager interface: hears answers, reads its journal, cuts calls.

A thread of its own. When the connection comes (back), and now and then besides, the journal that
the dial plan keeps in Asterisk's database is read: calls that began, were answered or ended while
nobody listened are counted then, each once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from monitors.guarding.desk import OverRecord
from monitors.guarding.records import journal_of, journal_record, record_of
from monitors.probes.pbx.asterisk import AsteriskAccess
from provisioner.errors import PbxError
from provisioner.pbx.ami import AmiClient
from provisioner.pbx.ami_packets import Packet

log = logging.getLogger(__name__)

EVENTS = "user"
WAIT_S, BUSY_WAIT_S = 0.2, 0.02
"""A cut waits so long at most; shorter while there are calls to be cut."""
READ_EVERY_S = 20.0
READ_AGAIN_S = 3.0
"""After the first reading: what was too new then is looked at again."""
PAUSE_S = 1.0
LONGEST_PAUSE_S = 20.0
SLACK_S = 0.05
"""A cut that moves by less is left as it is."""
SHORTEST_S = 0.1
_OVER = ("Call", "Account", "Number", "Since", "Answered", "Ended")


@dataclass(frozen=True, slots=True)
class Journal:
    """What was read of a PBX.

    Attributes:
        records: of its journal, by the id of the call.
        alive: ids of the calls of which a channel is there: their caller, or the leg outside.
        at_s: Unix time.
        silent_since_s: when the PBX was last heard before; the end of what is lost.
    """

    records: Mapping[str, OverRecord]
    alive: frozenset[str]
    at_s: float
    silent_since_s: float


@dataclass(slots=True)
class PbxLine:
    """The line of one site.

    Attributes:
        site: its id.
        access: how to reach the PBX.
        family: of its database, where the journal is.
        heard_answer: is called with the id of a call and when it was answered.
        heard_over: is called with what the PBX tells of a call that has ended.
        heard_miss: is called with a caller who keyed a wrong code, or none.
        read: is called with a journal; returns the ids that may be deleted from it.
        clock: Unix time.
        problem: why the PBX is not heard, or its journal cannot be read; empty: all is well.
        reconciled_s: when the journal was last read; None: not yet.
    """

    site: str
    access: AsteriskAccess
    family: str
    heard_answer: Callable[[str, float], None]
    heard_over: Callable[[OverRecord], None]
    heard_miss: Callable[[str], None]
    read: Callable[[Journal], Sequence[str]]
    clock: Callable[[], float] = time.time
    problem: str = ""
    reconciled_s: float | None = None
    _legs: dict[str, str] = field(default_factory=dict)
    _wanted: dict[str, float] = field(default_factory=dict)
    _set: dict[str, float] = field(default_factory=dict)
    _drops: deque[str] = field(default_factory=deque)
    _has_moved: bool = False
    _heard_s: float = 0.0
    _is_up: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _hurry: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self, heard_s: float | None = None) -> None:
        """Begin; ``heard_s`` is when the PBX was last heard before, if anybody knows."""
        self._heard_s = self.clock() if heard_s is None else heard_s
        self._thread = threading.Thread(target=self._run, name=f"calls {self.site}", daemon=True)
        self._thread.start()

    def stop(self, limit_s: float = 10.0) -> None:
        """End."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(limit_s)

    def cut(self, ends_s: Mapping[str, float]) -> None:
        """Say when calls are to end, Unix time, by their id; all that are to be cut."""
        self._wanted = dict(ends_s)
        self._has_moved = True

    @property
    def is_up(self) -> bool:
        """Whether the PBX is heard: whether it may tell by events."""
        return self._is_up

    def drop(self, call_id: str) -> None:
        """Take a call that is stored out of the journal."""
        self._drops.append(call_id)

    def look(self) -> None:
        """Read the journal now."""
        self._hurry.set()

    def _run(self) -> None:
        pause_s = PAUSE_S
        while not self._stop.is_set():
            try:
                with self._connected() as client:
                    pause_s = PAUSE_S
                    self.problem = ""
                    self._follow(client)
            except PbxError as problem:
                log.warning("calls of %s: %s", self.site, problem)
                self.problem = str(problem)
            finally:
                self._is_up = False
            self._stop.wait(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _connected(self) -> AmiClient:
        access = self.access
        return AmiClient.connect(
            access.host, access.port, access.username, access.secret, access.timeout_s, EVENTS
        )

    def _follow(self, client: AmiClient) -> None:
        self._set = {}
        self._is_up = self._has_moved = True
        due_s, next_s = 0.0, READ_AGAIN_S
        while not self._stop.is_set():
            if time.monotonic() >= due_s or self._hurry.is_set():
                self._hurry.clear()
                self._try_journal(client)
                due_s, next_s = time.monotonic() + next_s, READ_EVERY_S
            event = client.event(BUSY_WAIT_S if self._wanted else WAIT_S)
            self._heard_s = self.clock()
            if event is not None:
                self._take(event)
            self._drop(client)
            self._cut(client)

    def _take(self, event: Packet) -> None:
        if event.get("Site") != self.site:
            return
        match event.get("UserEvent"):
            case "BellwireAnswered":
                call_id = event.get("Call", "")
                self._legs[call_id] = event.get("Leg", "")
                self._has_moved = True
                with suppress(ValueError):
                    self.heard_answer(call_id, float(event.get("At", "")))
            case "BellwireOver":
                record = record_of([event.get(name, "") for name in _OVER])
                if record is not None:
                    self._legs.pop(record.call_id, None)
                    self.heard_over(record)
            case "BellwireCodeMissed":
                self.heard_miss(event.get("Caller", ""))

    def _drop(self, client: AmiClient) -> None:
        while self._drops:
            with suppress(PbxError):  # it never was there; what remains is read again
                client.action("DBDel", Family=self.family, Key=self._drops[0])
            self._drops.popleft()

    def _try_journal(self, client: AmiClient) -> None:
        """Read the journal, where the manager user may: it needs system and reporting."""
        try:
            self._read_journal(client)
            self.reconciled_s, self.problem = self.clock(), ""
        except PbxError as problem:
            if not problem.permanent:
                raise
            self.problem = f"the journal cannot be read: {problem}"
            log.warning("calls of %s: the journal cannot be read: %s", self.site, problem)

    def _read_journal(self, client: AmiClient) -> None:
        rows = self._rows(client)
        found = {key: journal_record(key, value) for key, value in rows.items()}
        kept = {key: pair for key, pair in found.items() if pair is not None}
        self._legs = {key: leg for key, (_, leg) in kept.items()}
        channels = client.collect("CoreShowChannels", "CoreShowChannelsComplete")
        names = {channel.get("Channel", "") for channel in channels}
        callers = {channel.get("Uniqueid", "") for channel in channels}
        legs = {key for key, leg in self._legs.items() if leg in names}
        records = {key: record for key, (record, _) in kept.items()}
        journal = Journal(records, frozenset(legs | callers), self.clock(), self._heard_s)
        self._drops.extend(call_id for call_id in self.read(journal) if call_id in kept)
        self._has_moved = True
        self._set = {}  # so that no cut is lost for long, whatever else moved it

    def _rows(self, client: AmiClient) -> dict[str, str]:
        """The entries of the journal; by a command where Asterisk has no action for it yet."""
        try:
            found = client.collect("DBGetTree", "DBGetTreeComplete", Family=self.family)
        except PbxError as problem:
            if "unknown command" not in str(problem):
                raise
            answer = client.action("Command", Command=f"database show {self.family}")
            return journal_of(answer.fields.get("Output", "").split("\n"), self.family)
        return {e.get("Key", "").rpartition("/")[2]: e.get("Val", "") for e in found}

    def _cut(self, client: AmiClient) -> None:
        if not self._has_moved:
            return
        self._has_moved = False
        now_s = self.clock()
        for call_id, end_s in self._wanted.items():
            leg = self._legs.get(call_id)
            if leg is None or abs(self._set.get(call_id, 0.0) - end_s) < SLACK_S:
                continue
            left_s = max(SHORTEST_S, end_s - now_s)
            with suppress(PbxError):  # the channel has gone
                client.action("AbsoluteTimeout", Channel=leg, Timeout=f"{left_s:.3f}")
            self._set[call_id] = end_s
        self._set = {key: end_s for key, end_s in self._set.items() if key in self._wanted}
