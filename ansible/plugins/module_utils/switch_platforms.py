# MIT License (see LICENSE in the root of the project)
"""How ports for phones are written at the command line of switches. Data, and what reads it.

Sources, and how sure they are:

- Cisco IOS and IOS-XE: Cisco's own configuration guides for voice VLANs; C(power inline port
  priority) is in the parsers of Cisco's genie for IOS-XE. Older switches have no such command.
- HP ProCurve and ArubaOS-Switch: HPE's Management and Configuration Guide (PoE port priority,
  voice VLAN); LLDP is on there unless the whole switch has it off, so nothing is written.
- Huawei VRP: Huawei's command reference (poe priority) and its example of a phone on a hybrid port.
- Allied Telesis AlliedWare Plus: its Command Reference (power-inline priority) and How To for
  phones (voice VLAN).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CRITICAL = ("critical", "high", "low")
FLAGS = re.MULTILINE | re.IGNORECASE
_SAFE_PORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,63}")


@dataclass(frozen=True)
class Setting:
    """One thing that a port is told.

    Attributes:
        have: the line that says it already, with C({value}); any number of VLANs around it.
        commands: what is typed, with C({value}) and C({port}).
        unless_off: it is so unless this line is there.
        default: the value of a port that says nothing.
    """

    have: str = ""
    commands: tuple[str, ...] = ()
    unless_off: str = ""
    default: str = ""


@dataclass(frozen=True)
class Platform:
    """A family of switches.

    Attributes:
        driver: netmiko's name.
        show: shows a port's lines of the configuration.
        enter, leave: how one comes to where commands are typed, and back.
        settings: voice_vlan, lldp and poe_priority, as far as it has them.
        uplink: lines that a port with more behind it than a phone has.
        refused: what a refusal looks like.
        save: makes the configuration outlive a restart.
    """

    driver: str
    show: str
    enter: tuple[str, ...]
    leave: tuple[str, ...]
    settings: dict[str, Setting]
    uplink: tuple[str, ...]
    refused: str
    save: tuple[str, ...] = ()
    question: str = ""


PLATFORMS = {
    "cisco_ios": Platform(
        driver="cisco_ios",
        show="show running-config interface {port}",
        enter=("configure terminal", "interface {port}"),
        leave=("end",),
        settings={
            "voice_vlan": Setting(
                r"^ *switchport voice vlan {value} *$", ("switchport voice vlan {value}",)
            ),
            "lldp": Setting(
                unless_off=r"^ *no lldp (?:transmit|receive)\b",
                commands=("lldp transmit", "lldp receive"),
            ),
            "poe_priority": Setting(
                r"^ *power inline port priority {value} *$",
                ("power inline port priority {value}",),
                default="low",
            ),
        },
        uplink=(
            r"^ *switchport mode (?:trunk|dynamic)", r"^ *channel-group ", r"^ *no switchport *$",
        ),
        refused=r"^% ?(?:Invalid|Incomplete|Ambiguous|Unknown|Bad|Error)|Command rejected",
        save=("write memory",),
    ),
    "hp_procurve": Platform(
        driver="hp_procurve",
        show="show running-config interface {port}",
        enter=("configure",),
        leave=("end",),
        settings={
            "voice_vlan": Setting(
                r"^ *tagged vlan (?:\S*[, ])?{value}(?:,\S*)? *$",
                ("vlan {value} voice", "vlan {value} tagged {port}"),
            ),
            "poe_priority": Setting(
                r"^ *power-over-ethernet {value} *$",
                ("interface {port} power-over-ethernet {value}",),
                default="low",
            ),
        },
        uplink=(r"^ *trunk ", r"^ *(?:ip address|routing) "),
        refused=r"invalid input|incomplete input|ambiguous input|not found|module not present",
        save=("write memory",),
    ),
    "huawei_vrp": Platform(
        driver="huawei",
        show="display current-configuration interface {port}",
        enter=("system-view", "interface {port}"),
        leave=("return",),
        settings={
            "voice_vlan": Setting(
                r"^ *voice-vlan {value} enable",
                ("port hybrid tagged vlan {value}", "voice-vlan {value} enable"),
            ),
            "lldp": Setting(unless_off=r"^ *undo lldp enable", commands=("lldp enable",)),
            "poe_priority": Setting(
                r"^ *poe priority {value} *$", ("poe priority {value}",), default="low"
            ),
        },
        uplink=(r"^ *port link-type trunk", r"^ *eth-trunk \d", r"^ *undo portswitch"),
        refused=r"^ *Error:",
        save=("save",),
        question=r"\[Y/N\]",
    ),
    "allied_telesis_awplus": Platform(
        driver="allied_telesis_awplus",
        show="show running-config interface {port}",
        enter=("configure terminal", "interface {port}"),
        leave=("end",),
        settings={
            "voice_vlan": Setting(
                r"^ *switchport voice vlan {value} *$", ("switchport voice vlan {value}",)
            ),
            "lldp": Setting(
                unless_off=r"^ *no lldp (?:transmit|receive)",
                commands=("lldp transmit receive",),
            ),
            "poe_priority": Setting(
                r"^ *power-inline priority {value} *$", ("power-inline priority {value}",),
                default="low",
            ),
        },
        uplink=(r"^ *switchport mode trunk", r"^ *(?:static-)?channel-group ", r"^ *ip address "),
        refused=r"^% ?(?:Invalid|Incomplete|Ambiguous|Unrecognized)",
        save=("write",),
    ),
}  # fmt: skip
"""By bellwire's own names of platforms."""


def is_port(name: str) -> bool:
    """Whether a text can be the name of a port, and nothing more."""
    return bool(_SAFE_PORT.fullmatch(name))


def why_uplink(platform: Platform, shown: str) -> str:
    """Return the line that makes a port an uplink, or nothing."""
    found = (re.search(pattern, shown, FLAGS) for pattern in platform.uplink)
    match = next((each for each in found if each), None)
    return line_of(shown, match.start()) if match else ""


def line_of(text: str, at: int) -> str:
    """Return the whole line around a place of a text."""
    begin, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    return text[begin : end if end >= 0 else len(text)].strip()


def commands_for(platform: Platform, port: str, shown: str, wanted: dict[str, Any]) -> list[str]:
    """Return what must be typed so that a port is as wanted; nothing when it is."""
    made: list[str] = []
    for name, value in wanted.items():
        setting = platform.settings.get(name)
        if setting is not None and not is_so(setting, shown, str(value)):
            filled = (c.replace("{port}", port) for c in setting.commands)
            made += [command.replace("{value}", str(value)) for command in filled]
    return made


def is_so(setting: Setting, shown: str, value: str) -> bool:
    """Whether a port says this already."""
    if setting.unless_off:
        return not re.search(setting.unless_off, shown, FLAGS)
    if re.search(setting.have.replace("{value}", re.escape(value)), shown, FLAGS):
        return True
    other = setting.have.replace("{value}", r"\S+")
    return value == setting.default and not re.search(other, shown, FLAGS)


def lines_of(shown: str) -> Iterator[str]:
    """Yield the lines of a port's configuration, without what the switch says around them."""
    begun = False
    for line in shown.splitlines():
        bare = line.rstrip()
        begun = begun or bare.lstrip().lower().startswith("interface ")
        if begun and bare.strip() not in ("", "!", "#", "end", "return", "exit"):
            yield bare
