"""Importing a list: what is read, marked, mended, stored - all of it or nothing."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from provisioner.bulk.cells import Column
from provisioner.edits.edit import Edit, EditError, Problem
from provisioner.inventory.fetches import WaitingPhone
from provisioner.inventory.tables import AccountRow, PhoneRow, RoomRow
from tests.people import NOON, Office, office, post
from web.pages.views.bulk import rows_of_form

HERE = "/ui/sites/casa/import"
HEAD = "room,floor,template,position,model,mac,extension,name\n"
GOOD = HEAD + (
    "301,3,guest-room,bedside,fanvil/h5,0c:38:3e:00:03:01,2301,\n"
    "301,3,guest-room,bathroom,fanvil/h2u-v2,0c:38:3e:00:03:02,2301,\n"
    "302,3,guest-room,bedside,yealink/t31p,80:5e:c0:00:03:03,2302,Blue\n"
    "303,3,guest-room,,,,2303,\n"
)
BAD = HEAD + (
    "301,3,gest-room,bedside,fanvil/h5,0c:38:3e:00:03:01,2301,\n"
    "302,3,guest-room,bedside,fanvil/h5,0c383e00030,2201,<b>Blue</b>\n"
)


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("bulk"), "casa", "norte") as made:
        made.people()
        edits = made.installation.edits
        edits.apply(Edit("norte", rooms=(
            {"id": "1", "template": "guest-room", "extension": "1001",
             "phones": {"bedside": {"model": "fanvil/h5", "mac": "0c383e0000aa"}}},)), who="t")  # fmt: skip
        edits.apply(Edit("casa", rooms=(
            {"id": "201", "floor": "2", "template": "guest-room", "extension": "2201",
             "phones": {"bedside": {"model": "fanvil/h5", "mac": "0c383e000201"}}},)), who="t")  # fmt: skip
        yield made


@pytest.fixture
def house(block: Office) -> Iterator[Office]:
    yield block
    with block.installation.database.read() as session:
        of_rooms = select(RoomRow.id).where(RoomRow.site_id == "casa", RoomRow.id != "201")
        names = tuple(session.scalars(of_rooms))
    if names:
        block.installation.edits.apply(Edit("casa", remove_rooms=names), who="test")


@pytest.fixture
def client(house: Office) -> FlaskClient:
    return house.client("ivan")


def read(client: FlaskClient, text: str, **values: str) -> Any:
    return post(client, HERE, {"do": "read", "text": text, **values})


def fields(page: str) -> dict[str, str]:
    """The rows of a page as a browser would send them."""
    return {
        name: value.replace("&lt;", "<").replace("&gt;", ">")
        for name, value in re.findall(r'name="(r\d+-\w+)" value="([^"]*)"', page)
    }


def counts(house: Office) -> tuple[int, int]:
    with house.installation.database.read() as session:
        rooms = session.scalar(select(func.count()).where(RoomRow.site_id == "casa"))
        phones = session.scalar(select(func.count()).where(PhoneRow.site_id == "casa"))
        return rooms or 0, phones or 0


def cell(page: str, name: str) -> str:
    found = re.search(rf'<td[^>]*><input[^>]*name="{name}".*?</td>', page, re.S)
    assert found, name
    return found[0]


def test_a_list_is_shown_before_it_is_stored(house: Office, client: FlaskClient) -> None:
    page = read(client, GOOD).text
    assert "3 rooms would be stored, 3 of them new, with 3 new phones." in page
    assert counts(house) == (1, 1)
    answer = post(client, HERE, {"do": "apply", **fields(page)}, follow_redirects=True)
    assert "3 rooms are stored. 3 phones are new." in answer.text
    assert counts(house) == (4, 4)
    with house.installation.database.read() as session:
        room = session.get(RoomRow, ("casa", "302"))
        assert room is not None
        assert (room.name, room.floor, room.extension) == ("Blue", "3", "2302")
        assert session.get(AccountRow, ("casa", "2303")) is not None
    page = read(client, GOOD).text
    assert "All of this is stored already" in page
    answer = post(client, HERE, {"do": "apply", **fields(page)}, follow_redirects=True)
    assert "Nothing was changed." in answer.text


def test_each_problem_is_marked_in_its_cell(client: FlaskClient) -> None:
    answer = read(client, BAD)
    assert answer.status_code == 200
    page = answer.text
    assert "3 problems in 2 rows." in page
    assert "Did you mean guest-room?" in cell(page, "r1-template")
    assert 'aria-invalid="true" ' not in cell(page, "r1-room")
    assert "This is no MAC address" in cell(page, "r2-mac")
    assert 'aria-invalid="true"' in cell(page, "r2-mac")
    assert "Extension 2201 belongs to room 201." in cell(page, "r2-extension")
    assert "<b>Blue" not in page
    assert "Store all of it" not in page


def test_it_is_mended_in_the_page(house: Office, client: FlaskClient) -> None:
    rows = fields(read(client, BAD).text)
    answer = post(client, HERE, {"do": "apply", **rows})
    assert answer.status_code == 422  # all of it or nothing
    assert counts(house) == (1, 1)
    rows |= {"r1-template": "guest-room", "r2-mac": "0c383e000302", "r2-extension": "2302"}
    page = post(client, HERE, {"do": "check", **rows}).text
    assert "Store all of it" in page
    assert post(client, HERE, {"do": "apply", **fields(page)}).status_code == 303
    assert counts(house) == (3, 3)


def test_files_are_read(house: Office, client: FlaskClient) -> None:
    def send(data: bytes, name: str = "list.csv") -> Any:
        return post(client, HERE, {"do": "read", "file": (io.BytesIO(data), name)},
                    content_type="multipart/form-data")  # fmt: skip

    text = "Habitación;MAC;Extensión\n301;0c383e000301;2301\n"
    answer = send(text.encode("cp1252"))
    assert 'name="r1-room" value="301"' in answer.text
    answer = send(b"PK\x03\x04rest of a workbook", "list.xlsx")
    assert answer.status_code == 422
    assert "This is a workbook." in answer.text
    assert send(b"").status_code == 422


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "There is no row"), ("room,mac\n", "There is no row"),
     ("room\n" + "\n".join(map(str, range(600))), "At most 500 rows are taken at once")],
)  # fmt: skip
def test_what_is_no_list(client: FlaskClient, text: str, told: str) -> None:
    answer = read(client, text)
    assert answer.status_code == 422
    assert told in answer.text


def test_a_person_says_what_the_columns_are(client: FlaskClient) -> None:
    text = "7;0c383e000301;8\n"
    page = read(client, text).text
    assert 'id="column-2"' in page
    page = read(client, text, **{"column-0": "extension", "column-2": "room"}).text
    assert 'name="r1-room" value="8"' in page
    assert 'name="r1-extension" value="7"' in page
    page = read(client, text, **{"column-2": "-", "column-9": "room", "column-x": "room"}).text
    assert 'name="r1-extension" value=""' in page


def test_what_counts_for_empty_cells_is_shown(house: Office, client: FlaskClient) -> None:
    recorder = house.installation.recorder()
    recorder.record(WaitingPhone("0c383e000301", "fanvil", "fanvil/h2u-v2", "", "", "10.1.1.1",
                                 "http", NOON, NOON))  # fmt: skip
    recorder.flush()
    text = "room,mac,ext\n301,0c383e000301,2301\n302,805ec0000302,2302\n"
    page = read(client, text, template="guest-room", model="yealink/t31p").text
    assert 'placeholder="fanvil/h2u-v2"' in cell(page, "r1-model")
    assert 'placeholder="yealink/t31p"' in cell(page, "r2-model")
    assert 'placeholder="guest-room"' in cell(page, "r1-template")
    assert 'placeholder="bedside"' in cell(page, "r2-position")
    assert "Store all of it" in page


def test_phones_of_other_sites_are_not_told_of(client: FlaskClient) -> None:
    text = HEAD + "301,3,guest-room,bedside,fanvil/h5,0c383e0000aa,2301,\n"
    said = cell(read(client, text).text, "r1-mac")
    assert "This phone belongs to another site." in said
    assert "norte" not in said.lower()


def test_what_the_inventory_refuses_is_in_its_cell(
    house: Office, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise EditError(Problem(("rooms", 1, "phones", "bedside", "mac"), "No, says the desk."))

    rows = fields(read(client, GOOD).text)
    desk = type(house.installation.edits)
    monkeypatch.setattr(desk, "apply", refuse)
    answer = post(client, HERE, {"do": "apply", **rows})
    assert answer.status_code == 422
    assert "No, says the desk." in cell(answer.text, "r3-mac")
    monkeypatch.setattr(desk, "preview", refuse)
    assert "No, says the desk." in cell(read(client, GOOD).text, "r3-mac")


def test_rows_of_a_form() -> None:
    form = {"r2-room": "302", "r1-room": " 301 ", "r3-room": " ", "r1-x": "y", "rx-room": "z",
            "r1-mac": "", "other": "1"}  # fmt: skip
    rows = rows_of_form(form)
    assert [(row.number, dict(row.cells)) for row in rows] == [
        (1, {Column.ROOM: "301"}), (2, {Column.ROOM: "302"})
    ]  # fmt: skip


def test_lists_to_download(house: Office, client: FlaskClient) -> None:
    answer = client.get(f"{HERE}/example.csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"\xef\xbb\xbfroom,")
    room = {"id": "302", "name": "=HYPERLINK(1)", "floor": "-1", "template": "guest-room"}
    house.installation.edits.apply(Edit("casa", rooms=(room,)), who="test")
    text = client.get(f"{HERE}/rooms.csv").data.decode("utf-8-sig")
    assert "201,2,guest-room,bedside,fanvil/h5,0c:38:3e:00:02:01,2201," in text
    assert "302,-1,guest-room,,,,,'=HYPERLINK(1)" in text
    assert "0c:38:3e:00:00:aa" not in text


def test_five_hundred_rows(client: FlaskClient) -> None:
    text = HEAD + "".join(
        f"5{n:03d},5,guest-room,bedside,fanvil/h5,0c383e01{n:04x},25{n:03d},\n" for n in range(500)
    )
    began = time.process_time()
    answer = read(client, text)
    taken = time.process_time() - began
    assert answer.status_code == 200
    assert "500 rooms would be stored" in answer.text
    rows = fields(answer.text)
    assert len(rows) == 4000
    print(f"read and looked at in {taken:.2f} s")
    rows["r17-mac"] = "nonsense"
    answer = post(client, HERE, {"do": "check", **rows})
    assert "One problem in one row." in answer.text
