"""A new room reaches the reception's keys, through plan, apply and press, and no other phone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from provisioner.mac import MacAddress
from tests.integration.servers import (
    BATHROOM,
    CORRIDOR,
    FANVIL,
    SNOM,
    YEALINK,
    DataFolder,
    room,
    small_site,
)

CONCIERGE = "805ec0000101"


def with_concierge(url: str) -> dict[str, Any]:
    """The small hotel with a second phone that shows rooms, by a key of its own."""
    site = small_site(url)
    room(site, "101")["floor"] = "1"
    room(site, "reception")["phones"]["concierge"] = {
        "model": "yealink/t46u",
        "mac": CONCIERGE,
        "preset": "office",
        "keys": [{"type": "speed_dial", "each": "rooms", "floor": "1", "label": "R {each.id}"}],
    }
    return site


def guest_room(number: str, **changes: Any) -> dict[str, Any]:
    return {"id": number, "floor": number[0], "template": "guest-room", "extension": f"2{number}",
            **changes}  # fmt: skip


def shown(folder: DataFolder, mac: str) -> list[tuple[str, str]]:
    """Number and label of the keys that stand for rooms, in the phone's own file."""
    with folder.opened() as installation, installation.database.read() as session:
        kit = installation.press.kit(session, MacAddress(mac))
    return [(p.key.value, p.key.label) for p in kit.plan.slots if p.key and p.key.each]


@pytest.fixture
def hotel(folder: DataFolder) -> DataFolder:
    folder.apply(with_concierge(folder.url))
    assert not folder.marked()
    return folder


def test_the_rooms_that_are_there_are_on_the_keys(hotel: DataFolder) -> None:
    assert shown(hotel, YEALINK) == [("2101", "101")]
    assert shown(hotel, CONCIERGE) == [("2101", "R 101")]
    assert b"linekey.6.value = 2101" in hotel.rendered(YEALINK)[f"{YEALINK}.cfg"]


def test_a_new_room_is_rendered_on_the_phones_that_show_it_and_on_no_other(
    hotel: DataFolder,
) -> None:
    site = with_concierge(hotel.url)
    site["rooms"].append(guest_room("102"))
    file = str(hotel.write(site))
    plan = hotel.run("plan", "--full", file)
    assert plan.exit_code == 0, plan.output
    assert "1 room added" in plan.stdout
    assert "2 phones affected" in plan.stdout
    assert "+linekey.7.value = 2102" in plan.stdout
    assert "+linekey.7.label = 102" in plan.stdout
    assert ".label = R 102" in plan.stdout
    assert hotel.run("apply", "--no-render", file).exit_code == 0
    assert hotel.marked() == {YEALINK, CONCIERGE}
    before = hotel.rows("select mac, digest from rendered order by mac, name")
    assert hotel.run("apply", file).exit_code == 0
    assert not hotel.marked()
    after = hotel.rows("select mac, digest from rendered order by mac, name")
    assert {mac for mac, _ in set(before) ^ set(after)} == {YEALINK, CONCIERGE}
    assert shown(hotel, YEALINK) == [("2101", "101"), ("2102", "102")]
    assert shown(hotel, CONCIERGE) == [("2101", "R 101"), ("2102", "R 102")]


@pytest.mark.parametrize(
    ("changes", "marked"),
    [
        ({"name": "One"}, {YEALINK, CONCIERGE, FANVIL, BATHROOM}),
        ({"floor": "2"}, {YEALINK, CONCIERGE, FANVIL, BATHROOM}),
        ({"template": "suite"}, {YEALINK, CONCIERGE, FANVIL, BATHROOM}),
        ({"settings": {"audio": {"ring_volume_percent": 20}}}, {FANVIL, BATHROOM}),
    ],
)
def test_a_changed_room_marks_those_who_show_it(
    hotel: DataFolder, changes: dict[str, Any], marked: set[str]
) -> None:
    site = with_concierge(hotel.url)
    changed = room(site, "101")
    changed |= changes
    if "template" in changes:  # its positions have other presets
        changed["phones"]["bedside"]["preset"] = "guest-room"
    hotel.apply(site, options=("--no-render",))
    assert hotel.marked() == marked


def test_a_retired_room_leaves_the_keys(hotel: DataFolder) -> None:
    site = with_concierge(hotel.url)
    site["rooms"].append(guest_room("102"))
    hotel.apply(site)
    assert ("2102", "102") in shown(hotel, YEALINK)
    hotel.apply(with_concierge(hotel.url), options=("--prune",))
    assert shown(hotel, YEALINK) == [("2101", "101")]
    assert b"2102" not in hotel.rendered(YEALINK)[f"{YEALINK}.cfg"]


def test_other_phones_ask_for_no_rooms_and_a_batch_asks_once(hotel: DataFolder) -> None:
    asked: list[str] = []
    with hotel.opened() as installation:
        reader = installation.database.reader

        @event.listens_for(reader, "before_cursor_execute")
        def _note(_c: Any, _cur: Any, statement: str, *_rest: Any) -> None:
            if "room.extension" in statement and "room.settings" not in statement:
                asked.append(statement)

        with installation.database.read() as session:
            for mac in (FANVIL, BATHROOM, SNOM, CORRIDOR):
                installation.press.kit(session, MacAddress(mac))
            assert asked == []
            for mac in (YEALINK, CONCIERGE):
                installation.press.kit(session, MacAddress(mac))
            assert len(asked) == 1


def test_adopting_a_phone_of_the_wrong_kind_is_refused(hotel: DataFolder) -> None:
    result = hotel.run(
        "adopt", "0c383e0fff01", "--site", "casa", "--room", "reception", "--position",
        "back-office", "--model", "fanvil/h2u-v2", "--extension", "150",
    )  # fmt: skip
    assert result.exit_code == 1
    assert "H2U-V2 is of kind hotel" in result.output
    assert "preset 'office'" in result.output
