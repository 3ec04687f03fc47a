"""What one minute of watching a site costs one core, and how it grows tenfold."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from bench import options, switches
from bench.processes import program
from bench.report import Table, median
from monitors.probes.options_reading import OptionsReading, Outcome
from monitors.probes.registrations import PbxContact, Reach, RegistrationsReading
from monitors.signals import Link, PortPower, SwitchState
from monitors.snmp.client import SnmpClient
from monitors.store.statuses import statuses
from monitors.sweep.keeping import Keeper
from monitors.sweep.news import PhoneNews
from monitors.sweep.pbx_desk import PbxDesk
from monitors.sweep.registration_desk import PbxNews
from monitors.sweep.site_sweep import SiteSweep
from monitors.sweep.subjects import Subject
from monitors.switches.reading import How, Neighbour, PortReading, SwitchReading
from monitors.switches.reading import Learned as LearnedMac
from monitors.switches.signals_of import Observed
from provisioner.catalogue.loader import Catalogue, load
from provisioner.config import Monitor
from provisioner.db import Database
from provisioner.inventory.records import Site
from provisioner.mac import MacAddress
from tests.simulators.sipp import SippPhone, has_sipp
from web.migrate import upgrade

TITLE = "A minute of a site"
SITES = ((50, 2_000), (500, 20_000))
SWEEPS = 3
START = datetime(2026, 11, 22, 9, 0)  # noqa: DTZ001 - as stored
MINUTE = timedelta(minutes=1)
AGENT = "Yealink SIP-T46U 108.86.0.20"


@dataclass(slots=True)
class _Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class _Switches:
    """Stands where switches are read: their cost is measured by itself."""

    readings: Mapping[str, SwitchReading]

    async def read(self, *_: object) -> Mapping[str, SwitchReading]:
        return self.readings

    def observed(self, _now_s: float) -> dict[str, Observed]:
        return {name: Observed(reading) for name, reading in self.readings.items()}


@dataclass(slots=True)
class _Hotel:
    """A site on paper: phones, the ports they hang on, their contacts."""

    subjects: tuple[Subject, ...]
    readings: Mapping[str, SwitchReading]
    contacts: tuple[PbxContact, ...] = field(default=())


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    daemon = program("snmpd")
    if daemon is None or not has_sipp():
        return [Table.missing(TITLE, "net-snmp or sipp is not installed")]
    probe_s, minute_s, whole_s = _asking(folder, daemon)
    catalogue = load()
    table = Table(
        TITLE,
        "Each phone has a contact, an answer to OPTIONS and a switch port; everything is asked "
        "once a minute, switches whole every five. Asking is measured on one switch and one "
        "phone and multiplied; understanding, judging and storing (SQLite) is measured as it "
        "is, on the whole site. Processor time of one core.",
        ("switches", "phones", "OPTIONS", "switches' tables", "judging and storing", "together",
         "of one core"),
    )  # fmt: skip
    for count, phones in SITES:
        say(f"{phones} phones")
        judged_s = _judging(folder, catalogue, count, phones)
        asked_s, read_s = probe_s * phones, count * (0.8 * minute_s + 0.2 * whole_s)
        total_s = asked_s + read_s + judged_s
        table.add(count, f"{phones:,}", f"{asked_s:.2f} s", f"{read_s:.2f} s", f"{judged_s:.2f} s",
                  f"{total_s:.2f} s", f"{total_s / 60 * 100:.1f} %")  # fmt: skip
    return [table]


def _asking(folder: Path, daemon: str) -> tuple[float, float, float]:
    """CPU seconds of one OPTIONS, of a switch's minute, and of its whole reading."""
    with SippPhone(folder, 200) as phone:
        _, cpu_s = options.of_bellwire(phone.port)
    with switches.agent(folder, daemon) as port:
        power, everything = switches.reads(port)
    return cpu_s / options.PROBES, power.cpu_s, everything.cpu_s


def _judging(folder: Path, catalogue: Catalogue, count: int, phones: int) -> float:
    hotel, clock = _hotel(catalogue, count, phones), _Clock()
    events = Database(f"sqlite:///{folder / f'events-{phones}.db'}")
    monitoring = Database(f"sqlite:///{folder / f'monitoring-{phones}.db'}")
    upgrade("events", events)
    upgrade("monitoring", monitoring)
    sweep = SiteSweep(catalogue, Monitor(), PhoneNews(events), clock)
    sweep.switches = cast(Any, _Switches(hotel.readings))
    sweep.pbx = cast(PbxDesk, _Pbx(hotel.contacts, clock))
    keeper = Keeper(monitoring)
    answers = [
        OptionsReading(s.mac, START, Outcome.ANSWERED, 200, "OK", AGENT, rtt_s=0.01)
        for s in hotel.subjects
    ]

    def ask(coroutine: Coroutine[Any, Any, Any]) -> Any:
        coroutine.close()
        if coroutine.__name__ == "ask_all":
            return answers
        return hotel.readings, PbxNews(RegistrationsReading.of("pbx", clock.now, hotel.contacts))

    costs: list[float] = []
    site = Site("aurora", "Hotel Aurora")
    for _ in range(SWEEPS + 1):
        began_s = time.process_time()
        previous = statuses(monitoring, site.id)
        keeper.keep(sweep.sweep(site, hotel.subjects, previous, SnmpClient(), ask))
        costs.append(time.process_time() - began_s)
        clock.now += MINUTE
    wrong = {k.status.rule for k in statuses(monitoring, site.id).values()} - {"I1"}
    if wrong:
        raise RuntimeError(f"phones that work were called {wrong}")
    events.close()
    monitoring.close()
    return median(costs[1:])  # the first finds everything new


@dataclass(slots=True)
class _Pbx:
    contacts: tuple[PbxContact, ...]
    clock: _Clock
    name: str = "pbx"

    def news(self) -> PbxNews:
        return PbxNews(RegistrationsReading.of("pbx", self.clock.now, self.contacts))


def _hotel(catalogue: Catalogue, count: int, phones: int) -> _Hotel:
    model = catalogue.models["yealink/t46u"]
    each = phones // count
    subjects, contacts, readings = [], [], {}
    for switch in range(count):
        ports = []
        for port in range(each):
            number = switch * each + port
            mac = MacAddress(f"805ec0{number:06x}")
            address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            extension = str(10_000 + number)
            subjects.append(Subject(mac, "aurora", extension, f"Room {extension}", "bedside",
                                    model.id, model, "108.86.0.20", (extension,)))  # fmt: skip
            contacts.append(PbxContact(extension, f"sip:{extension}@{address}", address, 5060,
                                       AGENT, "", None, Reach.REACHABLE, 0.01))  # fmt: skip
            ports.append(_port(port + 1, mac, address))
        name = f"sw-{switch + 1}"
        readings[name] = SwitchReading(name, SwitchState.UP, ports=tuple(ports), uptime_ticks=10**7)
    return _Hotel(tuple(subjects), readings, tuple(contacts))


def _port(number: int, mac: MacAddress, address: str) -> PortReading:
    neighbour = Neighbour(How.LLDP, mac, address, "SIP-T46U", is_phone=True)
    return PortReading(
        (1, number), if_index=10_000 + number, name=f"Gi1/0/{number}", admin=True,
        state=PortPower.DELIVERING, power_mw=3000, poe_class=2, link=Link.UP, speed_mbit=1000,
        neighbours=(neighbour,), learned=(LearnedMac(mac, 20),), counters={"last_change": 100},
    )  # fmt: skip
