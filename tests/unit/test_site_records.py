"""Site files to records: what does not fit the catalogue is refused where it is written."""

from __future__ import annotations

import pytest

from provisioner.catalogue.loader import load, shipped_folder
from provisioner.errors import SiteFileError
from provisioner.inventory.site_file import parse_site_file, read_site_files
from provisioner.inventory.site_records import to_inventory
from provisioner.key_types import KeyType
from provisioner.phone_checks import check_phones

CATALOGUE = load()
HEAD = """\
sites:
  - id: aurora
    name: Hotel Aurora
    url: http://prov.example
    numbers: {reception: "100", housekeeping: "107", room_service: "108", wake_up: "*55",
              voicemail: "*97", spa: "109"}
    accounts: [{extension: "100", name: Reception}]
"""


def read(*bodies: str):
    files = [
        parse_site_file(f"{n}.yaml", body if body.startswith("sites") else HEAD + body)
        for n, body in enumerate(bodies, start=1)
    ]
    inventory, where = to_inventory(files, CATALOGUE)
    return inventory, check_phones(CATALOGUE, inventory, where)


def refused(*bodies: str) -> SiteFileError:
    with pytest.raises(SiteFileError) as caught:
        read(*bodies)
    return caught.value


def room(
    phones: str, *, ident: str = "214", extension: str = "2214", template: str = "guest-room"
) -> str:
    return f"    rooms:\n      - {{id: '{ident}', template: {template}, extension: '{extension}', phones: {{{phones}}}}}\n"


H5 = "bedside: {model: fanvil/h5, mac: 0C383E000214}"


def test_a_room_with_its_phone() -> None:
    inventory, told = read(room(H5))
    (phone,) = inventory.phones
    assert (phone.site, phone.room, phone.position) == ("aurora", "214", "bedside")
    assert (phone.model, phone.preset, phone.accounts) == ("fanvil/h5", "guest-room", ("2214",))
    assert {a.extension for a in inventory.accounts} == {"100", "2214"}
    assert all(a.secret is None for a in inventory.accounts)
    assert isinstance(told, dict)


def test_the_shipped_sample_is_right() -> None:
    file = shipped_folder() / "samples" / "hotel-aurora.yaml"
    files = read_site_files([file])
    inventory, where = to_inventory(files, CATALOGUE)
    told = check_phones(CATALOGUE, inventory, where)
    assert len(inventory.phones) > 60
    assert not any("is not set" in remark for remark in told)


LINE = 9  # of the room in a one-room site


