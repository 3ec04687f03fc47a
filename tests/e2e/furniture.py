"""More to see on the stage: switches, a PBX, a roll-out, rooms that wait for their phones."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import insert, update

from monitors.remedies.case import Guard, Verdict
from monitors.signals import Link, PortPower, SwitchState
from monitors.snmp.values import Failure, FailureKind
from monitors.store.memory import keep_switch
from monitors.store.wishes import looked, take_wishes, wish_to_look
from monitors.switches.reading import (
    How,
    Learned,
    Neighbour,
    PoeBudget,
    PoeGroup,
    PortReading,
    SwitchReading,
)
from provisioner.delivery import utc_now
from provisioner.edits.edit import Edit
from provisioner.edits.rollout import Policy
from provisioner.inventory.fetches import WaitingPhone
from provisioner.inventory.tables import RoomRow, SiteRow
from provisioner.mac import MacAddress
from tests.integration.servers import DataFolder, sample_hotel
from tests.technician import HUNG, SHORTED, SITE, SWITCH, WRONG_VLAN
from web.accounts.users import user_named
from web.accounts.welcome import make_welcome_code
from web.installation import Installation
from web.staging import stage_desk

FITTED, WAITING = "casa", ("0c383e7a0011", "805ec07a0012")
ROOMS = [str(n) for n in range(201, 209)]
SWITCHES = ("sw-floor-1", "sw-floor-2", SWITCH, "sw-kitchen")


def decorate(folder: DataFolder) -> dict[str, str]:
    """Put more on the stage; returns what addresses of its pages need."""
    now = utc_now()
    with folder.opened() as installation:
        _site_parts(installation)
        _rooms(installation, now)
        _switches(installation, now)
        _files(installation)
        return {
            "change": _change(installation),
            "mend": _mend(installation, now),
            "welcome": _welcome(installation, now),
        }


def _site_parts(installation: Installation) -> None:
    switches = [{"host": f"10.20.0.{n + 2}", "name": s} for n, s in enumerate(SWITCHES)]
    secret = installation.box.seal("not shown")
    pbx = {
        "kind": "asterisk", "host": "10.20.0.5", "port": 5038, "username": "bellwire",
        "secret": secret,
    }  # fmt: skip
    with installation.database.write() as session:
        chosen = update(SiteRow).where(SiteRow.id == SITE)
        session.execute(chosen.values(switches=switches, pbx=pbx))


def _rooms(installation: Installation, now: datetime) -> None:
    """A floor without phones, and two phones that wait."""
    with installation.database.write() as session:
        session.execute(
            insert(RoomRow),
            [
                {"site_id": FITTED, "id": room, "name": "", "floor": "2", "settings": {},
                 "template": "guest-room", "extension": f"2{room}"}
                for room in ROOMS
            ],
        )  # fmt: skip
    recorder = installation.recorder()
    for mac, model, ago_s in zip(WAITING, ("fanvil/h5", "yealink/t31p"), (12, 95), strict=True):
        at = now - timedelta(seconds=ago_s)
        vendor = model.partition("/")[0]
        recorder.record(WaitingPhone(mac, vendor, model, "", "", "10.20.0.77", "http", at, at))
    recorder.flush()


def _port(number: int, *macs: str, power: PortPower = PortPower.DELIVERING) -> PortReading:
    is_fed = power is PortPower.DELIVERING
    return PortReading(
        pse=(1, number), if_index=number, name=f"Gi0/{number}", state=power,
        power_mw=3100 + 90 * number if is_fed else None, limit_mw=15_400,
        link=Link.UP if is_fed else Link.DOWN, speed_mbit=100 if is_fed else None,
        vlan=20, voice_vlan=20,
        neighbours=tuple(Neighbour(How.LLDP, MacAddress(mac), is_phone=True) for mac in macs),
    )  # fmt: skip


def _switches(installation: Installation, now: datetime) -> None:
    core = Neighbour(How.LLDP, MacAddress("00005e000101"), name="core-1", is_bridge=True)
    stranger = Learned(MacAddress("54bf64936980"))
    ports = (
        _port(1, WRONG_VLAN),
        *(_port(n, f"0c383e01010{n}") for n in range(4, 9)),
        _port(12, power=PortPower.SEARCHING),
        _port(13, power=PortPower.DENIED),
        _port(14, SHORTED, power=PortPower.SHORT),
        _port(15, HUNG),
        PortReading(pse=(1, 16), if_index=16, name="Gi0/16", alias="minibar office", link=Link.UP,
                    speed_mbit=10, half_duplex=True, vlan=1, learned=(stranger,)),
        PortReading(if_index=25, name="Gi0/25", link=Link.UP, speed_mbit=1000, neighbours=(core,)),
    )  # fmt: skip
    first, second, third, _ = SWITCHES
    found = (
        SwitchReading(first, SwitchState.UP, platform="cisco-ios", ports=ports,
                      description="Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M)",
                      budget=PoeBudget((PoeGroup(1, 370.0, 341.0),))),
        SwitchReading(second, SwitchState.REFUSED,
                      failure=Failure(FailureKind.REFUSED, "it does not know this community")),
        SwitchReading(third, SwitchState.DOWN,
                      failure=Failure(FailureKind.SILENT, "no answer within 6 s")),
    )  # fmt: skip
    for n, reading in enumerate(found):
        keep_switch(installation.monitoring, SITE, reading, now - timedelta(minutes=1 + 7 * n))


def _change(installation: Installation) -> str:
    """A change that was saved, and one that goes out in stages; returns the number of the first."""
    head = sample_hotel("")
    saved = installation.edits.apply(
        Edit(SITE, head={"numbers": {**head["numbers"], "taxi": "0971001001"}}),
        who="web:maria", note="A taxi for the reception",
    )  # fmt: skip
    settings = {**head["settings"], "locale": {"ntp_servers": ["10.20.0.2"]}}
    stage_desk(installation).begin(
        Edit(SITE, head={"settings": settings}), Policy(), "web:maria", "New time server", utc_now()
    )
    return str(saved.change)


def _files(installation: Installation) -> None:
    """The files of one phone lie ready; those of the others are made when they ask."""
    installation.press.render_phone(MacAddress(SHORTED))


def _mend(installation: Installation, now: datetime) -> str:
    """A remedy that was looked at, and of which the monitor is not sure."""
    monitoring = installation.monitoring
    number = wish_to_look(monitoring, SITE, HUNG, "poe-cycle", "web:maria", now)
    assert [wish.id for wish in take_wishes(monitoring, now)] == [number]
    port = f"{SWITCHES[0]} Gi0/15"
    guards = (
        Guard("call", Verdict.CONFIRM, "whether it is in a call is not known: the PBX is silent"),
        Guard("port", Verdict.OK, "LLDP or CDP names it on port Gi0/15"),
        Guard("foreign", Verdict.OK, "nobody else on its port (1 addresses learned)"),
        Guard("limit", Verdict.OK, "not this port in 10 min, fewer than 5 of the switch in 1 min"),
    )
    looked(monitoring, number, guards, port, now)
    return str(number)


def _welcome(installation: Installation, now: datetime) -> str:
    with installation.database.write() as session:
        invited = user_named(session, "recepcion@casa.example")
        return make_welcome_code(session, invited, "web:maria", now)
