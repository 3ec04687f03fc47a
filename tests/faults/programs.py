"""bellwire's own processes, as they run in a hotel: web, monitor and the command line."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner

from tests.integration.hotel import free_port
from web.cli import main

SWEEP_S, SWITCH_S, GRACE_S, T1_S = 2.0, 2.0, 4.0, 0.06
START_S = 300.0


class Programs:
    """bellwire over a folder of data; ``end`` ends what runs.

    Args:
        folder: for data and logs.
        sweep_s: how often the monitor looks.

    Attributes:
        data: bellwire's folder.
        http: where phones fetch, ``HOST:PORT``.
    """

    def __init__(self, folder: Path, sweep_s: float = SWEEP_S) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.http = f"127.0.0.1:{free_port()}"
        self._sweep_s = sweep_s
        self._one_at_a_time = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, *words: str) -> str:
        """Run a command of bellwire's and return what it printed.

        In this process: to start Python takes much longer than any of them. One at a time, since
        there is one standard output.
        """
        with self._one_at_a_time:
            done = CliRunner().invoke(main, [*words, "--data", str(self.data)])
        if done.exit_code:
            raise AssertionError(f"{words}: {done.exit_code}\n{done.output}") from done.exception
        return done.stdout

    def begin(self) -> None:
        """Start the monitor and what phones fetch from, and wait until that answers."""
        self._start("web")
        self._start("monitor")
        until = time.monotonic() + START_S
        while self._running["web"].poll() is None and time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://{self.http}/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"bellwire does not serve\n{self.log('web')}")

    def end(self) -> None:
        """End everything."""
        for process in self._running.values():
            process.terminate()
        for name in list(self._running):
            self._end(name)

    def next_day(self) -> None:
        """Let everything the monitor counted be more than an hour ago.

        Counters of ports and starts of phones count for an hour. The fetch log is moved back, and
        what the monitor remembers is forgotten: phones are found where they are now.
        """
        self._end("monitor")
        for file in self.data.glob("monitoring.db*"):
            file.unlink()
        with closing(sqlite3.connect(self.data / "events.db", timeout=20)) as events, events:
            for table in ("fetch", "phone_report"):
                events.execute(f"UPDATE {table} SET at = datetime(at, '-2 hours') || '.000000'")
        self._start("monitor")

    def log(self, name: str) -> str:
        """The end of a process's log."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")[-6000:]

    def _start(self, name: str, *more: str) -> None:
        command = [sys.executable, "-m", "web.cli", name, "--data", str(self.data), *more]
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, env=self._environment(), stdout=log, stderr=log
            )

    def _end(self, name: str) -> None:
        process = self._running.pop(name, None)
        if process is None:
            return
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _environment(self) -> dict[str, str]:
        host, _, port = self.http.partition(":")
        return {
            **os.environ,
            "BELLWIRE_HTTP__HOST": host,
            "BELLWIRE_HTTP__PORT": port,
            "BELLWIRE_MONITOR__SWEEP_S": str(self._sweep_s),
            "BELLWIRE_MONITOR__SWITCH_S": str(SWITCH_S),
            "BELLWIRE_MONITOR__GRACE_S": str(GRACE_S),
            "BELLWIRE_MONITOR__OPTIONS_T1_S": str(T1_S),
            "BELLWIRE_MONITOR__OPTIONS_PER_S": "400",
            "BELLWIRE_ACCESS__REFUSALS_PER_MINUTE": "5000",
        }
