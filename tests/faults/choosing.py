"""Which fault is injected on which phone, and which of them at the same time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from tests.faults.fault import Case, Fault, Shows, Step
from tests.faults.house import House
from tests.faults.injected import Injected
from tests.faults.telephones import Telephone

MOST_OF_A_SWITCH = 5
MOST_OF_A_MODEL = 2
_MANY_OF = "fanvil/h2u-v2"


def planned(
    house: House, faults: Sequence[Fault], rng: random.Random, most: int
) -> list[list[Injected]]:
    """Return waves that hold every fault once, each on a phone of a room of its own."""
    waiting = list(faults)
    rng.shuffle(waiting)
    waiting.sort(key=lambda f: (not f.shares_power, not f.spare, len(f.models) == 0))
    waves: list[list[Injected]] = []
    spare_used: set[str] = set()
    while waiting:
        wave: list[Injected] = []
        for fault in list(waiting):
            if len(wave) == most:
                break
            found = _placed(house, fault, wave, rng, spare_used)
            if found is not None:
                wave.append(found)
                waiting.remove(fault)
                if fault.spare:
                    spare_used.add(found.phone.mac)
        if not wave:
            raise ValueError(f"no phone fits {[f.id for f in waiting]}")
        waves.append(wave)
    return waves


def _placed(
    house: House, fault: Fault, wave: Sequence[Injected], rng: random.Random, used: set[str]
) -> Injected | None:
    phones = [p for p in house.phones.values() if fault.fits(p) and p.mac not in used]
    rng.shuffle(phones)
    for phone in phones:
        neighbour = _neighbour(house, phone, rng) if fault.needs_neighbour else None
        if fault.needs_neighbour and neighbour is None:
            continue
        made = Injected((fault,), Case(house, phone, neighbour))
        if _goes_with(made, wave):
            return made
    return None


def _neighbour(house: House, phone: Telephone, rng: random.Random) -> Telephone | None:
    """A phone of the next room, at the same place in it, on the same switch."""
    there = [
        p
        for p in house.phones.values()
        if p.home[0] == phone.home[0] and p.room != phone.room and not p.is_spare
        and p.position == phone.position
    ]  # fmt: skip
    return rng.choice(there) if there else None


def _rooms(injected: Injected) -> set[str]:
    rooms = {injected.phone.room}
    if injected.case.neighbour is not None:
        rooms.add(injected.case.neighbour.room)
    return rooms


def _goes_with(one: Injected, wave: Sequence[Injected]) -> bool:
    """Whether a fault can be there together with others, and stay a fault of its own."""
    together = [*wave, one]
    rooms = [room for each in together for room in _rooms(each)]
    if len(rooms) != len(set(rooms)):
        return False
    switches = Counter(each.phone.home[0] for each in together)
    models = Counter(e.phone.model for e in together if e.phone.model != _MANY_OF)
    if (
        max(switches.values()) > MOST_OF_A_SWITCH
        or max(models.values(), default=0) > MOST_OF_A_MODEL
    ):
        return False
    for each in together:
        if any(f.shares_power for f in each.faults):
            others = [
                e for e in together if e is not each and e.phone.home[0] == each.phone.home[0]
            ]
            if any(_draws_otherwise(f) for e in others for f in e.faults):
                return False
    return True


def _draws_otherwise(fault: Fault) -> bool:
    """Whether its switch has more, or less, to feed because of a fault."""
    return fault.spare or fault.moves or fault.step in {Step.POWER, Step.PLACE}


def pairs(house: House, faults: Sequence[Fault], count: int, rng: random.Random) -> list[Injected]:
    """Return random pairs of faults, each on one phone."""
    usable = [f for f in faults if not (f.alone or f.spare or f.shows is Shows.NOTE)]
    found: list[Injected] = []
    for _ in range(1000):
        if len(found) == count:
            break
        one, other = rng.sample(usable, 2)
        if not compatible(one, other):
            continue
        phones = [p for p in house.phones.values() if one.fits(p) and other.fits(p)]
        if not phones:
            continue
        phone = rng.choice(phones)
        needs = one.needs_neighbour or other.needs_neighbour
        neighbour = _neighbour(house, phone, rng) if needs else None
        if needs and neighbour is None:
            continue
        found.append(Injected((one, other), Case(house, phone, neighbour)))
    return found


def compatible(one: Fault, other: Fault) -> bool:
    """Whether two faults on one phone make sense: both are there, and one is its cause."""
    if one.moves and other.moves:
        return False
    if one.moves or other.moves:
        mover, rest = (one, other) if one.moves else (other, one)
        # the phone is not on the port that is broken, or not there at all
        return mover.id == "unplugged" or rest.step > mover.step
    touched = {
        "account": {
            "wrong-secret",
            "unknown-extension",
            "account-off",
            "pushed-out",
            "logged-off",
            "expired",
        }
    }
    return not any(one.id in ids and other.id in ids for ids in touched.values())


def in_waves(found: Sequence[Injected], most: int) -> list[list[Injected]]:
    """Group cases that do not disturb each other."""
    waiting = list(found)
    waves: list[list[Injected]] = []
    while waiting:
        wave: list[Injected] = []
        for each in list(waiting):
            if len(wave) < most and _goes_with(each, wave):
                wave.append(each)
                waiting.remove(each)
        waves.append(wave)
    return waves
