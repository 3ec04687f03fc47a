"""When a rollout goes on, and when it stops; whom it offers its image."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import UnknownThingError
from provisioner.filestore.rollout import (
    Device,
    Image,
    Policy,
    Progress,
    Rollout,
    Standing,
    State,
    Step,
    Taken,
    advance,
    concerns,
    in_charge,
    is_offered,
    is_older,
    same_version,
    standing,
)
from provisioner.filestore.stages import Spot, Stage, default_stages, read_stages, stage_of

NOW = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - naive UTC, as stored
MIN = timedelta(minutes=1)
IMAGE = Image(1, "T31P-124.86.0.75.rom", "124.86.0.75", frozenset({"yealink/t31p"}))
STAGES = read_stages("rooms=101 floor=1 all")
ROLLOUT = Rollout(7, "casa", IMAGE, STAGES, 0, NOW, State.ACTIVE, Policy())
PHONE = Device("805ec0000101", "casa", "yealink/t31p", "101", "1", "124.86.0.10")
BASE_IMAGE = Image(2, "W73H.rom", "116.86.0.1", frozenset({"yealink/w70b"}), "W73H")
BASE = Device(
    "805ec0000700", "casa", "yealink/w70b", "101", "1", "146.85.0.5", ("W73H", "", "W56H")
)


def test_stages_as_people_write_them() -> None:
    assert [str(s) for s in read_stages("rooms=214,215  floor=2 all")] == [
        "rooms=214,215",
        "floor=2",
        "all",
    ]
    assert read_stages("room=7 floors=G,1") == (Stage(rooms=("7",)), Stage(floors=("G", "1")))
    for wrong in ("", "rooms=", "214", "floor 2", "everything", "all " * 21):
        with pytest.raises(UnknownThingError):
            read_stages(wrong)


def test_a_room_belongs_to_its_first_stage() -> None:
    assert stage_of(STAGES, "101", "1") == 0
    assert stage_of(STAGES, "102", "1") == 1
    assert stage_of(STAGES, "201", "2") == 2
    assert stage_of(STAGES, "lobby", "") == 2
    assert stage_of(STAGES[:2], "lobby", "") is None


def test_careful_stages_are_a_room_its_floor_and_the_rest() -> None:
    spots = [
        Spot("110", "1", "a"),
        Spot("109", "1", "a"),
        Spot("9", "0", "b"),
        Spot("201", "2", "a"),
    ]
    assert [str(s) for s in default_stages(spots)] == ["rooms=9,109", "floor=0,1", "all"]
    assert [str(s) for s in default_stages(spots, floors=["2"])] == ["rooms=201", "floor=2"]
    assert [str(s) for s in default_stages(spots, rooms=["110"])] == ["rooms=110"]
    both = default_stages(spots, ["110"], ["2"])
    assert [str(s) for s in both] == ["rooms=110", "floor=2"]
    assert [str(s) for s in default_stages([Spot("lobby", "", "a")])] == ["rooms=lobby", "all"]


@pytest.mark.parametrize(
    ("one", "other", "same", "older"),
    [
        ("124.86.0.75", "124.86.0.75", True, False),
        ("05.20.0001", "5.20.1", True, False),
        ("2.12.9", "2.12.20", False, True),
        ("10.1.184.15", "10.1.33.33", False, False),
    ],
)
def test_versions(one: str, other: str, same: bool, older: bool) -> None:
    assert (same_version(one, other), is_older(one, other)) == (same, older)


def test_only_phones_of_its_models_are_concerned() -> None:
    assert concerns(IMAGE, PHONE)
    assert not concerns(IMAGE, replace(PHONE, model="yealink/t46u"))
    assert concerns(BASE_IMAGE, BASE)
    assert not concerns(BASE_IMAGE, replace(BASE, handsets=("W56H",)))
    assert not concerns(BASE_IMAGE, replace(BASE, handsets=()))
    part = replace(BASE_IMAGE, models=IMAGE.models, handset="wlconf", is_part=True)
    assert concerns(part, PHONE)
    rollout = replace(ROLLOUT, image=part)
    told = [standing(rollout, PHONE, Taken(n, NOW)) for n in (0, 1, 3)]
    assert told == [Standing.OFFERED, Standing.HAS_IT, Standing.LOOPING]


def test_the_newest_rollout_is_in_charge_for_each_part() -> None:
    older, newer = ROLLOUT, replace(ROLLOUT, id=8, stages=STAGES[:1], state=State.STOPPED)
    handset = replace(ROLLOUT, id=3, image=BASE_IMAGE)
    base = replace(ROLLOUT, id=4, image=replace(BASE_IMAGE, id=5, handset=""))
    assert in_charge([older, newer], PHONE) == (newer,)
    assert in_charge([older, newer], replace(PHONE, room="102")) == (older,)
    assert in_charge([older], replace(PHONE, site="other")) == ()
    assert in_charge([older, handset, base], BASE) == (base, handset)


@pytest.mark.parametrize(
    ("version", "room", "taken", "state", "how"),
    [
        ("124.86.0.10", "101", 0, State.ACTIVE, Standing.OFFERED),
        ("124.86.0.10", "101", 0, State.DONE, Standing.OFFERED),
        ("124.86.0.10", "101", 2, State.ACTIVE, Standing.FETCHED),
        ("124.86.0.10", "101", 3, State.ACTIVE, Standing.LOOPING),
        ("124.86.0.10", "101", 0, State.PAUSED, Standing.HELD),
        ("124.86.0.10", "101", 1, State.STOPPED, Standing.HELD),
        ("124.86.0.10", "102", 0, State.ACTIVE, Standing.LATER),
        ("124.86.0.75", "101", 0, State.ACTIVE, Standing.HAS_IT),
        ("124.86.0.75", "101", 5, State.STOPPED, Standing.HAS_IT),
        ("124.87.0.1", "101", 0, State.ACTIVE, Standing.NEWER),
        ("", "101", 0, State.ACTIVE, Standing.UNHEARD),
    ],
)
def test_standing(version: str, room: str, taken: int, state: State, how: Standing) -> None:
    device = replace(PHONE, version=version, room=room)
    rollout = replace(ROLLOUT, state=state)
    found = standing(rollout, device, Taken(taken, NOW))
    assert found is how
    assert is_offered(rollout, found) == (how in {Standing.OFFERED, Standing.FETCHED})


def test_a_downgrade_is_offered_when_it_was_said() -> None:
    device = replace(PHONE, version="124.87.0.1")
    assert standing(replace(ROLLOUT, downgrade=True), device, Taken()) is Standing.OFFERED


def test_handsets_go_on_getting_theirs_until_it_is_too_often() -> None:
    rollout = replace(ROLLOUT, image=BASE_IMAGE)
    told = [standing(rollout, BASE, Taken(n, NOW)) for n in (0, 1, 5, 6)]
    assert told == [Standing.OFFERED, Standing.HAS_IT, Standing.HAS_IT, Standing.LOOPING]
    assert [is_offered(rollout, how) for how in told] == [True, True, True, False]
    later = replace(rollout, stages=read_stages("rooms=9 all"))
    assert standing(later, BASE, Taken()) is Standing.LATER
    assert standing(replace(rollout, state=State.PAUSED), BASE, Taken()) is Standing.HELD


def through(stage: int = 0, mac: str = "a") -> Progress:
    return Progress(mac, stage, Standing.HAS_IT)


def test_the_next_stage_waits_for_all_phones_of_this_one() -> None:
    waiting = Progress("b", 0, Standing.OFFERED)
    assert advance(ROLLOUT, [through(), waiting], NOW).step is Step.WAIT
    assert advance(ROLLOUT, [through(), waiting], NOW).macs == ("b",)
    assert advance(ROLLOUT, [through(), through(mac="b")], NOW).step is Step.NEXT
    assert advance(replace(ROLLOUT, stage=2), [through(2)], NOW).step is Step.DONE
    assert advance(ROLLOUT, [], NOW).step is Step.NEXT  # a room without such phones


def test_it_stops_when_a_phone_does_not_return() -> None:
    gone = Progress("b", 0, Standing.FETCHED, NOW)
    assert advance(ROLLOUT, [through(), gone], NOW + 29 * MIN).step is Step.WAIT
    stop = advance(ROLLOUT, [through(), gone], NOW + 30 * MIN)
    assert (stop.step, stop.macs) == (Step.STOP, ("b",))
    assert "T31P-124.86.0.75.rom" in stop.reason
    assert "within 30 minutes" in stop.reason
    # also one of an earlier stage: a phone that was exchanged meanwhile
    later = replace(ROLLOUT, stage=1)
    assert advance(later, [through(1), gone], NOW + 30 * MIN).step is Step.STOP


def test_it_stops_when_too_many_never_fetch() -> None:
    silent = [Progress(f"s{n}", 0, Standing.OFFERED) for n in range(3)]
    some = [*silent, *(through(mac=f"t{n}") for n in range(7))]
    day = timedelta(hours=1)
    assert advance(ROLLOUT, some, NOW + 47 * day).step is Step.WAIT
    assert advance(ROLLOUT, some, NOW + 48 * day).step is Step.STOP
    assert advance(ROLLOUT, some[1:], NOW + 48 * day).step is Step.STOP  # 2 of 9 are 22 %
    few = [*silent[:1], *(through(mac=f"t{n}") for n in range(7))]
    assert (
        advance(ROLLOUT, few, NOW + 480 * day).step is Step.WAIT
    )  # for ever, and it says for whom


progresses = st.lists(
    st.builds(
        Progress,
        st.text("0123456789abcdef", min_size=12, max_size=12),
        st.integers(0, 2),
        st.sampled_from(Standing),
        st.none() | st.integers(0, 5000).map(lambda minutes: NOW + minutes * MIN),
    ),
    max_size=12,
)


@given(
    progresses,
    st.integers(0, 2),
    st.integers(0, 10_000),
    st.builds(
        Policy,
        return_minutes=st.integers(1, 120),
        patience_hours=st.integers(1, 100),
        never_fetched_percent=st.integers(0, 100),
    ),
)
def test_a_decision_is_never_careless(
    phones: list[Progress], stage: int, minutes: int, policy: Policy
) -> None:
    phones = [p for p in phones if p.stage <= stage]
    rollout = replace(ROLLOUT, stage=stage, policy=policy)
    now = NOW + minutes * MIN
    made = advance(rollout, phones, now)
    here = [p for p in phones if p.stage == stage]
    lost = [
        p.mac
        for p in phones
        if not p.is_through
        and p.first_at is not None
        and now - p.first_at >= policy.return_minutes * MIN
    ]
    if made.step in {Step.NEXT, Step.DONE}:
        assert all(p.is_through for p in here)
        assert not lost
        assert (made.step is Step.DONE) == (stage == 2)
    if lost:
        assert made.step is Step.STOP
        assert list(made.macs) == lost
    if made.step is Step.STOP:
        assert made.reason
        assert made.macs
        assert lost or minutes >= policy.patience_hours * 60
    if made.step is Step.WAIT:
        assert list(made.macs) == [p.mac for p in here if not p.is_through]
    assert advance(rollout, list(reversed(phones)), now).step is made.step
    assert advance(rollout, phones, now) == made


@given(progresses, st.integers(0, 10_000), st.integers(0, 10_000))
def test_waiting_longer_never_takes_a_stop_back(
    phones: list[Progress], minutes: int, more: int
) -> None:
    phones = [p for p in phones if p.stage == 0]
    first = advance(ROLLOUT, phones, NOW + minutes * MIN)
    if first.step is Step.STOP:
        assert advance(ROLLOUT, phones, NOW + (minutes + more) * MIN).step is Step.STOP


@given(
    st.lists(st.sampled_from(["rooms=1", "rooms=2,3", "floor=1", "floor=2", "all"]), min_size=1),
    st.lists(st.tuples(st.sampled_from("123459"), st.sampled_from(["", "1", "2"])), max_size=8),
)
def test_with_phones_that_all_come_back_every_stage_comes_and_none_twice(
    words: list[str], places: list[tuple[str, str]]
) -> None:
    stages = read_stages(" ".join(words[:20]))
    rollout = replace(ROLLOUT, stages=stages)
    versions = dict.fromkeys(range(len(places)), "1.0")
    steps = 0
    while True:
        steps += 1
        phones = []
        for number, (room, floor) in enumerate(places):
            device = replace(
                PHONE, mac=str(number), room=room, floor=floor, version=versions[number]
            )
            stage = stage_of(stages, room, floor)
            how = standing(rollout, device, Taken())
            if is_offered(rollout, how):
                assert stage is not None
                assert stage <= rollout.stage
                versions[number] = IMAGE.version  # it takes it and comes back
                how = Standing.HAS_IT
            if stage is not None and stage <= rollout.stage:
                phones.append(Progress(device.mac, stage, how))
        made = advance(rollout, phones, NOW)
        assert made.step in {Step.NEXT, Step.DONE}
        if made.step is Step.DONE:
            break
        rollout = replace(rollout, stage=rollout.stage + 1)
    assert steps == len(stages)
    reached = [n for n, place in enumerate(places) if stage_of(stages, *place) is not None]
    assert all(versions[n] == IMAGE.version for n in reached)
    assert all(versions[n] == "1.0" for n in versions if n not in reached)
