"""The adaptive firewall of a site over its database, with a root part that can be out of order."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_network
from pathlib import Path

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import delete

from monitors.firewall.desk import FirewallDesk
from monitors.firewall.everyone import networks_of_all
from monitors.firewall.gate import Gate, GateError
from monitors.incidents import decide
from monitors.probes.registrations import SecurityEvent
from monitors.signals import Security
from monitors.store.incidents import open_incidents
from monitors.store.shut_out import forget_shut_outs, release, shut_out, shut_outs
from monitors.store.tables import incident, timeline
from provisioner.catalogue.loader import load
from provisioner.inventory.pbx_hardening import Hardening, ShutOutRule
from provisioner.inventory.records import Pbx, Site
from tests.integration.servers import DataFolder, small_site
from web.installation import Installation
from web.sweeping import Sweeper

RULE = ShutOutRule(tries=5, window_s=60)
SITE = Site(
    "casa", "Casa", networks=(ip_network("10.20.0.0/16"),),
    pbx=Pbx(host="10.20.0.5", hardening=Hardening(shut_out=RULE)),
)  # fmt: skip
GUESSER = "203.0.113.9"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = datetime(2020, 11, 22, 12, tzinfo=UTC).replace(tzinfo=None)

    def __call__(self) -> datetime:
        return self.at

    def later(self, **span: float) -> None:
        self.at += timedelta(**span)


class FakeGate(Gate):
    """Notes what it is asked; ``problem`` makes it refuse."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"))
        self.asked: list[str] = []
        self.problem = ""

    def _ask(self, request: str) -> None:
        if self.problem:
            raise GateError(self.problem)
        self.asked.append(request)


