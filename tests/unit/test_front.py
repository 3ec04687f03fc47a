"""The front's parts: what it reads, what it writes, and whose a connection is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.answers import NOT_FOUND, Answer, Outcome
from provisioner.inventory.event_rows import AT_ONCE, insert_fetches
from provisioner.inventory.fetches import FetchEvent, fetch_table, fetches_of
from tests.people import NOON, office
from web.front.heads import read_head
from web.front.peers import SLOTS, BehindFront, Peers
from web.front.replies import reply_bytes

PLAIN = b"GET /p/abc/x.cfg?a=1 HTTP/1.1\r\nHost: h\r\nUser-Agent:  Yealink T46U \r\n\r\n"


def test_a_plain_request() -> None:
    head = read_head(PLAIN + b"GET /next")
    assert head is not None
    assert head.environ == {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/p/abc/x.cfg", "QUERY_STRING": "a=1",
        "HTTP_USER_AGENT": "Yealink T46U",
    }  # fmt: skip
    assert (head.version, head.keeps, head.size) == ("1.1", True, len(PLAIN))


@pytest.mark.parametrize(
    ("version", "connection", "keeps"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.1", b"connection: Close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive\r\n", True),
    ],
)
def test_what_becomes_of_the_connection(version: bytes, connection: bytes, keeps: bool) -> None:
    head = read_head(b"GET / HTTP/" + version + b"\r\n" + connection + b"\r\n")
    assert head is not None
    assert (head.keeps, head.version.encode()) == (keeps, version)


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.replace(b"GET", b"POST"),
        PLAIN.replace(b"GET", b"HEAD"),
        PLAIN.replace(b"/p/abc", b"http://h/p/abc"),
        PLAIN.replace(b"abc", b"a%62c"),
        PLAIN.replace(b"abc", b"a bc"),
        PLAIN.replace(b"abc", "añc".encode()),
        PLAIN.replace(b"1.1", b"2.0"),
        PLAIN.replace(b"Host: h", b"Host: h\r\n folded"),
        PLAIN.replace(b"Host: h", b"Host : h"),
        PLAIN.replace(b"Host: h", b"Host: \0"),
        PLAIN.replace(b"Host: h\r\n", b"Host: h\n"),
        PLAIN.replace(b"Host: h", b"Content-Length: 0"),
        PLAIN.replace(b"Host: h", b"transfer-encoding: chunked"),
        PLAIN.replace(b"Host: h", b"Expect: 100-continue"),
        PLAIN.replace(b"Host: h", b"Range: bytes=0-3"),
        PLAIN.replace(b"Host: h", b"User-Agent: another"),
    ],
)
def test_what_is_not_plain_is_left_to_the_pages_server(data: bytes) -> None:
    assert read_head(data) is None


@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from([b"GET / HTTP/1.1", b"\r\n", b"\n", b"\r", b":", b" ", b"a: b",
                                  b"User-Agent: x", b"\0", b"Connection: close"])).map(b"".join),
    )
)  # fmt: skip
def test_any_bytes(data: bytes) -> None:
    head = read_head(data)
    if head is not None:
        assert data[: head.size].endswith(b"\r\n\r\n")
        assert all(not {"\r", "\n", "\0"} & set(value) for value in head.environ.values())


def test_an_answer_on_the_wire() -> None:
    sent = reply_bytes(
        Answer(Outcome.SENT, b"body", "text/xml", "d1"), version="1.1", keeps=False
    ).decode()
    head, _, body = sent.partition("\r\n\r\n")
    lines = head.split("\r\n")
    assert lines[:6] == [
        "HTTP/1.1 200 OK", "content-type: text/xml", "cache-control: no-store",
        "x-content-type-options: nosniff", 'etag: "d1"', "content-length: 4",
    ]  # fmt: skip
    assert lines[6:8] == ["server: granian", "connection: close"]
    assert lines[8].startswith("date: ")
    assert body == "body"


def test_an_unchanged_file_and_a_refusal() -> None:
    same = reply_bytes(Answer(Outcome.NOT_MODIFIED, b"", "a/b", "d"), version="1.0", keeps=True)
    assert same.startswith(b"HTTP/1.0 304 Not Modified\r\n")
    assert b"content-length" not in same
    assert b"connection: keep-alive\r\n" in same
    refused = reply_bytes(NOT_FOUND, version="1.1", keeps=True)
    assert refused.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert refused.endswith(b"\r\n\r\nnot found\n")
    assert b"connection:" not in refused


@pytest.fixture
def peers() -> Iterator[tuple[Peers, Peers]]:
    """The front's table, and the same as the pages' server sees it."""
    made, descriptor = Peers.made()
    yield made, Peers(descriptor)
    os.close(descriptor)


def test_whose_a_connection_is(peers: tuple[Peers, Peers]) -> None:
    front, pages = peers
    first, second = front.claim("10.20.0.7"), front.claim("2001:db8::7%eth0")
    assert first != second
    assert (pages.address_of(first), pages.address_of(second)) == ("10.20.0.7", "2001:db8::7%eth0")
    front.release(first)
    assert pages.address_of(first) is None
    assert pages.address_of("127.0.0.1") is None


def test_addresses_are_used_again_and_never_twice_at_once(peers: tuple[Peers, Peers]) -> None:
    front, pages = peers
    held = [front.claim(f"10.0.{n >> 8}.{n & 255}") for n in range(SLOTS - 2)]
    assert len(set(held)) == len(held)
    assert not {"127.77.0.0", "127.77.255.255"} & set(held)
    assert pages.address_of(held[300]) == "10.0.1.44"
    with pytest.raises(OSError, match="no loopback address"):
        front.claim("10.9.9.9")
    front.release(held[5])
    assert front.claim("10.9.9.9") == held[5]


def test_the_application_learns_the_address(peers: tuple[Peers, Peers]) -> None:
    front, pages = peers
    seen: list[str] = []

    def app(environ: dict[str, Any], _start: Any) -> list[bytes]:
        seen.append(environ["REMOTE_ADDR"])
        return []

    loopback = front.claim("10.20.0.7")
    for address in (loopback, "127.0.0.1"):
        BehindFront(app, pages)({"REMOTE_ADDR": address}, lambda *_: None)  # type: ignore[arg-type,return-value]
    assert seen == ["10.20.0.7", "127.0.0.1"]


def test_a_fetch_written_by_the_driver_has_the_table_s_columns() -> None:
    assert tuple(column.name for column in fetch_table.columns)[1:] == FetchEvent.__slots__
    names = ", ".join(FetchEvent.__slots__)
    assert insert_fetches(3).startswith(f"INSERT INTO fetch ({names}) VALUES (?, ")


@pytest.mark.parametrize("count", [1, AT_ONCE - 1, AT_ONCE, 2 * AT_ONCE + 3])
def test_any_number_of_fetches_is_written_as_it_was(tmp_path: Path, count: int) -> None:
    with office(tmp_path) as made:
        recorder, events = made.installation.recorder(), made.installation.events
        told = [
            FetchEvent(NOON, "0c383e010101", "casa", "http", f"/p/***/{n}.cfg", "10.20.0.7",
                       "Fanvil H5", "H5", "2.12", "sent", "token", "d", n, 7)
            for n in range(count)
        ]  # fmt: skip
        for event in told:
            recorder.record(event)
        recorder.flush()
        assert fetches_of(events, "0c383e010101", count + 1) == told[::-1]
