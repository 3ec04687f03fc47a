"""From readings and topology to the signals of one phone's diagnosis."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.evidence import Evidence
from monitors.places import Place, Remembered
from monitors.signals import (
    Budget,
    Link,
    Mapping,
    PortPower,
    Signal,
    SwitchState,
    Trouble,
    Vlan,
    Watts,
    Whereabouts,
)
from monitors.signals import Neighbour as Seen
from monitors.snmp.values import Failure, FailureKind
from monitors.switches.reading import (
    How,
    Learned,
    Neighbour,
    PoeBudget,
    PoeGroup,
    PortReading,
    SwitchReading,
)
from monitors.switches.signals_of import (
    Observed,
    PortSignals,
    budget_signal,
    port_signals,
    power_signal,
    watts_signal,
)
from monitors.topology import locate
from provisioner.mac import MacAddress

A, B = MacAddress("805ec0000100"), MacAddress("805ec0000101")
P1 = Place("sw1", 1, "Gi1")
PORT = PortReading(
    pse=(1, 1), if_index=1, name="Gi1", state=PortPower.DELIVERING, power_mw=3900, poe_class=2,
    mapping=Mapping.PROVEN, link=Link.UP, speed_mbit=1000,
    neighbours=(Neighbour(How.LLDP, A, "10.0.0.5", "SIP-T46U", is_phone=True),),
    learned=(Learned(A, 20),),
)  # fmt: skip
BUDGET = PoeBudget((PoeGroup(1, 370.0, 115.0),))


def switch(*ports: PortReading, **more: object) -> SwitchReading:
    return SwitchReading("sw1", SwitchState.UP, ports=ports or (PORT,), budget=BUDGET, **more)


def signals(reading: SwitchReading, mac: MacAddress = A, **more: object) -> PortSignals:
    memory = more.pop("remembered", {})
    topology = locate([reading], [A, B], memory, 100.0)
    hour = more.pop("hour", {})
    observed = {"sw1": Observed(reading, 30.0, 200.0, hour)}
    return port_signals(mac, topology, observed, **more)


def test_a_phone_that_is_well() -> None:
    made = signals(switch(), voice_vlan=20)
    assert made.mapping == Signal(Mapping.PROVEN, 0.0, "snmp sw1", "Gi1")
    assert made.switch == Signal(SwitchState.UP, 30.0, "snmp sw1")
    assert made.power == Signal(PortPower.DELIVERING, 30.0, "snmp sw1", "delivering")
    assert made.watts == Signal(Watts.NORMAL, 30.0, "snmp sw1", "3.9 W")
    assert made.budget == Signal(Budget.ENOUGH, 30.0, "snmp sw1", "115 of 370 W")
    assert made.link == Signal(Link.UP, 30.0, "snmp sw1", "up, 1000 Mbit/s")
    assert made.neighbour == Signal(Seen.THIS_PHONE, 200.0, "snmp sw1", "SIP-T46U")
    assert made.whereabouts == Signal(Whereabouts.IN_PLACE, 0.0, "snmp sw1", "sw1 Gi1")
    assert made.vlan == Signal(Vlan.VOICE, 200.0, "snmp sw1", "VLAN 20")
    assert made.facts == {
        "switch": "sw1", "port": "Gi1", "watts": "3.9 W", "class": "2", "used_w": "115",
        "total_w": "370", "speed": "1000 Mbit/s", "vlan": "VLAN 20",
    }  # fmt: skip


def test_the_signals_are_those_of_the_evidence() -> None:
    made = signals(switch())
    names = set(Evidence().signals()) & set(PortSignals.__slots__)
    assert len(names) == 9
    evidence = replace(Evidence(), **{name: getattr(made, name) for name in names})
    assert evidence.power.value is PortPower.DELIVERING


def test_a_dead_phone_is_judged_by_the_port_where_it_belongs() -> None:
    gone = replace(
        PORT, state=PortPower.SHORT, power_mw=0, link=Link.DOWN, neighbours=(), learned=()
    )
    memory = {A: Remembered(P1, Mapping.PROVEN, P1, 40.0, Mapping.PROVEN)}
    made = signals(switch(gone), remembered=memory)
    assert made.power.value is PortPower.SHORT
    assert made.whereabouts.value is Whereabouts.GONE
    assert made.mapping == Signal(Mapping.PROVEN, 60.0, "snmp sw1", "Gi1")
    assert made.neighbour.value is Seen.NOTHING
    assert made.watts.value is Watts.NONE


def test_a_phone_that_has_not_said_a_word_lately() -> None:
    """The link is up, so somebody is there: the forwarding table has forgotten who."""
    quiet = replace(PORT, neighbours=(), learned=())
    memory = {A: Remembered(P1, Mapping.PROVEN, P1, 40.0, Mapping.PROVEN)}
    assert signals(switch(quiet), remembered=memory).neighbour.value is Seen.UNKNOWN


def test_a_phone_in_the_socket_of_another_room() -> None:
    other = Neighbour(How.LLDP, B, name="SIP-T46U", is_phone=True)
    there = replace(PORT, if_index=2, pse=(1, 2), name="Gi2")
    memory = {A: Remembered(P1, Mapping.PROVEN, P1, 0.0, Mapping.PROVEN)}
    made = signals(
        switch(replace(PORT, neighbours=(other,), learned=()), there),
        remembered=memory,
        rooms={B: "216"},
    )
    assert made.neighbour.value is Seen.OTHER_PHONE
    assert made.whereabouts.value is Whereabouts.OTHER_PORT
    assert made.facts["port"] == "Gi1"
    assert made.facts["other_port"] == "Gi2"
    assert made.facts["other_room"] == "216"
    assert made.facts["neighbour"] == "SIP-T46U"


def test_a_phone_on_two_ports_names_the_other() -> None:
    twice = replace(PORT, if_index=2, pse=(1, 2), name="Gi2")
    made = signals(switch(PORT, twice))
    assert made.whereabouts.value is Whereabouts.TWO_PLACES
    assert made.facts["other_port"] in {"Gi1", "Gi2"}


@pytest.mark.parametrize(
    ("vlans", "voice", "said", "vlan"),
    [
        ((20,), 20, None, Vlan.VOICE),
        ((20, 30), 20, None, Vlan.VOICE),
        ((30,), 20, None, Vlan.WRONG),
        ((None,), 20, None, Vlan.UNKNOWN),
        ((None,), 20, 20, Vlan.VOICE),
        ((None,), 20, 30, Vlan.WRONG),
        ((30,), None, None, Vlan.UNKNOWN),
    ],
)
def test_the_vlan_of_a_phone(vlans, voice, said, vlan: Vlan) -> None:
    told = replace(PORT.neighbours[0], voice_vlan=said)
    port = replace(PORT, learned=tuple(Learned(A, v) for v in vlans), neighbours=(told,))
    made = signals(switch(port), voice_vlan=voice)
    assert made.vlan.value is vlan
    assert ("seen_vlan" in made.facts) == (vlan is Vlan.WRONG and said is None)


def test_troubles_and_an_unstable_link() -> None:
    made = signals(switch(), hour={1: {"short": 1, "flaps": 4, "in_errors": 120}})
    assert made.troubles == {Trouble.SHORT, Trouble.LINK_ERRORS}
    assert made.link.value is Link.UNSTABLE
    assert made.link.measured == "up, 1000 Mbit/s, 4 changes in an hour, 120 errors in an hour"
    down = signals(switch(replace(PORT, link=Link.DOWN)), hour={1: {"flaps": 4}},
                   remembered={A: Remembered(P1, Mapping.PROVEN, P1, 0.0, Mapping.PROVEN)})  # fmt: skip
    assert down.link.value is Link.DOWN


def test_a_slow_link_and_a_shut_port() -> None:
    slow = replace(PORT, link=Link.DEGRADED, speed_mbit=10, half_duplex=True)
    made = signals(switch(slow))
    assert (made.link.measured, made.facts["speed"]) == (
        "degraded, 10 Mbit/s, half duplex",
        "10 Mbit/s/half",
    )
    shut = replace(PORT, link=Link.BLOCKED, blocked_by="BPDU guard")
    memory = {A: Remembered(P1, Mapping.PROVEN, P1, 0.0, Mapping.PROVEN)}
    assert signals(switch(shut), remembered=memory).link.measured == "BPDU guard"


def test_a_switch_that_does_not_answer() -> None:
    failure = Failure(FailureKind.REFUSED, "it does not accept our community")
    reading = SwitchReading("sw1", SwitchState.REFUSED, failure=failure)
    memory = {A: Remembered(P1, Mapping.PROVEN, P1, 0.0, Mapping.PROVEN)}
    made = signals(reading, remembered=memory)
    assert made.switch == Signal(SwitchState.REFUSED, 30.0, "snmp sw1", failure.text)
    assert (made.power.value, made.whereabouts.value) == (PortPower.UNKNOWN, Whereabouts.UNKNOWN)
    assert made.facts == {"switch": "sw1", "port": "Gi1"}


def test_a_phone_without_a_place_and_one_that_is_none_of_ours() -> None:
    assert signals(switch(), B) == PortSignals(whereabouts=Signal(Whereabouts.NEVER, 0.0, "snmp"))
    assert signals(switch(), MacAddress("0c383e000214")) == PortSignals()


@pytest.mark.parametrize(
    ("state", "mw", "poe_class", "limit", "watts"),
    [
        (PortPower.DELIVERING, 3900, 2, None, Watts.NORMAL),
        (PortPower.DELIVERING, 400, None, None, Watts.LOW),
        (PortPower.DELIVERING, 0, None, None, Watts.NONE),
        (PortPower.DELIVERING, 6600, 2, 30000, Watts.HIGH),
        (PortPower.DELIVERING, 16000, None, 15400, Watts.HIGH),
        (PortPower.DELIVERING, 16000, None, None, Watts.NORMAL),
        (PortPower.SEARCHING, 0, None, 15400, Watts.NONE),
        (PortPower.DELIVERING, None, 3, 15400, Watts.UNKNOWN),
        (PortPower.UNKNOWN, 0, None, None, Watts.UNKNOWN),
    ],
)
def test_watts(state, mw, poe_class, limit, watts: Watts) -> None:
    port = PortReading(state=state, power_mw=mw, poe_class=poe_class, limit_mw=limit)
    assert watts_signal(port) is watts


@pytest.mark.parametrize(
    ("group", "budget"),
    [
        (None, Budget.UNKNOWN),
        (PoeGroup(1, 370, 115), Budget.ENOUGH),
        (PoeGroup(1, 370, 333), Budget.TIGHT),
        (PoeGroup(1, 370, 340, threshold_percent=95), Budget.ENOUGH),
        (PoeGroup(1, 370, 367), Budget.EXHAUSTED),
        (PoeGroup(1, 370, 0, faulty=True), Budget.FAULTY),
        (PoeGroup(1, None, 69), Budget.UNKNOWN),
        (PoeGroup(1, 370, None), Budget.UNKNOWN),
        (PoeGroup(1, 0, 0), Budget.UNKNOWN),
    ],
)
def test_budgets(group: PoeGroup | None, budget: Budget) -> None:
    assert budget_signal(group) is budget


def test_a_short_circuit_with_a_link_is_a_device_without_poe() -> None:
    port = PortReading(state=PortPower.SHORT, link=Link.UP)
    assert power_signal(port) is PortPower.SEARCHING
    assert power_signal(replace(port, link=Link.DOWN)) is PortPower.SHORT


@given(
    st.sampled_from(PortPower),
    st.sampled_from(Link),
    st.one_of(st.none(), st.integers(0, 90_000)),
    st.one_of(st.none(), st.integers(0, 8)),
    st.dictionaries(st.sampled_from(["short", "flaps", "in_errors"]), st.integers(0, 500)),
)
def test_no_port_is_too_strange(state, link, mw, poe_class, hour) -> None:
    port = replace(PORT, state=state, link=link, power_mw=mw, poe_class=poe_class)
    memory = {A: Remembered(P1, Mapping.PROVEN, P1, 0.0, Mapping.PROVEN)}
    made = signals(switch(port), remembered=memory, hour={1: hour}, voice_vlan=20)
    assert all(isinstance(text, str) for text in made.facts.values())
    assert made.power.value in PortPower
