"""Phones that fail together, and those that only fail at the same time."""

from __future__ import annotations

from typing import Any

import pytest

from monitors.evidence import Evidence, Group
from monitors.groups import Member, collapse
from monitors.signals import Signal

KINDS = {name: type(signal.value) for name, signal in Evidence().signals().items()}


def member(number: int, failing_s: float | None = 60.0, **given: str) -> Member:
    signals: dict[str, Any] = {n: Signal(KINDS[n](v), 5.0) for n, v in given.items()}
    groups = {
        Group.SITE: "aurora", Group.PBX: "pbx", Group.SWITCH: "sw-2",
        Group.VLAN: "20", Group.MODEL: "fanvil/h5 2.12",
    }  # fmt: skip
    return Member(f"0c383e{number:06x}", groups, Evidence(**signals), failing_s)


def well(number: int) -> Member:
    return member(number, None, registration="reachable", link="up", switch="up")


ROWS = [
    ("A3", {"switch": "down", "registration": "unreachable"}),
    ("A4", {"switch": "up", "power": "searching", "registration": "none"}),
    ("A6", {"switch": "up", "link": "up", "address": "none", "registration": "none"}),
    ("A8", {"config": "never", "registration": "none"}),
    ("A9", {"config": "refused", "registration": "none"}),
    ("A2", {"registration": "none", "options": "alive", "link": "up"}),
    ("A10", {"registration": "unreachable", "link": "up", "config": "wrong-model"}),
]


@pytest.mark.parametrize(("row", "given"), ROWS, ids=[row for row, _ in ROWS])
def test_most_of_a_group_in_the_same_way(row: str, given: dict[str, str]) -> None:
    found = collapse([*(member(n, 60.0 + n, **given) for n in range(8)), well(8), well(9)])
    assert {f.rule for f in found.values()} == {row}
    assert len(found) == 8
    assert next(iter(found.values())).share == 0.8


def test_a_model_whose_new_configuration_fails() -> None:
    broken = [member(n, config="current", registration="none") for n in range(4)]
    others = [
        Member(f"805ec0{n:06x}", {**well(0).groups, Group.MODEL: "yealink/t31p 124"},
               well(0).evidence)
        for n in range(8)
    ]  # fmt: skip
    assert {f.rule for f in collapse([*broken, *others]).values()} == {"A7"}


@pytest.mark.parametrize("failing", [1, 2])
def test_two_phones_are_no_group(failing: int) -> None:
    assert collapse(member(n, switch="down") for n in range(failing)) == {}


def test_a_minority_is_no_group() -> None:
    phones = [member(n, switch="up", power="searching") for n in range(5)]
    assert collapse([*phones, *(well(n) for n in range(5, 15))]) == {}


def test_one_after_the_other_over_hours_is_no_group() -> None:
    phones = [member(n, 3600.0 * n, switch="up", power="searching") for n in range(10)]
    assert collapse(phones) == {}


def test_late_ones_are_judged_alone() -> None:
    together = [member(n, 50.0, switch="up", power="searching") for n in range(9)]
    late = member(9, 9000.0, switch="up", power="searching")
    found = collapse([*together, late])
    assert set(found) == {m.mac for m in together}


def test_a_switch_explains_before_the_pbx_does() -> None:
    given = {"switch": "down", "registration": "unreachable", "link": "up"}
    assert {f.rule for f in collapse(member(n, **given) for n in range(5)).values()} == {"A3"}


def test_wrong_passwords_are_not_a_broken_pbx() -> None:
    given = {"registration": "none", "link": "up", "security": "wrong-password"}
    assert "A2" not in {f.rule for f in collapse(member(n, **given) for n in range(5)).values()}


def test_nothing_in_nothing_out() -> None:
    assert collapse([]) == {}
