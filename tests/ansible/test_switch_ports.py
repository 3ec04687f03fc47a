"""Ports for phones: the playbook against an SSH server that plays the switch."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import paramiko
import pytest
import yaml

from tests.ansible.modules import run_module
from tests.ansible.office import SWITCH, Office
from tests.ansible.playing import environment, program
from tests.simulators.switch_cli import (
    CISCO_IOS,
    ENABLE_SECRET,
    HOST,
    PASSWORD,
    PROCURVE,
    USER,
    Rule,
    Script,
    Switch,
    switch_cli,
)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ansible") is None, reason="ansible-core is missing (make setup)"
)
PORT = "Gi1/0/5"


def ios(port_lines: str = " switchport mode access\r\n", *, knows_priority: bool = True) -> Script:
    """A switch whose ports remember what they are told."""
    priority = (Rule("power inline port priority (critical|high|low)", "port", adds=4),)
    return replace(CISCO_IOS, rules=(
        Rule("show running-config interface Gi1/0/6", "exec",
             says="interface GigabitEthernet1/0/6\r\n switchport mode access\r\n"
                  " switchport voice vlan 20\r\n power inline port priority high\r\nend\r\n"),
        Rule(f"show running-config interface {PORT}", "exec",
             says="Building configuration...\r\n\r\n!\r\ninterface GigabitEthernet1/0/5\r\n"
                  f"{port_lines}{{config}}end\r\n\r\n"),
        Rule("switchport voice vlan \\d+", "port", adds=3),
        *(priority if knows_priority else ()),
        Rule("lldp (transmit|receive)", "port"),
        Rule("write memory", "exec", says="Building configuration...\r\n[OK]\r\n"),
        *CISCO_IOS.rules,
    ))  # fmt: skip


PROCURVE_PORT = replace(
    PROCURVE,
    rules=(
        Rule("show running-config interface 12", "exec",
             says="Running configuration:\r\n\r\ninterface 12\r\n   untagged vlan 1\r\n"
                  "{config}   exit\r\n"),
        Rule("vlan 20 voice", "config"),
        Rule("vlan 20 tagged 12", "config", adds=9),
        Rule("interface 12 power-over-ethernet high", "config", adds=9),
        *PROCURVE.rules,
    ),
)  # fmt: skip


@dataclass
class Desk:
    """A switch, and how the module reaches it."""

    switch: Switch
    folder: Path
    arguments: dict[str, Any]

    def run(self, **more: Any) -> dict[str, Any]:
        answer, said = run_module(self.folder, "bellwire_switch_ports", **self.arguments, **more)
        for secret in (PASSWORD, ENABLE_SECRET):
            assert secret not in said
        return answer


@contextmanager
def desk(
    folder: Path, script: Script, platform: str = "cisco_ios", port: str = PORT
) -> Iterator[Desk]:
    key = paramiko.ECDSAKey.generate()
    with switch_cli(script, key) as switch:
        known = folder / "known_hosts"
        known.write_text(f"[{HOST}]:{switch.port} {key.get_name()} {key.get_base64()}\n")
        yield Desk(switch, folder, {
            "host": HOST, "port": switch.port, "username": USER, "password": PASSWORD,
            "enable_secret": ENABLE_SECRET, "platform": platform, "interfaces": [port],
            "voice_vlan": 20, "poe_priority": "high", "known_hosts": str(known),
        })  # fmt: skip


def test_it_is_shown_then_written_then_so(tmp_path: Path) -> None:
    with desk(tmp_path, ios()) as one:
        shown = one.run(_ansible_check_mode=True, _ansible_diff=True)
        assert shown.get("msg") is None, shown
        assert shown["changed"] is True
        wanted = ["switchport voice vlan 20", "power inline port priority high"]
        assert shown["commands"] == {PORT: wanted}
        assert shown["diff"][0]["after"].endswith(
            " switchport voice vlan 20\n power inline port priority high\n"
        )
        assert "configure terminal" not in one.switch.typed
        done = one.run(save=True)
        assert done["commands"] == {PORT: wanted}
        assert "write memory" in one.switch.typed
        assert list(one.switch.config.values()) == wanted
        before = len(one.switch.typed)
        again = one.run(save=True)
        assert again["changed"] is False
        assert "diff" not in again
        assert not {"configure terminal", "write memory"} & set(one.switch.typed[before:])


def test_lldp_that_somebody_switched_off_comes_back(tmp_path: Path) -> None:
    with desk(tmp_path, ios(" no lldp transmit\r\n switchport voice vlan 20\r\n")) as one:
        assert one.run(_ansible_check_mode=True)["commands"][PORT][-2:] == [
            "lldp transmit",
            "lldp receive",
        ]
        assert "lldp transmit" not in str(one.run(_ansible_check_mode=True, lldp=False)["commands"])


@pytest.mark.parametrize(
    "line", ["switchport mode trunk", "channel-group 1 mode active", "no switchport"]
)
def test_an_uplink_is_refused_and_nothing_is_written_anywhere(tmp_path: Path, line: str) -> None:
    with desk(tmp_path, ios(f" {line}\r\n")) as one:
        one.arguments["interfaces"] = ["Gi1/0/6", PORT]
        refused = one.run()
        assert refused["failed"] is True
        assert refused["msg"].startswith(
            f"nothing was changed: {PORT} ({line}) leads to more than a phone"
        )
        assert "configure terminal" not in one.switch.typed


def test_a_switch_that_knows_no_priority_says_so(tmp_path: Path) -> None:
    with desk(tmp_path, ios(knows_priority=False)) as one:
        assert "refuses 'power inline port priority high'" in one.run()["msg"]


def test_procurve_speaks_otherwise(tmp_path: Path) -> None:
    with desk(tmp_path, PROCURVE_PORT, "hp_procurve", "12") as one:
        done = one.run()
        assert done.get("msg") is None, done
        assert done["commands"] == {"12": [
            "vlan 20 voice", "vlan 20 tagged 12", "interface 12 power-over-ethernet high",
        ]}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"password": "wrong"}, "uthentication"),
        ({"interfaces": ["Gi1/0/5\nreload"]}, "this is no port"),
        ({"voice_vlan": 5000}, "voice_vlan must be from 1 to 4094, not 5000"),
    ],
)
def test_a_failure_is_a_sentence(tmp_path: Path, more: dict[str, Any], told: str) -> None:
    with desk(tmp_path, ios()) as one:
        one.arguments |= more
        answer = one.run()
        assert answer["failed"] is True
        assert told in answer["msg"]
        assert "configure terminal" not in one.switch.typed


def test_a_switch_with_another_key_is_refused(tmp_path: Path) -> None:
    with desk(tmp_path, ios()) as one:
        other = paramiko.ECDSAKey.generate()
        known = Path(one.arguments["known_hosts"])
        known.write_text(f"[{HOST}]:{one.switch.port} {other.get_name()} {other.get_base64()}\n")
        answer = one.run()
        assert answer["failed"] is True
        assert one.switch.typed == []


def test_the_playbook_takes_ports_from_the_inventory(office: Office, tmp_path: Path) -> None:
    with desk(tmp_path, ios()) as one:
        (tmp_path / "chain.bellwire.yml").write_text(yaml.safe_dump({
            "plugin": "bellwire.hotel.bellwire", "url": office.url, "token": office.reader,
            "hosts": ["switches"],
        }), encoding="utf-8")  # fmt: skip
        values = {
            "ansible_user": USER, "ansible_password": PASSWORD, "switch_ports_port": one.switch.port,
            "switch_ports_enable_secret": ENABLE_SECRET,
            "switch_ports_known_hosts": one.arguments["known_hosts"],
        }  # fmt: skip
        secret = tmp_path / "secret.yml"
        secret.write_text(yaml.safe_dump(values), encoding="utf-8")

        def play(*options: str) -> str:
            done = subprocess.run(
                [str(program("ansible-playbook")), "-i", str(tmp_path / "chain.bellwire.yml"),
                 "bellwire.hotel.switch_ports", "-e", f"@{secret}", "--diff", *options],
                env=environment(tmp_path), cwd=tmp_path, check=False, timeout=180, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout
            assert PASSWORD not in done.stdout
            return done.stdout

        shown = play("--check")
        assert "+ switchport voice vlan 20" in shown
        assert one.switch.config == {}
        assert "changed=1" in play()
        assert list(one.switch.config.values()) == [
            "switchport voice vlan 20", "power inline port priority high",
        ]  # fmt: skip
        assert f"{SWITCH}.casa" in (again := play())
        assert "changed=0" in again
