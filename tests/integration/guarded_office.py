"""A guarded site with everything real: Asterisk, the guard as a process, callers, an operator."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.drill.attack import FarEnd
from tests.integration.servers import HANG_S, DataFolder
from tests.simulators.asterisk import Asterisk, free_port
from tests.simulators.sipp_calls import Call, Caller, Operator, scenario

OUTSIDE = "127.0.0.2"
MODULES = ("res_speech", "res_agi")
TRUNK = """
[provider]
type=endpoint
context=bw-casa-incoming
disallow=all
allow=alaw
aors=provider
direct_media=no
[provider]
type=aor
contact=sip:{address}:{port}
[provider]
type=identify
endpoint=provider
match={address}
"""
RESCUE = "\n[bw-emergency-out]\nexten = _X!,1,Answer()\n same = n,Wait(1)\n same = n,Hangup()\n"


def secret_of(extension: str) -> str:
    return f"secret-of-{extension}-x"


class GuardedAsterisk(Asterisk):
    """The rig with more files of its owner's, which can be ended as by a power cut.

    Args:
        include_dir: folder of the generated files.
        modules: besides those of guarded calls.
        more: more files of its owner's, by name.
    """

    rtp_ports = 800

    def __init__(
        self,
        include_dir: Path,
        modules: tuple[str, ...] = (),
        more: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(include_dir, extra_modules=(*MODULES, *modules))
        self._more = dict(more or {})

    def kill(self) -> None:
        """End it at once, in the middle of everything."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        (self.directory / "run" / "asterisk.ctl").unlink()

    def start_again(self) -> None:
        """Start it with the same ports and the same database."""
        self._start()

    def _write_configuration(self) -> None:
        super()._write_configuration()
        for name, text in self._more.items():
            (self.directory / name).write_text(text, "utf-8")


@dataclass
class Office:
    """A guarded site with its PBX."""

    folder: DataFolder
    tmp: Path
    asterisk: GuardedAsterisk
    port: int
    operator: Operator | FarEnd
    pbx: dict[str, Any]
    guards: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_guard(self) -> None:
        environment = {
            **os.environ,
            "BELLWIRE_DATA": str(self.folder.path),
            "BELLWIRE_CALLS__PORT": str(self.port),
        }
        command = [sys.executable, "-m", "web.cli", "guard"]
        self.guards.append(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL))
        self.until(self.is_answered)

    def kill_guard(self) -> None:
        guard = self.guards.pop()
        guard.kill()  # SIGKILL ends a frozen one, too
        guard.wait()

    def freeze_guard(self) -> None:
        """Let it hang: the kernel still takes connections for it, and nobody answers them."""
        self.guards[-1].send_signal(signal.SIGSTOP)

    def thaw_guard(self) -> None:
        """Let it go on."""
        self.guards[-1].send_signal(signal.SIGCONT)

    def renew(self, site: dict[str, Any], marker: str) -> None:
        """Change the site, and wait until the guard goes by it.

        Args:
            site: as it is from now on.
            marker: a number that is closed to all from now on, and was not before.
        """
        site["calls"]["limits"].setdefault("closed", []).append(marker)
        site["pbx"] = self.pbx
        self.folder.apply(site, options=("--no-render",))
        asked = ("outgoing", site["id"], "0-marker", site["accounts"][0]["extension"], marker)
        self.until(lambda: "closed_destination" in self.asked(*asked))

    def asked(self, script: str, *arguments: str) -> str:
        """What the guard answers to a question that no PBX asked."""
        lines = [f"agi_network_script: {script}"]
        lines += [f"agi_arg_{place}: {each}" for place, each in enumerate(arguments, start=1)]
        said = ""
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            line.sendall(("\n".join(lines) + "\n\n").encode())
            with line.makefile("r") as answers:
                for answer in answers:
                    said += answer
                    line.sendall(b"200 result=1\n")
        return said

    def is_answered(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    def until(self, done: Callable[[], object]) -> None:
        limit = time.monotonic() + HANG_S
        while not done():
            assert time.monotonic() < limit, f"{done} is not so\n{self.asterisk.log[-3000:]}"
            time.sleep(0.05)

    def calling(self, number: str, user: str, **how: Any) -> Call:
        caller = Caller(user, self.asterisk.sip_port, secret_of(user))
        return Call(self.tmp, caller, scenario(caller, number, **how))

    def call(self, number: str, user: str, **how: Any) -> str:
        return self.calling(number, user, **how).finish()

    def incoming(self, number: str, caller: str, **how: Any) -> Call:
        who = Caller(caller, self.asterisk.sip_port, address=OUTSIDE)
        return Call(self.tmp, who, scenario(who, number, **how))

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.folder.path / "monitoring.db") as database:
            return database.execute(query, values).fetchall()

    def calls(self, account: str) -> list[tuple[str, float]]:
        """Numbers and seconds of the calls of an account that are over and stored."""
        self.until(lambda: "-calls/" not in self.asterisk.cli("database show bw-casa-calls"))
        going = "select 1 from guarded_call where account = ? and ended_s is null"
        self.until(lambda: not self.rows(going, account))
        query = "select number, answered_s, ended_s from guarded_call where account = ?"
        return [(n, round(e - (a or e), 1)) for n, a, e in self.rows(query, account)]

    def blocked(self, account: str) -> list[str]:
        query = "select rule from call_block where name = ? and ended_at is null"
        return [rule for (rule,) in self.rows(query, account)]


@contextmanager
def guarded_office(
    tmp: Path,
    shape: Callable[[int], dict[str, Any]],
    rates: str,
    modules: tuple[str, ...] = (),
    more: Mapping[str, str] | None = None,
    far_end: Callable[[Path, str], Operator | FarEnd] = Operator,
    extra: str = "",
) -> Iterator[Office]:
    """Run a guarded site for the length of a ``with`` block.

    Args:
        tmp: a folder for it.
        shape: gives the site, from the port of the guard.
        rates: CSV.
        modules: of Asterisk, besides those of guarded calls.
        more: more files of Asterisk's, by name.
        far_end: who answers outside.
        extra: more of the dial plan, its owner's.
    """
    with ExitStack() as ends:
        operator = ends.enter_context(far_end(tmp, OUTSIDE))
        port = free_port(socket.SOCK_STREAM)
        folder = DataFolder(tmp / "data")
        site = shape(port)
        folder.apply(site, options=("--no-render",))
        out = tmp / "pbx"
        assert folder.run("pbx", "asterisk", site["id"], "--out", str(out)).exit_code == 0
        with (out / "pjsip_bellwire.conf").open("a", encoding="utf-8") as file:
            file.write(TRUNK.format(address=OUTSIDE, port=operator.port))
        with (out / "extensions_bellwire.conf").open("a", encoding="utf-8") as file:
            file.write(RESCUE + extra)
        asterisk = ends.enter_context(GuardedAsterisk(out, modules, more))
        ami = {"host": "127.0.0.1", "port": asterisk.ami_port, "username": asterisk.ami_user}
        site["pbx"] = {"kind": "asterisk", "ami": {**ami, "secret": asterisk.ami_secret}}
        folder.apply(site, options=("--no-render",))
        (tmp / "rates.csv").write_text(rates)
        known = folder.run("calls", "rates", "import", str(tmp / "rates.csv"), "--site", site["id"])
        assert known.exit_code == 0, known.output
        made = Office(folder, tmp, asterisk, port, operator, site["pbx"])
        ends.callback(lambda: [made.kill_guard() for _ in list(made.guards)])
        assert asterisk.warnings() == [], asterisk.warnings()
        made.start_guard()
        yield made
