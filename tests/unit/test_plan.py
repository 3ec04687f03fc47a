"""A plan says what would change, touches no phone without need, and shows no value."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from pydantic import SecretStr

from provisioner.catalogue.loader import load
from provisioner.errors import DuplicateError, UnknownThingError
from provisioner.inventory.records import Account, Handset, Inventory, Phone, Room, Site
from provisioner.key_types import KeyType, PhoneKey
from provisioner.mac import MacAddress
from provisioner.plan import Action, Plan, make_plan

CATALOGUE = load()
MACS = [MacAddress(f"0c383e00000{n}") for n in range(1, 6)]


def phone(n: int, room: str, position: str = "bedside", **more: object) -> Phone:
    values = {"accounts": (f"2{room}",), "preset": "guest-room", "model": "fanvil/h5", **more}
    return Phone("aurora", room, position, MACS[n], **values)  # type: ignore[arg-type]


HELD = Inventory(
    sites=(Site("aurora", "Hotel Aurora", networks=(ip_network("10.0.0.0/8"),)),),
    rooms=(Room("aurora", "1"), Room("aurora", "2"), Room("aurora", "3")),
    accounts=tuple(Account("aurora", e, e, SecretStr(f"hush-{e}")) for e in ("21", "22", "23")),
    phones=(phone(0, "1"), phone(1, "2"), phone(2, "2", "bathroom", accounts=("21",))),
)


def told(plan: Plan) -> set[tuple[str, str, tuple[str, ...]]]:
    return {(str(c.action), c.title.split(" (")[0], c.fields) for c in plan.changes}


def swap(inventory: Inventory, n: int, **changes: object) -> Inventory:
    phones = list(inventory.phones)
    phones[n] = replace(phones[n], **changes)  # type: ignore[arg-type]
    return replace(inventory, phones=tuple(phones))


def test_into_nothing_everything_is_added() -> None:
    plan = make_plan(CATALOGUE, Inventory(), HELD)
    assert {c.action for c in plan.changes} == {Action.ADD}
    assert len(plan.changes) == 1 + 3 + 3 + 3
    assert plan.affected == tuple(MACS[:3])
    assert plan.after == HELD


@pytest.mark.parametrize("prune", [False, True])
def test_twice_is_the_same_as_once(prune: bool) -> None:
    plan = make_plan(CATALOGUE, HELD, HELD, prune=prune)
    assert (plan.changes, plan.affected) == ((), ())
    added = make_plan(CATALOGUE, Inventory(), HELD, prune=prune)
    assert make_plan(CATALOGUE, added.after, HELD, prune=prune).changes == ()


def test_an_account_keeps_its_secret_when_the_file_gives_none() -> None:
    wanted = replace(HELD, accounts=tuple(replace(a, secret=None) for a in HELD.accounts))
    plan = make_plan(CATALOGUE, HELD, wanted)
    assert plan.changes == ()
    assert plan.after.accounts == HELD.accounts


def test_what_a_file_no_longer_names_stays_without_prune() -> None:
    wanted = replace(HELD, phones=HELD.phones[:1], rooms=HELD.rooms[:1], accounts=HELD.accounts[:1])
    plan = make_plan(CATALOGUE, HELD, wanted)
    assert plan.changes == ()
    assert plan.after == HELD


def test_prune_retires() -> None:
    wanted = replace(HELD, phones=HELD.phones[:1], rooms=HELD.rooms[:1], accounts=HELD.accounts[:1])
    plan = make_plan(CATALOGUE, HELD, wanted, prune=True)
    assert told(plan) == {
        ("retire", "phone 0c:38:3e:00:00:02", ()),
        ("retire", "phone 0c:38:3e:00:00:03", ()),
        ("retire", "room aurora 2", ()),
        ("retire", "room aurora 3", ()),
        ("retire", "account aurora 22", ()),
        ("retire", "account aurora 23", ()),
    }
    assert plan.after == wanted
    assert set(plan.affected) == {MACS[1], MACS[2]}


def test_a_change_names_fields_and_no_values() -> None:
    wanted = replace(
        HELD, accounts=(replace(HELD.accounts[0], secret=SecretStr("hush-new")), *HELD.accounts[1:])
    )
    plan = make_plan(CATALOGUE, HELD, wanted)
    assert told(plan) == {("change", "account aurora 21", ("secret",))}
    assert "hush" not in repr(plan.changes[0].fields) + plan.changes[0].title
    assert "hush" not in repr(plan)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"model": "fanvil/h2u-v2"}, ("model",)),
        ({"settings": {"sip": {"port": 5061}}}, ("settings",)),
        ({"room": "3", "position": "desk"}, ("room", "position")),
    ],
)
def test_a_changed_phone(changes: dict[str, object], fields: tuple[str, ...]) -> None:
    plan = make_plan(CATALOGUE, HELD, swap(HELD, 0, **changes))
    assert told(plan) == {("change", "phone 0c:38:3e:00:00:01", fields)}
    assert plan.affected == (MACS[0],)


def test_two_phones_swap_their_positions() -> None:
    wanted = swap(swap(HELD, 1, position="bathroom"), 2, position="bedside")
    plan = make_plan(CATALOGUE, HELD, wanted)
    assert {c.action for c in plan.changes} == {Action.CHANGE}
    assert set(plan.affected) == {MACS[1], MACS[2]}
    assert {(p.mac, p.position) for p in plan.after.phones} >= {
        (MACS[1], "bathroom"),
        (MACS[2], "bedside"),
    }


def test_a_new_phone_in_anothers_place_needs_prune() -> None:
    wanted = replace(HELD, phones=(replace(HELD.phones[0], mac=MACS[3]), *HELD.phones[1:]))
    with pytest.raises(DuplicateError) as caught:
        make_plan(CATALOGUE, HELD, wanted)
    for word in (MACS[0].colons, MACS[3].colons, "bedside", "--prune"):
        assert word in str(caught.value)
    plan = make_plan(CATALOGUE, HELD, wanted, prune=True)
    assert told(plan) == {
        ("add", "phone 0c:38:3e:00:00:04", ()),
        ("retire", "phone 0c:38:3e:00:00:01", ()),
    }
    assert set(plan.affected) == {MACS[0], MACS[3]}


def test_an_account_in_use_is_not_retired() -> None:
    wanted = replace(HELD, accounts=HELD.accounts[1:])
    with pytest.raises(UnknownThingError, match="'21'"):
        make_plan(CATALOGUE, HELD, wanted, prune=True)


def test_a_handsets_account_is_in_use() -> None:
    base = swap(HELD, 0, accounts=("22",), handsets=(Handset(1, "H", "23"),))
    with pytest.raises(UnknownThingError, match="'23'"):
        make_plan(CATALOGUE, base, replace(base, accounts=HELD.accounts[:2]), prune=True)


def test_a_room_in_use_is_not_retired() -> None:
    with pytest.raises(UnknownThingError, match="room '1'"):
        make_plan(CATALOGUE, HELD, replace(HELD, rooms=HELD.rooms[1:]), prune=True)


@pytest.mark.parametrize(
    ("wanted", "affected"),
    [
        (replace(HELD, sites=(replace(HELD.sites[0], timezone="Europe/Madrid"),)), {0, 1, 2}),
        (
            replace(HELD, rooms=(HELD.rooms[0], Room("aurora", "2", name="Two"), HELD.rooms[2])),
            {1, 2},
        ),
        (replace(HELD, rooms=(*HELD.rooms[:2], Room("aurora", "3", name="Three"))), set()),
        (
            replace(HELD, accounts=(replace(HELD.accounts[0], name="New"), *HELD.accounts[1:])),
            {0, 2},
        ),
        (replace(HELD, accounts=(*HELD.accounts, Account("aurora", "99"))), set()),
    ],
)
def test_only_phones_that_depend_on_a_change_are_affected(
    wanted: Inventory, affected: set[int]
) -> None:
    assert set(make_plan(CATALOGUE, HELD, wanted).affected) == {MACS[n] for n in affected}


def test_a_handsets_name_reaches_its_base() -> None:
    base = swap(HELD, 0, accounts=(), handsets=(Handset(1, "H", "23"),))
    accounts = (*HELD.accounts[:2], replace(HELD.accounts[2], name="New"))
    assert make_plan(CATALOGUE, base, replace(base, accounts=accounts)).affected == (MACS[0],)


def test_the_same_account_number_of_another_site_is_another_account() -> None:
    other = Site("borealis", "Hotel Borealis")
    wanted = replace(
        HELD,
        sites=(*HELD.sites, other),
        accounts=(*HELD.accounts, Account("borealis", "21")),
        rooms=(*HELD.rooms, Room("borealis", "1")),
    )
    assert make_plan(CATALOGUE, HELD, wanted).affected == ()


def test_titles_and_kinds() -> None:
    plan = make_plan(CATALOGUE, Inventory(), HELD)
    assert [c.title for c in plan.of(Site)] == ["site aurora"]
    assert next(c.title for c in plan.of(Phone)) == "phone 0c:38:3e:00:00:01 (fanvil/h5, aurora 1)"


def test_a_change_of_switches_or_pbx_touches_no_phone() -> None:
    from provisioner.inventory.records import Pbx, Switch

    site = replace(HELD.sites[0], pbx=Pbx(host="10.0.0.5"), switches=(Switch("10.0.0.2"),))
    plan = make_plan(CATALOGUE, HELD, replace(HELD, sites=(site,)))
    assert [c.fields for c in plan.changes] == [("switches", "pbx")]
    assert plan.affected == ()
    both = replace(site, url="http://elsewhere.example")
    assert len(make_plan(CATALOGUE, HELD, replace(HELD, sites=(both,))).affected) == 3


LOBBY = Room("aurora", "lobby", extension="100")
DESK = phone(3, "lobby", "desk", accounts=("100",), preset="reception", model="yealink/t46u")
LISTING = phone(
    4, "lobby", "second", accounts=("100",), preset="office", model="yealink/t46u",
    keys=(PhoneKey(type=KeyType.SPEED_DIAL, each="rooms"),),
)  # fmt: skip
WATCHED = replace(
    HELD,
    rooms=(*HELD.rooms, LOBBY),
    accounts=(*HELD.accounts, Account("aurora", "100")),
    phones=(*HELD.phones, DESK, LISTING),
)


def with_room(inventory: Inventory, room: Room) -> Inventory:
    kept = tuple(r for r in inventory.rooms if r.id != room.id)
    return replace(inventory, rooms=(*kept, room))


@pytest.mark.parametrize(
    ("room", "affected"),
    [
        (Room("aurora", "4", extension="24"), {3, 4}),
        (Room("aurora", "3", extension="23"), {3, 4}),
        (Room("aurora", "3", name="Three"), {3, 4}),
        (Room("aurora", "3", floor="3"), {3, 4}),
        (Room("aurora", "3", template="guest-room"), {3, 4}),
        (Room("aurora", "3", settings={"sip": {"port": 5061}}), set()),
        (Room("aurora", "2", name="Two"), {1, 2, 3, 4}),
        (Room("aurora", "2", settings={"sip": {"port": 5061}}), {1, 2}),
    ],
)
def test_phones_that_show_rooms_are_affected_by_them_and_no_others(
    room: Room, affected: set[int]
) -> None:
    plan = make_plan(CATALOGUE, WATCHED, with_room(WATCHED, room))
    assert set(plan.affected) == {MACS[n] for n in affected}


def test_a_retired_room_vanishes_from_the_phones_that_show_it() -> None:
    wanted = replace(WATCHED, rooms=tuple(r for r in WATCHED.rooms if r.id != "3"))
    assert make_plan(CATALOGUE, WATCHED, wanted).affected == ()
    plan = make_plan(CATALOGUE, WATCHED, wanted, prune=True)
    assert told(plan) == {("retire", "room aurora 3", ())}
    assert set(plan.affected) == {MACS[3], MACS[4]}


def test_rooms_of_another_site_are_no_concern() -> None:
    other = Site("borealis", "Hotel Borealis")
    wanted = replace(
        WATCHED, sites=(*WATCHED.sites, other), rooms=(*WATCHED.rooms, Room("borealis", "1"))
    )
    assert make_plan(CATALOGUE, WATCHED, wanted).affected == ()


def test_a_sites_own_preset_says_who_shows_rooms() -> None:
    quiet = CATALOGUE.presets["reception"].model_copy(update={"keys": ()})
    site = replace(WATCHED.sites[0], presets={"reception": quiet})
    held = replace(WATCHED, sites=(site,))
    plan = make_plan(CATALOGUE, held, with_room(held, Room("aurora", "4")))
    assert plan.affected == (MACS[4],)


def test_a_phone_that_changes_its_preset_with_the_rooms_is_there_once() -> None:
    wanted = swap(with_room(WATCHED, Room("aurora", "4")), 3, preset="office")
    plan = make_plan(CATALOGUE, WATCHED, wanted)
    assert sorted(plan.affected) == sorted({MACS[3], MACS[4]})
