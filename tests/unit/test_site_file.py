"""The site file's shape: every mistake is named with file, line and field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from provisioner.errors import SiteFileError
from provisioner.inventory.site_file import parse_site_file, read_site_files, schema

SITE = """\
sites:
  - id: aurora
    name: Hotel Aurora
    country: ES
    timezone: Europe/Madrid
    languages: [es, en]
    networks: [10.20.0.0/16]
    url: https://prov.example
    sip: {registrar: pbx.example}
    numbers: {reception: "100", wake_up: "*55"}
    accounts:
      - {extension: "100", name: Reception}
    rooms:
      - id: "214"
        name: Room
        template: guest-room
        extension: "2214"
        phones:
          bedside: {model: fanvil/h5, mac: 0C383E000214}
    switches:
      - {host: 10.20.0.2, name: sw, platform: cisco_ios, snmp: {version: 2c, community: hush}}
    pbx: {kind: asterisk, ami: {host: 10.20.0.5, username: bell, secret: hush}}
"""


def parse(text: str = SITE):
    return parse_site_file("site.yaml", text).content.sites[0]


def swap(old: str, new: str) -> str:
    assert old in SITE
    return SITE.replace(old, new, 1)


def refused(text: str) -> SiteFileError:
    with pytest.raises(SiteFileError) as caught:
        parse_site_file("site.yaml", text)
    assert caught.value.file == "site.yaml"
    assert str(caught.value).startswith(f"site.yaml:{caught.value.line}: ")
    return caught.value


def test_a_whole_site() -> None:
    site = parse()
    assert (site.id, site.timezone, site.languages) == ("aurora", "Europe/Madrid", ("es", "en"))
    assert site.rooms[0].phones["bedside"].mac == "0c383e000214"
    assert site.switches[0].snmp.community == SecretStr("hush")
    assert site.pbx is not None
    assert site.pbx.ami is not None
    assert site.pbx.ami.port == 5038


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("    country: ES", "    county: ES", 4, "sites[0].county"),
        ("id: aurora", "id: Hotel Aurora", 2, "sites[0].id"),
        ("    name: Hotel Aurora\n", "", 2, "sites[0].name"),
        ("name: Hotel Aurora", "name:", 3, "sites[0].name"),
        ("name: Hotel Aurora", 'name: "Hotel\\nAurora"', 3, "sites[0].name"),
        ("name: Hotel Aurora", 'name: "Hotel\\u2028Aurora"', 3, "sites[0].name"),
        ("name: Hotel Aurora", f"name: {'x' * 201}", 3, "sites[0].name"),
        ("country: ES", "country: es", 4, "sites[0].country"),
        ("Europe/Madrid", "Europe/Atlantis", 5, "sites[0].timezone"),
        ("[es, en]", "[]", 6, "sites[0].languages"),
        ("[es, en]", "[es, eng]", 6, "sites[0].languages[1]"),
        ("10.20.0.0/16", "10.20.0.0/33", 7, "sites[0].networks[0]"),
        ("10.20.0.0/16", "10.20.0.1/16", 7, "sites[0].networks[0]"),
        ("https://prov.example", '""', 8, "sites[0].url"),
        ("https://prov.example", "prov.example", 8, "sites[0].url"),
        ("https://prov.example", "gopher://prov.example", 8, "sites[0].url"),
        ("https://prov.example", "http:///p", 8, "sites[0].url"),
        ('reception: "100"', 'Reception: "100"', 10, "sites[0].numbers.Reception"),
        ('reception: "100"', 'reception: "1 00"', 10, "sites[0].numbers.reception"),
        ('extension: "100"', 'extension: "1 00"', 12, "sites[0].accounts[0].extension"),
        ("name: Reception", "secret: ' blank'", 12, "sites[0].accounts[0].secret"),
        ("name: Reception", "voicemail: perhaps", 12, "sites[0].accounts[0].voicemail"),
        ('id: "214"', 'id: "2 14"', 14, "sites[0].rooms[0].id"),
        ("name: Room", 'name: "\\t"', 15, "sites[0].rooms[0].name"),
        ("bedside:", "Bed side:", 19, "sites[0].rooms[0].phones.Bed side"),
        ("0C383E000214", "0C383E00021", 19, "sites[0].rooms[0].phones.bedside.mac"),
        ("0C383E000214", "01:00:5e:00:00:01", 19, "sites[0].rooms[0].phones.bedside.mac"),
        ("model: fanvil/h5, ", "", 19, "sites[0].rooms[0].phones.bedside.model"),
        ("mac: 0C383E000214", "mac: 0C383E000214, keys: [{type: dial}]", 19,
         "sites[0].rooms[0].phones.bedside.keys[0].type"),
        ("mac: 0C383E000214", "mac: 0C383E000214, keys: [{type: blf, account: 0}]", 19,
         "sites[0].rooms[0].phones.bedside.keys[0].account"),
        ("mac: 0C383E000214", 'mac: 0C383E000214, keys: [{type: blf, label: "a\\nb"}]', 19,
         "sites[0].rooms[0].phones.bedside.keys[0].label"),
        ("mac: 0C383E000214", "mac: 0C383E000214, accessories: [{model: x, count: 0}]", 19,
         "sites[0].rooms[0].phones.bedside.accessories[0].count"),
        ("mac: 0C383E000214", "mac: 0C383E000214, handsets: [{name: a, extension: '1', ipui: 12}]", 19,
         "sites[0].rooms[0].phones.bedside.handsets[0].ipui"),
        ("version: 2c", "version: 1", 21, "sites[0].switches[0].snmp.version"),
        ("community: hush", 'community: "hu\\nsh"', 21, "sites[0].switches[0].snmp.community"),
        ("host: 10.20.0.5", "host: 10.20.0.5;x", 22, "sites[0].pbx.ami.host"),
        ("secret: hush", 'secret: "hu\\r\\nsh"', 22, "sites[0].pbx.ami.secret"),
        ("kind: asterisk", "kind: elastix", 22, "sites[0].pbx.kind"),
        ("sites:", "hotels:", 1, "hotels"),
        ("    pbx:", "    presets: {p: {keys: [{type: blf, label: {eng: x}}]}}\n    pbx:", 22,
         "sites[0].presets.p.keys[0].label.eng"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_line_and_field(old: str, new: str, line: int, field: str) -> None:
    problem = refused(swap(old, new))
    assert (problem.line, problem.field) == (line, field)


def test_an_error_does_not_repeat_a_secret() -> None:
    assert "hu" not in str(refused(swap("secret: hush", 'secret: "hu\\nsh"')))


@pytest.mark.parametrize("text", ["- a", "just words", "42", "sites: 5", "sites: [5]"])
def test_what_is_no_site_file(text: str) -> None:
    refused(text)


@pytest.mark.parametrize(
    ("old", "new", "read"),
    [
        ("country: ES", "country: NO", lambda s: s.country == "NO"),
        ('extension: "100"', "extension: 012", lambda s: s.accounts[0].extension == "012"),
        ('extension: "2214"', "extension: 2214", lambda s: s.rooms[0].extension == "2214"),
        ('id: "214"', "id: 0214", lambda s: s.rooms[0].id == "0214"),
        ("name: Room", "floor: 02", lambda s: s.rooms[0].floor == "02"),
        ("name: Room", "floor: -1", lambda s: s.rooms[0].floor == "-1"),
        ('reception: "100"', "reception: 0100", lambda s: s.numbers["reception"] == "0100"),
        ("0C383E000214", "12:34:56:12:34:56",
         lambda s: s.rooms[0].phones["bedside"].mac == "123456123456"),
        ("0C383E000214", "001565000001", lambda s: s.rooms[0].phones["bedside"].mac == "001565000001"),
        ("0C383E000214", "0c-38-3e-00-02-14", lambda s: s.rooms[0].phones["bedside"].mac == "0c383e000214"),
        ("name: Reception", "voicemail: on", lambda s: s.accounts[0].voicemail is True),
        ("name: Reception", "voicemail: off", lambda s: s.accounts[0].voicemail is False),
        ("name: Reception", "voicemail: NO", lambda s: s.accounts[0].voicemail is False),
        ("name: Reception", "name: yes", lambda s: s.accounts[0].name == "yes"),
        ("secret: hush", "secret: 0123", lambda s: s.pbx.ami.secret.get_secret_value() == "0123"),
        ("community: hush", "community: 77", lambda s: s.switches[0].snmp.community.get_secret_value() == "77"),
        ("ami: {host: 10.20.0.5,", "ami: {host: 10.20.0.5, port: 05039,", lambda s: s.pbx.ami.port == 5039),
        ("https://prov.example", "tftp://10.0.0.1", lambda s: s.url == "tftp://10.0.0.1"),
    ],
)  # fmt: skip
def test_yaml_has_no_surprises(old: str, new: str, read: Any) -> None:
    assert read(parse(swap(old, new)))


def test_a_missing_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BELL_NOTHING", raising=False)
    problem = refused(swap("secret: hush", "secret: !env BELL_NOTHING"))
    assert (problem.line, problem.field) == (22, "sites[0].pbx.ami.secret")


def test_files_are_read_beside_their_secrets(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("0123\n", encoding="utf-8")
    file = tmp_path / "site.yaml"
    file.write_text(swap("secret: hush", "secret: !file pass"), encoding="utf-8")
    (read,) = read_site_files([file])
    pbx = read.content.sites[0].pbx
    assert pbx is not None
    assert pbx.ami is not None
    assert pbx.ami.secret.get_secret_value() == "0123"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    for file in (tmp_path / "nothing.yaml", binary, tmp_path):
        with pytest.raises(SiteFileError) as caught:
            read_site_files([file])
        assert caught.value.file == str(file)


def test_the_schema_is_json_and_names_what_there_is() -> None:
    made = json.loads(json.dumps(schema()))
    assert made["type"] == "object"
    assert {"FileSite", "FileRoom", "FilePhone", "FileKey"} <= set(made["$defs"])
    assert set(made["$defs"]["FileSite"]["required"]) == {"id", "name", "url"}
    assert made["$defs"]["FilePhone"]["additionalProperties"] is False
