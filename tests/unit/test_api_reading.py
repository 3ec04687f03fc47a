"""Lists and answers of the API: pages, filters, secrets, and 5,000 phones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from provisioner.inventory.tables import AuditRow
from tests.api import (
    BATHROOM,
    BEDSIDE,
    DESK,
    NORTE,
    SECRETS,
    Api,
    add_phones,
    hotel,
    keep_incident,
)
from tests.unit.test_api_access import filled
from web.accounts.people import Scope
from web.api.table import OPERATIONS


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A hotel that no test changes."""
    with hotel(tmp_path_factory.mktemp("api")) as made:
        yield made


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Api]:
    """A hotel for one test."""
    with hotel(tmp_path) as made:
        yield made


def audited(api: Api) -> list[tuple[str, str, str]]:
    with api.office.installation.database.read() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id))
        return [(row.who, row.action, row.target) for row in rows if row.who == "api:maria"]


def pages(api: Api, path: str, **options: Any) -> list[Any]:
    """All items of a list, page after page."""
    found: list[Any] = []
    following: str | None = path
    while following:
        answer = api.json(following.removeprefix("/api/v1"), **options)
        found += answer["items"]
        following = answer["next"]
    return found


# secrets


def test_no_answer_holds_a_secret_that_was_not_asked_for(api: Api) -> None:
    readers = [o for o in OPERATIONS if o.method == "GET" and o.scope is Scope.READ]
    assert len(readers) > 30
    for operation in readers:
        answer = api.get(filled(operation))
        assert not any(secret in answer.text for secret in SECRETS), operation.id
    for name in ("fanvil.cfg", "0c383e000101.cfg"):
        assert not any(s in api.get(f"/sites/casa/phones/{BEDSIDE}/file?name={name}").text
                       for s in SECRETS)  # fmt: skip


def test_files_are_masked_unless_revealed(own: Api) -> None:
    one = f"/sites/casa/phones/{BEDSIDE}/files"
    listed = own.json(one)
    assert listed["rendered"]
    name = next(f["name"] for f in listed["files"] if f["role"] != "first-contact")
    shown = own.json(f"{one[:-1]}?name={name}")
    assert shown["revealed"] is False
    assert SECRETS[0] not in shown["text"]
    refused = own.get(f"{one[:-1]}?name={name}&reveal=true", scopes=["read"])
    assert (refused.status_code, refused.json["type"]) == (403, "urn:bellwire:problem:scope")
    viewer = own.get(f"{one[:-1]}?name={name}&reveal=true", who="lucia")
    assert (viewer.status_code, viewer.json["type"]) == (403, "urn:bellwire:problem:role")
    assert audited(own) == []
    told = own.json(f"{one[:-1]}?name={name}&reveal=true")
    assert SECRETS[0] in told["text"]
    assert audited(own) == [("api:maria", "file-reveal", BEDSIDE)]
    assert own.get(f"{one[:-1]}?name=nothing.cfg").status_code == 404


def test_the_url_of_a_phone_is_told_and_audited(own: Api) -> None:
    told = own.json(f"/sites/casa/phones/{BEDSIDE}/url")
    assert told["url"].startswith("http://127.0.0.1/p/")
    assert audited(own) == [("api:maria", "url-reveal", BEDSIDE)]


def test_pbx_files_are_masked_unless_revealed(own: Api) -> None:
    masked = own.json("/sites/casa/pbx/files")
    assert not any(SECRETS[0] in file["text"] for file in masked["files"])
    refused = own.get("/sites/casa/pbx/files?reveal=true", scopes=["read"])
    assert refused.status_code == 403
    installer = own.get("/sites/casa/pbx/files?reveal=true", who="ivan")
    assert installer.status_code == 403
    told = own.json("/sites/casa/pbx/files?reveal=true")
    assert any(SECRETS[0] in file["text"] for file in told["files"])
    assert audited(own) == [("api:maria", "pbx-file", "casa")]


# pages


def test_lists_come_in_pages(api: Api) -> None:
    first = api.json("/sites/casa/phones?limit=3")
    assert len(first["items"]) == 3
    assert first["next"].startswith("/api/v1/sites/casa/phones?limit=3&after=")
    macs = [phone["mac"] for phone in pages(api, "/sites/casa/phones?limit=3")]
    assert macs == sorted(macs) == [BEDSIDE, BATHROOM, "0c:38:3e:00:01:03", DESK]
    for path in ("/sites", "/phones", "/sites/casa/rooms", "/sites/casa/accounts", "/audit",
                 "/incidents", "/sites/casa/actions", "/sites/casa/changes"):  # fmt: skip
        whole = api.json(path)
        assert whole["next"] is None
        assert pages(api, f"{path}?limit=1") == whole["items"]


