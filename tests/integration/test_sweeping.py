"""The monitor process on the sample hotel with a real Asterisk: it sees, tells and forgets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from monitors.signals import Config, Options, Registration
from monitors.status import State
from monitors.store.incidents import open_incidents
from monitors.store.memory import evidence_of
from monitors.store.statuses import KeptStatus, statuses
from monitors.store.tables import minute_sample, timeline
from provisioner.db import Database
from provisioner.delivery import utc_now
from provisioner.mac import MacAddress
from tests.integration.hotel import SITE, Hotel
from tests.simulators.asterisk import SKIP_REASON, find_asterisk

pytestmark = pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON)

QUICK = {
    "MONITOR__SWEEP_S": "1",
    "MONITOR__GRACE_S": "2",
    "MONITOR__OPTIONS_T1_S": "0.1",
    "MONITOR__OPTIONS_PER_S": "500",
}
PATIENCE_S = 60.0


class Watcher:
    """Reads what the monitor process has stored."""

    def __init__(self, hotel: Hotel) -> None:
        self.database = Database(f"sqlite:///{hotel.data / 'monitoring.db'}")

    def statuses(self) -> dict[str, KeptStatus]:
        return statuses(self.database, SITE)

    def until(self, right: Callable[[dict[str, KeptStatus]], bool]) -> dict[str, KeptStatus]:
        """Wait until the statuses are as they should be."""
        end = time.monotonic() + PATIENCE_S
        while not right(found := self.statuses()):
            told = {mac: (str(k.status.state), k.status.rule) for mac, k in found.items()}
            assert time.monotonic() < end, told
            time.sleep(0.2)
        return found


@pytest.fixture(scope="module")
def hotel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotel]:
    with Hotel(tmp_path_factory.mktemp("sweeping"), 1, monitor=QUICK) as made:
        made.fleet.boot(made.dhcp_url("yealink/t46u"))
        made.fleet.register()
        yield made


@pytest.fixture(scope="module")
def watcher(hotel: Hotel) -> Iterator[Watcher]:
    made = Watcher(hotel)
    yield made
    made.database.close()


def all_work(found: dict[str, KeptStatus]) -> bool:
    return bool(found) and {k.status.state for k in found.values()} == {State.WORKING}


def test_every_phone_works_and_says_why(hotel: Hotel, watcher: Watcher) -> None:
    found = watcher.until(all_work)
    assert set(found) == set(hotel.fleet.phones)
    assert {k.status.rule for k in found.values()} == {"I1"}
    assert open_incidents(watcher.database, SITE) == ()
    mac = MacAddress(next(iter(found)))
    kept = evidence_of(watcher.database, [mac], utc_now())[mac]
    evidence = kept.evidence
    assert evidence.registration.value is Registration.REACHABLE
    assert evidence.options.value is Options.ALIVE
    assert evidence.config.value is Config.CURRENT
    assert "200 OK" in evidence.options.measured


def test_round_trips_become_figures(watcher: Watcher) -> None:
    watcher.until(all_work)
    with watcher.database.read() as session:
        rows = session.execute(select(minute_sample.c.rtt_us, minute_sample.c.registered)).all()
    assert any(rtt and rtt > 0 for rtt, _ in rows)
    assert any(registered == 1 for _, registered in rows)


def test_a_phone_that_logs_off_opens_one_incident_and_closes_it(
    hotel: Hotel, watcher: Watcher
) -> None:
    found = watcher.until(all_work)
    mac = next(m for m, p in hotel.fleet.phones.items() if p.device.model_id == "yealink/t46u")
    phone = hotel.fleet.phones[mac]
    assert phone.user is not None
    phone.user.close()
    phone.user = None
    found = watcher.until(lambda all_: all_[mac].status.state is State.DOWN)
    assert found[mac].status.rule == "G9"
    (incident,) = open_incidents(watcher.database, SITE)
    assert incident.macs == {mac}
    hotel.fleet.register([mac])
    watcher.until(all_work)
    assert open_incidents(watcher.database, SITE) == ()
    with watcher.database.read() as session:
        query = select(timeline.c.what).where(timeline.c.incident_id == incident.id)
        assert [*session.scalars(query)] == ["opened", "recovered", "closed"]


def test_a_pbx_that_refuses_us_is_an_incident_and_no_phone_is_blamed(
    hotel: Hotel, watcher: Watcher
) -> None:
    watcher.until(all_work)
    right = hotel.site_file.read_text(encoding="utf-8")
    wrong = right.replace(hotel.asterisk.ami_secret, "not-this-one-at-all")
    hotel.site_file.write_text(wrong, encoding="utf-8")
    hotel.bellwire("apply", str(hotel.site_file))
    end = time.monotonic() + PATIENCE_S
    while not (found := open_incidents(watcher.database, SITE)):
        assert time.monotonic() < end
        time.sleep(0.2)
    assert [i.rule for i in found] == ["A1"]
    assert State.DOWN not in {k.status.state for k in watcher.statuses().values()}
    hotel.site_file.write_text(right, encoding="utf-8")
    hotel.bellwire("apply", str(hotel.site_file))
    watcher.until(all_work)


def test_it_ends_at_once_when_told(tmp_path: Path) -> None:
    with Hotel(tmp_path, 1, monitor={**QUICK, "MONITOR__OPTIONS_PER_S": "1"}) as hotel:
        hotel.fleet.boot(hotel.dhcp_url("yealink/t46u"))
        watcher = Watcher(hotel)
        watcher.until(bool)
        watcher.database.close()
        hotel.end()
        told = (hotel.folder / "serve.log").read_text(encoding="utf-8")
    assert "Traceback" not in told
