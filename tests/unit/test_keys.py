"""Logical keys on physical ones: each key once, each slot once."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import KeyGroup, Kind, Model
from provisioner.inventory.records import Accessory
from provisioner.key_types import KeyType, PhoneKey
from provisioner.keys import lay_out
from tests.kits import make_kit

CATALOGUE = load()
H2U = CATALOGUE.models["fanvil/h2u-v2"]
X4U = CATALOGUE.models["fanvil/x4u"]
D785 = CATALOGUE.models["snom/d785"]
T46U = CATALOGUE.models["yealink/t46u"]
EXP43 = CATALOGUE.models["yealink/exp43"]
D7 = CATALOGUE.models["snom/d7"]


def dial(number: object, slot: str = "", *, optional: bool = False) -> PhoneKey:
    return PhoneKey(
        type=KeyType.SPEED_DIAL, value=str(number), label=f"L{number}", slot=slot, optional=optional
    )


def placed(plan) -> dict[str, str]:
    return {p.slot.id: p.key.value or str(p.key.type) for p in plan.slots if p.key is not None}


def test_ten_speed_dials_and_the_emergency_key_of_a_room_phone() -> None:
    keys = [*(dial(100 + n) for n in range(10)), PhoneKey(type=KeyType.EMERGENCY, value="112")]
    plan = lay_out(H2U, [], keys)
    assert placed(plan) == {
        "emergency-1": "112",
        **{f"digit-{n}": str(99 + n) for n in range(1, 11)},
    }
    assert [p.slot.name for p in plan.group("digit")] == [*"1234567890"]
    assert plan.left_over == ()


def test_the_emergency_key_never_dials_a_service() -> None:
    plan = lay_out(H2U, [], [dial(n) for n in range(11)])
    assert plan.group("emergency")[0].key is None
    assert [left.key.value for left in plan.left_over] == ["10"]
    assert "10 keys" in plan.left_over[0].reason


def test_pages_start_again() -> None:
    plan = lay_out(X4U, [], [dial(n) for n in range(33)])
    assert len(plan.group("side") + plan.group("dss")) == 33
    assert plan.left_over == ()
    assert [p.slot.page for p in plan.group("side")] == [1, 1, 1]
    assert [(p.slot.page, p.slot.index) for p in plan.group("dss")] == [
        (page, index) for page in range(1, 6) for index in range(1, 7)
    ]
    assert next(p.key.value for p in plan.group("dss") if p.key) == "3"


def test_an_index_starts_where_the_vendor_starts() -> None:
    plan = lay_out(D785, [], [])
    assert [p.slot.index for p in plan.group("line")] == [*range(6)] * 4
    assert [p.slot.number for p in plan.group("line")] == [*range(1, 25)]


def test_reserved_positions_are_not_slots() -> None:
    group = X4U.keys[1].model_copy(update={"count": 4, "reserved": frozenset({2})})
    plan = lay_out(X4U.model_copy(update={"keys": (group,)}), [], [dial(n) for n in range(4)])
    assert placed(plan) == {"dss-1": "0", "dss-3": "1", "dss-4": "2"}
    assert [left.key.value for left in plan.left_over] == ["3"]


def test_expansion_modules_come_last_and_one_after_the_other() -> None:
    plan = lay_out(T46U, [EXP43, EXP43], [dial(n) for n in range(27 + 61)])
    assert plan.modules == (1, 2)
    assert len(plan.module(1)) == len(plan.module(2)) == 60
    assert all(p.key for p in plan.group("line"))
    assert plan.module(1)[0].key == dial(27)
    assert plan.module(2)[0].slot.id == "exp2-1"
    assert plan.module(2)[0].key == dial(87)
    assert plan.module(2)[1].key is None
    assert all(p.key is None for p in plan.group("soft"))
    assert plan.left_over == ()


def test_a_key_may_name_a_place_on_a_module() -> None:
    plan = lay_out(D785, [D7], [dial(1, "exp1-18"), dial(2, "exp2-1"), dial(3, "exp1-19")])
    assert placed(plan) == {"exp1-18": "1"}
    assert [left.key.value for left in plan.left_over] == ["2", "3"]


def test_named_slots_are_taken_before_free_ones() -> None:
    plan = lay_out(X4U, [], [dial(1), dial(2, "side-1"), dial(3)])
    assert placed(plan) == {"side-1": "2", "side-2": "1", "side-3": "3"}


@pytest.mark.parametrize(
    ("model", "keys", "left", "words"),
    [
        (X4U, [dial(1, "side-1"), dial(2, "side-1")], "2", "given twice"),
        (X4U, [dial(1, "side-4")], "1", "no key 'side-4'"),
        (X4U, [dial(1, "wing-1")], "1", "no key 'wing-1'"),
        (H2U, [dial(1, "emergency-1")], "1", "cannot be a speed_dial key"),
        (H2U, [PhoneKey(type=KeyType.BLF, value="7")], "7", "no key that can be a blf key"),
    ],
)
def test_a_key_without_a_place_is_named_with_the_reason(model, keys, left: str, words: str) -> None:
    plan = lay_out(model, [], keys)
    assert [over.key.value for over in plan.left_over] == [left]
    assert words in plan.left_over[0].reason


def test_an_unused_key_may_be_asked_for() -> None:
    none = PhoneKey(type=KeyType.NONE, slot="side-1")
    plan = lay_out(X4U, [], [dial(1), none])
    assert plan.group("side")[0].key == none
    assert plan.group("side")[1].key == dial(1)


def test_an_optional_key_without_a_place_is_no_news() -> None:
    plan = lay_out(H2U, [], [dial(n, optional=True) for n in range(12)])
    assert plan.left_over == ()
    assert lay_out(H2U, [], [dial(1, "line-7", optional=True)]).left_over == ()


def test_a_model_without_keys() -> None:
    bare = CATALOGUE.models["snom/m700"]
    plan = lay_out(bare, [], [dial(1), dial(2, optional=True)])
    assert plan.slots == ()
    assert plan.modules == ()
    assert [left.key.value for left in plan.left_over] == ["1"]
    assert bare.name in plan.left_over[0].reason


def test_used_keys_by_type() -> None:
    plan = lay_out(X4U, [], [dial(1), PhoneKey(type=KeyType.DND), dial(2)])
    assert [p.key.value for p in plan.slots if p.key and p.key.type is KeyType.SPEED_DIAL] == [
        "1",
        "2",
    ]


def test_keys_know_their_number_from_the_settings() -> None:
    keys = tuple(
        PhoneKey(type=kind) for kind in (KeyType.EMERGENCY, KeyType.DOOR_OPEN, KeyType.VOICEMAIL)
    )
    kit = make_kit(
        "fanvil/x4u", "office", keys=keys,
        settings={"door": {"open_code": "77#"}, "calls": {"voicemail": "*1"}},
    )  # fmt: skip
    made = {p.key.type: (p.key.value, p.key.label) for p in kit.plan.slots if p.key}
    assert made["emergency"] == ("112", "SOS")
    assert made["door_open"][0] == "77#"
    assert made["voicemail"][0] == "*1"


def test_accessories_without_keys_are_no_modules() -> None:
    kit = make_kit(
        "snom/d785", "office", accessories=(Accessory("snom/a230"), Accessory("snom/d7", 2))
    )
    assert kit.plan.modules == (1, 2)


def groups_of(*groups: tuple[int, str]) -> Model:
    keys = tuple(
        KeyGroup(id=f"g{n}", count=count, accepts=frozenset(map(KeyType, kinds.split())))
        for n, (count, kinds) in enumerate(groups)
    )
    return X4U.model_copy(update={"keys": keys})


def test_an_optional_key_gives_way_to_one_that_must_be() -> None:
    line = PhoneKey(type=KeyType.LINE, optional=True)
    model = groups_of((2, "line speed_dial emergency"))
    plan = lay_out(model, [], [PhoneKey(type=KeyType.EMERGENCY, value="112"), line, dial(100)])
    assert placed(plan) == {"g0-1": "112", "g0-2": "100"}
    assert plan.left_over == ()
    roomy = groups_of((3, "line speed_dial emergency"))
    plan = lay_out(roomy, [], [PhoneKey(type=KeyType.EMERGENCY, value="112"), line, dial(100)])
    assert placed(plan) == {"g0-1": "112", "g0-2": "line", "g0-3": "100"}


def test_the_last_optional_key_gives_way_first_and_only_where_it_helps() -> None:
    model = groups_of((2, "speed_dial"), (1, "blf"))
    lamp = PhoneKey(type=KeyType.BLF, value="7", optional=True)
    plan = lay_out(model, [], [dial(1, optional=True), dial(2, optional=True), lamp, dial(3)])
    assert placed(plan) == {"g0-1": "1", "g0-2": "3", "g1-1": "7"}


def test_nothing_gives_way_in_vain() -> None:
    model = groups_of((2, "speed_dial"))
    paging = PhoneKey(type=KeyType.PAGING, value="239.255.1.1:5004")
    plan = lay_out(model, [], [dial(1, optional=True), dial(2, optional=True), paging])
    assert placed(plan) == {"g0-1": "1", "g0-2": "2"}
    assert [left.key.type for left in plan.left_over] == ["paging"]


def test_an_optional_key_gives_way_through_another_group() -> None:
    model = groups_of((1, "line speed_dial"), (1, "speed_dial blf"))
    lamp = PhoneKey(type=KeyType.BLF, value="7")
    line = PhoneKey(type=KeyType.LINE, optional=True)
    plan = lay_out(model, [], [line, dial(1), lamp])
    assert placed(plan) == {"g0-1": "1", "g1-1": "7"}


def test_nothing_gives_way_to_keys_of_rooms() -> None:
    model = groups_of((2, "speed_dial blf"))
    rooms = [PhoneKey(type=KeyType.BLF, value=str(n), each="rooms") for n in range(3)]
    plan = lay_out(model, [], [dial(1, optional=True), *rooms])
    assert placed(plan) == {"g0-1": "1", "g0-2": "0"}
    assert [left.key.value for left in plan.left_over] == ["1", "2"]


GROUPS = st.lists(
    st.builds(
        lambda count, per_page, first, accepts, fill: (count, per_page, first, accepts, fill),
        st.integers(1, 6), st.integers(0, 3), st.integers(0, 1),
        st.frozensets(st.sampled_from([*KeyType][:5]), min_size=1), st.booleans(),
    ),
    max_size=3,
)  # fmt: skip
KEYS = st.lists(
    st.builds(
        lambda kind, slot, optional: PhoneKey(type=kind, value="1", slot=slot, optional=optional),
        st.sampled_from([*KeyType][:6]),
        st.sampled_from(["", "", "", "g0-1", "g0-2", "g1-1", "g2-9", "exp1-1", "exp2-1"]),
        st.booleans(),
    ),
    max_size=15,
)


def made_model(groups, kind: Kind = Kind.DESK) -> Model:
    keys = tuple(
        KeyGroup(id=f"g{n}", count=c, per_page=p, first=f, accepts=a, fill=fill)
        for n, (c, p, f, a, fill) in enumerate(groups)
    )
    return X4U.model_copy(update={"keys": keys, "kind": kind})


@given(GROUPS, st.lists(GROUPS.map(lambda g: g[:1]), max_size=2), KEYS)
def test_every_key_is_placed_or_left_over_and_every_slot_listed_once(groups, modules, keys) -> None:
    model = made_model(groups)
    attached = [made_model(g, Kind.EXPANSION) for g in modules]
    numbered = [k.model_copy(update={"value": str(n)}) for n, k in enumerate(keys)]
    plan = lay_out(model, attached, numbered)

    slots = Counter(p.slot.id for p in plan.slots)
    assert set(slots.values()) <= {1}
    assert sum(slots.values()) == sum(g.count for m in (model, *attached) for g in m.keys)

    places = Counter(p.key.value for p in plan.slots if p.key)
    places.update(left.key.value for left in plan.left_over)
    for key in numbered:
        assert places[key.value] == 1 or (key.optional and places[key.value] == 0)
    for p in plan.slots:
        if p.key and p.key.slot:
            assert p.key.slot == p.slot.id
    assert all(left.reason for left in plan.left_over)
    assert plan == lay_out(model, attached, numbered)
