"""By which ways a port's power can be switched: only those there are credentials for. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from monitors.remedies.dialogues import dialogue_for, dialogues
from monitors.remedies.kinds import Remedy, WayKind
from monitors.snmp.values import Oid, dotted
from monitors.switches import mibs
from monitors.switches.platform import AdminColumn, PowerCycle, power_tables
from monitors.switches.reading import PortReading, Pse, SwitchReading
from provisioner.inventory.records import Switch

ON, OFF = 1, 2
"""Of pethPsePortAdminEnable (RFC 3621)."""
_GROUP_AND_PORT = 2


@dataclass(frozen=True, slots=True)
class AdminVariable:
    """A variable that says whether a port may have power.

    Attributes:
        on: values that allow it, the usual one first.
        is_standard: of RFC 3621; otherwise the maker's own.
    """

    oid: Oid
    on: tuple[int, ...]
    off: int
    is_standard: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """One way.

    Attributes:
        words: for people.
        cycle: variable and value of the maker's one-shot object.
        takes_s: how long a port is without power then.
        admin: variables of ``snmp-admin``, the first that the agent has is written.
        dialogue: id of the command line's dialogue, ``driver`` netmiko's name of it.
        port: the port's name in SNMP.
        is_one_shot: it gives power back by itself.
    """

    kind: WayKind
    words: str
    cycle: tuple[Oid, int] | None = None
    takes_s: int = 5
    admin: tuple[AdminVariable, ...] = ()
    dialogue: str = ""
    driver: str = ""
    port: str = ""
    is_one_shot: bool = False


@dataclass(frozen=True, slots=True)
class Ways:
    """What there is, best first; ``missing`` says what would open more."""

    found: tuple[Way, ...] = ()
    missing: str = ""


def ways_of(
    remedy: Remedy, switch: Switch, reading: SwitchReading, port: PortReading, off_s: int
) -> Ways:
    """Return the ways to switch a port's power.

    Args:
        remedy: one of the power.
        switch: with its credentials.
        reading: the switch as it is now.
        port: one of its ports.
        off_s: for how long power is to be away.
    """
    writes = may_write(switch)
    found: list[Way] = []
    if writes and remedy is Remedy.POE_CYCLE:
        found += _one_shot(reading, port, off_s)
    cli = _command_line(switch, reading, port, remedy)
    found += cli
    if writes:
        found += _by_admin(reading, port)
    missing = []
    if not writes:
        missing.append("SNMP write access (snmp: write: in the site file)")
    if not cli:
        missing.append(_why_no_cli(switch, reading, port))
    return Ways(tuple(found), " and ".join(missing))


def may_write(switch: Switch) -> bool:
    """Whether there are credentials to write by SNMP."""
    return bool(switch.write_community or switch.write_user)


def _one_shot(reading: SwitchReading, port: PortReading, off_s: int) -> list[Way]:
    table = power_tables().get(reading.power_table)
    if table is None or table.cycle is None or port.maker_index is None:
        return []
    value, takes_s = _cycle_value(table.cycle, off_s)
    oid = (*reading.power_base, *table.cycle.column, *port.maker_index)
    words = f"SNMP, one write that gives power back by itself: {dotted(oid)} = {value}"
    return [
        Way(WayKind.SNMP_CYCLE, words, cycle=(oid, value), takes_s=takes_s, is_one_shot=True)
    ]  # fmt: skip


def _cycle_value(cycle: PowerCycle, off_s: int) -> tuple[int, int]:
    if cycle.kind == "once":
        return cycle.value, 5
    seconds = max(1, min(off_s, cycle.max_s))
    return seconds, seconds


def _command_line(
    switch: Switch, reading: SwitchReading, port: PortReading, remedy: Remedy
) -> list[Way]:
    if not switch.ssh_username or switch.ssh_password is None:
        return []
    platform = reading.platform or switch.platform
    name = dialogue_for(platform, switch.ssh_driver, port.name)
    if name is None:
        return []
    dialogue = dialogues()[name]
    driver = switch.ssh_driver or dialogue.drivers[0]
    one_shot = bool(dialogue.cycle) and remedy is Remedy.POE_CYCLE
    words = f"the command line over SSH, as {dialogue.name} has it"
    return [
        Way(
            WayKind.CLI,
            words,
            takes_s=dialogue.cycle_s,
            dialogue=name,
            driver=driver,
            port=port.name,
            is_one_shot=one_shot,
        )
    ]


def _by_admin(reading: SwitchReading, port: PortReading) -> list[Way]:
    variables: list[AdminVariable] = []
    if port.pse is not None and len(port.pse) == _GROUP_AND_PORT:
        variables.append(standard_admin(port.pse))
    table = power_tables().get(reading.power_table)
    if table is not None and table.admin is not None and port.maker_index is not None:
        variables += _makers(table.admin, reading.power_base, port.maker_index)
    if not variables:
        return []
    first = variables[0]
    words = f"SNMP, PoE off and on again: {dotted(first.oid)} = {first.off}, then {first.on[0]}"
    return [Way(WayKind.SNMP_ADMIN, words, admin=tuple(variables))]


def standard_admin(pse: Pse) -> AdminVariable:
    """Return pethPsePortAdminEnable of a port."""
    return AdminVariable((*mibs.PETH_ADMIN, *pse), (ON,), OFF)


def _makers(admin: AdminColumn, base: Oid, index: Oid) -> list[AdminVariable]:
    if not admin.on or not admin.off:
        return []
    oid = (*base, *admin.column, *index)
    return [AdminVariable(oid, admin.on, admin.off[0], is_standard=False)]


def _why_no_cli(switch: Switch, reading: SwitchReading, port: PortReading) -> str:
    if not switch.ssh_username or switch.ssh_password is None:
        return "SSH access (ssh: in the site file)"
    known = switch.ssh_driver or reading.platform or switch.platform or "an unknown platform"
    return f"a dialogue for port {port.name or '?'} of {known}"
