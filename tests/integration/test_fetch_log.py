"""The fetch log: every request is in it, with its reason, without its token."""

from __future__ import annotations

import hashlib
import http.client
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event as database_event
from sqlalchemy import insert

from provisioner.delivery import utc_now
from provisioner.identify import FetchRequest
from provisioner.inventory.fetches import (
    FetchEvent,
    Recorder,
    WaitingPhone,
    fetches_of,
    last_fetches,
    prune,
    waiting_phones,
    waiting_table,
)
from tests.integration.conftest import MakeServer
from tests.integration.servers import (
    DEVICE_FILE,
    FANVIL,
    SNOM,
    YEALINK,
    DataFolder,
    Server,
    ask,
    delivery_on,
    wait_for,
)
from web.processes import _prune
from web.simulated.tftp_client import TftpRefusedError
from web.simulated.tftp_client import fetch as by_tftp

AGENT = "Yealink SIP-T46U 108.86.0.20 80:5e:c0:00:01:00"


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    return make_server()


def test_every_request_is_recorded_with_what_came_of_it(server: Server) -> None:
    folder = server.folder
    url = folder.urls(YEALINK)[YEALINK]
    name = DEVICE_FILE[YEALINK]
    token = url.rstrip("/").rsplit("/", 1)[1]
    ask(f"{server.url}/{YEALINK}.boot", User_Agent=AGENT)
    full = ask(url + name, User_Agent=AGENT)
    ask(url + name, User_Agent=AGENT, If_None_Match=full.header("ETag"))
    ask(url + name, "HEAD")
    ask(f"{server.url}/{name}")
    ask(f"{server.url}/p/{'a' * 26}/{name}")
    ask(url + DEVICE_FILE[SNOM])
    ask(url + "nothing.bin")
    by_tftp("127.0.0.1", server.tftp_port, url.split("/", 3)[3] + name)
    with pytest.raises(TftpRefusedError):
        by_tftp("127.0.0.1", server.tftp_port, "805ec0fffe01.cfg")
    wait_for("all is recorded", lambda: len(folder.fetches()) == 10)
    log = sorted(folder.fetches(), key=lambda f: f["at"])  # two processes write
    seen = [(f["protocol"], f["outcome"], f["reason"]) for f in log if f["protocol"] == "http"]
    assert seen == [
        ("http", "sent", "armed"),
        ("http", "sent", "token"),
        ("http", "not-modified", "token"),
        ("http", "sent", "token"),
        ("http", "not-found", "not-armed"),
        ("http", "not-found", "wrong-token"),
        ("http", "not-found", "wrong-mac"),
        ("http", "not-found", "not-offered"),
    ]
    seen = [(f["outcome"], f["reason"]) for f in log if f["protocol"] == "tftp"]
    assert seen == [("sent", "token"), ("not-found", "unknown-phone")]
    sent = next(f for f in log if (f["protocol"], f["reason"]) == ("http", "token"))
    assert sent["mac"] == YEALINK
    assert sent["site"] == "casa"
    assert sent["path"] == f"/p/***/{name}"
    assert sent["address"] == "127.0.0.1"
    assert sent["agent"] == AGENT
    assert sent["model"] == "yealink/t46u"
    assert sent["firmware"] == "108.86.0.20"
    assert sent["digest"] == hashlib.sha256(full.body).hexdigest()
    assert sent["size_bytes"] == len(full.body)
    assert all(0 < f["duration_us"] < 120_000_000 for f in log)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", sent["at"])
    assert token.encode() not in folder.stored_bytes()
    assert token not in server.log


def test_two_hundred_requests_at_once_are_two_hundred_rows(server: Server) -> None:
    folder = server.folder
    urls = folder.urls(YEALINK, FANVIL, SNOM)
    asked = [
        *[urls[m] + DEVICE_FILE[m] for m in urls for _ in range(40)],
        *[f"{server.url}/0c383e{n:06x}.cfg" for n in range(80)],
    ]
    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(ask, asked))
    assert [r.status for r in replies].count(200) == 120
    wait_for("all is recorded", lambda: len(folder.fetches()) == 200)
    outcomes = [f["outcome"] for f in folder.fetches()]
    assert (outcomes.count("sent"), outcomes.count("not-found")) == (120, 80)


def test_what_was_answered_last_is_written_when_the_server_ends(make_server: MakeServer) -> None:
    for number in range(3):
        server = make_server()
        url = server.folder.urls(YEALINK)[YEALINK] + DEVICE_FILE[YEALINK]
        for _ in range(20 + number):
            assert ask(url).status == 200
        server.stop()
        assert len(server.folder.fetches()) == 20 + number