def test_filters_stay_on_the_next_page(api: Api) -> None:
    first = api.json("/sites/casa/phones?model=fanvil/h5&limit=1")
    assert "model=fanvil%2Fh5" in first["next"]
    assert len(pages(api, "/sites/casa/phones?model=fanvil/h5&limit=1")) == 2


@pytest.mark.parametrize(
    ("query", "macs"),
    [
        ("room=101", [BEDSIDE, BATHROOM]),
        ("floor=1&model=fanvil/h2u-v2", [BATHROOM]),
        ("find=desk", [DESK]),
        ("find=80:5E", [DESK]),
        ("find=%25", []),
        ("room=nowhere", []),
    ],
)
def test_phones_are_found(api: Api, query: str, macs: list[str]) -> None:
    assert [p["mac"] for p in api.json(f"/sites/casa/phones?{query}")["items"]] == macs


def test_phones_of_all_sites(own: Api) -> None:
    assert len(pages(own, "/phones")) == 5
    assert [p["site"] for p in pages(own, f"/phones?mac={NORTE.upper()}")] == ["norte"]
    assert pages(own, "/phones?mac=nonsense") == []
    assert len(pages(own, "/phones?site=casa")) == 4
    keep_incident(own)
    (phone,) = pages(own, f"/phones?mac={BEDSIDE}")
    assert (phone["state"], phone["rule"]) == ("down", "E1")
    assert phone["extensions"] == ["2101"]
    assert phone["floor"] == "1"


def test_sites_at_a_glance(own: Api) -> None:
    keep_incident(own)
    casa, norte = own.json("/sites")["items"]
    assert {n: casa[n] for n in ("rooms", "accounts", "phones", "states", "open_incidents")} == {
        "rooms": 4, "accounts": 4, "phones": 4, "states": {"down": 1}, "open_incidents": 1,
    }  # fmt: skip
    assert casa["judged_at"] == "2026-11-22T12:00:00Z"
    assert (norte["phones"], norte["states"], norte["judged_at"]) == (1, {}, None)


def test_rooms_and_accounts_at_a_glance(api: Api) -> None:
    rooms = {room["id"]: room for room in api.json("/sites/casa/rooms")["items"]}
    assert list(rooms) == ["101", "102", "201", "reception"]
    assert [p["position"] for p in rooms["101"]["phones"]] == ["bathroom", "bedside"]
    assert [r["id"] for r in api.json("/sites/casa/rooms?floor=2")["items"]] == ["201"]
    reception = api.json("/sites/casa/rooms?template=reception")["items"]
    assert [r["id"] for r in reception] == ["reception"]
    accounts = {a["extension"]: a for a in api.json("/sites/casa/accounts")["items"]}
    assert accounts["2101"]["phones"] == [BEDSIDE, BATHROOM]


def test_five_thousand_phones_come_in_pages_with_as_many_queries(own: Api) -> None:
    def asked(path: str) -> int:
        with own.office.queries() as queries:
            own.json(path)
        return sum("BEGIN" not in query for query in queries)

    paths = ["/phones?limit=500", "/sites/casa/phones?limit=500", "/sites?limit=500",
             "/sites/casa/rooms?limit=500", "/sites/casa/accounts?limit=500"]  # fmt: skip
    own.get("/me")  # the first use of a token is written down
    before = {path: asked(path) for path in paths}
    add_phones(own, 5000)
    assert {path: asked(path) for path in paths} == before
    assert max(before.values()) <= 11
    assert len(pages(own, "/phones?limit=500")) == 5005


# what else there is to read


