"""Power ports: the standard table, makers' tables, and one word out of both."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.signals import PortPower
from monitors.snmp.values import Oid, Value
from monitors.switches import mibs
from monitors.switches.budget import budget
from monitors.switches.platform import BudgetTable, Unit, platforms, power_tables
from monitors.switches.power import PowerRow, joined, maker_rows, standard_rows
from monitors.switches.reading import PoeBudget, PoeGroup

OFF, ON = PortPower.OFF, PortPower.DELIVERING


def table(name: str, **columns: dict[Oid, Value]) -> dict[Oid, PowerRow]:
    """Rows of a maker's table; columns as ``c2_2_1_4``."""
    made = power_tables()[name]
    base = made.bases[0]
    read = {(*base, *map(int, key[1:].split("_"))): rows for key, rows in columns.items()}
    return maker_rows(read, made, base)


@pytest.mark.parametrize(
    ("detection", "state"),
    [(1, OFF), (2, PortPower.SEARCHING), (3, ON), (4, PortPower.FAULT),
     (5, PortPower.SEARCHING), (6, PortPower.FAULT), (9, PortPower.UNKNOWN)],
)  # fmt: skip
def test_detection_status_of_the_standard(detection: int, state: PortPower) -> None:
    rows = standard_rows({mibs.PETH_ADMIN: {(1, 5): 1}, mibs.PETH_DETECTION: {(1, 5): detection}})
    assert rows[1, 5].state is state


def test_an_administrator_who_said_no() -> None:
    rows = standard_rows({mibs.PETH_ADMIN: {(1, 5): 2}, mibs.PETH_DETECTION: {(1, 5): 2}})
    assert (rows[1, 5].admin, rows[1, 5].state) == (False, OFF)


def test_a_class_counts_only_while_power_flows() -> None:
    """RFC 3621: the value is the class and one, and stays after the device has gone."""
    rows = standard_rows(
        {
            mibs.PETH_DETECTION: {(1, 1): 3, (1, 2): 2, (1, 3): 3},
            mibs.PETH_CLASS: {(1, 1): 4, (1, 2): 4, (1, 3): 0},
            mibs.PETH_TYPE: {(1, 1): b"Cisco IP Phone 7941"},
            mibs.PETH_COUNTERS["short"]: {(1, 1): 7},
        }
    )
    assert [rows[1, n].poe_class for n in (1, 2, 3)] == [3, None, None]
    assert rows[1, 1].type == "Cisco IP Phone 7941"
    assert rows[1, 1].counters == {"short": 7}


def test_units_of_makers() -> None:
    assert table("tplink", c7={(1,): 26})[1,].power_mw == 2600
    assert table("cisco", c9={(1, 3): 6300})[1, 3].power_mw == 6300
    assert table("powerdsine", c3={(1, 3): 8})[1, 3].power_mw == 8000
    assert table("cisco", c9={(1, 3): -1})[1, 3].power_mw is None


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("Port is on. Valid resistor detected", ON),
        ("Port is on - valid resistor detected", ON),
        ("Port is off. User setting", OFF),
        ("Port is off. Overload state", PortPower.OVERLOAD),
        ("Port is off. Short condition", PortPower.SHORT),
        ("Port is off. Power budget exceeded", PortPower.DENIED),
        ("Port is off. Detection is in process", PortPower.SEARCHING),
        ("Port is off. Hardware fault", PortPower.HARDWARE),
        ("Port is off. Over temperature", PortPower.FAULT),
        ("Something new", PortPower.UNKNOWN),
    ],
)
def test_words_of_radlan(words: str, state: PortPower) -> None:
    row = table("radlan", c5={(1, 7): 0}, c8={(1, 7): words.encode()})[1, 7]
    assert row.state is state
    assert row.words == ("" if state is PortPower.UNKNOWN else words)


def test_huawei_says_legacy_disable_of_a_device_it_does_not_feed() -> None:
    rows = table(
        "huawei",
        c3={(6,): 1, (7,): 1, (8,): 2},
        c7={(6,): b"Legacy disable", (7,): b"Powered", (8,): b"Detecting"},
        c8={(6,): 255, (7,): 4},
        c10={(6,): 0, (7,): 6307},
    )
    assert [rows[n,].state for n in (6, 7, 8)] == [PortPower.SEARCHING, ON, OFF]
    assert [rows[n,].poe_class for n in (6, 7)] == [None, 4]


def test_foundry_has_ports_without_poe() -> None:
    rows = table("foundry", c2={(1,): 1, (2,): 3, (3,): 2}, c6={(1,): 0, (2,): 0, (3,): 0})
    assert [rows[n,].state for n in (1, 2, 3)] == [
        PortPower.NOT_POE,
        PortPower.SEARCHING,
        OFF,
    ]


