"""A private Asterisk for tests: the real PBX, on loopback, in a folder of its own.

The rig writes only what any Asterisk needs (paths, modules, manager, ports, one transport); what
bellwire generates is included from a folder as `pjsip_bellwire.conf`, `extensions_bellwire.conf`
and `voicemail_bellwire.conf`. So a test judges the generated files by the program that will read
them in a hotel.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.simulators.asterisk_files import ManagerUser, Ports, write_configuration

SKIP_REASON = "asterisk is not installed: run scripts/install-asterisk.sh as root"
BOOT_LIMIT_S = 30.0
STOP_LIMIT_S = 5.0
BOOT_ATTEMPTS = 4
RTP_PORTS = 100

# Below the range from which the kernel takes ports for outgoing connections, so that only another
# rig can be quicker to a port that was just found free.
_PORTS = range(12_000, 22_000)
# Asterisk takes a port for voice when a call comes: nobody else may have been given it before.
_VOICE_PORTS = range(22_000, 32_000)
_PROBLEM = re.compile(r"\] (?:WARNING|ERROR)\[")
_PORT_TAKEN = "Address already in use"

# Lines that tell of the machine and not of the configuration. The rig writes every file whose
# absence Asterisk reports, so only one is left: many phones at once on a small machine.
_HARMLESS = ("task processor queue reached",)


class AsteriskError(RuntimeError):
    """Asterisk did not start, or did not answer; the text holds the end of its log."""


def find_asterisk() -> str | None:
    """Return the path of the installed Asterisk, also when sbin is not on the PATH."""
    places = [os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"]
    return shutil.which("asterisk", path=os.pathsep.join(places))


def free_port(kind: socket.SocketKind, count: int = 1, among: range = _PORTS) -> int:
    """Return the first of `count` neighbouring ports of 127.0.0.1 that are free now."""
    chooser = random.SystemRandom()
    for _ in range(200):
        first = chooser.randrange(among.start, among.stop - count, 2)
        if all(_is_free(kind, port) for port in range(first, first + count)):
            return first
    raise AsteriskError(f"no {count} free ports of kind {kind.name} on 127.0.0.1")


def _is_free(kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_ports(rtp_ports: int = RTP_PORTS) -> Ports:
    """Return ports that are free now, for one Asterisk."""
    rtp = free_port(socket.SOCK_DGRAM, rtp_ports, _VOICE_PORTS)
    return Ports(
        sip=free_port(socket.SOCK_DGRAM),
        ami=free_port(socket.SOCK_STREAM),
        rtp_first=rtp,
        rtp_last=rtp + rtp_ports - 1,
    )


class Asterisk:
    """A running Asterisk; use it as a context manager.

    Attributes:
        ami_user: Name of the manager user, who may read and write every class.
        ami_secret: Secret of that user, new for every rig.
        directory: Folder of this Asterisk; made at the start and removed at the end.
        rtp_ports: How many ports it has for voice; a call through it takes four.
    """

    ami_user = "bellwire"
    rtp_ports = RTP_PORTS
    directory: Path

    def __init__(self, include_dir: Path, *, extra_modules: tuple[str, ...] = ()) -> None:
        """Prepare a rig.

        Args:
            include_dir: Folder that holds the generated files.
            extra_modules: Modules that this test needs beside the usual ones.
        """
        self.include_dir = include_dir.resolve()
        self.extra_modules = extra_modules
        self.ami_secret = secrets.token_hex(16)
        self._ports = Ports(sip=0, ami=0, rtp_first=0, rtp_last=0)
        self._program = ""
        self._marks = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = find_asterisk()
        if program is None:
            raise AsteriskError(SKIP_REASON)
        self._program = program
        self.directory = Path(tempfile.mkdtemp(prefix="bw-ast-"))
        try:
            self._boot()
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

    @property
    def sip_port(self) -> int:
        """UDP port of the SIP transport on 127.0.0.1."""
        return self._ports.sip

    @property
    def ami_port(self) -> int:
        """TCP port of the manager interface on 127.0.0.1."""
        return self._ports.ami

    @property
    def log(self) -> str:
        """The messages log so far: notices, warnings, errors and verbose lines."""
        self._flush_log()
        return self._read("messages.log")

    @property
    def security_log(self) -> str:
        """The security events so far, as `key="value"` lines."""
        return self._read("security.log")

    def warnings(self) -> list[str]:
        """Return the warning and error lines of the log that concern the configuration."""
        lines = [line for line in self.log.splitlines() if _PROBLEM.search(line)]
        return [line for line in lines if not any(text in line for text in _HARMLESS)]

    def cli(self, command: str) -> str:
        """Run a command of the console and return what it printed.

        Raises:
            AsteriskError: When Asterisk cannot be reached.
        """
        done = self._ask(command)
        if done.returncode != 0:
            raise AsteriskError(f"{command!r}: {done.stdout}{done.stderr}")
        return done.stdout

    def reload(self) -> None:
        """Read the generated files again, also one that was not there before."""
        self._write_configuration()
        self.cli("core reload")

    def _boot(self) -> None:
        for _ in range(BOOT_ATTEMPTS):
            self._ports = choose_ports(self.rtp_ports)
            self._write_configuration()
            self._start()
            if _PORT_TAKEN not in self.log:
                return
            self._stop()
            shutil.rmtree(self.directory / "log")
        raise AsteriskError(f"a port was taken {BOOT_ATTEMPTS} times in a row")

    def _write_configuration(self) -> None:
        user = ManagerUser(self.ami_user, self.ami_secret)
        write_configuration(self.directory, self.include_dir, self._ports, user, self.extra_modules)

    def _start(self) -> None:
        with (self.directory / "log" / "console.log").open("wb") as console:
            self._process = subprocess.Popen(
                [self._program, "-C", str(self.directory / "asterisk.conf"), "-f", "-n"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                cwd=self.directory,
                start_new_session=True,
            )
        self._wait_until_booted(self._process)

    def _wait_until_booted(self, process: subprocess.Popen[bytes]) -> None:
        limit = time.monotonic() + BOOT_LIMIT_S
        while time.monotonic() < limit:
            if process.poll() is not None:
                raise AsteriskError(f"Asterisk ended with {process.returncode}\n{self._tail()}")
            if (self.directory / "run" / "asterisk.ctl").exists():
                answer = self._ask("core waitfullybooted")
                if "fully booted" in answer.stdout:
                    return
            time.sleep(0.02)
        raise AsteriskError(f"Asterisk was not up after {BOOT_LIMIT_S:.0f} s\n{self._tail()}")

    def _ask(self, command: str, limit_s: float = BOOT_LIMIT_S) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, "-C", str(self.directory / "asterisk.conf"), "-n", "-rx", command],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
            env=self._environment(),
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        # The console keeps its history in HOME, which must not be the developer's.
        return {**os.environ, "HOME": str(self.directory), "LC_ALL": "C.UTF-8"}

    def _flush_log(self) -> None:
        # Asterisk writes its log in a thread of its own: when a line that was asked for is in the
        # file, so is all that came before.
        self._marks += 1
        answer = self._ask(f"dialplan set global BW_LOG_MARK {self._marks}")
        if answer.returncode != 0 or "No such command" in answer.stdout:
            return
        mark = f"Setting global variable 'BW_LOG_MARK' to '{self._marks}'"
        limit = time.monotonic() + STOP_LIMIT_S
        while mark not in self._read("messages.log"):
            if time.monotonic() > limit:
                raise AsteriskError(f"the log stands still\n{self._tail()}")
            time.sleep(0.01)

    def _read(self, name: str) -> str:
        path = self.directory / "log" / name
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def _tail(self) -> str:
        return (self._read("console.log") + self._read("messages.log"))[-4000:]

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self._ask("core stop now", STOP_LIMIT_S)
        for end in (process.terminate, process.kill):
            try:
                process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                end()
        process.wait()

    def _close(self) -> None:
        try:
            self._stop()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)