@pytest.mark.parametrize(
    "path", ["/p/{t}", "/x/p/{t}", "/p/p/{t}", "/{t}", "/{t}.cfg", "/p/x/{t}/", "/p/{t}/{t}"]
)
def test_a_token_in_the_wrong_place_is_not_written_either(casa: DataFolder, path: str) -> None:
    token = casa.token(YEALINK)
    with delivery_on(casa) as desk:
        desk.delivery.answer(FetchRequest("http", path.format(t=token), "127.0.0.1"))
        desk.delivery.answer(FetchRequest("http", path.format(t=token.upper()), "127.0.0.1"))
    assert len(casa.fetches()) == 2
    assert token not in repr(casa.fetches()).lower()


def test_control_characters_are_not_stored(casa: DataFolder) -> None:
    nasty = "Yealink\x1b[31m\r\nX: y\x00\x7f\x85\u2028\ud800 SIP-T46U\t" + "a" * 600
    with delivery_on(casa) as desk:
        desk.delivery.answer(FetchRequest("http", "/805ec0fffe01.cfg", "1.2.3.4", nasty))
        desk.delivery.answer(FetchRequest("http", "/a\x00b\x1b.cfg", "1.2.3.4", nasty))
        desk.delivery.answer(FetchRequest("http", f"/{'b' * 2000}.cfg", "1.2.3.4"))
    log = casa.fetches()
    assert len(log) == 3
    for event in log:
        assert event["agent"].isprintable()
        assert event["path"].isprintable()
        assert len(event["agent"]) <= 256
        assert len(event["path"]) <= 256


def test_control_characters_over_the_wire(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=60)
    connection.putrequest("GET", "/805ec0fffe01.cfg")
    connection._buffer.append(b"User-Agent: Yea\x1b[31mlink \xff\xfe SIP-T46U")  # type: ignore[attr-defined]
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    assert status in {400, 404}
    ask(f"{server.url}/805ec0fffe01.cfg")
    wait_for("it is recorded", lambda: len(server.folder.fetches()) >= 1)
    assert all(f["agent"].isprintable() for f in server.folder.fetches())


def event(number: int, **changes: Any) -> FetchEvent:
    values: dict[str, Any] = {
        "at": utc_now(), "mac": f"805ec0{number:06x}", "site": "casa", "protocol": "http",
        "path": "/x", "address": "127.0.0.1", "agent": "", "model": "", "firmware": "",
        "outcome": "sent", "reason": "token",
    }  # fmt: skip
    return FetchEvent(**values | changes)


def waiting(number: int, **changes: Any) -> WaitingPhone:
    values: dict[str, Any] = {
        "mac": f"805ec0{number:06x}", "vendor": "yealink", "model": "yealink/t46u",
        "firmware": "", "agent": "", "address": "127.0.0.1", "via": "http",
        "first_seen": utc_now(), "last_seen": utc_now(),
    }  # fmt: skip
    return WaitingPhone(**values | changes)


