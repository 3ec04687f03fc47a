"""Power away and back: journal first, next way only when nothing was changed, never left off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitors.remedies.action import Action, ActionState
from monitors.remedies.completing import complete
from monitors.remedies.entry import Entry
from monitors.remedies.feed import FeedError, Look, Undo
from monitors.remedies.kinds import Remedy, WayKind
from monitors.remedies.performing import Ended, Performed, perform
from monitors.remedies.ways import Way
from monitors.store import actions
from monitors.store.action_pages import action_of, actions_of, actions_to_verify, forget_actions
from monitors.store.actions import Plan, claim_stranded, limit_now, plan, refused, settle
from monitors.store.tables import metadata
from provisioner.db import Database

NOW = datetime(2026, 11, 22, 9, 0)  # noqa: DTZ001 - naive UTC, as in the database
MAC = "805ec0000100"
WANTED = Plan("casa", MAC, "poe-cycle", "cli:it", "sw-2", 5, "Gi1/0/5")
ADMIN, ONCE = Way(WayKind.SNMP_ADMIN, ""), Way(WayKind.SNMP_CYCLE, "", is_one_shot=True)
CLI = Way(WayKind.CLI, "")
UNDO = Undo(WayKind.SNMP_ADMIN, (((1, 3), 1),))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'monitoring.db'}")
    metadata.create_all(made.writer)
    yield made
    made.close()


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class FakeFeed:
    """A port; it notes what was done to it, and the journal's state at that moment."""

    database: Database
    action_id: int = 1
    is_on: bool | None = True
    fails: dict[str, bool] = field(default_factory=dict)  # what fails, and: nothing was done
    done: list[str] = field(default_factory=list)

    def _do(self, what: str) -> None:
        action = action_of(self.database, self.action_id)
        self.done.append(f"{what} while {action.state if action else 'unknown'}")
        if what in self.fails:
            raise FeedError("sw-2", f"{what} failed", nothing_done=self.fails[what])

    def look(self) -> Look:
        self._do("look")
        return Look(self.is_on, UNDO)

    def cycle(self) -> None:
        self._do("cycle")

    def off(self) -> None:
        self._do("off")

    def on(self, undo: Undo) -> None:
        assert undo == UNDO
        self._do("on")

    def close(self) -> None:
        self.done.append("close")


def entered(database: Database, clock: Clock, wanted: Plan = WANTED, worker: str = "me") -> Entry:
    planned = plan(database, wanted, worker, clock())
    assert isinstance(planned, int), planned
    return Entry(database, planned, worker, clock)


def done_by(
    database: Database, *ways: tuple[Way, FakeFeed], remedy: Remedy = Remedy.POE_CYCLE,
    clock: Clock | None = None,
) -> tuple[Performed, Action]:  # fmt: skip
    clock = clock or Clock()
    entry = entered(database, clock)
    feeds = {way.kind: feed for way, feed in ways}
    waited: list[float] = []
    made = perform(remedy, [w for w, _ in ways], lambda w: feeds[w.kind], entry, 6.0, waited.append)
    action = action_of(database, entry.id)
    assert action is not None
    return made, action


def test_the_journal_is_written_before_the_switch(database: Database) -> None:
    feed = FakeFeed(database)
    made, action = done_by(database, (ADMIN, feed))
    assert feed.done == ["look while planned", "off while off", "on while off", "close"]
    assert (made.ended, made.way) == (Ended.DONE, WayKind.SNMP_ADMIN)
    assert (action.state, action.way, action.off_at) == (ActionState.DONE, "snmp-admin", NOW)
    assert action.undo["writes"] == [[[1, 3], 1]]


def test_a_one_shot_needs_no_second_half(database: Database) -> None:
    feed = FakeFeed(database, is_on=None)
    made, _ = done_by(database, (ONCE, feed))
    assert feed.done == ["look while planned", "cycle while off", "close"]
    assert made.ended is Ended.DONE


