"""The installer's pages: floors, adding rooms, a room with its phones, what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, insert, select, update

from monitors.places import Place
from monitors.probes.registrations import PbxContact, Reach, RegistrationsReading
from monitors.signals import PortPower, Registration, Signal, SwitchState
from monitors.status import State, Status
from monitors.store.memory import keep_switch
from monitors.store.statuses import KeptStatus, keep_statuses
from monitors.store.tables import reading as reading_table
from monitors.store.tables import status
from monitors.switches.reading import How, Learned, Neighbour, PortReading, SwitchReading
from provisioner.bulk.cells import SENTENCES as IN_THE_CORE
from provisioner.edits.edit import Edit
from provisioner.inventory.fetches import FetchEvent, WaitingPhone, fetch_table, waiting_table
from provisioner.inventory.phone_reports import PhoneReport
from provisioner.inventory.phones import phone_row
from provisioner.inventory.records import Pbx
from provisioner.inventory.tables import (
    AccountRow,
    AuditRow,
    PhoneRow,
    RenderedRow,
    RoomRow,
    SiteRow,
)
from provisioner.mac import MacAddress
from tests.people import NOON, Office, office, post, site
from web.pages.install import live, registrations, sentences
from web.pages.install.adding import AddingError, Row, rooms_to_add, row_of_rooms
from web.pages.install.floors import RoomProgress, by_floor, next_room, usual_template
from web.pages.install.live import BAD, DONE, NOW, WAITING, Signs, standings
from web.pages.install.ports import seats_of
from web.pages.install.tools import tools

H5, H5B, YEA, GIGA = "0c383e000214", "0c383e000215", "805ec0000100", "7c2f80000001"
ROOM = "/ui/sites/casa/rooms/201"


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Opened once: that takes longer than the tests."""
    with office(tmp_path_factory.mktemp("install"), "casa", "norte") as made:
        made.people()
        store(made, "norte", {"id": "1", "template": "guest-room", "extension": "1001",
                              "phones": {"bedside": {"model": "fanvil/h5", "mac": GIGA}}})  # fmt: skip
        yield made


@pytest.fixture
def house(block: Office) -> Iterator[Office]:
    """The site as it always is at first; whatever a test has changed is gone after it."""
    rooms = [
        {"id": str(n), "floor": "2", "template": "guest-room", "extension": f"2{n}"}
        for n in range(201, 206)
    ]
    store(block, "casa", *rooms, {"id": "office", "template": "office", "extension": "120"})
    yield block
    with block.installation.database.write() as session:
        session.execute(update(SiteRow).values(switches=[]))
        for table in (RenderedRow, PhoneRow, AccountRow, RoomRow):
            if table is RenderedRow:
                session.execute(delete(table).where(table.mac != GIGA))
            else:
                session.execute(delete(table).where(table.site_id == "casa"))
    for database, tables in (
        (block.installation.events, (waiting_table, fetch_table)),
        (block.installation.monitoring, (status, reading_table)),
    ):
        with database.write() as session:
            for table in tables:
                session.execute(delete(table))


def store(made: Office, where: str, *rooms: dict[str, Any]) -> None:
    made.installation.edits.apply(Edit(where, rooms=rooms), who="test")


def wait(made: Office, mac: str, model: str, age_s: float = 12, address: str = "10.1.1.9") -> None:
    at = made.clock.at - timedelta(seconds=age_s)
    recorder = made.installation.recorder()
    vendor = "fanvil" if mac.startswith("0c") else "yealink"
    recorder.record(WaitingPhone(mac, vendor, model, "", "agent", address, "http", at, at))
    recorder.flush()


def phones(made: Office, room: str = "201") -> dict[str, tuple[str, str]]:
    with made.installation.database.read() as session:
        query = select(PhoneRow).where(PhoneRow.site_id == "casa", PhoneRow.room_id == room)
        return {p.position: (p.mac, p.model) for p in session.scalars(query)}


