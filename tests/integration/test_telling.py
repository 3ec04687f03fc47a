"""From a site file to a mail, and what a running server tells Prometheus."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from monitors.history import Sample
from monitors.incident_steps import Close, Ending, Judged
from monitors.incidents import decide
from monitors.metrics import CONTENT_TYPE
from monitors.policy import Window
from monitors.status import State, Status
from monitors.store.incident_pages import all_open, recent_incidents
from monitors.store.incidents import take
from monitors.store.maintenance import end_maintenance, set_maintenance
from monitors.store.samples import keep_samples
from monitors.store.statuses import KeptStatus, keep_statuses
from monitors.store.tables import sampled_phone
from provisioner.config import Settings
from provisioner.delivery import utc_now
from provisioner.inventory.store import site_of
from provisioner.inventory.tables import SiteRow
from tests.integration.conftest import MakeServer
from tests.integration.servers import BATHROOM, FANVIL, DataFolder, ask, small_site
from tests.integration.test_notifications import Clock, MakeMailServer, hook, mail_server
from web.installation import Installation, opened
from web.telling import Teller, prune_monitoring

__all__ = ["hook", "mail_server"]  # fixtures
SITE = "casa"
MINUTE = timedelta(minutes=1)
NIGHT = utc_now().replace(hour=2, minute=0)  # 03:00 or 04:00 in Madrid
NOON = utc_now().replace(hour=12, minute=0)
FACTS = {"room": "room 101", "port": "port 14", "switch": "sw-2"}


def mac_of(colons: str) -> str:
    return colons.replace(":", "").replace("-", "").lower()


def break_down(installation: Installation, colons: str, at: Clock) -> None:
    mac = mac_of(colons)
    judged = Judged(mac, Status(State.DOWN, at.now, "B5"), "certain", FACTS)
    take(installation.monitoring, SITE, decide([], [judged], at.now), at.now)


@pytest.fixture
def watched(folder: DataFolder) -> DataFolder:
    site = small_site(folder.url)
    site["monitoring"] = {
        "email": {"to": ["it@casa.example"]},
        "webhook": {"url": "http://127.0.0.1:1/key-of-the-hook", "secret": "0123456789abcdef"},
        "digest_at": None,
    }
    folder.apply(site)
    return folder


def test_the_site_file_says_who_is_told(watched: DataFolder, mail_server: MakeMailServer) -> None:
    post_office, smtp = mail_server()
    clock = Clock(NOON)
    with (
        watched.opened() as plain,
        opened(plain.settings.model_copy(update={"smtp": smtp})) as installation,
    ):
        teller = Teller(installation, clock)
        assert teller.tell() == 0
        break_down(installation, FANVIL, clock)
        assert teller.tell() == 1  # nobody listens to the webhook
        (_, _, mail) = post_office.mails[0]
        assert mail["Subject"].startswith("Habitación 101 (")
        (incident,) = all_open(installation.monitoring)
        take(installation.monitoring, SITE, [Close(incident.id, Ending.RECOVERED)], NOON)
        whole = Window(NOON, NOON + MINUTE)
        number = set_maintenance(installation.monitoring, SITE, whole)
        assert teller.tell() == 0
        assert end_maintenance(installation.monitoring, number, NOON)
        assert teller.tell() == 1


def test_a_change_of_it_touches_no_phone(watched: DataFolder) -> None:
    site = small_site(watched.url)
    site["monitoring"] = {"misses": 5}
    output = watched.apply(site).stdout
    assert "0 phones affected" in output
    assert "monitoring" in output


def test_at_night_only_what_is_urgent_wakes_anybody(
    watched: DataFolder, mail_server: MakeMailServer
) -> None:
    post_office, smtp = mail_server()
    clock = Clock(NIGHT)
    with (
        watched.opened() as plain,
        opened(plain.settings.model_copy(update={"smtp": smtp})) as installation,
    ):
        break_down(installation, FANVIL, clock)
        assert Teller(installation, clock).tell() == 0
        break_down(installation, BATHROOM, clock)
        assert Teller(installation, clock).tell() == 1
        clock.now = NIGHT + timedelta(hours=5)
        assert Teller(installation, clock).tell() == 2  # the guest's, and the reminder of the other
    assert len(post_office.mails) == 3


def test_the_hooks_key_is_encrypted_and_rotated(watched: DataFolder) -> None:
    def url() -> str:
        with watched.opened() as installation, installation.database.read() as session:
            row = session.scalars(select(SiteRow)).one()
            assert "key-of-the-hook" not in str(row.monitoring)
            found = site_of(row, installation.box).monitoring.webhook_url
            return found.get_secret_value() if found else ""

    assert url().endswith("key-of-the-hook")
    assert watched.run("secrets", "rotate").exit_code == 0
    assert url().endswith("key-of-the-hook")
    stored = b"".join(file.read_bytes() for file in Path(watched.path).glob("*.db*"))
    assert b"key-of-the-hook" not in stored


def test_the_pruning_job(watched: DataFolder) -> None:
    with watched.opened() as installation:
        monitoring = installation.monitoring
        break_down(installation, FANVIL, Clock(NOON))
        (incident,) = all_open(monitoring)
        take(monitoring, SITE, [Close(incident.id, Ending.RECOVERED)], NOON)
        at_s = int(NOON.replace(tzinfo=UTC).timestamp())
        macs = [mac_of(FANVIL), "0c383effffff"]
        keep_samples(monitoring, [Sample(mac, at_s, 1000) for mac in macs])
        prune_monitoring(installation, NOON + timedelta(days=300))
        assert len(recent_incidents(monitoring, SITE, NOON - MINUTE)) == 1
        with monitoring.read() as session:
            assert list(session.scalars(select(sampled_phone.c.mac))) == [mac_of(FANVIL)]
        prune_monitoring(installation, NOON + timedelta(days=500))
        assert recent_incidents(monitoring, SITE, NOON - MINUTE) == ()


def test_metrics_of_a_running_server(make_server: MakeServer) -> None:
    server = make_server(
        environment={"BELLWIRE_METRICS__ENABLED": "true", "BELLWIRE_METRICS__TOKEN": "hush"}
    )
    assert ask(f"{server.url}/metrics").status == 401
    assert ask(f"{server.url}/metrics", Authorization="Bearer wrong").status == 401
    mac, now = mac_of(FANVIL), utc_now()
    with server.folder.opened() as installation:
        status = Status(State.WORKING, now, "I1")
        keep_statuses(installation.monitoring, [KeptStatus(mac, SITE, status, "certain", now)])
        at_s = int(now.replace(tzinfo=UTC).timestamp())
        keep_samples(installation.monitoring, [Sample(mac, at_s, 2500, registered=True)])
    answer = ask(f"{server.url}/metrics", Authorization="Bearer hush")
    assert answer.status == 200
    assert answer.header("Content-Type") == CONTENT_TYPE
    found = {
        (sample.name, sample.labels.get("mac"), sample.labels.get("state")): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }
    assert found["bellwire_phones", None, "working"] == 1
    assert found["bellwire_phones", None, "unknown"] == 4
    assert found["bellwire_phone_up", mac, None] == 1
    assert found["bellwire_phone_round_trip_seconds", mac, None] == 0.0025


def test_metrics_are_off_until_they_are_switched_on(make_server: MakeServer) -> None:
    assert not Settings().metrics.enabled
    assert ask(f"{make_server().url}/metrics").status == 404


def test_maintenance_of_a_switch_holds_back_what_hangs_on_it(
    watched: DataFolder, mail_server: MakeMailServer
) -> None:
    post_office, smtp = mail_server()
    clock = Clock(NOON)
    with (
        watched.opened() as plain,
        opened(plain.settings.model_copy(update={"smtp": smtp})) as installation,
    ):
        down = Status(State.DOWN, NOON, "B5")
        kept = [
            KeptStatus(mac_of(mac), SITE, down, "certain", NOON, facts)
            for mac, facts in ((FANVIL, FACTS), (BATHROOM, {"switch": "sw-3"}))
        ]
        keep_statuses(installation.monitoring, kept)
        both = [Judged(one.mac, down, "certain", one.facts) for one in kept]
        take(installation.monitoring, SITE, decide([], both, NOON), NOON)
        window = Window(NOON, NOON + MINUTE, switches=frozenset({"sw-2"}))
        set_maintenance(installation.monitoring, SITE, window)
        teller = Teller(installation, clock)
        assert teller.tell() == 1
        clock.now = NOON + MINUTE
        assert teller.tell() == 1  # it is over, and the phone is still down
        assert len(post_office.mails) == 2
