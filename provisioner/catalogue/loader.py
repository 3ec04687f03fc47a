"""Reading ``templates/`` into one immutable Catalogue.

A wrong file stops the start with the file's name and the key in it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel

from provisioner.catalogue.inheritance import complete, lineage
from provisioner.catalogue.inserts import Insert, InsertFile
from provisioner.catalogue.lint import check
from provisioner.catalogue.models import Model
from provisioner.catalogue.presets import MAIN_PRESETS, Preset, RoomTemplate
from provisioner.catalogue.reading import checked_record, read_record, read_toml
from provisioner.catalogue.schema import Dialect, Vendor
from provisioner.catalogue.versions import version_tuple
from provisioner.errors import CatalogueError, UnknownThingError

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All vendor knowledge. Look things up by id; nothing in it changes."""

    folder: Path
    vendors: Mapping[str, Vendor]
    models: Mapping[str, Model]
    presets: Mapping[str, Preset]
    rooms: Mapping[str, RoomTemplate]
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    inserts: Mapping[str, tuple[Insert, ...]] = field(default_factory=dict)

    def insert_of(self, model_id: str, kind: str) -> Insert | None:
        """Return a model's paper of a kind (``insert``, ``strip``), or None."""
        papers = self.inserts.get(model_id.partition("/")[0], ())
        return next((p for p in papers if p.kind == kind and model_id in p.models), None)

    def model(self, name: str) -> Model:
        """Return the model of an id, a name or an alias, in any case.

        Raises:
            UnknownThingError: no model is called so; the message names close ones.
        """
        found = self._models_by_name.get(name.lower())
        if found is None:
            raise UnknownThingError(f"no model is called {name!r}{self._like(name)}")
        return found

    def model_of_agent(self, vendor: str, product: str) -> Model | None:
        """Return the model whose devices call themselves ``product``, or None."""
        return self._models_by_agent.get((vendor, product.lower()))

    def presets_for(self, model: Model) -> tuple[Preset, ...]:
        """Return the presets that fit a model: its kind, and the features they need."""
        return tuple(p for p in self.presets.values() if p.fits(model))

    def main_preset(self, model: Model) -> Preset:
        """Return the usual preset of a model that is provisioned."""
        return self.presets[model.preset or MAIN_PRESETS[model.kind]]

    def dialect_of(self, model: Model, firmware: str | None) -> Dialect:
        """Return the dialect that a model speaks at a firmware; unknown firmware: the newest.

        Raises:
            UnknownThingError: the model speaks none (an accessory, or only known).
        """
        vendor = self.vendors[model.vendor]
        if not model.dialects:
            raise UnknownThingError(f"{model.id} is not provisioned by a file of its own")
        version = version_tuple(firmware or "", vendor.firmware_skip)
        if version:
            for entry in model.dialects:
                if entry.firmware.allows(version):
                    return vendor.dialect(entry.id)
        return vendor.dialect(model.dialects[0].id)

    @cached_property
    def _models_by_name(self) -> Mapping[str, Model]:
        names: dict[str, Model] = {}
        for model in self.models.values():
            for name in (model.name, *model.aliases, model.id.split("/")[1], model.id):
                names[name.lower()] = model
        return names

    @cached_property
    def _models_by_agent(self) -> Mapping[tuple[str, str], Model]:
        return {
            (model.vendor, agent.lower()): model
            for model in self.models.values()
            for agent in (*model.agents, model.name)
        }

    def _like(self, name: str) -> str:
        wanted = name.lower().rsplit("/", 1)[-1]
        close = [m.id for m in self.models.values() if wanted and wanted in m.id]
        if not close:
            near = difflib.get_close_matches(name.lower(), self._models_by_name, cutoff=0.75)
            close = [self._models_by_name[other].id for other in near]
        close = list(dict.fromkeys(close))
        return f"; did you mean {', '.join(sorted(close)[:5])}?" if close else ""


def shipped_folder() -> Path:
    """Where the shipped data is: ``templates/`` of a checkout, or inside the installed package."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "shipped"
    return installed if installed.is_dir() else package.parent / "templates"


@lru_cache(maxsize=4)
def load(folder: Path | None = None) -> Catalogue:
    """Read and check everything below ``folder``.

    Raises:
        CatalogueError: a file is wrong; it names the file and the key.
    """
    root = folder or shipped_folder()
    vendors: dict[str, Vendor] = {}
    models: dict[str, Model] = {}
    inserts: dict[str, tuple[Insert, ...]] = {}
    files: dict[str, str] = {}
    for path in sorted(root.glob("phones/*/vendor.toml")):
        vendor = read_record(root, path, Vendor)
        if vendor.id != path.parent.name:
            raise CatalogueError(str(path.relative_to(root)), "id", f"must be {path.parent.name!r}")
        vendors[vendor.id] = vendor
        files[vendor.id] = str(path.relative_to(root))
        paper = path.with_name("inserts.toml")
        if paper.is_file():
            inserts[vendor.id] = read_record(root, paper, InsertFile).inserts
        for file, model in _read_models(root, path.parent, vendor):
            _new(models, model.id, root, file)
            models[model.id] = model
            files[model.id] = str(file.relative_to(root))
    presets = _read_all(root, "presets", Preset, files)
    rooms = _read_all(root, "rooms", RoomTemplate, files)
    made = Catalogue(
        root,
        MappingProxyType(vendors),
        MappingProxyType(models),
        MappingProxyType(presets),
        MappingProxyType(rooms),
        MappingProxyType(files),
        MappingProxyType(inserts),
    )
    check(made)
    return replace(made, models=MappingProxyType(dict(sorted(models.items()))))


def _read_all(root: Path, part: str, kind: type[T], files: dict[str, str]) -> dict[str, T]:
    found: dict[str, T] = {}
    for file in sorted(root.glob(f"{part}/*.toml")):
        record = read_record(root, file, kind)
        record_id = file.stem
        if getattr(record, "id", "") != record_id:
            raise CatalogueError(str(file.relative_to(root)), "id", f"must be {record_id!r}")
        found[record_id] = record
        files[f"{part}/{record_id}"] = str(file.relative_to(root))
    return found


def _read_models(root: Path, folder: Path, vendor: Vendor) -> Iterator[tuple[Path, Model]]:
    paths = {file.stem: file for file in sorted(folder.glob("models/*.toml"))}
    written = {
        stem: (str(file.relative_to(root)), read_toml(root, file)) for stem, file in paths.items()
    }
    # what others build on comes first: a mistake is found where it was made
    for stem in sorted(paths, key=lambda stem: (len(lineage(written, stem)), stem)):
        data = complete(written, vendor.key_sets, stem)
        yield paths[stem], checked_record(written[stem][0], data, Model)


def _new(models: Mapping[str, Model], model_id: str, root: Path, file: Path) -> None:
    name = str(file.relative_to(root))
    if model_id in models:
        raise CatalogueError(name, "id", f"{model_id!r} is already taken")
    if model_id != f"{file.parent.parent.name}/{file.stem}":
        raise CatalogueError(name, "id", f"must be '{file.parent.parent.name}/{file.stem}'")