def etag(client: FlaskClient, path: str = ROOM) -> str:
    found = re.search(r'name="etag" value="([^"]*)"', client.get(path).text)
    assert found
    return found[1]


def save(client: FlaskClient, path: str = ROOM, do: str = "save", **values: str) -> Any:
    sent = {"do": do, "etag": etag(client, path), "template": "guest-room", **values}
    return post(client, path, {n.replace("__", "-"): v for n, v in sent.items()})


# who may


@pytest.mark.parametrize(
    "path",
    ["install", "install/next", "rooms/201", "rooms/201/waiting", "rooms/201/live",
     "rooms/201/labels", "import", "import/example.csv", "import/rooms.csv"],
)  # fmt: skip
def test_only_installers_of_the_site_see_these(house: Office, path: str) -> None:
    here, there = f"/ui/sites/casa/{path}", f"/ui/sites/norte/{path.replace('201', '1')}"
    assert house.client("ivan").get(here).status_code < 400
    assert house.client("maria").get(there).status_code < 400
    assert house.client("lucia").get(here).status_code == 403
    assert house.client("ivan").get(there).status_code == 404
    assert house.client("maria").get(here.replace("casa", "nowhere")).status_code == 404


@pytest.mark.parametrize("path", ["install", "rooms/201", "rooms/201/phones/bedside", "import"])
def test_only_installers_of_the_site_change_these(house: Office, path: str) -> None:
    assert post(house.client("lucia"), f"/ui/sites/casa/{path}").status_code == 403
    assert post(house.client("ivan"), f"/ui/sites/norte/{path}").status_code == 404
    client = house.client("ivan")
    assert client.post(f"/ui/sites/casa/{path}").status_code == 400  # without the form's token


def test_a_room_that_is_not_there(house: Office) -> None:
    client = house.client("ivan")
    for path in ("rooms/999", "rooms/999/live", "rooms/999/waiting"):
        assert client.get(f"/ui/sites/casa/{path}").status_code == 404


# floors


def progress(name: str, floor: str = "1", count: int = 0) -> RoomProgress:
    state = State.WORKING if count else State.NOT_INSTALLED
    return RoomProgress(name, "", floor, "guest-room", "Guest room", 4, count, count, state)


def test_the_next_room_is_the_next_without_phones() -> None:
    rooms = [progress("1", count=1), progress("2"), progress("3", count=2), progress("4")]
    assert next_room(rooms) == "2"
    assert next_room(rooms, "2") == "4"
    assert next_room(rooms, "4") == "2"
    assert next_room(rooms, "not there") == "2"
    assert next_room([progress("1", count=1)], "1") is None
    assert next_room([progress("1")], "1") is None
    assert usual_template(rooms) == "guest-room"
    assert usual_template([]) == ""


def test_a_large_house_is_drawn_floor_by_floor() -> None:
    rooms = [progress(f"{f}{n:02d}", str(f), int(f < 3)) for f in range(1, 9) for n in range(50)]
    floors = by_floor(rooms, None)
    assert [floor.is_open for floor in floors] == [f == 3 for f in range(1, 9)]
    assert [floor.fitted for floor in floors] == [50, 50, 0, 0, 0, 0, 0, 0]
    assert [f.name for f in by_floor(rooms, "5") if f.is_open] == ["5"]
    assert all(floor.is_open for floor in by_floor(rooms[:300], None))


def test_floors_show_how_far_rooms_have_come(house: Office) -> None:
    store(house, "casa", {"id": "202", "floor": "2", "template": "guest-room", "extension": "2202",
                          "phones": {"bedside": {"model": "fanvil/h5", "mac": H5}}})  # fmt: skip
    keep_statuses(house.installation.monitoring, [
        KeptStatus(H5, "casa", Status(State.WORKING, NOON, "I1"), "certain", NOON)])  # fmt: skip
    page = house.client("ivan").get("/ui/sites/casa/install").text
    assert "1 of 6 rooms have phones; 1 of 1 phones work." in page
    tile = re.search(r'<a class="tile is-working".*?</a>', page, re.S)
    assert tile
    assert "202" in tile[0]
    assert "1 of 4" in tile[0]
    assert page.count("tile is-not-installed") == 5


