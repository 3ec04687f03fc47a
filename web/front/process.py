"""The front process: it holds the HTTP port, answers phones, and keeps the pages' server running.

Phones' finished files go out from here, by one event loop that never waits. Every other
connection is passed on to the pages' server, a process of its own: a page that takes long keeps no
phone waiting. With TLS there is no front: the pages' server, which speaks TLS, has the port alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import socket
import threading
from collections.abc import Iterator, Sequence

import uvloop

from provisioner.access import Network
from provisioner.answers import Answer
from provisioner.catalogue.loader import Catalogue
from provisioner.config import Http, Settings
from provisioner.delivery import Delivery
from provisioner.errors import SettingsError
from web.front.ahead import keep_ahead
from web.front.connection import Connection, Connections
from web.front.heads import Head
from web.front.peers import Peers
from web.front.tunnel import Inner
from web.installation import Installation, opened
from web.phone_plane import is_phones_path, request_of
from web.stopping import watch_parent_pipe
from web.supervision import supervise

log = logging.getLogger(__name__)

BACKLOG = 4096
SWEEP_S = 1.0
SPARE_FILES = 256
"""Descriptors for everything but connections."""
FRONT = "BELLWIRE_FRONT"
"""Tells the pages' server its port and the table of peers: ``PORT:DESCRIPTOR``."""


def behind_front() -> Inner | None:
    """Return where this process is to listen, if it is a pages' server behind a front."""
    told = os.environ.get(FRONT)
    if told is None:
        return None
    port, _, descriptor = told.partition(":")
    return Inner(int(port), Peers(int(descriptor)))


def run_front(settings: Settings, pages: Sequence[str]) -> int:
    """Serve the HTTP port until told to stop.

    Args:
        settings: the configuration.
        pages: how the pages' server is started.

    Returns:
        0 when asked to stop, 1 when the pages' server cannot run.

    Raises:
        SettingsError: the port cannot be listened on.
    """
    listener = listening(settings.http)
    with contextlib.closing(listener), opened(settings) as installation:
        recorder = installation.recorder()
        recorder.start()
        delivery = installation.delivery(recorder, learner=installation.learner())
        try:
            gc.collect()
            gc.freeze()  # what is there now stays: no need to look through it again and again
            return uvloop.run(_serve(listener, installation, delivery, pages))
        finally:
            recorder.close()
            delivery.close()


class AtHand:
    """Answers phones' requests from memory.

    Args:
        delivery: the phones and their files.
        catalogue: tells a phone's path from a page's.
        proxies: whose word about addresses is believed.
    """

    def __init__(
        self, delivery: Delivery, catalogue: Catalogue, proxies: Sequence[Network]
    ) -> None:
        self._delivery = delivery
        self._catalogue = catalogue
        self._proxies = proxies

    def __call__(self, head: Head, address: str) -> Answer | None:
        """Answer a request at once; None: the pages' server must (see ``Delivery.at_hand``)."""
        environ = head.environ
        path = environ["PATH_INFO"]
        if not is_phones_path(self._catalogue, path):
            return None
        environ["REMOTE_ADDR"] = address
        return self._delivery.at_hand(request_of(environ, path, self._proxies))


def listening(http: Http) -> socket.socket:
    """Return the listening socket.

    Raises:
        SettingsError: the port cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((http.host, http.port))
        made.listen(BACKLOG)
    except OSError as problem:
        made.close()
        where, reason = f"{http.host}:{http.port}", problem.strerror or problem
        raise SettingsError(f"cannot listen on {where} for HTTP: {reason}") from problem
    return made


async def _serve(
    listener: socket.socket, installation: Installation, delivery: Delivery, pages: Sequence[str]
) -> int:
    """Serve until a signal, or until the pages cannot run."""
    loop = asyncio.get_running_loop()
    proxies = installation.settings.http.trusted_proxies
    answering = AtHand(delivery, installation.catalogue, proxies)
    stop, told = threading.Event(), asyncio.Event()

    def end() -> None:
        stop.set()
        loop.call_soon_threadsafe(told.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    watch_parent_pipe(end)
    peers, descriptor = Peers.made()
    with _reserved_port() as port:
        inner = Inner(port, peers)
        connections = Connections(_room_for_connections())
        server = await loop.create_server(
            lambda: Connection(answering, inner, connections, loop), sock=listener, backlog=BACKLOG
        )
        environment = {FRONT: f"{port}:{descriptor}"}
        keeping = asyncio.ensure_future(
            asyncio.to_thread(supervise, {"pages": list(pages)}, stop, environment, [descriptor])
        )
        keeping.add_done_callback(lambda _: told.set())
        beside = [
            asyncio.ensure_future(_sweep(connections)),
            asyncio.ensure_future(keep_ahead(delivery.shelf)),
        ]
        await told.wait()
        server.close()
        stop.set()
        code = await keeping
        for each in beside:
            each.cancel()
        return code


async def _sweep(connections: Connections) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(SWEEP_S)
        connections.sweep(loop.time())


@contextlib.contextmanager
def _reserved_port() -> Iterator[int]:
    """A free port on loopback that nobody else gets while the pages' server starts or restarts.

    It is bound and not listened on; the server shares it, as SO_REUSEPORT lets only its own user.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(("127.0.0.1", 0))
        yield made.getsockname()[1]


def _room_for_connections() -> int:
    """Raise the limit of open files to what is allowed; return how many connections fit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(64, min(allowed - SPARE_FILES, 20_000))
