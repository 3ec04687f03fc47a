"""RoomCard: what a guest needs to know of the telephones of a room, on one page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from provisioner.key_sheet import HandsetNumber, KeyLabel, KeySheet
from provisioner.key_types import KeyType
from provisioner.shown_texts import Text

_SERVICES = frozenset({KeyType.SPEED_DIAL, KeyType.VOICEMAIL})


@dataclass(frozen=True, slots=True)
class Way:
    """A key with something printed on it that does what a line of the card says.

    Attributes:
        place: where its phone is; empty when the room has only one phone.
    """

    place: tuple[Text, ...]
    key: str
    long_press: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A number of the hotel, its names in the guest's languages, and the keys that dial it."""

    number: str
    labels: tuple[Text, ...] = ()
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomCard:
    """One room's card.

    Attributes:
        number: the room's own; empty when it has none.
        reception: empty number: the site names none, or this is reception.
        door: the code as number, and the keys that send it; None: no phone opens a door.
    """

    site: str
    room_id: str
    hotel: str
    room: str
    number: str
    languages: tuple[str, ...]
    reception: Entry
    emergency: tuple[Entry, ...]
    services: tuple[Entry, ...]
    door: Entry | None
    handsets: tuple[HandsetNumber, ...]
    contact: tuple[str, ...]


@dataclass(slots=True)
class _Gathered:
    labels: tuple[Text, ...] = ()
    ways: list[Way] = field(default_factory=list)


def room_card(sheets: Sequence[KeySheet]) -> RoomCard:
    """Join the sheets of one room's phones, at least one, into its card."""
    first = sheets[0]
    number = next((s.number for s in sheets if s.number), "")
    reception = next((s.reception for s in sheets if s.reception), "")
    emergency = list(dict.fromkeys(n for s in sheets for n in s.emergency))
    by_number = _by_number(sheets)
    doors = [_entry(sheet.door_code, by_number) for sheet in sheets if sheet.door_code]
    others = {number, reception, *emergency, *(sheet.door_code for sheet in sheets)}
    services = [n for n in _service_numbers(sheets) if n not in others]
    return RoomCard(
        site=first.site,
        room_id=first.room_id,
        hotel=first.hotel,
        room=first.room,
        number=number,
        languages=first.languages,
        reception=_entry("" if reception == number else reception, by_number),
        emergency=tuple(_entry(n, by_number) for n in emergency),
        services=tuple(_entry(n, by_number) for n in services),
        door=doors[0] if doors else None,
        handsets=tuple(dict.fromkeys(h for sheet in sheets for h in sheet.handsets)),
        contact=first.contact,
    )


def _service_numbers(sheets: Sequence[KeySheet]) -> list[str]:
    numbers = (k.value for s in sheets for k in s.used if k.type in _SERVICES and k.value)
    return list(dict.fromkeys(numbers))


def _by_number(sheets: Sequence[KeySheet]) -> dict[str, _Gathered]:
    found: dict[str, _Gathered] = {}
    for sheet in sheets:
        for key in sheet.used:
            number = sheet.door_code if key.type is KeyType.DOOR_OPEN else key.value
            gathered = found.setdefault(number, _Gathered())
            gathered.labels = gathered.labels or key.labels
            gathered.ways += _ways(sheet, key, alone=len(sheets) == 1)
    return found


def _ways(sheet: KeySheet, key: KeyLabel, *, alone: bool) -> Iterator[Way]:
    if key.printed:
        yield Way(() if alone else sheet.place, key.name, key.long_press)


def _entry(number: str, by_number: dict[str, _Gathered]) -> Entry:
    found = by_number.get(number) if number else None
    return Entry(number, found.labels, tuple(found.ways)) if found else Entry(number)
