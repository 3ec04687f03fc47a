"""Documents over the API: read, written, refused, previewed; as the site file has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from provisioner.inventory.tables import AuditRow, PhoneRow
from tests.api import BATHROOM, BEDSIDE, COMMUNITY, DESK, FRESH, NORTE, SECRET, SECRETS, Api, hotel


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
        return [(row.who, row.action, row.target) for row in rows]


def kinds(answer: Any) -> list[tuple[str, str, str]]:
    return [(c["action"], c["kind"], c["id"]) for c in answer.json["changes"]]


# sites


def test_the_head_of_a_site_holds_no_secret(api: Api) -> None:
    answer = api.get("/sites/casa")
    assert answer.json["pbx"]["ami"] == {
        "host": "10.20.0.5", "port": 5038, "username": "bellwire"
    }  # fmt: skip
    assert answer.json["switches"][0]["name"] == "sw-1"
    assert not any(secret in answer.text for secret in SECRETS)
    assert "rooms" not in answer.json
    assert answer.headers["ETag"].startswith('"')


def test_a_site_is_made_and_replaced(own: Api) -> None:
    sur = {"id": "sur", "name": "Hotel Sur", "country": "ES", "url": "http://127.0.0.1",
           "timezone": "Europe/Madrid", "languages": ["es"], "numbers": {"spa": "120"}}  # fmt: skip
    made = own.ask("PUT", "/sites/sur", sur)
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == "/api/v1/sites/sur"
    assert made.headers["ETag"] == own.tag("/sites/sur")
    assert kinds(made) == [("add", "site", "sur")]
    again = own.ask("PUT", "/sites/sur", sur)
    assert again.status_code == 428
    same = own.write("PUT", "/sites/sur", sur)
    assert (same.status_code, same.json["changes"], same.json["change"]) == (200, [], None)
    del sur["numbers"]
    less = own.write("PUT", "/sites/sur", {**sur, "name": "Sur"})
    assert less.status_code == 200, less.text
    assert less.json["changes"][0]["fields"] == ["name", "numbers"]
    assert "numbers" not in own.json("/sites/sur")
    assert ("api:maria", "site-add", "sur: head") in audited(own)


def test_parts_of_a_site_are_changed_and_secrets_stay(own: Api) -> None:
    wish = {"name": "Casa Nueva", "numbers": {"spa": "120"}, "pbx": {"ami": {"host": "10.20.0.5"}}}
    answer = own.write("PATCH", "/sites/casa", wish)
    assert answer.status_code == 200, answer.text
    head = own.json("/sites/casa")
    assert head["name"] == "Casa Nueva"
    assert head["numbers"] == {
        "reception": "100", "emergency": "112", "wake_up": "*55", "spa": "120"
    }  # fmt: skip
    gone = own.write("PATCH", "/sites/casa", {"numbers": {"spa": None}})
    assert gone.status_code == 200
    assert "spa" not in own.json("/sites/casa")["numbers"]
    with own.office.installation.database.read() as session:
        from provisioner.inventory import store

        (site,) = store.stored(session, own.office.installation.box, ["casa"]).sites
    assert site.switches[0].community is not None
    assert site.switches[0].community.get_secret_value() == COMMUNITY


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"networks": ["10.0.0.0/99"]}, "/networks/0"),
        ({"nonsense": 1}, "/nonsense"),
        ({"id": "other"}, "/id"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(api: Api, body: Any, at: str) -> None:
    answer = api.write("PATCH", "/sites/casa", body)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json["type"] == "urn:bellwire:problem:invalid"
    assert answer.json["errors"][0]["pointer"] == at


# ETags


def test_a_write_says_what_it_is_based_on(own: Api) -> None:
    path = "/sites/casa/rooms/101"
    room = own.json(path)
    tag = own.tag(path)
    assert own.get(path, headers={"If-None-Match": tag}).status_code == 304
    missing = own.ask("PUT", path, room)
    assert (missing.status_code, missing.json["type"]) == (428, "urn:bellwire:problem:match-needed")
    changed = own.write("PUT", path, {**room, "name": "Suite"}, match=tag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] == own.tag(path) != tag
    stale = own.write("PUT", path, {**room, "name": "Attic"}, match=tag)
    assert (stale.status_code, stale.json["type"]) == (412, "urn:bellwire:problem:stale")
    weak = own.write("PUT", path, room, match=f"W/{own.tag(path)}")
    assert weak.status_code == 412
    assert own.write("PUT", path, room, match="*").status_code == 200


def test_what_is_not_there_matches_nothing(api: Api) -> None:
    room = {"id": "301", "template": "guest-room", "extension": "2301"}
    answer = api.write("PUT", "/sites/casa/rooms/301", room, match='"abc"')
    assert answer.status_code == 412
    there = api.ask("PUT", "/sites/casa/rooms/101", {"id": "101"}, headers={"If-None-Match": "*"})
    assert there.status_code == 412
    assert api.get("/sites/casa/rooms/301").status_code == 404


# rooms


def test_a_room_is_made_changed_and_removed(own: Api) -> None:
    path = "/sites/casa/rooms/301"
    room = {"id": "301", "floor": "3", "template": "guest-room", "extension": "2301",
            "phones": {"bedside": {"model": "fanvil/h5", "mac": FRESH}}}  # fmt: skip
    made = own.ask("PUT", path, room)
    assert made.status_code == 201, made.text
    assert ("add", "phone", FRESH) in kinds(made)
    assert made.json["affected"] >= 1
    assert FRESH in made.json["phones"]
    assert own.json(path)["phones"]["bedside"]["mac"] == FRESH
    named = own.write("PATCH", path, {"name": "Suite"})
    assert named.json["changes"][0]["fields"] == ["name"]
    assert own.write("PATCH", path, {"floor": None}).status_code == 200
    assert "floor" not in own.json(path)
    without = {**own.json(path), "phones": {}}
    retired = own.write("PUT", path, without)
    assert kinds(retired) == [("retire", "phone", FRESH)]
    gone = own.write("DELETE", path)
    assert gone.status_code == 200, gone.text
    assert own.get(path).status_code == 404
    assert own.ask("DELETE", path, headers={"If-Match": "*"}).status_code == 404


def test_a_preview_stores_nothing_and_shows_masked_files(api: Api) -> None:
    path = "/sites/casa/rooms/101"
    room = api.json(path)
    seen = api.ask("PUT", f"{path}?dry_run=true&diffs=2", {**room, "extension": "2102"})
    assert seen.status_code == 200, seen.text
    assert (seen.json["dry_run"], seen.json["change"]) == (True, None)
    assert {d["mac"] for d in seen.json["diffs"]} <= {BEDSIDE, BATHROOM}
    assert any("2102" in d["diff"] for d in seen.json["diffs"])
    assert SECRET not in seen.text
    assert api.json(path) == room
    new = api.ask("PUT", "/sites/casa/rooms/777?dry_run=true", {"id": "777"})
    assert new.status_code == 200
    assert api.get("/sites/casa/rooms/777").status_code == 404


# accounts


def test_an_account_keeps_its_secret_until_another_is_sent(own: Api) -> None:
    path = "/sites/casa/accounts/2101"
    assert own.json(path) == {"extension": "2101", "name": "Room 101", "voicemail": True}
    assert own.json(f"{path}/secret")["secret"] == SECRET
    assert own.write("PATCH", path, {"name": "Suite"}).status_code == 200
    assert own.json(f"{path}/secret")["secret"] == SECRET
    own.write("PATCH", path, {"secret": "another-s3cret-1"})
    assert own.json(f"{path}/secret")["secret"] == "another-s3cret-1"
    assert ("api:maria", "account-reveal", "casa 2101") in audited(own)


def test_accounts_are_made_and_removed(own: Api) -> None:
    path = "/sites/casa/accounts/555"
    assert own.ask("PUT", path, {"extension": "555", "name": "Spa"}).status_code == 201
    assert len(own.json(f"{path}/secret")["secret"]) > 10
    used = own.write("DELETE", "/sites/casa/accounts/2101")
    assert (used.status_code, used.json["type"]) == (409, "urn:bellwire:problem:conflict")
    assert "2101 is still used" in used.json["detail"]
    assert own.write("DELETE", path).status_code == 200
    assert own.get(path).status_code == 404


# phones


def test_a_phone_is_read_with_its_place(api: Api) -> None:
    phone = api.json(f"/sites/casa/phones/{BEDSIDE}")
    assert (phone["room"], phone["position"], phone["mac"]) == ("101", "bedside", BEDSIDE)
    bare = api.json(f"/sites/casa/phones/{BEDSIDE.replace(':', '').upper()}")
    assert bare == phone
    assert api.get(f"/sites/casa/phones/{NORTE}").status_code == 404
    assert api.get("/sites/casa/phones/nonsense").status_code == 404


def test_a_phone_is_put_moved_and_retired(own: Api) -> None:
    path = f"/sites/casa/phones/{FRESH}"
    phone = {"room": "201", "position": "bedside", "model": "fanvil/h5", "mac": FRESH}
    made = own.ask("PUT", path, phone)
    assert made.status_code == 201, made.text
    assert made.headers["ETag"] == own.tag(path)
    with own.office.installation.database.read() as session:
        row = session.get_one(PhoneRow, FRESH.replace(":", ""))
        assert row.armed_until is not None
    moved = own.write("PATCH", path, {"room": "102", "position": "bathroom"})
    assert moved.status_code == 200, moved.text
    assert own.json(path)["room"] == "102"
    assert own.json("/sites/casa/rooms/201").get("phones", {}) == {}
    within = own.write("PATCH", path, {"position": "desk"})
    assert within.status_code == 200, within.text
    quiet = own.write("PATCH", path, {"settings": {"locale": {"timezone": "Europe/Madrid"}}})
    assert quiet.status_code == 200, quiet.text
    assert own.write("DELETE", path).status_code == 200
    assert own.get(path).status_code == 404


def test_a_place_that_is_taken_is_not_taken_over(api: Api) -> None:
    phone = {"room": "101", "position": "bedside", "model": "fanvil/h5", "mac": FRESH}
    answer = api.ask("PUT", f"/sites/casa/phones/{FRESH}", phone)
    assert (answer.status_code, answer.json["type"]) == (409, "urn:bellwire:problem:conflict")
    assert BEDSIDE in answer.json["detail"]
    moved = api.write("PATCH", f"/sites/casa/phones/{BATHROOM}", {"position": "bedside"})
    assert moved.status_code == 409


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"model": "fanvil/none"}, "/model"),
        ({"mac": BATHROOM}, "/mac"),
        ({"room": "999"}, "/room"),
        ({"room": 5}, "/room"),
        ({"position": None}, "/position"),
        ({"keys": [{"type": "nonsense"}]}, "/keys/0/type"),
    ],
)
def test_pointers_lead_into_a_phone(api: Api, changes: Any, at: str) -> None:
    answer = api.write("PATCH", f"/sites/casa/phones/{BEDSIDE}", changes)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == at


def test_a_phone_of_another_site_is_not_told(api: Api) -> None:
    phone = {"room": "201", "position": "bedside", "model": "fanvil/h5", "mac": NORTE}
    answer = api.ask("PUT", f"/sites/casa/phones/{NORTE}", phone, who="ivan",
                     scopes=("read", "change"))  # fmt: skip
    assert answer.status_code == 422
    assert "norte" not in answer.text


def test_another_device_takes_the_place(own: Api) -> None:
    path = f"/sites/casa/phones/{BEDSIDE}/replace"
    seen = own.ask("POST", f"{path}?dry_run=true", {"mac": FRESH})
    assert seen.status_code == 200, seen.text
    done = own.ask("POST", path, {"mac": FRESH.upper()})
    assert done.status_code == 201, done.text
    assert done.headers["Location"].endswith(FRESH)
    assert own.json(f"/sites/casa/phones/{FRESH}")["position"] == "bedside"
    assert own.get(f"/sites/casa/phones/{BEDSIDE}").status_code == 404
    same = own.ask("POST", f"/sites/casa/phones/{FRESH}/replace", {"mac": FRESH})
    assert same.json["errors"][0]["pointer"] == "/mac"
    wrong = own.ask("POST", f"/sites/casa/phones/{FRESH}/replace", {"mac": "x"})
    assert wrong.json["errors"][0]["pointer"] == "/mac"
    assert own.ask("POST", f"/sites/casa/phones/{DESK}/replace", {}).status_code == 422