def test_status_and_diagnosis(own: Api) -> None:
    number = keep_incident(own)
    report = own.json("/sites/casa/status")
    assert report["items"][0]["mac"] == BEDSIDE
    assert report["items"][0]["incident"] == number
    assert [p["incident"] for p in report["items"][1:]] == [None, None, None]
    assert report["sites"][0]["counts"] == {"down": 1, "never-seen": 3}
    whole = own.json("/status")
    assert [s["id"] for s in whole["sites"]] == ["casa", "norte"]
    assert [p["mac"] for p in whole["items"]] == [
        BEDSIDE,
        BATHROOM,
        "0c:38:3e:00:01:03",
        DESK,
        NORTE,
    ]
    assert pages(own, "/status?limit=2") == whole["items"]
    assert pages(own, "/status?limit=1&only=never-seen") == whole["items"][1:]
    only = own.json("/sites/casa/status?only=down&only=failing")
    assert [p["status"] for p in only["items"]] == ["down"]
    assert only["sites"] == report["sites"]
    found = own.json(f"/sites/casa/phones/{BEDSIDE}/diagnosis")
    assert (found["cause"], found["status"]) == ("E1", "down")
    spanish = own.json(f"/sites/casa/phones/{BEDSIDE}/diagnosis?language=es")
    assert spanish["sentence"] != found["sentence"]


def test_why_a_phone_is_told_something(api: Api) -> None:
    one = f"/sites/casa/phones/{BEDSIDE}/settings"
    (row,) = api.json(f"{one}?setting=sip.registrar")["settings"]
    assert row == {"setting": "sip.registrar", "value": "pbx.casa.example", "origin": row["origin"]}
    assert "site" in row["origin"]
    whole = api.json(one)
    assert len(whole["settings"]) > 50
    assert whole["keys"]
    assert api.get(f"{one}?setting=nonsense").status_code == 404


def test_the_catalogue(own: Api) -> None:
    models = own.json("/models?vendor=fanvil&kind=hotel")["models"]
    assert {m["vendor"] for m in models} == {"fanvil"}
    assert own.json("/models/fanvil/h5")["facts"]["id"] == "fanvil/h5"
    assert own.get("/models/fanvil/none").status_code == 404
    assert "guest-room" in {p["id"] for p in own.json("/presets")["presets"]}
    assert own.get("/presets/none").status_code == 404
    spa = {"room_templates": {"spa": {"name": {"en": "Spa"}, "positions": [
        {"id": "desk", "name": {"en": "Desk"}, "preset": "office"}]}}}  # fmt: skip
    assert own.write("PATCH", "/sites/casa", spa).status_code == 200
    templates = {t["id"]: t for t in own.json("/sites/casa/room-templates")["templates"]}
    assert templates["spa"]["own"]
    assert not templates["guest-room"]["own"]


@pytest.mark.parametrize("server", ["dnsmasq", "kea", "isc", "mikrotik"])
def test_dhcp(api: Api, server: str) -> None:
    told = api.json(f"/sites/casa/dhcp/{server}")
    assert "bw-casa-fanvil" in told["text"]


def test_the_pbx_and_the_switches(api: Api) -> None:
    pbx = api.json("/sites/casa/pbx")
    assert (pbx["kind"], pbx["host"], pbx["user"]) == ("asterisk", "10.20.0.5", "bellwire")
    (switch,) = api.json("/sites/casa/switches")["switches"]
    assert (switch["name"], switch["host"], switch["read_at"]) == ("sw-1", "10.20.0.2", None)
    assert api.get("/sites/casa/switches/sw-1/ports").status_code == 404
    assert api.get("/sites/casa/switches/none/ports").status_code == 404
    assert api.json("/sites/norte/switches")["switches"] == []


def test_ports_of_a_switch(own: Api) -> None:
    from monitors.signals import SwitchState
    from monitors.store.memory import keep_switch
    from monitors.switches.reading import How, Neighbour, PortReading, SwitchReading
    from provisioner.mac import MacAddress
    from tests.people import NOON

    neighbour = Neighbour(How.LLDP, MacAddress(BEDSIDE), "10.20.1.1", "H5")
    port = PortReading(pse=(1, 4), if_index=4, name="Gi0/4", neighbours=(neighbour,))
    read = SwitchReading("sw-1", SwitchState.UP, "cisco_ios", ports=(port,))
    keep_switch(own.office.installation.monitoring, "casa", read, NOON)
    (entry,) = own.json("/sites/casa/switches")["switches"]
    assert (entry["state"], entry["ports"]) == ("up", 1)
    shown = own.json("/sites/casa/switches/sw-1/ports")
    assert shown["ports"][0]["neighbour"] == {
        "mac": BEDSIDE, "ip": "10.20.1.1", "name": "H5", "is_phone": True
    }  # fmt: skip


def test_a_whole_site_can_be_read_and_applied_again(api: Api) -> None:
    whole = api.json("/sites/casa/file")
    assert [room["id"] for room in whole["sites"][0]["rooms"]] == ["101", "102", "201", "reception"]
    assert "properties" in api.json("/site-file-schema")
