#!/usr/bin/python
# MIT License (see LICENSE in the root of the project)
"""Prepare the ports of a switch for phones."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bellwire_switch_ports
short_description: Prepare the ports of a switch for phones
version_added: 0.1.0
description:
  - Sets voice VLAN, LLDP and PoE priority of ports, by SSH at the switch's command line.
  - All ports are looked at first. When one of them is an uplink by its own configuration, such as
    a trunk, part of a channel, or routed, nothing is changed on this switch and the task fails.
  - Runs on the control node, which needs netmiko; bellwire's own installation has it.
requirements:
  - netmiko
  - Python 3.11
author:
  - The bellwire authors (@bellwire)
options:
  host:
    description:
      - The switch.
    type: str
    required: true
  port:
    description:
      - The port of SSH.
    type: int
    default: 22
  username:
    description:
      - Who logs in.
    type: str
    required: true
  password:
    description:
      - The password of O(username).
    type: str
    required: true
  enable_secret:
    description:
      - What the switch asks for before it lets the configuration be changed.
    type: str
  platform:
    description:
      - What kind of switch it is, as bellwire calls it.
    type: str
    required: true
    choices:
      - allied_telesis_awplus
      - cisco_ios
      - hp_procurve
      - huawei_vrp
  interfaces:
    description:
      - Names of the ports, as the switch has them.
    type: list
    elements: str
    required: true
  voice_vlan:
    description:
      - The VLAN of phones; the task leaves it as it is when this is not given.
    type: int
  lldp:
    description:
      - Switch LLDP on where it is off, so that phones learn their VLAN and bellwire finds them.
    type: bool
    default: true
  poe_priority:
    description:
      - Which ports keep their power when there is not enough; left as it is when not given.
      - Some switches have no such setting, and refuse the command; then leave it out.
    type: str
    choices:
      - critical
      - high
      - low
  save:
    description:
      - Make the configuration outlive a restart of the switch, when something changed.
    type: bool
    default: false
  known_hosts:
    description:
      - The file that has the switch's host key; without it, that of the user who runs Ansible.
      - A switch that is not in it is refused.
    type: path
  timeout:
    description:
      - Seconds to wait for the switch.
    type: int
    default: 20
attributes:
  check_mode:
    description: Reads the ports and says what would be typed.
    support: full
  diff_mode:
    description: The lines of each port's configuration before, and with what would be typed.
    support: full
"""

EXAMPLES = r"""
- name: Ports with phones
  bellwire.hotel.bellwire_switch_ports:
    host: 10.20.0.2
    username: netadmin
    password: "{{ vault_switch_password }}"
    platform: cisco_ios
    interfaces:
      - Gi1/0/5
      - Gi1/0/6
    voice_vlan: 20
    poe_priority: high
  delegate_to: localhost
"""

RETURN = r"""
commands:
  description:
    - What was typed at each port that was not as wanted, or would be in check mode.
    - Also what a network module of another collection can be given.
  returned: always
  type: dict
  sample:
    Gi1/0/5:
      - switchport voice vlan 20
ports:
  description: How many ports were looked at.
  returned: always
  type: int
  sample: 2
"""

import re  # noqa: E402
import traceback  # noqa: E402
from typing import Any  # noqa: E402

from ansible.module_utils.basic import AnsibleModule, missing_required_lib  # noqa: E402
from ansible_collections.bellwire.hotel.plugins.module_utils.switch_platforms import (  # noqa: E402
    CRITICAL,
    FLAGS,
    PLATFORMS,
    Platform,
    commands_for,
    is_port,
    lines_of,
    why_uplink,
)

NETMIKO_PROBLEM = None
try:
    from netmiko import ConnectHandler
    from netmiko.exceptions import NetmikoBaseException
    from paramiko.ssh_exception import SSHException
except ImportError:
    NETMIKO_PROBLEM = traceback.format_exc()
    NetmikoBaseException = SSHException = OSError

SHOWN = 160
QUESTIONS = 3


class SwitchError(Exception):
    """The switch cannot be reached, or refuses."""


