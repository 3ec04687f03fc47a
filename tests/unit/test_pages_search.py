"""Search: what a text may mean, what is found, and that nobody finds what is not theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from provisioner.inventory.fetches import Recorder, WaitingPhone
from provisioner.inventory.tables import RoomRow
from tests.people import NOON, Office
from tests.technician import HUNG, SITE, aurora
from web.pages.finding.understanding import TEXT_MAX, Meaning, meaning_of


@pytest.fixture(scope="module")
def hotel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with aurora(tmp_path_factory.mktemp("hotel")) as made:
        with made.installation.database.write() as session:
            room = {"name": "", "floor": "1", "template": "t", "extension": "", "settings": {}}
            session.execute(insert(RoomRow), [{"site_id": "casa", "id": "101", **room}])
        recorder = Recorder(made.installation.events)
        recorder.record(
            WaitingPhone("0c383effee01", "fanvil", "fanvil/h5", "", "", "10.20.0.77", "http",
                         NOON, NOON)
        )  # fmt: skip
        recorder.flush()
        yield made


def found(hotel: Office, name: str, text: str) -> dict[str, list[str]]:
    page = hotel.client(name).get("/ui/search", query_string={"q": text}).text
    return {
        title: [re.sub(r"<[^>]+>", " ", item) for item in re.findall(r"<li class=\"row\">.*?</li>", part)]
        for title, part in re.findall(r"<h2 id=\"\w+\">([^<]+)</h2>(.*?)</section>", page, re.S)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", Meaning("")),
        ("  214 ", Meaning("214")),
        ("2140", Meaning("2140", mac="2140")),
        ("0C-38-3e-01", Meaning("0C-38-3e-01", mac="0c383e01")),
        ("0c38.3e01.0102", Meaning("0c38.3e01.0102", mac="0c383e010102")),
        ("01:02", Meaning("01:02", mac="0102")),
        ("01:", Meaning("01:", mac="01")),
        ("10.20", Meaning("10.20", mac="1020", address="10.20")),
        ("10.20.0.9", Meaning("10.20.0.9", mac="102009", address="10.20.0.9")),
        ("10.20.", Meaning("10.20.", mac="1020", address="10.20.")),
        ("Reception", Meaning("Reception")),
        ("0c383e0101020304", Meaning("0c383e0101020304")),
        ("a  b", Meaning("a b", mac="")),
    ],
)
def test_what_a_text_may_mean(text: str, meaning: Meaning) -> None:
    assert meaning_of(text) == meaning


@given(st.text())
def test_any_text_means_something(text: str) -> None:
    meaning = meaning_of(text)
    assert len(meaning.text) <= TEXT_MAX
    assert re.fullmatch(r"[0-9a-f]{0,12}", meaning.mac)


def test_a_room_an_extension_a_name(hotel: Office) -> None:
    rooms = found(hotel, "lucia", "101")["Rooms"]
    assert len(rooms) == 2  # one in each hotel
    assert "Hotel Aurora" in " ".join(rooms)
    assert "2101" in found(hotel, "lucia", "2101")["Extensions"][0]
    assert "Back office" in found(hotel, "lucia", "back OFF")["Extensions"][0]
    assert "Spa" in found(hotel, "lucia", "spa")["Rooms"][0]
    assert "Hotel Aurora" in found(hotel, "lucia", "aurora")["Sites"][0]


@pytest.mark.parametrize(
    "text", ["0c383e010102", "0C:38:3E:01:01:02", "01-01-02", "0c38.3e01.0102"]
)
def test_a_mac_in_any_spelling_or_part(hotel: Office, text: str) -> None:
    assert "0c:38:3e:01:01:02" in " ".join(found(hotel, "lucia", text)["Phones"])


def test_an_address_of_the_fetch_log_or_of_a_report(hotel: Office) -> None:
    for text in ("10.20.0.9", "10.20.0.", "10.20.1.101"):
        (*_, phone) = found(hotel, "lucia", text)["Phones"]
        assert "102 bedside" in phone or "103 bedside" in phone
    assert "Phones" not in found(hotel, "lucia", "10.99.0")


def test_a_waiting_phone_is_found_by_who_sees_all(hotel: Office) -> None:
    (waiting,) = found(hotel, "maria", "ff:ee:01")["Waiting: in no inventory"]
    assert "10.20.0.77" in waiting
    assert found(hotel, "ivan", "ff:ee:01") == {}
    assert "Waiting: in no inventory" in found(hotel, "maria", "10.20.0.7")


def test_nobody_finds_what_is_not_theirs(hotel: Office) -> None:
    for text in ("101", "2101", HUNG, "10.20.0.9", "aurora", "Back office", "fanvil"):
        told = str(found(hotel, "ivan", text))
        assert "Aurora" not in told
        assert SITE not in told
    assert found(hotel, "ivan", "101")["Rooms"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "' or 1=1 --", "zzz", "z\x00z", "é" * 300])
def test_signs_of_patterns_are_only_signs(hotel: Office, text: str) -> None:
    answer = hotel.client("maria").get("/ui/search", query_string={"q": text})
    assert answer.status_code == 200
    assert "Nothing found" in answer.text


def test_without_a_text_it_says_what_can_be_typed(hotel: Office) -> None:
    page = hotel.client("maria").get("/ui/search").text
    assert "What are you looking for?" in page
    assert 'id="seek"' in page
    assert hotel.client().get("/ui/search").status_code == 303


def test_few_queries(hotel: Office) -> None:
    client = hotel.client("lucia")
    for text in ("1", "0c383e", "spa"):
        with hotel.queries() as asked:
            client.get("/ui/search", query_string={"q": text})
        assert len([q for q in asked if "BEGIN" not in q]) <= 8