def test_queries_do_not_grow_with_phones(house: Office) -> None:
    client = house.client("ivan")

    def asked(path: str) -> int:
        with house.queries() as queries:
            assert client.get(path).status_code == 200
        return sum("BEGIN" not in query for query in queries)

    paths = ("/ui/sites/casa/install", ROOM, f"{ROOM}/live", f"{ROOM}/waiting")
    before = [asked(path) for path in paths]
    store(house, "casa", *(
        {"id": f"9{n:03d}", "floor": "9", "template": "guest-room", "extension": f"9{n:03d}",
         "phones": {"bedside": {"model": "fanvil/h5", "mac": f"0c383e01{n:04x}"}}}
        for n in range(100)))  # fmt: skip
    for n in range(30):
        wait(house, f"0c383e02{n:04x}", "fanvil/h5")
    assert [asked(path) for path in paths] == before
    assert max(before) <= 15


@pytest.mark.parametrize(
    ("args", "location"),
    [("", "rooms/201"), ("?after=201&template=guest-room", "rooms/202?template=guest-room"),
     ("?after=205", "rooms/office"), ("?after=201&template=suite&instead=guest-room",
      "rooms/202?template=suite&instead=guest-room")],
)  # fmt: skip
def test_next(house: Office, args: str, location: str) -> None:
    answer = house.client("ivan").get(f"/ui/sites/casa/install/next{args}")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/ui/sites/casa/{location}"


# adding rooms


@pytest.mark.parametrize(
    ("first", "last", "names"),
    [("201", "203", ["201", "202", "203"]), ("A08", "A10", ["A08", "A09", "A10"]),
     ("reception", "", ["reception"]), ("5", "5", ["5"]), ("1-01b", "1-02b", ["1-01b", "1-02b"])],
)  # fmt: skip
def test_rows_of_rooms(first: str, last: str, names: list[str]) -> None:
    assert row_of_rooms(first, last) == names


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [("201", "199", "last"), ("201", "A220", "last"), ("one", "two", "last"), ("1", "900", "last"),
     ("a b", "", "first"), ("201", "2 2", "last")],
)  # fmt: skip
def test_what_is_no_row(first: str, last: str, field: str) -> None:
    with pytest.raises(AddingError) as caught:
        row_of_rooms(first, last)
    assert caught.value.field == field


def test_rooms_get_extensions() -> None:
    row = Row("201", "202", "2", "guest-room", "2")
    assert rooms_to_add(row, (), {}) == (
        {"id": "201", "floor": "2", "template": "guest-room", "extension": "2201"},
        {"id": "202", "floor": "2", "template": "guest-room", "extension": "2202"},
    )
    assert rooms_to_add(Row("bar", numbered=True), (), {}) == ({"id": "bar"},)
    for there, extensions, field in ((["202"], {}, "first"), ([], {"2202": "x"}, "prefix")):
        with pytest.raises(AddingError) as caught:
            rooms_to_add(row, there, extensions)
        assert caught.value.field == field


