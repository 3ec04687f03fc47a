"""Exports of Tancredi (NethVoice): scopes as INI files, or phones as JSON of its API.

A scope is ``scopes/ID.ini`` with ``[metadata]`` (``scopeType`` phone, model or none, and
``inheritFrom``) and ``[data]``, as ``src/Entity/FileStorage.php`` writes it; a phone's id is its
MAC with hyphens. By the API a phone is ``{mac, model, display_name, variables}``
(``docs/phonesMacGet.md``), a model ``{name, display_name, variables}``, the defaults one object of
variables. A phone's variables go before its model's, and those before the defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.importing.found import Found, FoundPhone, Json, Line, Place
from provisioner.importing.sources import Source, ini_of, json_of
from provisioner.importing.tancredi_variables import (
    head_of,
    keys_of,
    leave_unknown,
    settings_of,
)
from provisioner.mac import parse_mac

_METADATA, _DATA = "metadata", "data"
_ACCOUNTS_MAX = 16


@dataclass(slots=True)
class _Scope:
    """A scope: what it is called, where it inherits from, its own variables."""

    place: Place
    name: str
    kind: str
    parent: str = ""
    title: str = ""
    variables: dict[str, str] = field(default_factory=dict)


def read_tancredi(sources: Iterable[Source]) -> Found:
    """Return what Tancredi's scopes hold.

    Raises:
        SiteFileError: a file that is called ``.json`` is no JSON, or another one no INI.
    """
    found = Found()
    scopes: dict[str, _Scope] = {}
    for source in sources:
        is_ini = source.name.endswith(".ini") or not source.name.endswith(".json")
        for scope in _of_ini(source) if is_ini else _of_json(source, found):
            scopes[scope.name] = scope
    phones = [scope for scope in scopes.values() if scope.kind == "phone"]
    if not phones and not found.problems:
        found.refuse(Place("the export"), "holds no phone: give the folder scopes, or GET /phones")
    heads = [head for scope in phones if (head := _phone(scope, scopes, found)) is not None]
    found.head = {n: v for n, v in (heads or [{}])[0].items() if all(h.get(n) == v for h in heads)}
    return found


def _of_ini(source: Source) -> Iterator[_Scope]:
    ini = ini_of(source)
    about, name = ini.get(_METADATA, {}), source.stem
    kind = about.get("scopeType", "")
    if not kind:
        kind = "phone" if parse_mac(name) else "defaults" if name == "defaults" else "model"
    yield _Scope(
        Place(source.name), name, kind, about.get("inheritFrom", ""),
        about.get("displayName", ""), ini.get(_DATA, {}),
    )  # fmt: skip


def _of_json(source: Source, found: Found) -> Iterator[_Scope]:
    data = json_of(source)
    place = Place(source.name)
    if not isinstance(data, list):
        yield from _document(place, data, source.stem, found)
        return
    for number, each in enumerate(data):
        yield from _document(place.at(number), each, "", found)


def _document(place: Place, data: Any, stem: str, found: Found) -> Iterator[_Scope]:  # noqa: ANN401
    """A phone, a model, or the defaults."""
    if not isinstance(data, dict):
        found.refuse(place, "is no phone and no model")
        return
    variables = data.get("variables", {})
    if "mac" in data and "variables" not in data:
        found.refuse(place.at("variables"), "is missing: ask for each phone, GET /phones/MAC")
        return
    if not isinstance(variables, dict):
        found.refuse(place.at("variables"), "must be an object")
        return
    texts = {name: _text(value) for name, value in variables.items()}
    title = str(data.get("display_name") or "")
    if "mac" in data:
        parent = str(data.get("model") or "")
        yield _Scope(place, str(data["mac"]), "phone", parent, title, texts)
    elif "name" in data:
        yield _Scope(place, str(data["name"]), "model", "", title, texts)
    elif stem and not any(isinstance(value, (dict, list)) for value in data.values()):
        plain = {name: _text(value) for name, value in data.items()}
        yield _Scope(place, "defaults", "defaults", "", "", plain)
    else:
        found.refuse(place, "is no phone (mac, variables) and no model (name, variables)")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None else str(value)


def _phone(scope: _Scope, scopes: Mapping[str, _Scope], found: Found) -> Json | None:
    """Note a phone; return what its variables say of the site."""
    variables = _inherited(scope, scopes, found)
    model = scopes.get(scope.parent)
    word = scope.parent.replace("-", " ", 1)
    if model is not None and not word and model.title:
        word = model.title
    lines = tuple(_lines(variables, found))
    if not lines:
        found.remarks.append(f"{scope.name} has no account: it is not assigned to anybody")
        return None
    leave_unknown({**scope.variables}, found)
    keys = tuple(keys_of(scope.place, variables, found))
    found.phones.append(FoundPhone(
        scope.place, scope.name, word, lines, keys, settings_of(variables),
        name=lines[0].name,
    ))  # fmt: skip
    return head_of(variables)


def _inherited(scope: _Scope, scopes: Mapping[str, _Scope], found: Found) -> dict[str, str]:
    """The variables of a phone with those of its model and the defaults."""
    chain, seen = [scope], {scope.name}
    while chain[-1].parent and chain[-1].parent not in seen:
        above = scopes.get(chain[-1].parent)
        if above is None:
            told = f"model {chain[-1].parent} is not among the files: only its name is taken"
            if told not in found.remarks:
                found.remarks.append(told)
            break
        seen.add(above.name)
        chain.append(above)
    if "defaults" in scopes and "defaults" not in seen:
        chain.append(scopes["defaults"])
    made: dict[str, str] = {}
    for each in reversed(chain):
        made |= each.variables
    return made


def _lines(variables: Mapping[str, str], found: Found) -> Iterator[Line]:
    for number in range(1, _ACCOUNTS_MAX + 1):
        user = variables.get(f"account_username_{number}", "")
        if not user:
            continue
        yield Line(
            user,
            variables.get(f"account_display_name_{number}", ""),
            variables.get(f"account_password_{number}", ""),
            variables.get(f"account_extension_{number}", ""),
            bool(variables.get(f"account_voicemail_{number}")),
        )
        if number > 1 and variables.get(f"account_encryption_{number}", "") != variables.get(
            "account_encryption_1", ""
        ):
            found.leave(f"account_encryption_{number} (it is another than that of account 1)")
