"""Vendor data: the shipped files fit together, and a damaged one stops the start by name."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from provisioner.catalogue.loader import Catalogue, load, shipped_folder
from provisioner.catalogue.models import Kind, Support
from provisioner.errors import CatalogueError, UnknownThingError

Damage = Callable[[str, str, str], None]
CATALOGUE = load()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "templates"
    shutil.copytree(shipped_folder(), copy)
    return copy


def refused(folder: Path) -> CatalogueError:
    with pytest.raises(CatalogueError) as caught:
        load(folder)
    return caught.value


def replace_in(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_shipped_file_is_read() -> None:
    root = shipped_folder()
    assert len(CATALOGUE.models) == len(list(root.glob("phones/*/models/*.toml")))
    assert len(CATALOGUE.vendors) == len(list(root.glob("phones/*/vendor.toml")))
    assert set(CATALOGUE.presets) == {p.stem for p in root.glob("presets/*.toml")}
    assert set(CATALOGUE.rooms) == {p.stem for p in root.glob("rooms/*.toml")}


@pytest.mark.parametrize("model", CATALOGUE.models.values(), ids=lambda m: m.id)
def test_every_model_names_its_sources_and_can_be_found(model) -> None:
    assert model.sources
    assert CATALOGUE.model(model.id) is model
    for agent in model.agents:
        assert CATALOGUE.model_of_agent(model.vendor, agent.upper()) is model
    if model.support is not Support.KNOWN and model.kind not in {Kind.ACCESSORY, Kind.EXPANSION}:
        assert CATALOGUE.dialect_of(model, None).files


@pytest.mark.parametrize("room", CATALOGUE.rooms.values(), ids=lambda r: r.id)
def test_models_that_suit_a_position_suit_its_preset(room) -> None:
    for position in room.positions:
        preset = CATALOGUE.presets[position.preset]
        for model_id in position.models:
            model = CATALOGUE.models[model_id]
            assert model.kind in preset.kinds, (position.id, model_id)
            assert preset.needs <= model.features, (position.id, model_id)


@pytest.mark.parametrize("preset", CATALOGUE.presets.values(), ids=lambda p: p.id)
def test_every_preset_speaks_english_and_fits_some_model(preset) -> None:
    assert "en" in preset.name
    assert any(
        m.kind in preset.kinds and preset.needs <= m.features for m in CATALOGUE.models.values()
    )


def test_the_catalogue_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CATALOGUE.folder = Path()  # type: ignore[misc]
    for part in (CATALOGUE.vendors, CATALOGUE.models, CATALOGUE.presets, CATALOGUE.rooms):
        with pytest.raises(TypeError):
            part["x"] = None  # type: ignore[index]
    with pytest.raises(ValidationError):
        CATALOGUE.models["fanvil/h5"].accounts = 99  # type: ignore[misc]


def test_reading_twice_is_reading_once(folder: Path) -> None:
    assert load(folder) is load(folder)


MODEL = "phones/yealink/models/t46u.toml"
VENDOR = "phones/yealink/vendor.toml"
PRESET = "presets/guest-room.toml"
ROOM = "rooms/guest-room.toml"


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "words"),
    [
        (MODEL, "accounts = 16", "accounts = = 16", "", "not TOML"),
        (MODEL, "accounts = 16", "acounts = 16", "acounts", "Extra inputs"),
        (MODEL, "accounts = 16", "accounts = -1", "accounts", "greater than"),
        (MODEL, "accounts = 16", 'accounts = "many"', "accounts", "integer"),
        (MODEL, 'id = "yealink/t46u"', 'id = "yealink/t46x"', "id", "yealink/t46u"),
        (MODEL, 'id = "yealink/t46u"', 'id = "fanvil/h5"', "id", "already taken"),
        (MODEL, 'vendor = "yealink"', 'vendor = "snom"', "vendor", "yealink"),
        (MODEL, 'id = "v81"', 'id = "v99"', "dialects", "v99"),
        (MODEL, '"wallpaper"', '"wall-paper"', "features", "wall-paper"),
        (MODEL, '"yealink/exp43"', '"yealink/exp99"', "expansion", "exp99"),
        (MODEL, 'id = "soft"', 'id = "line"', "keys", "same id"),
        (MODEL, 'id = "soft"', 'id = "exp1"', "keys", "exp1"),
        (MODEL, 'accepts = "soft"', 'accepts = "jukebox"', "keys.accepts", "no key set"),
        (VENDOR, '"paging", "url"', '"paging", "jukebox"', "key_sets", "Input should be"),
        (MODEL, 'agents = ["T46U", "SIP-T46U"]', 'agents = ["T31P"]', "agents", "t31p"),
        (MODEL, 'agents = ["T46U", "SIP-T46U"]', "agents = []", "", "agents are needed"),
        (MODEL, 'support = "full"', 'support = "known"', "missing", "which facts"),
        (VENDOR, 'template = "v81.j2"', 'template = "v99.j2"', "dialects.v81", "v99.j2"),
        (VENDOR, '"calls.hotline",', '"calls.hot_line",', "settings", "hot_line"),
        (VENDOR, 'syntax = "yealink"', 'syntax = "ini"', "syntax", "Input should be"),
        (VENDOR, "\\.boot$'", "\\.boot($'", "pattern", "regular expression"),
        (VENDOR, 'id = "yealink"', 'id = "yealing"', "id", "yealink"),
        (VENDOR, '"001565"', '"00:15:65"', "ouis", "match pattern"),
        (PRESET, 'id = "guest-room"', 'id = "guests"', "id", "guest-room"),
        (PRESET, "history = false", "histroy = false", "settings.calls.histroy", "Extra inputs"),
        (PRESET, 'web = "https"', 'web = "gopher"', "settings.access.web", "Input should be"),
        (PRESET, 'type = "emergency"', 'type = "panic"', "keys", "Input should be"),
        (PRESET, 'kinds = ["hotel", "desk"]', 'kinds = ["hotel", "sofa"]', "kinds", "Input"),
        ("presets/reception.toml", '"screen"', '"screens"', "needs", "screens"),
        (ROOM, 'preset = "bathroom"', 'preset = "sauna"', "positions.bathroom", "sauna"),
        (ROOM, '"fanvil/h5"', '"fanvil/h55"', "positions", "h55"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named_with_its_key(
    folder: Path, file: str, old: str, new: str, key: str, words: str
) -> None:
    if 'support = "full"' in old:
        replace_in(folder, file, "accounts = 16", 'accounts = 16\nsupport = "full"')
    replace_in(folder, file, old, new)
    problem = refused(folder)
    assert problem.file == file
    assert key in problem.key
    assert words in str(problem)
    assert str(problem).startswith(file)


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / MODEL).write_bytes(b'\xff\xfeid = "x"')
    assert refused(folder).file == MODEL


def test_wrong_settings_of_a_model_are_named(folder: Path) -> None:
    replace_in(folder, MODEL, "[poe]", "[settings.sip]\nport = 0\n\n[poe]")
    problem = refused(folder)
    assert (problem.file, problem.key) == (MODEL, "settings.sip.port")


def test_an_expansion_module_has_one_group(folder: Path) -> None:
    file = "phones/yealink/models/exp43.toml"
    more = '[[keys]]\nid = "more"\ncount = 3\naccepts = ["line"]\n\n[[sources]]'
    replace_in(folder, file, "[[sources]]", more)
    assert refused(folder).key == "keys"


def test_a_model_that_is_only_known_says_what_is_missing(folder: Path) -> None:
    text = """
