"""The settings of one phone with where each comes from, and the edit that sets one at a layer."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provisioner.assembly import place_of
from provisioner.catalogue.loader import Catalogue
from provisioner.edits.documents import etag_of, room_document, site_document
from provisioner.edits.edit import Edit
from provisioner.explain import explain_settings
from provisioner.inventory.tables import PhoneRow
from provisioner.kit import PhoneKit
from provisioner.resolve import Place, layers_of
from provisioner.secrets import Box
from provisioner.settings import PhoneSettings
from web.accounts.people import Role
from web.pages.change.yaml_parts import as_yaml
from web.pages.language import N_

Json = dict[str, Any]
LAYERS = ("phone", "room", "preset", "site")
LAYER_WORDS = {
    "phone": N_("This phone only"),
    "room": N_("All phones of room %(name)s"),
    "preset": N_("All phones with the preset %(name)s"),
    "site": N_("All phones of the site"),
}
LAYER_ROLES = {"phone": Role.INSTALLER, "room": Role.INSTALLER, "preset": Role.ADMIN,
               "site": Role.ADMIN}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A setting as it counts; ``is_own``: somebody of the site has set it."""

    name: str
    value: str
    origin: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class LayerValue:
    """What one layer says of a setting.

    Attributes:
        layer: ``phone``, ``room``, ``preset`` or ``site``; empty: it cannot be set there.
        counts: it is the strongest.
    """

    origin: str
    layer: str
    value: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Field:
    """How a setting is written.

    Attributes:
        kind: ``bool``, ``choice``, ``secret``, ``text``, ``number`` or ``yaml``.
        value: as it counts, as a text; of a secret nothing.
    """

    name: str
    kind: str
    value: str
    options: tuple[str, ...] = ()
    description: str = ""


def rows_of(kit: PhoneKit) -> dict[str, list[Row]]:
    """Return all settings of a phone, by section."""
    own = ("site ", "preset ", "room ", "phone ")
    made: dict[str, list[Row]] = {}
    for each in explain_settings(kit):
        name, origin = str(each["setting"]), str(each["origin"])
        row = Row(name, _shown(each["value"]), origin, origin.startswith(own))
        made.setdefault(name.partition(".")[0], []).append(row)
    return made


def field_of(kit: PhoneKit, name: str) -> Field | None:
    """Return how a setting is written; None: there is none of this name, or it is no single one."""
    model: Any = PhoneSettings
    value: Any = kit.settings.model_dump(mode="json")
    info = None
    for part in name.split("."):
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return None
        info = model.model_fields.get(part)
        if info is None:
            return None
        model, value = info.annotation, value.get(part)
    if info is None or (isinstance(model, type) and issubclass(model, BaseModel)):
        return None
    kind, options = _kind(model)
    shown = "" if kind == "secret" else _as_text(kind, value)
    return Field(name, kind, shown, options, info.description or "")


def _kind(annotation: Any) -> tuple[str, tuple[str, ...]]:  # noqa: ANN401 - a type
    inner = [a for a in typing.get_args(annotation) if a is not type(None)]
    if "SecretStr" in str(annotation):
        return "secret", ()
    if typing.get_origin(annotation) is Literal:
        return "choice", tuple(str(option) for option in inner)
    if annotation is bool:
        return "bool", ("true", "false")
    if annotation is int:
        return "number", ()
    return ("text", ()) if annotation is str else ("yaml", ())


def _as_text(kind: str, value: object) -> str:
    if kind == "bool":
        return "true" if value else "false"
    return as_yaml(value) if kind == "yaml" else str("" if value is None else value)


def said_of(catalogue: Catalogue, kit: PhoneKit, name: str) -> list[LayerValue]:
    """Return what each layer says of a setting, the strongest first."""
    place = _place(catalogue, kit)
    of_layer = {
        f"site {place.site.id}": "site",
        f"preset {place.preset.id}": "preset",
        f"room {place.room.id}": "room",
        f"phone {place.phone.mac.colons}": "phone",
    }
    field = field_of(kit, name)
    secret = field is not None and field.kind == "secret"
    made: list[LayerValue] = []
    for layer in reversed(layers_of(place)):
        value = _at(layer.values, name)
        if value is not None:
            text = "********" if secret else _shown(value)
            made.append(LayerValue(layer.origin, of_layer.get(layer.origin, ""), text, not made))
    return made


def reach_of(session: Session, kit: PhoneKit) -> dict[str, int]:
    """Return how many phones each layer reaches."""
    phone = kit.phone
    here = select(func.count()).select_from(PhoneRow).where(PhoneRow.site_id == phone.site)
    return {
        "phone": 1,
        "room": session.scalar(here.where(PhoneRow.room_id == phone.room)) or 0,
        "preset": session.scalar(here.where(PhoneRow.preset == phone.preset)) or 0,
        "site": session.scalar(here) or 0,
    }


def edit_for(
    session: Session, box: Box, kit: PhoneKit, layer: str, name: str, value: Any  # noqa: ANN401 - any JSON
) -> Edit:  # fmt: skip
    """Return the edit that sets a value at a layer.

    Args:
        session: a reading session.
        box: opens what is encrypted.
        kit: of the phone.
        layer: one of ``LAYERS``.
        name: of the setting.
        value: None takes away what the layer says.
    """
    phone, path = kit.phone, name.split(".")
    if layer in ("phone", "room"):
        room = room_document(session, box, phone.site, phone.room)
        based = {f"room/{phone.room}": etag_of(room)}
        around = room["phones"][phone.position] if layer == "phone" else room
        around["settings"] = _with(around.get("settings") or {}, path, value)
        return Edit(phone.site, rooms=(room,), if_match=based)
    head = site_document(session, box, phone.site)
    based = {"head": etag_of(head)}
    if layer == "preset":
        presets: Json = head.get("presets") or {}
        preset: Json = presets.setdefault(phone.preset, {})
        preset["settings"] = _with(preset.get("settings") or {}, path, value)
        return Edit(phone.site, head={"presets": presets}, if_match=based)
    part = "sip" if path[0] == "sip" else "settings"
    inner = path[1:] if part == "sip" else path
    changed = _with(head.get(part) or {}, inner, value)
    return Edit(phone.site, head={part: changed}, if_match=based)


def _with(layer: Json, path: list[str], value: Any) -> Json:  # noqa: ANN401 - any JSON
    """A layer with one value more; null for a secret says that it is to go."""
    if len(path) == 1:
        return {**layer, path[0]: value} if value is not None else _gone(layer, path[0])
    inner = _with(layer.get(path[0]) or {}, path[1:], value)
    return {**layer, path[0]: inner} if inner else _gone(layer, path[0])


def _gone(layer: Json, name: str) -> Json:
    rest = {key: inner for key, inner in layer.items() if key != name}
    return rest if name in layer else {**rest, name: None}


def _place(catalogue: Catalogue, kit: PhoneKit) -> Place:
    return place_of(catalogue, kit.site, kit.room, kit.phone, kit.rooms)


def _at(layer: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - any JSON
    value: Any = layer
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, BaseModel):
        return ", ".join(f"{k}: {_shown(v)}" for k, v in value.model_dump(mode="json").items() if v)
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_shown(v)}" for k, v in value.items())
    return "********" if isinstance(value, SecretStr) else str("" if value is None else value)