def test_a_row_of_rooms_is_added(house: Office) -> None:
    client = house.client("ivan")
    wish = {"first": "301", "last": "310", "floor": "3", "template": "guest-room", "prefix": "2",
            "numbered": "yes"}  # fmt: skip
    answer = post(client, "/ui/sites/casa/install", wish, follow_redirects=True)
    assert "10 rooms are added." in answer.text
    with house.installation.database.read() as session:
        row = session.get(RoomRow, ("casa", "310"))
        assert row is not None
        assert (row.floor, row.template, row.extension) == ("3", "guest-room", "2310")
        audit = session.scalars(select(AuditRow).order_by(AuditRow.id.desc())).first()
        assert audit is not None
        assert audit.who == "web:ivan"
    answer = post(client, "/ui/sites/casa/install", wish)
    assert answer.status_code == 422
    assert "There is a room 301, 302" in answer.text


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"first": ""}, "This is needed"), ({"last": "299"}, "no row"),
     ({"prefix": "20", "first": "1", "last": ""}, ""), ({"template": "palace"}, "palace"),
     ({"prefix": "2", "first": "201", "last": ""}, "There is a room 201")],
)  # fmt: skip
def test_rooms_that_are_not_added(house: Office, changes: dict[str, str], told: str) -> None:
    wish = {"first": "301", "last": "", "template": "guest-room", "prefix": "2", "numbered": "y"}
    answer = post(house.client("ivan"), "/ui/sites/casa/install", {**wish, **changes})
    if told:
        assert answer.status_code == 422
        assert told in answer.text
    else:
        assert answer.status_code == 303


# a room


def test_a_room_offers_what_waits_and_suits(house: Office) -> None:
    wait(house, H5, "fanvil/h5", 12)
    wait(house, YEA, "yealink/w70b", 3)
    page = house.client("ivan").get(ROOM).text
    bedside = re.search(r'id="waiting-bedside".*?</div>\s*</div>', page, re.S)
    assert bedside
    assert "0c:38:3e:00:02:14" in bedside[0]
    assert "12 seconds ago</time> at 10.1.1.9" in bedside[0]
    assert 'value="80:5e:c0:00:01:00"' not in bedside[0]
    assert 'id="pick-cordless-805ec0000100"' in page


