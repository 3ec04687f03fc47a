"""``bellwire import``: what it makes of an export, and that nothing is ever half done."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.servers import DataFolder

EXPORTS = Path(__file__).parent / "exports"
NEW = ("--url", "http://prov.sol.example", "--number", "reception=201")


def site_of(file: Path) -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["sites"][0]
    return made


def room(site: dict[str, Any], name: str) -> dict[str, Any]:
    return next(r for r in site["rooms"] if r["id"] == name)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def take(folder: DataFolder, kind: str, export: str, *words: str, site: str = "sol") -> Any:
    return folder.run("import", "--from", kind, str(EXPORTS / export), "--site", site, *words)


def test_wazo_becomes_a_site_file_that_plan_accepts(folder: DataFolder, tmp_path: Path) -> None:
    out = tmp_path / "sol.yaml"
    done = take(folder, "wazo", "wazo", *NEW, "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "exten_dnd (4)" in done.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    site = site_of(out)
    assert site["timezone"] == "Europe/Madrid"
    assert site["sip"] == {"dtmf": "rfc4733", "registrar": "10.20.0.6"}
    assert site["settings"] == {"locale": {"ntp_servers": ["10.20.0.1"]}}
    assert room(site, "201")["phones"]["desk"]["keys"][0] == {
        "type": "speed_dial", "value": "112", "label": "Emergency",
    }  # fmt: skip
    assert room(site, "202")["template"] == "guest-room"
    assert room(site, "203")["phones"]["desk"]["accounts"] == ["abc3", "abc9"]
    handsets = room(site, "dect-000204")["phones"]["base"]["handsets"]
    assert handsets == [
        {"name": "Housekeeping", "extension": "abc4"},
        {"name": "Gardener", "extension": "abc5"},
    ]
    planned = folder.run("plan", str(out))
    assert planned.exit_code == 0, planned.output
    assert "4 phones added" in planned.output
    assert "Secret-of" not in done.output + planned.output


def test_numbers_and_new_secrets(folder: DataFolder, tmp_path: Path) -> None:
    out = tmp_path / "sol.yaml"
    words = (*NEW, "--call-by", "number", "--secrets", "generate", "--no-keys", "--out", str(out))
    assert take(folder, "wazo", "wazo", *words).exit_code == 0
    text = out.read_text(encoding="utf-8")
    assert "Secret-of" not in text
    assert "Admin-Of" not in text
    assert "keys:" not in text
    assert room(site_of(out), "201")["extension"] == "201"


def test_it_is_applied_and_there_is_nothing_to_do_again(folder: DataFolder) -> None:
    words = ("--url", "http://prov.norte.example", "--apply")
    done = take(folder, "tancredi", "tancredi", *words)
    assert done.exit_code == 0, done.output
    assert folder.rows("select mac from phone order by mac") == [
        ("0c383e000302",),
        ("805ec0000301",),
    ]
    again = take(folder, "tancredi", "tancredi", "--apply")
    assert again.exit_code == 0, again.output
    assert "nothing to change" in again.output
    shown = folder.run("render", "805ec0000301", "--out", str(folder.path.parent / "files"))
    assert shown.exit_code == 0, shown.output
    text = (folder.path.parent / "files" / "805ec0000301.cfg").read_text(encoding="utf-8")
    assert 'Say "hello" to 100' in text


def test_a_dry_run_stores_nothing(folder: DataFolder) -> None:
    done = take(folder, "freepbx", "freepbx", *NEW, "--dry-run")
    assert done.exit_code == 0, done.output
    assert "3 accounts added" in done.output
    assert folder.rows("select count(*) from site") == [(0,)]


def test_templates_by_extension_and_models_by_hand(folder: DataFolder, tmp_path: Path) -> None:
    out, export = tmp_path / "x.yaml", tmp_path / "phones.csv"
    export.write_text("mac,model,ext\n805ec0000401,House phone,1301\n805ec0000402,T31P,2301\n")
    words = ("import", "--from", "freepbx", str(export), "--site", "sol", *NEW, "--out", str(out))
    more = (
        "--template",
        "office",
        "--template",
        "2*=guest-room",
        "--model",
        "House phone=yealink/t33g",
    )
    done = folder.run(*words, *more)
    assert done.exit_code == 0, done.output
    site = site_of(out)
    assert (room(site, "1301")["template"], room(site, "2301")["template"]) == (
        "office",
        "guest-room",
    )
    assert room(site, "1301")["phones"]["desk"]["model"] == "yealink/t33g"


def test_everything_wrong_is_named_and_nothing_done(folder: DataFolder, tmp_path: Path) -> None:
    out, export = tmp_path / "x.yaml", tmp_path / "phones.csv"
    export.write_text(
        "mac,model,ext\n805ec0000401,T46Q,301\n805ec00004,T46U,302\n805ec0000401,T46U,303\n"
    )
    words = ("import", "--from", "freepbx", str(export), "--site", "sol", *NEW, "--out", str(out))
    done = folder.run(*words)
    assert done.exit_code == 1
    assert f"{export}:2: model: No model is called T46Q. Did you mean" in done.output
    assert f"{export}:3: mac: This is no MAC address" in done.output
    assert "2 to be put right first; nothing was done" in done.output
    assert not out.exists()


def test_what_the_inventory_refuses_is_named_in_the_export(
    folder: DataFolder, tmp_path: Path
) -> None:
    devices, configs = tmp_path / "d.json", tmp_path / "c.json"
    devices.write_text(
        '[{"mac": "805ec0000401", "vendor": "Yealink", "model": "T46U", "config": "c"}]'
    )
    lines = '"sip_lines": {"1": {"username": "ok"}, "2": {"username": "%s"}}'
    configs.write_text('[{"id": "c", "raw_config": {%s}}]' % (lines % "not ok"))
    words = ("import", "--from", "wazo", str(devices), str(configs), "--site", "sol", *NEW)
    done = folder.run(*words, "--dry-run")
    assert done.exit_code == 1
    assert f"{devices}: [0]: accounts[1]: " in done.output
    assert "country US, timezone UTC, languages en" in done.output
    configs.write_text('[{"id": "c", "raw_config": {"vlan_id": 9999, %s}}]' % (lines % "ok2"))
    done = folder.run(*words, "--dry-run")
    assert done.exit_code == 1
    assert f"{devices}: [0]: settings.network.vlan_id: " in done.output


def test_unknown_models_can_be_left_out(folder: DataFolder, tmp_path: Path) -> None:
    export = tmp_path / "phones.csv"
    export.write_text("mac,model,ext\n805ec0000401,Teapot,301\n805ec0000402,T46U,302\n")
    words = ("import", "--from", "freepbx", str(export), "--site", "sol", *NEW)
    done = folder.run(*words, "--skip-unknown", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "805ec0000401 is left out: no model 'Teapot'" in done.output
    assert "2 accounts added, 1 phone added" in done.output


def test_a_file_is_never_overwritten(folder: DataFolder, tmp_path: Path) -> None:
    out = tmp_path / "mine.yaml"
    out.write_text("mine", encoding="utf-8")
    done = take(folder, "wazo", "wazo", *NEW, "--out", str(out))
    assert done.exit_code == 1
    assert "is there already" in done.output
    assert out.read_text(encoding="utf-8") == "mine"
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["mine.yaml"]


def test_additions_to_a_site_that_is_there(folder: DataFolder, tmp_path: Path) -> None:
    assert take(folder, "csv", "rooms.csv", *NEW, "--apply").exit_code == 0
    out = tmp_path / "sol.yaml"
    done = take(folder, "wazo", "wazo", "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "the site is there: its own settings stay" in done.output
    planned = folder.run("plan", "--prune", str(out))
    assert "4 rooms added" in planned.output
    assert "retire" not in planned.output
    assert "change" not in planned.output.partition("#")[0]


def test_a_password_that_is_not_the_same_everywhere(folder: DataFolder, tmp_path: Path) -> None:
    export = tmp_path / "rooms.csv"
    export.write_text(
        "room,template,model,mac,extension,secret\n"
        "1,guest-room,fanvil/h5,0c383e000601,1,one-secret\n"
        "1,guest-room,fanvil/h2u-v2,0c383e000602,1,another-secret\n"
    )
    words = ("import", "--from", "csv", str(export), "--site", "sol", *NEW, "--dry-run")
    done = folder.run(*words)
    assert done.exit_code == 1
    assert f"{export}:3: line 1 has another password here than elsewhere" in done.output
    assert "secret" not in done.output.replace("--secrets", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "say one of --out FILE, --apply and --dry-run"),
        (("--apply", "--dry-run"), "say one of --out FILE, --apply and --dry-run"),
        (("--apply", "--model", "T46U"), "--model takes WHAT=VALUE"),
    ],
)
def test_what_is_asked_must_be_clear(folder: DataFolder, words: tuple[str, ...], told: str) -> None:
    done = take(folder, "wazo", "wazo", *words)
    assert done.exit_code == 2
    assert told in done.output


def test_a_new_site_needs_an_address(folder: DataFolder) -> None:
    done = take(folder, "wazo", "wazo", "--dry-run")
    assert done.exit_code == 1
    assert "the site: url: this is needed" in done.output
