"""Action URLs: what phones are told to call, called over real HTTP, and what is kept of it."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from sqlalchemy import select

from monitors.phone_events import event_signal, meaning_of, reported_address
from monitors.signals import PhoneEvent
from provisioner.delivery import utc_now
from provisioner.inventory.phone_reports import (
    PhoneReport,
    last_reports,
    report_table,
    reports_of,
    reports_since,
)
from tests.integration.conftest import MakeServer
from tests.integration.servers import FANVIL, SNOM, YEALINK, Server, ask, small_site, wait_for
from web.processes import _prune

# what a phone puts in the place of its variables
VALUES = {
    "$mac": "{mac}", "$ip_adr": "10.20.1.14", "$ip": "10.20.1.14", "$model": "SIP-T46U",
    "$firmware": "108.86.0.20", "$active_user": "{user}", "$remote": "x", "$call-id": "y",
}  # fmt: skip
EXTENSION = {YEALINK: "100", FANVIL: "2101", SNOM: "109"}


def telling_site(url: str) -> dict[str, Any]:
    site = small_site(url)
    site["settings"]["telemetry"] = {"action_urls": True}
    return site


@pytest.fixture(scope="module")
def server(make_module_server: MakeServer) -> Server:
    return make_module_server(telling_site)


def urls_in(server: Server, mac: str) -> dict[str, str]:
    """The URLs that a phone finds in its files, by event."""
    text = b"".join(server.folder.rendered(mac).values()).decode("utf-8", "replace")
    found = re.findall(r"http://[^\s<\"]+/event\?[^\s<\"]*", html.unescape(text))
    return {re.search(r"[?&](?:e|name)=(\w+)", url)[1]: url for url in found}  # type: ignore[index]


def called(url: str, mac: str) -> str:
    for variable, value in VALUES.items():
        url = url.replace(variable, value.format(mac=mac, user=EXTENSION[mac]))
    return url


def reports(server: Server, mac: str) -> list[PhoneReport]:
    with server.folder.opened() as installation:
        return reports_of(installation.events, mac)


@pytest.mark.parametrize(
    ("mac", "words"),
    [
        (
            YEALINK,
            {
                "setup_completed": PhoneEvent.SETUP,
                "registered": PhoneEvent.REGISTERED,
                "unregistered": PhoneEvent.UNREGISTERED,
                "register_failed": PhoneEvent.REGISTER_FAILED,
                "ip_change": None,
                "off_hook": None,
            },
        ),
        (
            FANVIL,
            {
                "boot": PhoneEvent.SETUP,
                "registered": PhoneEvent.REGISTERED,
                "unregistered": PhoneEvent.UNREGISTERED,
                "register_failed": PhoneEvent.REGISTER_FAILED,
                "ip_change": None,
            },
        ),
        (
            SNOM,
            {
                "boot": PhoneEvent.SETUP,
                "registered": PhoneEvent.REGISTERED,
                "unregistered": PhoneEvent.UNREGISTERED,
                "registration_failed": PhoneEvent.REGISTER_FAILED,
                "missed": None,
            },
        ),
    ],
)
def test_every_vendors_urls_as_written(
    server: Server, mac: str, words: dict[str, PhoneEvent | None]
) -> None:
    urls = urls_in(server, mac)
    assert words.keys() <= urls.keys()
    fetched = len(server.folder.fetches())
    for number, (word, meaning) in enumerate(words.items(), 1):
        answer = ask(called(urls[word], mac))
        assert (answer.status, answer.body) == (200, b"")
        wait_for("the report is kept", lambda n=number: len(reports(server, mac)) == n)
        newest = reports(server, mac)[0]
        assert (newest.mac, newest.event, newest.address) == (mac, word, "127.0.0.1")
        assert meaning_of(newest.model.split("/")[0], word) is meaning
        signal = event_signal([newest], EXTENSION[mac], utc_now(), is_told=True)
        assert signal.value is (meaning or PhoneEvent.NONE)
    kept = reports(server, mac)
    assert reported_address(kept) == "10.20.1.14"
    if mac != SNOM:
        assert {r.firmware for r in kept} == {"108.86.0.20"}
    if mac != FANVIL:
        assert EXTENSION[mac] in {r.account for r in kept}
    # a report is no fetch
    assert len(server.folder.fetches()) == fetched


def test_a_phone_that_leaves_its_variables_as_they_are(server: Server) -> None:
    url = urls_in(server, YEALINK)["on_hook"]
    before = len(reports(server, YEALINK))
    assert ask(url).status == 200
    wait_for("it is kept", lambda: len(reports(server, YEALINK)) == before + 1)
    newest = reports(server, YEALINK)[0]
    assert (newest.event, newest.ip, newest.account, newest.firmware) == ("on_hook", "", "", "")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "x=1",
        "e=",
        "e=a%00b",
        "e=%3Cscript%3E",
        "e=" + "x" * 33,
        f"e=registered&mac={FANVIL}",
        "e=registered&" + "&".join(f"v{n}=1" for n in range(40)),
        "e=registered&ip=" + "1" * 2000,
    ],
)
def test_what_is_no_report_is_refused_and_logged_as_a_fetch(server: Server, query: str) -> None:
    directory = server.folder.urls(YEALINK)[YEALINK]
    before = len(reports(server, YEALINK))
    logged = len(server.folder.fetches())
    answer = ask(f"{directory}event?{query}")
    assert answer.status == 404
    wait_for("it is logged", lambda: len(server.folder.fetches()) == logged + 1)
    assert server.folder.fetches()[-1]["path"] == "/p/***/event"
    assert len(reports(server, YEALINK)) == before


def test_without_the_token_nothing_is_taken(server: Server) -> None:
    for path in ("event?e=registered", f"p/{'0' * 32}/event?e=registered"):
        assert ask(f"{server.url}/{path}&mac={YEALINK}").status == 404
    strange = ask(f"{server.url}/p/{'0' * 32}/x")
    assert ask(f"{server.url}/p/{'0' * 32}/event?e=registered").looks == strange.looks


def test_the_monitor_reads_them_and_old_ones_go(server: Server) -> None:
    with server.folder.opened() as installation:
        recorder = installation.recorder()
        old = PhoneReport(utc_now().replace(year=2020), "805ec0000999", "casa", "boot", "10.0.0.9")
        recorder.record(old)
        recorder.flush()
        events = installation.events
        assert last_reports(events)["805ec0000999"] == old
        assert old not in reports_since(events, utc_now().replace(year=2021))
        _prune(installation)
        with events.read() as session:
            query = select(report_table).where(report_table.c.mac == "805ec0000999")
            assert session.execute(query).all() == []


def test_no_remark_any_more(server: Server) -> None:
    result = server.folder.apply(telling_site(server.url))
    assert "action_urls" not in result.output