def test_phones_of_other_networks_are_not_offered(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        with made.installation.database.write() as session:
            session.execute(insert(SiteRow), [site("casa", networks=["10.1.0.0/16"])])
        made.people()
        store(made, "casa", {"id": "201", "template": "guest-room", "extension": "2201"})
        wait(made, H5, "fanvil/h5", 12, "10.1.1.9")
        wait(made, H5B, "fanvil/h5", 3, "10.2.1.9")
        page = made.client("maria").get(ROOM).text
        assert "0c:38:3e:00:02:14" in page
        assert "0c:38:3e:00:02:15" not in page


def reading(*ports: PortReading) -> SwitchReading:
    return SwitchReading("sw-2", SwitchState.UP, ports=ports)


def test_ports_tell_who_hangs_there() -> None:
    mac, other = MacAddress(H5), MacAddress(YEA)
    crowd = tuple(Learned(MacAddress(f"0c383e0100{n:02x}")) for n in range(9))
    seats = seats_of(reading(
        PortReading(if_index=14, name="Gi0/14", alias="Room 201",
                    neighbours=(Neighbour(How.LLDP, mac, is_phone=True),)),
        PortReading(if_index=15, name="Gi0/15", learned=(Learned(mac), Learned(other))),
        PortReading(if_index=48, name="Gi0/48", learned=(*crowd, Learned(other))),
    ))  # fmt: skip
    assert seats[H5].place == Place("sw-2", 14)
    assert seats[YEA].place == Place("sw-2", 15)
    assert str(crowd[0].mac) not in seats
    assert seats[H5].is_of("201", ())
    assert not seats[H5].is_of("20", ())
    assert seats[YEA].is_of("9", {Place("sw-2", 15)})


def test_a_phone_on_the_rooms_port_comes_first(house: Office) -> None:
    with house.installation.database.write() as session:
        row = session.get(SiteRow, "casa")
        assert row is not None
        row.switches = [{"host": "10.1.0.2", "name": "sw-2", "platform": "", "snmp_version": "2c",
                         "community": "", "write_community": ""}]  # fmt: skip
    wait(house, H5, "fanvil/h5", 50)
    wait(house, H5B, "fanvil/h5", 3)
    port = PortReading(if_index=14, name="14", alias="R201 bed", learned=(Learned(MacAddress(H5)),))
    keep_switch(
        house.installation.monitoring, "casa", reading(replace(port, alias="201 bed")), NOON
    )
    page = house.client("ivan").get(ROOM).text
    assert page.index('value="0c:38:3e:00:02:14"') < page.index('value="0c:38:3e:00:02:15"')
    assert "on sw-2 port 14" in page
    assert "the port of this room" in page
    other = house.client("ivan").get(ROOM.replace("201", "202")).text
    assert other.index('value="0c:38:3e:00:02:15"') < other.index('value="0c:38:3e:00:02:14"')


def test_a_phone_is_placed_and_forgotten_by_the_waiting_list(house: Office) -> None:
    wait(house, H5, "fanvil/h5")
    client = house.client("ivan")
    answer = save(client, pick__bedside="0c:38:3e:00:02:14", mac__bathroom="0C38.3E00.0215",
                  model__bathroom="fanvil/h2u-v2")  # fmt: skip
    assert answer.status_code == 303
    assert phones(house) == {"bedside": (H5, "fanvil/h5"), "bathroom": (H5B, "fanvil/h2u-v2")}
    page = client.get(ROOM).text
    assert "2 phones are placed." in page
    assert "line-bedside" in page
    assert "Print the key sheet" in page
    assert "after=201&amp;template=guest-room" in page
    assert H5 not in list(re.findall(r'name="pick-[\w-]+" value="([^"]*)"', page))
    with house.installation.database.read() as session:
        assert phone_row(session, MacAddress(H5)).armed_until is not None


@pytest.mark.parametrize("text", ["0C383E000214", "0c-38-3e-00-02-14", "MAC: 0c383e000214 S/N 12",
                                  " 0c38.3e00.0214 "])  # fmt: skip
def test_any_spelling_of_a_mac_is_good(house: Office, text: str) -> None:
    assert save(house.client("ivan"), mac__bedside=text).status_code == 303
    assert phones(house)["bedside"][0] == H5


def test_a_check_shows_keys_and_warnings_and_stores_nothing(house: Office) -> None:
    answer = save(house.client("ivan"), do="check", mac__bedside=H5)
    assert answer.status_code == 200
    result = re.search(r'id="result-bedside".*?</details>', answer.text, re.S)
    assert result
    assert "Fanvil H6W" in result[0]  # the template's first of this maker
    assert "Nobody has said which model it is" in result[0]
    assert '<ul class="keys">' in result[0]
    assert 'value="0c383e000214"' in answer.text
    assert phones(house) == {}


def test_a_model_is_guessed_from_other_rooms(house: Office) -> None:
    client = house.client("ivan")
    save(client, ROOM.replace("201", "202"), mac__bedside=H5, model__bedside="fanvil/h5")
    save(client, mac__bedside=H5B)
    assert phones(house) == {"bedside": (H5B, "fanvil/h5")}
    save(client, ROOM.replace("201", "203"), mac__bedside=YEA)
    assert phones(house, "203") == {"bedside": (YEA, "yealink/t31p")}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"mac__bedside": "0c383e00021"}, "This is no MAC address"),
        ({"mac__bedside": "01005e000001"}, "not the MAC address of one device"),
        ({"mac__bedside": GIGA}, "belongs to another site"),
        ({"mac__bedside": H5, "mac__desk": H5}, "bedside of room 201 already"),
        ({"mac__bedside": H5, "model__bedside": "yealink/w70b"}, "is of kind"),
        ({"mac__bedside": H5, "extension": "no good"}, "extension"),
        ({"etag": "somebody else was faster", "mac__bedside": H5}, "Somebody else"),
    ],
)
def test_what_is_not_placed(house: Office, values: dict[str, str], told: str) -> None:
    answer = save(house.client("ivan"), **values)
    assert answer.status_code == 422
    assert told in answer.text
    assert phones(house) == {}
    if "mac__bedside" in values:
        assert f'value="{values["mac__bedside"]}"' in answer.text


