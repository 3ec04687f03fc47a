"""A real bellwire process with a hotel in it, a read switch, and tokens for its API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitors.signals import Link, Mapping, PortPower, SwitchState
from monitors.store.memory import keep_switch
from monitors.switches.reading import How, Neighbour, PortReading, SwitchReading
from provisioner.delivery import utc_now
from provisioner.mac import MacAddress
from tests.integration.servers import FANVIL, YEALINK, DataFolder, Server, free_ports, small_site
from web.accounts.api_tokens import make_api_token
from web.accounts.people import Role, Scope
from web.accounts.users import Reach, add_user

COMMUNITY, AMI = "c0mmunity-of-casa", "ami-p4ssword-of-casa"
SWITCH = "sw-1"


@dataclass(frozen=True)
class Office:
    """A running one."""

    server: Server
    folder: DataFolder
    token: str
    reader: str

    @property
    def url(self) -> str:
        """Where its API is."""
        return self.server.url


def casa(**more: Any) -> dict[str, Any]:
    """The hotel, with a switch and a PBX."""
    return {
        **small_site(),
        "settings": {"network": {"vlan_id": 20}},
        "switches": [
            {"host": "127.0.0.1:161", "name": SWITCH, "platform": "cisco_ios",
             "snmp": {"version": "2c", "community": COMMUNITY}},
            {"host": "10.20.0.3", "name": "never-read"},
        ],
        "pbx": {"kind": "asterisk", "ami": {"host": "10.20.0.5", "username": "bellwire", "secret": AMI}},
        **more,
    }  # fmt: skip


def read_switch() -> SwitchReading:
    """What was read of the switch: two phones, an uplink, and a stranger."""

    def port(number: int, *neighbours: Neighbour) -> PortReading:
        return PortReading(
            pse=(1, number), if_index=number, name=f"Gi1/0/{number}", admin=True,
            state=PortPower.DELIVERING, power_mw=2500, mapping=Mapping.PROVEN, link=Link.UP,
            neighbours=neighbours,
        )  # fmt: skip

    return SwitchReading(
        SWITCH,
        SwitchState.UP,
        platform="cisco_ios",
        ports=(
            port(5, Neighbour(How.LLDP, MacAddress(YEALINK), "10.20.1.1", "T46U", is_phone=True)),
            port(6, Neighbour(How.LLDP, MacAddress(FANVIL), is_phone=True)),
            port(24, Neighbour(How.LLDP, MacAddress("0c112233aa24"), name="core", is_bridge=True)),
            port(7, Neighbour(How.LLDP, MacAddress("805ec0fffffe"), is_phone=True)),
        ),
    )


@contextmanager
def opened_office(folder: Path) -> Iterator[Office]:
    """Run one."""
    data = DataFolder(folder / "data")
    data.apply(casa())
    with data.opened() as here:
        with here.database.write() as session:
            now = utc_now()
            row = add_user(session, "ansible", Role.ADMIN, Reach(all_sites=True), "test", now)
            made = [
                make_api_token(session, row, "test", scopes, None, "test", now)
                for scopes in (frozenset(Scope), frozenset({Scope.READ}))
            ]
        keep_switch(here.monitoring, "casa", read_switch(), utc_now())
    server = Server(data, *free_ports())
    try:
        server.start()
        yield Office(server, data, *made)
    finally:
        server.stop()
