"""Reading a switch over SNMP: what is asked in which order. What comes back is ``assembly``'s.

1. Who are you? 2. The makers' power tables that could be there: which one answers? 3. All other
columns, of which only those with rows cost more than one variable. 4. Bridge tables of single
VLANs, where the switch shows no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from monitors.signals import SwitchState
from monitors.snmp.transport import Transport, Walked
from monitors.snmp.values import Failure, FailureKind, Oid, Rows, Value, dotted
from monitors.snmp.walk import Pace
from monitors.switches import mibs
from monitors.switches.assembly import Asked, assembled
from monitors.switches.platform import by_table, detected, platforms, power_tables
from monitors.switches.power_ports import Layout
from monitors.switches.pse_map import power_column
from monitors.switches.reading import SwitchReading
from monitors.switches.tables import MAC_OCTETS, column, integers, text

SYSTEM = (mibs.SYS_DESCR, mibs.SYS_OBJECT_ID, mibs.SYS_UPTIME, mibs.SYS_NAME)
MOST_VLANS = 32
_OPERATIONAL = 1
_VLANS = range(1, 1002)  # 1002 to 1005 are Token Ring and FDDI on Cisco
_LATE_VLANS = range(1006, 4095)

ForVlan = Callable[[int], Transport]


@dataclass(frozen=True, slots=True)
class Who:
    """A switch to be read.

    Attributes:
        name: what the inventory calls it.
        platform: id of its platform when a person said so; empty: find out.
        power_table: id of the table that answered last time; empty: find out.
    """

    name: str
    platform: str = ""
    power_table: str = ""


async def read_switch(
    transport: Transport,
    who: Who,
    for_vlan: ForVlan | None = None,
    pace: Pace | None = None,
) -> SwitchReading:
    """Read a switch. Never raises for a sick one: the reading says what is wrong.

    Args:
        transport: reads its agent.
        who: which switch.
        for_vlan: returns what reads its bridge tables for one VLAN; None: not tried.
        pace: what its agent could do last time.
    """
    answer = await transport.get(SYSTEM)
    if isinstance(answer, Failure):
        return unreadable(who.name, answer)
    system = {v.oid: v.value for v in answer if v.value is not None}
    platform_id = _platform(who, system)
    tables = await _power_tables(transport, platform_id, who.power_table, pace)
    platform_id, layout = _layout(platform_id, tables)
    walked = await transport.bulk_walk(wanted(layout), tables.pace)
    columns = {**tables.columns, **walked.columns}
    if walked.failure is None:
        columns |= await _second_best(transport, columns, walked.pace)
    by_vlan: dict[int, Mapping[Oid, Rows]] = {}
    if for_vlan and layout.platform and layout.platform.vlan_contexts:
        by_vlan = await _by_vlan(columns, for_vlan)
    reading = assembled(who.name, platform_id, layout, Asked(system, columns, by_vlan))
    remarks = (*reading.remarks, *_remarks(walked))
    return replace(reading, failure=walked.failure or tables.failure, remarks=remarks)


def unreadable(name: str, failure: Failure) -> SwitchReading:
    """Return the reading of a switch that did not answer."""
    state = {
        FailureKind.REFUSED: SwitchState.REFUSED,
        FailureKind.CLOSED: SwitchState.REFUSED,
        FailureKind.AGENT: SwitchState.UNKNOWN,
    }.get(failure.kind, SwitchState.DOWN)
    return SwitchReading(name, state, failure=failure)


def wanted(layout: Layout) -> tuple[Oid, ...]:
    """Return the columns of a whole reading, tables with the same rows together."""
    entities = power_column(layout.rules)
    physical = () if entities is None else (entities, mibs.ENT_ALIAS)
    platform = layout.platform
    local = () if platform is None or platform.lldp_local is None else (platform.lldp_local,)
    cisco = mibs.CISCO if platform is not None and platform.vlan_contexts else ()
    interfaces = (*mibs.INTERFACES, *mibs.INTERFACE_NAMES, mibs.DUPLEX, mibs.BASE_PORT)
    forwarding = (mibs.Q_FDB_PORT, mibs.Q_FDB_STATUS, mibs.Q_VLAN_FDB, mibs.PVID)
    power = (*mibs.POE_PORTS, *layout.columns(), *physical, *mibs.POE_MAIN)
    return (*power, *interfaces, *mibs.LLDP, *mibs.CDP, *local, *forwarding, mibs.ARP, *cisco)


def _platform(who: Who, system: Mapping[Oid, Value]) -> str:
    if who.platform in platforms():
        return who.platform
    object_id = system.get(mibs.SYS_OBJECT_ID)
    description = text(system.get(mibs.SYS_DESCR))
    return detected(object_id if isinstance(object_id, tuple) else (), description)


async def _power_tables(
    transport: Transport, platform_id: str, known: str, pace: Pace | None
) -> Walked:
    """Read the watts of the makers' tables: first those it should have, then any."""
    own = platforms()[platform_id].power if platform_id else ()
    likely = (known,) if known in power_tables() else own
    walked = await transport.bulk_walk(_watts(likely), pace) if likely else Walked()
    if walked.columns or walked.failure or known:
        return walked
    others = [name for name in power_tables() if name not in likely]
    return await transport.bulk_walk(_watts(others), walked.pace)