def test_a_phone_is_moved_only_when_that_is_said(house: Office) -> None:
    client = house.client("ivan")
    save(client, ROOM.replace("201", "202"), mac__bedside=H5, model__bedside="fanvil/h5")
    answer = save(client, mac__desk=H5)
    assert answer.status_code == 422
    assert "This phone is bedside of room 202 already." in answer.text
    assert 'name="move-desk"' in answer.text
    assert save(client, mac__desk=H5, move__desk="yes").status_code == 303
    assert phones(house) == {"desk": (H5, "fanvil/h5")}
    assert phones(house, "202") == {}


def test_template_and_fields_of_a_room(house: Office) -> None:
    client = house.client("ivan")
    page = client.get(f"{ROOM}?template=suite").text
    assert "Planned was: Guest room" in page
    answer = save(client, template="suite", name="Blue", floor="3", extension="2299")
    assert answer.headers["Location"].endswith("?template=suite&instead=guest-room")
    with house.installation.database.read() as session:
        row = session.get(RoomRow, ("casa", "201"))
        assert row is not None
        assert (row.template, row.name, row.floor, row.extension) == ("suite", "Blue", "3", "2299")
    page = client.get("/ui/sites/casa/rooms/202?template=suite&instead=guest-room").text
    assert '<option value="suite" selected>' in page
    page = client.get("/ui/sites/casa/rooms/office?template=suite&instead=guest-room").text
    assert '<option value="office" selected>' in page
    assert post(client, ROOM, {"do": "template", "template": "office"}).status_code == 200


def test_without_a_template_it_is_asked_for(house: Office) -> None:
    store(house, "casa", {"id": "bare"})
    client = house.client("ivan")
    page = client.get("/ui/sites/casa/rooms/bare").text
    assert "Choose one" in page
    assert "no extension yet" in page
    page = client.get("/ui/sites/casa/rooms/bare?template=guest-room&instead=guest-room").text
    assert 'id="spot-bedside"' in page


# a phone that stands there


def act(client: FlaskClient, **values: str) -> Any:
    path = f"{ROOM}/phones/bedside"
    return post(client, path, {"etag": etag(client), **values})


@pytest.fixture
def fitted(house: Office) -> Office:
    store(house, "casa", {"id": "201", "floor": "2", "template": "guest-room", "extension": "2201",
                          "phones": {"bedside": {"model": "fanvil/h5", "mac": H5, "keys": [
                              {"type": "speed_dial", "value": "7", "slot": "", "label": "Bar"}]}}})  # fmt: skip
    return house


def test_a_phone_is_replaced_and_its_keys_stay(fitted: Office) -> None:
    client = fitted.client("ivan")
    answer = act(client, do="replace", mac="0C383E000215")
    assert answer.status_code == 303
    assert phones(fitted) == {"bedside": (H5B, "fanvil/h5")}
    with fitted.installation.database.read() as session:
        assert phone_row(session, MacAddress(H5B)).keys[0]["label"] == "Bar"
        assert session.get(PhoneRow, H5) is None
    assert "0c:38:3e:00:02:15 stands there now" in client.get(ROOM).text


def test_a_phone_is_moved(fitted: Office) -> None:
    client = fitted.client("ivan")
    assert act(client, do="move", room="202", position="desk").status_code == 303
    assert (phones(fitted), phones(fitted, "202")) == ({}, {"desk": (H5, "fanvil/h5")})


def test_a_phone_is_moved_inside_its_room(fitted: Office) -> None:
    assert act(fitted.client("ivan"), do="move", room="201", position="desk").status_code == 303
    assert phones(fitted) == {"desk": (H5, "fanvil/h5")}


