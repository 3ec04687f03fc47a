"""The generated page docs/presets.md: presets, room templates, and the numbers they ask for."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalogue.loader import load
from provisioner.catalogue.numbers import NUMBERS, numbers_of
from provisioner.catalogue.presets import Preset, PresetKey, RoomTemplate
from web.commands.presets import LANGUAGES, in_all, leaves

INTRO = """\
A **preset** is one phone's use: settings and keys. A **room template** says which positions a room
has, and the preset and suiting models of each. Both are data, `templates/presets/*.toml` and
`templates/rooms/*.toml`; `bellwire presets NAME`, `bellwire rooms NAME` and `bellwire models NAME`
also say which models carry a preset and what the others lack.

A model of the wrong kind, or without a feature that a preset needs, is refused when a site file is
applied. A key that is not optional and has no place is a warning; an optional one is left out.
"""
EACH = """\
## Keys for each room

A key with `each: rooms` stands for every room of the site that has an extension, but for the
phone's own: `{type: blf, each: rooms}`. It dials `{each.extension}` and shows `{each.name}`, unless
value and label say otherwise (also `{each.id}`, `{each.floor}`). `floor: "2"` takes one floor,
`floor: "{room.floor}"` the phone's own, `template: guest-room` (or a list) rooms of that template.
Rooms come by floor, then by name, after all other keys, over all pages and expansion modules; those
without a place are one warning. When a room is added, changed or retired, the phones that show it
are rendered again, and no others.
"""
OWN = """\
## A site's own

A site file may change a shipped preset or room template, or bring its own:

```yaml
presets:
  guest-room:                                   # what is not named stays as shipped
    settings: {audio: {ring_volume_percent: 40}}
    labels: {spa: {en: Wellness, es: Bienestar}}  # by the names in the tables below
    without: [laundry]
    add_keys: [{type: speed_dial, value: "115", label: {en: Bar, es: Bar}}]
  bar:                                          # new; without kinds it is for all
    name: {en: Bar, es: Bar}
    kinds: [desk]
    keys: [{type: line}, {type: speed_dial, value: "{site.numbers.reception}", label: Desk}]
room_templates:
  guest-room:
    positions: [{id: balcony, preset: guest-room}]   # added to the shipped positions
  bar:
    positions: [{id: counter, name: {en: Counter, es: Barra}, preset: bar}]
```

`keys:` takes the place of all keys. Placeholders: `{site.numbers.NAME}`, `{site.id}`, `{site.name}`,
`{room.id}`, `{room.name}`, `{room.floor}`, `{room.extension}`, `{phone.extension}`,
`{phone.position}`, `{phone.mac}`; of names parted by `|`, the first that is set counts.
"""


def presets_page(head: str) -> str:
    """Every preset and room template."""
    catalogue = load()
    presets = catalogue.presets.values()
    lines = ["# Presets and room templates\n", head, INTRO]
    lines += ["## Numbers\n", "Presets name numbers; a site file gives them under `numbers:`."]
    lines += ["A number that a site does not give leaves its key out.\n"]
    lines += ["| number | | presets |", "|---|---|---|"]
    for number, meaning in NUMBERS.items():
        used = ", ".join(f"`{p.id}`" for p in presets if number in numbers_of(p))
        lines.append(f"| `{number}` | {meaning} | {used} |")
    lines += ["", EACH, OWN, "## Presets\n"]
    for preset in presets:
        lines += _preset(preset)
    lines.append("## Room templates\n")
    for room in catalogue.rooms.values():
        lines += _room(room)
    return "\n".join(lines)


def _preset(preset: Preset) -> Iterator[str]:
    yield f"### {preset.id}\n"
    yield from _told(preset)
    needs = f"; needs {', '.join(f'`{n}`' for n in sorted(preset.needs))}" if preset.needs else ""
    yield f"For {', '.join(sorted(preset.kinds))}{needs}.\n"
    settings = [f"`{name} = {value}`" for name, value in leaves(preset.settings)]
    if settings:
        yield f"Settings: {', '.join(settings)}\n"
    if preset.keys:
        yield "| key | does | en | es | ru | |"
        yield "|---|---|---|---|---|---|"
        yield from (_key_row(key) for key in preset.keys)
        yield ""


def _key_row(key: PresetKey) -> str:
    value = key.value.replace("|", "\\|")  # a bare one ends the cell
    does = f"{key.type} `{value}`" if value else str(key.type)
    if key.each:
        of = " or ".join(f"`{name}`" for name in key.template) or "any template"
        floor = f", floor `{key.floor}`" if key.floor else ""
        does += f" for each room of {of}{floor}"
    texts = key.label if isinstance(key.label, dict) else dict.fromkeys(LANGUAGES, key.label)
    labels = " | ".join(texts.get(language, "") for language in LANGUAGES)
    return f"| {key.name} | {does} | {labels} | {'optional' if key.optional else ''} |"


def _room(room: RoomTemplate) -> Iterator[str]:
    yield f"### {room.id}\n"
    yield from _told(room)
    yield "| position | | preset | models, best first | with |"
    yield "|---|---|---|---|---|"
    for position in room.positions:
        models = ", ".join(f"`{name}`" for name in position.models)
        more = ", ".join(f"`{name}`" for name in position.accessories)
        name = in_all(position.name)
        yield f"| {position.id} | {name} | `{position.preset}` | {models} | {more} |"
    yield ""


def _told(thing: Preset | RoomTemplate) -> Iterator[str]:
    yield f"**{in_all(thing.name)}**\n"
    yield from (f"- {text}" for text in thing.description.values())
    yield ""
