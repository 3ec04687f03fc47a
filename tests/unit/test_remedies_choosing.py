"""What bellwire tries by itself, and how it sees whether it helped."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from monitors.diagnosis.rule import Sureness
from monitors.remedies.action import Action, ActionState
from monitors.remedies.choosing import Condition, by_rule, next_automatic
from monitors.remedies.kinds import Remedy
from monitors.remedies.verifying import judged
from monitors.status import State
from provisioner.inventory.monitoring import Remedies

NOW = datetime(2026, 11, 22, 9, 0)  # noqa: DTZ001 - naive UTC, as in the database
MAC = "805ec0000100"
ALL = Remedies(automatic=("resync", "reboot", "poe-cycle"))
MINUTE = timedelta(minutes=1)


def status(rule: str = "H3", state: State = State.DOWN, sureness: str = "likely", **more: object):
    return Condition(state, rule, Sureness(sureness), more.get("judged_at", NOW))


def tried(remedy: Remedy, state: ActionState = ActionState.FAILED, minutes: int = 20) -> Action:
    at = NOW - timedelta(minutes=minutes)
    ended = at if state not in {"planned", "off", "done"} else None
    return Action(1, "casa", MAC, str(remedy), "pbx", state, "", at, at, done_at=at, ended_at=ended)


def chosen(*before: Action, policy: Remedies = ALL, judged_as: Condition | None = None):
    return next_automatic(policy, judged_as or status(), before, NOW)


def test_the_gentlest_comes_first_and_then_the_stronger() -> None:
    assert chosen() is Remedy.REBOOT
    assert chosen(tried(Remedy.REBOOT)) is Remedy.POE_CYCLE
    both = (tried(Remedy.POE_CYCLE), tried(Remedy.REBOOT, minutes=40))
    assert chosen(*both) is Remedy.POE_CYCLE  # the strongest again
    assert chosen(*both, tried(Remedy.POE_CYCLE, minutes=60)) is None  # three tries are enough


@pytest.mark.parametrize(
    ("rule", "remedy"),
    [("F5", "resync"), ("G10", "poe-cycle"), ("B11", "poe-cycle"), ("H3", "reboot"), ("B5", None),
     ("B1", None), ("A3", None), ("I1", None)],
)  # fmt: skip
def test_what_fits(rule: str, remedy: str | None) -> None:
    assert chosen(judged_as=status(rule)) == remedy


@pytest.mark.parametrize("state", [s for s in State if s is not State.DOWN])
def test_only_a_phone_that_is_down(state: State) -> None:
    assert chosen(judged_as=status(state=state)) is None


def test_only_when_it_is_sure_and_the_judgement_is_fresh() -> None:
    assert chosen(judged_as=status(sureness="possible")) is None
    assert chosen(judged_as=status(judged_at=NOW - 6 * MINUTE)) is None


def test_only_what_the_site_allows() -> None:
    assert chosen(policy=Remedies()) is None
    assert chosen(policy=Remedies(automatic=("resync",))) is None
    assert chosen(policy=Remedies(automatic=("poe-cycle",))) is Remedy.POE_CYCLE
    assert chosen(policy=replace(ALL, tries=1)) is Remedy.REBOOT
    assert chosen(tried(Remedy.REBOOT), policy=replace(ALL, tries=1)) is None


@pytest.mark.parametrize("state", [ActionState.PLANNED, ActionState.OFF, ActionState.DONE])
def test_not_while_something_goes_on(state: ActionState) -> None:
    assert chosen(tried(Remedy.REBOOT, state)) is None


def test_a_pause_between_two_tries_and_a_judgement_after_the_last() -> None:
    assert chosen(tried(Remedy.REBOOT, minutes=14)) is None
    assert chosen(tried(Remedy.REBOOT, minutes=15)) is Remedy.POE_CYCLE
    quick = replace(ALL, pause_s=60)
    before = tried(Remedy.REBOOT, minutes=3)
    stale = status(judged_at=NOW - 3 * MINUTE)
    assert chosen(before, policy=quick, judged_as=stale) is None
    assert chosen(before, policy=quick) is Remedy.POE_CYCLE


def test_the_guards_are_asked_less_and_less_often() -> None:
    def refusal(minutes: int) -> Action:
        return tried(Remedy.REBOOT, ActionState.REFUSED, minutes)

    assert chosen(refusal(4)) is None
    assert chosen(refusal(5)) is Remedy.REBOOT  # a refusal is no try
    assert chosen(refusal(5), refusal(11)) is None
    assert chosen(refusal(10), refusal(16)) is Remedy.REBOOT
    many = [refusal(359), *(refusal(400) for _ in range(30))]
    assert chosen(*many) is None
    assert chosen(refusal(360), *many[1:]) is Remedy.REBOOT


def test_by_hand_what_fits_and_was_not_tried() -> None:
    assert by_rule("H3") is Remedy.REBOOT
    assert by_rule("H3", [tried(Remedy.REBOOT, ActionState.VERIFIED)]) is Remedy.POE_CYCLE
    assert by_rule("B1") is Remedy.POE_ON
    assert by_rule("B5") is None


CYCLED = tried(Remedy.POE_CYCLE, ActionState.DONE, minutes=0)


def at(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_power_then_link_then_the_phone_itself() -> None:
    first = judged(CYCLED, {"power": at(3)}, at(3))
    assert (first.state, dict(first.seen)) == (ActionState.DONE, {"power": "2026-11-22T09:00:03"})
    second = judged(replace(CYCLED, seen=first.seen), {"power": at(9), "link": at(40)}, at(40))
    assert dict(second.seen) == {"power": "2026-11-22T09:00:03", "link": "2026-11-22T09:00:40"}
    third = judged(replace(CYCLED, seen=second.seen), {"registered": at(70)}, at(75))
    assert third.state is ActionState.VERIFIED
    assert third.detail == "power after 3 s, link after 40 s, registered after 70 s"


def test_a_phone_that_does_not_come_back() -> None:
    found = judged(CYCLED, {"power": at(3), "link": at(30)}, at(300))
    assert found.state is ActionState.FAILED
    assert found.detail == (
        "power after 3 s, link after 30 s; it has not fetched its files or reported its start or "
        "registered in 5 min"
    )


@pytest.mark.parametrize(
    ("remedy", "step", "helped"),
    [
        (Remedy.RESYNC, "fetched", True),
        (Remedy.RESYNC, "registered", False),
        (Remedy.REBOOT, "started", True),
        (Remedy.REBOOT, "registered", False),  # it may be the usual one
        (Remedy.POE_ON, "fetched", True),
    ],
)
def test_what_proves_it(remedy: Remedy, step: str, helped: bool) -> None:
    done = replace(CYCLED, remedy=str(remedy))
    state = judged(done, {step: at(5)}, at(6)).state
    assert state is (ActionState.VERIFIED if helped else ActionState.DONE)
    assert judged(done, {}, at(600)).state is ActionState.FAILED
