"""Answers, and what is written down about them: never a token."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from provisioner.access import Reason
from provisioner.answers import NOT_FOUND, Outcome, answer_with, events_of
from provisioner.catalogue.loader import load
from provisioner.catalogue.schema import Role
from provisioner.identify import FetchRequest, identify
from provisioner.inventory.fetches import FetchEvent, WaitingPhone
from provisioner.mac import MacAddress
from provisioner.render import RenderedFile

NOW = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - naive UTC, as stored
TOKEN = "abcdefghijklmnopqrstuvwx23"
DIGEST = "ab" * 32
FILE = RenderedFile("0c383e000214.cfg", (), Role.DEVICE, "text/plain", b"hello", DIGEST)
AGENT = "Fanvil H5 2.12.1.7387 0c383e000214"


def ask(path: str = "/0c383e000214.cfg", agent: str = AGENT, tag: str = "") -> FetchRequest:
    return FetchRequest("http", path, "10.20.0.14", agent, tag)


def events(
    request: FetchRequest, reason: Reason, *, entry: Any = None, answer=NOT_FOUND
) -> list[Any]:
    identity = identify(request, load())
    return list(events_of(request, identity, entry, answer, reason, NOW, 250))


@pytest.mark.parametrize("tag", ["", '"cd"', "*", f'"{DIGEST[:-1]}"'])
def test_a_file_is_sent(tag: str) -> None:
    answer = answer_with(ask(tag=tag), FILE)
    assert (answer.outcome, answer.body, answer.digest) == (Outcome.SENT, b"hello", DIGEST)


@pytest.mark.parametrize("tag", [DIGEST, f'"{DIGEST}"', f'W/"{DIGEST}"', f'"cd", "{DIGEST}"'])
def test_a_file_that_the_phone_has_is_not_sent_again(tag: str) -> None:
    answer = answer_with(ask(tag=tag), FILE)
    assert (answer.outcome, answer.body, answer.digest) == (Outcome.NOT_MODIFIED, b"", DIGEST)


def test_all_refusals_are_one() -> None:
    assert answer_with(ask(tag=DIGEST), None) is answer_with(ask(), None) is NOT_FOUND


def test_a_fetch_is_written_down() -> None:
    entry = SimpleNamespace(mac=MacAddress("0c383e000214"), site="aurora")
    request = ask(f"/p/{TOKEN}/0c383e000214.cfg")
    (event,) = events(request, Reason.TOKEN, entry=entry, answer=answer_with(request, FILE))
    assert isinstance(event, FetchEvent)
    assert (event.mac, event.site, event.path) == (
        "0c383e000214",
        "aurora",
        "/p/***/0c383e000214.cfg",
    )
    assert (event.outcome, event.reason, event.size_bytes) == ("sent", "token", 5)
    assert (event.model, event.firmware, event.duration_us) == ("fanvil/h5", "2.12.1.7387", 250)


@pytest.mark.parametrize(
    "path",
    [f"/p/{TOKEN}/a.cfg", f"//p//{TOKEN}//a.cfg", f"/p/{TOKEN.upper()}/a.cfg", f"/p/{TOKEN}",
     f"/{TOKEN}", f"/{TOKEN}.cfg", f"/x/{TOKEN}/a.cfg", f"/p/{TOKEN}/{TOKEN}"],
)  # fmt: skip
def test_a_token_is_never_written_down(path: str) -> None:
    for event in events(ask(path), Reason.WRONG_TOKEN):
        assert TOKEN not in repr(event).lower()


def test_an_unknown_phone_waits() -> None:
    _, waiting = events(ask(), Reason.UNKNOWN_PHONE)
    assert isinstance(waiting, WaitingPhone)
    assert (waiting.mac, waiting.vendor, waiting.model) == ("0c383e000214", "fanvil", "fanvil/h5")
    assert (waiting.address, waiting.via, waiting.first_seen) == ("10.20.0.14", "http", NOW)


@pytest.mark.parametrize(
    ("path", "agent", "reason"),
    [
        ("/0c383e000214.cfg", AGENT, Reason.NOT_ARMED),
        ("/0c383e000214.cfg", AGENT, Reason.SHUT_OUT),
        ("/index.html", "curl/8.5.0", Reason.UNKNOWN_PHONE),
        ("/c074ad0b63ee.cfg", "Grandstream GRP2614", Reason.UNKNOWN_PHONE),
        ("/snomD785.htm", "", Reason.UNKNOWN_PHONE),
    ],
)
def test_who_does_not_wait(path: str, agent: str, reason: Reason) -> None:
    assert len(events(ask(path, agent), reason)) == 1