class Session:
    """One login at a switch.

    Args:
        options: the module's.
        platform: of the switch.
    """

    def __init__(self, options: dict[str, Any], platform: Platform) -> None:
        self._platform = platform
        self._host = options["host"]
        secret = options["enable_secret"]
        keys = {"alt_host_keys": True, "alt_key_file": options["known_hosts"]}
        told = {"system_host_keys": True} if not options["known_hosts"] else keys
        try:
            self._connection = ConnectHandler(
                device_type=platform.driver, host=options["host"], port=options["port"],
                username=options["username"], password=options["password"], secret=secret or "",
                ssh_strict=True, use_keys=False, allow_agent=False, conn_timeout=options["timeout"],
                auth_timeout=options["timeout"], banner_timeout=options["timeout"],
                read_timeout_override=options["timeout"], fast_cli=True, **told,
            )  # fmt: skip
            if secret and not self._connection.check_enable_mode():
                self._connection.enable()
        except (NetmikoBaseException, SSHException, OSError, ValueError) as problem:
            raise SwitchError(f"{self._host}: {first_line(problem)}") from problem

    def typed(self, command: str) -> str:
        """Type one command and return what the switch says.

        Raises:
            SwitchError: it refuses, or does not come back.
        """
        try:
            said = self._sent(command)
            for _again in range(QUESTIONS):
                if not self._platform.question or not re.search(self._platform.question, said):
                    break
                said = self._sent("y")
        except (NetmikoBaseException, SSHException, OSError, ValueError) as problem:
            raise SwitchError(f"{self._host}: {command}: {first_line(problem)}") from problem
        if re.search(self._platform.refused, said, FLAGS):
            words = " ".join(said.split())[:SHOWN]
            raise SwitchError(f"{self._host} refuses {command!r}: {words}")
        return said

    def _sent(self, text: str) -> str:
        expected = r"(?:[>#\]] ?$|" + (self._platform.question or r"(?!)") + ")"
        return str(
            self._connection.send_command(
                text, expect_string=expected, strip_prompt=False, strip_command=True,
                cmd_verify=False,
            )
        )  # fmt: skip

    def close(self) -> None:
        """Log off."""
        self._connection.disconnect()


def first_line(problem: Exception) -> str:
    """Return what a problem says, without the advice below it."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[0] if lines else type(problem).__name__


def looked(session: Session, platform: Platform, ports: list[str]) -> dict[str, str]:
    """Return each port's configuration.

    Raises:
        SwitchError: one of them is an uplink.
    """
    shown = {port: session.typed(platform.show.replace("{port}", port)) for port in ports}
    uplinks = [(port, why_uplink(platform, text)) for port, text in shown.items()]
    told = [f"{port} ({why})" for port, why in uplinks if why]
    if told:
        raise SwitchError(
            f"nothing was changed: {', '.join(told)} leads to more than a phone; "
            "leave it out, or look at the cable"
        )
    return shown


def wanted_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return what each port is to be told."""
    wanted = {"voice_vlan": options["voice_vlan"], "poe_priority": options["poe_priority"]}
    made = {name: value for name, value in wanted.items() if value is not None}
    return {**made, "lldp": "on"} if options["lldp"] else made


def write(session: Session, platform: Platform, commands: dict[str, list[str]]) -> None:
    """Type what is to be typed, port by port."""
    for port, typed in commands.items():
        for command in platform.enter:
            session.typed(command.replace("{port}", port))
        for command in typed:
            session.typed(command)
        for command in platform.leave:
            session.typed(command)


def diff_of(shown: dict[str, str], commands: dict[str, list[str]]) -> list[dict[str, str]]:
    """Return the diff of the ports that change."""
    made = []
    for port, typed in commands.items():
        before = list(lines_of(shown[port]))
        texts = {"before": before, "after": before + [f" {command}" for command in typed]}
        texts = {name: "\n".join(lines) + "\n" for name, lines in texts.items()}
        made.append({"before_header": port, "after_header": port, **texts})
    return made


def run(module: AnsibleModule) -> dict[str, Any]:
    """Look, and change what is not as wanted; return what the task answers."""
    options = module.params
    platform = PLATFORMS[options["platform"]]
    ports = list(dict.fromkeys(options["interfaces"]))
    if not ports:
        return {"changed": False, "commands": {}, "ports": 0}
    session = Session(options, platform)
    try:
        shown = looked(session, platform, ports)
        found = {p: commands_for(platform, p, shown[p], wanted_of(options)) for p in ports}
        commands = {port: typed for port, typed in found.items() if typed}
        if commands and not module.check_mode:
            write(session, platform, commands)
            for command in platform.save if options["save"] else ():
                session.typed(command)
    finally:
        session.close()
    result = {"changed": bool(commands), "commands": commands, "ports": len(ports)}
    return {**result, "diff": diff_of(shown, commands)} if commands else result


def main() -> None:
    """Read the options and do it."""
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "default": 22},
            "username": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
            "enable_secret": {"type": "str", "no_log": True},
            "platform": {"type": "str", "required": True, "choices": sorted(PLATFORMS)},
            "interfaces": {"type": "list", "elements": "str", "required": True},
            "voice_vlan": {"type": "int"},
            "lldp": {"type": "bool", "default": True},
            "poe_priority": {"type": "str", "choices": list(CRITICAL)},
            "save": {"type": "bool", "default": False},
            "known_hosts": {"type": "path"},
            "timeout": {"type": "int", "default": 20},
        },
        supports_check_mode=True,
    )
    if NETMIKO_PROBLEM is not None:
        module.fail_json(msg=missing_required_lib("netmiko"), exception=NETMIKO_PROBLEM)
    vlan = module.params["voice_vlan"]
    if vlan is not None and not 1 <= vlan <= 4094:  # noqa: PLR2004 - IEEE 802.1Q
        module.fail_json(msg=f"voice_vlan must be from 1 to 4094, not {vlan}")
    strange = [port for port in module.params["interfaces"] if not is_port(port)]
    if strange:
        module.fail_json(msg=f"this is no port: {strange[0]!r}")
    try:
        result = run(module)
    except SwitchError as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
