"""KeySheet: what stands on a phone's keys, for people to read; in several languages. Pure.

Labels exist per language in presets. ``resolve`` gives them in a site's first language, so each
further language is had by resolving once more with that language in front.

Nothing secret comes onto a sheet: only the fields named here are read, and a text that holds one
of the phone's secrets is left out, whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from provisioner.assembly import key_plan, place_of
from provisioner.catalogue.inserts import keys_per_page
from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Model
from provisioner.key_types import KeyType, PhoneKey
from provisioner.keys import PlacedKey
from provisioner.kit import PhoneKit
from provisioner.resolve import resolve
from provisioner.shown_texts import Guard, Text, distinct, in_front

_SHOWN_VALUES = frozenset(
    {
        KeyType.SPEED_DIAL, KeyType.BLF, KeyType.INTERCOM, KeyType.PARK, KeyType.PICKUP,
        KeyType.GROUP_PICKUP, KeyType.VOICEMAIL, KeyType.EMERGENCY, KeyType.FORWARD,
    }
)  # fmt: skip
"""Keys whose number helps whoever reads the sheet; digits sent in a call may be a code."""
_DIALLED = re.compile(r"\+?[0-9*#]{1,20}")


@dataclass(frozen=True, slots=True)
class KeyLabel:
    """A key as a person sees it.

    Attributes:
        module: 0 for the phone itself, 1 for its first expansion module.
        page: 1-based page; ``position`` is the key's place on it.
        name: what is printed on the key, or its place on the page.
        printed: whether ``name`` can be read on the key.
        type: None: an empty key.
        labels: one for each language that has one; see ``wordings``.
        value: the number it dials; empty when there is none, or none to be shown.
        long_press: it works when held down.
    """

    slot: str
    group: str
    module: int
    page: int
    position: int
    name: str
    printed: bool = False
    type: KeyType | None = None
    labels: tuple[Text, ...] = ()
    value: str = ""
    long_press: bool = False

    @property
    def wordings(self) -> tuple[Text, ...]:
        """The labels, each wording once: what is the same in two languages is shown once."""
        return distinct(self.labels)


@dataclass(frozen=True, slots=True)
class HandsetNumber:
    """A DECT handset's name and number."""

    name: str
    number: str


@dataclass(frozen=True, slots=True)
class KeySheet:
    """Everything that is printed for one phone.

    Attributes:
        number: the phone's own; empty for a DECT base.
        place: where in the room it is, in each language.
        modules: models of the attached expansion modules, in order.
        door_code: digits that open the door in a call; empty without a door key.
        for_guests: its menus are locked: who uses it does not work here.
        contact: address and telephone of the hotel, and what else its settings say.
        hidden: whether a text was left out because it holds a secret.
    """

    site: str
    room_id: str
    floor: str
    position: str
    mac: str
    model: Model
    modules: tuple[Model, ...]
    languages: tuple[str, ...]
    hotel: str
    room: str
    number: str
    place: tuple[Text, ...]
    keys: tuple[KeyLabel, ...]
    reception: str
    emergency: tuple[str, ...]
    door_code: str
    handsets: tuple[HandsetNumber, ...]
    contact: tuple[str, ...]
    for_guests: bool
    hidden: bool = False

    @property
    def used(self) -> tuple[KeyLabel, ...]:
        """The keys that do something."""
        return tuple(key for key in self.keys if key.type not in {None, KeyType.NONE})


def key_sheet(catalogue: Catalogue, kit: PhoneKit, languages: Sequence[str]) -> KeySheet:
    """Return what is printed for a phone.

    Args:
        catalogue: the vendor knowledge.
        kit: the phone with everything it is told.
        languages: ISO 639-1 codes, the most important first; at least one.

    Raises:
        InventoryError: its settings cannot be resolved.
    """
    guard = Guard(kit)
    settings, hotel = kit.settings, kit.settings.hotel
    position = kit.phone.position
    template = place_of(catalogue, kit.site, kit.room, kit.phone, kit.rooms).template
    named = template.position(position) if template else None
    doors = [
        placed.key.value
        for placed in kit.plan.slots
        if placed.key and placed.key.type is KeyType.DOOR_OPEN
    ]
    keys = tuple(_keys(catalogue, kit, languages, guard))
    sheet = KeySheet(
        site=kit.site.id,
        room_id=kit.room.id,
        floor=kit.room.floor,
        position=position,
        mac=kit.phone.mac.colons,
        model=kit.model,
        modules=_modules(catalogue, kit),
        languages=tuple(languages),
        hotel=guard(hotel.name or kit.site.name),
        room=guard(kit.room.name or hotel.room or kit.room.id),
        number="" if kit.handsets else _own_number(kit, guard),
        place=guard.texts(named.name if named else position, languages),
        keys=keys,
        reception=_dialled(kit.site.numbers.get("reception", ""), guard),
        emergency=tuple(n for n in map(guard, settings.emergency.numbers) if n),
        door_code=_dialled(doors[0], guard) if doors else "",
        handsets=tuple(
            HandsetNumber(guard(h.name or h.line.label), guard(h.line.extension))
            for h in kit.handsets
        ),
        contact=tuple(t for t in map(guard, (hotel.address, hotel.phone, *hotel.lines)) if t),
        for_guests=settings.access.menu_locked,
    )
    return replace(sheet, hidden=guard.hidden)


