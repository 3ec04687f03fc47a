"""Every minute only what changes: power and links, laid over the last whole reading.

Names, numbering, neighbours and forwarding tables are of that reading, and as old as it is.
"""

from __future__ import annotations

from collections.abc import Mapping as Facts
from dataclasses import replace

from monitors.signals import SwitchState
from monitors.snmp.transport import Transport
from monitors.snmp.values import Failure, Oid
from monitors.snmp.walk import Pace
from monitors.switches import mibs
from monitors.switches.budget import budget
from monitors.switches.interfaces import interfaces
from monitors.switches.platform import platforms, power_tables
from monitors.switches.power import PowerRow, joined, maker_rows, standard_rows
from monitors.switches.power_ports import Layout
from monitors.switches.read import unreadable
from monitors.switches.reading import PortReading, SwitchReading
from monitors.switches.tables import Columns

LINKS = (mibs.IF_ADMIN, mibs.IF_OPER, mibs.IF_LAST_CHANGE, mibs.IF_HIGH_SPEED)
POWER = (mibs.PETH_ADMIN, mibs.PETH_DETECTION, mibs.PETH_CLASS)


async def refreshed(
    transport: Transport, last: SwitchReading, pace: Pace | None = None
) -> SwitchReading:
    """Read power and links of a switch that was read before.

    Args:
        transport: reads its agent.
        last: its last whole reading.
        pace: what its agent could do last time.

    Returns:
        The last reading with new power and links; of a switch that does not answer now, a
        reading that says so.
    """
    answer = await transport.get([mibs.SYS_UPTIME])
    if isinstance(answer, Failure):
        return unreadable(last.name, answer)
    uptime = answer[0].value
    layout = layout_of(last)
    walked = await transport.bulk_walk(wanted(layout), pace)
    columns = walked.columns
    standard = standard_rows(columns)
    maker = maker_rows(columns, layout.table, layout.base) if layout.table else {}
    links = _links(columns, last)
    supplies = budget(columns, layout.platform.budget if layout.platform else None)
    return replace(
        last,
        state=SwitchState.UP,
        uptime_ticks=uptime if isinstance(uptime, int) else None,
        ports=tuple(_powered(_linked(p, links), standard, maker) for p in last.ports),
        budget=supplies if supplies.groups else last.budget,
        failure=walked.failure,
    )


def wanted(layout: Layout) -> tuple[Oid, ...]:
    """Return the columns that change from minute to minute."""
    return (*POWER, *layout.columns(), *mibs.POE_MAIN, *LINKS)


def layout_of(reading: SwitchReading) -> Layout:
    """Return the makers' facts that a reading was made with."""
    table = power_tables().get(reading.power_table)
    return Layout(platforms().get(reading.platform), reading.power_table, table, reading.power_base)


def _links(columns: Columns, last: SwitchReading) -> dict[int, PortReading]:
    """The new link of each port; what is not read every minute is as before."""
    before = {p.if_index: p for p in last.ports if p.if_index is not None}
    found: dict[int, PortReading] = {}
    for index, interface in interfaces(columns).items():
        port = before.get(index)
        if port is None:
            continue
        now = replace(interface, blocked_by=port.blocked_by, half_duplex=port.half_duplex)
        counters = dict(port.counters)
        if interface.last_change is not None:
            counters["last_change"] = interface.last_change
        speed = port.speed_mbit if interface.speed_mbit is None else interface.speed_mbit
        found[index] = replace(port, link=now.link, speed_mbit=speed, counters=counters)
    return found


def _linked(port: PortReading, links: Facts[int, PortReading]) -> PortReading:
    return links.get(port.if_index, port) if port.if_index is not None else port


def _powered(
    port: PortReading, standard: Facts[Oid, PowerRow], maker: Facts[Oid, PowerRow]
) -> PortReading:
    own = maker.get(port.maker_index) if port.maker_index is not None else None
    row = standard.get(port.pse) if port.pse is not None else None
    if port.pse is None or (row is None and own is None):
        return port
    both = joined(row, own)
    return replace(
        port,
        admin=both.admin,
        state=both.state,
        words=both.words,
        power_mw=both.power_mw,
        limit_mw=port.limit_mw if both.limit_mw is None else both.limit_mw,
        poe_class=both.poe_class,
    )
