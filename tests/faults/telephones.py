"""A simulated phone with a plug: it boots when it has power, asks DHCP when it has a link."""

from __future__ import annotations

import html
import http.client
import re
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from provisioner.errors import SipError
from provisioner.sip.transport import SocketAddress
from tests.faults.building import Device, Place
from web.simulated.device import DeviceConfig, Fetched, SimAccount, SimulatedDevice
from web.simulated.fleet import DEVICES
from web.simulated.sip_user import SipUser

if TYPE_CHECKING:
    from tests.faults.house import House

REGISTER_S = 10.0
FETCH_S = 30.0
PORT_S = 30.0
_REPORTS = {
    "setup": ("setup_completed", "boot"),
    "registered": ("registered",),
    "unregistered": ("unregistered",),
    "failed": ("register_failed", "registration_failed", "reg_failed"),
}
_REPORT_URL = re.compile(r"https?://\S+/event\?[^\s<\"]*")


@dataclass(slots=True, eq=False)
class Telephone:
    """One phone of the hotel.

    Attributes:
        home: the socket it belongs in.
        plug: the device as the switch knows it.
        brain: what fetches and reads its files.
        user: its SIP side, once it has accounts.
        hung: it has power and link, and does nothing more.
        no_way_to_pbx: packets between it and the PBX are lost.
        obeys_registrar_only: it drops what does not come from its registrar.
        hidden: bellwire's own packets to it are lost.
        given: accounts it uses instead of what its files say.
        expires_s: for how long it registers; 0: as its files say.
        agent: what it calls itself in SIP; empty: its model.
        url: where it fetches from instead of what DHCP and its files say.
        starts: how often it has started.
        work: what it is about.
        is_spare: it was never installed.
        busy: held while it starts, opens its port or registers: it does one thing at a time.
    """

    mac: str
    model: str
    room: str
    position: str
    extension: str
    home: Place
    plug: Device
    house: House
    brain: SimulatedDevice = field(init=False)
    user: SipUser | None = None
    booted: bool = False
    hung: bool = False
    no_way_to_pbx: bool = False
    obeys_registrar_only: bool = False
    hidden: bool = False
    answers_with: int = 200
    given: tuple[SimAccount, ...] | None = None
    expires_s: int = 0
    agent: str = ""
    url: str = ""
    starts: int = 0
    work: Future[None] | None = None
    is_spare: bool = False
    busy: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.brain = self.new_brain(self.model)

    @property
    def name(self) -> str:
        """Room and position."""
        return f"{self.room} {self.position}"

    def new_brain(self, model: str) -> SimulatedDevice:
        """Return a device as it leaves the factory."""
        return DEVICES[model](self.mac, self.fetch, "")

    def fetch(self, url: str, agent: str) -> Fetched:
        """Fetch from the phone's own address; nothing without a network."""
        if not self.plug.on_network or self.hung:
            return Fetched(0)
        parts = urlsplit(url)
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, FETCH_S, source_address=(self.plug.address, 0)
        )
        try:
            connection.request("GET", path, headers={"User-Agent": agent})
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Fetched(answer.status, answer.read(), headers)
        except (OSError, http.client.HTTPException):
            return Fetched(0)
        finally:
            connection.close()

    def gets_through(self, peer: SocketAddress) -> bool:
        """Whether a packet to or from somebody arrives."""
        if not (self.booted and self.plug.on_network) or self.hung:
            return False
        if peer == self.house.pbx:
            return self.house.way_to_pbx and not self.no_way_to_pbx
        return not (self.hidden or self.obeys_registrar_only)

    def boot(self, *, fetches: bool = True, register: bool = True) -> None:
        """Start: ask DHCP, fetch the files, register; without a network it goes no further."""
        with self.busy:
            self.booted = True
            self.starts += 1
            self.ask_dhcp()
            if fetches:
                self.provision()
            self.report("setup")
            self.listen()
            if register:
                self.register()

    def ask_dhcp(self) -> None:
        """Take the address that the VLAN gives, or none."""
        with self.house.building.changing():
            vlan = self.house.building.vlan_of(self.plug)
            prefix = self.house.dhcp.get(vlan or 0)
            floor, port = self.home[0].rpartition("-")[2], self.home[1]
            self.plug.address = f"{prefix}.{floor}.{port}" if prefix and self.plug.has_link else ""

    def provision(self) -> DeviceConfig:
        """Fetch the files, as after a start."""
        url = self.house.dhcp_url(self.model)
        if self.url:
            self.brain.server_url = self.url
        fresh = not self.brain.config.accounts
        return self.brain.boot(dhcp_url=url, cycles=2 if fresh else 1)

    def accounts(self) -> tuple[SimAccount, ...]:
        """What it registers."""
        found = self.brain.config.accounts if self.given is None else self.given
        if self.expires_s:
            found = tuple(replace(a, expires_s=self.expires_s) for a in found)
        return found

    def listen(self) -> None:
        """Open its SIP port at the address it has; what was open before closes without a word."""
        with self.busy:
            self.fall_silent()
            accounts = self.accounts()
            if not accounts or not self.plug.on_network:
                return
            user = self._with_port(accounts)
            user.passes = self.gets_through
            user.options_status = self.answers_with
            user.on_check_sync = lambda _reboot: self.resync()
            self.user = user

    def _with_port(self, accounts: Sequence[SimAccount]) -> SipUser:
        """Its SIP side at its own port.

        A program that is started at this moment holds the port a little longer: it has a copy of
        every socket of ours until it has become itself.
        """
        until = time.monotonic() + PORT_S
        while True:
            try:
                return SipUser(
                    self.house.engine,
                    accounts,
                    self.agent or self.brain.sip_user_agent,
                    resolve=lambda _name: self.house.pbx,
                    host=self.plug.address,
                    port=self.house.phone_port,
                )
            except SipError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def register(self) -> list[int]:
        """Register all accounts; returns the SIP statuses."""
        with self.busy:
            if self.user is None or self.hung:
                return []
            codes = [r.status for r in self.user.register(timeout_s=REGISTER_S)]
            self.report("registered" if set(codes) == {200} else "failed")
            return codes

    def resync(self) -> None:
        """Fetch again, as a NOTIFY check-sync asks; new accounts are taken."""
        before = self.accounts()
        self.provision()
        if self.accounts() != before:
            self.listen()
            self.register()

    def log_off(self) -> None:
        """Take the registrations back; the phone stays there, without an account in use."""
        if self.user is not None:
            with self.house.engine.lock:
                leaving = [each for each in self.user._registrations if each.stop()]
            self.house.engine.wait_for(lambda: all(e.result is not None for e in leaving), 2.0)
            self.report("unregistered")

    def fall_silent(self) -> None:
        """Close the SIP side as a loss of power does."""
        if self.user is not None:
            self.user.close(goodbye=False)
            self.user = None

    def die(self) -> None:
        """Lose power: nothing gets through any more, and nobody is told.

        Its socket stays open, or the system would answer for a phone that is dark.
        """
        self.booted = False
        if self.user is not None:
            with self.house.engine.lock:
                for each in self.user._registrations:
                    each.abandon()

    def report(self, what: str) -> None:
        """Call the action URL for an event, if its files name one."""
        for value in self.brain.config.raw.values():
            match = _REPORT_URL.search(html.unescape(str(value)))
            if match and re.search(rf"[?&](?:e|name)=(?:{'|'.join(_REPORTS[what])})\b", match[0]):
                user = self.extension
                filled = _filled(match[0], self.mac, self.plug.address, self.brain.firmware, user)
                self.fetch(filled, self.brain.user_agent)
                return


def _filled(url: str, mac: str, address: str, firmware: str, user: str) -> str:
    """An action URL with the phone's values in the places of its variables."""
    values = {
        "$mac": mac, "$ip_adr": address, "$ip": address, "$firmware": firmware,
        "$active_user": user, "$model": "", "$remote": "", "$call-id": "",
    }  # fmt: skip
    for name, value in values.items():
        url = url.replace(name, value)
    return url