@pytest.mark.parametrize("fails", ["look", "off"])
def test_the_next_way_only_when_nothing_was_changed(database: Database, fails: str) -> None:
    first, second = FakeFeed(database, fails={fails: True}), FakeFeed(database)
    made, action = done_by(database, (CLI, first), (ADMIN, second))
    assert made.way is WayKind.SNMP_ADMIN
    assert action.way == "snmp-admin"
    assert "on while off" not in first.done
    assert second.done[0] == "look while planned"


def test_an_off_without_an_answer_is_followed_by_on(database: Database) -> None:
    first, second = FakeFeed(database, fails={"off": False}), FakeFeed(database)
    made, action = done_by(database, (CLI, first), (ADMIN, second))
    assert first.done[-2:] == ["on while off", "close"]
    assert second.done == []
    assert (made.ended, made.detail) == (Ended.DONE, "sw-2: off failed")
    assert action.state is ActionState.DONE


def test_a_one_shot_without_an_answer_is_not_done_twice(database: Database) -> None:
    first, second = FakeFeed(database, fails={"cycle": False}), FakeFeed(database)
    made, _ = done_by(database, (ONCE, first), (ADMIN, second))
    assert (made.ended, second.done) == (Ended.DONE, [])


def test_all_ways_may_fail_and_nothing_is_begun(database: Database) -> None:
    feed = FakeFeed(database, fails={"look": True})
    made, action = done_by(database, (CLI, feed), (ADMIN, feed))
    assert (made.ended, action.state) == (Ended.FAILED, ActionState.FAILED)
    assert action.detail == "sw-2: look failed; sw-2: look failed"
    assert action.off_at is None
    assert limit_now(database, WANTED, NOW) == ""  # the port was not touched


def test_a_port_that_somebody_switched_off_stays_off(database: Database) -> None:
    feed = FakeFeed(database, is_on=False)
    made, action = done_by(database, (ADMIN, feed))
    assert feed.done == ["look while planned", "close"]
    assert (made.ended, action.state) == (Ended.FAILED, ActionState.FAILED)


def test_power_is_switched_on(database: Database) -> None:
    feed = FakeFeed(database, is_on=False)
    made, _ = done_by(database, (ADMIN, feed), remedy=Remedy.POE_ON)
    assert feed.done == ["look while planned", "on while off", "close"]
    assert made.ended is Ended.DONE


def test_power_that_cannot_be_given_back_is_given_back_later(database: Database) -> None:
    clock = Clock()
    made, action = done_by(database, (ADMIN, FakeFeed(database, fails={"on": False})), clock=clock)
    assert (made.ended, action.state) == (Ended.STRANDED, ActionState.OFF)
    assert complete(database, "other", clock, lambda *_: FakeFeed(database)) == 0  # not yet
    clock.now += timedelta(seconds=11)
    failing = FakeFeed(database, fails={"on": False})
    assert complete(database, "other", clock, lambda *_: failing) == 1
    clock.now += timedelta(seconds=11)
    feed = FakeFeed(database)
    assert complete(database, "third", clock, lambda *_: feed) == 1
    assert feed.done == ["on while off", "close"]
    (action,) = actions_to_verify(database)
    assert (action.tries, action.claimed_by) == (2, "third")
    assert action.detail == "power was given back after bellwire had stopped in between"


def test_an_exception_in_the_wait_gives_power_back(database: Database) -> None:
    feed = FakeFeed(database)
    entry = entered(database, Clock())

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform(Remedy.POE_CYCLE, [ADMIN], lambda _: feed, entry, 6.0, interrupted)
    assert feed.done[-2:] == ["on while off", "close"]


def test_a_row_that_was_only_planned_is_given_up(database: Database) -> None:
    clock = Clock()
    entry = entered(database, clock)
    clock.now += timedelta(minutes=2)
    feed = FakeFeed(database)
    assert complete(database, "other", clock, lambda *_: feed) == 1
    assert feed.done == []
    action = action_of(database, entry.id)
    assert action is not None
    assert (action.state, action.detail) == (
        ActionState.FAILED, "bellwire stopped before anything was written",
    )  # fmt: skip
    # and the one that was too slow writes nothing any more
    assert not entry.begin(WayKind.CLI, UNDO, 6)


