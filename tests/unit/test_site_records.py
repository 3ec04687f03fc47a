"""Site files to records: what does not fit the catalogue is refused where it is written."""

from __future__ import annotations

import pytest

from provisioner.catalogue.loader import load, shipped_folder
from provisioner.errors import SiteFileError
from provisioner.inventory.site_file import parse_site_file, read_site_files
from provisioner.inventory.site_records import to_inventory
from provisioner.key_types import KeyType
from provisioner.plan import check_phones

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
        (room(H5, template="suite"), LINE, "sites[0].rooms[0].template", "known are"),
        (room("bedside: {model: fanvil/h5, mac: 0C383E000214, preset: sauna}"), LINE,
         "sites[0].rooms[0].phones.bedside.preset", "sauna"),
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
    _, told = read(room("bedside: {model: fanvil/h2u-v2, mac: 0C383E000214, preset: reception}"))
    assert any("has no key that can be a line key" in remark for remark in told)


def test_remarks_are_counted_over_phones() -> None:
    two = ", ".join(
        f"{p}: {{model: fanvil/h2u-v2, mac: 0C383E00021{n}, preset: reception}}"
        for n, p in enumerate(("bedside", "desk"))
    )
    _, told = read(room(two))
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