def _watts(names: Iterable[str]) -> list[Oid]:
    tables = power_tables()
    return [(*b, *tables[n].watts.column) for n in names for b in tables[n].bases]


def _layout(platform_id: str, walked: Walked) -> tuple[str, Layout]:
    """Return the platform and its facts; the table that answered may tell an unknown one."""
    own = platforms()[platform_id].power if platform_id else ()
    for name in (*own, *power_tables()):
        table = power_tables()[name]
        for base in table.bases:
            if (*base, *table.watts.column) in walked.columns:
                told = platform_id or by_table(name)
                return told, Layout(platforms().get(told), name, table, base)
    return platform_id, Layout(platforms().get(platform_id))


async def _second_best(
    transport: Transport, columns: Mapping[Oid, Rows], pace: Pace
) -> Mapping[Oid, Rows]:
    """Read the tables that serve where there is no better one."""
    wanted_too: list[Oid] = []
    if mibs.Q_FDB_PORT not in columns:
        wanted_too += [mibs.FDB_PORT, mibs.FDB_STATUS]
    if mibs.ARP not in columns:
        wanted_too.append(mibs.ARP_ANY)
    found = dict((await transport.bulk_walk(wanted_too, pace)).columns) if wanted_too else {}
    ports = found.get(mibs.FDB_PORT, {})
    if any(len(index) < MAC_OCTETS for index in ports):  # rows by number: the MAC is a column
        found |= (await transport.bulk_walk([mibs.FDB_ADDRESS], pace)).columns
    return found


async def _by_vlan(columns: Mapping[Oid, Rows], for_vlan: ForVlan) -> dict[int, Mapping[Oid, Rows]]:
    """Read the bridge tables of the VLANs in use, until one is not answered."""
    found: dict[int, Mapping[Oid, Rows]] = {}
    for vlan in vlans_in_use(columns)[:MOST_VLANS]:
        walked = await for_vlan(vlan).bulk_walk((mibs.BASE_PORT, mibs.FDB_PORT, mibs.FDB_STATUS))
        if walked.failure is not None:
            break
        found[vlan] = walked.columns
    return found


def vlans_in_use(columns: Mapping[Oid, Rows]) -> list[int]:
    """Return the VLANs of a Cisco switch, those that phones are given first."""
    voice = set(integers(column(columns, mibs.CISCO_VOICE_VLAN)).values())
    access = set(integers(column(columns, mibs.CISCO_ACCESS_VLAN)).values())
    states = column(columns, mibs.CISCO_VLANS)
    others = {index[-1] for index, state in states.items() if state == _OPERATIONAL}
    ordered = [*sorted(voice), *sorted(access - voice), *sorted(others - access - voice)]
    return [vlan for vlan in ordered if vlan in _VLANS or vlan in _LATE_VLANS]


def _remarks(walked: Walked) -> tuple[str, ...]:
    if walked.failure is not None:
        return (f"the reading broke off: {walked.failure.text}",)
    if not walked.incomplete:
        return ()
    some = ", ".join(f"{dotted(c)} ({walked.ends[c]})" for c in walked.incomplete[:3])
    return (f"{len(walked.incomplete)} tables could not be read to their end: {some}",)
