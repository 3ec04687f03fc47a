"""Presets and room templates: what they do, what they ask for, which models carry them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import click

from provisioner.catalogue.loader import Catalogue, load
from provisioner.catalogue.models import Model
from provisioner.catalogue.numbers import NUMBERS, numbers_of
from provisioner.catalogue.presets import Preset, PresetKey, RoomTemplate
from provisioner.catalogue.suitability import missing_for
from provisioner.errors import UnknownThingError
from provisioner.placeholders import text_in
from provisioner.room_keys import DEFAULT_LABEL, DEFAULT_VALUE
from web.commands.options import echo_json, json_option

T = TypeVar("T", Preset, RoomTemplate)
LANGUAGES = ("en", "es", "ru")
_language_option = click.option(
    "--language", default="en", metavar="CODE", help="Names of the list: en, es, ru."
)


@click.command()
@click.argument("name", required=False)
@_language_option
@json_option
def presets(name: str | None, language: str, as_json: bool) -> None:
    """List the presets and the numbers they ask for, or all about one."""
    catalogue = load()
    if name:
        found = _named(catalogue.presets, name, "preset")
        _answer(preset_row(catalogue, found), about_preset(catalogue, found), as_json=as_json)
        return
    if as_json:
        echo_json([preset_row(catalogue, preset) for preset in catalogue.presets.values()])
        return
    for preset in catalogue.presets.values():
        kinds = ", ".join(sorted(preset.kinds))
        click.echo(f"{preset.id:<16} {text_in(preset.name, [language]):<32} {kinds}")
    click.echo("\nNumbers they ask a site for (numbers: in its file):")
    for number, meaning in NUMBERS.items():
        click.echo(f"  {number:<14} {meaning}")


@click.command()
@click.argument("name", required=False)
@_language_option
@json_option
def rooms(name: str | None, language: str, as_json: bool) -> None:
    """List the room templates, or the positions of one and the models that suit."""
    catalogue = load()
    if name:
        found = _named(catalogue.rooms, name, "room template")
        _answer(room_row(catalogue, found), about_room(catalogue, found), as_json=as_json)
        return
    if as_json:
        echo_json([room_row(catalogue, room) for room in catalogue.rooms.values()])
        return
    for room in catalogue.rooms.values():
        positions = ", ".join(position.id for position in room.positions)
        click.echo(f"{room.id:<16} {text_in(room.name, [language]):<28} {positions}")


def preset_row(catalogue: Catalogue, preset: Preset) -> dict[str, Any]:
    """Return a preset as ``--json`` shows it; models are those of its kinds."""
    return {
        **preset.model_dump(mode="json", exclude={"keys", "kinds", "needs"}),
        "kinds": sorted(preset.kinds),
        "needs": sorted(preset.needs),
        "numbers": list(numbers_of(preset)),
        "keys": [_key_row(key) for key in preset.keys],
        "models": [
            {"id": model.id, "missing": list(missing_for(model, preset))}
            for model in _candidates(catalogue, preset)
        ],
    }


def room_row(catalogue: Catalogue, room: RoomTemplate) -> dict[str, Any]:
    """Return a room template as ``--json`` shows it."""
    row = room.model_dump(mode="json")
    for position, told in zip(room.positions, row["positions"], strict=True):
        preset = catalogue.presets[position.preset]
        told["models"] = [
            {"id": name, "missing": list(missing_for(catalogue.models[name], preset))}
            for name in position.models
        ]
    return row


def about_preset(catalogue: Catalogue, preset: Preset) -> Iterator[str]:
    """Yield all about a preset, line by line."""
    yield f"{preset.id}  {in_all(preset.name)}"
    yield from (f"  {text}" for text in preset.description.values())
    needs = f"; needs {', '.join(sorted(preset.needs))}" if preset.needs else ""
    yield f"  for {', '.join(sorted(preset.kinds))}{needs}"
    yield f"  numbers: {', '.join(numbers_of(preset)) or 'none'}"
    yield from (f"  setting {name} = {value}" for name, value in leaves(preset.settings))
    yield from (f"  key {key_line(key)}" for key in preset.keys)
    lacking = [(m, missing_for(m, preset)) for m in _candidates(catalogue, preset)]
    full = [model.id for model, missing in lacking if not missing]
    yield f"  carried by: {', '.join(full) or 'no model'}"
    for model, missing in lacking:
        if missing:
            yield f"  {model.id}: {'; '.join(missing)}"


def about_room(catalogue: Catalogue, room: RoomTemplate) -> Iterator[str]:
    """Yield all about a room template, line by line."""
    yield f"{room.id}  {in_all(room.name)}"
    yield from (f"  {text}" for text in room.description.values())
    yield from (f"  setting {name} = {value}" for name, value in leaves(room.settings))
    for position in room.positions:
        yield f"  {position.id}  {in_all(position.name)}: preset {position.preset}"
        for name in position.models:
            missing = missing_for(catalogue.models[name], catalogue.presets[position.preset])
            yield f"    {name}{': ' if missing else ''}{'; '.join(missing)}"
        if position.accessories:
            yield f"    with: {', '.join(position.accessories)}"


def about_presets_of(catalogue: Catalogue, model: Model) -> Iterator[str]:
    """Yield which presets a model carries, and of those of its kind why not the others."""
    lacking = lacking_for(catalogue, model)
    if lacking:
        full = ", ".join(name for name, missing in lacking.items() if not missing)
        yield f"carries these presets: {full or 'none without loss'}"
    for name, missing in lacking.items():
        if missing:
            yield f"preset {name}: {'; '.join(missing)}"


def lacking_for(catalogue: Catalogue, model: Model) -> dict[str, tuple[str, ...]]:
    """Return what a model lacks for each preset of its kind; empty: nothing."""
    return {
        preset.id: missing_for(model, preset)
        for preset in catalogue.presets.values()
        if model.dialects and model.kind in preset.kinds
    }


def key_line(key: PresetKey) -> str:
    """Return a key in one line: its name, what it does and its labels."""
    value = key.value or (DEFAULT_VALUE if key.each else "")
    label = key.label or (DEFAULT_LABEL if key.each else "")
    which = [f"floor {key.floor}"] if key.floor else []
    which += [f"template {' or '.join(key.template)}"] if key.template else []
    each = f" for each room ({'; '.join(which) or 'all'})" if key.each else ""
    told = f"{key.name}: {key.type}{each} {value}".rstrip()
    words = label if isinstance(label, str) else in_all(label)
    return f"{told}{f'  {words}' if words else ''}{'  (optional)' if key.optional else ''}"


def in_all(texts: Mapping[str, str]) -> str:
    """Return a text in all its languages, each wording once."""
    return " / ".join(dict.fromkeys(texts[name] for name in LANGUAGES if name in texts))


def leaves(settings: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, object]]:
    """Yield dotted names and values of partial settings."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _key_row(key: PresetKey) -> dict[str, Any]:
    return {"name": key.name, **key.model_dump(mode="json")}


def _candidates(catalogue: Catalogue, preset: Preset) -> list[Model]:
    return [m for m in catalogue.models.values() if m.dialects and m.kind in preset.kinds]


def _named(things: Mapping[str, T], name: str, what: str) -> T:
    if name in things:
        return things[name]
    near = difflib.get_close_matches(name.lower(), things, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(things)}"
    raise UnknownThingError(f"there is no {what} {name!r}; {hint}")


def _answer(row: dict[str, Any], lines: Iterator[str], *, as_json: bool) -> None:
    if as_json:
        echo_json(row)
        return
    for line in lines:
        click.echo(line)


COMMANDS = (presets, rooms)
