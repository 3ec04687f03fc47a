"""bellwire's processes: web, field and monitor, alone or under one supervisor.

A child ends when its parent does, however that one ended: it holds the read end of a pipe that
closes with the parent.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
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
from web.installation import Installation, opened
from web.mending import Mender
from web.phone_plane import WsgiApp
from web.staging import move_stages
from web.stopping import PARENT_PIPE, stop_event
from web.sweeping import Sweeper
from web.telling import Teller, prune_monitoring

log = logging.getLogger(__name__)

BACKLOG = 4096
RESTART_S = 1.0
STEP_S = 15
TELL_S = 20
MEND_S = 20
FULFIL_S = 2
JOBS = 32
"""Jobs of the monitor at the same time; a sweep mostly waits for answers."""
STOP_S = 10.0
KILL_S = 5  # less than STOP_S
PORT_WAIT_S = 3.0


def run_web(settings: Settings, app: str = "web.processes:make_app") -> None:
    """Serve HTTP in this process until it is told to stop; ``app`` names what makes it."""
    http = settings.http
    _check_free(http.host, http.port)
    logging.getLogger("_granian").addFilter(_is_no_advice_on_threads)
    server = Granian(
        app,
        factory=True,
        address=http.host,
        port=http.port,
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
    return made


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


def supervise(commands: Mapping[str, list[str]], stop: threading.Event) -> int:
    """Run the named commands, start again the one that ends, until ``stop`` is set.

    Returns:
        0 when asked to stop; 1 when a command could not be kept running.
    """
    read_end, write_end = os.pipe()
    environment = {**os.environ, PARENT_PIPE: str(read_end)}
    started_at: dict[str, float] = {}
    running: dict[str, subprocess.Popen[bytes]] = {}
    again: set[str] = set()

    def start(name: str) -> None:
        started_at[name] = time.monotonic()
        running[name] = subprocess.Popen(commands[name], env=environment, pass_fds=(read_end,))

    try:
        for name in commands:
            start(name)
        while not stop.wait(0.2):
            for name, process in list(running.items()):
                if process.poll() is None:
                    continue
                if process.returncode == 2 and name not in again:  # noqa: PLR2004 - usage
                    log.error("%s cannot run as configured; ending", name)
                    return 1
                log.error("%s ended with %d; starting it again", name, process.returncode)
                again.add(name)
                if not stop.wait(max(0.0, RESTART_S - (time.monotonic() - started_at[name]))):
                    start(name)
        return 0
    finally:
        _end_all(running)
        os.close(write_end)
        os.close(read_end)


def _end_all(running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for process in running.values():
        process.terminate()
    for process in running.values():
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def command_line(name: str, *options: str) -> list[str]:
    """Return how to start one of bellwire's own processes."""
    # -P: modules are not taken from the folder that happens to be the working one
    return [sys.executable, "-P", "-m", "web.cli", name, *options]


def _end_with_parent(parent: int, first: Callable[[], object]) -> None:
    """End this worker when Granian's main process is gone, so that none is left over."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        first()
        os._exit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()
