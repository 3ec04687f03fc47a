"""Running the collection's playbooks, and reading what they say."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.ansible import target
from tests.ansible.target import TOP, Target, cache, one_at_a_time
from tests.ansible.wheels import needed

COLLECTION = TOP / "ansible"
HERE = Path(__file__).resolve().parent
NAME = "bellwire.hotel"
METRICS_TOKEN, DATABASE_PASSWORD = "hush-hush-metrics", "hush-hush-database"
MANAGER_SECRET = "hush-hush-manager"
SECRETS = (METRICS_TOKEN, DATABASE_PASSWORD, MANAGER_SECRET)
ALWAYS_FRESH_S = 1_000_000_000
SERVICES = ("bellwire-web", "bellwire-field", "bellwire-monitor")
PEOPLE = """
import sqlite3
found = sqlite3.connect("file:/var/lib/bellwire/bellwire.db?mode=ro", uri=True)
for name in ("site", "room", "account", "phone", "user", "user_site", "api_token"):
    print(name, sorted(map(repr, found.execute(f'select * from "{name}"'))))
"""
MAC, MODEL = "805ec0000214", "yealink/t31p"


def program(name: str) -> str | None:
    """Where one of Ansible's programs is."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.is_file() else shutil.which(name)


def why_not() -> str:
    """Return why no playbook can be run on a server here; empty: it can."""
    if program("ansible-playbook") is None:
        return "ansible-core is missing (make setup)"
    return target.why_not()


def environment(folder: Path) -> dict[str, str]:
    """Ansible's environment: this collection, and the way to the tests' servers."""
    place = folder / "collections" / "ansible_collections" / "bellwire"
    if not place.is_dir():
        (place / "test" / "plugins").mkdir(parents=True)
        (place / "hotel").symlink_to(COLLECTION)
        (place / "test" / "plugins" / "connection").symlink_to(HERE / "connection")
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("ANSIBLE_", "BELLWIRE_"))}
    return {
        **kept,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")]),
        "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "temporary"),
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_GATHERING": "smart",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
    }


@dataclass(frozen=True)
class Play:
    """What a playbook did."""

    code: int
    said: str

    @property
    def changed(self) -> list[str]:
        """Tasks that changed something."""
        return [t for t, ends in self._tasks() if re.search(r"^changed: ", ends, re.MULTILINE)]

    @property
    def failed(self) -> list[str]:
        """Tasks that failed."""
        return [t for t, ends in self._tasks() if re.search(r"^(fatal|failed): ", ends, re.M)]

    def _tasks(self) -> list[tuple[str, str]]:
        parts = re.split(r"^(?:TASK|RUNNING HANDLER) \[(.*)\] \*+$", self.said, flags=re.MULTILINE)
        return list(zip(parts[1::2], parts[2::2], strict=True))


