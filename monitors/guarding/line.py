"""The line to a PBX's manager interface: hears answers, reads its journal, cuts calls.

A thread of its own. When the connection comes (back), and now and then besides, the journal that
the dial plan keeps in Asterisk's database is read: calls that began, were answered or ended while
nobody listened are counted then, each once.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from monitors.guarding.desk import OverRecord
from monitors.guarding.records import journal_of, journal_record, record_of
from monitors.guarding.room import Ends, Room
from monitors.probes.pbx.asterisk import AsteriskAccess
from provisioner.errors import PbxError
from provisioner.pbx.ami import AmiClient
from provisioner.pbx.ami_packets import Packet

log = logging.getLogger(__name__)

EVENTS = "user"
WAIT_S, GRACE_S = 0.2, 0.002
"""So long nothing may happen until it is looked whether there is anything to do; and so long the
rest of an event may take to come."""
READ_EVERY_S = 20.0
READ_AGAIN_S = 3.0
"""After the first reading: what was too new then is looked at again."""
PAUSE_S = 1.0
LONGEST_PAUSE_S = 20.0
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
    _room: Room = field(default_factory=Room)
    _bell: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair)
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
        for each in self._bell:
            each.settimeout(0)
        self._thread = threading.Thread(target=self._run, name=f"calls {self.site}", daemon=True)
        self._thread.start()

    def stop(self, limit_s: float = 10.0) -> None:
        """End."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(limit_s)
        for each in self._bell:
            each.close()

    def begins(self, call_id: str, channel: str, most_s: float) -> None:
        """Say that a call begins: its caller's channel, and how long the PBX lets it go on."""
        self._room.begins(call_id, channel, most_s)

    def cut(self, news: Ends) -> None:
        """Say when calls are to end, of those for which that has changed."""
        self._room.want(news)
        self._has_moved = True
        if news.answered or news.shrinks:
            self._ring()

    @property
    def is_behind(self) -> bool:
        """Whether the PBX has not been told yet of a time that has become shorter."""
        return self._room.is_behind

    def settled(self) -> Future[None]:
        """Return what is done once the PBX has what was said before; OSError if it breaks."""
        done = self._room.settled()
        self._ring()
        return done

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
                self._room.give_up()
            self._stop.wait(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _connected(self) -> AmiClient:
        access = self.access
        return AmiClient.connect(
            access.host, access.port, access.username, access.secret, access.timeout_s, EVENTS
        )

    def _follow(self, client: AmiClient) -> None:
        self._room.forget()
        self._is_up = self._has_moved = True
        due_s, next_s = 0.0, READ_AGAIN_S
        while not self._stop.is_set():
            if time.monotonic() >= due_s or self._hurry.is_set():
                self._hurry.clear()
                self._try_journal(client)
                due_s, next_s = time.monotonic() + next_s, READ_EVERY_S
            said = client.wait(WAIT_S, self._bell[0])
            self._hush()
            event = client.event(GRACE_S if said else 0)
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
                self._has_moved = True
                with suppress(ValueError):
                    at_s = float(event.get("At", ""))
                    self._room.answers(call_id, event.get("Leg", ""), at_s)
                    self.heard_answer(call_id, at_s)
            case "BellwireOver":
                record = record_of([event.get(name, "") for name in _OVER])
                if record is not None:
                    self._room.over(record.call_id)
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
        channels = client.collect("CoreShowChannels", "CoreShowChannelsComplete")
        names = {channel.get("Uniqueid", ""): channel.get("Channel", "") for channel in channels}
        times = {key: record.answered_s for key, (record, _) in kept.items()}
        answered = {key: at_s for key, at_s in times.items() if at_s is not None}
        self._room.read({key: leg for key, (_, leg) in kept.items()}, answered, names)
        there = set(names.values())
        legs = {key for key, leg in self._room.legs.items() if leg in there}
        records = {key: record for key, (record, _) in kept.items()}
        alive = frozenset(legs | set(names))
        journal = Journal(records, alive, self.clock(), self._heard_s)
        self._drops.extend(call_id for call_id in self.read(journal) if call_id in kept)
        self._has_moved = True

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
        if not self._has_moved and not self._room.is_awaited:
            return
        self._has_moved = False

        def hear() -> None:
            while (event := client.event(0)) is not None:
                self._take(event)

        self._room.tell(client, hear, self.clock)

    def _ring(self) -> None:
        """Let the line's thread look what there is to do."""
        with suppress(OSError):  # it has ended, or looks already
            self._bell[1].send(b".")

    def _hush(self) -> None:
        with suppress(BlockingIOError):
            self._bell[0].recv(4096)
