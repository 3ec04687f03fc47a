"""Exports of other servers, read: phones, lines, keys, and everything that is wrong in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.bulk.known import Known
from provisioner.catalogue.loader import load
from provisioner.errors import SiteFileError
from provisioner.importing.found import Found
from provisioner.importing.freepbx import read_freepbx
from provisioner.importing.lists import read_lists
from provisioner.importing.sources import Source, csv_of, ini_of, read_sources
from provisioner.importing.tancredi import read_tancredi
from provisioner.importing.wazo import read_wazo
from provisioner.key_types import KeyType

EXPORTS = Path(__file__).parent / "exports"


def source(data: object, name: str = "file.json") -> Source:
    return Source(name, data if isinstance(data, str) else json.dumps(data))


def told(found: Found) -> list[str]:
    return [str(problem) for problem in found.problems]


def known() -> Known:
    catalogue = load()
    return Known(catalogue, catalogue.rooms, catalogue.presets)


def test_wazo_phones_have_what_their_config_inherits() -> None:
    found = read_wazo(read_sources([EXPORTS / "wazo"]))
    assert told(found) == []
    first, second, third, base = found.phones
    assert (first.model, first.lines[0].user, first.lines[0].number) == (
        "Yealink T31P",
        "abc1",
        "201",
    )
    assert [key.type for key in first.keys] == [KeyType.SPEED_DIAL, KeyType.BLF]
    assert first.settings["sip"] == {"registrar": "10.20.0.6", "dtmf": "rfc4733"}
    assert "network" not in first.settings  # a VLAN that is switched off
    assert second.name == "Room 202"
    assert [line.user for line in third.lines] == ["abc3", "abc9"]
    assert third.settings["access"] == {"admin_password": "Admin-Of-203"}
    assert len(base.lines) == 2
    assert found.head == {"timezone": "Europe/Madrid", "languages": ["es"], "country": "ES"}
    assert found.left["funckeys of type disco"] == 1
    assert len(found.remarks) == 2


def test_a_secret_is_in_no_repr() -> None:
    assert "Secret-of" not in repr(read_wazo(read_sources([EXPORTS / "wazo"])))


DEVICE = {"id": "d", "mac": "80:5e:c0:00:02:01", "model": "T31P", "config": "c"}
LINE = {"sip_lines": {"1": {"username": "1"}}}


@pytest.mark.parametrize(
    ("documents", "problem"),
    [
        (
            [DEVICE],
            "file.json: [0].config: there is no config 'c' in these files: export /cfg_mgr/configs too",
        ),
        (
            [{**DEVICE, "mac": ""}, {"id": "c", "raw_config": LINE}],
            "file.json: [0].mac: the device has no MAC address",
        ),
        (
            [DEVICE, {"id": "c", "raw_config": {"sip_lines": {"1": {}}}}],
            "file.json: [1].raw_config.sip_lines.1.username: the line has no user name",
        ),
        (
            [DEVICE, {"id": "c", "raw_config": {"sip_lines": ["x"]}}],
            'file.json: [1].raw_config.sip_lines: must be an object by number: {"1": {...}}',
        ),
        (
            [DEVICE, {"id": "c", "raw_config": {**LINE, "funckeys": {"1": {"type": "blf"}}}}],
            "file.json: [1].raw_config.funckeys.1.value: a key of type blf needs a number",
        ),
        ([3], "file.json: [0]: is no device and no config"),
        (
            {"what": 1},
            "file.json: is no device (mac, model, config) and no config (id, raw_config)",
        ),
        ({"configs": []}, "the export: holds no device: give the answer of /dev_mgr/devices"),
    ],
)
def test_what_is_wrong_in_wazos_files_is_named(documents: object, problem: str) -> None:
    assert problem in told(read_wazo([source(documents)]))


@pytest.mark.parametrize("text", ["[" + "9" * 5000 + "]", "[" * 100_000])
def test_json_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(SiteFileError, match="not JSON"):
        read_wazo([Source("file.json", text)])


@pytest.mark.parametrize("odd", ["9" * 5000, "\u00b2", "\u0663"])
def test_odd_numbers_make_no_reader_fall_over(odd: str) -> None:
    read_freepbx([Source("phones.csv", f"mac,model,ext,account\n805ec0000401,T46U,302,{odd}\n")])
    raw = {
        "sip_lines": {"1": {"username": "a"}},
        "vlan_id": odd,
        "funckeys": {"1": {"type": "blf", "value": "1", "line": odd}},
    }
    read_wazo([source([DEVICE, {"id": "c", "raw_config": raw}])])
    ini = f'[data]\nmac = "0c383e000302"\nvlan_id = "{odd}"\nlinekey_type_{odd} = "blf"\naccount_username_{odd} = "1"\n'
    read_tancredi([Source("0c383e000302.ini", ini)])
    variables = {f"linekey_type_{odd}": "blf", "linekey_type_01": "blf", "linekey_value_01": "1"}
    phone = {"mac": "0C-38-3E-00-03-02", "model": "fanvil-X4U", "variables": variables}
    read_tancredi([source([phone])])


def test_a_config_that_is_its_own_parent_ends() -> None:
    configs = [
        {"id": "c", "parent_ids": ["p"], "raw_config": LINE},
        {"id": "p", "parent_ids": ["c"], "raw_config": {}},
    ]
    found = read_wazo([source([DEVICE, *configs])])
    assert len(found.phones) == 1
    assert "parent config 'c' is its own parent" in found.remarks


def test_tancredi_by_files_and_by_its_api() -> None:
    found = read_tancredi(read_sources([EXPORTS / "tancredi"]))
    assert told(found) == []
    by_api, by_file = found.phones
    assert (by_file.mac, by_file.model) == ("80-5E-C0-00-03-01", "yealink T46U")
    assert by_file.lines[0].secret == 'Say "hello" to 100'
    assert [(key.type, key.value, key.label) for key in by_file.keys] == [
        (KeyType.BLF, "201", "Room 201"), (KeyType.VOICEMAIL, "", ""),
    ]  # fmt: skip
    assert by_file.settings["sip"] == {
        "registrar": "pbx.norte.example", "transport": "tls", "srtp": "required", "port": 5061,
    }  # fmt: skip
    assert by_api.lines[0].name == "Адриан"
    assert by_api.settings["directory"]["ldap_base"] == "dc=phonebook"
    assert found.head == {"timezone": "Europe/Rome", "country": "IT", "languages": ["it"]}
    assert dict(found.left) == {"line keys of type queuetoggle": 1, "ringtone": 1}


def test_tancredis_list_of_phones_is_not_enough() -> None:
    found = read_tancredi([source([{"mac": "80-5E-C0-00-03-01", "model": "yealink-T46U"}])])
    assert told(found) == [
        "file.json: [0].variables: is missing: ask for each phone, GET /phones/MAC"
    ]


def test_a_line_that_is_no_ini_is_named() -> None:
    with pytest.raises(SiteFileError, match=r"scope.ini:2: is neither"):
        ini_of(Source("scope.ini", "[data]\nwhat is this\n"))


def test_freepbx_lists_are_joined() -> None:
    found = read_freepbx(read_sources([EXPORTS / "freepbx"]))
    assert told(found) == []
    several, single = found.phones
    assert [line.user for line in several.lines] == ["301", "302"]
    assert several.lines[0].voicemail
    assert several.lines[1].name == "Bar, terrace"
    assert single.place.line == 5  # an empty line is counted
    assert [line.user for line in found.accounts] == ["303"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "a,b\n1,2\n",
            "x.csv:1: has neither a column extension (Bulk Handler) nor mac (a list of phones)",
        ),
        ("extension,name\n,x\n", "x.csv:2: extension: the row has none"),
        ("extension,name\n1,x\n1,y\n", "x.csv:3: extension: 1 is there already"),
        ("mac,ext\n,1\n", "x.csv:2: mac: the row has none"),
        ("mac,ext\n805ec0000401,\n", "x.csv:2: extension: the phone has no extension"),
    ],
)
def test_what_is_wrong_in_freepbx_lists_is_named(text: str, problem: str) -> None:
    assert told(read_freepbx([Source("x.csv", text)])) == [problem]


def test_a_list_of_rooms_with_passwords() -> None:
    found = read_lists(read_sources([EXPORTS / "rooms.csv"]), known())
    assert [(p.room, p.mac, p.place.line) for p in found.phones] == [
        ("401", "0c383e000501", 2), ("401", "0c383e000502", 3), ("402", "", 4),
    ]  # fmt: skip
    assert found.phones[0].lines[0].secret == "Secret-of-2401"
    assert dict(found.left) == {"column remark": 1}


def test_a_list_without_rooms_is_refused() -> None:
    found = read_lists([Source("x.csv", "mac,model\n805ec0000401,T31P\n")], known())
    assert told(found) == ["x.csv:1: no column says which room: name one"]


def test_lines_of_a_csv_count_those_inside_of_cells() -> None:
    table = csv_of(Source("x.csv", 'a,b\n"1\n2",3\n\n4,5\n'))
    assert table.lines == (1, 2, 5)


def test_a_workbook_says_so(tmp_path: Path) -> None:
    file = tmp_path / "book.xlsx"
    file.write_bytes(b"PK\x03\x04rest")
    with pytest.raises(SiteFileError, match="save it as CSV"):
        read_sources([file])


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match="there is no file in it"):
        read_sources([tmp_path])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["id", "mac", "config", "configs", "devices", "raw_config", "sip_lines", "1",
                         "funckeys", "username", "parent_ids", "variables", "model", "type", "name",
                         "linekey_type_1", "account_username_1", "timezone", "ntp_ip"]),
        inner, max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON)
def test_no_json_makes_a_reader_fall_over(data: object) -> None:
    text = Source("file.json", json.dumps(data))
    read_wazo([text])
    read_tancredi([text])


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from('mac,extnio"\n;=[]x1 \t\r'), max_size=80))
def test_no_text_makes_a_reader_fall_over(text: str) -> None:
    for read in (read_freepbx, read_wazo, read_tancredi):
        try:
            read([Source("x", text)])
        except SiteFileError:
            continue
