"""Changing a site by its pages: the form, the preview, saving, the history, and who may."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import g
from flask.testing import FlaskClient
from pydantic import SecretStr

from provisioner.config import read_settings
from provisioner.edits.edit import Edit
from provisioner.inventory.site_yaml import WrittenInt
from tests.people import NOON, PASSWORD, QUICK, Clock, Office, post
from tests.unit.test_edits import House, guest_room, house_folder
from web.accounts.passwords import Passwords
from web.accounts.signing_in import Door
from web.app import create_app
from web.installation import opened
from web.pages import desk
from web.pages.change.drafts import Draft, DraftError, open_draft, seal_draft
from web.pages.change.showing import shown
from web.pages.change.yaml_parts import as_yaml, differences, from_yaml

SETTINGS = "/ui/sites/casa/settings"
CHANGES = "/ui/sites/casa/changes"


@contextmanager
def furnished(folder: Path) -> Iterator[Office]:
    """The pages of the small hotel."""
    with opened(read_settings(data=house_folder(folder))) as installation:
        clock, passwords = Clock(), Passwords(QUICK)
        door = Door(installation.database, passwords, clock_s=clock.monotonic_s)
        app = create_app(installation)
        app.extensions[desk.KEY] = desk.Desk(
            installation, door, app.extensions[desk.KEY].assets, clock
        )
        made = Office(installation, app, door, clock, passwords.hash(SecretStr(PASSWORD)))
        made.people()
        yield made


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Office]:
    with furnished(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The same pages for all tests that change nothing."""
    with furnished(tmp_path_factory.mktemp("still")) as made:
        yield made


def fields_of(page: str) -> dict[str, str]:
    """What the fields of a form show."""
    made = {
        name: html.unescape(text)
        for name, text in re.findall(
            r'<textarea[^>]* name="(\w+)"[^>]*>(.*?)</textarea>', page, re.S
        )
    }
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r' name="(\w+)"', tag), re.search(r' value="([^"]*)"', tag)
        if name and name[1] != "csrf_token":
            made[name[1]] = html.unescape(value[1]) if value else ""
    return made


def settings(client: FlaskClient, **changes: str) -> dict[str, str]:
    return {**fields_of(client.get(SETTINGS).text), **changes}


def house(pages: Office) -> House:
    return House(pages.installation)


def test_the_form_shows_what_is_stored_without_secrets(still: Office) -> None:
    client = still.client("maria")
    page = client.get(SETTINGS).text
    shown = fields_of(page)
    assert shown["name"] == "Casa"
    assert shown["networks"].splitlines() == ["10.20.0.0/16", "127.0.0.0/8"]
    assert "reception: '100'" in shown["numbers"]
    assert "ecret-" not in page
    assert "ami.secret" in page  # that there is one is said


def test_nothing_changed_is_nothing_to_save(still: Office) -> None:
    client = still.client("maria")
    answer = post(client, SETTINGS, settings(client))
    assert answer.status_code == 422
    assert "nothing to save" in answer.text