def test_retention_prunes_what_is_old_and_what_is_too_much(casa: DataFolder) -> None:
    now = utc_now()
    with casa.opened() as installation:
        recorder = installation.recorder()
        for number in range(2000):
            recorder.record(event(number % 10, at=now - timedelta(days=number // 10)))
        for number in range(20):
            recorder.record(waiting(number, last_seen=now - timedelta(days=number, hours=1)))
        recorder.flush()
        assert prune(installation.events, days=90, rows=10_000, waiting_days=14) == 1100
        assert len(casa.fetches()) == 900
        assert len(waiting_phones(installation.events)) == 14
        assert prune(installation.events, days=90, rows=10_000, waiting_days=14) == 0
        prune(installation.events, days=90, rows=1000, waiting_days=14)
        assert len(casa.fetches()) == 900
        newest = max(f["id"] for f in casa.fetches())
        prune(installation.events, days=365, rows=100, waiting_days=14)
        assert all(f["id"] > newest - 100 for f in casa.fetches())


def test_the_monitor_prunes_as_configured(
    casa: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLWIRE_RETENTION__FETCH_ROWS", "1000")
    monkeypatch.setenv("BELLWIRE_RETENTION__FETCH_DAYS", "3")
    with casa.opened() as installation:
        recorder = installation.recorder()
        for number in range(1500):
            recorder.record(event(number))
        recorder.record(event(1, at=utc_now() - timedelta(days=4)))
        recorder.flush()
        _prune(installation)
    log = casa.fetches()
    assert len(log) == 999
    assert min(f["id"] for f in log) == 502


def test_the_waiting_list_is_bounded_and_keeps_who_asked_last(
    casa: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLWIRE_ACCESS__WAITING_MAX", "10")
    with delivery_on(casa) as desk:
        for number in range(50):
            path = f"/805ec0{number + 0x500000:06x}.cfg"
            desk.delivery.answer(FetchRequest("http", path, f"10.20.1.{number}"))
            desk.recorder.flush()
        macs = {phone.mac for phone in waiting_phones(desk.installation.events)}
    assert macs == {f"805ec0{n + 0x500000:06x}" for n in range(40, 50)}


def test_a_flood_of_unknown_phones_is_written_with_few_statements(
    casa: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLWIRE_ACCESS__WAITING_MAX", "10")
    asked: list[str] = []
    with delivery_on(casa) as desk:
        for number in range(2000):
            path = f"/805ec0{number + 0x500000:06x}.cfg"
            desk.delivery.answer(FetchRequest("http", path, "10.20.1.1"))
        events = desk.installation.events
        database_event.listen(
            events.writer, "before_cursor_execute", lambda *told: asked.append(told[2])
        )
        desk.recorder.flush()
        macs = {phone.mac for phone in waiting_phones(events)}
    assert macs == {f"805ec0{n + 0x500000:06x}" for n in range(1990, 2000)}
    assert len([statement for statement in asked if "waiting" in statement]) < 30


def test_a_phone_that_waits_is_counted_and_told_once(casa: DataFolder) -> None:
    with delivery_on(casa) as desk:
        for _ in range(3):
            request = FetchRequest("http", "/805ec0fffe01.cfg", "10.20.0.9", AGENT[:-18])
            desk.delivery.answer(request)
            desk.recorder.flush()
        (phone,) = waiting_phones(desk.installation.events)
    assert (phone.times, phone.vendor, phone.model) == (3, "yealink", "yealink/t46u")
    assert phone.first_seen < phone.last_seen
    assert "805ec0fffe01" in casa.run("status").stdout.replace(":", "")


def test_a_log_that_cannot_be_written_is_kept_and_written_later(
    casa: DataFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("provisioner.db.BUSY_TIMEOUT_MS", 50)
    with casa.opened() as installation:
        recorder = installation.recorder()
        for number in range(10):
            recorder.record(event(number))
        with casa.opened() as other, other.events.write() as session:
            session.execute(insert(waiting_table), [waiting_row(1)])
            recorder.flush()
        assert "the fetch log cannot be written; 10 events wait" in caplog.text
        assert casa.fetches() == []
        recorder.record(event(10))
        recorder.flush()
    assert [f["mac"] for f in casa.fetches()] == [event(n).mac for n in range(11)]


def waiting_row(number: int) -> dict[str, Any]:
    phone = waiting(number)
    return {name: getattr(phone, name) for name in waiting_table.c.keys()}  # noqa: SIM118


def test_a_full_queue_counts_what_it_drops(
    casa: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisioner.inventory.fetches.MAX_QUEUE", 5)
    with casa.opened() as installation:
        recorder = Recorder(installation.events)
        for number in range(8):
            recorder.record(event(number))
        recorder.flush()
    assert recorder.dropped == 3
    assert len(casa.fetches()) == 5


def test_the_last_fetch_of_each_phone(casa: DataFolder) -> None:
    with casa.opened() as installation:
        recorder = installation.recorder()
        for number in range(30):
            recorder.record(event(number % 3, path=f"/{number}"))
        recorder.record(event(1, mac=""))
        recorder.flush()
        last = last_fetches(installation.events)
        assert {mac: e.path for mac, e in last.items()} == {
            event(n).mac: f"/{27 + n}" for n in range(3)
        }
        paths = [e.path for e in fetches_of(installation.events, event(2).mac, limit=4)]
        assert paths == ["/29", "/26", "/23", "/20"]


def test_the_command_lists_fetches_without_tokens(casa: DataFolder) -> None:
    token = casa.token(YEALINK)
    with delivery_on(casa) as desk:
        path = f"/p/{token}/{DEVICE_FILE[YEALINK]}"
        desk.delivery.answer(FetchRequest("http", path, "127.0.0.1", AGENT))
    result = casa.run("fetches", YEALINK)
    assert f"/p/***/{DEVICE_FILE[YEALINK]}" in result.stdout
    assert "108.86.0.20" in result.stdout
    assert token not in result.stdout + casa.run("fetches", YEALINK, "--json").stdout
