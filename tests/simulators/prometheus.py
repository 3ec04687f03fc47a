"""A real Prometheus on a free port of the loopback interface, with its storage in a folder."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

SKIP_REASON = "prometheus is missing (Debian package prometheus)"
START_LIMIT_S = 60.0
STOP_LIMIT_S = 30.0

_CONFIGURATION = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}
scrape_configs:
  - job_name: bellwire
    authorization: {{credentials: {token}}}
    static_configs: [{{targets: ["{target}"]}}]
"""


def find_prometheus() -> str | None:
    """Return the path of the program; None: it is not installed."""
    return shutil.which("prometheus")


def check_metrics(text: bytes) -> str:
    """Return what ``promtool check metrics`` has to say of an exposition; empty: nothing."""
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, check=False, timeout=60
    )
    said = (done.stdout + done.stderr).decode()
    return said or ("" if done.returncode == 0 else f"ended with {done.returncode}")


class Prometheus:
    """Scrapes one target while a ``with`` block lasts.

    Args:
        folder: for its configuration and storage.
        target: ``HOST:PORT`` of a server that has ``/metrics``.
        token: a bearer token that the target asks for.
    """

    def __init__(self, folder: Path, target: str, token: str) -> None:
        self._folder, self._target, self._token = folder, target, token
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / "prometheus.yml"
        text = _CONFIGURATION.format(target=self._target, token=self._token)
        file.write_text(text, encoding="utf-8")
        command = [
            "prometheus", f"--config.file={file}",
            f"--storage.tsdb.path={self._folder / 'storage'}",
            f"--web.listen-address={self.url.removeprefix('http://')}", "--log.level=warn",
        ]  # fmt: skip
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)
        until = time.monotonic() + START_LIMIT_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > until:
                self.__exit__(None, None, None)
                raise RuntimeError(f"prometheus does not start: {self.log}")
            time.sleep(0.05)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def _log(self) -> Path:
        return self._folder / "prometheus.log"

    @property
    def log(self) -> str:
        """What it has written."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def query(self, expression: str) -> list[Any]:
        """Evaluate an expression now; return its series.

        Raises:
            ValueError: Prometheus refuses it, with its own words.
        """
        found = self._ask(f"/api/v1/query?{urlencode({'query': expression})}")
        return list(found["result"])

    def label_values(self, series: str, label: str) -> list[str]:
        """Return the values of a label, as a dashboard's variable asks for them."""
        path = f"/api/v1/label/{label}/values?{urlencode({'match[]': series})}"
        return [str(value) for value in self._ask(path)]

    def _ask(self, path: str) -> Any:
        try:
            with urllib.request.urlopen(self.url + path, timeout=START_LIMIT_S) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as problem:
            raise ValueError(problem.read().decode()) from problem

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=START_LIMIT_S) as answer:
                return int(answer.status) == 200
        except OSError:
            return False