@pytest.mark.parametrize(
    ("bits", "state"),
    [(b"\x00", PortPower.SEARCHING), (b"\x80", PortPower.DENIED), (b"\x40", PortPower.OVERLOAD),
     (b"\x20", PortPower.SEARCHING), (b"", PortPower.SEARCHING)],
)  # fmt: skip
def test_bits_of_cisco_without_the_standard_table(bits: bytes, state: PortPower) -> None:
    row = table("cisco", c1={(1, 3): 1}, c5={(1, 3): bits}, c9={(1, 3): 0})[1, 3]
    assert row.state is state


def test_watts_alone_tell_only_that_power_flows() -> None:
    rows = table("radlan", c5={(1, 49): 3900, (1, 50): 0})
    assert (rows[1, 49].state, rows[1, 50].state) == (ON, PortPower.UNKNOWN)


SEARCHING = PowerRow(detection=PortPower.SEARCHING, admin=True)
DELIVERING = PowerRow(detection=ON, admin=True)
FAULT = PowerRow(detection=PortPower.FAULT, admin=True)


@pytest.mark.parametrize(
    ("standard", "maker", "state"),
    [
        (FAULT, PowerRow(fault=PortPower.SHORT), PortPower.SHORT),
        (SEARCHING, PowerRow(fault=PortPower.SHORT), PortPower.SEARCHING),
        (SEARCHING, PowerRow(fault=PortPower.DENIED), PortPower.DENIED),
        (DELIVERING, PowerRow(fault=PortPower.DENIED), ON),
        (SEARCHING, PowerRow(said=PortPower.DENIED), PortPower.DENIED),
        (DELIVERING, PowerRow(said=PortPower.SEARCHING), ON),
        (SEARCHING, PowerRow(said=OFF), OFF),
        (FAULT, PowerRow(said=PortPower.FAULT, fault=PortPower.OVERLOAD), PortPower.OVERLOAD),
        (FAULT, PowerRow(), PortPower.FAULT),
        (SEARCHING, PowerRow(no_poe=True), PortPower.NOT_POE),
    ],
)
def test_a_maker_says_more_of_a_port_without_power(
    standard: PowerRow, maker: PowerRow, state: PortPower
) -> None:
    assert joined(standard, maker).state is state


def test_either_table_may_be_missing() -> None:
    assert joined(None, None).state is PortPower.UNKNOWN
    assert joined(SEARCHING, None) == SEARCHING
    maker = PowerRow(power_mw=5, poe_class=2, admin=False)
    assert joined(None, maker) == maker
    both = joined(replace(SEARCHING, admin=None, poe_class=None), maker)
    assert (both.admin, both.poe_class, both.power_mw) == (False, 2, 5)


states = st.one_of(st.none(), st.sampled_from(PortPower))


@given(states, st.one_of(st.none(), st.booleans()), states, states, st.integers(0, 30000))
def test_whoever_an_administrator_switched_off_is_off(detection, admin, said, fault, mw) -> None:
    row = PowerRow(detection, admin, said=said, fault=fault, power_mw=mw)
    assert isinstance(row.state, PortPower)
    if admin is False:
        assert row.state is OFF
    elif detection is ON:
        assert row.state is ON


def test_the_standard_budget_goes_before_the_makers() -> None:
    foundry = platforms()["ruckus_fastiron"].budget
    assert foundry is not None
    own = {foundry.total: {(1,): 370000}, foundry.left: {(1,): 231400}}
    assert budget(own, foundry) == PoeBudget((PoeGroup(1, 370.0, 138.6),))
    standard = {
        mibs.MAIN_POWER: {(1,): 370, (2,): 740},
        mibs.MAIN_STATUS: {(1,): 1, (2,): 3},
        mibs.MAIN_USED: {(1,): 115},
        mibs.MAIN_THRESHOLD: {(1,): 80, (2,): 0},
    }
    assert budget({**own, **standard}, foundry).groups == (
        PoeGroup(1, 370.0, 115.0, threshold_percent=80),
        PoeGroup(2, 740.0, None, faulty=True),
    )
    assert budget({}, foundry) == PoeBudget()
    assert budget({}, None) == PoeBudget()


def test_figures_without_an_index_and_a_slot_without_supply() -> None:
    made = BudgetTable(total=(9, 1), used=(9, 2), unit=Unit.DECIWATT)
    read = {(9, 1): {(0,): 1500}, (9, 2): {(0,): 404}}
    assert budget(read, made).groups == (PoeGroup(1, 150.0, 40.400000000000006),)
    assert budget({(9, 1): {(1,): 0, (2,): 500}}, made).groups == (PoeGroup(2, 50.0, None),)


def test_the_group_that_feeds_a_port() -> None:
    stack = PoeBudget((PoeGroup(1, 370, 10), PoeGroup(2, 370, 20)))
    assert stack.of((2, 5)) == PoeGroup(2, 370, 20)
    assert stack.of((3, 5)) is None
    assert stack.of((5,)) is None
    assert stack.of(None) is None
    assert PoeBudget((PoeGroup(1001, 1440, 96),)).of((1, 5)) == PoeGroup(1001, 1440, 96)
