"""Keeping processes running: one parent, its children, and their common end.

A child ends when its parent does, however that one ended: it holds the read end of a pipe that
closes with the parent.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence

from web.stopping import PARENT_PIPE

log = logging.getLogger(__name__)

RESTART_S = 1.0
STOP_S = 10.0


def supervise(
    commands: Mapping[str, list[str]],
    stop: threading.Event,
    environment: Mapping[str, str] | None = None,
    descriptors: Sequence[int] = (),
) -> int:
    """Run the named commands, start again the one that ends, until ``stop`` is set.

    Args:
        commands: by name.
        stop: set when all shall end.
        environment: variables beside this process's own.
        descriptors: open files that the commands inherit.

    Returns:
        0 when asked to stop; 1 when a command could not be kept running.
    """
    read_end, write_end = os.pipe()
    variables = {**os.environ, **(environment or {}), PARENT_PIPE: str(read_end)}
    inherited = (read_end, *descriptors)
    started_at: dict[str, float] = {}
    running: dict[str, subprocess.Popen[bytes]] = {}
    again: set[str] = set()

    def start(name: str) -> None:
        started_at[name] = time.monotonic()
        running[name] = subprocess.Popen(commands[name], env=variables, pass_fds=inherited)

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
