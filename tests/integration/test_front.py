"""The front of a real web process: what it answers, what it passes on, and what it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import closing

import pytest
import uvloop

from provisioner.answers import Answer, Outcome
from tests.integration.conftest import MakeServer
from tests.integration.servers import (
    DEVICE_FILE,
    YEALINK,
    Server,
    ask,
    children,
    command_of,
    small_site,
    wait_for,
)
from web.front.connection import Connection, Connections
from web.front.peers import Peers
from web.front.tunnel import Inner


@pytest.fixture(scope="module")
def server(make_module_server: MakeServer) -> Server:
    """A server of the small site."""
    made = make_module_server(lambda url: small_site(url))
    path = path_of(made)
    assert ask(made.url + path).status == 200  # from now on nothing is to be written down first
    return made


def path_of(server: Server) -> str:
    """The path of a phone's file, token included."""
    url = server.folder.urls(YEALINK)[YEALINK] + DEVICE_FILE[YEALINK]
    return "/" + url.split("/", 3)[3]


def exchange(server: Server, data: bytes, source: str = "127.0.0.1") -> bytes:
    """All that comes back until the server ends the connection."""
    at = ("127.0.0.1", server.http_port)
    with socket.create_connection(at, 60, source_address=(source, 0)) as one:
        one.sendall(data)
        got = b""
        while part := one.recv(65536):
            got += part
    return got


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    """A request."""
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: x", *headers, "", "")).encode()


def without_date(reply: bytes) -> list[bytes]:
    """The head's lines but the date."""
    head = reply.partition(b"\r\n\r\n")[0]
    return [line for line in head.split(b"\r\n") if not line.startswith(b"date:")]


def test_requests_after_each_other_and_then_a_page(server: Server) -> None:
    path = path_of(server)
    body = ask(server.url + path).body
    both = get(path) + get(path) + get("/health", "Connection: close")
    got = exchange(server, both)
    assert got.count(b"HTTP/1.1 200 OK") == 3
    assert got.count(body) == 2
    assert got.endswith(b'{"status":"ok"}\n')


def test_a_request_in_pieces(server: Server) -> None:
    path = path_of(server)
    data = get(path, "Connection: close")
    at = ("127.0.0.1", server.http_port)
    with closing(socket.create_connection(at, 60)) as one:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in data:
            one.sendall(bytes([byte]))
        got = b""
        while part := one.recv(65536):
            got += part
    assert got.endswith(ask(server.url + path).body)


@pytest.mark.parametrize("refused", ["/p/{token}/nothing.cfg", "/000000000000.cfg", "/p/x/y.cfg"])
def test_a_refusal_looks_the_same_from_both(server: Server, refused: str) -> None:
    path = refused.format(token=path_of(server).split("/")[2])
    here = exchange(server, get(path, "Connection: close"))
    there = exchange(server, get(path, "Connection: close", "TE: trailers"))  # is passed on
    assert without_date(here) == without_date(there)
    assert here.partition(b"\r\n\r\n")[2] == there.partition(b"\r\n\r\n")[2] == b"not found\n"


def test_a_file_looks_the_same_from_both(server: Server) -> None:
    path = path_of(server)
    here = exchange(server, get(path, "Connection: close"))
    there = exchange(server, get(path, "Connection: close", "TE: trailers"))
    assert without_date(here) == without_date(there)
    digest = ask(server.url + path).header("etag")
    same = get(path, "Connection: close", f"If-None-Match: {digest}")
    assert exchange(server, same).startswith(b"HTTP/1.1 304 Not Modified\r\n")


def test_both_know_the_peer(server: Server) -> None:
    path = path_of(server)
    exchange(server, get(path, "Connection: close", "User-Agent: here"), "127.0.0.9")
    exchange(server, get(path, "Connection: close", "User-Agent: there", "TE: x"), "127.0.0.11")

    def known() -> set[tuple[str, str]]:
        return {(row["agent"], row["address"]) for row in server.folder.fetches()}

    wait_for("both are written down", lambda: {a for a, _ in known()} >= {"here", "there"})
    assert {("here", "127.0.0.9"), ("there", "127.0.0.11")} <= known()


