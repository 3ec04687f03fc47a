"""Which incidents there should be."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.evidence import Group, GroupFinding
from monitors.incident_steps import Close, Ending, Judged, Keep, Leave, Open, OpenIncident
from monitors.incidents import decide, phone_key
from monitors.status import State, Status

NOON = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - naive UTC, as stored
MINUTE = timedelta(minutes=1)
MACS = ("0c383e000001", "0c383e000002", "0c383e000003", "0c383e000004")
SWITCH_DOWN = GroupFinding("A3", Group.SWITCH, "sw-2", frozenset(MACS[:3]), 0.75)


def phone(
    number: int,
    state: State = State.DOWN,
    rule: str = "B5",
    finding: GroupFinding | None = None,
) -> Judged:
    status = Status(state, NOON - 2 * MINUTE, finding.rule if finding else rule)
    return Judged(MACS[number], status, "certain", {"room": f"20{number}"}, finding)


def own(number: int, rule: str = "B5", id_: int = 1) -> OpenIncident:
    return OpenIncident(id_, phone_key(MACS[number]), False, rule, NOON, frozenset({MACS[number]}))


def grouped(*numbers: int, found_at: datetime = NOON, rule: str = "A3") -> OpenIncident:
    macs = frozenset(MACS[n] for n in numbers)
    return OpenIncident(9, "switch sw-2", True, rule, found_at, macs)


def test_a_phone_that_is_down_opens_one() -> None:
    (step,) = decide([], [phone(0), phone(1, State.WORKING), phone(2, State.FAILING)], NOON)
    assert step == Open(
        phone_key(MACS[0]), False, "", "B5", "certain", {"room": "200"}, frozenset({MACS[0]}),
        NOON - 2 * MINUTE,
    )  # fmt: skip


def test_what_is_open_already_is_left_alone() -> None:
    assert decide([own(0)], [phone(0)], NOON) == ()
    assert decide([own(0)], [phone(0, State.RECOVERING)], NOON) == ()


def test_another_cause_is_the_same_incident() -> None:
    (step,) = decide([own(0)], [phone(0, rule="C1")], NOON)
    assert step == Keep(1, "B5", "C1", "certain", {"room": "200"}, frozenset(), is_found=False)


def test_a_phone_that_works_again_closes_it() -> None:
    steps = decide([own(0)], [phone(0, State.WORKING, "I1")], NOON)
    assert steps == (Leave(1, frozenset({MACS[0]}), recovered=True), Close(1, Ending.RECOVERED))


def test_a_phone_that_left_the_inventory_closes_it_without_good_news() -> None:
    steps = decide([own(0)], [phone(1, State.WORKING)], NOON)
    assert steps == (Leave(1, frozenset({MACS[0]}), recovered=False), Close(1, Ending.RETIRED))


def test_a_group_is_one_incident() -> None:
    phones = [phone(n, finding=SWITCH_DOWN) for n in range(3)] + [phone(3, State.WORKING)]
    (step,) = decide([], phones, NOON)
    assert isinstance(step, Open)
    assert (step.key, step.grouped, step.name, step.rule) == ("switch sw-2", True, "sw-2", "A3")
    assert step.macs == frozenset(MACS[:3])
    assert step.facts["phones"] == "3"
    assert step.facts["switch"] == "sw-2"


def test_a_group_whose_phones_only_begin_to_fail_waits() -> None:
    assert decide([], [phone(n, State.FAILING, finding=SWITCH_DOWN) for n in range(3)], NOON) == ()


def test_a_group_takes_the_phones_own_incidents_over() -> None:
    phones = [phone(n, finding=SWITCH_DOWN) for n in range(3)]
    opened, left, closed = decide([own(0)], phones, NOON)
    assert isinstance(opened, Open)
    assert left == Leave(1, frozenset({MACS[0]}), recovered=False)
    assert closed == Close(1, Ending.MERGED)


def test_phones_join_and_leave_a_group() -> None:
    phones = [phone(0, State.WORKING, "I1")] + [phone(n, finding=SWITCH_DOWN) for n in (1, 2)]
    left, kept = decide([grouped(0, 1)], phones, NOON)
    assert left == Leave(9, frozenset({MACS[0]}), recovered=True)
    assert isinstance(kept, Keep)
    assert (kept.rule, kept.joined, kept.is_found) == (None, frozenset({MACS[2]}), True)


@pytest.mark.parametrize(("minutes", "stays"), [(1, True), (9, True), (10, False), (60, False)])
def test_the_last_of_a_group_stays_with_it_for_a_while(minutes: int, stays: bool) -> None:
    incident = grouped(0, found_at=NOON - minutes * MINUTE)
    steps = decide([incident], [phone(0), phone(1, State.WORKING)], NOON)
    if stays:
        assert steps == ()
        return
    opened, left, closed = steps
    assert isinstance(opened, Open)
    assert opened.key == phone_key(MACS[0])
    assert left == Leave(9, frozenset({MACS[0]}), recovered=False)
    assert closed == Close(9, Ending.RECOVERED)  # the switch is well; one phone is not


def test_a_group_with_another_cause_is_the_same_incident() -> None:
    unfed = GroupFinding("A4", Group.SWITCH, "sw-2", frozenset(MACS[:3]), 0.75)
    (kept,) = decide([grouped(0, 1, 2)], [phone(n, finding=unfed) for n in range(3)], NOON)
    assert isinstance(kept, Keep)
    assert (kept.before, kept.rule) == ("A3", "A4")


def test_a_trouble_without_phones() -> None:
    refused = GroupFinding("A5", Group.SWITCH, "sw-2", frozenset(), 0.0)
    (opened,) = decide([], [], NOON, standing=[refused])
    assert isinstance(opened, Open)
    assert (opened.key, opened.rule, opened.macs) == ("switch sw-2", "A5", frozenset())
    incident = grouped(rule="A5")
    assert decide([incident], [], NOON + MINUTE) == ()  # unseen once
    assert decide([incident], [], NOON + 2 * MINUTE) == (Close(9, Ending.RECOVERED),)


JUDGED = st.lists(
    st.tuples(st.sampled_from(State), st.sampled_from(["B5", "C1", "G1"]), st.booleans()),
    min_size=4,
    max_size=4,
)


@given(sweeps=st.lists(JUDGED, min_size=1, max_size=6))
def test_every_phone_that_is_down_is_in_exactly_one_incident(
    sweeps: list[list[tuple[State, str, bool]]],
) -> None:
    """Whatever happens, in whatever order; and nothing is open without a reason."""
    there: dict[int, OpenIncident] = {}
    made = 0
    for minute, sweep in enumerate(sweeps):
        now = NOON + minute * 6 * MINUTE
        phones = [
            phone(n, state, rule, SWITCH_DOWN if with_group else None)
            for n, (state, rule, with_group) in enumerate(sweep)
        ]
        for step in decide(there.values(), phones, now):
            if isinstance(step, Open):
                made += 1
                there[made] = OpenIncident(made, step.key, step.grouped, step.rule, now, step.macs)
            elif isinstance(step, Close):
                del there[step.id]
            else:
                there[step.id] = changed(there[step.id], step, now)
        keys = [incident.key for incident in there.values()]
        assert len(keys) == len(set(keys))
        for one in phones:
            homes = [i for i in there.values() if one.mac in i.macs]
            if one.status.is_open:
                assert len(homes) == 1
            elif one.status.state is not State.FAILING:
                assert homes == []
        assert all(incident.macs for incident in there.values())


def changed(incident: OpenIncident, step: Keep | Leave, now: datetime) -> OpenIncident:
    if isinstance(step, Leave):
        macs, rule, found = incident.macs - step.macs, incident.rule, incident.found_at
    else:
        macs, rule = incident.macs | step.joined, step.rule or incident.rule
        found = now if step.is_found else incident.found_at
    return OpenIncident(incident.id, incident.key, incident.grouped, rule, found, macs)