@pytest.mark.parametrize(
    ("body", "line", "field", "words"),
    [
        (room("bedside: {model: fanvil/h55, mac: 0C383E000214}"), LINE,
         "sites[0].rooms[0].phones.bedside.model", "fanvil/h55"),
        (room("bedside: {model: snom/a230, mac: 0C383E000214}"), LINE,
         "sites[0].rooms[0].phones.bedside.model", "has no files"),
        (room(H5, template="sauna"), LINE, "sites[0].rooms[0].template", "known are"),
        (room("bedside: {model: fanvil/h5, mac: 0C383E000214, preset: sauna}"), LINE,
         "sites[0].rooms[0].phones.bedside.preset", "sauna"),
        (room("bedside: {model: fanvil/h2u-v2, mac: 0C383E000214, preset: reception}"), LINE,
         "sites[0].rooms[0].phones.bedside.model", "H2U-V2 is of kind hotel, this is for desk (preset 'reception')"),
        (room("cabin: {model: snom/715, mac: 000413000214}", template="lift"), LINE,
         "sites[0].rooms[0].phones.cabin.model", "715 lacks 'hotline'"),
        (room("bedside: {model: fanvil/h5, mac: 0C383E000214, keys: [{type: blf, each: rooms, template: attic}]}"), LINE,
         "sites[0].rooms[0].phones.bedside.keys[0].template", "no room template 'attic'"),
        (room("bedside: {model: fanvil/h5, mac: 0C383E000214, keys: [{type: blf, floor: 2}]}"), LINE,
         "sites[0].rooms[0].phones.bedside.keys[0]", "they need each"),
        (room("bedside: {model: fanvil/h5, mac: 0C383E000214, keys: [{type: blf, each: rooms, slot: line-1}]}"), LINE,
         "sites[0].rooms[0].phones.bedside.keys[0]", "no slot"),
        (room("balcony: {model: fanvil/h5, mac: 0C383E000214}"), LINE,
         "sites[0].rooms[0].phones.balcony", "bathroom"),
        (room("bedside: {model: fanvil/h5, mac: 0C383E000214, accounts: ['999']}"), LINE,
         "sites[0].rooms[0].phones.bedside.accounts[0]", "999"),
        (room("bedside: {model: fanvil/h5, mac: 0C383E000214, extension: '1', accounts: ['999']}"), LINE,
         "sites[0].rooms[0].phones.bedside.accounts[0]", "999"),
        (room("bedside: {model: fanvil/h5, mac: 0C383E000214, extension: '1', accounts: ['100', '2214']}"), LINE,
         "sites[0].rooms[0].phones.bedside.accounts", "2 accounts, 3"),
        (room("bedside: {model: fanvil/h5, mac: 0C383E000214, handsets: [{name: a, extension: '1'}]}"), LINE,
         "sites[0].rooms[0].phones.bedside.handsets", "not a DECT base"),
        (room("bedside: {model: fanvil/h5, mac: 0C383E000214, accessories: [{model: exp43}]}"), LINE,
         "sites[0].rooms[0].phones.bedside.accessories[0]", "takes no"),
        (room("bedside: {model: fanvil/h5, mac: 0C383E000214, accessories: [{model: exp99}]}"), LINE,
         "sites[0].rooms[0].phones.bedside.accessories[0].model", "exp99"),
        (room("bedside: {model: fanvil/h2u-v2, mac: 0C383E000214, keys: [{type: blf, value: '7', label: x}]}"), LINE,
         "sites[0].rooms[0].phones.bedside.keys", "'x'"),
        (room("bedside: {model: fanvil/h2u-v2, mac: 0C383E000214, keys: [{type: speed_dial, value: '7', slot: digit-11}]}"), LINE,
         "sites[0].rooms[0].phones.bedside.keys", "digit-11"),
        (room("bedside: {model: t46u, mac: 0C383E000214, preset: office, keys: [{type: line, account: 2}]}"), LINE,
         "sites[0].rooms[0].phones.bedside.keys", "no account 2"),
        (room(f"{H5}, desk: {{model: fanvil/h5, mac: '0c:38:3e:00:02:14'}}"), LINE,
         "sites[0].rooms[0].phones.desk.mac", "already used"),
        ("    rooms:\n      - {id: a, phones: {x: {model: fanvil/h5, mac: 0C383E000214, preset: office}}}\n", LINE,
         "sites[0].rooms[0].phones.x", "no extension"),
        ("    rooms: [{id: a}, {id: a}]\n", 8, "sites[0].rooms[1]", "room 'a'"),
        ("    settings: {sip: {prot: 5060}}\n", 8, "sites[0].settings.sip.prot", "not permitted"),
        ("    settings:\n      locale:\n        ntp_servers: [a, 'b c']\n", 10,
         "sites[0].settings.locale.ntp_servers[1]", "match"),
        ("    sip:\n      registrar: pbx\n      port: 0\n", 10, "sites[0].sip.port", "greater"),
        ("    rooms:\n      - id: a\n        settings: {hotel: {room: 5}}\n", 10,
         "sites[0].rooms[0].settings.hotel.room", "string"),
        ("    presets:\n      own:\n        settings: {calls: {hot: 1}}\n", 10,
         "sites[0].presets.own.settings.calls.hot", "not permitted"),
        (room("bedside: {model: fanvil/h5, mac: 0C383E000214, settings: {sip: {expires_s: 1}}}"), LINE,
         "sites[0].rooms[0].phones.bedside.settings.sip.expires_s", "greater"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_where_it_is(body: str, line: int, field: str, words: str) -> None:
    problem = refused(body)
    assert problem.file == "1.yaml"
    assert (problem.line, problem.field) == (line, field)
    assert words in str(problem)


def test_the_same_extension_twice() -> None:
    text = HEAD.replace("name: Reception}", "name: Reception}, {extension: 100}")
    problem = refused(text)
    assert problem.field == "sites[0].accounts[1]"
    assert "extension '100'" in str(problem)


def test_the_same_mac_or_site_in_two_files() -> None:
    other = (HEAD + room(H5)).replace("id: aurora", "id: borealis")
    problem = refused(room(H5), other)
    assert problem.file == "2.yaml"
    assert "already used at 1.yaml:9" in str(problem)
    assert "site 'aurora'" in str(refused("", ""))


def test_the_same_handset_twice() -> None:
    base = (
        "base: {model: yealink/w70b, mac: 805EC0000300, handsets: "
        "[{name: a, extension: '1', ipui: 02a1b2c3d4}, {name: b, extension: '2', ipui: 02A1B2C3D4}]}"
    )
    assert "IPUI '02A1B2C3D4'" in str(refused(room(base, template="dect")))


def handsets(number: int) -> str:
    return ", ".join(f"{{name: h{n}, extension: '{300 + n}'}}" for n in range(number))


def test_a_base_carries_so_many_handsets() -> None:
    base = "base: {model: yealink/w70b, mac: 805EC0000300, handsets: [%s]}"
    inventory, _ = read(room(base % handsets(10), template="dect"))
    assert len(inventory.phones[0].handsets) == 10
    assert [h.slot for h in inventory.phones[0].handsets] == [*range(1, 11)]
    assert inventory.phones[0].accounts == ()
    assert "carries 10" in str(refused(room(base % handsets(11), template="dect")))
    more = base.replace("handsets", "extension: '77', handsets")
    assert "10 accounts, 11" in str(refused(room(more % handsets(10), template="dect")))


@pytest.mark.parametrize(
    "accessories",
    [
        "[{model: exp43, count: 4}]",
        "[{model: exp43, count: 2}, {model: exp43, count: 2}]",
    ],
)
def test_a_phone_takes_so_many_modules(accessories: str) -> None:
    phone = "desk: {model: t46u, mac: 805EC0000100, accessories: %s}"
    problem = refused(room(phone % accessories, template="office"))
    assert "takes 3 of" in str(problem)
    read(room(phone % "[{model: exp43, count: 3}]", template="office"))


def test_modules_of_two_kinds_share_their_places() -> None:
    phone = "desk: {model: d785, mac: 000413000100, accessories: %s}"
    two = "[{model: snom/d7, count: 2}, {model: snom/d7c, count: 2}]"
    assert refused(room(phone % two, template="office")).field.endswith("accessories[1]")
    fits = "[{model: snom/d7, count: 2}, {model: snom/d7c}, {model: snom/a230}]"
    read(room(phone % fits, template="office"))


def test_an_account_may_be_named_after_it_is_used() -> None:
    body = (
        "    rooms:\n"
        "      - {id: a, template: office, extension: '1',\n"
        "         phones: {desk: {model: t46u, mac: 805EC0000100, accounts: ['1', '2']}}}\n"
        "      - {id: b, name: Bar, extension: '2'}\n"
    )
    inventory, _ = read(body)
    assert inventory.phones[0].accounts == ("1", "2")
    assert {a.extension: a.name for a in inventory.accounts}["2"] == "Bar"


def test_an_own_emergency_key_without_a_place_is_refused() -> None:
    keys = "keys: [{type: emergency}]"
    body = room(f"bathroom: {{model: fanvil/h2u-v2, mac: 0C383E000214, {keys}}}")
    assert "emergency" in str(refused(body))


def test_an_own_key_with_a_placeholder_without_a_place_is_refused() -> None:
    keys = "keys: [{type: blf, value: '7', label: '{room.id}'}]"
    assert "'214'" in str(refused(room(f"bedside: {{model: h2u-v2, mac: 0C383E000214, {keys}}}")))


def test_a_presets_key_without_a_place_is_a_remark() -> None:
    _, told = read(room("desk: {model: snom/d717, mac: 000413000214}", template="reception"))
    assert any("D717 that can be a paging key are taken" in remark for remark in told)


def test_remarks_are_counted_over_phones() -> None:
    two = ", ".join(
        f"{p}: {{model: snom/d717, mac: 00041300021{n}}}"
        for n, p in enumerate(("desk", "concierge"))
    )
    _, told = read(room(two, template="reception"))
    assert 2 in told.values()


def test_a_preset_of_the_sites_own() -> None:
    body = (
        "    presets:\n"
        "      bar: {keys: [{type: speed_dial, value: '{site.numbers.reception}', label: Desk}]}\n"
        + room("bedside: {model: fanvil/h5, mac: 0C383E000214, preset: bar}")
    )
    inventory, _ = read(body)
    preset = inventory.sites[0].presets["bar"]
    assert preset.name == {"en": "bar"}
    assert [key.type for key in preset.keys] == [KeyType.SPEED_DIAL]


def test_a_shipped_preset_with_changes() -> None:
    body = "    presets: {guest-room: {settings: {calls: {history: true}}}}\n" + room(H5)
    inventory, _ = read(body)
    mine, shipped = inventory.sites[0].presets["guest-room"], CATALOGUE.presets["guest-room"]
    assert mine.settings["calls"] == {**shipped.settings["calls"], "history": True}
    assert mine.settings["access"] == {"menu_locked": True, "web": "https"}
    assert (mine.keys, mine.kinds, mine.name) == (shipped.keys, shipped.kinds, shipped.name)
    assert shipped.settings["calls"]["history"] is False


def test_a_shipped_preset_without_its_keys() -> None:
    inventory, _ = read("    presets: {guest-room: {keys: []}}\n" + room(H5))
    assert inventory.sites[0].presets["guest-room"].keys == ()


def test_sip_is_short_for_a_setting() -> None:
    body = "    sip: {registrar: pbx, port: 5062}\n    settings: {sip: {port: 5070}, network: {vlan_id: 7}}\n"
    inventory, _ = read(body)
    assert inventory.sites[0].settings == {
        "sip": {"registrar": "pbx", "port": 5070},
        "network": {"vlan_id": 7},
    }


def test_a_number_in_a_setting_keeps_its_value() -> None:
    inventory, _ = read("    settings: {network: {vlan_id: 020}}\n")
    assert inventory.sites[0].settings["network"] == {"vlan_id": 20}


def keys_of(body: str, preset: str = "guest-room"):
    inventory, _ = read(body + room(H5))
    return inventory.sites[0].presets[preset].keys


SHIPPED = CATALOGUE.presets["guest-room"].keys


def test_other_labels_of_a_shipped_presets_keys() -> None:
    keys = keys_of(
        "    presets:\n"
        "      guest-room:\n"
        "        labels: {spa: {en: Wellness, es: Bienestar}, reception: 101, emergency: Help}\n"
    )
    assert [(k.type, k.value) for k in keys] == [(k.type, k.value) for k in SHIPPED]
    labels = {k.name: k.label for k in keys}
    assert labels["spa"] == {"en": "Wellness", "es": "Bienestar"}
    assert (labels["reception"], labels["emergency"]) == ("101", "Help")
    assert labels["laundry"] == SHIPPED[-1].label


def test_keys_added_to_and_left_out_of_a_shipped_preset() -> None:
    keys = keys_of(
        "    presets:\n"
        "      guest-room:\n"
        "        without: [laundry, spa]\n"
        "        add_keys:\n"
        "          - {type: speed_dial, value: 115, label: {en: Bar}, optional: true}\n"
        "          - {type: blf, each: rooms, floor: 2, template: [guest-room, suite]}\n"
    )
    assert [k.name for k in keys] == [
        *(k.name for k in SHIPPED if k.name not in {"laundry", "spa"}), "speed_dial", "rooms",
    ]  # fmt: skip
    bar, rooms = keys[-2:]
    assert (bar.value, bar.label, bar.optional) == ("115", {"en": "Bar"}, True)
    assert (rooms.each, rooms.floor, rooms.template) == ("rooms", "2", ("guest-room", "suite"))


def test_keys_that_replace_all_of_a_shipped_preset() -> None:
    keys = keys_of(
        "    presets:\n"
        "      guest-room:\n"
        "        keys: [{type: line}, {type: speed_dial, value: '115', label: Bar}]\n"
        "        labels: {line: Room}\n"
        "        add_keys: [{type: dnd}]\n"
    )
    assert [(k.type, k.label) for k in keys] == [
        ("line", "Room"),
        ("speed_dial", "Bar"),
        ("dnd", ""),
    ]


def test_a_shipped_room_template_with_a_changed_and_a_new_position() -> None:
    body = (
        "    presets: {quiet: {kinds: [hotel], settings: {audio: {ring_volume_percent: 10}}}}\n"
        "    room_templates:\n"
        "      guest-room:\n"
        "        settings: {calls: {history: true}}\n"
        "        positions:\n"
        "          - {id: bedside, preset: quiet}\n"
        "          - {id: balcony, name: {en: Balcony}, preset: guest-room, models: [fanvil/h5]}\n"
        + room(H5 + ", balcony: {model: fanvil/h5, mac: 0C383E000215}")
    )
    inventory, _ = read(body)
    mine, shipped = inventory.sites[0].room_templates["guest-room"], CATALOGUE.rooms["guest-room"]
    assert [p.id for p in mine.positions] == [*(p.id for p in shipped.positions), "balcony"]
    assert mine.position("bedside").models == shipped.position("bedside").models
    assert mine.settings == {"calls": {"history": True}}
    assert mine.name == shipped.name
    assert {p.position: p.preset for p in inventory.phones} == {
        "bedside": "quiet",
        "balcony": "guest-room",
    }


def test_a_room_template_of_the_sites_own_with_its_own_preset() -> None:
    body = (
        "    presets: {bar: {keys: [{type: blf, each: rooms, template: bar}]}}\n"
        "    room_templates: {bar: {positions: [{id: counter, preset: bar}]}}\n"
        + room("counter: {model: fanvil/h5, mac: 0C383E000214}", template="bar")
    )
    inventory, told = read(body)
    (phone,) = inventory.phones
    assert (phone.position, phone.preset) == ("counter", "bar")
    template = inventory.sites[0].room_templates["bar"]
    assert (template.name, template.positions[0].name) == ({"en": "bar"}, {"en": "counter"})
    assert not any("bar" in remark for remark in told)


@pytest.mark.parametrize(
    ("body", "line", "field", "words"),
    [
        ("    presets:\n      guest-room:\n        labels:\n          spaa: Wellness\n", 11,
         "sites[0].presets.guest-room.labels.spaa", "no key 'spaa'; it has concierge, emergency"),
        ("    presets:\n      guest-room:\n        without:\n          - spa\n          - pool\n", 12,
         "sites[0].presets.guest-room.without[1]", "no key 'pool'"),
        ("    presets:\n      own:\n        labels: {spa: x}\n", 10,
         "sites[0].presets.own.labels.spa", "it has none"),
        ("    presets:\n      own:\n        needs: [wings]\n", 10,
         "sites[0].presets.own.needs", "no feature 'wings'"),
        ("    presets:\n      own:\n        keys:\n          - {type: line}\n          - {type: wing}\n", 12,
         "sites[0].presets.own.keys[1].type", "line"),
        ("    presets:\n      own:\n        keys:\n          - {type: blf, each: rooms, template: attic}\n", 11,
         "sites[0].presets.own.keys[0].template", "no room template 'attic'; known are accessible-room"),
        ("    presets:\n      own:\n        add_keys:\n          - {type: blf, each: rooms, template: attic}\n", 11,
         "sites[0].presets.own.add_keys[0].template", "no room template 'attic'"),
        ("    room_templates:\n      guest-room:\n        positions:\n          - {id: bedside, preset: attic}\n", 11,
         "sites[0].room_templates.guest-room.positions[0].preset", "no preset 'attic'; known are"),
        ("    room_templates:\n      guest-room:\n        positions:\n          - {id: balcony}\n", 11,
         "sites[0].room_templates.guest-room.positions[0]", "no preset ''"),
        ("    room_templates:\n      own:\n        positions:\n          - {id: a, preset: office, models: [fanvil/h55]}\n", 11,
         "sites[0].room_templates.own.positions[0].models", "no model 'fanvil/h55'"),
        ("    room_templates:\n      own: {name: {en: Own}}\n", 9,
         "sites[0].room_templates.own", "at least 1 item"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_sites_own_templates_is_named(
    body: str, line: int, field: str, words: str
) -> None:
    problem = refused(body)
    assert (problem.file, problem.line) == ("1.yaml", line)
    assert problem.field.startswith(field)
    assert words in str(problem)


def hotel(rooms: int, desk: str) -> str:
    """A reception and that many guest rooms without phones."""
    lines = [
        "    rooms:",
        "      - {id: lobby, template: reception, extension: '100', phones: {desk: " + desk + "}}",
    ]
    lines += [
        f"      - {{id: '{101 + n}', floor: {n // 10}, template: guest-room, extension: '{2101 + n}'}}"
        for n in range(rooms)
    ]
    return "\n".join(lines) + "\n"


def test_rooms_without_a_key_are_one_warning_with_their_number() -> None:
    desk = "{model: yealink/t46u, mac: 805EC0000100}"
    _, told = read(hotel(21, desk))
    assert not any("rooms" in remark for remark in told)
    _, told = read(hotel(60, desk))
    (remark,) = [remark for remark in told if "no key here" in remark]
    assert remark == (
        "39 rooms, from 122 on, have no key here: "
        "all 27 keys of Yealink T46U that can be a blf key are taken"
    )
    _, told = read(
        hotel(60, "{model: yealink/t46u, mac: 805EC0000100, accessories: [{model: exp43}]}")
    )
    assert not any("no key here" in remark for remark in told)


def test_an_own_key_never_loses_its_place_to_rooms() -> None:
    keys = "keys: [{type: blf, value: '7', label: Bar}, {type: dnd}]"
    inventory, told = read(hotel(60, "{model: yealink/t46u, mac: 805EC0000100, " + keys + "}"))
    assert [k.type for k in inventory.phones[0].keys] == ["blf", "dnd"]
    assert any(remark.startswith("41 rooms, from 120 on") for remark in told)
    own = "keys: [{type: blf, each: rooms, label: 'R {each.id}'}]"
    _, told = read(hotel(60, "{model: yealink/t46u, mac: 805EC0000100, " + own + "}"))
    assert any("no key here" in remark for remark in told)


@pytest.mark.parametrize(
    ("phone", "words"),
    [
        (
            "bedside: {model: yealink/t31p, mac: 805EC0000214, keys: [{type: speed_dial, value: '9', label: '%NULL%'}]}",
            "label of key '%NULL%'",
        ),
        (
            "bedside: {model: yealink/t31p, mac: 805EC0000214, settings: {hotel: {name: ' x'}}}",
            "hotel.name: a value must not begin or end with a blank",
        ),
    ],
)
def test_a_text_that_no_file_can_carry_is_refused_before_it_is_stored(
    phone: str, words: str
) -> None:
    assert words in str(refused(room(phone)))


def test_the_name_of_an_account_is_looked_at_too() -> None:
    phone = "bedside: {model: yealink/t31p, mac: 805EC0000214}"
    own = "    accounts: [{extension: '2214', name: '%EMPTY%'}]\n"
    head = HEAD.replace('    accounts: [{extension: "100", name: Reception}]\n', own)
    assert head != HEAD
    assert "name of account 2214" in str(refused(head + room(phone)))


def test_a_base_without_accounts_of_its_own_takes_none_from_its_room() -> None:
    base = "base: {model: yealink/w80b, mac: 805EC0000214}"
    inventory, _ = read(room(base, template="dect"))
    assert inventory.phones[0].accounts == ()