def test_a_head_without_end_is_refused(server: Server) -> None:
    got = exchange(server, b"GET /" + b"a" * 20_000)
    assert got.startswith(b"HTTP/1.1 431 ")


def test_phones_are_served_while_the_pages_are_down(make_server: MakeServer) -> None:
    server = make_server(lambda url: small_site(url))
    path = path_of(server)
    assert ask(server.url + path).status == 200
    assert server.process is not None
    (front,) = [p for p in children(server.process.pid) if command_of(p) == "web"]
    (pages,) = children(front)
    (worker,) = children(pages)
    os.kill(pages, signal.SIGKILL)
    os.kill(worker, signal.SIGKILL)
    assert ask(server.url + path).status == 200
    statuses = []

    def is_back() -> bool:
        statuses.append(ask(f"{server.url}/health").status)
        return statuses[-1] == 200

    wait_for("the pages are back", is_back)
    assert set(statuses) <= {200, 503}
    (again,) = [p for p in children(server.process.pid) if command_of(p) == "web"]
    assert again == front


def serve(answers: int, most: int, talk: object) -> None:
    """Run the front's connections in this process, with an answer of so many bytes."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        peers, descriptor = Peers.made()
        connections = Connections(most)
        reply = Answer(Outcome.SENT, bytes(answers), "text/plain")
        made = await loop.create_server(
            lambda: Connection(lambda _h, _a: reply, Inner(1, peers), connections, loop),
            "127.0.0.1", 0,
        )  # fmt: skip
        try:
            await talk(made.sockets[0].getsockname()[1], connections)  # type: ignore[operator]
        finally:
            made.close()
            os.close(descriptor)

    uvloop.run(run())


def test_who_says_nothing_is_ended() -> None:
    async def talk(port: int, connections: Connections) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HT")
        while not len(connections):
            await asyncio.sleep(0.01)
        now = asyncio.get_running_loop().time()
        connections.sweep(now)
        assert len(connections) == 1
        connections.sweep(now + 11)
        assert await _is_over(reader)
        assert len(connections) == 0
        writer.close()

    serve(10, 100, talk)


def test_with_too_many_the_longest_silent_makes_room() -> None:
    async def talk(port: int, connections: Connections) -> None:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(6)]
        while len(connections) < 4:
            await asyncio.sleep(0.01)
        ended = [reader for reader, _ in held if reader.at_eof() or await _is_over(reader)]
        assert len(ended) == 2
        assert ended == [reader for reader, _ in held[:2]]
        held[5][1].write(get("/", "Connection: close"))
        assert (await held[5][0].read()).endswith(bytes(10))
        for _, writer in held:
            writer.close()

    serve(10, 4, talk)


async def _is_over(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(1), 1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_who_reads_slowly_holds_only_his_own_connection() -> None:
    async def talk(port: int, connections: Connections) -> None:
        slow, slow_writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        slow_writer.write(get("/", "Connection: close"))
        await asyncio.sleep(0.1)
        quick, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/", "Connection: close"))
        assert len(await quick.read()) > 20_000_000
        writer.close()
        connections.sweep(asyncio.get_running_loop().time() + 31)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await slow.readexactly(30_000_000)
        slow_writer.close()

    serve(20_000_000, 100, talk)


def test_who_asks_again_and_again_and_does_not_read_is_not_answered_meanwhile() -> None:
    async def talk(port: int, connections: Connections) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(get("/") * 500 + get("/", "Connection: close"))
        await asyncio.sleep(0.5)
        (one,) = connections
        assert one.waiting_bytes < 1_000_000
        got = 0
        while part := await reader.read(1 << 20):
            got += part.count(b"HTTP/1.1 200 OK")
        assert got >= 490  # a status line may lie across two parts
        writer.close()

    serve(100_000, 100, talk)


def test_without_a_pages_server_a_page_must_wait() -> None:
    async def talk(port: int, connections: Connections) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/", "Connection: close", method="POST"))
        assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
        writer.close()

    serve(10, 100, talk)
