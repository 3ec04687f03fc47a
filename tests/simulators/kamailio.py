"""A private Kamailio for tests: a real registrar on loopback, with its location table by RPC."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.simulators.asterisk import free_port

SKIP_REASON = "kamailio is not installed: run scripts/install-debian.sh as root"
START_LIMIT_S = 20.0
STOP_LIMIT_S = 10.0

_CONFIGURATION = """\
#!KAMAILIO
children=1
tcp_children=1
log_stderror=yes
debug=2
listen=udp:127.0.0.1:{sip}
listen=tcp:127.0.0.1:{rpc}
tcp_accept_no_cl=yes
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "xhttp.so"
loadmodule "jsonrpcs.so"
modparam("usrloc", "db_mode", 0)
modparam("jsonrpcs", "transport", 1)
modparam("registrar", "default_expires", 300)
modparam("registrar", "min_expires", 1)
request_route {{
  if (is_method("REGISTER")) {{
    save("location");
    exit;
  }}
  sl_send_reply("404", "Not here");
}}
event_route[xhttp:request] {{
  if ($hu =~ "^/RPC") {{
    jsonrpc_dispatch();
  }} else {{
    xhttp_reply("404", "Not here", "text/plain", "not here");
  }}
}}
"""


def find_kamailio() -> str | None:
    """Return the path of the installed Kamailio, also when sbin is not on the PATH."""
    return shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin")


class Kamailio:
    """A running Kamailio; use it as a context manager.

    Attributes:
        sip_port: UDP port of 127.0.0.1.
        rpc_port: TCP port of 127.0.0.1, for JSON-RPC below ``/RPC``.
    """

    def __init__(self) -> None:
        self.sip_port = free_port(socket.SOCK_DGRAM)
        self.rpc_port = free_port(socket.SOCK_STREAM)
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = find_kamailio()
        if program is None:
            raise RuntimeError(SKIP_REASON)
        self._folder = Path(tempfile.mkdtemp(prefix="bw-kam-"))
        file = self._folder / "kamailio.cfg"
        file.write_text(_CONFIGURATION.format(sip=self.sip_port, rpc=self.rpc_port), "utf-8")
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(program, "-DD", "-E", "-f", str(file), "-m", "32", "-M", "8"),
                    *("-Y", str(self._folder), "-w", str(self._folder)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait(self._process)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        limit = time.monotonic() + START_LIMIT_S
        while time.monotonic() < limit and process.poll() is None:
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.rpc_port, timeout=1)
                body = json.dumps({"jsonrpc": "2.0", "method": "core.echo", "id": 1})
                connection.request("POST", "/RPC", body)
                connection.getresponse().read()
                connection.close()
                return
            time.sleep(0.1)
        log = (self._folder / "log").read_text("utf-8", "replace")[-3000:]
        raise RuntimeError(f"Kamailio did not start\n{log}")

    def _close(self) -> None:
        process, self._process = self._process, None
        try:
            if process is not None:
                process.terminate()
                try:
                    process.wait(STOP_LIMIT_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
