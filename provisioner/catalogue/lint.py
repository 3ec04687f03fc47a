"""Checks across vendor data files, run at every start and by ``make check``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from provisioner.catalogue.features import FEATURES
from provisioner.catalogue.inserts import Insert, insert_problems
from provisioner.catalogue.models import WITHOUT_FILES, Kind, Model, Support
from provisioner.catalogue.numbers import unknown_names
from provisioner.catalogue.presets import MAIN_PRESETS
from provisioner.catalogue.schema import Vendor
from provisioner.errors import CatalogueError
from provisioner.layers import first_wrong
from provisioner.settings import PhoneSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from provisioner.catalogue.presets import Preset, RoomTemplate


class _Loaded(Protocol):
    @property
    def folder(self) -> Path: ...
    @property
    def vendors(self) -> Mapping[str, Vendor]: ...
    @property
    def models(self) -> Mapping[str, Model]: ...
    @property
    def presets(self) -> Mapping[str, Preset]: ...
    @property
    def rooms(self) -> Mapping[str, RoomTemplate]: ...
    @property
    def files(self) -> Mapping[str, str]: ...
    @property
    def inserts(self) -> Mapping[str, tuple[Insert, ...]]: ...


def check(catalogue: _Loaded) -> None:
    """Raise CatalogueError for the first thing that does not fit together."""
    for name, key, problem in _problems(catalogue):
        raise CatalogueError(name, key, problem)


def _problems(catalogue: _Loaded) -> Iterator[tuple[str, str, str]]:
    yield from _preset_problems(catalogue)
    for vendor in catalogue.vendors.values():
        for key, problem in _vendor_problems(catalogue, vendor):
            yield catalogue.files[vendor.id], key, problem
    for model in catalogue.models.values():
        for key, problem in _model_problems(catalogue, model):
            yield catalogue.files[model.id], key, problem
    yield from _agent_clashes(catalogue)
    yield from _room_problems(catalogue)
    yield from _wrong_settings(catalogue)
    for vendor_id, inserts in catalogue.inserts.items():
        for key, problem in insert_problems(inserts, catalogue.models):
            yield f"phones/{vendor_id}/inserts.toml", key, problem


def _preset_problems(catalogue: _Loaded) -> Iterator[tuple[str, str, str]]:
    for preset in catalogue.presets.values():
        file = f"presets/{preset.id}.toml"
        for name in sorted(preset.needs - set(FEATURES)):
            yield file, "needs", f"there is no feature {name!r}"
        for key, name in unknown_names(preset):
            yield file, key, f"nothing is called {{{name}}}; numbers have names in numbers.py"
        for number, preset_key in enumerate(preset.keys):
            for template in preset_key.template:
                if template not in catalogue.rooms:
                    yield file, f"keys.{number}", f"there is no room template {template!r}"


def _wrong_settings(catalogue: _Loaded) -> Iterator[tuple[str, str, str]]:
    """Settings of any file that no phone may have: unknown names and values out of range."""
    layers = {catalogue.files[v.id]: v.settings for v in catalogue.vendors.values()}
    layers |= {catalogue.files[m.id]: m.settings for m in catalogue.models.values()}
    layers |= {f"presets/{p.id}.toml": p.settings for p in catalogue.presets.values()}
    layers |= {f"rooms/{r.id}.toml": r.settings for r in catalogue.rooms.values()}
    for file, settings in layers.items():
        wrong = first_wrong(settings)
        if wrong is not None:
            path, problem = wrong
            yield file, ".".join(("settings", *map(str, path))), problem


def _room_problems(catalogue: _Loaded) -> Iterator[tuple[str, str, str]]:
    for room in catalogue.rooms.values():
        for position in room.positions:
            key = f"positions.{position.id}"
            if position.preset not in catalogue.presets:
                yield f"rooms/{room.id}.toml", key, f"there is no preset {position.preset!r}"
            for model_id in (*position.models, *position.accessories):
                if model_id not in catalogue.models:
                    yield f"rooms/{room.id}.toml", key, f"there is no model {model_id!r}"


def _vendor_problems(catalogue: _Loaded, vendor: Vendor) -> Iterator[tuple[str, str]]:
    known = setting_names()
    folder = catalogue.folder / "phones" / vendor.id
    for dialect in vendor.dialects:
        where = f"dialects.{dialect.id}"
        for file in (*dialect.files, *dialect.first_contact):
            if not (folder / file.template).is_file():
                yield where, f"there is no template {file.template!r}"
        for name in sorted(dialect.settings - known):
            yield f"{where}.settings", f"there is no setting {name!r}"
        for name in sorted(set(dialect.limits) - known):
            yield f"{where}.limits", f"there is no setting {name!r}"


def _model_problems(catalogue: _Loaded, model: Model) -> Iterator[tuple[str, str]]:
    vendor = catalogue.vendors[model.id.split("/")[0]]
    if model.vendor != vendor.id:
        yield "vendor", f"must be {vendor.id!r}"
    dialects = {dialect.id for dialect in vendor.dialects}
    for entry in model.dialects:
        if entry.id not in dialects:
            yield "dialects", f"{vendor.id} has no dialect {entry.id!r}"
    yield from _missing_facts(model)
    if model.dialects:
        main = catalogue.presets.get(model.preset or MAIN_PRESETS.get(model.kind, ""))
        if main is None or not main.fits(model):
            yield "preset", "name a preset that fits its kind and features"
    for name in sorted(model.features - set(FEATURES)):
        yield "features", f"there is no feature {name!r}"
    fitting = (*(model.expansion.models if model.expansion else ()),)
    fitting += model.accessories.models if model.accessories else ()
    for other in fitting:
        if other not in catalogue.models:
            yield "expansion/accessories", f"there is no model {other!r}"


def _missing_facts(model: Model) -> Iterator[tuple[str, str]]:
    provisioned = model.kind not in WITHOUT_FILES and model.support is not Support.KNOWN
    has_accounts = model.accounts or model.kind is Kind.DECT_BASE  # a manager may have them
    if provisioned and not (model.dialects and has_accounts and model.agents):
        yield "", "dialects, accounts and agents are needed"
    if model.support is Support.KNOWN and not model.missing:
        yield "missing", "say which facts are missing"
    yield from _ambiguous_slots(model)


def _ambiguous_slots(model: Model) -> Iterator[tuple[str, str]]:
    """Slots are named ``group-n``, those of modules ``exp1-n``: no two may share a name."""
    if len({group.id for group in model.keys}) != len(model.keys):
        yield "keys", "two groups have the same id"
    if model.kind is Kind.EXPANSION and len(model.keys) > 1:
        yield "keys", "an expansion module has one group of keys"
    if model.kind is not Kind.EXPANSION:
        for group in model.keys:
            if re.fullmatch(r"exp\d+", group.id):
                yield "keys", f"group {group.id!r} is named like an expansion module"


def _agent_clashes(catalogue: _Loaded) -> Iterator[tuple[str, str, str]]:
    seen: dict[tuple[str, str], str] = {}
    for model in catalogue.models.values():
        for agent in {a.lower() for a in (*model.agents, model.name)}:
            other = seen.setdefault((model.vendor, agent), model.id)
            if other != model.id:
                yield catalogue.files[model.id], "agents", f"{agent!r} is already {other}"


def setting_names() -> frozenset[str]:
    """All dotted names of settings, and the names of their sections."""
    names: set[str] = set()
    for section, field in PhoneSettings.model_fields.items():
        names.add(section)
        inner = getattr(field.annotation, "model_fields", {})
        names.update(f"{section}.{name}" for name in inner)
    return frozenset(names)