def test_a_worker_that_was_too_slow_stops_before_it_writes(database: Database) -> None:
    clock, feed = Clock(), FakeFeed(database)

    class Slow(FakeFeed):
        def look(self) -> Look:
            clock.now += timedelta(minutes=5)
            complete(database, "other", clock, lambda *_: feed)
            return super().look()

    slow = Slow(database)
    made, _ = done_by(database, (ADMIN, slow), clock=clock)
    assert made.ended is Ended.LOST
    assert slow.done == ["look while failed", "close"]


def test_of_many_workers_one_gives_power_back(database: Database) -> None:
    clock = Clock()
    entry = entered(database, clock)
    assert entry.begin(WayKind.SNMP_ADMIN, UNDO, 6)
    clock.now += timedelta(minutes=3)
    feeds = [FakeFeed(database) for _ in range(6)]
    start = threading.Barrier(len(feeds))

    def work(number: int) -> None:
        start.wait()
        complete(database, f"w{number}", clock, lambda *_: feeds[number])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(feeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(feed.done) for feed in feeds) == [0, 0, 0, 0, 0, 2]
    assert len(actions_to_verify(database)) == 1


def test_of_many_workers_one_begins(database: Database) -> None:
    start = threading.Barrier(6)
    got: list[int | str] = []

    def work(number: int) -> None:
        start.wait()
        got.append(plan(database, WANTED, f"w{number}", NOW))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([g for g in got if isinstance(g, int)]) == 1


def begun(database: Database, clock: Clock, if_index: int, mac: str) -> None:
    wanted = Plan("casa", mac, "poe-cycle", "", "sw-2", if_index, f"Gi{if_index}")
    entry = entered(database, clock, wanted)
    assert entry.begin(WayKind.SNMP_ADMIN, UNDO, 6)
    assert entry.done()


def test_one_port_once_in_ten_minutes(database: Database) -> None:
    clock = Clock()
    begun(database, clock, 5, MAC)
    clock.now += timedelta(minutes=9)
    said = plan(database, WANTED, "me", clock())
    assert said == "the power of this port was switched at 09:00:00: once in 10 minutes"
    other_site = Plan("villa", "0c383e000001", "poe-cycle", "", "sw-2", 5)
    assert limit_now(database, other_site, clock()) == ""
    clock.now += timedelta(minutes=2)
    assert isinstance(plan(database, WANTED, "me", clock()), int)


def test_five_ports_of_a_switch_in_a_minute(database: Database) -> None:
    clock = Clock()
    for number in range(5):
        begun(database, clock, 10 + number, f"805ec00001{number:02x}")
    assert (
        limit_now(database, WANTED, clock())
        == "5 ports of this switch in the last minute: at most 5"
    )
    clock.now += timedelta(seconds=61)
    assert limit_now(database, WANTED, clock()) == ""


def test_a_resync_has_no_limit_of_ports(database: Database) -> None:
    wanted = Plan("casa", MAC, "resync", "")
    for _ in range(2):
        entry = entered(database, Clock(), wanted)
        assert entry.done(WayKind.PBX, "sent")


def test_the_journal_is_listed_and_forgotten(database: Database) -> None:
    refused(database, WANTED, "there is a call", NOW)
    begun(database, Clock(NOW), 7, "0c383e010101")
    (action,) = actions_to_verify(database)
    assert settle(database, action, ActionState.VERIFIED, {"power": "x"}, "well", NOW)
    assert not settle(database, action, ActionState.FAILED, {}, "late", NOW)
    assert [a.state for a in actions_of(database, site="casa")] == ["verified", "refused"]
    assert [a.mac for a in actions_of(database, mac=MAC)] == [MAC]
    assert claim_stranded(database, "me", NOW + timedelta(days=1)) == []
    assert forget_actions(database, NOW + timedelta(days=1)) == 2
    assert actions.limit_now(database, WANTED, NOW) == ""
