"""bellwire's web process with one page more, that takes as long as it is told.

python -m bench.slow_web      configured by BELLWIRE_*, as ``bellwire web`` is
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from provisioner.config import read_settings
from web import processes
from web.front.process import run_front
from web.phone_plane import WsgiApp
from web.stopping import watch_parent_pipe

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def make_app() -> WsgiApp:
    """Return the application, as it is made for ``bellwire web``, with the slow page."""
    own = processes.make_app()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != "/slow":
            return own(environ, start_response)
        milliseconds = int(parse_qs(environ["QUERY_STRING"])["ms"][0])
        time.sleep(milliseconds / 1000)
        start_response("200 OK", [("Content-Length", "0")])
        return []

    return app


if __name__ == "__main__":
    if "pages" in sys.argv:
        watch_parent_pipe(lambda: os.kill(os.getpid(), signal.SIGTERM))
        processes.run_pages(read_settings(), "bench.slow_web:make_app")
    else:
        raise SystemExit(
            run_front(read_settings(), [sys.executable, "-m", "bench.slow_web", "pages"])
        )
