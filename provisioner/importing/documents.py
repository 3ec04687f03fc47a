"""Found phones as parts of a site file: rooms, accounts, what all have in common. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.bulk.cells import Judgement
from provisioner.bulk.known import Known
from provisioner.importing.found import Found, FoundKey, FoundPhone, Json, Line, Place, Problem
from provisioner.importing.placing import Choices, is_base, model_of
from provisioner.key_types import KeyType
from provisioner.layers import merged, secret_settings
from provisioner.mac import MacAddress

_SHORT = 8


@dataclass(slots=True)
class Made:
    """Parts of a site.

    Attributes:
        common: settings that every phone of the export has alike.
        weak: accounts whose passwords are short, or the user name.
        places: where in the export each account was found, by extension.
    """

    rooms: tuple[Json, ...] = ()
    accounts: tuple[Json, ...] = ()
    common: Json = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    weak: list[str] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)


def complete(
    rooms: Iterable[Json],
    judgement: Judgement,
    phones: Mapping[int, FoundPhone],
    known: Known,
    choices: Choices,
) -> Made:
    """Return rooms with lines, keys and settings of their phones.

    Args:
        rooms: as ``provisioner.bulk.documents.room_documents`` makes them.
        judgement: that they were made from.
        phones: by number of row.
        known: the site as it stands.
        choices: of a person.
    """
    by_mac = {
        str(MacAddress(phone.mac)): phones[phone.row]
        for room in judgement.rooms for phone in room.phones.values()
    }  # fmt: skip
    settings = {mac: _settings(phone, choices) for mac, phone in by_mac.items()}
    made = Made(common=_common(list(settings.values())))
    done = []
    for room in rooms:
        whole = {**room, "phones": {}}
        for position, document in room.get("phones", {}).items():
            mac = str(MacAddress(document["mac"]))
            extra = {}
            if mac in by_mac:
                own = _without(settings[mac], made.common)
                there = _key_types(known, str(room.get("template", "")), position)
                extra = _of_phone(by_mac[mac], own, there, known, choices)
            whole["phones"][position] = {**document, **extra}
        done.append(whole if whole["phones"] else dict(room))
    made.rooms = tuple(done)
    return made


def add_accounts(made: Made, found: Found, choices: Choices, held: Iterable[str]) -> None:
    """Add the accounts of all lines; those that the site has already stay as they are.

    Args:
        made: takes the accounts.
        found: in the export.
        choices: of a person.
        held: extensions of the site.
    """
    there = set(held)
    accounts: dict[str, Json] = {}
    secrets: dict[str, str] = {}
    for phone, line in _lines(found):
        extension = choices.extension(line)
        if extension in there:
            continue
        if phone:
            made.places.setdefault(extension, phone.place)
        before = secrets.setdefault(extension, line.secret)
        if line.secret and before and line.secret != before and choices.keep_secrets and phone:
            told = f"line {extension} has another password here than elsewhere in the export"
            made.problems.append(Problem(phone.place, told))
        secrets[extension] = before or line.secret
        accounts[extension] = merged(accounts.get(extension, {}), _account(extension, line))
    if choices.keep_secrets:
        for extension, secret in secrets.items():
            if secret:
                accounts[extension]["secret"] = secret
                if len(secret) < _SHORT or secret == extension:
                    made.weak.append(extension)
    made.accounts = tuple(accounts.values())


def _lines(found: Found) -> Iterator[tuple[FoundPhone | None, Line]]:
    yield from ((phone, line) for phone in found.phones for line in phone.lines)
    yield from ((None, line) for line in found.accounts)


def _account(extension: str, line: Line) -> Json:
    made: Json = {"extension": extension}
    if line.name:
        made["name"] = line.name
    if line.voicemail:
        made["voicemail"] = True
    return made


def _key_types(known: Known, template: str, position: str) -> frozenset[KeyType]:
    """The types of keys that a position's preset has."""
    place = known.templates[template].position(position) if template in known.templates else None
    preset = known.presets.get(place.preset) if place is not None else None
    return frozenset(key.type for key in preset.keys) if preset is not None else frozenset()


def _of_phone(
    phone: FoundPhone,
    settings: Json,
    there: frozenset[KeyType],
    known: Known,
    choices: Choices,
) -> Json:
    """What a list of rooms cannot say of a phone; a key its preset has anyway is not doubled."""
    made: Json = {}
    extensions = list(dict.fromkeys(choices.extension(line) for line in phone.lines))
    if is_base(phone, model_of(phone, known, choices)):
        made["handsets"] = [
            {"name": line.name or choices.extension(line), "extension": choices.extension(line)}
            for line in phone.lines
        ]
    elif len(extensions) > 1:
        made["accounts"] = extensions
    keys = [_key(key) for key in phone.keys if key.value or key.type not in there]
    if keys and choices.with_keys:
        made["keys"] = keys
    if settings:
        made["settings"] = settings
    return made


def _key(key: FoundKey) -> Json:
    made: Json = {"type": str(key.type), "value": key.value, "label": key.label}
    made["account"] = key.account if key.account > 1 else ""
    return {name: value for name, value in made.items() if value != ""}


def _settings(phone: FoundPhone, choices: Choices) -> Json:
    made: Json = {}
    for section, values in phone.settings.items():
        kept = {
            name: value
            for name, value in values.items()
            if choices.keep_secrets or (section, name) not in secret_settings()
        }
        if kept:
            made[section] = kept
    return made


def _common(all_of_them: list[Json]) -> Json:
    """Settings that are alike at every phone."""
    first = all_of_them[0] if all_of_them else {}
    made: Json = {}
    for section, values in first.items():
        alike = {
            name: value
            for name, value in values.items()
            if all(other.get(section, {}).get(name) == value for other in all_of_them)
        }
        if alike:
            made[section] = alike
    return made


def _without(settings: Json, common: Json) -> Json:
    left: dict[str, dict[str, Any]] = {
        section: {n: v for n, v in values.items() if n not in common.get(section, {})}
        for section, values in settings.items()
    }
    return {section: values for section, values in left.items() if values}


def settings_named(settings: Json) -> list[str]:
    """Return the names of settings, without values: some are secrets."""
    return sorted(f"{section}.{name}" for section, values in settings.items() for name in values)