def _keys(
    catalogue: Catalogue, kit: PhoneKit, languages: Sequence[str], guard: Guard
) -> Iterator[KeyLabel]:
    labels = _labels(catalogue, kit, languages)
    insert = catalogue.insert_of(kit.model.id, "insert")
    pages = {(0, g.id): keys_per_page(g) for g in kit.model.keys}
    for number, module in enumerate(_modules(catalogue, kit), start=1):
        pages |= {(number, g.id): keys_per_page(g) for g in module.keys}
    for placed in kit.plan.slots:
        slot, key = placed.slot, placed.key
        position = (slot.number - 1) % pages[slot.module, slot.group] + 1
        label = KeyLabel(
            slot=slot.id,
            group=slot.group,
            module=slot.module,
            page=slot.page,
            position=position,
            name=slot.name or str(position),
            printed=bool(slot.name),
        )
        if key is None:
            yield label
            continue
        texts = [Text(t.language, guard(t.text)) for t in labels.get(slot.id, ())]
        yield replace(
            label,
            type=key.type,
            labels=tuple(t for t in texts if t.text.strip()),
            value=_value(kit, key, guard),
            long_press=insert is not None and not slot.module and slot.group in insert.long_press,
        )


def _labels(catalogue: Catalogue, kit: PhoneKit, languages: Sequence[str]) -> dict[str, list[Text]]:
    """Labels by slot: the keys laid out once for each language."""
    found: dict[str, list[Text]] = {}
    place = place_of(catalogue, kit.site, kit.room, kit.phone, kit.rooms)
    own = {placed.slot.id: placed.key for placed in kit.plan.slots}
    for language in languages:
        site = replace(place.site, languages=in_front(language, languages))
        spoken = replace(place, site=site)
        for placed in key_plan(catalogue, spoken, resolve(spoken)).slots:
            if placed.key is not None and _same(placed, own.get(placed.slot.id)):
                text = placed.key.label or _line_label(kit, placed.key)
                found.setdefault(placed.slot.id, []).append(Text(language, text))
    return found


def _same(placed: PlacedKey, other: PhoneKey | None) -> bool:
    """Whether a key has the same place in another language: a label may fail to resolve in one."""
    key = placed.key
    return (
        key is not None
        and other is not None
        and (key.type, key.value, key.account) == (other.type, other.value, other.account)
    )


def _line_label(kit: PhoneKit, key: PhoneKey) -> str:
    line = kit.line(key.account) if key.type is KeyType.LINE else None
    return line.label if line else ""


def _value(kit: PhoneKit, key: PhoneKey, guard: Guard) -> str:
    if key.type is KeyType.LINE:
        line = kit.line(key.account)
        return _dialled(line.extension, guard) if line else ""
    return _dialled(key.value, guard) if key.type in _SHOWN_VALUES else ""


def _dialled(value: str, guard: Guard) -> str:
    """Return a number that can be dialled as it stands; pauses may be followed by a code."""
    return guard(value) if _DIALLED.fullmatch(value) else ""


def _own_number(kit: PhoneKit, guard: Guard) -> str:
    return _dialled(kit.lines[0].extension, guard) if kit.lines else ""


def _modules(catalogue: Catalogue, kit: PhoneKit) -> tuple[Model, ...]:
    attached = kit.phone.accessories
    models = [catalogue.models[a.model] for a in attached for _ in range(a.count)]
    return tuple(model for model in models if model.keys)