def test_a_change_is_looked_at_saved_and_undone(pages: Office) -> None:
    client = pages.client("maria")
    numbers = "reception: '100'\nemergency: '112'\nspa: '109'\n"
    preview = post(client, SETTINGS, settings(client, name="Casa Nova", numbers=numbers))
    assert preview.status_code == 200
    assert "5 phones may get other files" in preview.text
    assert "name, numbers" in preview.text
    assert 'class="diff"' in preview.text
    assert "ecret-" not in preview.text
    assert house(pages).head()["name"] == "Casa"
    draft = fields_of(preview.text)["draft"]
    answer = post(client, f"{SETTINGS}/save", {"draft": draft, "note": "new owner"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == CHANGES
    assert house(pages).head()["name"] == "Casa Nova"
    listed = client.get(CHANGES).text
    assert "new owner" in listed
    assert "maria" in listed
    one = client.get(f"{CHANGES}/1").text
    assert "-name: Casa" in one
    assert "+name: Casa Nova" in one
    assert post(client, f"{CHANGES}/1/undo").status_code == 303
    assert house(pages).head()["name"] == "Casa"
    assert "undone" in client.get(CHANGES).text


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"numbers": "reception: [1"}, "numbers", "not YAML"),
        ({"numbers": "reception: '100'\nx y: '1'\n"}, "numbers", "line 2: x y: "),
        ({"presets": "vip:\n  keys:\n    - {type: fly}\n"}, "presets", "line 3: "),
        ({"settings": "sip:\n  expires_s: soon\n"}, "settings", "line 2: sip.expires_s"),
        ({"pbx": "kind: asterisk\nami: {host: evil, username: x}\n"}, "pbx", "ami.secret: this is"),
        ({"settings": "sip: !env PATH\n"}, "settings", "!env is not allowed here"),
        ({"settings": "sip: !file /etc/passwd\n"}, "settings", "!file is not allowed here"),
        ({"timezone": "Mars"}, "timezone", "Mars"),
        ({"networks": "10.0.0.0/8 nonsense"}, "networks", "not a valid"),
        ({"name": ""}, "name", "is needed"),
        ({"calls": "[]"}, "calls", "a valid dictionary"),
        ({"numbers": "[]"}, "numbers", "a valid dictionary"),
        ({"switches": "{}"}, "switches", "a valid tuple"),
        ({"sip": "''"}, "sip", "a valid dictionary"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(
    still: Office, changes: dict[str, str], name: str, words: str
) -> None:
    client = still.client("maria")
    answer = post(client, SETTINGS, settings(client, **changes))
    assert answer.status_code == 422
    (error,) = re.findall(rf'id="{name}-error">.*?<span>(.*?)</span>', answer.text, re.S)
    assert words in html.unescape(error)
    assert fields_of(answer.text)[name] == changes[name]


@pytest.mark.parametrize("name", ["sip", "numbers", "monitoring", "pbx"])
def test_an_empty_mapping_clears_a_part(pages: Office, name: str) -> None:
    client = pages.client("maria")
    given = {"sip": {"registrar": "pbx.example"}, "numbers": {"spa": "109"},
             "monitoring": {"misses": 5}}  # fmt: skip
    if name in given:
        house(pages).desk.apply(Edit("casa", head={name: given[name]}), who="web:ana")
    assert house(pages).head()[name]
    preview = post(client, SETTINGS, settings(client, **{name: "{}"}))
    assert preview.status_code == 200
    post(client, f"{SETTINGS}/save", {"draft": fields_of(preview.text)["draft"]})
    assert name not in house(pages).head()


def test_an_empty_mapping_of_calls_guards_them_and_nothing_does_not(pages: Office) -> None:
    client = pages.client("maria")

    def save(text: str) -> str:
        preview = post(client, SETTINGS, settings(client, calls=text))
        assert preview.status_code == 200, text
        assert "Settings of the site" in preview.text
        post(client, f"{SETTINGS}/save", {"draft": fields_of(preview.text)["draft"]})
        return settings(client)["calls"]

    assert house(pages).head()["calls"]
    assert save("{}").strip() == "{}"
    assert house(pages).head()["calls"] == {}
    assert post(client, SETTINGS, settings(client)).status_code == 422  # nothing is different
    assert "currency: USD" in save("currency: USD\n")
    assert save("{}").strip() == "{}"  # the usual limits again, and still guarded
    assert save("").strip() == ""
    assert "calls" not in house(pages).head()
    assert save("{}").strip() == "{}"  # and from nothing


@pytest.mark.parametrize(
    ("language", "place", "floor"),
    [
        ("en", "Room 101 bedside", "Floor 1"),
        ("es", "Habitación 101, mesilla", "Planta 1"),
        ("ru", "Номер 101, \u0443 кровати", "Этаж 1"),
    ],
)
def test_a_preview_names_places_as_people_do(
    pages: Office, language: str, place: str, floor: str
) -> None:
    room = {**house(pages).room("101"), "floor": "1"}
    house(pages).desk.apply(Edit("casa", rooms=(room,)), who="web:ana")
    client = pages.client("maria")
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    page = post(client, SETTINGS, settings(client, name="Casa Nova")).text
    listed = re.findall(r'<li><a href="[^"]+">([^<]+)</a> <span class="quiet small">([^<]+)<', page)
    assert dict(listed)[place] == f"{floor} · Fanvil H5 · 101, bedside"


def test_a_changed_room_is_called_by_its_name(still: Office) -> None:
    plan = still.installation.edits.preview(
        Edit("casa", rooms=({**guest_room("101"), "name": "Suite"},), remove_rooms=("corridor",))
    )
    with still.app.test_request_context():
        g.language, g.now = "en", NOON
        seen = shown(plan, still.installation, "casa")
    told = {line.what.name: line.what.detail for line in seen.changes}
    assert "Suite" in told, told


def test_the_second_of_two_editors_is_told(pages: Office) -> None:
    client = pages.client("maria")
    mine = settings(client, name="Mine")
    house(pages).desk.apply(Edit("casa", head={"name": "Theirs"}), who="web:ana")
    answer = post(client, SETTINGS, mine)
    assert answer.status_code == 409
    assert "Somebody else has changed" in answer.text
    assert fields_of(answer.text)["name"] == "Mine"
    again = post(client, SETTINGS, fields_of(answer.text))
    assert again.status_code == 200


def test_a_preview_that_is_overtaken_is_not_saved(pages: Office) -> None:
    client = pages.client("maria")
    draft = fields_of(post(client, SETTINGS, settings(client, name="Mine")).text)["draft"]
    house(pages).desk.apply(Edit("casa", head={"name": "Theirs"}), who="web:ana")
    answer = post(client, f"{SETTINGS}/save", {"draft": draft}, follow_redirects=True)
    assert "changed meanwhile" in answer.text
    assert house(pages).head()["name"] == "Theirs"


def test_drafts_are_for_one_person_and_a_short_time(still: Office) -> None:
    box = still.installation.box
    edit = Edit("casa", head={"numbers": {"x": WrittenInt("0100")}}, rooms=(guest_room("1"),))
    draft = Draft(edit, "/ui/")
    text = seal_draft(box, draft, "web:maria", NOON)
    opened_again = open_draft(box, text, "web:maria", NOON)
    assert opened_again == draft
    assert opened_again.edit.head is not None
    assert opened_again.edit.head["numbers"]["x"].written == "0100"
    for who, at in (("web:ivan", NOON), ("web:maria", NOON + timedelta(hours=3))):
        with pytest.raises(DraftError):
            open_draft(box, text, who, at)
    for nonsense in ("", "abc", "ü"):
        with pytest.raises(DraftError):
            open_draft(box, nonsense, "web:maria", NOON)


def test_a_draft_of_one_site_is_not_saved_at_another(pages: Office) -> None:
    house(pages).desk.apply(
        Edit("norte", head={"name": "Norte", "url": "http://x.example"}), who="test"
    )
    client = pages.client("maria")
    draft = fields_of(post(client, SETTINGS, settings(client, name="Mine")).text)["draft"]
    answer = post(client, "/ui/sites/norte/settings/save", {"draft": draft})
    assert answer.status_code == 400


def test_who_may_do_what(pages: Office) -> None:
    head = house(pages).desk.apply(Edit("casa", head={"name": "Nova"}), who="web:maria").change
    room = house(pages).desk.apply(Edit("casa", rooms=(guest_room("214"),)), who="web:ivan").change
    maria, ivan, lucia = (pages.client(name) for name in ("maria", "ivan", "lucia"))
    assert ivan.get(SETTINGS).status_code == 200
    assert "Only an administrator" in ivan.get(SETTINGS).text
    assert lucia.get(SETTINGS).status_code == 403
    assert post(ivan, SETTINGS, settings(maria, name="Ivan")).status_code == 403
    for client in (maria, ivan, lucia):
        assert client.get(CHANGES).status_code == 200
        assert client.get(f"{CHANGES}/{head}").status_code == 200
    assert post(lucia, f"{CHANGES}/{room}/undo").status_code == 403
    assert post(ivan, f"{CHANGES}/{head}/undo").status_code == 403
    assert post(ivan, f"{CHANGES}/{room}/undo").status_code == 303
    assert f"{CHANGES}/{head}/undo" not in ivan.get(CHANGES).text
    for path in ("settings", "changes", f"changes/{head}"):
        assert ivan.get(f"/ui/sites/norte/{path}").status_code == 404
    assert maria.get(f"{CHANGES}/99").status_code == 404


def test_a_draft_of_the_head_is_nothing_for_an_installer(still: Office) -> None:
    edit = Edit("casa", head={"name": "Ivan"})
    draft = seal_draft(still.installation.box, Draft(edit, SETTINGS), "web:ivan", NOON)
    assert post(still.client("ivan"), f"{SETTINGS}/save", {"draft": draft}).status_code == 403


def test_the_history_has_pages(pages: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.pages.views.change.PER_PAGE", 2)
    for n in range(3):
        house(pages).desk.apply(Edit("casa", head={"name": f"Casa {n}"}), who="web:maria")
    client = pages.client("maria")
    page = client.get(CHANGES).text
    assert f"{CHANGES}?before=2" in page
    older = client.get(f"{CHANGES}?before=2").text
    assert f'href="{CHANGES}/1"' in older
    assert f'href="{CHANGES}/2"' not in older
    assert client.get(f"{CHANGES}?before=x").status_code == 200


def test_yaml_there_and_back() -> None:
    value: Any = {"a": "NO", "b": "0100", "c": [{"d": True}, "22:00"], "ü": {"x": 5}}
    assert from_yaml(as_yaml(value)).value == value
    assert as_yaml({}) == as_yaml(None) == ""
    assert from_yaml(" \n").value is None
    assert differences({"a": 1}, {"a": 2})[1:] == ["-a: 1", "+a: 2"]


# in stages


def staged(pages: Office, **values: str) -> FlaskClient:
    """An administrator who has begun a roll-out."""
    client = pages.client("maria")
    wish = settings(client, sip="registrar: new.example\n")
    preview = post(client, SETTINGS, wish)
    assert "Roll out in stages" in preview.text
    draft = {"draft": fields_of(preview.text)["draft"], "note": "a new PBX", **values}
    answer = post(client, f"{SETTINGS}/stage", draft)
    assert answer.headers["Location"] == CHANGES
    return client


def test_a_change_goes_in_stages_and_is_taken_back(pages: Office) -> None:
    client = staged(pages)
    page = client.get(CHANGES).text
    assert "has begun with its first stage" in page
    assert "a new PBX" in page
    assert "have not fetched yet" in page
    assert 'hx-trigger="every 10s, seen"' in page
    act = f"{CHANGES}/stages/1"
    assert post(client, f"{act}/pause").status_code == 303
    assert "paused" in client.get(CHANGES).text
    assert post(client, f"{act}/resume").status_code == 303
    answer = post(client, SETTINGS, settings(client, name="Other"))
    assert answer.status_code == 422
    assert "rolled out in stages" in answer.text
    assert post(client, f"{act}/back").status_code == 303
    page = client.get(CHANGES).text
    assert "taken back" in page
    assert "every 10s" not in page
    assert "the roll-out is withdrawn" in post(client, f"{act}/pause", follow_redirects=True).text


def test_a_change_is_hurried_through_its_stages(pages: Office) -> None:
    client = staged(pages, take_back="yes")
    assert "all get their old files back" in client.get(CHANGES).text
    for _ in range(2):
        post(client, f"{CHANGES}/stages/1/pause")
        post(client, f"{CHANGES}/stages/1/next")
    assert house(pages).head()["sip"] == {"registrar": "new.example"}
    assert "Settings of a site changed" in client.get(CHANGES).text


def test_only_an_administrator_moves_a_roll_out(pages: Office) -> None:
    staged(pages)
    for name in ("ivan", "lucia"):
        client = pages.client(name)
        page = client.get(CHANGES).text
        assert "have not fetched yet" in page
        assert "Roll back" not in page
        for act in ("pause", "next", "back"):
            assert post(client, f"{CHANGES}/stages/1/{act}").status_code == 403
    maria = pages.client("maria")
    assert post(maria, f"{CHANGES}/stages/2/pause").status_code == 404
    assert post(maria, f"{CHANGES}/stages/1/dance").status_code == 404
