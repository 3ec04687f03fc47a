"""Figures over time: rolling up loses nothing, whatever the order and the steps."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from monitors.history import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    Bucket,
    Quantity,
    Sample,
    roll_up,
    single,
    start_of,
)
from monitors.store.tables import minute_sample

WEEK_MIN = 7 * 24 * 60
SINGLES = st.lists(
    st.builds(
        single,
        phone=st.integers(1, 3),
        at_s=st.integers(0, WEEK_MIN).map(lambda minute: minute * MINUTE_S),
        quantity=st.sampled_from(Quantity),
        value=st.integers(0, 2_000_000),
    ),
    max_size=60,
)


@given(SINGLES, st.randoms())
def test_a_day_of_hours_is_a_day_of_minutes(parts: list[Bucket], chance) -> None:
    direct = roll_up(parts, DAY_S)
    chance.shuffle(parts)
    assert roll_up(roll_up(parts, HOUR_S), DAY_S) == direct


@given(SINGLES)
def test_nothing_is_lost_and_nothing_made_up(parts: list[Bucket]) -> None:
    made = roll_up(parts, HOUR_S)
    assert sum(b.count for b in made) == len(parts)
    assert sum(b.total for b in made) == sum(b.total for b in parts)
    keys = [(b.phone, b.at_s, b.quantity) for b in made]
    assert keys == sorted(set(keys))
    for bucket in made:
        mine = [
            p.total
            for p in parts
            if (p.phone, start_of(p.at_s, HOUR_S), p.quantity)
            == (bucket.phone, bucket.at_s, bucket.quantity)
        ]
        assert (bucket.least, bucket.most) == (min(mine), max(mine))
        assert bucket.least <= bucket.mean <= bucket.most
        assert bucket.at_s % HOUR_S == 0


@given(SINGLES)
def test_rolling_up_again_changes_nothing(parts: list[Bucket]) -> None:
    made = roll_up(parts, HOUR_S)
    assert roll_up(made, HOUR_S) == made


@given(st.integers(0, 2**33), st.sampled_from([MINUTE_S, HOUR_S, DAY_S]))
def test_a_bucket_begins_before_what_is_in_it(at_s: int, width_s: int) -> None:
    start = start_of(at_s, width_s)
    assert start <= at_s < start + width_s
    assert start % width_s == 0


def test_what_was_not_measured_is_no_value() -> None:
    assert list(Sample("0c383e000001", 0).values()) == []
    sample = Sample("0c383e000001", 0, rtt_us=0, registered=False)
    assert list(sample.values()) == [(Quantity.RTT_US, 0), (Quantity.REGISTERED, 0)]


def test_every_quantity_has_its_column() -> None:
    columns = {quantity.column for quantity in Quantity}
    assert columns == {f.name for f in fields(Sample)} - {"mac", "at_s"}
    assert columns == set(minute_sample.c.keys()) - {"phone", "at"}
