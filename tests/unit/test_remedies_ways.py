"""By which ways power can be switched, and the dialogues of command lines as data."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from monitors.diagnosis.wording import known_rules
from monitors.remedies.dialogues import dialogue_for, dialogues
from monitors.remedies.feed import Undo, undo_of, undo_values
from monitors.remedies.kinds import Remedy, WayKind, fitting
from monitors.remedies.ways import ways_of
from monitors.signals import SwitchState
from monitors.switches.platform import platforms, power_tables
from monitors.switches.reading import PortReading, SwitchReading
from provisioner.inventory.records import Switch

READ_ONLY = Switch("10.20.0.2", "sw-2")
BY_SNMP = replace(READ_ONLY, write_community=SecretStr("w"))
BY_SSH = replace(READ_ONLY, ssh_username="bellwire", ssh_password=SecretStr("p"))
BOTH = replace(BY_SNMP, ssh_username="bellwire", ssh_password=SecretStr("p"))
POE = PortReading(pse=(1, 5), maker_index=(1, 5), if_index=5, name="Gi1/0/5")
STANDARD = (1, 3, 6, 1, 2, 1, 105, 1, 1, 1, 3, 1, 5)


def reading(platform: str, table: str) -> SwitchReading:
    base = power_tables()[table].bases[0] if table else ()
    return SwitchReading(
        "sw-2", SwitchState.UP, platform=platform, power_table=table, power_base=base
    )


def kinds(
    switch: Switch, platform: str, table: str, port: PortReading = POE,
    remedy: Remedy = Remedy.POE_CYCLE,
) -> list[WayKind]:  # fmt: skip
    found = ways_of(remedy, switch, reading(platform, table), port, 6).found
    return [way.kind for way in found]


EXOS = replace(POE, name="1:5")


def test_the_best_way_comes_first() -> None:
    all_three = [WayKind.SNMP_CYCLE, WayKind.CLI, WayKind.SNMP_ADMIN]
    assert kinds(BOTH, "extreme_exos", "extreme", EXOS) == all_three
    assert kinds(BY_SSH, "extreme_exos", "extreme", EXOS) == [WayKind.CLI]
    assert kinds(BY_SNMP, "extreme_exos", "extreme", EXOS) == [
        WayKind.SNMP_CYCLE, WayKind.SNMP_ADMIN,
    ]  # fmt: skip
    assert kinds(BOTH, "cisco_ios", "cisco") == [WayKind.CLI, WayKind.SNMP_ADMIN]


def test_without_credentials_there_is_no_way_and_it_says_which_are_missing() -> None:
    made = ways_of(Remedy.POE_CYCLE, READ_ONLY, reading("cisco_ios", "cisco"), POE, 6)
    assert made.found == ()
    assert "snmp: write:" in made.missing
    assert "ssh:" in made.missing
    strange = ways_of(Remedy.POE_CYCLE, BY_SSH, reading("", ""), POE, 6)
    assert "a dialogue for port Gi1/0/5 of an unknown platform" in strange.missing


def test_only_power_on_needs_no_one_shot() -> None:
    assert kinds(BY_SNMP, "extreme_exos", "extreme", EXOS, Remedy.POE_ON) == [WayKind.SNMP_ADMIN]


def test_what_is_written() -> None:
    def way(platform: str, table: str, port: PortReading = POE, off_s: int = 6):
        return ways_of(Remedy.POE_CYCLE, BY_SNMP, reading(platform, table), port, off_s).found

    once = way("extreme_exos", "extreme", EXOS)[0]
    assert once.cycle == ((1, 3, 6, 1, 4, 1, 1916, 1, 27, 2, 1, 1, 5, 1, 5), 1)
    seconds = way("aruba_aoscx", "aruba-cx", off_s=90)[0]
    assert seconds.cycle == ((1, 3, 6, 1, 4, 1, 47196, 4, 1, 1, 3, 8, 1, 1, 1, 14, 1, 5), 60)
    assert [(v.oid, v.on, v.off) for v in way("hp_procurve", "hp")[0].admin] == [
        (STANDARD, (1,), 2)
    ]
    cisco = way("cisco_ios", "cisco")[0].admin
    assert [v.oid for v in cisco] == [STANDARD, (1, 3, 6, 1, 4, 1, 9, 9, 402, 1, 2, 1, 1, 1, 5)]
    assert (cisco[1].on, cisco[1].off) == ((1, 2, 3), 4)
    by_interface = replace(POE, pse=(5,), maker_index=(5,))
    makers = way("huawei_vrp", "huawei", by_interface)[0].admin
    assert [v.oid for v in makers] == [(1, 3, 6, 1, 4, 1, 2011, 5, 25, 195, 3, 1, 3, 5)]
    assert way("mikrotik_routeros", "mikrotik", by_interface) == ()


def test_a_driver_that_a_person_named_counts_more_than_the_platform() -> None:
    named = replace(BY_SSH, ssh_driver="cisco_xe")
    (way,) = ways_of(Remedy.POE_CYCLE, named, reading("", ""), POE, 6).found
    assert (way.dialogue, way.driver) == ("cisco_ios", "cisco_xe")
    assert kinds(replace(BY_SSH, ssh_driver="nobodys_os"), "cisco_ios", "cisco") == []


NAMES = [
    ("cisco_ios", "Gi1/0/5", "Gi1/0/5"),
    ("cisco_s300", "gi1/0/5", "gi1/0/5"),
    ("hp_procurve", "A12", "A12"),
    ("hp_procurve", "2/25", "2/25"),
    ("aruba_aoscx", "1/1/12", "1/1/12"),
    ("extreme_exos", "1:3", "1:3"),
    ("huawei_vrp", "GigabitEthernet0/0/5", "GigabitEthernet0/0/5"),
    ("hp_comware", "GigabitEthernet1/0/5", "GigabitEthernet1/0/5"),
    ("juniper_junos", "ge-0/0/5", "ge-0/0/5"),
    ("mikrotik_routeros", "ether5", "ether5"),
    ("tplink_jetstream", "gigabitEthernet 1/0/5", "gigabitEthernet 1/0/5"),
    ("netgear_prosafe", "1/0/5", "1/0/5"),
    ("ruckus_fastiron", "GigabitEthernet1/1/5", "ethernet 1/1/5"),
    ("alcatel_aos", "1/5", "1/5"),
    ("alcatel_aos", "1/1/5", "1/1/5"),
    ("dlink_ds", "1/5", "ethernet 1/0/5"),
    ("dlink_ds", "eth1/0/5", "ethernet 1/0/5"),
]


@pytest.mark.parametrize(("platform", "name", "called"), NAMES)
def test_what_a_port_is_called_at_the_command_line(platform: str, name: str, called: str) -> None:
    found = dialogue_for(platform, "", name)
    assert found is not None
    assert dialogues()[found].port_called(name) == called


@pytest.mark.parametrize(
    "name", ["", "vif-3", "Gi1/0/5\nreload", "Gi1/0/5 ; reload", "Vlan 20; end", "../../5"]
)
def test_a_strange_port_name_is_never_typed(name: str) -> None:
    assert dialogue_for("cisco_ios", "", name) is None


def test_the_two_command_lines_of_omniswitches_are_told_by_their_ports() -> None:
    assert dialogue_for("alcatel_aos", "", "1/5") == "alcatel_aos6"
    assert dialogue_for("alcatel_aos", "", "1/1/5") == "alcatel_aos8"


@pytest.mark.parametrize("name", dialogues())
def test_a_dialogue_is_of_known_platforms_and_names_its_sources(name: str) -> None:
    from netmiko.ssh_dispatcher import CLASS_MAPPER_BASE

    dialogue = dialogues()[name]
    assert set(dialogue.platforms) <= set(platforms())
    assert set(dialogue.drivers) <= set(CLASS_MAPPER_BASE)
    assert all(source.covers for source in dialogue.sources)
    typed = " ".join((*dialogue.off, *dialogue.on, *dialogue.cycle))
    assert "{port}" in typed
    assert "write" not in typed  # nothing is ever saved
    assert "save" not in typed


def test_every_remedy_belongs_to_a_rule_that_there_is() -> None:
    for rule, remedies in fitting().items():
        assert rule in known_rules("en")
        assert remedies
        assert list(remedies) == sorted(remedies, key=list(Remedy).index)  # the gentlest first


def test_what_gives_power_back_survives_the_journal() -> None:
    undo = Undo(
        WayKind.SNMP_ADMIN, ((STANDARD, 1), ((1, 3), 2)), "cisco_ios", "cisco_xe", ("a", "b"), "Gi1"
    )
    assert undo_of(undo_values(undo)) == undo
    assert undo.is_needed
    assert not Undo(WayKind.SNMP_CYCLE).is_needed
    assert undo_of({"way": "by magic"}) is None
