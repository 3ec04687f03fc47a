"""Shutting out guessers: a budget a minute, a growing time, a bounded memory."""

from __future__ import annotations

from provisioner import ratelimit
from provisioner.ratelimit import WINDOW_S, Guard

A, B = "192.0.2.1", "192.0.2.2"


def guard(per_minute: int = 5, first_s: float = 60, longest_s: float = 300) -> Guard:
    return Guard(per_minute, first_s, longest_s)


def exhaust(made: Guard, now_s: float, address: str = A, times: int = 6) -> list[bool]:
    return [made.refused(address, now_s) for _ in range(times)]


def test_a_budget_then_shut_out_once() -> None:
    made = guard()
    assert exhaust(made, 0, times=5) == [False] * 5
    assert not made.is_shut_out(A, 0)
    assert made.refused(A, 1)
    assert made.is_shut_out(A, 1)
    assert not made.refused(A, 1)


def test_only_that_address() -> None:
    made = guard()
    exhaust(made, 0)
    assert not made.is_shut_out(B, 0)
    assert not made.is_shut_out("", 0)


def test_a_new_window_is_a_new_budget() -> None:
    made = guard()
    exhaust(made, 0, times=5)
    assert not made.refused(A, WINDOW_S)
    assert not made.is_shut_out(A, WINDOW_S)


def test_within_a_window_refusals_add_up() -> None:
    made = guard()
    assert [made.refused(A, second * 9.0) for second in range(6)] == [False] * 5 + [True]


def test_shut_out_ends() -> None:
    made = guard(first_s=60)
    exhaust(made, 100)
    assert made.is_shut_out(A, 159.9)
    assert not made.is_shut_out(A, 160)


def test_each_time_is_longer_up_to_the_longest() -> None:
    made, now_s, lengths = guard(first_s=60, longest_s=300), 0.0, []
    for _ in range(30):
        assert exhaust(made, now_s)[-1]
        length = next(s for s in range(1, 1000) if not made.is_shut_out(A, now_s + s))
        lengths.append(length)
        now_s += length + WINDOW_S
    assert lengths[:4] == [60, 120, 240, 300]
    assert set(lengths[3:]) == {300}


def test_refusals_while_shut_out_do_not_prolong_it() -> None:
    made = guard(first_s=60)
    exhaust(made, 0)
    exhaust(made, 30, times=100)
    assert made.is_shut_out(A, 59)
    assert not made.is_shut_out(A, 60)


def test_weights() -> None:
    made = guard()
    assert made.refused(A, 0, weight=5.5)
    assert not any(made.refused(B, 0, weight=0.1) for _ in range(50))


def test_memory_is_bounded_and_the_quietest_is_forgotten(monkeypatch) -> None:
    monkeypatch.setattr(ratelimit, "MAX_ADDRESSES", 3)
    made = guard()
    exhaust(made, 0, "first")
    exhaust(made, 0, "second")
    made.refused("third", 1)
    made.refused("first", 2)  # heard of again
    made.refused("fourth", 3)
    assert made.is_shut_out("first", 3)
    assert not made.is_shut_out("second", 3)
    for number in range(100):
        made.refused(str(number), 4)
    assert len(made._records) == 3


def test_a_network_has_ten_times_the_budget_of_an_address() -> None:
    made = guard(per_minute=5)
    shut = [made.refused(f"10.1.1.{n}", 0) for n in range(1, 52)]
    assert shut == [False] * 50 + [True]
    assert made.is_shut_out("10.1.1.200", 1)
    assert not made.is_shut_out("10.1.2.1", 1)


def test_a_machine_with_a_whole_ipv6_network_is_one_address() -> None:
    made = guard(per_minute=5)
    shut = [made.refused(f"fd00:20:0:1::{n:x}", 0) for n in range(1, 7)]
    assert shut == [False] * 5 + [True]
    assert not made.is_shut_out("fd00:20:0:2::1", 1)


def test_a_long_quiet_time_makes_the_next_shut_out_short_again() -> None:
    made = guard(first_s=60, longest_s=300)
    exhaust(made, 0)
    exhaust(made, 200)
    exhaust(made, 10_000)
    assert not made.is_shut_out(A, 10_060)
