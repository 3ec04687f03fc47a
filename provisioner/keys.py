"""Logical keys to a model's physical slots, pages and expansion modules.

``lay_out`` is a pure function: every key lands in exactly one slot or is named as left over
with the reason. Every slot of the model is listed, so that templates can blank the unused ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provisioner.catalogue.models import KeyGroup, Model
from provisioner.key_types import KeyType, PhoneKey


@dataclass(frozen=True, slots=True)
class Slot:
    """A physical key.

    Attributes:
        module: 0 for the phone itself, 1 for the first expansion module.
        number: 1-based position in its group over all pages.
        page: 1-based page.
        index: the vendor's own number on that page.
        name: what is printed on the key, when anything is.
    """

    group: str
    module: int
    number: int
    page: int
    index: int
    name: str = ""

    @property
    def id(self) -> str:
        """How a site file names the slot: ``digit-3``; modules as ``exp2-5``."""
        return f"exp{self.module}-{self.number}" if self.module else f"{self.group}-{self.number}"


@dataclass(frozen=True, slots=True)
class PlacedKey:
    """A slot and the key in it; None is an empty slot."""

    slot: Slot
    key: PhoneKey | None


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A key that has no place, and why."""

    key: PhoneKey
    reason: str


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """Where each key of a phone is."""

    slots: tuple[PlacedKey, ...] = ()
    left_over: tuple[LeftOver, ...] = ()

    def group(self, group_id: str) -> tuple[PlacedKey, ...]:
        """All slots of one group of the phone itself, used or not, in order."""
        return tuple(p for p in self.slots if p.slot.group == group_id and not p.slot.module)

    def module(self, number: int) -> tuple[PlacedKey, ...]:
        """All slots of an expansion module (1-based)."""
        return tuple(p for p in self.slots if p.slot.module == number)

    @property
    def modules(self) -> tuple[int, ...]:
        """Numbers of the expansion modules that are attached."""
        return tuple(sorted({p.slot.module for p in self.slots} - {0}))


def lay_out(model: Model, modules: Sequence[Model], keys: Iterable[PhoneKey]) -> KeyPlan:
    """Place ``keys`` on ``model`` and its attached expansion ``modules``.

    1. Keys that name a slot take it; 2. the others take the first free slot whose group
    accepts them, in the model's own order, expansion modules last; 3. an optional key gives way
    when a key that is not optional would have no place because of it; 4. what remains is left over.
    """
    spaces = _spaces(model, modules)
    wanted = list(keys)
    taken, left = _placed(model, spaces, wanted)
    while left and (spare := _in_the_way(model, spaces, wanted, taken, left)) is not None:
        del wanted[spare]
        taken, left = _placed(model, spaces, wanted)
    return KeyPlan(tuple(PlacedKey(slot, taken.get(slot.id)) for slot, _ in spaces), tuple(left))


_Space = tuple[Slot, KeyGroup]


def _placed(
    model: Model, spaces: list[_Space], wanted: Sequence[PhoneKey]
) -> tuple[dict[str, PhoneKey], list[LeftOver]]:
    """Steps 1 and 2: keys by slot, and those that are not optional and have none."""
    taken: dict[str, PhoneKey] = {}
    left: list[LeftOver] = []
    for key in (k for k in wanted if k.slot):
        reason = _take_named(spaces, taken, key)
        if reason and not key.optional:
            left.append(LeftOver(key, reason))
    for key in (k for k in wanted if not k.slot):
        place = _first_free(spaces, taken, key)
        if place is not None:
            taken[place.id] = key
        elif not key.optional:
            left.append(LeftOver(key, _why_none(model, spaces, key)))
    return taken, left


def _in_the_way(
    model: Model,
    spaces: list[_Space],
    wanted: Sequence[PhoneKey],
    taken: dict[str, PhoneKey],
    left: Sequence[LeftOver],
) -> int | None:
    """The last optional key whose absence may help one that is left over, as its index.

    Keys that stand for rooms take what is left: nothing gives way to them.
    """
    placed = {id(key) for key in taken.values()}
    spare = [n for n, k in enumerate(wanted) if k.optional and not k.slot and id(k) in placed]
    homeless = {id(each.key) for each in left if not each.key.slot and not each.key.each}
    if not spare or not homeless:
        return None
    _, hopeless = _placed(model, spaces, [key for key in wanted if not key.optional])
    homeless -= {id(each.key) for each in hopeless}
    if not homeless:
        return None
    types = {key.type for key in wanted if id(key) in homeless}
    at = {id(key): slot for slot, key in taken.items()}
    groups = {slot.id: group for slot, group in spaces}
    direct = [n for n in spare if types & groups[at[id(wanted[n])]].accepts]
    return (direct or spare)[-1]


def _spaces(model: Model, modules: Sequence[Model]) -> list[_Space]:
    spaces = [(slot, group) for group in model.keys for slot in _slots(group, 0)]
    for number, module in enumerate(modules, start=1):
        spaces += [(slot, group) for group in module.keys for slot in _slots(group, number)]
    return spaces


def _slots(group: KeyGroup, module: int) -> list[Slot]:
    per_page = group.per_page or group.count
    return [
        Slot(
            group=group.id,
            module=module,
            number=n + 1,
            page=n // per_page + 1,
            index=n % per_page + group.first,
            name=group.names[n] if n < len(group.names) else "",
        )
        for n in range(group.count)
        if n + 1 not in group.reserved
    ]


def _take_named(spaces: list[_Space], taken: dict[str, PhoneKey], key: PhoneKey) -> str:
    """Put the key into the slot it names; returns the reason when that cannot be."""
    match = next((s for s in spaces if s[0].id == key.slot), None)
    if match is None:
        return f"there is no key {key.slot!r} on this phone"
    if key.type not in match[1].accepts and key.type is not KeyType.NONE:
        return f"key {key.slot!r} cannot be a {key.type} key"
    if key.slot in taken:
        return f"key {key.slot!r} is given twice"
    taken[key.slot] = key
    return ""


def _first_free(spaces: list[_Space], taken: dict[str, PhoneKey], key: PhoneKey) -> Slot | None:
    for slot, group in spaces:
        if group.fill and key.type in group.accepts and slot.id not in taken:
            return slot
    return None


def _why_none(model: Model, spaces: list[_Space], key: PhoneKey) -> str:
    fitting = sum(1 for _, group in spaces if group.fill and key.type in group.accepts)
    if not fitting:
        return f"{model.name} has no key that can be a {key.type} key"
    return f"all {fitting} keys of {model.name} that can be a {key.type} key are taken"