def test_a_phone_is_retired(fitted: Office) -> None:
    client = fitted.client("ivan")
    assert act(client, do="retire").status_code == 303
    assert phones(fitted) == {}
    assert act(client, do="retire").status_code == 303  # it is gone already
    assert "Somebody else" in client.get(ROOM).text


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"do": "replace", "mac": "nonsense"}, "no MAC address"),
        ({"do": "replace", "mac": H5}, "the phone that stands there"),
        ({"do": "replace", "mac": GIGA}, "another site"),
        ({"do": "move", "room": "999"}, "There is no room 999"),
        ({"do": "move", "room": "202", "position": "roof"}, "has no position roof"),
        ({"do": "move", "room": "203"}, "has 80:5e:c0:00:01:00"),
        ({"do": "explode"}, "Choose what is to be done"),
        ({"do": "retire", "etag": "old"}, "Somebody else"),
    ],
)
def test_what_is_not_done_to_a_phone(fitted: Office, values: dict[str, str], told: str) -> None:
    store(fitted, "casa", {"id": "203", "floor": "2", "template": "guest-room", "extension": "2203",
                           "phones": {"bedside": {"model": "yealink/t31p", "mac": YEA}}})  # fmt: skip
    answer = act(fitted.client("ivan"), **values)
    assert answer.status_code == 422
    assert told in answer.text
    assert phones(fitted)["bedside"][0] == H5


def test_the_page_of_a_room_tells_no_secret(fitted: Office) -> None:
    with fitted.installation.database.read() as session:
        kit = fitted.installation.press.kit(session, MacAddress(H5))
    hidden = [kit.secrets.token, kit.secrets.admin_password, *(li.secret for li in kit.lines)]
    client = fitted.client("ivan")
    pages = client.get(ROOM).text + save(client, do="check", mac__desk=H5B).text
    assert not [s for s in hidden if s.get_secret_value() in pages]


def test_the_key_sheet_is_printed(fitted: Office) -> None:
    client = fitted.client("ivan")
    answer = client.get(f"{ROOM}/labels")
    assert answer.status_code == 303
    assert client.get(answer.headers["Location"]).status_code == 200


# the line


def signs(**values: Any) -> Signs:
    seen = live.PhoneSeen(NOON + timedelta(hours=1), values.pop("seen_at", None),
                          values.pop("problem", ""), values.pop("last", None))  # fmt: skip
    return Signs(seen, extension="2201", **values)


def fetch(outcome: str = "served", reason: str = "", age_s: float = 5) -> FetchEvent:
    return FetchEvent(NOON - timedelta(seconds=age_s), H5, "casa", "http", "/x", "10.1.1.9", "", "",
                      "", outcome, reason)  # fmt: skip


CONTACT = PbxContact("2201", "sip:2201@10.1.1.9", "10.1.1.9")


@pytest.mark.parametrize(
    ("what", "wanted"),
    [
        (signs(), (NOW, WAITING, WAITING, WAITING)),
        (signs(last=fetch()), (DONE, NOW, WAITING, WAITING)),
        (signs(last=fetch("not-found", "wrong-network")), (DONE, BAD, WAITING, WAITING)),
        (signs(last=fetch(age_s=7200)), (NOW, WAITING, WAITING, WAITING)),
        (signs(evidence=replace(live.Evidence(), power=Signal(PortPower.SHORT, 5.0))),
         (BAD, WAITING, WAITING, WAITING)),
        (signs(problem="no preset"), (NOW, WAITING, WAITING, WAITING)),
        (signs(last=fetch(), seen_at=NOON), (DONE, DONE, NOW, WAITING)),
        (signs(last=fetch(), seen_at=NOON, contact=CONTACT), (DONE, DONE, DONE, NOW)),
        (signs(last=fetch(), seen_at=NOON, contact=replace(CONTACT, reach=Reach.REACHABLE)),
         (DONE, DONE, DONE, DONE)),
        (signs(contact=CONTACT), (DONE, NOW, DONE, WAITING)),
        (signs(evidence=replace(live.Evidence(), registration=Signal(Registration.REACHABLE, 5.0)),
               seen_at=NOON), (DONE, DONE, DONE, DONE)),
        (signs(last=fetch(), seen_at=NOON - timedelta(seconds=9), reports=(
            PhoneReport(NOON, H5, "casa", "registered", "10.1.1.9", model="fanvil/h5"),)), None),
    ],
)  # fmt: skip
def test_the_line(what: Signs, wanted: tuple[str, ...] | None) -> None:
    if wanted is None:
        assert standings(what, NOON)[2] in (DONE, NOW)
    else:
        assert standings(what, NOON) == wanted


