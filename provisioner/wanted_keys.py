"""The keys a phone should have: its preset's and its own, filled and in order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from provisioner.catalogue.presets import Preset, PresetKey
from provisioner.inventory.records import Phone, Room
from provisioner.key_types import KeyType, PhoneKey
from provisioner.placeholders import UnknownNameError, fill, text_in
from provisioner.room_keys import DEFAULT_LABEL, DEFAULT_VALUE, names_of, rooms_of_key

_NEEDS_VALUE = frozenset({KeyType.SPEED_DIAL, KeyType.BLF, KeyType.INTERCOM, KeyType.PAGING})


def wanted_keys(
    preset: Preset,
    phone: Phone,
    rooms: Sequence[Room],
    languages: Sequence[str],
    names: Mapping[str, str],
    warnings: list[str],
) -> tuple[PhoneKey, ...]:
    """Return preset keys, then the phone's own, and at the end those that stand for rooms.

    The phone's own keys replace those of the preset in the same slot. A key that stands for rooms
    takes what is left, so that a new room never takes the place of another key.

    Args:
        preset: the phone's use.
        phone: with keys of its own.
        rooms: of its site, when a key stands for them.
        languages: of its site; the first that a label exists in is taken.
        names: what placeholders may name, with values.
        warnings: takes a sentence for each key that is left out.
    """
    own_slots = {key.slot for key in phone.keys if key.slot}
    of_preset = [key for key in preset.keys if not key.slot or key.slot not in own_slots]
    wanted: list[PresetKey | PhoneKey] = [*of_preset, *phone.keys]
    made: list[PhoneKey] = []
    for key in (k for k in wanted if not k.each):
        filled = _filled(key, languages, names, warnings)
        if filled is not None:
            made.append(filled)
    for key in (k for k in wanted if k.each):
        found = rooms_of_key(key, fill(key.floor, names), rooms, phone)
        if not found and isinstance(key, PhoneKey):
            warnings.append(f"key {key.type} for each room: the site has no such room")
        made += _of_rooms(key, found, languages, names, warnings)
    return tuple(made)


def _of_rooms(
    key: PresetKey | PhoneKey,
    rooms: Sequence[Room],
    languages: Sequence[str],
    names: Mapping[str, str],
    warnings: list[str],
) -> Iterator[PhoneKey]:
    defaults = {"value": key.value or DEFAULT_VALUE, "label": key.label or DEFAULT_LABEL}
    one = key.model_copy(update=defaults)
    for room in rooms:
        filled = _filled(one, languages, {**names, **names_of(room)}, warnings)
        if filled is not None:
            yield filled


def _filled(
    key: PresetKey | PhoneKey,
    languages: Sequence[str],
    names: Mapping[str, str],
    warnings: list[str],
) -> PhoneKey | None:
    label = text_in(key.label, languages)
    try:
        value, label = fill(key.value, names), fill(label, names)
    except UnknownNameError as problem:
        told = f"key {label or key.type}: {problem}; the key is left out"
        if not key.optional and told not in warnings:
            warnings.append(told)
        return None
    if key.type in _NEEDS_VALUE and not value:
        warnings.append(f"key {label or key.type}: a {key.type} key needs a value")
        return None
    return PhoneKey(
        each=key.each,
        type=key.type,
        value=value,
        label=label,
        slot=key.slot,
        account=key.account,
        pickup=key.pickup,
        optional=key.optional,
    )
