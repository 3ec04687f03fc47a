"""The hotel of the rig: bellwire's own processes and a real Asterisk, simulated switches and phones.

Everything listens on loopback: each phone at an address of its own, each switch too.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from provisioner.catalogue.loader import load
from tests.faults.building import Building, Device
from tests.faults.plan import SITE, SWITCHES, Spot, site, spots
from tests.faults.programs import SWEEP_S, Programs
from tests.faults.screen import Screen
from tests.faults.telephones import Telephone
from tests.simulators.asterisk import Asterisk
from tests.simulators.asterisk import free_port as free_sip_port
from tests.simulators.switch_agent import SwitchAgents
from web.simulated.sip_user import SipEngine

AT_ONCE = 6
DRAWS_MW = {"fanvil/h2u-v2": 1800, "yealink/t46u": 5200, "fanvil/i30": 4100}
USUAL_MW = 3200
_PBX_SPEED = {
    "qualify_frequency = 60": "qualify_frequency = 2",
    "qualify_timeout = 3.0": "qualify_timeout = 0.7",
    "minimum_expiration = 60": "minimum_expiration = 2",
}
"""The generated files ask phones once a minute; a rig has no time for that."""


class House:
    """A hotel that can be broken. Use it as a context manager.

    Args:
        folder: for its data; must be empty.
        rooms: guest rooms of each floor.
        sweep_s: how often the monitor looks.

    Attributes:
        phones: by MAC.
        strangers: devices that faults brought along.
        dhcp: the first two numbers of addresses, by VLAN; a VLAN that is not there has no DHCP.
        way_to_pbx: False: no phone reaches the PBX.
        phone_port: where all phones listen, each at its own address.
    """

    def __init__(self, folder: Path, rooms: int = 6, sweep_s: float = SWEEP_S) -> None:
        self.folder = folder
        self.bellwire = Programs(folder, sweep_s)
        self.site_file = folder / "site.yaml"
        self.plan = spots(rooms)
        self.phones: dict[str, Telephone] = {}
        self.screen = Screen(self.bellwire.data / "monitoring.db", self.phones)
        self.dhcp = {20: "127.20", 30: "127.30", 99: "127.99"}
        self.way_to_pbx = True
        self.phone_port = free_sip_port(socket.SOCK_DGRAM)
        self.pbx: tuple[str, int] = ("127.0.0.1", 0)
        self.changes: dict[str, Any] = {}
        self.room_changes: dict[str, dict[str, Any]] = {}
        self.switch_at: dict[str, str] = {}
        self.intruders = 0
        self._changes = threading.RLock()
        self._applying = threading.Lock()
        self._ends = ExitStack()
        self._pool = ThreadPoolExecutor(AT_ONCE, "phones")

    def __enter__(self) -> Self:
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

    # --- how it is made -----------------------------------------------------------------------

    def _start(self) -> None:
        self._ends.callback(self._pool.shutdown)
        agents = self._ends.enter_context(SwitchAgents())
        self.building = Building(agents)
        for number, (name, kind, vlan) in enumerate(SWITCHES, start=1):
            host = f"127.10.0.{number}"
            self.switch_at[name] = self.building.add_switch(name, kind, vlan, host)
        self.apply()
        self.pbx_files = self.folder / "pbx"
        self.write_pbx_files()
        self.asterisk = self._ends.enter_context(Asterisk(self.pbx_files))
        self.pbx = ("127.0.0.1", self.asterisk.sip_port)
        self.changes["sip"] = {
            "registrar": "127.0.0.1", "port": self.asterisk.sip_port, "expires_s": 600,
        }  # fmt: skip
        self.changes["pbx"] = {"kind": "asterisk", "ami": self._ami()}
        self.apply()
        self.engine = self._ends.enter_context(SipEngine())
        self._install()
        self._ends.callback(self._stop_phones)
        self._ends.callback(self.screen.close)
        self._ends.callback(self.bellwire.end)
        self.bellwire.begin()

    def _ami(self) -> dict[str, Any]:
        rig = self.asterisk
        return {
            "host": "127.0.0.1", "port": rig.ami_port, "username": rig.ami_user,
            "secret": rig.ami_secret,
        }  # fmt: skip

    def write_pbx_files(self) -> None:
        """Let bellwire write the PBX's files, and make them as quick as a rig must be."""
        self.bellwire.run("pbx", "asterisk", SITE, "--out", str(self.pbx_files))
        file = self.pbx_files / "pjsip_bellwire.conf"
        text = file.read_text(encoding="utf-8")
        for usual, quick in _PBX_SPEED.items():
            if usual not in text:
                raise AssertionError(f"{file.name} has no line {usual!r}")
            text = text.replace(usual, quick)
        file.write_text(text, encoding="utf-8")

    def apply(self) -> None:
        """Write the site file and apply it; one after another, so that the last one holds."""
        with self._applying:
            content = site(self.plan, f"http://{self.bellwire.http}", self.switch_at, self.changes)
            for room in content["sites"][0]["rooms"]:
                for part, values in self.room_changes.get(room["id"], {}).items():
                    room["settings"][part] = {**room["settings"].get(part, {}), **values}
            self.site_file.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
            self.bellwire.run("apply", str(self.site_file))

    def _install(self) -> None:
        with self.building.changing():
            for spot in self.plan:
                phone = self._made(spot)
                self.phones[phone.mac] = phone
                if spot.is_installed:
                    self.building.plug(phone.plug, phone.home)

    def _made(self, spot: Spot) -> Telephone:
        vendor, _, model = spot.model.partition("/")
        plug = Device(
            spot.mac, needs_mw=DRAWS_MW.get(spot.model, USUAL_MW), tells=vendor, description=model
        )
        home = (f"sw-{spot.floor}", spot.port)
        made = Telephone(
            spot.mac, spot.model, spot.room, spot.position, spot.extension, home, plug, self
        )
        made.obeys_registrar_only, made.is_spare = spot.floor == 3, not spot.is_installed
        return made

    def next_day(self) -> None:
        """Begin anew, as if nothing had happened in the last hour."""
        self.screen.close()
        self.bellwire.next_day()

    def _stop_phones(self) -> None:
        for phone in self.phones.values():
            phone.fall_silent()

    # --- what happens in it ---------------------------------------------------------------------

    @contextmanager
    def changing(self, *, starting: bool = True) -> Iterator[None]:
        """Change the building; then phones start, stop and ask for addresses as it follows.

        Args:
            starting: False: the one who changes it starts the phones that then have power.
        """
        with self._changes:
            before = {mac: self._state(phone) for mac, phone in self.phones.items()}
            with self.building.changing():
                yield
            for mac, phone in self.phones.items() if starting else ():
                self._follow(phone, before[mac], self._state(phone))

    def _state(self, phone: Telephone) -> tuple[bool, bool, int | None]:
        vlan = self.building.vlan_of(phone.plug)
        return phone.plug.has_power and phone.plug.starts, phone.plug.has_link, vlan

    def _follow(
        self,
        phone: Telephone,
        before: tuple[bool, bool, int | None],
        after: tuple[bool, bool, int | None],
    ) -> None:
        if not after[0]:
            if before[0]:
                phone.die()
        elif not before[0]:
            phone.hung = False
            phone.work = self._pool.submit(phone.boot)
        elif (after[1] and not before[1]) or (after[1] and after[2] != before[2]):
            phone.work = self._pool.submit(self._relinked, phone)

    @staticmethod
    def _relinked(phone: Telephone) -> None:
        """Its link is back: the same address, or another one, and a new registration."""
        with phone.busy:
            before = phone.plug.address
            phone.ask_dhcp()
            if phone.plug.address != before or phone.user is None:
                phone.listen()
            phone.register()

    def start_all(self) -> None:
        """Let every phone that has power start."""
        wanted = [p for p in self.phones.values() if p.plug.has_power and not p.booted]
        self.do([p.boot for p in wanted])

    def do(self, jobs: Iterable[Callable[[], object]]) -> None:
        """Do things at once, and wait for them."""
        futures = [self._pool.submit(job) for job in jobs]
        wait(futures)
        for future in futures:
            future.result()

    def provision_rooms(self, rooms: Collection[str]) -> None:
        """Let all phones of rooms fetch their files, as after a resync.

        Files that are as before carry a higher number all the same: phones have to fetch them.
        """
        self.do([p.provision for p in self.phones.values() if p.room in rooms and p.booted])

    def rest(self) -> None:
        """Wait until phones have done what they were about."""
        working = [p.work for p in self.phones.values() if p.work is not None]
        wait(working)
        for future in working:
            future.result()

    def dhcp_url(self, model: str) -> str:
        """What DHCP option 66 says to a model."""
        catalogue = load()
        rule = catalogue.vendors[catalogue.models[model].vendor].dhcp
        return rule.url.replace("{base}", f"http://{self.bellwire.http}/")

    def phone(self, room: str, position: str = "") -> Telephone:
        """A phone by its room."""
        return next(
            p for p in self.phones.values() if p.room == room and position in {"", p.position}
        )

    def reload_acl(self) -> None:
        """Let the PBX read its access lists again, and who is bound by them."""
        self.asterisk.cli("module reload acl")
        self.asterisk.cli("module reload res_pjsip.so")

    def edit_pbx(self, name: str, change: Mapping[str, str] | None = None, more: str = "") -> None:
        """Edit one of the PBX's files, as a person does."""
        file = self.pbx_files / name
        text = file.read_text(encoding="utf-8")
        for pattern, new in (change or {}).items():
            text = re.sub(pattern, new, text, flags=re.MULTILINE)
        file.write_text(text + more, encoding="utf-8")
