"""The hotel: tiles and list, filters, search within it, incidents on top, cheap for idle tabs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from monitors.policy import Window
from monitors.status import State, Status
from monitors.store.incidents import acknowledge
from monitors.store.maintenance import set_maintenance
from monitors.store.statuses import KeptStatus, keep_statuses
from provisioner.inventory.stamp import next_generation
from provisioner.inventory.tables import PhoneRow, RoomRow
from tests.people import NOON, Office, office, post
from tests.technician import SHORTED, SITE, SWITCH, aurora
from web.pages.hotel.arranging import ROWS_MAX, TILES_MAX, arrange, counts_of
from web.pages.hotel.board import Board, BoardPhone, BoardRoom, Chosen
from web.pages.hotel.order import floor_order
from web.pages.hotel.wishes import Wanted, wanted_of
from web.pages.words import ORDER

HOTEL = f"/ui/sites/{SITE}"


@pytest.fixture(scope="module")
def hotel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with aurora(tmp_path_factory.mktemp("hotel")) as made:
        yield made


def tiles(page: str) -> dict[str, str]:
    """State by room."""
    found = re.findall(r'class="tile is-([\w-]+)".*?<b[^>]*>([^<]+)</b>', page, re.S)
    return {room: state for state, room in found}


# what is drawn


def phone(n: int, room: str, state: State, model: str = "fanvil/h5") -> BoardPhone:
    return BoardPhone(f"{n:012x}", room, f"p{n}", model, state)


def board(floors: dict[str, int], states: tuple[State, ...] = (State.WORKING,)) -> Board:
    rooms = {
        f"{floor}{n:03}": BoardRoom(f"{floor}{n:03}", "", floor, "t", "")
        for floor, count in floors.items()
        for n in range(count)
    }
    phones = [phone(n, room, states[n % len(states)]) for n, room in enumerate(rooms)]
    return Board("s", "S", "UTC", rooms, phones)


def test_a_tile_shows_the_worst_phone_first() -> None:
    room = BoardRoom("1", "", "0", "t", "")
    some = [phone(n, "1", state) for n, state in enumerate(reversed(ORDER))]
    plan = arrange(Board("s", "S", "UTC", {"1": room}, some), Wanted())
    (tile,) = plan.floors[0].tiles
    assert (tile.state, tile.mac) == (State.DOWN, some[-1].mac)
    assert tile.others == ORDER[1:]
    assert tile.more == 0


def test_a_room_without_phones_is_there_unless_phones_are_wanted() -> None:
    rooms = {"1": BoardRoom("1", "Bar", "0", "t", "")}
    empty = Board("s", "S", "UTC", rooms, [])
    (tile,) = arrange(empty, Wanted()).floors[0].tiles
    assert (tile.name, tile.state, tile.mac) == ("Bar", State.NOT_INSTALLED, "")
    assert arrange(empty, Wanted(floor="0")).found == 1
    for wanted in (Wanted(state="down"), Wanted(model="x"), Wanted(floor="1")):
        assert arrange(empty, wanted).found == 0
    assert arrange(replace(empty, chosen=Chosen()), Wanted(text="x")).found == 0


def test_floors_are_in_order() -> None:
    floors = ["", "Roof", "10", "-1", "2", "0", "Annex 2", "Annex 10"]
    assert sorted(floors, key=floor_order) == [
        "-1", "0", "2", "10", "Annex 2", "Annex 10", "Roof", "",
    ]  # fmt: skip


def test_a_big_hotel_has_closed_floors_with_what_is_in_trouble() -> None:
    states = (State.WORKING,) * 9 + (State.DOWN,)
    plan = arrange(board({"1": 200, "2": 200}, states), Wanted())
    assert [f.is_open for f in plan.floors] == [False, False]
    assert [len(f.tiles) for f in plan.floors] == [20, 20]
    assert {tile.state for floor in plan.floors for tile in floor.tiles} == {State.DOWN}
    assert plan.floors[0].hidden == 180
    assert dict(plan.floors[0].counts) == {State.DOWN: 20, State.WORKING: 180}
    opened = arrange(board({"1": 200, "2": 200}, states), Wanted(floor="2"))
    assert [(f.name, f.is_open, len(f.tiles)) for f in opened.floors] == [("2", True, 200)]


def test_too_many_rooms_that_were_asked_for_are_turned_page_by_page() -> None:
    big, seen = board({"1": 500, "2": 450}), []
    for page in (1, 2, 3, 4):
        plan = arrange(big, Wanted(state="working", page=page))
        assert (plan.found, plan.pages) == (950, 4)
        here = [tile.room for floor in plan.floors for tile in floor.tiles]
        assert len(here) <= TILES_MAX
        seen += here
    assert sorted(seen) == sorted(big.rooms)
    beyond = arrange(big, Wanted(state="working", page=99))
    assert beyond.floors == arrange(big, Wanted(state="working", page=4)).floors


def test_the_list_is_sorted_worst_first_then_by_number() -> None:
    made = board({"2": 60, "10": 60}, (State.WORKING, State.DOWN))
    plan = arrange(made, Wanted(view="list"))
    assert len(plan.rows) == ROWS_MAX
    assert (plan.found, plan.pages) == (120, 3)
    assert [row.room for row in plan.rows[:3]] == ["2001", "2003", "2005"]
    assert {row.state for row in plan.rows} == {State.DOWN}


@given(
    st.lists(
        st.tuples(st.sampled_from(list(State)), st.integers(0, 330), st.sampled_from("ab")),
        max_size=300,
    ),
    st.sampled_from(["", "trouble", *map(str, State)]),
    st.sampled_from(["", "1", "-"]),
)
@settings(max_examples=15, deadline=None)
def test_nothing_is_lost_or_shown_twice(
    phones: list[tuple[State, int, str]], state: str, floor: str
) -> None:
    rooms = {str(n): BoardRoom(str(n), "", ("", "1", "2")[n % 3], "t", "") for n in range(331)}
    some = [phone(n, str(room), s, model) for n, (s, room, model) in enumerate(phones)]
    made, wanted = Board("s", "S", "UTC", rooms, some), Wanted(state=state, floor=floor)
    seen: list[str] = []
    pages = arrange(made, wanted).pages
    for page in range(1, pages + 1):
        for each in arrange(made, replace(wanted, page=page)).floors:
            seen += [tile.room for tile in each.tiles]
            assert each.hidden == each.rooms - len(each.tiles)
    assert len(seen) == len(set(seen))
    if wanted.is_filtered:
        assert len(seen) == arrange(made, wanted).found
    rows: list[str] = []
    listed = replace(wanted, view="list")
    for page in range(1, arrange(made, listed).pages + 1):
        rows += [row.mac for row in arrange(made, replace(listed, page=page)).rows]
    fitting = [
        p.mac for p in some
        if p.state in wanted.states and (not floor or rooms[p.room].floor == floor.strip("-"))
    ]  # fmt: skip
    assert sorted(rows) == sorted(fitting)
    assert sum(count for _, count in counts_of(p.state for p in some)) == len(some)


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ({}, Wanted()),
        ({"view": "list", "state": "down", "page": "3"}, Wanted("list", "down", page=3)),
        ({"state": "trouble", "q": "  214 "}, Wanted(state="trouble", text="214")),
        ({"view": "x", "state": "x", "page": "-1"}, Wanted()),
        ({"page": "9" * 400}, Wanted(page=10_000)),
        ({"page": "²"}, Wanted()),
    ],
)
def test_addresses_are_read_and_written(args: dict[str, str], wanted: Wanted) -> None:
    if len(args.get("page", "")) > 4:
        args = {"page": "99999"}
    assert wanted_of(args) == wanted
    again = {name: str(value) for name, value in wanted.but(page=wanted.page).items()}
    assert wanted_of(again) == wanted


# the page


def test_rooms_with_their_states(hotel: Office) -> None:
    page = hotel.client("lucia").get(HOTEL).text
    found = tiles(page)
    assert len(found) == 53
    assert (found["101"], found["103"], found["210"]) == ("down", "warning", "recovering")
    assert (found["201"], found["104"]) == ("unknown", "working")
    assert re.findall(r'<h2 id="floor-\d">([^<]+)', page) == [
        f"Floor {n}" for n in (-1, 0, 1, 2, 3, 4)
    ]
    assert f"/phones/{SHORTED}" in page
    assert "All <strong>75" in page
    assert "I see to it" not in page  # a viewer changes nothing


def test_incidents_stand_on_top_with_what_to_do(hotel: Office) -> None:
    page = hotel.client("maria").get(HOTEL).text
    cards = re.findall(r"<article.*?</article>", page, re.S)
    assert len(cards) == 4
    assert f"{SWITCH} does not answer; 8 phones hang on it." in cards[0]
    assert "and 4 more" in cards[0]
    assert "ivan sees to it" in cards[-1]  # what somebody sees to comes last
    assert "I see to it" not in cards[-1]
    assert page.index("<article") < page.index('class="tile')
    (poweroff,) = [card for card in cards if "Power off and on" in card]
    assert 'name="remedy" value="poe-cycle"' in poweroff


@pytest.mark.parametrize(
    ("query", "rooms"),
    [
        ("state=warning", {"103"}),
        ("state=trouble&floor=1", {"101", "102", "103"}),
        ("floor=-1", {"Technical DECT"}),
        ("q=214", set()),
        ("q=Reception", {"Reception", "Manager"}),  # who has its number too
        ("q=2101", {"101"}),
        ("q=0C-38-3E-01-01-01", {"101"}),
        ("q=manag", {"Manager"}),
        ("model=yealink/w80dm", {"Technical DECT"}),
        ("q=%25", set()),
        ("q=_", set()),
        (f"switch={SWITCH}", {"101", "102", *(str(300 + n) for n in range(1, 9))}),
        (f"switch={SWITCH}&q=30", {str(300 + n) for n in range(1, 9)}),
        ("switch=nowhere", set()),
    ],
)
def test_filters(hotel: Office, query: str, rooms: set[str]) -> None:
    page = hotel.client("lucia").get(f"{HOTEL}?{query}").text
    assert set(tiles(page)) == rooms
    assert ("Nothing fits" in page) == (not rooms)


def test_the_list_says_what_is_wrong(hotel: Office) -> None:
    page = hotel.client("lucia").get(f"{HOTEL}?view=list").text
    rows = re.findall(r"<tr role=\"row\">\s*<td.*?</tr>", page, re.S)
    assert len(rows) == ROWS_MAX
    assert "short circuit" in rows[0]
    assert "Page 1 of 2" in page
    assert "view=list&amp;page=2" in page
    filtered = hotel.client("lucia").get(f"{HOTEL}?view=list&state=recovering").text
    assert "Room 210" in filtered
    assert len(re.findall(r"<td class=\"whole\"", filtered)) == 1


def test_a_tab_that_has_it_already_gets_nothing(hotel: Office) -> None:
    client = hotel.client("maria")
    page = client.get(HOTEL).text
    poll = re.search(r'hx-get="([^"]+seen=[^"]+)"', page)
    assert poll
    address, htmx = poll[1].replace("&amp;", "&"), {"HX-Request": "true"}
    with hotel.queries() as asked:
        assert client.get(address, headers=htmx).status_code == 204
    assert len([q for q in asked if "BEGIN" not in q]) <= 5
    assert client.get(address).status_code == 200  # somebody who opens it sees it
    assert client.get(address + "x", headers=htmx).status_code == 200
    assert acknowledge(hotel.installation.monitoring, 3, "web:maria", NOON)
    assert client.get(address, headers=htmx).status_code == 200
    hotel.clock.move(minutes=6)
    fresh = re.search(r'hx-get="([^"]+seen=[^"]+)"', client.get(HOTEL).text)
    assert fresh
    assert fresh[1] != poll[1]
    hotel.clock.at = NOON


def test_another_person_or_language_is_another_page(hotel: Office) -> None:
    marks = set()
    for name, language in (("maria", "en"), ("lucia", "en"), ("lucia", "es")):
        text = hotel.client(name).get(HOTEL, headers={"Accept-Language": language}).text
        marks.add(re.search(r"seen=(\w+)", text)[1])  # type: ignore[index]
    assert len(marks) == 3


def test_maintenance_and_a_monitor_that_stands_still_are_said(tmp_path: Path) -> None:
    with aurora(tmp_path) as made:
        window = Window(NOON - timedelta(hours=1), NOON + timedelta(hours=1))
        set_maintenance(made.installation.monitoring, SITE, window, "new cables", "web:maria")
        client = made.client("lucia")
        assert "new cables" in client.get(HOTEL).text
        made.clock.move(hours=2)
        page = client.get(HOTEL).text
        assert "The monitor does not run" in page
        assert "new cables" not in page


def test_sites_are_hidden_and_words_are_in_ones_language(hotel: Office) -> None:
    assert hotel.client("ivan").get(HOTEL).status_code == 404
    assert hotel.client().get(HOTEL).status_code == 303
    assert hotel.client("maria").get("/ui/sites/nowhere").status_code == 404
    assert "There is no room yet" in hotel.client("ivan").get("/ui/sites/casa").text
    spanish = hotel.client("lucia").get(HOTEL, headers={"Accept-Language": "es"}).text
    assert "No responde sw-floor-3" in spanish


def test_queries_do_not_grow_with_phones_and_pages_stay_small(tmp_path: Path) -> None:
    with office(tmp_path, "casa") as made:
        made.people()
        client, counts, sizes = made.client("ivan"), [], []
        for start, count in ((0, 20), (20, 4980)):
            _add(made, start, count)
            for query in ("", "?view=list", "?state=down", "?q=r10"):
                with made.queries() as asked:
                    answer = client.get(
                        f"/ui/sites/casa{query}", headers={"Accept-Encoding": "gzip"}
                    )
                assert answer.status_code == 200
                counts.append(len([q for q in asked if "BEGIN" not in q]))
                sizes.append(len(answer.data))
        assert counts[4:] == counts[:4]
        assert max(counts) <= 24
        assert max(sizes) < 40_000


def _add(made: Office, start: int, count: int) -> None:
    numbers = range(start, start + count)
    empty = {"accounts": [], "keys": [], "handsets": [], "accessories": []}
    with made.installation.database.write() as session:
        next_generation(session, sites=True)
        session.execute(
            insert(RoomRow),
            [{"site_id": "casa", "id": f"r{n}", "name": "", "floor": str(n // 250),
              "template": "t", "extension": "", "settings": {}} for n in numbers],
        )  # fmt: skip
        session.execute(
            insert(PhoneRow),
            [{"mac": f"{n:012x}", "site_id": "casa", "room_id": f"r{n}", "position": "desk",
              "model": "m", "preset": "p", "settings": {}, "token_hash": str(n), "secrets": "",
              **empty} for n in numbers],
        )  # fmt: skip
    states = {n: State.DOWN if n % 10 == 0 else State.WORKING for n in numbers}
    keep_statuses(
        made.installation.monitoring,
        [KeptStatus(f"{n:012x}", "casa", Status(s, NOON, "I1"), "certain", NOON)
         for n, s in states.items()],
    )  # fmt: skip


def test_acknowledging_leads_back(hotel: Office) -> None:
    client = hotel.client("maria")
    back = f"{HOTEL}?floor=1"
    answer = post(client, f"{HOTEL}/incidents/3/acknowledge", {"back": back})
    assert (answer.status_code, answer.location) == (303, back)
    away = post(client, f"{HOTEL}/incidents/3/acknowledge", {"back": "https://evil.example"})
    assert away.location == f"{HOTEL}/incidents/3"
