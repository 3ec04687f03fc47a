"""bellwire's processes: web with its pages, field and monitor."""

from __future__ import annotations

import errno
import gc
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.util import Finalize

from apscheduler.schedulers.background import BackgroundScheduler
from granian import Granian
from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings

from provisioner.config import Settings, read_settings
from provisioner.delivery import utc_now
from provisioner.errors import SettingsError
from provisioner.filestore.steps import step
from provisioner.inventory.fetches import prune
from web.app import wsgi
from web.field import run_field
from web.front.peers import BehindFront
from web.front.process import behind_front
from web.installation import Installation, opened
from web.mending import Mender
from web.phone_plane import WsgiApp
from web.staging import move_stages
from web.stopping import stop_event
from web.sweeping import Sweeper
from web.telling import Teller, prune_monitoring

log = logging.getLogger(__name__)

BACKLOG = 4096
STEP_S = 15
TELL_S = 20
MEND_S = 20
FULFIL_S = 2
JOBS = 32
"""Jobs of the monitor at the same time; a sweep mostly waits for answers."""
KILL_S = 5  # less than a supervisor waits
PORT_WAIT_S = 3.0


def run_pages(settings: Settings, app: str = "web.processes:make_app") -> None:
    """Serve pages, and all of HTTP where there is no front; ``app`` names what makes them."""
    http = settings.http
    host, port = http.host, http.port
    behind = behind_front()
    if behind is None:
        _check_free(host, port)
    else:
        host, port = "127.0.0.1", behind.port
    logging.getLogger("_granian").addFilter(_is_no_advice_on_threads)
    server = Granian(
        app,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=http.threads + http.downloads,
        backlog=BACKLOG,
        http1_settings=HTTP1Settings(),
        ssl_cert=http.tls_certificate,
        ssl_key=http.tls_key,
        ssl_protocol_min=SSLProtocols.tls12,  # most phones know nothing newer
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_S,
        log_enabled=True,
        websockets=False,
    )
    server.serve()


def _is_no_advice_on_threads(record: logging.LogRecord) -> bool:
    """Leave out the advice to have few threads: most only wait for slow downloads."""
    return "Python threads, which seems" not in record.getMessage()


def make_app() -> WsgiApp:
    """Return the application inside Granian's worker; it reads the environment again."""
    parent = os.getppid()
    made = wsgi(read_settings())
    # how a forked worker ends: neither atexit nor finally are reached
    Finalize(None, made.close, exitpriority=10)
    _end_with_parent(parent, made.close)
    gc.collect()
    gc.freeze()  # the catalogue stays: looking through it again and again costs 0.1 s each time
    behind = behind_front()
    return BehindFront(made, behind.peers) if behind else made


def _check_free(host: str, port: int) -> None:
    """Make sure that no other server has the port: Granian would share it in silence.

    Raises:
        SettingsError: it cannot be listened on.
    """
    until = time.monotonic() + PORT_WAIT_S  # a worker whose main process died holds it a moment
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                probe.listen()
            except OSError as problem:
                if problem.errno != errno.EADDRINUSE or time.monotonic() > until:
                    reason = problem.strerror or problem
                    raise SettingsError(
                        f"cannot listen on {host}:{port} for HTTP: {reason}"
                    ) from problem
            else:
                return
        time.sleep(0.2)


def run_field_process(settings: Settings) -> None:
    """Serve TFTP and PnP in this process until it is told to stop."""
    with opened(settings) as installation:
        run_field(installation, stop_event())


def run_monitor(settings: Settings) -> None:
    """Render, watch, mend, tell people, move rollouts and prune until told to stop."""
    stop = stop_event()
    with opened(settings) as installation:
        scheduler = BackgroundScheduler(
            timezone="UTC", executors={"default": {"type": "threadpool", "max_workers": JOBS}}
        )
        scheduler.add_job(_prune, "interval", minutes=10, args=[installation], max_instances=1)
        scheduler.add_job(_step, "interval", seconds=STEP_S, args=[installation], max_instances=1)
        teller = Teller(installation)
        scheduler.add_job(teller.tell, "interval", seconds=TELL_S, max_instances=1, coalesce=True)
        mender = Mender(installation, stop=stop)
        scheduler.add_job(mender.mend, "interval", seconds=MEND_S, max_instances=1, coalesce=True)
        scheduler.add_job(
            mender.fulfil, "interval", seconds=FULFIL_S, max_instances=1, coalesce=True
        )
        sweeper = Sweeper(installation, scheduler)
        sweeper.start()
        scheduler.start()
        try:
            while not stop.wait(0.0 if installation.press.render_marked() else 0.5):
                pass
        finally:
            scheduler.shutdown(wait=False)
            sweeper.close()


def _prune(installation: Installation) -> None:
    keep = installation.settings.retention
    prune(installation.events, keep.fetch_days, keep.fetch_rows, keep.waiting_days)
    installation.filestore.sweep()
    prune_monitoring(installation, utc_now())


def _step(installation: Installation) -> None:
    step(installation.database, utc_now())
    move_stages(installation, utc_now())


def _end_with_parent(parent: int, first: Callable[[], object]) -> None:
    """End this worker when Granian's main process is gone, so that none is left over."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        first()
        os._exit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()
