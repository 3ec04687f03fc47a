"""Rates: the longest prefix, increments, dates, money to the last digit; and CSV."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.calls.rate_csv import RateError, read_rates, write_rates
from monitors.calls.rates import Rate, RateTable

TODAY = date(2026, 11, 22)
CSV = """\
prefix;name;per_minute;currency;connection_fee;first_s;step_s;valid_from;valid_to
34;Spain;0,012;EUR;0;1;1;;
+346;Spain mobile;0.05;eur;0.10;30;6;2026-01-01;2026-12-31
00346;Spain mobile;0.06;EUR;0.10;30;6;2027-01-01;
1;North America;0.02;;;60;60;;
"""


def test_csv_in_and_the_longest_prefix() -> None:
    table = read_rates(CSV, "EUR")
    assert len(table) == 4
    mobile = table.rate("+34600111222", TODAY)
    assert mobile is not None
    assert (mobile.name, mobile.per_minute) == ("Spain mobile", Decimal("0.05"))
    later = table.rate("+34600111222", date(2027, 5, 1))
    assert later is not None
    assert later.per_minute == Decimal("0.06")
    before = table.rate("+34600111222", date(2025, 5, 1))
    assert before is not None
    assert before.name == "Spain"
    assert table.rate("+4930901820", TODAY) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one of them 'prefix'"),
        ("prefix\n34", "one of them 'per_minute'"),
        ("prefix,per_minute,colour\n", "column 'colour'"),
        ("prefix,per_minute\nabc,1", "line 2: prefix 'abc'"),
        ("prefix,per_minute\n,1", "line 2: prefix ''"),
        ("prefix,per_minute\n34,cheap", "line 2: per_minute 'cheap'"),
        ("prefix,per_minute\n34,-1", "line 2: per_minute '-1'"),
        ("prefix,per_minute\n34,NaN", "line 2: per_minute 'NaN'"),
        ("prefix,per_minute\n34,Infinity", "line 2: per_minute 'Infinity'"),
        ("prefix,per_minute\n34,1,2", "line 2: 3 columns"),
        (
            "prefix,per_minute,currency\n34,1,USD",
            "line 2: currency 'USD', but the site counts in EUR",
        ),
        ("prefix,per_minute,step_s\n34,1,0", "line 2: step_s '0'"),
        ("prefix,per_minute,step_s\n34,1," + "9" * 5000, "line 2: step_s '9"),
        ("prefix,per_minute\n34,1\n34,2", "line 3: prefix 34 is there twice"),
        ("prefix,per_minute,valid_from\n34,1,soon", "line 2: valid_from 'soon'"),
        ("prefix,per_minute,valid_from,valid_to\n34,1,2027-01-02,2027-01-01", "valid_to is before"),
        ('prefix,per_minute\n"34', "no CSV"),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(RateError, match=said):
        read_rates(text, "EUR")


def test_many_wrong_lines_are_counted() -> None:
    with pytest.raises(RateError, match=r"line 6: .*and 4 more"):
        read_rates("prefix,per_minute\n" + "x,1\n" * 9, "EUR")


PRICES = st.decimals(0, 3, places=4)
RATES = st.builds(
    Rate,
    st.text(alphabet="123", min_size=1, max_size=4),
    PRICES,
    st.sampled_from(["", "a;b", 'so "called"']),
    PRICES,
    st.integers(1, 90),
    st.integers(1, 90),
    st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.none() | st.dates(date(2027, 1, 1), date(2027, 12, 31)),
)


def unique(rates: list[Rate]) -> list[Rate]:
    return list({(rate.prefix, rate.valid_from): rate for rate in rates}.values())


@settings(max_examples=40, deadline=None)
@given(st.lists(RATES, max_size=8).map(unique))
def test_csv_there_and_back(rates: list[Rate]) -> None:
    again = read_rates(write_rates(rates, "EUR"), "EUR")
    numbers = [a + b + c for a in "123" for b in "123" for c in "123"]
    for day in (TODAY, date(2027, 6, 1)):
        assert [again.rate(n, day) for n in numbers] == [
            RateTable(rates).rate(n, day) for n in numbers
        ]


def naive(rates: list[Rate], e164: str, day: date) -> Rate | None:
    fitting = [r for r in rates if e164[1:].startswith(r.prefix) and r.valid_on(day)]
    return max(fitting, key=lambda r: (len(r.prefix), r.valid_from or date.min), default=None)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(RATES, max_size=12).map(unique),
    st.text(alphabet="123", min_size=1, max_size=6),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)
def test_the_longest_prefix_against_a_naive_reference(
    rates: list[Rate], digits: str, day: date
) -> None:
    assert RateTable(rates).rate(f"+{digits}", day) == naive(rates, f"+{digits}", day)


def test_a_hundred_thousand_prefixes_against_a_naive_reference() -> None:
    chance = random.Random(7)
    prefixes = {str(chance.randrange(1, 10 ** chance.randint(1, 8))) for _ in range(250_000)}
    chosen = chance.sample(sorted(prefixes), 100_000)
    assert len(chosen) == 100_000
    lines = "\n".join(f"{p},{n % 97 / 100:.2f}" for n, p in enumerate(chosen))
    table = read_rates("prefix,per_minute\n" + lines, "EUR")
    assert len(table) == 100_000
    sample = {prefix: table.rate(prefix, TODAY) for prefix in chance.sample(chosen, 200)}
    assert all(rate is not None and rate.prefix == prefix for prefix, rate in sample.items())
    known = set(chosen)
    for _ in range(2_000):
        digits = str(chance.randrange(10**8, 10**9))
        longest = next((digits[:n] for n in range(9, 0, -1) if digits[:n] in known), None)
        rate = table.rate(digits, TODAY)
        assert (rate.prefix if rate else None) == longest


@pytest.mark.parametrize(
    ("rate", "seconds", "cost"),
    [
        (Rate("1", Decimal("0.60")), 1, "0.01"),
        (Rate("1", Decimal("0.60")), 61, "0.61"),
        (Rate("1", Decimal("0.60"), first_s=60, step_s=60), 61, "1.20"),
        (Rate("1", Decimal("0.60"), first_s=30, step_s=6), 31, "0.36"),
        (Rate("1", Decimal("0.60"), connection_fee=Decimal("0.25")), 0, "0.26"),
        (Rate("1", Decimal("0.01")), 1, "0.000167"),
        (Rate("1", Decimal(0)), 4000, "0"),
    ],
)
def test_costs(rate: Rate, seconds: int, cost: str) -> None:
    assert rate.cost(seconds) == Decimal(cost)


@settings(max_examples=150, deadline=None)
@given(RATES, st.decimals(0, 60, places=3))
def test_the_seconds_for_a_budget_are_the_most(rate: Rate, budget: Decimal) -> None:
    seconds = rate.seconds_for(budget)
    if seconds is None:
        assert not rate.per_minute
        assert rate.cost(10**6) <= budget
    elif seconds == 0:
        assert rate.least > budget
    else:
        assert rate.cost(seconds) <= budget < rate.cost(seconds + 1)
