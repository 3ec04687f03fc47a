"""The watch that stays with a PBX: it comes back, and a faulty hook does not end it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import pytest

from monitors.probes.pbx.watch import LONGEST_PAUSE_S, PbxWatch
from monitors.probes.registrations import Change, ContactEvent, LiveEvent
from provisioner.errors import PbxError

NOW = datetime(2026, 11, 22, 9, 0)  # noqa: DTZ001 - as stored
EVENT = ContactEvent(NOW, "2214", Change.REACHABLE)
WAIT_S = 10


class Session:
    """Gives its events, then breaks."""

    def __init__(self, *events: LiveEvent | None) -> None:
        self._events = list(events)
        self.is_closed = False

    def event(self, wait_s: float) -> LiveEvent | None:  # noqa: ARG002 - the protocol's
        if not self._events:
            raise PbxError("pbx", "the connection broke")
        return self._events.pop(0)

    def close(self) -> None:
        self.is_closed = True


def watch(connect: Callable[[], Session], take: Callable[[LiveEvent], None]) -> PbxWatch:
    return PbxWatch("pbx", connect, take, lambda: NOW, wait_s=0.01, pause_s=0.01)


def test_it_comes_back_and_hands_over_every_event() -> None:
    sessions: list[Session] = []
    taken: list[LiveEvent] = []
    enough = threading.Event()

    def connect() -> Session:
        if len(sessions) == 1 and not sessions[0].is_closed:
            raise AssertionError("the old session is still open")
        sessions.append(Session(None, EVENT, None, EVENT))
        return sessions[-1]

    def take(event: LiveEvent) -> None:
        taken.append(event)
        if len(taken) == 6:
            enough.set()

    watching = watch(connect, take)
    watching.start()
    assert enough.wait(WAIT_S)
    watching.stop()
    assert set(taken) == {EVENT}
    assert len(sessions) >= 3
    assert watching.connected_at is None
    assert all(session.is_closed for session in sessions)


def test_a_pbx_that_is_down_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    tries = threading.Semaphore(0)

    def connect() -> Session:
        tries.release()
        raise PbxError("pbx", "no route")

    watching = watch(connect, lambda _: None)
    watching.start()
    for _ in range(3):
        assert tries.acquire(timeout=WAIT_S)
    watching.stop()
    assert watching.problem == "pbx: no route"
    assert [r.getMessage() for r in caplog.records] == ["pbx cannot be watched: pbx: no route"]
    assert LONGEST_PAUSE_S == 60


def test_a_faulty_hook_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    good = threading.Event()
    faults = 0

    def take(event: LiveEvent) -> None:
        nonlocal faults
        if not faults:
            faults += 1
            raise ValueError("of the hook")
        good.set()

    watching = watch(lambda: Session(EVENT, EVENT), take)
    watching.start()
    assert good.wait(WAIT_S)
    watching.stop()
    assert "could not be kept" in caplog.text
