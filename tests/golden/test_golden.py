"""Every model with its main preset, as bytes: a change in any file is seen and reviewed.

Cases are folders found by name, ``<vendor>/<model>#<preset>/``; ``make golden`` writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from provisioner.catalogue.loader import load
from provisioner.inventory.records import Accessory
from provisioner.render import render
from tests.kits import make_kit

HERE = Path(__file__).parent
WRITE = os.environ.get("BELLWIRE_WRITE_GOLDEN") == "1"
MODELS = sorted(m.id for m in load().models.values() if m.dialects)


def case_of(model_id: str) -> tuple[Path, str]:
    preset = load().main_preset(load().models[model_id]).id
    vendor, name = model_id.split("/")
    return HERE / vendor / f"{name}#{preset}", preset


def rendered(model_id: str, preset: str) -> dict[str, bytes]:
    model = load().models[model_id]
    modules = (Accessory(model.expansion.models[0]),) if model.expansion else ()
    handsets = min(3, model.dect.handsets) if model.dect else 0
    kit = make_kit(model_id, preset, handsets=handsets, accessories=modules)
    return {file.name: file.body for file in render(load().folder, kit)}


@pytest.mark.parametrize("model_id", MODELS)
def test_files_are_what_was_reviewed(model_id: str) -> None:
    folder, preset = case_of(model_id)
    files = rendered(model_id, preset)
    if WRITE:
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.iterdir():
            if stale.name not in files:
                stale.unlink()
        for name, body in files.items():
            (folder / name).write_bytes(body)
    kept = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert sorted(kept) == sorted(files)
    for name, body in files.items():
        assert body == kept[name], f"{folder.name}/{name} differs; make golden and review"


@pytest.mark.parametrize("model_id", MODELS)
def test_xml_parses(model_id: str) -> None:
    folder, _ = case_of(model_id)
    for file in folder.iterdir():
        body = file.read_bytes()
        if body.lstrip().startswith(b"<?xml") or b"<settings" in body[:200]:
            ET.fromstring(body)


def test_no_case_without_a_model() -> None:
    cases = {case_of(model)[0] for model in MODELS}
    assert set(HERE.glob("*/*#*")) == cases
