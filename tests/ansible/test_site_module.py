"""The module that keeps a site over the API, against a real bellwire."""

from __future__ import annotations

import copy
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from provisioner.inventory.site_file import schema
from tests.ansible.modules import run_module
from tests.ansible.office import AMI, COMMUNITY, Office, casa
from tests.ansible.playing import COLLECTION
from tests.integration.servers import GIVEN_SECRET

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ansible") is None, reason="ansible-core is missing (make setup)"
)
SECRETS = (GIVEN_SECRET, AMI, COMMUNITY)


@pytest.fixture(scope="module")
def api() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location(
        "bellwire_api", COLLECTION / "plugins" / "module_utils" / "api.py"
    )
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["bellwire_api"] = made
    spec.loader.exec_module(made)
    yield made
    del sys.modules["bellwire_api"]


def run(office: Office, folder: Path, site: dict[str, Any], **more: Any) -> dict[str, Any]:
    arguments = {"url": office.url, "token": office.token, "definition": site, **more}
    answer, said = run_module(folder, "bellwire_site", **arguments)
    for secret in (*SECRETS, office.token):
        assert secret not in said
    return answer


def stored(office: Office, query: str) -> Any:
    return office.folder.rows(query)


def test_what_is_so_already_changes_nothing(office: Office, tmp_path: Path) -> None:
    answer = run(office, tmp_path, casa())
    assert answer.get("failed") is None, answer
    assert answer["changed"] is False
    assert "diff" not in answer


def test_it_is_shown_then_stored_then_so(office: Office, tmp_path: Path) -> None:
    site = casa(name="Casa Nueva", numbers={"reception": "100", "emergency": "911"})
    shown = run(office, tmp_path, site, _ansible_check_mode=True, _ansible_diff=True)
    assert shown["changed"] is True
    assert "911" in shown["diff"]["prepared"]
    assert shown["changes"][0]["fields"] == ["name", "numbers"]
    assert stored(office, "select name from site") == [("Casa",)]
    done = run(office, tmp_path, site)
    assert done["changed"] is True
    assert stored(office, "select name from site") == [("Casa Nueva",)]
    assert run(office, tmp_path, site)["changed"] is False
    assert run(office, tmp_path, {"sites": [casa()]})["changed"] is True


def test_a_new_site_and_what_is_no_longer_named(office: Office, tmp_path: Path) -> None:
    site = {"id": "norte", "name": "Norte", "url": "http://127.0.0.1", "rooms": [
        {"id": "1", "template": "guest-room", "extension": "3001", "phones": {
            "bedside": {"model": "fanvil/h5", "mac": "0c:38:3e:00:09:01"}}}]}  # fmt: skip
    assert run(office, tmp_path, site)["affected"] == 1
    bare = {**site, "rooms": []}
    assert run(office, tmp_path, bare)["changed"] is False
    pruned = run(office, tmp_path, bare, prune=True)
    assert [c["action"] for c in pruned["changes"]] == ["retire"] * 3
    assert stored(office, "select count(*) from room where site_id = 'norte'") == [(0,)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"country": "nowhere"}, "country"),
        ({"rooms": [{"id": "1", "phones": {"x": {"model": "fanvil/h5", "mac": "zz"}}}]}, "mac"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    office: Office, tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    answer = run(office, tmp_path, {**casa(), **change})
    assert answer["failed"] is True
    assert told in answer["msg"]
    assert answer["status"] == 422


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"token": "bw_wrong-wrong-wrong-wrong-wrong"}, "this token is wrong"),
        ({"url": "http://127.0.0.1:1"}, "does not answer"),
        ({"url": "ftp://x"}, "url must be such as"),
        ({"definition": {"name": "no id"}}, "definition must be one site"),
    ],
)
def test_a_refusal_is_a_sentence(
    office: Office, tmp_path: Path, more: dict[str, Any], told: str
) -> None:
    answer = run(office, tmp_path, casa(), **more)
    assert answer["failed"] is True
    assert told in answer["msg"]


def test_a_token_that_only_reads_cannot_change(office: Office, tmp_path: Path) -> None:
    site = casa(name="Not so")
    shown = run(office, tmp_path, site, token=office.reader, _ansible_check_mode=True)
    assert shown["changed"] is True
    refused = run(office, tmp_path, site, token=office.reader)
    assert "scope change" in refused["msg"]


def test_a_site_that_somebody_changed_meanwhile_is_left_alone(
    office: Office, api: ModuleType
) -> None:
    one = api.Api(office.url, office.token)
    _, tag = one.ask("GET", "/sites/casa/file")
    body = {"sites": [casa(name="Mine")]}
    other = {"sites": [casa(name="Somebody else's")]}
    one.ask("POST", "/sites/apply", other, headers={"If-Match": tag})
    with pytest.raises(api.ApiError) as raised:
        one.ask("POST", "/sites/apply", body, headers={"If-Match": tag})
    assert raised.value.status == api.STALE
    assert stored(office, "select name from site where id = 'casa'") == [("Somebody else's",)]


def test_lists_are_read_to_their_end(office: Office, api: ModuleType) -> None:
    one = api.Api(office.url, office.token)
    macs = [phone["mac"] for phone in one.pages("/phones", limit=2)]
    assert len(macs) == len(set(macs)) == 5


def test_the_invocation_hides_secrets_and_nothing_else(api: ModuleType) -> None:
    site = casa()
    before = copy.deepcopy(site)
    shown = api.hidden(site)
    assert site == before
    assert shown["pbx"]["ami"] == {
        "host": "10.20.0.5",
        "username": "bellwire",
        "secret": api.HIDDEN,
    }
    assert shown["switches"][0]["snmp"] == {"version": "2c", "community": api.HIDDEN}
    assert shown["rooms"] == site["rooms"]
    assert set(api.secrets_in(site)) == {GIVEN_SECRET, AMI, COMMUNITY}


def test_every_secret_of_a_site_file_is_known_by_its_name(api: ModuleType) -> None:
    """What the site file's own schema calls a secret."""
    found = set()

    def walk(node: Any, name: str) -> None:
        if isinstance(node, dict):
            if node.get("writeOnly") or node.get("format") == "password":
                found.add(name)
            for inner, value in node.items():
                walk(value, inner if inner not in {"anyOf", "$defs", "properties"} else name)
        elif isinstance(node, list):
            for value in node:
                walk(value, name)

    walk(schema(), "")
    assert {"secret", "community"} <= found
    assert [n for n in found if not api.is_secret(n, "x", "webhook" if n == "url" else "")] == []
    assert not api.is_secret("url", "https://prov.casa.example", "")
