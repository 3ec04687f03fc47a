"""What the monitor remembers, on SQLite and PostgreSQL, and with several workers at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from monitors.evidence import Group, GroupFinding
from monitors.incident_steps import Close, Ending, Event, Judged, Keep, Leave, Open, Step
from monitors.incidents import decide, phone_key
from monitors.status import State, Status
from monitors.store.incident_pages import (
    all_open,
    forget_incidents,
    incident_of,
    incidents_of_phone,
    recent_incidents,
)
from monitors.store.incidents import acknowledge, open_incidents, take
from monitors.store.readings import (
    KeptReading,
    all_readings,
    forget_readings,
    keep_readings,
    readings_of,
)
from monitors.store.statuses import KeptStatus, forget_statuses, keep_statuses, statuses
from monitors.store.tables import incident, timeline
from monitors.store.tally import tallies
from provisioner.db import Database
from tests.simulators.postgres import SKIP_REASON, Postgres, find_postgres
from web.migrate import upgrade

WITH_POSTGRES = pytest.mark.skipif(find_postgres() is None, reason=SKIP_REASON)
NOON = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - naive UTC, as stored
MINUTE = timedelta(minutes=1)
MAC, OTHER = "0c383e000001", "0c383e000002"
SITE = "hotel-aurora"
WORKERS = 4


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=WITH_POSTGRES)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with ExitStack() as ends:
        url = f"sqlite:///{tmp_path / 'monitoring.db'}"
        if request.param == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            url = server.new_database(f"test_{abs(hash(tmp_path))}")
        made = Database(url)
        ends.callback(made.close)
        upgrade("monitoring", made)
        yield made


def opening(mac: str = MAC, rule: str = "B5") -> Open:
    return Open(phone_key(mac), False, "", rule, "certain", {"room": "214"}, frozenset({mac}), NOON)


def the_events(database: Database, incident_id: int) -> list[str]:
    found = incident_of(database, incident_id)
    assert found is not None
    return [str(entry.what) for entry in found.timeline]


def test_the_latest_reading_stays(database: Database) -> None:
    readings = [
        KeptReading(MAC, "options", NOON, {"answer": "alive", "rtt_ms": 3.5}),
        KeptReading(MAC, "registration", NOON, None),
        KeptReading(OTHER, "options", NOON, "silent"),
    ]
    keep_readings(database, readings)
    keep_readings(database, [])
    keep_readings(database, [replace(readings[0], at=NOON - MINUTE, value="older")])
    keep_readings(database, [replace(readings[2], at=NOON + MINUTE, value="alive")])
    found = readings_of(database, [MAC, OTHER, "0c383e000003"])
    assert found[MAC] == {"options": readings[0], "registration": readings[1]}
    assert found[OTHER]["options"].value == "alive"
    assert found["0c383e000003"] == {}
    assert set(all_readings(database, "options")) == {MAC, OTHER}
    assert forget_readings(database, NOON + MINUTE) == 2
    assert readings_of(database, [MAC])[MAC] == {}


def judged(misses: int, at: datetime, made_from: datetime | None) -> KeptStatus:
    now = Status(State.FAILING, NOON, "B5", misses)
    return KeptStatus(MAC, SITE, now, "certain", at, {"room": "214"}, ("power",), made_from)


def test_a_status_is_made_from_the_one_before(database: Database) -> None:
    first = judged(1, NOON, None)
    assert keep_statuses(database, [first]) == {MAC}
    assert statuses(database, SITE) == {MAC: replace(first, made_from=NOON)}
    second = judged(2, NOON + MINUTE, NOON)
    assert keep_statuses(database, [second]) == {MAC}
    assert keep_statuses(database, [second]) == frozenset()  # somebody else did it meanwhile
    assert statuses(database)[MAC].status.misses == 2
    assert statuses(database, "another") == {}
    assert forget_statuses(database, SITE, [MAC]) == 0
    assert forget_statuses(database, SITE, [OTHER]) == 1
    assert statuses(database) == {}
    assert keep_statuses(database, []) == frozenset()


def test_the_life_of_an_incident(database: Database) -> None:
    assert len(take(database, SITE, [opening()], NOON)) == 1
    assert take(database, SITE, [opening()], NOON) == ()
    assert len(take(database, "another-site", [opening()], NOON)) == 1
    (there,) = open_incidents(database, SITE)
    assert (there.key, there.rule, there.macs) == (phone_key(MAC), "B5", frozenset({MAC}))
    keep = Keep(there.id, "B5", "C1", "likely", {}, frozenset(), is_found=False)
    assert take(database, SITE, [keep], NOON + MINUTE) == (keep,)
    assert take(database, SITE, [keep], NOON + MINUTE) == ()
    assert acknowledge(database, there.id, "ana", NOON + MINUTE)
    assert not acknowledge(database, there.id, "luis", NOON + MINUTE)
    steps: list[Step] = [
        Leave(there.id, frozenset({MAC}), recovered=True),
        Close(there.id, Ending.RECOVERED),
    ]
    assert take(database, SITE, steps, NOON + 2 * MINUTE) == tuple(steps)
    assert take(database, SITE, steps, NOON + 2 * MINUTE) == ()
    assert open_incidents(database, SITE) == ()
    assert the_events(database, there.id) == [
        "opened", "cause-changed", "acknowledged", "recovered", "closed"
    ]  # fmt: skip
    found = incident_of(database, there.id)
    assert found is not None
    assert (found.ending, found.acknowledged_by, found.macs) == ("recovered", "ana", (MAC,))
    assert found.timeline[1].detail == "B5 -> C1"
    assert [i.id for i in incidents_of_phone(database, MAC)][-1] == there.id
    assert [i.id for i in recent_incidents(database, SITE, NOON)] == [there.id]
    assert recent_incidents(database, SITE, NOON + 2 * MINUTE) == ()
    assert [i.site for i in all_open(database)] == ["another-site"]
    assert tallies(database)["incidents_opened", SITE, "B5"] == 1
    assert incident_of(database, 999) is None


@pytest.mark.parametrize(("minutes", "same"), [(9, True), (11, False)])
def test_soon_after_its_end_it_is_the_same_incident(
    database: Database, minutes: int, same: bool
) -> None:
    take(database, SITE, [opening()], NOON)
    (first,) = open_incidents(database, SITE)
    take(database, SITE, [Close(first.id, Ending.RECOVERED)], NOON)
    take(database, SITE, [opening(rule="C1")], NOON + minutes * MINUTE)
    (second,) = open_incidents(database, SITE)
    assert (second.id == first.id) is same
    assert second.rule == "C1"
    assert second.macs == {MAC}
    found = incident_of(database, second.id)
    assert found is not None
    assert (found.round, found.round_at) == (int(same), NOON + minutes * MINUTE)
    assert the_events(database, second.id)[-1] == ("reopened" if same else "opened")


def test_a_group_with_its_phones(database: Database) -> None:
    macs = [f"0c383e0000{n:02}" for n in range(4)]
    finding = GroupFinding("A3", Group.SWITCH, "sw-2", frozenset(macs), 1.0)
    down = Status(State.DOWN, NOON, "A3")
    phones = {mac: Judged(mac, down, "likely", {}, finding) for mac in macs[:3]}
    take(database, SITE, decide([], phones.values(), NOON), NOON)
    (there,) = open_incidents(database, SITE)
    assert there.macs == set(macs[:3])

    phones[macs[3]] = Judged(macs[3], down, "likely", {}, finding)
    phones[macs[0]] = Judged(macs[0], Status(State.WORKING, NOON, "I1"), "certain")
    take(database, SITE, decide([there], phones.values(), NOON + MINUTE), NOON + MINUTE)
    (there,) = open_incidents(database, SITE)
    assert there.macs == set(macs[1:])
    assert there.found_at == NOON + MINUTE
    phones[macs[0]] = Judged(macs[0], down, "likely", {}, finding)  # and down again
    take(database, SITE, decide([there], phones.values(), NOON + MINUTE), NOON + MINUTE)
    assert open_incidents(database, SITE)[0].macs == set(macs)
    well = [Judged(mac, Status(State.WORKING, NOON, "I1"), "certain") for mac in macs]
    take(database, SITE, decide(open_incidents(database, SITE), well, NOON), NOON + 2 * MINUTE)
    assert open_incidents(database, SITE) == ()
    assert the_events(database, there.id) == [
        "opened", "recovered", "joined", "joined", *["recovered"] * 4, "closed"
    ]  # fmt: skip
    assert forget_incidents(database, NOON + MINUTE) == 0
    assert forget_incidents(database, NOON + 3 * MINUTE) == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(timeline)) == 0


def in_processes(work: Callable[..., None], *arguments: Any) -> list[Any]:
    """Run a function in several processes that begin at the same moment."""
    context = multiprocessing.get_context("spawn")
    begin, answers = context.Barrier(WORKERS), context.Queue()
    workers = [
        context.Process(target=work, args=(begin, answers, *arguments)) for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    got = [answers.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(timeout=60)
        assert worker.exitcode == 0
    return got


def race(begin: Any, answers: Any, url: str, rounds: int) -> None:
    """One of several monitors that all see the same phones go down and come back."""
    database = Database(url)
    opened = closed = noted = 0
    for number in range(rounds):
        mac = f"0c383e{number:06x}"
        begin.wait(timeout=60)
        opened += len(take(database, SITE, [opening(mac)], NOON))
        begin.wait(timeout=60)
        (there,) = (i for i in open_incidents(database, SITE) if i.macs == {mac})
        begin.wait(timeout=60)
        noted += acknowledge(database, there.id, "ana", NOON)
        closed += len(take(database, SITE, [Close(there.id, Ending.RECOVERED)], NOON))
        begin.wait(timeout=60)
        opened += len(take(database, SITE, [opening(mac)], NOON + MINUTE))  # once more
    database.close()
    answers.put((opened, closed, noted))


def test_workers_that_race_open_and_close_once(database: Database) -> None:
    rounds = 10
    got = in_processes(race, database.url, rounds)
    opened, closed, noted = (sum(each) for each in zip(*got, strict=True))
    assert (opened, closed) == (2 * rounds, rounds)
    assert noted <= rounds  # an incident closed by a faster worker is not acknowledged any more
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(incident)) == rounds
        lines = list(session.execute(select(timeline.c.incident_id, timeline.c.what)))
    for event in (Event.OPENED, Event.CLOSED, Event.REOPENED):
        assert len([line for line in lines if line.what == event]) == rounds


def judge(begin: Any, answers: Any, url: str) -> None:
    """One of several monitors that judge the same phone at the same moment."""
    database = Database(url)
    made = 0
    for minute in range(10):
        begin.wait(timeout=60)
        before = statuses(database).get(MAC)
        begin.wait(timeout=60)
        misses = before.status.misses + 1 if before else 1
        kept = judged(misses, NOON + minute * MINUTE, before.made_from if before else None)
        made += len(keep_statuses(database, [kept]))
    database.close()
    answers.put(made)


def test_workers_that_race_count_a_bad_answer_once(database: Database) -> None:
    got = in_processes(judge, database.url)
    assert statuses(database)[MAC].status.misses == 10
    assert 10 <= sum(got) <= 9 + WORKERS  # the very first may be stored by each, and is the same
