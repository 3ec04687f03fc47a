"""A private PostgreSQL server for a test, on loopback, ended with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

SKIP_REASON = "PostgreSQL's server is missing (package postgresql)"


def find_postgres() -> Path | None:
    """Return the folder of the newest installed server's programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Postgres:
    """A server in a temporary folder; as root it runs under the account ``postgres``."""

    def __init__(self) -> None:
        programs = find_postgres()
        if programs is None:
            raise FileNotFoundError(SKIP_REASON)
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="bellwire-postgres-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-A", "trust", "-U", "bellwire", "--no-sync")
        options = f"-p {self.port} -k {self._folder} -h 127.0.0.1 -c fsync=off"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def new_database(self, name: str) -> str:
        """Make an empty database and return its SQLAlchemy URL."""
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "bellwire")
        self._run("createdb", *where, name)
        return f"postgresql+psycopg://bellwire@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._programs / program), *words]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, timeout=120, cwd=self._folder
        )
