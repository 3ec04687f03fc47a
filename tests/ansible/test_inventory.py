"""The inventory plugin, as ansible-inventory asks it, against a real bellwire."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ansible.office import AMI, COMMUNITY, SWITCH, Office
from tests.ansible.playing import environment, program
from tests.ansible.target import cache
from tests.integration.servers import FANVIL, GIVEN_SECRET, YEALINK

pytestmark = pytest.mark.skipif(
    program("ansible-inventory") is None, reason="ansible-core is missing (make setup)"
)


def source(office: Office, folder: Path, **more: Any) -> Path:
    file = folder / "chain.bellwire.yml"
    told = {"plugin": "bellwire.hotel.bellwire", "url": office.url, "token": office.reader, **more}
    file.write_text(yaml.safe_dump(told), encoding="utf-8")
    return file


def ask(folder: Path, file: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program("ansible-inventory")), "-i", str(file), "--list", "--export"], cwd=folder,
        env={**environment(folder), "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1", **variables},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def listed(folder: Path, file: Path, **variables: str) -> dict[str, Any]:
    done = ask(folder, file, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    for secret in (GIVEN_SECRET, AMI, COMMUNITY, "bw_"):
        assert secret not in done.stdout
    answer: dict[str, Any] = plain(json.loads(done.stdout))
    return answer


def plain(value: Any) -> Any:
    """Without the marks that newer versions write around texts that are no templates."""
    if isinstance(value, dict):
        if set(value) == {"__ansible_unsafe"}:
            return value["__ansible_unsafe"]
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def test_sites_switches_and_phones(office: Office, tmp_path: Path) -> None:
    keyed = [{"key": "bellwire_model", "prefix": "model"}]
    told = listed(tmp_path, source(
        office, tmp_path, keyed_groups=keyed, groups={"downstairs": "bellwire_room == 'reception'"},
        compose={"label": "bellwire_room ~ '/' ~ bellwire_position"}, strict=False,
    ))  # fmt: skip
    assert set(told["switches"]["hosts"]) == {f"{SWITCH}.casa", "never-read.casa"}
    assert len(told["phones"]["hosts"]) == 5
    assert set(told["site_casa"]["hosts"]) == {*told["switches"]["hosts"], *told["phones"]["hosts"]}
    assert told["site_casa"]["vars"]["bellwire_voice_vlan"] == 20
    assert told["downstairs"]["hosts"] == [YEALINK]
    assert told["model_yealink_t46u"]["hosts"] == [YEALINK]
    values = told["_meta"]["hostvars"]
    assert values[YEALINK]["label"] == "reception/desk"
    assert values[YEALINK]["bellwire_extensions"] == ["100"]
    switch = values[f"{SWITCH}.casa"]
    assert (switch["ansible_host"], switch["ansible_network_os"]) == ("127.0.0.1", "cisco.ios.ios")
    assert [(p["name"], p["mac"], p["room"]) for p in switch["bellwire_phone_ports"]] == [
        ("Gi1/0/5", ":".join(YEALINK[i : i + 2] for i in range(0, 12, 2)), "reception"),
        ("Gi1/0/6", ":".join(FANVIL[i : i + 2] for i in range(0, 12, 2)), "101"),
    ]  # fmt: skip
    assert len(switch["bellwire_ports"]) == 4
    assert values["never-read.casa"]["bellwire_phone_ports"] == []


def test_only_some_of_it_under_other_names(office: Office, tmp_path: Path) -> None:
    file = source(office, tmp_path, hosts=["sites", "phones"], phone_names="place", sites=["casa"])
    told = listed(tmp_path, file)
    assert told["sites"]["hosts"] == ["casa"]
    assert "desk.reception.casa" in told["phones"]["hosts"]
    assert "switches" not in told


def test_url_and_token_of_the_environment_and_of_a_template(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "bellwire.yml"
    file.write_text("plugin: bellwire.hotel.bellwire\n", encoding="utf-8")
    variables = {"BELLWIRE_URL": office.url, "BELLWIRE_TOKEN": office.reader}
    assert len(listed(tmp_path, file, **variables)["phones"]["hosts"]) == 5
    template = source(office, tmp_path, token="{{ lookup('ansible.builtin.env', 'HUSH') }}")
    assert len(listed(tmp_path, template, HUSH=office.reader)["phones"]["hosts"]) == 5


def test_what_was_asked_once_is_kept(office: Office, tmp_path: Path) -> None:
    kept = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile",
            "cache_connection": str(tmp_path / "kept"), "cache_timeout": 600}  # fmt: skip
    first = listed(tmp_path, source(office, tmp_path, **kept))
    again = source(office, tmp_path, **kept)
    away = again.read_text(encoding="utf-8").replace(office.url, "http://127.0.0.1:1")
    again.write_text(away, encoding="utf-8")
    assert listed(tmp_path, again) == first


def test_the_oldest_version_reads_it_too(office: Office, tmp_path: Path) -> None:
    command = cache() / "core-2.14" / "bin" / "ansible-inventory"
    if not command.is_file():
        pytest.skip("ansible-core 2.14 is not installed here: test_collection.py does it")
    token = "{{ lookup('ansible.builtin.env', 'HUSH') }}"
    done = subprocess.run(
        [str(command), "-i", str(source(office, tmp_path, token=token)), "--list"], cwd=tmp_path,
        env={**environment(tmp_path), "HUSH": office.reader}, timeout=120, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(json.loads(done.stdout)["phones"]["hosts"]) == 5


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"token": "bw_wrong-wrong-wrong-wrong-wrong"}, "this token is wrong"),
        ({"url": "http://127.0.0.1:1"}, "does not answer"),
        ({"sites": ["nowhere"]}, "bellwire shows no site nowhere; it shows "),
    ],
)
def test_a_failure_is_a_sentence(
    office: Office, tmp_path: Path, more: dict[str, Any], told: str
) -> None:
    done = ask(tmp_path, source(office, tmp_path, **more))
    assert done.returncode != 0
    assert told in " ".join((done.stdout + done.stderr).split())
