"""Layers of settings: which one wins, where each value comes from, what is filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.presets import Preset, PresetKey, RoomTemplate
from provisioner.errors import InventoryError
from provisioner.inventory.records import Phone, Room, Site
from provisioner.key_types import KeyType, PhoneKey
from provisioner.mac import MacAddress
from provisioner.placeholders import UnknownNameError, fill, text_in
from provisioner.resolve import Place, Resolved, merge, resolve

CATALOGUE = load()
SITE = Site(id="aurora", name="Hotel Aurora", country="ES", timezone="Europe/Madrid",
            languages=("es", "en"), numbers={"reception": "100"})  # fmt: skip
ROOM = Room("aurora", "214", name="", floor="2", template="guest-room", extension="2214")
PHONE = Phone("aurora", "214", "bedside", MacAddress("0c383e000214"), "fanvil/h5", "p", ("2214",))
PRESET = Preset.model_validate({"id": "p", "name": {"en": "P"}, "kinds": ["hotel"]})
TEMPLATE = CATALOGUE.rooms["guest-room"]
LAYERS = ["vendor", "model", "site", "preset", "room template", "room", "phone"]


def place(**given: dict[str, Any]) -> Place:
    """A phone whose layers hold the settings given by name."""
    model = CATALOGUE.models["fanvil/h5"]
    vendor = CATALOGUE.vendors["fanvil"]
    return Place(
        vendor=vendor.model_copy(update={"settings": given.get("vendor", {})}),
        model=model.model_copy(update={"settings": given.get("model", {})}),
        site=replace(SITE, settings=given.get("site", {})),
        preset=PRESET.model_copy(update={"settings": given.get("preset", {})}),
        room=replace(ROOM, settings=given.get("room", {})),
        template=TEMPLATE.model_copy(update={"settings": given.get("room_template", {})}),
        phone=replace(PHONE, settings=given.get("phone", {})),
    )


def with_keys(
    preset: Sequence[dict[str, Any]] = (),
    own: Sequence[PhoneKey] = (),
    **site: Any,
) -> Resolved:
    keys = tuple(PresetKey.model_validate(key) for key in preset)
    made = place()
    return resolve(
        replace(
            made,
            preset=PRESET.model_copy(update={"keys": keys}),
            site=replace(made.site, **site),
            phone=replace(made.phone, keys=tuple(own)),
        )
    )


ORIGINS = {
    "vendor": "vendor fanvil",
    "model": "model fanvil/h5",
    "site": "site aurora",
    "preset": "preset p",
    "room template": "room template guest-room",
    "room": "room 214",
    "phone": "phone 0c:38:3e:00:02:14",
}


@pytest.mark.parametrize("strongest", range(1, len(LAYERS) + 1))
def test_the_strongest_layer_wins_and_is_named(strongest: int) -> None:
    given = {
        layer.replace(" ", "_"): {"calls": {"dial_timeout_s": number}}
        for number, layer in enumerate(LAYERS[:strongest], start=1)
    }
    resolved = resolve(place(**given))
    assert resolved.settings.calls.dial_timeout_s == strongest
    assert resolved.origin("calls.dial_timeout_s") == ORIGINS[LAYERS[strongest - 1]]


def test_without_a_layer_the_product_default_holds() -> None:
    resolved = resolve(place())
    assert resolved.settings.calls.dial_timeout_s == 4
    assert resolved.origin("calls.dial_timeout_s") == "product defaults"


def test_what_the_inventory_knows_need_not_be_set() -> None:
    resolved = resolve(replace(place(), site=replace(SITE, numbers={"emergency": "091"})))
    settings = resolved.settings
    assert (settings.locale.country, settings.locale.timezone, settings.locale.language) == (
        "ES", "Europe/Madrid", "es",
    )  # fmt: skip
    assert (settings.hotel.name, settings.hotel.room) == ("Hotel Aurora", "214")
    assert settings.emergency.numbers == ("091",)
    assert resolved.origin("locale.country") == "inventory"
    assert resolve(place()).settings.emergency.numbers == ("112",)


def test_a_site_setting_beats_what_follows_from_the_site() -> None:
    resolved = resolve(place(site={"locale": {"language": "fr"}}))
    assert resolved.settings.locale.language == "fr"
    assert resolved.settings.locale.country == "ES"
    assert resolved.origin("locale.language") == "site aurora"
    assert resolved.origin("locale.country") == "inventory"


def test_mappings_are_merged_and_lists_replaced() -> None:
    resolved = resolve(
        place(
            site={"locale": {"ntp_servers": ["10.0.0.1", "10.0.0.2"]}, "sip": {"port": 5062}},
            phone={"locale": {"ntp_servers": ["10.9.9.9"]}, "sip": {"transport": "tcp"}},
        )
    )
    assert resolved.settings.locale.ntp_servers == ("10.9.9.9",)
    assert (resolved.settings.sip.port, resolved.settings.sip.transport) == (5062, "tcp")
    assert resolved.origin("sip.port") == "site aurora"
    assert resolved.origin("sip.transport") == ORIGINS["phone"]


def test_merging_leaves_the_layers_alone() -> None:
    site: dict[str, Any] = {"sip": {"port": 5062}}
    resolve(place(site=site, phone={"sip": {"port": 5070}}))
    assert site == {"sip": {"port": 5062}}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{site.numbers.reception}", "100"),
        ("{site.id} {site.name}", "aurora Hotel Aurora"),
        ("Room {room.id}, floor {room.floor}", "Room 214, floor 2"),
        ("{room.name}", "214"),
        ("{room.extension}/{phone.extension}", "2214/2214"),
        ("{phone.mac} {phone.position}", "0c383e000214 bedside"),
        ("{braces} {} {a b} (|(cn=%)(sn=%))", "{braces} {} {a b} (|(cn=%)(sn=%))"),
    ],
)
def test_placeholders(text: str, filled: str) -> None:
    assert resolve(place(preset={"screen": {"title": text}})).settings.screen.title == filled


def test_a_filled_value_is_not_filled_again() -> None:
    assert fill("{a.b}", {"a.b": "{c.d}", "c.d": "x"}) == "{c.d}"
    with pytest.raises(UnknownNameError, match=r"c\.d"):
        fill("{c.d}", {})


def test_an_unknown_number_is_a_warning_and_the_default() -> None:
    resolved = resolve(place(preset={"calls": {"hotline": "{site.numbers.spa}"}}))
    assert resolved.settings.calls.hotline == ""
    assert resolved.origin("calls.hotline") == "product defaults"
    assert len(resolved.warnings) == 1
    for word in ("calls.hotline", "preset p", "site.numbers.spa"):
        assert word in resolved.warnings[0]


def test_an_unknown_number_in_a_list_is_the_default_of_the_list() -> None:
    resolved = resolve(place(preset={"emergency": {"numbers": ["112", "{site.numbers.spa}"]}}))
    assert resolved.settings.emergency.numbers == ("112",)
    assert resolved.warnings


def test_the_rooms_extension_comes_before_the_phones() -> None:
    made = place(preset={"screen": {"title": "{room.extension} {phone.extension}"}})
    shared = replace(made, phone=replace(made.phone, accounts=("999",)))
    assert resolve(shared).settings.screen.title == "2214 999"
    roomless = replace(shared, room=replace(made.room, extension=""))
    assert resolve(roomless).settings.screen.title == "999 999"


@pytest.mark.parametrize(
    ("layer", "values", "setting"),
    [
        ("vendor", {"sip": {"port": 0}}, "sip.port"),
        ("model", {"sip": {"prot": 5060}}, "sip.prot"),
        ("site", {"locale": {"ntp_servers": ["a", "b c"]}}, "locale.ntp_servers.1"),
        ("site", {"nettwork": {"vlan_id": 20}}, "nettwork"),
        ("preset", {"calls": {"hotline_delay_s": 99}}, "calls.hotline_delay_s"),
        ("room template", {"sip": 5060}, "sip"),
        ("room", {"locale": {"language": {"first": "es"}}}, "locale.language"),
        ("phone", {"calls": {"forward_always": {"to": "1 2"}}}, "calls.forward_always.to"),
    ],
)
def test_a_wrong_value_is_refused_with_layer_and_setting(
    layer: str, values: dict[str, Any], setting: str
) -> None:
    given = {"preset": {"calls": {"hotline": "100"}}, layer.replace(" ", "_"): values}
    if layer == "preset":
        given["preset"] = {"calls": {"hotline": "100", **values["calls"]}}
        given["vendor"] = {"calls": {"hotline": "1"}}
    with pytest.raises(InventoryError) as caught:
        resolve(place(**given))
    assert str(caught.value).startswith(f"{ORIGINS[layer]}: {setting}:")


def test_the_layer_of_a_setting_is_not_that_of_its_namesake() -> None:
    layers: dict[str, Any] = {
        "site": {"calls": {"hotline": "100"}},
        "phone": {"calls": {"hotline_delay_s": 99}},
    }
    with pytest.raises(InventoryError, match=r"^phone 0c:38:3e:00:02:14: calls\.hotline_delay_s"):
        resolve(place(**layers))


def test_what_replaces_a_section_takes_over_its_origins() -> None:
    from provisioner.resolve import NamedLayer

    values, origins = merge(
        [
            NamedLayer("a", {"x": {"y": 1, "z": 2}, "xx": 1}),
            NamedLayer("b", {"x": 3}),
            NamedLayer("c", {"x": {"w": 4}}),
        ]
    )
    assert values == {"x": {"w": 4}, "xx": 1}
    assert origins == {"x.w": "c", "xx": "a"}


def test_an_error_does_not_repeat_a_secret() -> None:
    with pytest.raises(InventoryError) as caught:
        resolve(place(phone={"access": {"admin_password": "hush-hush\n"}}))
    assert "hush" not in str(caught.value)


def test_keys_of_the_preset_come_first_and_are_filled() -> None:
    resolved = with_keys(
        [{"type": "speed_dial", "value": "{site.numbers.reception}", "label": {"en": "Desk"}}],
        [PhoneKey(type=KeyType.BLF, value="2215", label="{room.id}")],
    )
    assert [(k.type, k.value, k.label) for k in resolved.keys] == [
        ("speed_dial", "100", "Desk"),
        ("blf", "2215", "214"),
    ]
    assert resolved.warnings == ()


def test_a_key_whose_number_is_unknown_is_left_out_with_a_warning() -> None:
    key = {"type": "speed_dial", "value": "{site.numbers.spa}", "label": "Spa"}
    resolved = with_keys([key])
    assert resolved.keys == ()
    assert len(resolved.warnings) == 1
    assert "Spa" in resolved.warnings[0]
    assert "site.numbers.spa" in resolved.warnings[0]


def test_an_optional_key_whose_number_is_unknown_is_left_out_in_silence() -> None:
    key = {"type": "speed_dial", "value": "{site.numbers.spa}", "optional": True}
    resolved = with_keys([key])
    assert (resolved.keys, resolved.warnings) == ((), ())


@pytest.mark.parametrize("kind", ["speed_dial", "blf", "intercom", "paging"])
def test_a_key_without_its_value_is_left_out_with_a_warning(kind: str) -> None:
    resolved = with_keys([{"type": kind}, {"type": "line"}, {"type": "emergency"}])
    assert [k.type for k in resolved.keys] == ["line", "emergency"]
    assert len(resolved.warnings) == 1


def test_an_own_key_replaces_the_presets_key_in_the_same_slot() -> None:
    resolved = with_keys(
        [
            {"type": "speed_dial", "value": "1", "slot": "line-1"},
            {"type": "speed_dial", "value": "2", "slot": "line-2"},
        ],
        [PhoneKey(type=KeyType.BLF, value="3", slot="line-1")],
    )
    assert [(k.slot, k.value) for k in resolved.keys] == [("line-2", "2"), ("line-1", "3")]


@pytest.mark.parametrize(
    ("languages", "label"),
    [
        (("es", "en"), "Limpieza"),
        (("de", "es"), "Limpieza"),
        (("de",), "Cleaning"),
        (("en",), "Cleaning"),
    ],
)
def test_a_label_is_in_the_sites_first_language(languages: tuple[str, ...], label: str) -> None:
    text = {"es": "Limpieza", "en": "Cleaning"}
    resolved = with_keys([{"type": "speed_dial", "value": "1", "label": text}], languages=languages)
    assert resolved.keys[0].label == label


def test_texts() -> None:
    assert text_in({"ru": "Спа"}, ["es"]) == "Спа"
    assert text_in({}, ["es"]) == ""
    assert text_in("as it is", ["es"]) == "as it is"


def test_a_phone_in_a_room_without_template() -> None:
    made: Place = replace(place(), template=None)
    assert isinstance(TEMPLATE, RoomTemplate)
    assert not any("template" in o for o in resolve(made).origins.values())


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{site.numbers.rescue|site.numbers.reception}", "100"),
        ("{site.numbers.reception|site.numbers.rescue}", "100"),
        ("{room.floor|room.id}", "2"),
    ],
)
def test_of_several_names_the_first_that_is_set_counts(text: str, filled: str) -> None:
    resolved = resolve(place(preset={"calls": {"hotline": text}}))
    assert (resolved.settings.calls.hotline, resolved.warnings) == (filled, ())


def test_an_empty_number_is_as_good_as_none() -> None:
    names = {"a.b": "", "c.d": "7"}
    assert fill("{a.b|c.d}", names) == "7"
    assert fill("{a.b}", names) == ""
    with pytest.raises(UnknownNameError, match=r"x\.y\|z\.z"):
        fill("{x.y|z.z}", names)


ROOMS = (
    Room("aurora", "1010", floor="10", template="suite", extension="3010"),
    Room("aurora", "102", floor="1", template="guest-room", extension="2102"),
    Room("aurora", "99", floor="1", template="guest-room", extension="2099"),
    Room("aurora", "12B", floor="1", template="guest-room", extension="2012", name="Room 12 B"),
    Room("aurora", "cellar", floor="-1", template="corridor", extension="400"),
    Room("aurora", "roof", floor="R", template="corridor", extension="401"),
    Room("aurora", "store", floor="1", template="guest-room"),
    Room("aurora", "102-annexe", floor="1", template="guest-room", extension="2102"),
    ROOM,
)


def of_rooms(key: dict[str, Any], rooms: Sequence[Room] = ROOMS, **phone: Any) -> Resolved:
    made = place()
    preset = PRESET.model_copy(update={"keys": (PresetKey.model_validate(key),)})
    own = replace(made.phone, **phone)
    return resolve(replace(made, preset=preset, rooms=tuple(rooms), phone=own))


def test_a_key_for_each_room_by_floor_and_then_as_people_count() -> None:
    resolved = of_rooms({"type": "blf", "each": "rooms"})
    assert [(k.value, k.label) for k in resolved.keys] == [
        ("400", "cellar"), ("2012", "Room 12 B"), ("2099", "99"), ("2102", "102"),
        ("3010", "1010"), ("401", "roof"),
    ]  # fmt: skip
    assert {(k.type, k.each) for k in resolved.keys} == {("blf", "rooms")}
    assert resolved.warnings == ()


@pytest.mark.parametrize(
    ("filters", "extensions"),
    [
        ({"floor": "1"}, ["2012", "2099", "2102"]),
        ({"floor": "{room.floor}"}, []),
        ({"template": "suite"}, ["3010"]),
        ({"template": ["suite", "corridor"]}, ["400", "3010", "401"]),
        ({"floor": "-1", "template": "corridor"}, ["400"]),
        ({"floor": "7"}, []),
    ],
)
def test_filters_choose_rooms(filters: dict[str, Any], extensions: list[str]) -> None:
    resolved = of_rooms({"type": "blf", "each": "rooms", **filters})
    assert [k.value for k in resolved.keys] == extensions
    assert resolved.warnings == ()


def test_the_same_floor_is_the_phones_own() -> None:
    rooms = [replace(room, floor="2") for room in ROOMS[:2]] + list(ROOMS[2:])
    resolved = of_rooms({"type": "blf", "each": "rooms", "floor": "{room.floor}"}, rooms)
    assert [k.value for k in resolved.keys] == ["2102", "3010"]


def test_value_and_label_may_name_the_room() -> None:
    key = {
        "type": "speed_dial", "each": "rooms", "floor": "1", "value": "9{each.extension}",
        "label": {"en": "Call {each.id}", "es": "Llamar {each.id}"},
    }  # fmt: skip
    assert [(k.value, k.label) for k in of_rooms(key).keys] == [
        ("92012", "Llamar 12B"), ("92099", "Llamar 99"), ("92102", "Llamar 102"),
    ]  # fmt: skip


def test_a_phone_shows_neither_its_own_room_nor_its_own_number() -> None:
    key = {"type": "blf", "each": "rooms", "floor": "1"}
    assert [k.value for k in of_rooms(key, accounts=("2099",)).keys] == ["2012", "2102"]
    assert "2214" not in [k.value for k in of_rooms({"type": "blf", "each": "rooms"}).keys]


def test_keys_of_rooms_come_after_all_others() -> None:
    made = place()
    preset = PRESET.model_copy(
        update={
            "keys": (
                PresetKey.model_validate({"type": "blf", "each": "rooms", "floor": "1"}),
                PresetKey.model_validate({"type": "line"}),
            )
        }
    )
    phone = replace(made.phone, keys=(PhoneKey(type=KeyType.DND),))
    resolved = resolve(replace(made, preset=preset, phone=phone, rooms=ROOMS))
    assert [k.type for k in resolved.keys] == ["line", "dnd", "blf", "blf", "blf"]


def test_an_own_key_for_rooms_that_are_not_there_is_a_warning() -> None:
    own = PhoneKey(type=KeyType.BLF, each="rooms", floor="77")
    resolved = of_rooms({"type": "line"}, keys=(own,))
    assert [k.type for k in resolved.keys] == ["line"]
    assert resolved.warnings == ("key blf for each room: the site has no such room",)


def test_a_wrong_name_in_a_key_of_rooms_is_one_warning() -> None:
    resolved = of_rooms({"type": "blf", "each": "rooms", "value": "{each.number}"})
    assert resolved.keys == ()
    assert len(resolved.warnings) == 1
    assert "each.number" in resolved.warnings[0]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ({"floor": "2"}, "they need each"),
        ({"template": "suite"}, "they need each"),
        ({"each": "rooms", "slot": "line-1"}, "no slot"),
        ({"each": "floors"}, "rooms"),
        ({"each": "rooms", "template": "Guest Room"}, "match pattern"),
    ],
)
def test_a_key_of_rooms_that_does_not_fit_together(key: dict[str, Any], words: str) -> None:
    for kind in (PhoneKey, PresetKey):
        with pytest.raises(ValueError, match=words):
            kind.model_validate({"type": "blf", **key})


@pytest.mark.parametrize(
    "settings", [{"calls": {"hotline": "2214"}}, {"door": {"call": "{room.extension}"}}]
)
def test_a_phone_that_would_call_itself_is_a_warning(settings: dict[str, Any]) -> None:
    assert "would call itself" in resolve(place(phone=settings)).warnings[0]
    other = replace(place(phone=settings), phone=replace(PHONE, settings=settings, accounts=("7",)))
    assert resolve(other).warnings == ()
