"""What the guard says of itself: kept once for a site, and said by the process that guards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitors.guarding.service import Address, GuardService
from monitors.store.calls_guard import GuardSeen, keep_seen, seen_of
from monitors.store.tables import metadata
from provisioner.config import CallQuestions
from provisioner.db import Database
from provisioner.delivery import utc_now
from tests.people import office
from tests.unit.test_pages_calls import guard

NOON = datetime.fromisoformat("2026-11-22 12:00")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'monitoring.db'}")
    metadata.create_all(made.writer)
    yield made
    made.close()


def test_only_the_last_word_is_kept(database: Database) -> None:
    assert seen_of(database, "casa") is None
    keep_seen(database, [])
    first = GuardSeen("casa", NOON, connected=False, problem="x" * 300)
    keep_seen(database, [first, GuardSeen("norte", NOON, connected=True)])
    kept = seen_of(database, "casa")
    assert kept is not None
    assert kept.problem == "x" * 200
    later = NOON + timedelta(seconds=15)
    keep_seen(database, [GuardSeen("casa", later, connected=True, reconciled_at=later)])
    kept = seen_of(database, "casa")
    assert kept == GuardSeen("casa", later, connected=True, reconciled_at=later)
    assert kept.answers(later + timedelta(minutes=1))
    assert not kept.answers(later + timedelta(minutes=2))


def test_the_process_says_that_it_is_there(tmp_path: Path) -> None:
    with office(tmp_path, "casa", "norte") as made:
        guard(made)
        here, stop, listens = made.installation, threading.Event(), threading.Event()
        settings = CallQuestions(enabled=True, port=0)
        service = GuardService(here.database, here.monitoring, here.box, settings)

        def ready(_: Address) -> None:
            listens.set()

        thread = threading.Thread(target=service.run, args=(stop, ready))
        thread.start()
        try:
            assert listens.wait(60)
        finally:
            stop.set()
            thread.join()
        seen = seen_of(here.monitoring, "casa")
        assert seen is not None
        assert seen.answers(utc_now())
        assert (seen.connected, seen.reconciled_at) == (False, None)  # the site names no PBX
        assert seen_of(here.monitoring, "norte") is None  # it is not guarded