id = "yealink/ax83h"
vendor = "yealink"
name = "AX83H"
kind = "desk"
support = "known"
confidence = "unverified"
missing = ["dialect"]
[[sources]]
title = "x"
checked = "2026-11"
confidence = "unverified"
covers = "nothing"
"""
    (folder / "phones/yealink/models/ax83h.toml").write_text(text, encoding="utf-8")
    catalogue = load(folder)
    with pytest.raises(UnknownThingError, match="yealink/ax83h"):
        catalogue.dialect_of(catalogue.model("ax83h"), None)


@pytest.mark.parametrize(
    ("model", "firmware", "dialect"),
    [
        ("yealink/t19p-e2", "53.84.0.125", "v81"),
        ("yealink/t19p-e2", "53.81.0.1", "v81"),
        ("yealink/t19p-e2", "53.80.0.3", "v80"),
        ("yealink/t19p-e2", None, "v81"),
        ("yealink/t19p-e2", "", "v81"),
        ("yealink/t19p-e2", "rubbish", "v81"),
        ("yealink/t19p-e2", "53", "v81"),
        ("yealink/t46u", "108.86.0.20", "v81"),
        ("fanvil/h2u-v2", "2.12.20.2", "new-text"),
        ("fanvil/h5", None, "old-text"),
        ("snom/d785", "10.1.169.16", "desk-10"),
    ],
)
def test_firmware_chooses_the_dialect(model: str, firmware: str | None, dialect: str) -> None:
    assert CATALOGUE.dialect_of(CATALOGUE.models[model], firmware).id == dialect


def test_unknown_firmware_is_the_newest_dialect() -> None:
    for model in CATALOGUE.models.values():
        if model.dialects:
            assert CATALOGUE.dialect_of(model, None).id == model.dialects[0].id
            assert CATALOGUE.dialect_of(model, "?").id == model.dialects[0].id


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("fanvil/h2u-v2", "fanvil/h2u-v2"),
        ("H2U-V2", "fanvil/h2u-v2"),
        ("h2u-v2", "fanvil/h2u-v2"),
        ("FANVIL/H5", "fanvil/h5"),
        ("snomD785", "snom/d785"),
        ("Yealink T46U", "yealink/t46u"),
        ("t46u", "yealink/t46u"),
    ],
)
def test_a_model_is_found_by_any_of_its_names(name: str, model: str) -> None:
    assert CATALOGUE.model(name).id == model


@pytest.mark.parametrize(
    ("name", "hint"),
    [("yealink/t46", "yealink/t46u"), ("H2U-V", "fanvil/h2u-v2"), ("snomD758", "snom/d785")],
)
def test_an_unknown_model_names_close_ones(name: str, hint: str) -> None:
    with pytest.raises(UnknownThingError, match=f"did you mean .*{hint}"):
        CATALOGUE.model(name)


@pytest.mark.parametrize("name", ["", "zzzzzz", "/"])
def test_a_model_like_none_gets_no_hint(name: str) -> None:
    with pytest.raises(UnknownThingError) as caught:
        CATALOGUE.model(name)
    assert "did you mean" not in str(caught.value)


def test_names_of_models_do_not_clash() -> None:
    owners: dict[str, str] = {}
    for model in CATALOGUE.models.values():
        for name in (model.name, *model.aliases, model.id.split("/")[1]):
            assert owners.setdefault(name.lower(), model.id) == model.id


def test_an_empty_folder_is_an_empty_catalogue(tmp_path: Path) -> None:
    catalogue = load(tmp_path)
    assert isinstance(catalogue, Catalogue)
    assert not catalogue.models
