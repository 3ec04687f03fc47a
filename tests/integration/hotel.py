"""The sample hotel on real parts: bellwire's own processes and a real Asterisk.

Only the phones are simulated. Everything listens on loopback, on ports chosen at run time.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import yaml

from provisioner.catalogue.loader import load, shipped_folder
from tests.simulators.asterisk import Asterisk
from web.simulated.fetching import fetch
from web.simulated.fleet import Fleet, FleetPhone

SAMPLE = shipped_folder() / "samples" / "hotel-aurora.yaml"
SITE = "hotel-aurora"


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody has at the moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Hotel:
    """bellwire serving the sample hotel, its PBX, and its phones.

    Args:
        folder: for everything that is made.
        max_rooms_per_floor: a smaller hotel is quicker.
        monitor: settings of the monitor process, by their names in the environment without
            ``BELLWIRE_``; None: it does not run.

    Attributes:
        fleet: the simulated phones; boot them first.
        pnp: where plug-and-play listens.
    """

    def __init__(
        self,
        folder: Path,
        max_rooms_per_floor: int = 10,
        monitor: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.http = f"127.0.0.1:{free_port()}"
        self.tftp = f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
        self.pnp = ("127.0.0.1", free_port(socket.SOCK_DGRAM))
        self.site_file = folder / "site.yaml"
        self._rooms = max_rooms_per_floor
        self._monitor = monitor
        self._ends = ExitStack()

    def __enter__(self) -> Hotel:
        try:
            self._start()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.close()

    def _start(self) -> None:
        self.write_site({})
        self.bellwire("apply", str(self.site_file))
        pbx_files = self.folder / "pbx"
        self.bellwire("pbx", "asterisk", SITE, "--out", str(pbx_files))
        self.asterisk = self._ends.enter_context(Asterisk(pbx_files))
        ami = {
            "host": "127.0.0.1",
            "port": self.asterisk.ami_port,
            "username": self.asterisk.ami_user,
            "secret": self.asterisk.ami_secret,
        }
        self.write_site(
            {
                "sip": {"registrar": "127.0.0.1", "port": self.asterisk.sip_port, "expires_s": 600},
                "pbx": {"kind": "asterisk", "ami": ami},
            }
        )
        self.bellwire("apply", str(self.site_file))
        self._serve()
        self.fleet = Fleet(
            self.phones(), fetch, lambda _name: ("127.0.0.1", self.asterisk.sip_port)
        )
        self._ends.callback(self.fleet.close)

    def write_site(self, changes: dict[str, object]) -> None:
        """Write the sample hotel, on this machine, with something different."""
        content = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
        site = content["sites"][0]
        site["url"] = f"http://{self.http}"
        site["networks"] = [*site["networks"], "127.0.0.0/8"]
        site["rooms"] = [r for r in site["rooms"] if not self._is_left_out(str(r["id"]))]
        site.update(changes)
        self.site_file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")

    def _is_left_out(self, room: str) -> bool:
        return room.isdigit() and int(room[1:]) > self._rooms

    def phones(self) -> dict[str, str]:
        """Model ids by MAC, as the site file has them."""
        content = yaml.safe_load(self.site_file.read_text(encoding="utf-8"))
        found = {}
        for room in content["sites"][0]["rooms"]:
            for phone in room["phones"].values():
                found[str(phone["mac"]).replace(":", "").lower()] = phone["model"]
        return found

    def _serve(self) -> None:
        log = (self.folder / "serve.log").open("wb")
        self._ends.callback(log.close)
        environment = {
            **os.environ,
            "BELLWIRE_PNP__GROUP": self.pnp[0],
            "BELLWIRE_PNP__PORT": str(self.pnp[1]),
            "BELLWIRE_PNP__ASKS_PER_S": "1000",
            "BELLWIRE_PNP__BURST": "5000",
            **{f"BELLWIRE_{name}": value for name, value in (self._monitor or {}).items()},
        }
        command = [
            *(sys.executable, "-m", "web.cli", "serve", "--data", str(self.data)),
            *("--http", self.http, "--tftp", self.tftp, "--pnp"),
            *(() if self._monitor is not None else ("--no-monitor",)),
        ]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self._server = process
        self._ends.callback(self._end, process)
        self._wait_until_up(process)

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://{self.http}/health", timeout=2):
                    if self._is_field_up():
                        return
            except OSError:
                if process.poll() is not None:
                    break
            time.sleep(0.2)
        raise RuntimeError((self.folder / "serve.log").read_text(encoding="utf-8"))

    def _is_field_up(self) -> bool:
        """Plug-and-play is another process than HTTP, and may come up later."""
        return "PnP on" in (self.folder / "serve.log").read_text(encoding="utf-8")

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def end(self) -> None:
        """End bellwire's processes, and see that they end by themselves."""
        self._server.terminate()
        assert self._server.wait(20) == 0

    def bellwire(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a bellwire command on this hotel's data folder."""
        command = [sys.executable, "-m", "web.cli", *words, "--data", str(self.data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if check and done.returncode:
            raise AssertionError(f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def dhcp_url(self, model: str) -> str:
        """What DHCP option 66 says to a model's vendor."""
        catalogue = load()
        rule = catalogue.vendors[catalogue.models[model].vendor].dhcp
        return rule.url.replace("{base}", f"http://{self.http}/")

    def phone(self, mac: str) -> FleetPhone:
        """A phone by any notation of its MAC."""
        return self.fleet.phones[mac.replace(":", "").lower()]
