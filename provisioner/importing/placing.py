"""Found phones as rows of a list of rooms: which room, which template. Pure.

Other servers know no rooms. Phones with the same first line stand in one room, which is called
like that extension; its template is the usual one of the phone's kind unless somebody says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from provisioner.bulk.cells import Column, ListRow
from provisioner.bulk.known import Known
from provisioner.bulk.macs import mac_in
from provisioner.catalogue.models import Model
from provisioner.catalogue.presets import MAIN_PRESETS, RoomTemplate
from provisioner.importing.found import Found, FoundPhone, Line

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
_DIGITS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person decides about an import.

    Attributes:
        templates: room templates by patterns of extensions (``1*``), first match first.
        models: model ids by the words of the export, in lower case.
        by_number: accounts are called as people dial them, not as they register.
        skip_unknown: phones of models that nobody knows are left out.
        keep_secrets: passwords are taken over; else bellwire makes new ones.
        with_keys: keys that people have set are taken over.
    """

    templates: Sequence[tuple[str, str]] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    by_number: bool = False
    skip_unknown: bool = False
    keep_secrets: bool = True
    with_keys: bool = True

    def extension(self, line: Line) -> str:
        """Return what a line is called in bellwire."""
        return (line.number or line.user) if self.by_number else line.user

    def template(self, extension: str) -> str:
        """Return the template that somebody wants for an extension, or nothing."""
        matching = (t for pattern, t in self.templates if fnmatchcase(extension, pattern))
        return next(matching, "")


def rows_of(
    found: Found, known: Known, choices: Choices
) -> tuple[tuple[ListRow, ...], Mapping[int, FoundPhone]]:
    """Return rows for ``provisioner.bulk.judging.judge``, and the phone of each by its number."""
    phones = [p for p in found.phones if _is_wanted(p, found, known, choices)]
    rows: list[ListRow] = []
    templates: dict[str, str] = {}
    for number, phone in enumerate(phones, start=1):
        model = model_of(phone, known, choices)
        rows.append(ListRow(number, _cells(phone, model, known, choices, templates)))
    return tuple(rows), dict(enumerate(phones, start=1))


def model_of(phone: FoundPhone, known: Known, choices: Choices) -> Model | None:
    """Return the model of a phone, by what somebody says or by what it is called."""
    word = phone.model
    said = choices.models.get(word.lower()) or choices.models.get(word.rpartition(" ")[2].lower())
    return known.find_model(said or word) if word else None


def is_base(phone: FoundPhone, model: Model | None) -> bool:
    """Whether a phone's lines are those of its handsets."""
    return model is not None and model.dect is not None and bool(phone.lines)


def _is_wanted(phone: FoundPhone, found: Found, known: Known, choices: Choices) -> bool:
    """Whether a phone is taken; one that is left out is remarked on, its accounts stay."""
    if not choices.skip_unknown or not phone.mac:
        return True
    model = model_of(phone, known, choices)
    if model is not None and model.dialects:
        return True
    found.remarks.append(f"{phone.place}: {phone.mac} is left out: no model {phone.model!r}")
    found.accounts += phone.lines
    return False


def _cells(
    phone: FoundPhone,
    model: Model | None,
    known: Known,
    choices: Choices,
    templates: dict[str, str],
) -> dict[Column, str]:
    extension = choices.extension(phone.lines[0]) if phone.lines else ""
    extension = "" if is_base(phone, model) else extension
    room = phone.room or _room(phone, extension, model)
    is_first = room not in templates
    if is_first:
        templates[room] = _template(phone, extension, room, model, known, choices)
    cells = {
        Column.ROOM: room,
        Column.FLOOR: phone.floor,
        Column.TEMPLATE: phone.template or templates[room],
        Column.POSITION: phone.position,
        Column.MODEL: model.id if model else phone.model,
        Column.MAC: phone.mac,
        Column.EXTENSION: extension,
        Column.NAME: phone.name if is_first and phone.name != room else "",
    }
    return {column: text for column, text in cells.items() if text}


def _room(phone: FoundPhone, extension: str, model: Model | None) -> str:
    if extension:
        return _NOT_IN_NAMES.sub("-", phone.lines[0].number or extension).strip("-._")
    mac = mac_in(phone.mac)
    kind = "dect" if is_base(phone, model) else "phone"
    return f"{kind}-{mac[-_DIGITS_SHOWN:]}" if mac else ""


def _template(
    phone: FoundPhone,
    extension: str,
    room: str,
    model: Model | None,
    known: Known,
    choices: Choices,
) -> str:
    said = phone.template or choices.template(extension or room)
    if said or (room in known.rooms and known.rooms[room].template):
        return said
    return usual_template(model, known.templates.values()) if model is not None else ""


def usual_template(model: Model, templates: Iterable[RoomTemplate]) -> str:
    """Return the template for the usual use of a model's kind, or nothing."""
    usual = MAIN_PRESETS.get(model.kind)
    fitting = [t for t in templates if any(p.preset == usual for p in t.positions)]
    by_name = next((t.id for t in fitting if t.id == usual), "")
    return by_name or next((t.id for t in fitting), "")


def renamed(found: Found, choices: Choices) -> int:
    """Return how many lines have a number that is not what they register as."""
    lines = (*(line for phone in found.phones for line in phone.lines), *found.accounts)
    return 0 if choices.by_number else sum(bool(x.number) and x.number != x.user for x in lines)