@pytest.fixture(scope="module", autouse=True)
def catalogue_once() -> Iterator[None]:
    """Reading it takes a second, and every command would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("web.installation.load", cache(load))
        yield


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    data = DataFolder(tmp_path_factory.mktemp("data") / "var")
    data.apply(small_site())
    with data.opened() as installation:
        yield installation


@pytest.fixture
def here(opened: Installation) -> Installation:
    """An installation in whose monitor nothing is stored."""
    with opened.monitoring.write() as session:
        for table in (timeline, incident, shut_out):
            session.execute(delete(table))
    return opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate() -> FakeGate:
    return FakeGate()


@pytest.fixture
def desk(here: Installation, gate: FakeGate, clock: Clock) -> FirewallDesk:
    return FirewallDesk(SITE, here.monitoring, gate, clock)


def guess(
    desk: FirewallDesk, clock: Clock, times: int = 5, address: str = GUESSER, account: str = "100",
    what: Security = Security.WRONG_PASSWORD,
) -> None:  # fmt: skip
    for _ in range(times):
        desk.take(SecurityEvent(clock(), what, account, address, "InvalidPassword"))


def rules(here: Installation) -> dict[str, str]:
    return {i.key: i.rule for i in open_incidents(here.monitoring, "casa")}


def test_the_fifth_wrong_password_shuts_out_and_opens_one_incident(
    desk: FirewallDesk, here: Installation, gate: FakeGate, clock: Clock
) -> None:
    guess(desk, clock, 4)
    assert gate.asked == []
    guess(desk, clock, 200)
    assert gate.asked == [f"add {GUESSER} 600"]
    guess(desk, clock, 5, "203.0.113.10")
    assert rules(here) == {"attack 100": "L1"}, "one trouble, however many addresses"
    assert [one.account for one in shut_outs(here.monitoring)] == ["100", "100"]


def test_the_next_time_lasts_longer_also_after_a_restart(
    desk: FirewallDesk, here: Installation, gate: FakeGate, clock: Clock
) -> None:
    guess(desk, clock)
    clock.later(minutes=11)
    desk.tick()
    assert rules(here) == {}
    again = FirewallDesk(SITE, here.monitoring, gate, clock)
    guess(again, clock)
    assert gate.asked[-1] == f"add {GUESSER} 3600"
    (one,) = shut_outs(here.monitoring, "casa", at=clock())
    assert one.times == 2


def test_what_stands_is_told_to_the_firewall_after_a_restart(
    desk: FirewallDesk, here: Installation, gate: FakeGate, clock: Clock
) -> None:
    guess(desk, clock)
    clock.later(minutes=4)
    gate.asked.clear()
    again = FirewallDesk(SITE, here.monitoring, gate, clock)
    again.tick()
    again.tick()
    assert gate.asked == [f"add {GUESSER} 360"]


def test_a_firewall_that_is_out_of_order_is_told_of_and_tried_again(
    desk: FirewallDesk, here: Installation, gate: FakeGate, clock: Clock
) -> None:
    gate.problem = "nft is not installed"
    guess(desk, clock)
    desk.tick()
    assert rules(here) == {"attack 100": "L3"}
    (one,) = shut_outs(here.monitoring, at=clock())
    assert one.problem == "nft is not installed"
    gate.problem = ""
    desk.tick()
    assert rules(here) == {"attack 100": "L1"}
    assert gate.asked == [f"add {GUESSER} 600"]
    (one,) = shut_outs(here.monitoring, at=clock())
    assert one.problem == ""


def test_without_a_firewall_an_attack_is_told_of(here: Installation, clock: Clock) -> None:
    guess(FirewallDesk(SITE, here.monitoring, None, clock), clock)
    assert rules(here) == {"attack 100": "L3"}


def test_a_scan_is_an_incident_of_its_own(
    desk: FirewallDesk, here: Installation, clock: Clock
) -> None:
    guess(desk, clock, what=Security.UNKNOWN_EXTENSION, account="9999")
    assert rules(here) == {"attack ?": "L2"}


@pytest.mark.parametrize(
    "address", ["10.20.7.7", "10.20.0.5", "127.0.0.1", "::ffff:10.20.7.7", "x"]
)
def test_our_own_are_never_shut_out(
    desk: FirewallDesk, gate: FakeGate, clock: Clock, address: str
) -> None:
    guess(desk, clock, 100, address)
    assert gate.asked == []


def test_phones_of_another_site_at_the_same_pbx_are_no_strangers(
    desk: FirewallDesk, here: Installation, gate: FakeGate, clock: Clock
) -> None:
    with here.database.read() as session:
        desk.know(SITE, ("203.0.113.0/24", *networks_of_all(session)))
    guess(desk, clock, 100)
    assert gate.asked == []


def test_an_address_that_becomes_known_is_let_in(
    desk: FirewallDesk, here: Installation, gate: FakeGate, clock: Clock
) -> None:
    guess(desk, clock)
    desk.know(SITE, ("203.0.113.0/24",))
    desk.tick()
    assert gate.asked[-1] == f"remove {GUESSER}"
    assert shut_outs(here.monitoring, at=clock()) == ()
    assert rules(here) == {}


@pytest.mark.parametrize(
    "site",
    [
        replace(SITE, networks=()),
        replace(SITE, pbx=None),
        replace(SITE, pbx=Pbx(hardening=Hardening(shut_out=replace(RULE, enabled=False)))),
    ],
)
def test_where_it_is_off_nobody_is_shut_out(
    here: Installation, gate: FakeGate, clock: Clock, site: Site
) -> None:
    desk = FirewallDesk(site, here.monitoring, gate, clock)
    guess(desk, clock, 100)
    desk.tick()
    assert (desk.is_on, gate.asked, shut_outs(here.monitoring)) == (False, [], ())


def test_a_release_forgives_and_the_next_time_is_the_first(
    desk: FirewallDesk, here: Installation, gate: FakeGate, clock: Clock
) -> None:
    guess(desk, clock)
    assert release(here.monitoring, GUESSER, "cli:anna", clock(), ["norte"]) == []
    assert release(here.monitoring, GUESSER, "cli:anna", clock(), ["casa"]) == ["casa"]
    clock.later(seconds=1)
    guess(desk, clock)
    (one,) = shut_outs(here.monitoring, at=clock())
    assert (one.times, one.released_by) == (1, "")


def test_the_sweep_leaves_these_incidents_alone(
    desk: FirewallDesk, here: Installation, clock: Clock
) -> None:
    guess(desk, clock)
    clock.later(days=1)
    assert decide(open_incidents(here.monitoring, "casa"), [], clock()) == ()


def test_old_ones_are_forgotten(desk: FirewallDesk, here: Installation, clock: Clock) -> None:
    guess(desk, clock)
    forget_shut_outs(here.monitoring, clock())
    assert len(shut_outs(here.monitoring)) == 1
    clock.later(days=2)
    forget_shut_outs(here.monitoring, clock())
    assert shut_outs(here.monitoring) == ()


def test_a_gate_that_is_not_there_or_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="No such file"):
        Gate(tmp_path / "gone").shut_out(GUESSER, 60)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "gate"))
        listener.listen()

        def hang_up() -> None:
            channel, _ = listener.accept()
            channel.recv(100)
            channel.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(GateError, match="no answer"):
            Gate(tmp_path / "gate").shut_out(GUESSER, 60)
        thread.join()


def test_the_monitor_gives_each_site_its_firewall(tmp_path: Path, clock: Clock) -> None:
    data = DataFolder(tmp_path / "var")
    ami = {"host": "127.0.0.1", "port": 1, "username": "x", "secret": "y"}
    data.apply({**small_site(), "pbx": {"kind": "asterisk", "ami": ami}})
    with data.opened() as installation:
        sweeper = Sweeper(installation, BackgroundScheduler(timezone="UTC"), clock)
        try:
            sweeper.look()
            sweeper.sweep("casa")
            desk = sweeper._watched["casa"].sweep.pbx
            assert desk is not None
            for _ in range(10):
                desk.board.take(
                    SecurityEvent(clock(), Security.WRONG_PASSWORD, "100", GUESSER, "x")
                )
        finally:
            sweeper.close()
        assert [one.address for one in shut_outs(installation.monitoring)] == [GUESSER]
        assert rules(installation)["attack 100"] == "L3"
    assert data.run("firewall", "blocked").output == "no address is shut out\n"
    assert GUESSER in data.run("firewall", "blocked", "casa", "--all").output
