"""What holds a remedy back: every guard alone, and that one is enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitors.places import Located, Place, Remembered
from monitors.remedies.case import Calls, Case, Guard, ThisHost, Verdict
from monitors.remedies.guards import automatic, judge, may
from monitors.remedies.kinds import Remedy, WayKind
from monitors.remedies.ways import Way, Ways
from monitors.signals import Link, Mapping, PortPower, SwitchState, Whereabouts
from monitors.snmp.values import Failure, FailureKind
from monitors.switches.reading import How, Learned, Neighbour, PortReading, SwitchReading
from provisioner.inventory.records import Phone
from provisioner.mac import MacAddress

MINE, OTHER, PC = (MacAddress(m) for m in ("805ec0000100", "0c383e010101", "54bf64936980"))
NOW = datetime(2026, 11, 22, 9, 0)  # noqa: DTZ001 - naive UTC, as in the database
PHONE = Phone("casa", "101", "bedside", MINE, "yealink/t46u", "guest-room", ("2101",))
HERE, THERE = Place("sw-2", 5, "Gi1/0/5"), Place("sw-2", 7, "Gi1/0/7")
PORT = PortReading(
    pse=(1, 5), if_index=5, name="Gi1/0/5", admin=True, state=PortPower.DELIVERING,
    power_mw=3200, mapping=Mapping.PROVEN, link=Link.UP,
    neighbours=(Neighbour(How.LLDP, MINE, ip="10.20.1.5", is_phone=True),),
    learned=(Learned(MINE, 20),),
)  # fmt: skip
SWITCH = SwitchReading("sw-2", SwitchState.UP, ports=(PORT,))
LOCATED = Located(MINE, Whereabouts.IN_PLACE, HERE, HERE, Mapping.PROVEN, since_s=0.0)
MEMORY = Remembered(HERE, Mapping.PROVEN, HERE, 0.0, Mapping.PROVEN)
GOOD = Case(
    Remedy.POE_CYCLE, PHONE, NOW, extensions=("2101",),
    neighbours={OTHER: ("102 bedside", ("2102",))},
    located=LOCATED, memory=MEMORY, switch=SWITCH, port=PORT,
    host=ThisHost(frozenset({MacAddress("02fc00000001")}), frozenset({"10.20.0.9"})),
    ways=Ways((Way(WayKind.SNMP_ADMIN, "SNMP"),)),
)  # fmt: skip
OK, CONFIRM, REFUSED = Verdict.OK, Verdict.CONFIRM, Verdict.REFUSED


def port(**changes: Any) -> Case:
    made = replace(PORT, **changes)
    return replace(GOOD, port=made, switch=replace(SWITCH, ports=(made,)))


def with_neighbours(*more: Neighbour) -> Case:
    return port(neighbours=(*PORT.neighbours, *more))


def gone(hours: float, **memory: Any) -> Case:
    located = Located(MINE, Whereabouts.GONE, None, HERE, Mapping.PROVEN, since_s=hours * 3600)
    silent = port(neighbours=(), learned=())
    return replace(silent, located=located, memory=replace(MEMORY, **memory))


def said(case: Case, name: str) -> Guard:
    return next(g for g in judge(case) if g.name == name)


def test_a_hung_phone_on_its_proven_port_may_be_cycled() -> None:
    guards = judge(GOOD)
    assert {g.verdict for g in guards} == {OK}
    assert may(guards, by_hand=False, confirmed=False)
    assert len(guards) == 11


CROWD = tuple(Learned(MacAddress(f"54bf649369{n:02x}"), 20) for n in range(8))
BRIDGE = Neighbour(How.LLDP, PC, name="core", is_bridge=True)
BROKEN = Failure(FailureKind.SILENT, "no answer")
CASES = [
    # which port
    (replace(GOOD, switch=None, port=None), "switch", REFUSED, "no switch is known"),
    (replace(GOOD, switch=SwitchReading("sw-2", SwitchState.DOWN, failure=BROKEN)), "switch",
     REFUSED, "sw-2 cannot be read: no answer"),
    (replace(GOOD, switch=replace(SWITCH, failure=BROKEN)), "switch", REFUSED, "broke off"),
    (replace(GOOD, located=None), "port", REFUSED, "not known"),
    (port(mapping=Mapping.ASSUMED), "port", REFUSED, "power port 1.5 is port Gi1/0/5 is assumed"),
    (port(mapping=Mapping.LIKELY), "port", REFUSED, "likely, not proven"),
    (port(pse=None, mapping=Mapping.NONE), "port", REFUSED, "power port none"),
    (replace(GOOD, located=replace(LOCATED, mapping=Mapping.LIKELY)), "port", REFUSED,
     "is likely, not proven"),
    (replace(GOOD, located=replace(LOCATED, whereabouts=Whereabouts.TWO_PLACES, also_at=(THERE,))),
     "port", REFUSED, "on port Gi1/0/5 and on sw-2 Gi1/0/7"),
    (gone(2), "port", OK, "until 2.0 h ago"),
    (gone(30), "port", REFUSED, "30 h ago; 24 h at most"),
    (gone(2, mapping=Mapping.LIKELY), "port", REFUSED, "likely only"),
    (replace(gone(30), remedy=Remedy.POE_ON), "port", OK, "until 30.0 h ago"),
    (replace(gone(1), memory=None), "port", REFUSED, "never seen"),
    # who else
    (port(learned=(Learned(MINE, 20), Learned(PC, 1))), "foreign", REFUSED, PC.colons),
    (with_neighbours(Neighbour(How.CDP, PC, name="printer")), "foreign", REFUSED, "printer"),
    (with_neighbours(Neighbour(How.CDP, None, name="AP-3")), "foreign", REFUSED, "AP-3"),
    (with_neighbours(Neighbour(How.CDP, None, name="SEP", is_phone=True)), "foreign", OK, "nobody"),
    (gone(1), "foreign", OK, "nobody else"),
    (replace(gone(1), port=replace(PORT, neighbours=(Neighbour(How.CDP, None, is_phone=True),),
                                   learned=())), "foreign", REFUSED, "a device"),
    (port(learned=(Learned(MINE, 20), Learned(OTHER, 20))), "foreign", CONFIRM, "102 bedside"),
    (replace(gone(1), port=replace(PORT, neighbours=(), learned=(Learned(OTHER, 20),))),
     "foreign", REFUSED, "102 bedside"),
    (replace(GOOD, sees_macs=False), "foreign", CONFIRM, "does not tell"),
    (with_neighbours(BRIDGE), "uplink", REFUSED, "core"),
    (port(neighbours=(), learned=CROWD), "uplink", REFUSED, "8 addresses learned"),
    (replace(GOOD, uplinks=frozenset({HERE})), "uplink", REFUSED, "leads to other devices"),
    (replace(GOOD, host=ThisHost(frozenset({MINE}))), "own-port", REFUSED, "this machine itself"),
    (replace(GOOD, host=ThisHost(addresses=frozenset({"10.20.1.5"}))), "own-port", REFUSED,
     "10.20.1.5"),
    (replace(port(neighbours=()), host=ThisHost(addresses=frozenset({"10.20.1.5"})),
             switch=replace(SWITCH, addresses={MINE: "10.20.1.5"})), "own-port", REFUSED,
     "10.20.1.5"),
    # power
    (GOOD, "power", OK, "delivering, 3.2 W"),
    (port(admin=False, state=PortPower.OFF), "power", REFUSED, "switched off there by somebody"),
    (port(state=PortPower.SEARCHING, power_mw=0), "power", REFUSED, "feeds nobody"),
    (port(state=PortPower.NOT_POE, power_mw=None), "power", REFUSED, "feeds nobody"),
    (port(state=PortPower.FAULT), "power", CONFIRM, "does not feed it: fault"),
    (port(state=PortPower.UNKNOWN), "power", CONFIRM, "unknown"),
    (replace(port(admin=False), remedy=Remedy.POE_ON), "power", OK, "PoE is off"),
    (replace(GOOD, remedy=Remedy.POE_ON), "power", REFUSED, "it is on: delivering"),
    (replace(GOOD, limit="once in 10 minutes"), "limit", REFUSED, "once in 10 minutes"),
    # calls
    (replace(GOOD, calls=Calls(frozenset({"2101"}))), "call", REFUSED, "extension 2101"),
    (replace(GOOD, calls=Calls(frozenset({"2102"}))), "call", OK, "no call"),
    (replace(port(learned=(Learned(OTHER, 20),)), calls=Calls(frozenset({"2102"}))), "call",
     REFUSED, "2102 of 102 bedside"),
    (replace(GOOD, calls=Calls(problem="10.20.0.5: refused")), "call", CONFIRM, "10.20.0.5"),
    (replace(GOOD, remedy=Remedy.REBOOT, calls=Calls(frozenset({"2101"}))), "call", REFUSED, "2101"),
    (replace(GOOD, remedy=Remedy.RESYNC, calls=Calls(frozenset({"2101"}))), "call", CONFIRM, "2101"),
    # who it is, and how often
    (replace(GOOD, urgent="preset bathroom"), "emergency", CONFIRM, "preset bathroom"),
    (replace(GOOD, last=NOW - timedelta(minutes=9)), "repeat", REFUSED, "9 min ago"),
    (replace(GOOD, last=NOW - timedelta(minutes=10)), "repeat", OK, "2026-11-22 08:50"),
    (replace(GOOD, remedy=Remedy.RESYNC, last=NOW), "repeat", CONFIRM, "0 min ago"),
    (replace(GOOD, ways=Ways(missing="SNMP write access")), "way", REFUSED, "SNMP write access"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "name", "verdict", "words"), CASES, ids=[f"{c[1]} {c[3]}" for c in CASES]
)
def test_each_guard_says_what_it_measured(
    case: Case, name: str, verdict: Verdict, words: str
) -> None:
    guard = said(case, name)
    assert (guard.verdict, words in guard.sentence) == (verdict, True), guard
    guards = judge(case)
    if verdict is REFUSED:
        assert not may(guards, by_hand=True, confirmed=True)
    if verdict is CONFIRM:
        assert not may(guards, by_hand=True, confirmed=False)
        assert not may(guards, by_hand=False, confirmed=True)


def test_a_person_may_confirm_what_is_only_doubted() -> None:
    doubted = replace(GOOD, urgent="position bathroom", calls=Calls(problem="no PBX"))
    assert may(judge(doubted), by_hand=True, confirmed=True)
    refused = replace(doubted, located=None)
    assert not may(judge(refused), by_hand=True, confirmed=True)


def test_a_resync_asks_no_switch() -> None:
    names = {g.name for g in judge(replace(GOOD, remedy=Remedy.RESYNC, port=None, switch=None))}
    assert names == {"way", "call", "emergency", "repeat"}


def test_what_holds_back_only_when_nobody_asks() -> None:
    assert {g.verdict for g in automatic(GOOD)} == {OK}
    held = automatic(replace(GOOD, maintenance="maintenance until 12:00", excepted="room 101"))
    assert [(g.verdict, g.sentence) for g in held] == [
        (REFUSED, "maintenance until 12:00"),
        (REFUSED, "room 101"),
    ]
