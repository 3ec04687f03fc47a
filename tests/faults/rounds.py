"""Break things, wait until bellwire has made up its mind, write down what it said, put them right."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from monitors.status import State
from provisioner.delivery import utc_now
from tests.faults.fault import Case, Fault, Shows
from tests.faults.house import House
from tests.faults.injected import SILENT, Injected, Wave

Say = Callable[[str], None]

LOOK_S = 7.0
"""After this, and what a fault itself takes, an answer may be called stable."""
SAME_FOR = 4
LIMIT_S = 90.0
HEAL_S = 240.0
"""Ample: a trouble that needs no phone is kept open for two minutes after it was seen last."""
_BETWEEN = frozenset({State.FAILING, State.RECOVERING, State.UNKNOWN})


def run_wave(
    house: House, wave: list[Injected], say: Say = lambda _: None, *, patient: bool = False
) -> Wave:
    """Inject, observe, heal.

    Args:
        house: where.
        wave: what.
        say: takes lines of what happens.
        patient: right answers count as soon as they are there, and others are waited on for as
            long as a slow machine may take; otherwise the first that stays the same counts.
    """
    began, began_at = time.monotonic(), utc_now()
    done = Wave(wave)
    try:
        house.do([_injector(each) for each in wave])
        house.rest()
        injected_s = time.monotonic() - began
        _observe(house, wave, time.monotonic(), patient=patient)
        _note(house, wave, done)
        observed_s = time.monotonic() - began - injected_s
    finally:
        house.do([_healer(each, done) for each in wave])
        house.rest()
    if not house.screen.wait_well(HEAL_S):
        done.left += _left(house)
    done.false_alarms += _incidents_of_others(house, wave, began_at)
    done.took_s = time.monotonic() - began
    _tell(done, say)
    say(
        f"-- {len(wave)} in {done.took_s:.0f} s: injected in {injected_s:.0f}, judged in "
        f"{observed_s:.0f}, put right in {done.took_s - injected_s - observed_s:.0f} s"
    )
    return done


def _tell(done: Wave, say: Say) -> None:
    for each in done.injected:
        word = "right" if each.is_right else f"WRONG (wants {', '.join(sorted(each.right))})"
        where = f"{each.phone.name} [{each.phone.home[0]}]"
        say(f"{each.name} on {where}: {each.state} {each.rule} {word}")
        if not each.is_right:
            say(f"    {each.trouble} {each.seen} {each.evidence}")
    for text in done.false_alarms:
        say(f"false alarm: {text}")
    for text in done.left:
        say(f"left over: {text}")


def _injector(each: Injected) -> Callable[[], None]:
    def inject() -> None:
        # the one that is higher on the ladder first: afterwards it could not be made any more
        for fault in sorted(each.faults, key=lambda f: f.step, reverse=True):
            try:
                each.heals.append(fault.inject(each.case))
            except Exception as problem:  # noqa: BLE001 - one fault must not end the others
                each.trouble = f"could not be injected: {problem!r}"

    return inject


def _healer(each: Injected, done: Wave) -> Callable[[], None]:
    def heal() -> None:
        for one in reversed(each.heals):
            try:
                one()
            except Exception as problem:  # noqa: BLE001 - the others must be put right too
                done.left.append(
                    f"{each.name} on {each.phone.name} could not be put right: {problem!r}"
                )

    return heal


def _observe(house: House, wave: Iterable[Injected], began: float, *, patient: bool) -> None:
    """Look until every diagnosis has stayed the same for some sweeps."""
    cases = list(wave)
    least = began + max(f.settle_s for each in cases for f in each.faults)
    least += 0.0 if patient else LOOK_S
    same: Counter[str] = Counter()
    last: dict[str, tuple[str, str]] = {}
    judged_at = None
    while time.monotonic() < least + LIMIT_S:
        judged = house.screen.judged()
        newest = max((k.judged_at for k in judged.values()), default=None)
        if newest == judged_at:
            time.sleep(0.1)
            continue
        judged_at = newest
        for each in cases:
            kept = judged.get(each.phone.mac)
            now = (str(kept.status.state), kept.status.rule) if kept else ("", SILENT)
            if last.get(each.phone.mac) != now:
                same[each.phone.mac] = 0
                last[each.phone.mac] = now
                each.seen.append((round(time.monotonic() - began, 1), *now))
            same[each.phone.mac] += 1
        is_settled = all(
            same[e.phone.mac] >= SAME_FOR
            and last[e.phone.mac][0] not in _BETWEEN
            and (not patient or last[e.phone.mac][1] in e.right)
            for e in cases
        )
        if is_settled and time.monotonic() > least:
            break
    for each in cases:
        each.state, each.rule = last[each.phone.mac]


def _note(house: House, wave: Iterable[Injected], done: Wave) -> None:
    """Write down what was said, also of phones that nobody touched."""
    cases = list(wave)
    judged = house.screen.judged()
    open_macs = {mac for incident in house.screen.incidents() for mac in incident.macs}
    touched = set().union(*(each.involved for each in cases))
    crowded = {e.phone.home[0] for e in cases if any(f.shares_power for f in e.faults)}
    for each in cases:
        each.has_incident = each.phone.mac in open_macs
        _check_shape(each)
        if not each.is_right:
            each.evidence = house.screen.evidence_text(each.phone.mac)
    for mac, kept in judged.items():
        phone = house.phones[mac]
        if (
            mac in touched
            or phone.is_spare
            or phone.room in {e.phone.room for e in cases if _whole_room(e)}
        ):
            continue
        expected = kept.status.rule == "I3" and phone.home[0] in crowded
        if kept.status.rule not in {"I1", "H4"} and not expected:
            text = f"{phone.name} {kept.status.state} {kept.status.rule}"
            told = done.slow if kept.status.rule == "H7" else done.false_alarms
            told.append(f"{text} {house.screen.evidence_text(mac)}")


def _incidents_of_others(house: House, cases: list[Injected], since: datetime) -> list[str]:
    """Incidents that were opened, and perhaps closed again, for phones that nobody touched."""
    touched = set().union(*(each.involved for each in cases))
    whole = {each.phone.room for each in cases if _whole_room(each)}
    found = []
    for incident in house.screen.all_incidents():
        others = [
            house.phones[mac].name
            for mac in incident.macs
            if mac not in touched
            and not house.phones[mac].is_spare
            and house.phones[mac].room not in whole
        ]
        if others and incident.round_at >= since:
            found.append(f"incident {incident.key} {incident.rule}: {', '.join(others)}")
    return found


def _whole_room(each: Injected) -> bool:
    """Whether a fault concerns every phone of its room."""
    return any(f.id in {"stale", "filter"} for f in each.faults)


def _check_shape(each: Injected) -> None:
    """A fault must be a fault and have its incident; what is none must not be made one."""
    shows = {f.shows for f in each.leading}
    if Shows.DOWN in shows:
        if each.state != State.DOWN:
            each.trouble = each.trouble or f"the phone counts as {each.state}"
        elif not each.has_incident:
            each.trouble = each.trouble or "there is no incident"
    elif each.state == State.DOWN:
        each.trouble = each.trouble or "the phone counts as down"


def _left(house: House) -> list[str]:
    found = []
    for mac, kept in house.screen.not_well().items():
        said = f"{kept.status.state} {kept.status.rule}" if kept else "nothing"
        found.append(f"{house.phones[mac].name} {said} {house.screen.evidence_text(mac)}")
    return found + [
        f"incident {i.key} {i.rule} {len(i.macs)} phones" for i in house.screen.incidents()
    ]


def run_group(
    house: House,
    fault: Fault,
    rng: random.Random,
    say: Say = lambda _: None,
    *,
    patient: bool = False,
) -> Wave:
    """Inject something that concerns many phones; the incidents tell what was said.

    Args:
        house: where.
        fault: what.
        rng: chooses which phones.
        say: takes lines of what happens.
        patient: as in ``run_wave``.
    """
    phones = [p for p in house.phones.values() if fault.fits(p) and p.booted]
    each = Injected((fault,), Case(house, rng.choice(phones)))
    done, began = Wave([each]), time.monotonic()
    try:
        house.do([_injector(each)])
        _observe_incidents(house, each, began, patient=patient)
        if not each.is_right:
            each.evidence = house.screen.evidence_text(each.phone.mac)
    finally:
        house.do([_healer(each, done)])
        house.rest()
    if not house.screen.wait_well(HEAL_S):
        done.left += _left(house)
    done.took_s = time.monotonic() - began
    word = "right" if each.is_right else f"WRONG (wants {', '.join(sorted(each.right))})"
    say(
        f"{each.name} [{each.phone.home[0]}]: {each.state} {each.rule} {word} in {done.took_s:.0f} s"
    )
    if not each.is_right or done.left:
        say(f"    {each.trouble} {each.seen} {each.evidence} {done.left}")
    return done


def _observe_incidents(house: House, each: Injected, began: float, *, patient: bool) -> None:
    """Look until the open incidents have stayed the same for some sweeps."""
    least = began + (0.0 if patient else LOOK_S + 4)
    same, last, judged_at = 0, None, None
    while time.monotonic() < least + LIMIT_S:
        judged = house.screen.judged()
        newest = max((k.judged_at for k in judged.values()), default=None)
        if newest == judged_at:
            time.sleep(0.1)
            continue
        judged_at = newest
        found = house.screen.incidents()
        now = sorted((i.rule, len(i.macs)) for i in found)
        between = any(k.status.state is State.FAILING for k in judged.values())
        same = same + 1 if now == last else 0
        if now != last:
            each.seen.append((round(time.monotonic() - began, 1), "", str(now)))
        last = now
        is_right = {rule for rule, _ in now} <= each.right
        is_settled = same >= SAME_FOR and now and not between and (is_right or not patient)
        if is_settled and time.monotonic() > least:
            break
    found = house.screen.incidents()
    grouped = [i for i in found if i.grouped]
    each.has_incident = bool(grouped)
    largest = max(grouped, key=lambda i: len(i.macs), default=None)
    each.rule = largest.rule if largest is not None else SILENT
    each.state = f"{len(found)} incident(s)"
    beside = [f"{i.key} {i.rule}" for i in found if i.rule not in each.right]
    if beside and each.rule in each.right:
        each.trouble = f"beside it: {', '.join(beside[:6])}"
