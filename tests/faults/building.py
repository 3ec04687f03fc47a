"""The physical world of the rig: switches, cables, sockets, and what is plugged into them.

A fault changes one thing here. What follows from it - who gets power, which link is up, which
address a phone has, what LLDP and the forwarding tables say - is worked out by ``settle`` and shown
by the switches' agents, and it decides which of a phone's packets get through.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.simulators.switch_agent import SwitchAgents
from tests.simulators.switch_tables import Kind, Neighbour, Port, Switch

Place = tuple[str, int]
"""A socket: the name of its switch, and the number of the port it is patched to."""


@dataclass(slots=True, eq=False)
class Device:
    """Something with a network plug.

    Attributes:
        needs_mw: what it draws; 0: it takes no power over Ethernet.
        adapter: it has a power supply of its own.
        greedy: it draws more than its class allows.
        starts: False: it takes power and stays dark.
        lan_works: False: its network part is broken.
        tells: what it says by LLDP: its name; empty: it says nothing.
        vlan: the VLAN it speaks in; None: the one its port gives to phones.
        address: what DHCP, or a hand, gave it; empty: none.
        shown_address: what it says its address is, when it cannot really use it; None: the same.
        on_network: PBX and bellwire can be reached from it.
    """

    mac: str
    needs_mw: int = 0
    adapter: bool = False
    greedy: bool = False
    starts: bool = True
    lan_works: bool = True
    tells: str = ""
    description: str = ""
    vlan: int | None = None
    address: str = ""
    shown_address: str | None = None
    has_power: bool = False
    has_link: bool = False
    on_network: bool = False

    @property
    def takes_power(self) -> bool:
        """Whether a port that searches finds it."""
        return self.needs_mw > 0 and not self.adapter


@dataclass(slots=True)
class Cable:
    """From a socket in a room to a port of a switch."""

    cut: bool = False
    shorted: bool = False
    one_pair_broken: bool = False
    devices: list[Device] = field(default_factory=list)


@dataclass(slots=True)
class Setup:
    """What people, and the hardware, have made of a port.

    Attributes:
        feeds: False: its own power circuit is broken.
        last_in_line: it loses power first.
    """

    power: bool = True
    link: bool = True
    limit_mw: int = 15_400
    feeds: bool = True
    last_in_line: bool = False
    blocked: int = 0
    vlan: int = 20
    speed_mbit: int = 100
    half_duplex: bool = False


class Building:
    """All switches with all that hangs on them.

    Args:
        agents: what lets the switches answer SNMP.

    Attributes:
        lock: held while things change.
        routed: VLANs from which PBX and bellwire can be reached.
    """

    def __init__(self, agents: SwitchAgents) -> None:
        self.lock = threading.RLock()
        self.agents = agents
        self.switches: dict[str, Switch] = {}
        self.powered: dict[str, bool] = {}
        self.cables: dict[Place, Cable] = {}
        self.setups: dict[Place, Setup] = {}
        self.routed = {20, 30}

    def add_switch(self, name: str, kind: Kind, vlan: int, host: str, total_w: int = 370) -> str:
        """Mount a switch; returns where its agent listens."""
        switch = Switch.of(name, kind)
        switch.total_w = total_w
        switch.vlans = {1, 20, 30, 99}
        self.switches[name], self.powered[name] = switch, True
        for number in range(1, switch.sockets + 1):
            self.cables[name, number] = Cable()
            self.setups[name, number] = Setup(vlan=vlan)
        return self.agents.add(switch, host)

    def where(self, device: Device) -> Place | None:
        """The socket a device is plugged into; None: into none."""
        found = (place for place, cable in self.cables.items() if device in cable.devices)
        return next(found, None)

    def free_place(self, switch: str) -> Place:
        """A socket of a switch with nothing in it, the last ones first."""
        empty = [p for p, c in self.cables.items() if p[0] == switch and not c.devices]
        return max(empty)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change things; at the end everything follows from how they are then."""
        with self.lock:
            yield
            self.settle()

    def plug(self, device: Device, place: Place) -> None:
        """Plug a device in."""
        self.unplug(device)
        self.cables[place].devices.append(device)

    def unplug(self, device: Device) -> None:
        """Pull a device's plug, if it is in a socket."""
        for cable in self.cables.values():
            if device in cable.devices:
                cable.devices.remove(device)
        device.has_power, device.has_link, device.on_network = device.adapter, False, False

    def vlan_of(self, device: Device) -> int | None:
        """The VLAN a device's packets are in; None: it hangs on nothing."""
        place = self.where(device)
        if place is None:
            return None
        return device.vlan if device.vlan is not None else self.setups[place].vlan

    def settle(self) -> None:
        """Work out power, links and tables of all switches."""
        with self.lock, self.agents.changing():
            for name, switch in self.switches.items():
                before = {n: (p.delivering, p.link) for n, p in switch.ports.items()}
                self._give_power(name, switch)
                for number in range(1, switch.sockets + 1):
                    self._make_link((name, number), switch.ports[number])
                self._note_changes(switch, before)
                switch.touch()
            for place, cable in self.cables.items():
                for device in cable.devices:
                    vlan = self.setups[place].vlan if device.vlan is None else device.vlan
                    is_addressed = bool(device.address) and device.shown_address is None
                    device.on_network = device.has_link and is_addressed and vlan in self.routed

    def _give_power(self, name: str, switch: Switch) -> None:
        """Feed the ports one after another, until there is no power left."""
        alive = self.powered[name]
        places = [(name, n) for n in range(1, switch.sockets + 1)]
        places.sort(key=lambda place: (self.setups[place].last_in_line, place[1]))
        used_mw = 0
        for place in places:
            port, setup, cable = switch.ports[place[1]], self.setups[place], self.cables[place]
            port.allowed, port.limit_mw = setup.power, setup.limit_mw
            asks = _one_that_asks(cable)
            fed = alive and switch.supply == 1 and setup.power and asks is not None
            trouble = ""
            if cable.shorted and setup.power:
                trouble = "short"
            elif asks is not None and fed:
                trouble = _refusal(asks, setup, switch.total_w * 1000 - used_mw)
            port.delivering = bool(fed and not trouble)
            port.trouble = trouble  # type: ignore[assignment]
            port.milliwatts = asks.needs_mw if asks is not None and asks.starts else 600
            used_mw += port.milliwatts if port.delivering else 0
            for device in cable.devices:
                device.has_power = device.adapter or (port.delivering and device is asks)
        switch.used_w = round(used_mw / 1000)

    def _make_link(self, place: Place, port: Port) -> None:
        setup, cable = self.setups[place], self.cables[place]
        port.link_allowed, port.blocked, port.vlan = setup.link, setup.blocked, setup.vlan
        port.voice_vlan, port.speed_mbit, port.half_duplex = (
            setup.vlan, setup.speed_mbit, setup.half_duplex,
        )  # fmt: skip
        whole = not (cable.cut or cable.shorted or cable.one_pair_broken)
        usable = whole and setup.link and not setup.blocked and self.powered[place[0]]
        there = [d for d in cable.devices if _speaks(d)] if usable else []
        for device in cable.devices:
            device.has_link = device in there
        port.link = bool(there)
        vlans = [(d.mac, d.vlan if d.vlan is not None else setup.vlan) for d in there]
        port.learned = vlans
        port.neighbours = [
            _neighbour(d, vlan) for d, (_, vlan) in zip(there, vlans, strict=True) if d.tells
        ]

    def _note_changes(self, switch: Switch, before: Mapping[int, tuple[bool, bool]]) -> None:
        """Count what a switch counts."""
        for number, port in switch.ports.items():
            fed, linked = before[number]
            if linked != port.link:
                port.last_change = switch.ticks(time.monotonic())
            if fed and not port.delivering and port.allowed and not port.trouble:
                port.counters["power_lost"] += 1  # what drew power has stopped
            if port.trouble in {"short", "overload", "denied"} and fed:
                port.counters[port.trouble] += 1


def _one_that_asks(cable: Cable) -> Device | None:
    """The device on a cable that a port would feed; there can be only one."""
    if cable.cut:
        return None
    return next((d for d in cable.devices if d.takes_power), None)


def _refusal(device: Device, setup: Setup, left_mw: int) -> str:
    """Why a port does not feed a device, in one word; empty: it does."""
    if not setup.feeds:
        return "hardware"
    if device.greedy:
        return "overload"
    if device.needs_mw > setup.limit_mw or device.needs_mw > left_mw:
        return "denied"
    return ""


def _speaks(device: Device) -> bool:
    """Whether a device would bring its link up, if it had power."""
    return device.has_power and device.starts and device.lan_works


def _neighbour(device: Device, vlan: int) -> Neighbour:
    address = device.address if device.shown_address is None else device.shown_address
    is_phone = device.needs_mw > 0
    return Neighbour(
        device.mac,
        device.tells,
        device.description,
        address,
        b"\x24\x00" if is_phone else b"\x01\x00",
        vlan if is_phone else None,
    )
