"""Presets and room templates: complete in every language, and carried by the models they name."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from provisioner.catalogue.loader import load, shipped_folder
from provisioner.catalogue.models import WITHOUT_FILES, KeyGroup, Kind, Model
from provisioner.catalogue.numbers import NUMBERS, numbers_of
from provisioner.catalogue.presets import MAIN_PRESETS, Preset, PresetKey
from provisioner.catalogue.suitability import carries, missing_for, why_unfit
from provisioner.errors import CatalogueError
from provisioner.inventory.records import Phone, Room
from provisioner.inventory.site_file import parse_site_file
from provisioner.inventory.site_records import to_inventory
from provisioner.key_types import KeyType
from provisioner.mac import MacAddress
from provisioner.room_keys import rooms_by_site, watches_rooms
from scripts.preset_pages import OWN
from tests.kits import SITE, make_kit, with_site
from web.cli import main

CATALOGUE = load()
PRESETS = CATALOGUE.presets
LANGUAGES = {"en", "es", "ru"}
LONGEST_LABEL = 16
EVERYTHING = with_site(numbers={name: str(600 + n) for n, name in enumerate(NUMBERS)})
ASKED_FOR = {
    "guest-room", "guest-dect", "suite", "bathroom", "lift", "accessible-room", "corridor", "pool",
    "reception", "housekeeping", "manager", "conference", "door-station", "garage-door",
    "flat-door", "flat-intercom", "hospital-bed", "nurse-station", "shop-counter", "airport-desk",
    "office", "dect-base", "loudspeaker",
}  # fmt: skip


def test_every_use_has_its_preset() -> None:
    assert set(PRESETS) >= ASKED_FOR
    used = {p.preset for room in CATALOGUE.rooms.values() for p in room.positions}
    assert used >= ASKED_FOR


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.id)
def test_a_preset_speaks_every_language(preset: Preset) -> None:
    for texts in (preset.name, preset.description):
        assert set(texts) == LANGUAGES
        assert all(text == text.strip() and text for text in texts.values())
    assert all(text.endswith(".") for text in preset.description.values())
    for key in preset.keys:
        if isinstance(key.label, dict):
            assert set(key.label) == LANGUAGES, key
            for text in key.label.values():
                assert 0 < len(text) <= LONGEST_LABEL, text
        else:
            assert key.label == ""
            assert key.each or key.type in {KeyType.LINE, KeyType.EMERGENCY}, key


@pytest.mark.parametrize("room", CATALOGUE.rooms.values(), ids=lambda r: r.id)
def test_a_room_template_speaks_every_language(room) -> None:
    assert set(room.name) == set(room.description) == LANGUAGES
    assert all(text.endswith(".") for text in room.description.values())
    for position in room.positions:
        assert set(position.name) == LANGUAGES
    assert len({p.id for p in room.positions}) == len(room.positions)


POSITIONS = [
    pytest.param(position, id=f"{room.id}-{position.id}")
    for room in CATALOGUE.rooms.values()
    for position in room.positions
]


@pytest.mark.parametrize("position", POSITIONS)
def test_every_model_of_a_position_carries_its_preset(position) -> None:
    assert position.models
    assert len(set(position.models)) == len(position.models)
    for model_id in position.models:
        model = CATALOGUE.models[model_id]
        assert model.dialects, model_id
        assert carries(model, PRESETS[position.preset]), missing_for(
            model, PRESETS[position.preset]
        )


@pytest.mark.parametrize("position", POSITIONS)
def test_every_accessory_hangs_on_one_of_the_models(position) -> None:
    fitting: set[str] = set()
    for model in (CATALOGUE.models[m] for m in position.models):
        fitting |= set(model.expansion.models if model.expansion else ())
        fitting |= set(model.accessories.models if model.accessories else ())
    assert set(position.accessories) <= fitting


@pytest.mark.parametrize("kind", sorted(set(Kind) - WITHOUT_FILES))
def test_every_kind_of_device_has_a_preset(kind: Kind) -> None:
    assert kind in PRESETS[MAIN_PRESETS[kind]].kinds


MODELS = [m for m in CATALOGUE.models.values() if m.dialects]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id)
def test_every_model_carries_some_preset_without_loss_of_a_key(model: Model) -> None:
    assert any(carries(model, preset) for preset in CATALOGUE.presets_for(model))


@pytest.mark.parametrize("position", POSITIONS)
def test_a_position_as_it_is_sold_loses_no_key(position) -> None:
    """What is promised by counting keys holds when the keys are laid out."""
    for model_id in position.models:
        model = CATALOGUE.models[model_id]
        handsets = min(2, model.dect.handsets) if model.dect else 0
        kit = make_kit(model_id, position.preset, site=EVERYTHING, handsets=handsets)
        assert kit.plan.left_over == (), model_id
        assert not any("is not set" in warning for warning in kit.warnings)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.id)
def test_promised_keys_have_their_place_on_every_model(preset: Preset) -> None:
    for model in MODELS:
        if preset.fits(model) and model.accounts:
            kit = make_kit(model.id, preset.id, site=EVERYTHING, handsets=1 if model.dect else 0)
            assert not (carries(model, preset) and kit.plan.left_over), model.id


# what presets promise


def settings_of(model: str, preset: str, **numbers: str):
    return make_kit(model, preset, site=with_site(numbers={**SITE.numbers, **numbers})).settings


def test_a_lift_dials_when_lifted_and_answers_by_itself() -> None:
    told = settings_of("fanvil/h2u-v2", "lift")
    assert (told.calls.hotline, told.calls.hotline_delay_s) == ("100", 0)
    assert told.calls.auto_answer
    assert settings_of("fanvil/h2u-v2", "lift", rescue="999").calls.hotline == "999"
    kit = make_kit("fanvil/h2u-v2", "lift", site=with_site(numbers={"reception": "100"}))
    used = {p.slot.id: p.key.value for p in kit.plan.slots if p.key}
    assert used == {"emergency-1": "100"}


def test_guests_find_nothing_of_the_guest_before() -> None:
    for preset in ("guest-room", "suite", "accessible-room", "guest-plain", "hospital-bed"):
        told = settings_of("fanvil/h5", preset)
        assert not told.calls.history
        assert not told.calls.dnd_allowed
        assert not told.calls.forward_allowed
        assert not told.provisioning.keep_user_changes


def test_a_suites_phones_share_a_number() -> None:
    assert settings_of("fanvil/h5", "suite").calls.call_waiting
    assert not settings_of("fanvil/h5", "guest-room").calls.call_waiting


def test_an_accessible_room_is_loud_and_patient() -> None:
    told = settings_of("fanvil/h2u-v2", "accessible-room")
    assert told.audio.ring_volume_percent == 100
    assert (told.calls.hotline, told.calls.hotline_delay_s) == ("100", 10)
    assert told.calls.dial_timeout_s > 4
    assert told.calls.voicemail_lamp


def test_a_bed_calls_the_nurses_first() -> None:
    kit = make_kit("fanvil/h2u-v2", "hospital-bed", site=with_site(numbers={"nurses": "500"}))
    used = {p.slot.id: p.key.value for p in kit.plan.slots if p.key}
    assert used == {"emergency-1": "500", "digit-1": "500"}
    assert kit.settings.audio.ring_volume_percent < 50


def test_a_flat_answers_its_door() -> None:
    kit = make_kit("fanvil/h2u-v2", "flat-intercom", settings={"door": {"open_code": "9#"}})
    used = {p.slot.id: (p.key.type, p.key.value) for p in kit.plan.slots if p.key}
    assert used["digit-1"] == ("door_open", "9#")
    assert used["emergency-1"] == ("emergency", "112")
    assert kit.settings.calls.call_waiting
    door = settings_of("fanvil/i10s", "flat-door")
    assert door.door.call == "2214"


def test_a_doors_code_is_the_sites() -> None:
    site = with_site(settings={"door": {"open_code": "77#"}})
    for preset in ("door-station", "garage-door", "flat-door", "house-door"):
        assert make_kit("fanvil/i30", preset, site=site).settings.door.open_code == "77#"


def test_who_shows_rooms() -> None:
    phone = Phone("a", "1", "desk", MacAddress("0c383e000214"), "yealink/t46u", "p")
    shown = {name for name, preset in PRESETS.items() if watches_rooms(preset, phone)}
    assert shown == {"reception", "nurse-station", "airport-desk", "house-door"}


def test_rooms_by_site() -> None:
    rooms = [Room("a", "1"), Room("b", "1"), Room("a", "2")]
    assert {s: [r.id for r in of] for s, of in rooms_by_site(rooms).items()} == {
        "a": ["1", "2"],
        "b": ["1"],
    }


# numbers


def test_numbers_that_presets_name() -> None:
    assert numbers_of(PRESETS["lift"]) == ("reception", "rescue")
    assert numbers_of(PRESETS["bathroom"]) == ("reception", "emergency")
    named = {n for preset in PRESETS.values() for n in numbers_of(preset)}
    assert named == set(NUMBERS)


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "words"),
    [
        ("presets/lift.toml", "site.numbers.rescue|", "site.numbers.rescuer|", "settings", "rescuer"),
        ("presets/pool.toml", '"{site.numbers.spa}"', '"{each.extension}"', "keys.4", "each.extension"),
        ("presets/reception.toml", '"suite"', '"suites"', "keys.10", "no room template 'suites'"),
        ("presets/reception.toml", 'each = "rooms"', 'each = "room"', "keys.10.each", "rooms"),
        ("presets/reception.toml", 'each = "rooms"\n', "", "keys.10", "they need each"),
        ("rooms/reception.toml", '"yealink/exp43"', '"yealink/exp44"', "positions.desk", "exp44"),
    ],
)  # fmt: skip
def test_a_damaged_preset_is_named(
    tmp_path: Path, file: str, old: str, new: str, key: str, words: str
) -> None:
    folder = tmp_path / "templates"
    shutil.copytree(shipped_folder(), folder)
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load(folder)
    assert (caught.value.file, caught.value.key) == (file, key)
    assert words in str(caught.value)


def test_names_of_keys() -> None:
    named = [
        ({"type": "speed_dial", "value": "{site.numbers.spa}"}, "spa"),
        ({"type": "speed_dial", "value": "{site.numbers.rescue|site.numbers.spa}"}, "rescue"),
        ({"type": "speed_dial", "value": "{room.extension}"}, "extension"),
        ({"type": "speed_dial", "value": "115"}, "speed_dial"),
        ({"type": "emergency"}, "emergency"),
        ({"type": "blf", "each": "rooms"}, "rooms"),
    ]
    for key, name in named:
        assert PresetKey.model_validate(key).name == name


# why a model does not carry a preset

X4U = CATALOGUE.models["fanvil/x4u"]


def model(*groups: tuple[int, str], **changes: Any) -> Model:
    keys = tuple(
        KeyGroup(id=f"g{n}", count=count, accepts=frozenset(map(KeyType, kinds.split())))
        for n, (count, kinds) in enumerate(groups)
    )
    return X4U.model_copy(update={"name": "X", "keys": keys, **changes})


def preset(*keys: str | dict[str, Any], **more: Any) -> Preset:
    made = [{"type": key} if isinstance(key, str) else key for key in keys]
    return Preset.model_validate(
        {"id": "p", "name": {"en": "P"}, "kinds": ["desk"], "keys": made, **more}
    )


@pytest.mark.parametrize(
    ("groups", "keys", "missing"),
    [
        ([(2, "blf line")], ["line", "blf"], []),
        ([(2, "blf line")], ["line", "blf", "blf", "blf"],
         ["X has 2 keys that can be a line or blf key, 4 are needed"]),
        ([(1, "blf")], ["blf", "blf"], ["X has 1 key that can be a blf key, 2 are needed"]),
        ([(4, "line")], ["emergency", "blf"], ["X has no key that can be an emergency or blf key"]),
        ([], ["line"], ["X has no key that can be a line key"]),
        ([(1, "line blf"), (1, "line")], ["line", "blf"],
         ["X has 1 key that can be a blf key, and others take them"]),
        ([(1, "blf line"), (1, "emergency")], ["emergency", "blf", "line", "paging"],
         ["X has no key that can be a paging key",
          "X has 1 key that can be a blf or line key, 2 are needed"]),
        ([(1, "line")], ["line", {"type": "blf", "optional": True}], []),
        ([(1, "line")], ["none", "line"], []),
        ([(2, "blf")], [{"type": "blf", "each": "rooms"}], []),
        ([(1, "blf line")], ["line", {"type": "blf", "each": "rooms"}],
         ["X has 1 key that can be a line or blf key, 2 are needed"]),
        ([(2, "line")], [{"type": "line", "slot": "g0-2"}], []),
        ([(2, "line")], [{"type": "line", "slot": "g0-3"}], ["X has no key 'g0-3'"]),
    ],
)  # fmt: skip
def test_keys_that_are_missing(groups: Any, keys: Any, missing: list[str]) -> None:
    assert list(missing_for(model(*groups), preset(*keys))) == missing
    assert carries(model(*groups), preset(*keys)) == (not missing)


def test_reserved_keys_and_keys_that_are_not_filled_do_not_count() -> None:
    group = model((2, "line")).keys[0]
    for change in ({"reserved": frozenset({2})}, {"fill": False}):
        bare = model((2, "line"), keys=(group.model_copy(update=change),))
        assert len(missing_for(bare, preset("line", "line"))) == 1


def test_kind_and_features_that_are_missing() -> None:
    hotel = model(kind=Kind.HOTEL, features=frozenset())
    assert missing_for(hotel, preset(needs=["relay"])) == (
        "X is of kind hotel, this is for desk",
        "X lacks 'relay' (opens a door)",
    )
    assert why_unfit(hotel, preset(kinds=["hotel", "desk"])) == ()


def test_features_that_settings_ask_for_are_missing_but_the_preset_is_carried() -> None:
    bare = model(features=frozenset())
    asked = preset(settings={"paging": {"listen": ["239.255.1.1:5004"]}, "door": {"open_s": 9}})
    assert missing_for(bare, asked) == (
        "X lacks 'multicast-listen' (plays multicast pages)",
        "X lacks 'relay' (opens a door)",
    )
    assert carries(bare, asked)
    assert missing_for(bare, preset(settings={"door": {"open_s": 5}})) == ()
    assert len(missing_for(bare, preset(needs=["relay"], settings={"door": {"open_s": 9}}))) == 1


# the command line


def run(*words: str) -> str:
    result = CliRunner().invoke(main, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_list_of_presets_and_the_numbers_they_ask_for() -> None:
    told = run("presets")
    for name in (*PRESETS, *NUMBERS):
        assert re.search(rf"^ *{name} ", told, re.MULTILINE)
    assert "Ресепшен" in run("presets", "--language", "ru")
    assert {row["id"] for row in json.loads(run("presets", "--json"))} == set(PRESETS)


def test_one_preset() -> None:
    told = run("presets", "reception")
    assert "Reception / Recepción / Ресепшен" in told
    assert "for desk; needs screen" in told
    assert "key rooms: blf for each room (template guest-room or suite" in told
    assert re.search(r"carried by: .*yealink/t46u", told)
    assert "yealink/t31p: Yealink T31P has 2 keys that can be" in told
    assert "T31P" not in run("presets", "conference")


def test_one_preset_as_json() -> None:
    row = json.loads(run("presets", "lift", "--json"))
    assert row["numbers"] == ["reception", "rescue"]
    assert row["keys"][0]["name"] == "rescue"
    assert row["description"]["es"]
    missing = {m["id"]: m["missing"] for m in row["models"]}
    assert missing["fanvil/h2u-v2"] == []
    assert missing["snom/715"] == ["715 lacks 'hotline' (dials a number when lifted)"]


def test_room_templates() -> None:
    told = run("rooms")
    for name in CATALOGUE.rooms:
        assert f"\n{name} " in f"\n{told}"
    told = run("rooms", "guest-room")
    assert "bathroom  Bathroom / Baño / Ванная: preset bathroom" in told
    row = json.loads(run("rooms", "reception", "--json"))
    desk = row["positions"][0]
    assert desk["models"][0] == {"id": "yealink/t46u", "missing": []}
    assert "yealink/exp43" in desk["accessories"]
    assert len(json.loads(run("rooms", "--json"))) == len(CATALOGUE.rooms)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["presets", "guestroom"], "did you mean guest-room"),
        (["presets", "Ωmega"], "known are accessible-room"),
        (["rooms", "suit"], "did you mean suite"),
    ],
)
def test_an_unknown_name(words: list[str], hint: str) -> None:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert hint in result.output


def test_a_model_says_which_presets_it_carries() -> None:
    told = run("models", "t31p")
    assert re.search(r"carries these presets: .*guest-room.*office", told)
    assert "preset reception: Yealink T31P has 2 keys that can be" in told
    assert "presets" not in run("models", "c52-sp")
    presets = json.loads(run("models", "t31p", "--json"))["presets"]
    assert presets["guest-room"] == []
    assert "conference" not in presets


def test_the_example_in_the_documents_is_a_site_file() -> None:
    example = yaml.safe_load(OWN.split("```yaml\n")[1].split("```")[0])
    site = {"id": "a", "name": "A", "url": "http://a.example", **example}
    text = yaml.safe_dump({"sites": [site]}, sort_keys=False, allow_unicode=True)
    inventory, _ = to_inventory([parse_site_file("a.yaml", text)], CATALOGUE)
    made = inventory.sites[0]
    assert set(made.presets) == set(made.room_templates) == {"guest-room", "bar"}
    assert made.presets["guest-room"].keys[-1].value == "115"