def test_the_line_turns_green_from_what_is_known(
    fitted: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = fitted.client("ivan")
    answer = client.get(f"{ROOM}/live")
    assert 'hx-trigger="every 2s, seen"' in answer.text
    assert 'id="line-bedside" hx-swap-oob="true"' in answer.text
    contact = replace(CONTACT, reach=Reach.REACHABLE, rtt_s=0.004)
    told = RegistrationsReading.of("pbx", NOON, [contact])
    with fitted.app.app_context():
        monkeypatch.setattr(registrations.Switchboard, "reading", lambda *_, **__: told)
    recorder = fitted.installation.recorder()
    recorder.record(fetch())
    recorder.flush()
    with fitted.installation.database.write() as session:
        phone_row(session, MacAddress(H5)).token_seen_at = NOON
    answer = client.get(f"{ROOM}/live")
    assert answer.text.count('<li class="done">') == 4
    assert "4 ms" in answer.text
    assert "Every phone of this room works." in answer.text
    assert 'hx-trigger="every 20s, seen"' in answer.text


def test_a_contact_is_the_phones_own() -> None:
    mac = MacAddress(H5)
    other = replace(CONTACT, address="10.1.1.10", uri="sip:2201@10.1.1.10")
    named = replace(other, instance="<urn:uuid:0000-0c383e000214>")
    for contacts, addresses, found in (
        ([CONTACT, other], {"10.1.1.9"}, CONTACT), ([other], {"10.1.1.9"}, None),
        ([other, named], set(), named), ([], {"10.1.1.9"}, None),
    ):  # fmt: skip
        told = RegistrationsReading.of("pbx", NOON, contacts)
        assert registrations.contact_of(told, ["2201"], mac, frozenset(addresses)) == found
    assert registrations.contact_of(None, ["2201"], mac, frozenset()) is None


def test_a_pbx_is_asked_seldom_however_many_look(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Desk:
        def read(self) -> RegistrationsReading:
            asked.append(1)
            now_s[0] += 0.5
            problem = "no answer" if len(asked) == 2 else ""
            return RegistrationsReading("pbx", NOON, problem=problem)

    now_s = [100.0]
    monkeypatch.setattr(registrations, "desk_of", lambda *_: Desk())
    board = registrations.Switchboard(lambda: NOON, lambda: now_s[0], lambda work: work())
    pbx = Pbx("kamailio", "10.1.0.5")
    assert board.reading("casa", None) is None
    assert board.reading("casa", Pbx("kamailio", "")) is None
    assert board.reading("casa", pbx, ask=False) is None
    assert board.reading("casa", pbx) is not None
    assert board.reading("casa", pbx) is not None
    assert len(asked) == 1
    now_s[0] += 5.1  # ten times as long as it took
    assert board.reading("casa", pbx) is None  # it did not answer
    now_s[0] += 10
    assert board.reading("casa", pbx) is None
    assert len(asked) == 2
    now_s[0] += 30
    assert board.reading("casa", pbx) is not None
    assert board.reading("casa", replace(pbx, port=1)) is not None  # another one is asked at once
    assert len(asked) == 4


def test_tools_are_one_for_an_application(house: Office) -> None:
    with house.app.app_context():
        assert tools() is tools()


def test_sentences_are_those_of_the_core() -> None:
    core = {what: text for what, text in IN_THE_CORE.items() if text != "%(sentence)s"}
    assert dict(sentences.SENTENCES) == core
