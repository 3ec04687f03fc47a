"""Which interface a power port is: makers' rules, the switch's own evidence, and honest doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.signals import Link, Mapping, PortPower
from monitors.switches import mibs
from monitors.switches.interfaces import Interface
from monitors.switches.platform import (
    Platform,
    PowerTable,
    PseRule,
    TableIndex,
    platforms,
    power_tables,
)
from monitors.switches.power_ports import Layout, power_ports
from monitors.switches.pse_map import Fit, Ground, fit, physical_ports, pse_map

UP, DOWN = 1, 2


def sockets(*names: str, up: tuple[str, ...] = (), first: int = 1) -> dict[int, Interface]:
    return {
        n: Interface(n, name, kind=6, admin=1, oper=UP if name in up else DOWN)
        for n, name in enumerate(names, start=first)
    }


def rules(platform: str) -> tuple[PseRule, ...]:
    return platforms()[platform].pse


FE = tuple(f"Fa0/{n}" for n in range(1, 25))
OFFSET = [(1, n + 2) for n in range(1, 25)]  # power ports 3 to 26 of a 3560-24PS


def fe_ground(up: tuple[str, ...]) -> Ground:
    interfaces = sockets(*FE, up=up, first=10001)
    aliases = {(1006 + n, 0): (*mibs.IF_INDEX, 10000 + n) for n in range(1, 25)}
    return Ground(
        interfaces, physical={(1, n + 2): 1006 + n for n in range(1, 25)}, aliases=aliases
    )


def test_a_catalyst_that_counts_its_uplinks_first() -> None:
    ground = fe_ground(("Fa0/11", "Fa0/13", "Fa0/17"))
    powered = [(1, 13), (1, 15), (1, 19)]
    found = pse_map(OFFSET, rules("cisco_ios"), ground, powered, {10011, 10013, 10017})
    assert (found.rule, found.sure, found.remark) == ("entity", Mapping.PROVEN, "")
    assert found.interfaces[1, 13] == 10011


def test_without_physical_indexes_the_names_that_fit_win() -> None:
    """The same switch without ENTITY-MIB: counting fits 3 of 3, the number as name 0 of 3."""
    ground = Ground(sockets(*FE, up=("Fa0/11", "Fa0/13", "Fa0/17"), first=10001))
    powered = [(1, 13), (1, 15), (1, 19)]
    found = pse_map(OFFSET, rules("cisco_ios"), ground, powered, {10011, 10013, 10017})
    assert (found.rule, found.sure) == ("order", Mapping.ASSUMED)
    assert found.interfaces[1, 13] == 10011


def test_a_3550_has_no_physical_index_and_is_only_counted() -> None:
    ground = Ground(sockets(*FE))
    found = pse_map([(1, n) for n in range(1, 25)], rules("cisco_ios"), ground, [], ())
    assert (found.rule, found.sure) == ("order", Mapping.ASSUMED)
    assert found.interfaces[1, 13] == 13


def test_juniper_counts_interfaces_from_zero_and_by_the_alphabet() -> None:
    names = ["ge-0/0/0", "ge-0/0/1", "ge-0/0/10", "ge-0/0/2", "ge-1/0/0"]
    ports = [(1, 1), (1, 2), (1, 3), (2, 1)]
    found = pse_map(ports, rules("juniper_junos"), Ground(sockets(*names, first=116)), [], ())
    assert found.interfaces == {(1, 1): 116, (1, 2): 117, (1, 3): 119, (2, 1): 120}
    assert found.sure is Mapping.LIKELY


def test_a_likely_rule_is_proven_by_neighbours_or_links() -> None:
    ground = Ground(sockets("1:1", "1:2", "1:3", up=("1:1", "1:2"), first=1001))
    ports = [(1, 1001), (1, 1002), (1, 1003)]

    def sure(powered: list[tuple[int, int]], neighbours: set[int]) -> Mapping:
        return pse_map(ports, rules("extreme_exos"), ground, powered, neighbours).sure

    assert sure([], set()) is Mapping.LIKELY
    assert sure([(1, 1001)], set()) is Mapping.LIKELY
    assert sure([(1, 1001)], {1001}) is Mapping.PROVEN
    assert sure([(1, 1001), (1, 1002)], set()) is Mapping.PROVEN
    assert sure([(1, 1001), (1, 1003)], set()) is Mapping.LIKELY


def test_a_makers_rule_that_the_switch_contradicts_is_noticed() -> None:
    """Interfaces numbered from 11 up: the port number as interface finds nobody."""
    names = [f"{n}" for n in range(1, 9)]
    interfaces = sockets(*names, up=("2", "4", "5"), first=11)
    interfaces |= sockets("x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8")
    ground = Ground(interfaces, base_ports={n: 10 + n for n in range(1, 9)})
    powered = [(1, 2), (1, 4), (1, 5)]
    ports = [(1, n) for n in range(1, 9)]
    found = pse_map(ports, rules("cisco_s300"), ground, powered, {12, 14})
    assert (found.rule, found.sure) == ("base-port", Mapping.ASSUMED)
    assert found.interfaces[1, 4] == 14
    assert "the rule base-port fits better" in found.remark


def test_a_better_rule_that_hardly_fits_itself_only_casts_doubt() -> None:
    interfaces = sockets(*(f"{n}" for n in range(1, 9)), up=("1",), first=11)
    interfaces |= sockets("x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8")
    ground = Ground(interfaces, base_ports={n: 10 + n for n in range(1, 9)})
    found = pse_map(
        [(1, n) for n in range(1, 9)], rules("cisco_s300"), ground, [(1, 1), (1, 2), (1, 3)], ()
    )
    assert (found.rule, found.sure) == ("if-index", Mapping.ASSUMED)


def test_powered_ports_without_a_link_alone_do_not_break_a_rule() -> None:
    """Phones that get power and do not start: exactly those that a power cycle is for."""
    ground = Ground(sockets("1/g1", "1/g2", "1/g3"), base_ports={1: 1, 2: 2, 3: 3})
    found = pse_map(
        [(1, 1), (1, 2), (1, 3)], rules("netgear_prosafe"), ground, [(1, 1), (1, 2)], ()
    )
    assert (found.sure, found.interfaces[1, 2]) == (Mapping.LIKELY, 2)
    assert found.remark == "2 of 2 powered ports have no link"


def test_links_that_the_agent_does_not_tell_speak_neither_for_nor_against() -> None:
    interfaces = {1: Interface(1, "a"), 2: Interface(2, "b", oper=UP)}
    assert fit({(1,): 1, (2,): 2, (3,): 9}, interfaces, [(1,), (2,), (3,)], ()) == Fit(1, 1, 1)


@pytest.mark.parametrize(
    ("platform", "pse", "expected"),
    [
        ("alcatel_aos", (1, 5), 1005),
        ("hp_procurve", (2, 25), 25),
        ("hp_comware", (4, 7), 57),
        ("tplink_jetstream", (7,), 49159),
    ],
)
def test_rules_of_makers(platform: str, pse: tuple[int, ...], expected: int) -> None:
    interfaces = {n: Interface(n, f"Gi {n}", kind=6, oper=DOWN) for n in (25, 57, 1005)} | {
        49152 + n: Interface(49152 + n, f"gigabitEthernet 1/0/{n}", kind=6) for n in range(1, 19)
    }
    ground = Ground(interfaces, base_ports={7: 57})
    assert pse_map([pse], rules(platform), ground, [], ()).interfaces == {pse: expected}


def test_a_name_that_two_sockets_end_with_decides_nothing() -> None:
    ground = Ground(sockets("Fa1/0/1", "Gi1/0/1", "Gi1/0/11"))
    found = pse_map([(1, 1)], rules("cisco_ios"), ground, [], ())
    assert found.rule != "names"


def test_stack_members_are_counted_apart() -> None:
    names = [f"Gi{m}/0/{n}" for m in (1, 2) for n in range(1, 4)]
    found = pse_map(
        [(1, 1), (1, 2), (2, 1), (2, 3)],
        (PseRule(rule="order", sure=Mapping.ASSUMED),),
        Ground(sockets(*names)),
        [],
        (),
    )
    # names fit as well as counting here, and counting is the maker's
    assert found.interfaces == {(1, 1): 1, (1, 2): 2, (2, 1): 4, (2, 3): 5}


def test_nothing_to_go_by() -> None:
    assert pse_map([(1, 1)], (), Ground({}), [(1, 1)], ()).sure is Mapping.NONE
    assert physical_ports({(1, 1): 1007, (1, 2): 0, (1, 3): b"x"}) == {(1, 1): 1007}


@given(
    st.sets(st.tuples(st.integers(1, 2), st.integers(1, 12)), max_size=12),
    st.sampled_from(sorted(platforms())),
    st.sets(st.integers(1, 24)),
)
def test_whatever_wins_leads_to_interfaces_that_exist(ports, platform, up) -> None:
    names = [f"Gi{1 + n // 12}/0/{1 + n % 12}" for n in range(24)]
    interfaces = sockets(*names, up=tuple(names[n - 1] for n in up))
    ground = Ground(interfaces, base_ports={n: n for n in interfaces})
    found = pse_map(sorted(ports), rules(platform), ground, sorted(ports)[:5], up)
    assert set(found.interfaces.values()) <= set(interfaces)
    assert set(found.interfaces) <= ports
    assert (found.sure is Mapping.NONE) == (not found.interfaces)


def layout(platform: str, table: str | None = None) -> Layout:
    made: Platform = platforms()[platform]
    name = table or made.power[0]
    power: PowerTable = power_tables()[name]
    return Layout(made, name, power, power.bases[0])


def test_a_table_by_interface_needs_no_rule() -> None:
    made = layout("huawei_vrp")
    columns = {(*made.base, 10): {(6,): 0, (7,): 5000}}
    ports = power_ports(columns, made, Ground(sockets(*"abcdefg", up=("g",))), ()).ports
    assert [(p.pse, p.if_index, p.mapping) for p in ports] == [
        ((6,), 6, Mapping.PROVEN),
        ((7,), 7, Mapping.PROVEN),
    ]


def test_a_makers_table_by_interface_joins_the_standard_one_by_interface() -> None:
    made = layout("ruckus_fastiron")
    columns = {
        mibs.PETH_DETECTION: {(1, 1): 3, (1, 2): 2},
        (*made.base, 6): {(1,): 4200, (2,): 0},
    }
    ground = Ground(sockets("ethernet1/1", "ethernet1/2", up=("ethernet1/1",)))
    found = power_ports(columns, made, ground, {1})
    assert found.placed
    assert [(p.pse, p.if_index, p.row.power_mw, p.maker_index) for p in found.ports] == [
        ((1, 1), 1, 4200, (1,)),
        ((1, 2), 2, 0, (2,)),
    ]


def test_a_makers_table_by_bridge_port() -> None:
    made = layout("zyxel_os")
    assert made.table is not None
    assert made.table.index is TableIndex.BASE_PORT
    ground = Ground(sockets("swp1", "swp2", first=101), base_ports={1: 101, 2: 102})
    alone = power_ports({(*made.base, 1): {(2,): 2300}}, made, ground, ()).ports
    assert [(p.pse, p.if_index, p.mapping) for p in alone] == [((2,), 102, Mapping.LIKELY)]
    standard = {mibs.PETH_DETECTION: {(1, 2): 3}, (*made.base, 1): {(2,): 2300}}
    both = power_ports(standard, made, ground, ()).ports
    assert [(p.pse, p.if_index, p.row.power_mw) for p in both] == [((1, 2), 102, 2300)]
    lost = power_ports(standard, made, Ground({}), ()).ports
    assert [(p.row.power_mw, p.mapping) for p in lost] == [(None, Mapping.NONE)]


def test_a_makers_table_by_port_number_joins_the_standard_one() -> None:
    made = layout("tplink_jetstream")
    columns = {mibs.PETH_DETECTION: {(1, 3): 3}, (*made.base, 7): {(3,): 26}}
    ports = power_ports(columns, made, Ground(sockets("Gi1/0/3")), ()).ports
    assert [(p.pse, p.row.power_mw) for p in ports] == [((1, 3), 2600)]


def test_a_midspan_is_no_switch() -> None:
    made = layout("powerdsine")
    found = power_ports({(*made.base, 3): {(1, 1): 8}}, made, Ground(sockets("eth0")), ())
    assert [(p.row.state, p.if_index) for p in found.ports] == [(PortPower.DELIVERING, None)]
    assert not found.placed
    assert "midspan" in found.remark


def test_links() -> None:
    made = Interface(1, "Gi1", kind=6, admin=1, oper=1, speed_mbit=1000)
    assert made.link is Link.UP
    assert Interface(1, oper=1, speed_mbit=10).link is Link.DEGRADED
    assert Interface(1, oper=1, half_duplex=True).link is Link.DEGRADED
    assert Interface(1, admin=2, oper=2).link is Link.ADMIN_DOWN
    assert Interface(1, admin=1, oper=2, blocked_by="BPDU guard").link is Link.BLOCKED
    assert Interface(1, admin=1, oper=7).link is Link.DOWN
    assert Interface(1).link is Link.UNKNOWN
    assert not Interface(1, "Po1", kind=6).is_socket
    assert not Interface(1, "Gi9/0/1", kind=6, oper=6).is_socket
    assert not Interface(1, "x", kind=24).is_socket
