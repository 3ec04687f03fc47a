"""The machine and the versions that figures belong to."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.processes import program

LIBRARIES = ("granian", "flask", "jinja2", "sqlalchemy", "pydantic", "cryptography")
TOOLS = (("nginx", ["-v"]), ("wrk", ["-v"]), ("dnsmasq", ["--version"]), ("in.tftpd", ["-V"]))


def described(command: str) -> str:
    """Return the paragraph that names machine, versions, date and command."""
    cpu = re.search(r"^model name\s*:\s*(.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    memory_gb = int(memory[1]) / 1024**2 if memory else 0
    name = cpu[1] if cpu else platform.machine()
    system = f"{platform.system()} {platform.release()}"
    libraries = ", ".join(f"{each} {version(each)}" for each in LIBRARIES)
    tools = ", ".join(_tool(name, words) for name, words in TOOLS)
    return "\n".join(
        [
            f"- Machine: {name}, {os.cpu_count()} cores, {memory_gb:.0f} GB, {system}",
            f"- Python {platform.python_version()}, {libraries}",
            f"- Peers: {tools}",
            f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, `{command}`",
        ]
    )


def load() -> float:
    """What else ran in the last minute, in cores."""
    return os.getloadavg()[0]


def _tool(name: str, words: list[str]) -> str:
    found = program(name)
    if found is None:
        return f"{name} **missing**"
    done = subprocess.run([found, *words], capture_output=True, text=True, check=False, timeout=10)
    number = re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr)
    return f"{name} {number[0] if number else '(version unknown)'}"


def _read(file: str) -> str:
    return Path(file).read_text(encoding="utf-8")
