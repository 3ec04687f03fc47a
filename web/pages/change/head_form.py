"""The head of a site as a form: simple fields, and the rest as YAML. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.edits.edit import Problem
from provisioner.inventory.site_yaml import Path_, dotted
from web.pages.change.yaml_parts import Written, as_yaml, from_yaml, is_same, said_at
from web.pages.forms import Form, FormModel
from web.pages.language import N_

LINES = ("languages", "networks")
SIMPLE = ("name", "country", "timezone", "languages", "url", "networks")
GROUPS = (
    (N_("Telephony"), (
        ("sip", N_("SIP registration"),
         N_("Where phones register: registrar, port, transport, expires_s.")),
        ("numbers", N_("Numbers"), N_("Names for numbers, which keys and presets use.")),
        ("settings", N_("Settings of all phones"), N_("Below presets, rooms and phones.")),
        ("phonebook", N_("Phone book"), N_("Entries besides the site's own accounts.")),
    )),
    (N_("Presets and room templates"), (
        ("presets", N_("Presets"), N_("The site's own, or what it changes of shipped ones.")),
        ("room_templates", N_("Room templates"),
         N_("Which positions a room has, and the preset of each.")),
    )),
    (N_("Network and PBX"), (
        ("switches", N_("Switches"), N_("Host, name and how SNMP reads them.")),
        ("pbx", N_("PBX"), N_("How bellwire asks who is registered.")),
    )),
    (N_("Watching"), (
        ("monitoring", N_("Monitoring"), N_("Quiet hours, messages, maintenance, remedies.")),
        ("calls", N_("Calls"),
         N_("How calls are guarded: lists, rules, limits. Empty: they are not guarded; {}: by the "
            "usual limits.")),
    )),
)  # fmt: skip
"""The parts written as YAML: name, title and what they are."""
PARTS = tuple(name for _, parts in GROUPS for name, *_ in parts)
LISTS = frozenset({"phonebook", "switches"})
"""Parts that are lists; the others are mappings."""
SAYS_MORE = frozenset({"calls"})
"""Parts that, with nothing in them, say something else than without them."""


@dataclass(slots=True)
class HeadForm:
    """A form as it was sent, beside what is stored.

    Attributes:
        form: what its fields show, and what is wrong with them.
        head: the parts that were changed; None: removed.
        written: parts that were read from YAML.
    """

    form: Form[FormModel] = field(default_factory=Form)
    head: dict[str, Any] = field(default_factory=dict)
    written: dict[str, Written] = field(default_factory=dict)


def head_form(document: Mapping[str, Any]) -> Form[FormModel]:
    """Return the form of a site's head as it is stored."""
    values = {name: str(document.get(name) or "") for name in SIMPLE if name not in LINES}
    values["languages"] = ", ".join(document.get("languages") or ())
    values["networks"] = "\n".join(document.get("networks") or ())
    return Form(values | {name: _part_text(name, document.get(name)) for name in PARTS})


def _part_text(name: str, value: object) -> str:
    return "{}\n" if name in SAYS_MORE and value == {} else as_yaml(value)


def _part_value(name: str, value: object) -> object:
    """What a part says; None: nothing. One of the wrong kind is left for its shape to refuse."""
    empty: object = [] if name in LISTS else {}
    return None if value == empty and name not in SAYS_MORE else value


def read_head(sent: Mapping[str, str], document: Mapping[str, Any]) -> HeadForm:
    """Return what somebody wants to be changed.

    Args:
        sent: the fields of the form.
        document: the head as it is stored.
    """
    made = HeadForm(Form({name: sent.get(name, "") for name in (*SIMPLE, *PARTS)}))
    for name in SIMPLE:
        if name not in sent:
            continue
        text = sent[name].strip()
        value: Any = re.split(r"[\s,;]+", text) if text and name in LINES else text
        if not is_same(value, document.get(name)):
            made.head[name] = value or None
    for name in PARTS:
        if name not in sent:
            continue
        written = made.written[name] = from_yaml(sent[name])
        if written.error:
            made.form.refuse(name, written.error)
            continue
        value = _part_value(name, written.value)
        if value != _part_value(name, document.get(name)):
            made.head[name] = value
    return made


def refuse(made: HeadForm, problems: Iterable[Problem]) -> None:
    """Put what is wrong with an edit of the head beside its fields."""
    told: dict[str, list[str]] = {}
    for problem in problems:
        name, inner = _place(problem.path)
        written = made.written.get(name)
        if name in PARTS and written is not None:
            told.setdefault(name, []).append(said_at(written, inner, problem.sentence))
        elif name in SIMPLE:
            told.setdefault(name, []).append(problem.sentence)
        else:
            place = dotted(inner)
            words = f"{place}: {problem.sentence}" if place else problem.sentence
            told.setdefault("", []).append(words)
    for name, sentences in told.items():
        made.form.refuse(name, "; ".join(sentences))


def _place(path: Path_) -> tuple[str, Path_]:
    if len(path) > 1 and path[0] == "head":
        return str(path[1]), path[2:]
    return "", path[1:] if path[:1] == ("head",) else path