class Hotel:
    """A server and the inventory it is in."""

    def __init__(self, server: Target, folder: Path, wheel: Path) -> None:
        self.server, self.folder, self.wheel = server, folder, wheel
        self.write_site({})
        self.write_inventory()

    def play(self, name: str, *options: str, wheel: Path | None = None) -> Play:
        """Run a playbook of the collection; no secret may show in what it says."""
        done = subprocess.run(
            [*self._command(name, wheel), *options],
            env=environment(self.folder), cwd=self.folder, check=False, timeout=1500,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        for secret in SECRETS:
            assert secret not in done.stdout
        return Play(done.returncode, done.stdout)

    def interrupt(self, name: str, task: str, *, wheel: Path) -> None:
        """Run a playbook, and kill it with all it has started when a task begins."""
        running = subprocess.Popen(
            self._command(name, wheel), env=environment(self.folder), cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert running.stdout is not None
        said = ""
        for line in running.stdout:
            said += line
            if line.startswith("TASK [") and task in line:
                break
        else:
            raise AssertionError(said[-8000:])
        started = _descendants(running.pid)
        for process in [running.pid, *started]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        running.stdout.close()
        running.wait(60)
        for process in started:
            while _is_alive(process):
                time.sleep(0.05)

    def _command(self, name: str, wheel: Path | None) -> list[str]:
        inventory = str(self.folder / "hosts.yml")
        command = [str(program("ansible-playbook")), "-i", inventory, f"{NAME}.{name}"]
        return [*command, "-e", f"bellwire_wheel={wheel or self.wheel}"]

    def well(self, name: str, *options: str, wheel: Path | None = None) -> Play:
        """Run a playbook that must succeed."""
        play = self.play(name, *options, wheel=wheel)
        assert play.code == 0, play.said[-8000:]
        return play

    def write_site(self, changes: dict[str, Any]) -> None:
        """Write the site file."""
        site = {
            "id": "casa", "name": "Casa", "country": "ES", "timezone": "Europe/Madrid",
            "languages": ["es", "en"], "networks": ["10.20.0.0/16", "127.0.0.0/8"],
            "url": "https://10.20.0.5", "sip": {"registrar": "10.20.0.6"},
            "numbers": {"reception": "100", "emergency": "112"},
            "rooms": [{"id": "214", "template": "guest-room", "extension": "2214",
                       "phones": {"bedside": {"model": MODEL, "mac": MAC}}}],
            **changes,
        }  # fmt: skip
        (self.folder / "casa.yml").write_text(yaml.safe_dump({"sites": [site]}), encoding="utf-8")

    def state(self) -> str:
        """All by which the data is compared: every phone's file, and all rows that people made."""
        return self.files() + self.server.run(
            "runuser", "-u", "bellwire", "--", "python3", "-c", PEOPLE
        )

    def files(self) -> str:
        """Every phone's file, decrypted and compared with its digest."""
        return self.server.run("bellwire", "db", "check", "--json")

    def active(self) -> bool:
        """Whether all of bellwire's processes run."""
        said = self.server.run("systemctl", "is-active", *SERVICES, check=False)
        return said.split() == ["active"] * len(SERVICES)

    def url(self) -> str:
        """The phone's own URL."""
        return self.server.run("bellwire", "url", MAC).strip()

    def boot(self, url: str, server: Target | None = None) -> list[list[str]]:
        """Boot a simulated phone in the server's network; returns its accounts."""
        server = server or self.server
        certificate = self.folder / "cert.pem"
        certificate.write_text(server.run("cat", "/etc/ssl/bellwire/cert.pem"))
        words = [sys.executable, str(HERE / "phone.py"), MAC, MODEL, url]
        done = subprocess.run(
            [*server.beside(), *words],
            env={**os.environ, "SSL_CERT_FILE": str(certificate), "PYTHONPATH": str(TOP)},
            capture_output=True, text=True, check=True, timeout=300,
        )  # fmt: skip
        found: list[list[str]] = json.loads(done.stdout)["accounts"]
        return found

    def asked(self, *curl: str) -> str:
        """Ask from the server's own network; returns the status code."""
        ask = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", *curl]
        done = subprocess.run(
            [*self.server.beside(), *ask], capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def add_exchange(self, folder: Path, command: list[str], port: int) -> None:
        """Add this machine, whose Asterisk has its configuration in ``folder``."""
        values = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "pbx_sites": ["casa"],
            "pbx_bellwire_host": "hotel",
            "pbx_folder": str(folder),
            "pbx_group": "root",
            "pbx_command": command,
            "pbx_manager_user": "phones",
            "pbx_manager_secret": MANAGER_SECRET,
            "pbx_manager_port": port,
        }
        self.write_inventory({"pbx": {"exchange": values}})

    def use_database(self, host: str = "127.0.0.1", **more: Any) -> None:
        """Give bellwire the PostgreSQL database of this server."""
        database = {"host": host, "name": "bellwire", "user": "bellwire",
                    "password": DATABASE_PASSWORD}  # fmt: skip
        groups = more.pop("groups", None)
        self.write_inventory(groups, bellwire_database=database, **more)

    def write_inventory(
        self, groups: dict[str, dict[str, dict[str, Any]]] | None = None, **values: Any
    ) -> None:
        """Write the inventory: the server in its groups, more hosts in theirs, and variables."""
        inventory = self._inventory()
        inventory["all"]["vars"].update(values)
        for group, hosts in (groups or {}).items():
            known = inventory["all"]["children"].setdefault(group, {"hosts": {}})
            known["hosts"].update(hosts)
        (self.folder / "hosts.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")

    def release(self) -> str:
        """The release in force."""
        return self.server.run("readlink", "/opt/bellwire/current").strip()

    def _wheels(self) -> Path:
        with one_at_a_time():
            return needed(TOP, cache())

    def _inventory(self) -> dict[str, Any]:
        fresh = ("bellwire", "reverse_proxy", "dhcp", "observe", "database")
        values = {
            "ansible_connection": "bellwire.test.server",
            "ansible_server_pid": self.server.pid,
            "ansible_become": False,
            "ansible_python_interpreter": "/usr/bin/python3",
            "bellwire_control_python": sys.executable,
            "bellwire_control_cache": str(self.folder / "control"),
            "bellwire_wheels": str(self._wheels()),
            "bellwire_pnp": True,
            "bellwire_settings": {"metrics": {"enabled": True}},
            "bellwire_secret_settings": {"metrics": {"token": METRICS_TOKEN}},
            "bellwire_site_files": [str(self.folder / "casa.yml")],
            "reverse_proxy_names": ["10.20.0.5"],
            "reverse_proxy_self_signed": True,
            "reverse_proxy_metrics_from": ["10.20.0.5/32"],
            "dhcp_sites": ["casa"],
            "dhcp_interfaces": ["eth1"],
            "dhcp_subnets": [{"subnet": "10.20.0.0/16", "first": "10.20.100.1",
                              "last": "10.20.100.250", "router": "10.20.0.1"}],
            "observe_targets": ["10.20.0.5:443"],
            "observe_authority": "/etc/ssl/bellwire/cert.pem",
            "observe_token": METRICS_TOKEN,
            "observe_interval": "5s",
            "observe_grafana": False,
            "database_password": DATABASE_PASSWORD,
            **{f"{role}_apt_cache_valid_s": ALWAYS_FRESH_S for role in fresh},
        }  # fmt: skip
        groups = ("database", "bellwire", "dhcp", "observe")
        children = {group: {"hosts": {"hotel": {}}} for group in groups}
        return {"all": {"children": children, "vars": values}}


def _descendants(process: int) -> list[int]:
    """What a process has started, and these in turn."""
    found = []
    for folder in Path(f"/proc/{process}/task").glob("*"):
        with contextlib.suppress(OSError):
            for child in map(int, (folder / "children").read_text().split()):
                found += [child, *_descendants(child)]
    return found


def _is_alive(process: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False
