"""From evidence to statuses and incidents: groups, hysteresis of words, times, figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitors.diagnosis.wording import words
from monitors.evidence import Evidence, Group
from monitors.incidents import decide
from monitors.probes.registrations import PbxContact
from monitors.signals import (
    Config,
    Link,
    Mapping,
    Options,
    PortPower,
    Registration,
    Security,
    Signal,
    SwitchState,
)
from monitors.snmp.values import Failure, FailureKind
from monitors.status import Policy, State, Status
from monitors.store.statuses import KeptStatus
from monitors.sweep.judging import (
    Verdict,
    diagnosed,
    facts_of,
    judged,
    next_status,
    standing_findings,
    times_of,
    wall_time,
)
from monitors.sweep.registration_desk import AccountState, PhoneState
from monitors.sweep.subjects import Subject
from monitors.switches.reading import SwitchReading
from monitors.switches.signals_of import Observed
from provisioner.catalogue.loader import load
from provisioner.mac import MacAddress

CATALOGUE = load()
NOW = datetime(2026, 11, 22, 9, 0)  # noqa: DTZ001 - as stored
MADRID = ZoneInfo("Europe/Madrid")
POLICY = Policy(misses=2, successes=2)


def subject(number: int, **changes: Any) -> Subject:
    mac = MacAddress(f"805ec00001{number:02x}")
    model = CATALOGUE.models["yealink/t46u"]
    made = Subject(mac, "aurora", f"2{number:02}", f"Room 2{number:02}", "desk", model.id, model,
                   "108.86.0.20", (f"22{number:02}",), voice_vlan=20)  # fmt: skip
    return replace(made, **changes)


WELL = Evidence(
    registration=Signal(Registration.REACHABLE, 3.0, "asterisk 10.20.0.5"),
    config=Signal(Config.CURRENT, 900.0),
    options=Signal(Options.ALIVE, 3.0),
)
DARK = Evidence(
    switch=Signal(SwitchState.DOWN, 3.0, "snmp sw-2"),
    registration=Signal(Registration.UNREACHABLE, 3.0, "asterisk 10.20.0.5"),
    facts={"switch": "sw-2", "port": "gi7"},
)
SHORT = Evidence(
    mapping=Signal(Mapping.PROVEN, 4000.0, "snmp sw-2", "gi7"),
    switch=Signal(SwitchState.UP, 3.0),
    power=Signal(PortPower.SHORT, 3.0),
    link=Signal(Link.DOWN, 3.0),
    registration=Signal(Registration.UNREACHABLE, 3.0),
    facts={"switch": "sw-2", "port": "gi7"},
)


def kept(one: Subject, state: State, rule: str, minutes: int = 1) -> KeptStatus:
    at = NOW - timedelta(minutes=minutes)
    return KeptStatus(one.mac, "aurora", Status(state, at, rule, 2), "certain", at)


def test_a_phone_by_itself() -> None:
    (verdict,) = diagnosed([(subject(7), SHORT)], {}, "asterisk", NOW, 90)
    assert (verdict.diagnosis.rule, verdict.evidence.finding) == ("B5", None)


def test_many_that_fail_with_their_switch_have_its_cause() -> None:
    phones = [subject(n) for n in range(1, 6)]
    previous = {s.mac: kept(s, State.DOWN, "B13") for s in phones[:4]}
    heard = [(s, DARK) for s in phones[:4]] + [(phones[4], WELL)]
    verdicts = diagnosed(heard, previous, "asterisk", NOW, 90)
    assert [v.diagnosis.rule for v in verdicts] == ["A3"] * 4 + ["I1"]
    finding = verdicts[0].evidence.finding
    assert finding is not None
    assert (finding.group, finding.name, len(finding.phones)) == (Group.SWITCH, "sw-2", 4)
    statuses = [next_status(v, PhoneState(), previous.get(v.subject.mac), POLICY, NOW, {})
                for v in verdicts]  # fmt: skip
    steps = decide((), judged(statuses, {v.subject.mac: v for v in verdicts}), NOW)
    (opened,) = steps
    assert (opened.key, opened.rule, len(opened.macs)) == ("switch sw-2", "A3", 4)


def test_the_words_belong_to_the_rule_that_holds() -> None:
    """While a phone recovers, the sentence is still that of its trouble."""
    phone = subject(7)
    down = KeptStatus(phone.mac, "aurora", Status(State.DOWN, NOW, "B5", 2), "certain",
                      NOW, {"port": "gi7"}, ("budget",))  # fmt: skip
    (verdict,) = diagnosed([(phone, WELL)], {phone.mac: down}, "", NOW, 90)
    told = next_status(verdict, PhoneState(), down, POLICY, NOW + timedelta(minutes=1), {})
    assert (told.status.state, told.status.rule) == (State.RECOVERING, "B5")
    assert (told.facts, told.missing, told.made_from) == ({"port": "gi7"}, ("budget",), NOW)
    well = next_status(verdict, PhoneState(), told, POLICY, NOW + timedelta(minutes=2), {})
    assert (well.status.state, well.status.rule) == (State.WORKING, "I1")
    assert well.facts["room"] == "Room 207"


def test_facts_make_the_sentence() -> None:
    (verdict,) = diagnosed([(subject(7), SHORT)], {}, "", NOW, 90)
    told = words("B5", facts_of(verdict, PhoneState())).sentence
    assert "gi7" in told
    assert "sw-2" in told
    assert "Room 207" in told


def test_a_stranger_on_the_extension_is_named() -> None:
    signal = Signal(Registration.OTHER_ADDRESS, 3.0, "asterisk 10.20.0.5", "Zoiper at 10.9.9.9")
    refused = Signal(Security.ACL, 3.0, measured="FailedACL for 2207")
    state = PhoneState(AccountState("2207", signal, refused))
    facts = facts_of(Verdict(subject(7), WELL, diagnosed([(subject(7), WELL)], {}, "", NOW, 90)[0]
                             .diagnosis), state)  # fmt: skip
    assert facts["device"] == "Zoiper at 10.9.9.9"
    assert facts["status"] == "FailedACL for 2207"
    assert facts["pbx"] == "asterisk 10.20.0.5"


def test_times_are_the_sites_own() -> None:
    assert wall_time(NOW, MADRID, NOW) == "10:00"
    assert wall_time(NOW - timedelta(days=1), MADRID, NOW) == "2026-11-21 10:00"
    (verdict,) = diagnosed([(subject(7), SHORT)], {}, "", NOW, 90)
    assert times_of(verdict, PhoneState(), MADRID, NOW)["since"] == "08:53"
    contact = PbxContact("2207", "sip:2207@10.20.1.7", "10.20.1.7")
    gone = AccountState("2207", Signal(Registration.REMOVED), last=contact,
                        gone_at=NOW - timedelta(hours=1))  # fmt: skip
    assert times_of(verdict, PhoneState(gone), MADRID, NOW)["since"] == "09:00"


def test_what_stands_without_phones() -> None:
    refusing = SwitchReading("sw-1", SwitchState.REFUSED,
                             failure=Failure(FailureKind.REFUSED, "wrong key"))  # fmt: skip
    found = standing_findings({"sw-1": Observed(refusing)}, "asterisk 10.20.0.5", "it is closed")
    assert [(f.rule, f.name) for f in found] == [("A5", "sw-1"), ("A1", "asterisk 10.20.0.5")]
    up = SwitchReading("sw-1", SwitchState.UP)
    assert standing_findings({"sw-1": Observed(up)}, "asterisk", "") == ()
