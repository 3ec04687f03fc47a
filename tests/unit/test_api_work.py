"""What programs do with the API besides documents: site files, adopting, mending, incidents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitors.history import Sample
from monitors.remedies.case import Guard, Verdict
from monitors.store.actions import Plan, plan
from monitors.store.samples import keep_samples
from monitors.store.tables import incident
from monitors.store.wishes import ended, looked, take_wishes
from provisioner.filestore.tables import LibraryFileRow
from provisioner.inventory.fetches import waiting_phones
from tests.api import (
    BEDSIDE,
    DESK,
    FRESH,
    HOTEL,
    NORTE,
    SECRET,
    Api,
    add_phones,
    hotel,
    keep_incident,
    keep_waiting,
)
from tests.people import NOON
from web.accounts.people import Scope
from web.api.areas.waiting import inside

CHANGE = ("read", "change")


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


def audited(api: Api, action: str) -> list[tuple[str, str, str]]:
    entries = api.json(f"/audit?action={action}")["items"]
    return [(e["who"], e["target"], e["detail"]) for e in entries]


# site files


def send(api: Api, path: str, text: str, **options: Any) -> Any:
    return api.ask("POST", path, data=text, content_type="application/yaml", **options)


def test_a_site_file_changes_nothing_the_second_time(own: Api) -> None:
    seen = send(own, "/sites/plan", HOTEL)
    assert seen.status_code == 200, seen.text
    assert (seen.json["changes"], seen.json["affected"]) == ([], 0)
    other = HOTEL.replace("Hotel Casa", "Casa Nueva").replace(
        'emergency: "112"', 'emergency: "911"'
    )
    seen = send(own, "/sites/plan?diffs=2", other)
    assert seen.json["dry_run"] is True
    assert [c["fields"] for c in seen.json["changes"]] == [["name", "numbers"]]
    assert seen.json["affected"] == 4
    assert len(seen.json["diffs"]) == 2
    assert "911" in seen.json["diffs"][0]["diff"]
    assert SECRET not in seen.text
    tried = send(own, "/sites/apply?dry_run=true", other)
    assert tried.json["changes"] == seen.json["changes"]
    assert own.json("/sites/casa")["name"] == "Hotel Casa"
    done = send(own, "/sites/apply", other)
    assert done.json["changes"] == seen.json["changes"]
    assert done.json["dry_run"] is False
    assert own.json("/sites/casa")["name"] == "Casa Nueva"
    assert send(own, "/sites/apply", other).json["changes"] == []
    assert audited(own, "apply")[0][0] == "api:maria"


def test_a_site_file_is_refused_when_the_site_was_changed_since(own: Api) -> None:
    norte = yaml.safe_load(HOTEL)["sites"][1]
    text = json.dumps({"sites": [{**norte, "name": "Norte Nuevo"}]})
    tag = own.tag("/sites/norte/file")
    own.write("PATCH", "/sites/norte", {"name": "Somebody else's"})
    late = send(own, "/sites/apply", text, headers={"If-Match": tag})
    assert late.status_code == 412, late.text
    assert own.json("/sites/norte")["name"] == "Somebody else's"
    assert send(own, "/sites/apply", text, headers={"If-None-Match": "*"}).status_code == 412
    fresh = {"If-Match": own.tag("/sites/norte/file")}
    assert send(own, "/sites/apply", text, headers=fresh).status_code == 200
    assert own.json("/sites/norte")["name"] == "Norte Nuevo"
    new = text.replace('"norte"', '"sur"').replace("0c:38:3e:00:09:01", "0c:38:3e:00:09:0a")
    assert send(own, "/sites/apply", new, headers=fresh).status_code == 412
    assert send(own, "/sites/apply", new, headers={"If-None-Match": "*"}).status_code == 200
    several = send(own, "/sites/apply", HOTEL, headers={"If-Match": "*"})
    assert several.status_code == 422


def test_a_site_file_may_be_json(api: Api) -> None:
    text = HOTEL.replace("floor: 1", 'floor: "1"').replace("floor: 2", 'floor: "2"')
    document = yaml.load(text, Loader=yaml.BaseLoader)
    for site in document["sites"]:
        for account in site.get("accounts", []):
            if "voicemail" in account:
                account["voicemail"] = True
    answer = api.ask("POST", "/sites/plan", document)
    assert answer.status_code == 200, answer.text
    assert answer.json["changes"] == []


def test_what_a_file_no_longer_names_goes_only_when_asked(api: Api) -> None:
    whole = yaml.safe_load(HOTEL)
    whole["sites"] = whole["sites"][1:]
    whole["sites"][0]["rooms"][0]["phones"] = {}
    text = json.dumps(whole)
    assert send(api, "/sites/plan", text).json["changes"] == []
    changes = send(api, "/sites/plan?prune=true", text).json["changes"]
    assert ("retire", "phone", NORTE) in {(c["action"], c["kind"], c["id"]) for c in changes}
    assert {c["site"] for c in changes} == {"norte"}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("sites: [{id: casa, name: !env PATH, url: 'http://x'}]", ""),
        ("sites: [{id: casa, name: !file /etc/passwd, url: 'http://x'}]", ""),
        ("%TAG !e! !en\n---\nsites: [{id: casa, name: !e!v PATH, url: 'http://x'}]", ""),
        ("sites: [{id: casa, name: !<x:!env> PATH, url: 'http://x'}]", ""),
        ("sites: [{id: casa, name: Casa}]", "/sites/0/url"),
        ("sites: [{id: casa, name: Casa, url: 'http://x', timezone: Mars}]", "/sites/0/timezone"),
        ("sites: [", ""),
        ("&a [*a]", "/0"),
        ("sites: {}", "/sites"),
        ("\x00", ""),
    ],
)
def test_files_that_cannot_be(api: Api, text: str, at: str) -> None:
    answer = send(api, "/sites/plan", text)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == at
    assert "root:" not in answer.text
    assert "/bin" not in answer.text


def test_bytes_that_are_no_text(api: Api) -> None:
    answer = api.ask("POST", "/sites/plan", data=b"\xff", content_type="application/yaml")
    assert answer.status_code == 400
    assert api.ask("POST", "/sites/plan", data=b"{}", content_type="text/csv").status_code == 415


def test_site_files_are_for_administrators(api: Api) -> None:
    for path in ("/sites/plan", "/sites/apply"):
        assert send(api, path, HOTEL, who="ivan", scopes=CHANGE).status_code == 403
    assert send(api, "/sites/apply", HOTEL, scopes=["read"]).status_code == 403


def test_a_foreign_phone_is_a_conflict(api: Api) -> None:
    room = {"id": "1", "template": "guest-room", "extension": "1",
            "phones": {"bedside": {"model": "fanvil/h5", "mac": NORTE}}}  # fmt: skip
    sur = {"id": "sur", "name": "Sur", "url": "http://127.0.0.1", "rooms": [room]}
    answer = api.ask("POST", "/sites/apply", {"sites": [sur]})
    assert (answer.status_code, answer.json["type"]) == (409, "urn:bellwire:problem:conflict")


# waiting phones


def test_a_waiting_phone_is_adopted(own: Api) -> None:
    keep_waiting(own, FRESH, "10.20.7.7")
    (waits,) = own.json("/waiting")["waiting"]
    assert (waits["mac"], waits["model"], waits["first_seen"]) == (
        FRESH, "fanvil/h5", "2026-11-22T12:00:00Z"
    )  # fmt: skip
    path = f"/sites/casa/waiting/{FRESH}/adopt"
    wish = {"room": "201", "position": "bedside"}
    seen = own.ask("POST", f"{path}?dry_run=true", wish, who="ivan", scopes=CHANGE)
    assert seen.status_code == 200, seen.text
    assert seen.json["diffs"]
    done = own.ask("POST", path, wish, who="ivan", scopes=CHANGE)
    assert done.status_code == 201, done.text
    assert done.headers["Location"] == f"/api/v1/sites/casa/phones/{FRESH}"
    assert done.headers["ETag"] == own.tag(f"/sites/casa/phones/{FRESH}")
    assert own.json("/waiting")["waiting"] == []
    assert own.json(f"/sites/casa/phones/{FRESH}")["model"] == "fanvil/h5"


@pytest.mark.parametrize(
    ("wish", "status", "at"),
    [
        ({"room": "101", "position": "bedside"}, 409, None),
        ({"room": "999", "position": "bedside"}, 422, "/room"),
        ({"room": "201", "position": "roof"}, 422, None),
        ({"room": "201", "position": "bedside", "model": "fanvil/none"}, 422, "/model"),
        ({"position": "bedside"}, 422, "/room"),
    ],
)
def test_adoptions_that_cannot_be(own: Api, wish: Any, status: int, at: str | None) -> None:
    keep_waiting(own, FRESH, "10.20.7.7")
    answer = own.ask("POST", f"/sites/casa/waiting/{FRESH}/adopt", wish)
    assert answer.status_code == status, answer.text
    if at is not None:
        assert answer.json["errors"][0]["pointer"] == at
    assert len(waiting_phones(own.office.installation.events)) == 1


def test_a_phone_that_nobody_has_seen_needs_its_model(own: Api) -> None:
    path, wish = f"/sites/casa/waiting/{FRESH}/adopt", {"room": "201", "position": "bedside"}
    answer = own.ask("POST", path, wish)
    assert answer.json["errors"][0]["pointer"] == "/model"
    wish |= {"model": "fanvil/h5", "extension": "2299"}
    assert own.ask("POST", path, wish).status_code == 201
    assert "2299" in {a["extension"] for a in own.json("/sites/casa/accounts")["items"]}


def test_phones_of_another_hotel_are_not_seen_waiting(own: Api) -> None:
    keep_waiting(own, FRESH, "10.30.7.7")
    assert len(own.json("/waiting")["waiting"]) == 1
    assert own.json("/waiting", who="ivan")["waiting"] == []
    assert own.ask("DELETE", f"/waiting/{FRESH}", who="ivan", scopes=CHANGE).status_code == 404
    keep_waiting(own, "0c:38:3e:00:0f:02", "192.0.2.1")
    assert len(own.json("/waiting", who="ivan")["waiting"]) == 1
    assert own.json("/waiting?site=casa")["waiting"] == []
    assert len(own.json("/waiting?site=norte")["waiting"]) == 1
    assert own.ask("DELETE", f"/waiting/{FRESH}").status_code == 204
    assert own.ask("DELETE", f"/waiting/{FRESH}").status_code == 404
    assert not inside("nonsense", [])


# incidents and maintenance


def test_an_incident_is_seen_and_seen_to(own: Api) -> None:
    number, other = keep_incident(own), keep_incident(own, "norte", NORTE)
    assert [i["id"] for i in own.json("/incidents")["items"]] == [other, number]
    assert [i["id"] for i in own.json("/incidents?site=casa")["items"]] == [number]
    assert [i["id"] for i in own.json("/incidents", who="ivan")["items"]] == [number]
    assert own.json("/incidents?state=closed")["items"] == []
    assert len(own.json("/incidents?state=all")["items"]) == 2
    one = own.json(f"/incidents/{number}")
    assert one["phones"] == [{"mac": BEDSIDE, "place": one["place"]}]
    assert one["timeline"][0]["what"] == "opened"
    assert own.get(f"/incidents/{other}", who="ivan").status_code == 404
    path = f"/incidents/{number}/acknowledge"
    seen = own.ask("POST", path, {"note": "on my way"}, who="ivan", scopes=CHANGE)
    assert seen.json["acknowledged_by"] == "api:ivan"
    assert seen.json["timeline"][-1]["detail"] == "on my way"
    again = own.ask("POST", path)
    assert (again.status_code, again.json["detail"]) == (409, "api:ivan sees to it already")
    assert audited(own, "acknowledge") == [("api:ivan", f"incident {number}", "on my way")]


def test_an_incident_that_is_over(own: Api) -> None:
    number = keep_incident(own)
    with own.office.installation.monitoring.write() as session:
        session.execute(incident.update().values(closed_at=NOON, open_key=None, ending="recovered"))
    assert own.json("/incidents")["items"] == []
    assert [i["id"] for i in own.json("/incidents?state=closed")["items"]] == [number]
    answer = own.ask("POST", f"/incidents/{number}/acknowledge")
    assert answer.json["detail"] == f"incident {number} is over"


def test_maintenance_begins_and_ends(own: Api) -> None:
    path = "/sites/casa/maintenance"
    wish = {"minutes": 90, "rooms": ["101"], "switches": ["sw-1"], "reason": "new cables"}
    made = own.ask("POST", path, wish)
    assert made.status_code == 201, made.text
    assert (made.json["start"], made.json["end"]) == (
        "2026-11-22T12:00:00Z", "2026-11-22T13:30:00Z"
    )  # fmt: skip
    assert own.json(path)["maintenance"] == [made.json]
    assert own.ask("DELETE", f"/sites/norte/maintenance/{made.json['id']}").status_code == 404
    assert own.ask("DELETE", f"{path}/{made.json['id']}").status_code == 204
    assert own.json(path)["maintenance"] == []
    assert len(audited(own, "maintenance-start")) == len(audited(own, "maintenance-end")) == 1
    until = own.ask("POST", path, {"until": "2026-11-22T15:00:00+02:00"})
    assert until.json["end"] == "2026-11-22T13:00:00Z"


@pytest.mark.parametrize(
    ("wish", "at"),
    [
        ({}, "/minutes"),
        ({"minutes": 5, "until": "2026-11-22T13:00:00Z"}, "/minutes"),
        ({"minutes": 0}, "/minutes"),
        ({"minutes": "5"}, "/minutes"),
        ({"until": "2026-11-22T11:00:00Z"}, "/until"),
        ({"until": "9999-12-31T23:59:59-23:59"}, "/until"),
        ({"until": "2026-11-22T13:00:00"}, "/until"),
        ({"minutes": 5, "rooms": ["101", "999"]}, "/rooms/1"),
        ({"minutes": 5, "switches": ["none"]}, "/switches/0"),
        ({"minutes": 5, "reason": "a\nb"}, "/reason"),
    ],
)
def test_maintenance_that_cannot_be(api: Api, wish: Any, at: str) -> None:
    answer = api.ask("POST", "/sites/casa/maintenance", wish)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == at


# mending


def test_mending_is_queued_for_the_monitor(own: Api) -> None:
    monitoring = own.office.installation.monitoring
    path = f"/sites/casa/phones/{BEDSIDE}/mend"
    asked = own.ask("POST", path, {"remedy": "resync"}, who="ivan", scopes=CHANGE)
    assert asked.status_code == 202, asked.text
    where = asked.headers["Location"].removeprefix("/api/v1")
    assert own.json(where) == asked.json
    assert (asked.json["state"], asked.json["who"]) == ("asked", "api:ivan")
    (wish,) = take_wishes(monitoring, NOON)
    assert (wish.remedy, wish.confirmed) == ("resync", False)
    assert own.json(where)["state"] == "taken"
    ended(monitoring, wish.id, "done", "notified", None, NOON)
    told = own.json(where)
    assert (told["state"], told["result"], told["detail"]) == ("ended", "done", "notified")
    assert audited(own, "mend") == [("api:ivan", f"phone {BEDSIDE}", "resync")]
    assert own.get(where.replace("casa", "norte")).status_code == 404


def test_guards_are_asked_first_when_nothing_is_to_be_done(own: Api) -> None:
    monitoring = own.office.installation.monitoring
    path = f"/sites/casa/phones/{BEDSIDE}/mend?dry_run=true"
    asked = own.ask("POST", path, {"remedy": "poe-cycle"})
    where = asked.headers["Location"].removeprefix("/api/v1")
    assert (asked.status_code, asked.json["state"]) == (202, "look")
    assert own.ask("POST", f"{where}/do").status_code == 409
    (wish,) = take_wishes(monitoring, NOON)
    guards = [Guard("call", Verdict.CONFIRM, "it may be in a call")]
    looked(monitoring, wish.id, guards, "sw-1 Gi0/4", NOON)
    told = own.json(where)
    assert (told["state"], told["verdict"], told["port"]) == ("looked", "confirm", "sw-1 Gi0/4")
    assert told["guards"][0]["sentence"] == "it may be in a call"
    assert own.ask("POST", f"{where}/do").status_code == 409
    done = own.ask("POST", f"{where}/do", {"confirm": True})
    assert (done.status_code, done.json["state"], done.json["confirmed"]) == (202, "asked", True)
    assert own.ask("POST", f"{where}/do", {"confirm": True}).status_code == 409
    own.office.clock.move(minutes=5)
    assert own.json(where)["expired"] is True


def test_what_the_guards_refuse_is_not_done(own: Api) -> None:
    monitoring = own.office.installation.monitoring
    asked = own.ask("POST", f"/sites/casa/phones/{BEDSIDE}/mend?dry_run=true", {"remedy": "reboot"})
    (wish,) = take_wishes(monitoring, NOON)
    looked(monitoring, wish.id, [Guard("port", Verdict.REFUSED, "not proven")], "", NOON)
    where = asked.headers["Location"].removeprefix("/api/v1")
    assert own.ask("POST", f"{where}/do", {"confirm": True}).json["detail"] == (
        "the guards refuse it"
    )


def test_what_fits_is_chosen(own: Api) -> None:
    path = f"/sites/casa/phones/{BEDSIDE}/mend"
    answer = own.ask("POST", path)
    assert answer.json["errors"][0]["pointer"] == "/remedy"
    number = keep_incident(own)
    answer = own.ask("POST", path)
    assert answer.json["detail"] == "nothing fits its diagnosis (E1); name a remedy"
    asked = own.ask("POST", path, {"remedy": "reboot"})
    assert asked.status_code == 202
    (wish,) = take_wishes(own.office.installation.monitoring, NOON)
    assert (wish.remedy, wish.incident_id) == ("reboot", number)


def test_what_was_done_is_listed(own: Api) -> None:
    monitoring = own.office.installation.monitoring
    for mac in (BEDSIDE, DESK):
        wanted = Plan("casa", mac.replace(":", ""), "resync", "api:maria")
        assert isinstance(plan(monitoring, wanted, "w", NOON), int)
    found = own.json("/sites/casa/actions")["items"]
    assert [(a["mac"], a["state"]) for a in found] == [(DESK, "planned"), (BEDSIDE, "planned")]
    assert len(own.json(f"/sites/casa/actions?mac={DESK.upper()}")["items"]) == 1
    assert own.json("/sites/norte/actions")["items"] == []


def test_a_phone_is_armed(own: Api) -> None:
    path = f"/sites/casa/phones/{BEDSIDE}/arm"
    assert own.ask("POST", path).status_code == 200
    armed = own.ask("POST", path, {"hours": 2}, who="ivan", scopes=CHANGE)
    assert armed.json["mac"] == BEDSIDE
    assert audited(own, "arm")[0][0] == "api:ivan"
    assert own.ask("POST", path, {"hours": 1000}).status_code == 422
    assert own.ask("POST", f"/sites/casa/phones/{NORTE}/arm").status_code == 404


# key sheets


def test_a_link_to_key_sheets(api: Api) -> None:
    made = api.ask("POST", "/sites/casa/sheets", {"room": "101", "hours": 2},
                   base_url="https://prov.example")  # fmt: skip
    assert made.status_code == 201, made.text
    assert made.json["url"].startswith("https://prov.example/labels/")
    assert made.json["expires_at"] == "2026-11-22T14:00:00Z"
    assert api.ask("POST", "/sites/casa/sheets", {"mac": NORTE}).status_code == 422
    assert api.ask("POST", "/sites/casa/sheets", {"room": "none"}).status_code == 422
    assert api.ask("POST", "/sites/casa/sheets", {"paper": "a9"}).status_code == 422


# history


def test_changes_are_listed_and_taken_back(own: Api) -> None:
    path = "/sites/casa/rooms/101"
    done = own.write("PATCH", f"{path}?note=for%20the%20wedding", {"name": "Suite"},
                     match=own.tag(path))  # fmt: skip
    number = done.json["change"]
    (entry,) = own.json("/sites/casa/changes")["items"]
    assert (entry["id"], entry["who"], entry["note"]) == (number, "api:maria", "for the wedding")
    assert entry["targets"] == ["room/101"]
    whole = own.json(f"/sites/casa/changes/{number}")
    assert whole["before"]["room/101"].get("name") is None
    assert whole["after"]["room/101"]["name"] == "Suite"
    assert own.get(f"/sites/norte/changes/{number}").status_code == 404
    undone = own.ask("POST", f"/sites/casa/changes/{number}/undo", who="ivan", scopes=CHANGE)
    assert undone.status_code == 200, undone.text
    assert "name" not in own.json(path)
    again = own.ask("POST", f"/sites/casa/changes/{number}/undo")
    assert (again.status_code, again.json["type"]) == (409, "urn:bellwire:problem:conflict")
    assert own.ask("POST", "/sites/casa/changes/999/undo").status_code == 404


def test_a_change_of_the_site_is_undone_by_administrators(own: Api) -> None:
    done = own.write("PATCH", "/sites/casa", {"name": "Nueva"})
    path = f"/sites/casa/changes/{done.json['change']}/undo"
    assert own.ask("POST", path, who="ivan", scopes=CHANGE).status_code == 403
    assert own.ask("POST", path).status_code == 200
    assert own.json("/sites/casa")["name"] == "Hotel Casa"


# people


def test_users_come_and_go(own: Api) -> None:
    made = own.ask("POST", "/users", {"name": "Pablo", "role": "installer", "sites": ["casa"]},
                   base_url="https://prov.example")  # fmt: skip
    assert made.status_code == 201, made.text
    assert made.json["link"].startswith("https://prov.example/ui/welcome/")
    assert made.json["user"]["sites"] == ["casa"]
    assert own.ask("POST", "/users", {"name": "pablo"}).status_code == 409
    assert own.ask("POST", "/users", {"name": "x" * 2, "sites": ["none"]}).status_code == 422
    changed = own.ask("PATCH", "/users/pablo", {"role": "viewer", "all_sites": True})
    assert (changed.json["role"], changed.json["all_sites"]) == ("viewer", True)
    changed = own.ask("PATCH", "/users/pablo", {"sites": ["norte"], "active": False})
    assert (changed.json["sites"], changed.json["active"]) == (["norte"], False)
    assert own.ask("PATCH", "/users/pablo", {"role": "admin"}).json["all_sites"] is True
    assert own.ask("POST", "/users/pablo/link").status_code == 201
    assert own.ask("POST", "/users/pablo/sign-out").status_code == 204
    assert "pablo" in {u["name"] for u in own.json("/users")["users"]}
    assert own.ask("DELETE", "/users/pablo").status_code == 204
    assert own.get("/users/pablo").status_code == 404
    assert own.ask("DELETE", "/users/pablo").status_code == 404
    assert {e["who"] for e in own.json("/audit?find=pablo")["items"]} == {"api:maria"}


def test_the_last_administrator_stays(api: Api) -> None:
    for method, body in (("DELETE", None), ("PATCH", {"role": "viewer"}),
                         ("PATCH", {"active": False})):  # fmt: skip
        answer = api.ask(method, "/users/maria", body)
        assert answer.status_code == 409
        assert "last administrator" in answer.json["detail"]


def test_tokens_are_made_and_revoked(own: Api) -> None:
    made = own.ask("POST", "/users/ivan/tokens", {"name": "PMS", "scopes": ["read"], "days": 30})
    assert made.status_code == 201, made.text
    token = made.json["token"]
    client = own.office.app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/me", headers=headers).json["user"] == "ivan"
    (listed,) = own.json("/users/ivan/tokens")["tokens"]
    assert (listed["name"], listed["scopes"]) == ("PMS", ["read"])
    assert listed["expires_at"] == "2026-12-22T12:00:00Z"
    assert token not in own.get("/users/ivan/tokens").text
    assert own.ask("DELETE", f"/users/maria/tokens/{listed['id']}").status_code == 404
    assert own.ask("DELETE", f"/users/ivan/tokens/{listed['id']}").status_code == 204
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    assert own.ask("POST", "/users/ivan/tokens", {"scopes": []}).status_code == 422
    assert own.get("/users/nobody/tokens").status_code == 404


def test_the_audit_log_is_searched(own: Api) -> None:
    own.ask("POST", f"/sites/casa/phones/{BEDSIDE}/arm")
    everything = own.json("/audit?limit=500")["items"]
    assert [e["id"] for e in everything] == sorted((e["id"] for e in everything), reverse=True)
    assert {e["who"] for e in own.json("/audit?who=api:maria")["items"]} == {"api:maria"}
    noon, later = "2026-11-22T12:00:00Z", (NOON + timedelta(days=900)).isoformat() + "Z"
    some = own.json(f"/audit?since={noon}&until={later}")["items"]
    assert len(some) <= len(everything)
    assert own.json(f"/audit?since={later}")["items"] == []
    assert own.get("/audit", scopes=[s for s in Scope if s is not Scope.USERS]).status_code == 403


def test_one_room_of_a_large_hotel_is_changed_as_quickly(own: Api) -> None:
    def asked() -> int:
        tag = own.tag("/sites/casa/rooms/101")
        with own.office.queries() as queries:
            answer = own.ask("PATCH", "/sites/casa/rooms/101", {"name": str(len(queries))},
                             headers={"If-Match": tag})  # fmt: skip
        assert answer.status_code == 200, answer.text
        return len(queries)

    few = asked()
    add_phones(own, 1000)
    assert asked() <= few + 2


# changes in stages


def test_a_change_goes_in_stages(own: Api) -> None:
    path = "/sites/casa/staged"
    assert own.get(path).status_code == 404
    wish = {"patch": {"settings": {"locale": {"ntp_servers": ["10.20.0.9"]}}}, "note": "new clock"}
    begun = own.ask("POST", path, wish)
    assert begun.status_code == 202, begun.text
    assert begun.headers["Location"] == "/api/v1/sites/casa/staged"
    assert begun.json == own.json(path)
    assert (begun.json["state"], begun.json["stage"], begun.json["note"]) == (
        "active", 0, "new clock"
    )  # fmt: skip
    assert len(begun.json["phones"]) == 4
    meanwhile = own.ask("POST", path, wish)
    assert meanwhile.status_code == 422, meanwhile.text
    assert "rolled out in stages" in meanwhile.json["detail"]
    one = f"{path}/{begun.json['number']}"
    assert own.ask("POST", one, {"step": "pause"}).json["state"] == "paused"
    twice = own.ask("POST", one, {"step": "pause"})
    assert (twice.status_code, twice.json["type"]) == (409, "urn:bellwire:problem:conflict")
    assert own.ask("POST", one, {"step": "next"}).json["stage"] == 1
    assert own.ask("POST", f"{path}/999", {"step": "back"}).status_code == 404
    assert own.ask("POST", one, {"step": "back"}).json["state"] == "withdrawn"
    assert "ntp_servers" not in own.get("/sites/casa").text
    assert own.ask("POST", path, wish, who="ivan", scopes=CHANGE).status_code == 403


@pytest.mark.parametrize(
    ("wish", "at"),
    [
        ({"patch": {"id": "other"}}, "/patch/id"),
        ({"patch": {"timezone": "Mars"}}, "/timezone"),
        ({"patch": {}, "return_minutes": 1}, "/return_minutes"),
        ({}, "/patch"),
    ],
)
def test_stages_that_cannot_be(api: Api, wish: Any, at: str) -> None:
    answer = api.ask("POST", "/sites/casa/staged", wish)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == at


# looking for things, figures, firmware


def test_things_are_found_by_any_name(api: Api) -> None:
    assert [r["id"] for r in api.json("/search?text=recep")["rooms"]] == ["reception"]
    found = api.json(f"/search?text={BEDSIDE}")
    assert [p["mac"] for p in found["phones"]] == [BEDSIDE]
    assert api.json("/search?text=norte", who="ivan")["sites"] == []
    assert api.json(f"/search?text={NORTE}", who="ivan")["phones"] == []
    assert api.get("/search").status_code == 422


def test_figures_of_a_phone(own: Api) -> None:
    at_s = int((NOON - datetime(1970, 1, 1)).total_seconds()) - 600  # noqa: DTZ001 - naive UTC
    sample = Sample(BEDSIDE.replace(":", ""), at_s, rtt_us=2000)
    keep_samples(own.office.installation.monitoring, [sample])
    path = f"/sites/casa/phones/{BEDSIDE}/figures?quantity=rtt_us&width=minute"
    assert own.json(path)["figures"] == [
        {"at": "2026-11-22T11:50:00Z", "count": 1, "mean": 2000.0, "least": 2000, "most": 2000}
    ]
    since = "since=2026-11-22T11:55:00Z"
    assert own.json(f"{path}&{since}")["figures"] == []
    for wrong in ("since=2026-01-01T00:00:00Z", "until=2999-01-01T00:00:00Z"):
        assert own.get(f"{path}&{wrong}").status_code == 422
    assert own.get(f"/sites/casa/phones/{BEDSIDE}/figures").status_code == 422


def test_roll_outs_of_firmware(own: Api, tmp_path: Path) -> None:
    wish = {"image": "none", "site": "casa"}
    assert own.ask("POST", "/rollouts", wish).status_code == 422
    assert own.ask("POST", "/rollouts", {**wish, "site": "none"}).status_code == 422
    image = tmp_path / "h5.z"
    image.write_bytes(b"FANVIL" * 1000)
    here = own.office.installation
    with here.database.write() as session:
        row = LibraryFileRow(
            name="h5.z", kind="firmware", site_id="", vendor="fanvil", models=["fanvil/h5"],
            fits="x", handset="", version="2.99", digest="d" * 64, size_bytes=6000,
            media_type="application/octet-stream", facts={}, added_at=NOON, added_by="test",
        )  # fmt: skip
        session.add(row)
    begun = own.ask("POST", "/rollouts", {"image": "h5.z", "site": "casa"})
    assert begun.status_code == 201, begun.text
    one = f"/rollouts/{begun.json['id']}"
    assert own.ask("POST", one, {"step": "pause"}).json["state"] == "paused"
    assert own.ask("POST", one, {"step": "resume"}).json["state"] == "active"
    assert own.ask("POST", one, {"step": "resume"}).status_code == 422
    assert [r["image"] for r in own.json("/rollouts", who="ivan")["rollouts"]] == ["h5.z"]
    assert [f["name"] for f in own.json("/library?kind=firmware")["files"]] == ["h5.z"]
    assert own.ask("POST", one, {"step": "withdraw"}).json["state"] == "withdrawn"
    assert own.json("/rollouts")["rollouts"] == []
    assert own.ask("POST", one, {"step": "pause"}).status_code == 404


def test_site_files_may_be_large(api: Api) -> None:
    text = HOTEL + "#" * 2_000_000
    assert send(api, "/sites/plan", text).status_code == 200
    assert send(api, "/sites/plan", HOTEL + "#" * 17_000_000).status_code == 413
