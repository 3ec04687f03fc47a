"""The command line as people and scripts use it: help, JSON, exit codes, sentences."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from provisioner.catalogue.loader import load
from provisioner.identify import FetchRequest
from tests.integration.servers import (
    CORRIDOR,
    DEVICE_FILE,
    FANVIL,
    HANG_S,
    SNOM,
    YEALINK,
    DataFolder,
    bellwire,
    delivery_on,
    room,
    small_site,
)
from web.cli import main


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(commands(main)), ids=" ".join)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_has_help(path: tuple[str, ...], flag: str) -> None:
    result = CliRunner().invoke(main, [*path, flag])
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    words = result.stdout.split("\n\n")[1].strip()
    assert words[0].isupper()
    assert words.rstrip().endswith((".", ":"))


def test_the_real_command_starts() -> None:
    done = subprocess.run(
        bellwire("--version"), capture_output=True, text=True, timeout=HANG_S, check=True
    )
    assert done.stdout.startswith("bellwire, version ")


def test_usage_errors_are_2(casa: DataFolder) -> None:
    for args in (("nonsense",), ("status", "--nonsense"), ("render",), ("adopt", FANVIL)):
        assert casa.run(*args).exit_code == 2, args


def test_models_as_json() -> None:
    result = CliRunner().invoke(main, ["models", "--json"])
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert {row["id"] for row in rows} == set(load().models)
    fields = {"id", "vendor", "name", "kind", "accounts", "keys", "dialects", "support"}
    for row in rows:
        assert fields | {"confidence"} <= row.keys()
        assert row["id"].startswith(f"{row['vendor']}/")
        assert isinstance(row["accounts"], int)
        assert isinstance(row["keys"], int)
        assert all(isinstance(dialect, str) for dialect in row["dialects"])


@pytest.mark.parametrize("model", sorted(load().models))
def test_one_model(model: str) -> None:
    text = CliRunner().invoke(main, ["models", model])
    assert text.exit_code == 0
    assert text.stdout.startswith(model)
    value = json.loads(CliRunner().invoke(main, ["models", model, "--json"]).stdout)
    assert value["id"] == model


def test_status_as_json(casa: DataFolder) -> None:
    with delivery_on(casa) as desk:
        for address, path in (
            ("10.20.0.9", f"/{DEVICE_FILE[FANVIL]}"),
            ("10.20.0.9", f"/p/{casa.token(SNOM)}/{DEVICE_FILE[SNOM]}"),
            ("192.0.2.1", f"/{DEVICE_FILE[YEALINK]}"),
            ("10.20.0.10", "/805ec0fffe01.cfg"),
        ):
            desk.delivery.answer(FetchRequest("http", path, address))
    value = json.loads(casa.run("status", "--json").stdout)
    assert {"phones", "waiting"} <= set(value)
    phones = {phone["mac"].replace(":", ""): phone for phone in value["phones"]}
    assert set(phones) == set(DEVICE_FILE)
    for phone in value["phones"]:
        assert {"mac", "site", "room", "position", "model", "status", "cause", "since"} <= set(
            phone
        )
    assert {mac: phone["status"] for mac, phone in phones.items()} == {
        FANVIL: "first-contact",
        SNOM: "provisioned",
        YEALINK: "refused",
        CORRIDOR: "never-seen",
        "0c383e0b0101": "never-seen",
    }
    assert "outside its site's networks" in phones[YEALINK]["cause"]
    (waiting,) = value["waiting"]
    assert (waiting["mac"], waiting["address"]) == ("80:5e:c0:ff:fe:01", "10.20.0.10")
    assert json.loads(casa.run("status", "casa", "--json").stdout)["phones"] == value["phones"]
    text = casa.run("status").stdout
    assert "1 provisioned" in text
    assert "1 waiting" in text


def test_explain_names_the_layer(casa: DataFolder) -> None:
    site = small_site(casa.url)
    room(site, "spa")["settings"] = {"audio": {"ring_volume_percent": 30}}
    casa.apply(site)

    def explain(*args: str) -> str:
        result = casa.run("explain", *args)
        assert result.exit_code == 0
        return result.stdout

    assert explain(SNOM, "sip.expires_s").split(maxsplit=2)[1:] == ["600", "site casa\n"]
    assert explain(SNOM, "audio.ring_volume_percent").split(maxsplit=2)[1:] == ["30", "room spa\n"]
    assert "product defaults" in explain(SNOM, "sip.retry_s")
    rows = json.loads(explain(SNOM, "sip", "--json"))
    assert all(set(row) == {"setting", "value", "origin"} for row in rows)
    assert all(row["setting"].startswith("sip.") for row in rows)
    assert len(explain(SNOM).splitlines()) > 50
    assert casa.token(SNOM) not in explain(SNOM)


def test_render_writes_every_file_under_its_request_name(casa: DataFolder, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    result = casa.run("render", "80-5E-C0-00-01-00", "--out", str(out))
    assert result.exit_code == 0
    names = {row[0] for row in casa.rows("select name from rendered where mac = ?", YEALINK)}
    assert {f.name for f in out.iterdir()} == names == {f"{YEALINK}.boot", f"{YEALINK}.cfg"}
    assert result.stdout.splitlines() == [str(out / n) for n in sorted(names)]
    assert all(f.stat().st_mode & 0o077 == 0 for f in out.iterdir())
    masked = casa.run("render", YEALINK, "--masked").stdout
    assert "account.1.password = ********" in masked
    assert casa.token(YEALINK) not in masked
    old = casa.run("render", CORRIDOR, "--firmware", "53.80.0.130", "--out", str(tmp_path / "old"))
    assert old.exit_code == 0
    assert not (tmp_path / "old" / f"{CORRIDOR}.boot").exists()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("url", "805ec0fffe01"), "there is no phone 80:5e:c0:ff:fe:01"),
        (("arm", "805ec0fffe01"), "there is no phone 80:5e:c0:ff:fe:01"),
        (("render", "805ec0fffe01"), "there is no phone 80:5e:c0:ff:fe:01"),
        (("explain", "805ec0fffe01"), "there is no phone 80:5e:c0:ff:fe:01"),
        (("url", "nonsense"), "nonsense"),
        (("explain", YEALINK, "sip.nonsense"), "there is no setting 'sip.nonsense'"),
        (("status", "nowhere"), "there is no site 'nowhere'; known are: casa"),
    ],
)
def test_what_nobody_knows_is_1_and_a_sentence(
    casa: DataFolder, args: tuple[str, ...], told: str
) -> None:
    result = casa.run(*args)
    assert result.exit_code == 1
    assert result.stderr.startswith("bellwire: ")
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_unknown_model_is_1_and_close_ones_are_named() -> None:
    result = CliRunner().invoke(main, ["models", "t46"])
    assert result.exit_code == 1
    assert "yealink/t46u" in result.stderr


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("colour = 'blue'", "colour"),
        ("[http]\nprot = 80", "http.prot"),
        ("[http]\nport = 'x'", "http.port"),
        ("[access]\nwaiting_max = 1", "access.waiting_max"),
        ("[http\n", "bellwire.toml"),
    ],
)
def test_a_wrong_configuration_is_2_and_names_the_key(
    casa: DataFolder, tmp_path: Path, text: str, key: str
) -> None:
    file = tmp_path / "bellwire.toml"
    file.write_text(text)
    result = casa.run("status", env={"BELLWIRE_CONFIG": str(file)})
    assert result.exit_code == 2
    assert key in result.stderr
    assert str(file) in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_configuration_file_that_is_not_there_is_2(casa: DataFolder, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.toml")
    result = casa.run("status", env={"BELLWIRE_CONFIG": missing})
    assert result.exit_code == 2
    assert missing in result.stderr


def test_file_environment_and_command_line(casa: DataFolder, tmp_path: Path) -> None:
    file = tmp_path / "bellwire.toml"
    file.write_text(f"data = '{tmp_path}/nowhere'\n[http]\nport = 81\nthreads = 3\n")
    env = {"BELLWIRE_CONFIG": str(file), "BELLWIRE_HTTP__PORT": "82"}
    value = json.loads(casa.run("config", "check", "--json", env=env).stdout)
    assert value["http"]["port"] == 82
    assert value["http"]["threads"] == 3
    assert value["data"] == str(casa.path)
    wrong = casa.run("config", "check", env={"BELLWIRE_HTTP__PROT": "1"})
    assert wrong.exit_code == 2
    assert "http.prot" in wrong.stderr


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, ["status", "--data", str(tmp_path / "file" / "data")])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_the_schema_of_a_site_file(casa: DataFolder) -> None:
    result = casa.run("apply", "--schema")
    assert result.exit_code == 0
    schema = json.loads(result.stdout)
    assert "sites" in schema["properties"]


def test_the_url_is_the_phones_own(casa: DataFolder) -> None:
    result = casa.run("url", YEALINK)
    assert result.stdout == f"{casa.url}/p/{casa.token(YEALINK)}/\n"


def test_a_closed_pipe_is_no_error(casa: DataFolder) -> None:
    command = bellwire("explain", YEALINK, "--data", str(casa.path))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
        assert process.wait(HANG_S) == 0
    assert b"Traceback" not in told


def test_the_catalogue_is_checked() -> None:
    result = CliRunner().invoke(main, ["catalogue", "lint"])
    assert result.exit_code == 0
    assert "all right" in result.stdout
