"""Masks, pasted lists, CSV, and the index that finds an entry."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.numbering.destinations import read_destinations
from provisioner.numbering.index import NumberIndex
from provisioner.numbering.lists import (
    NumberEntry,
    read_csv,
    read_pasted,
    split_pasted,
    write_csv,
)
from provisioner.numbering.masks import Mask, read_mask
from provisioner.numbering.number import Kind, Number, NumberError
from provisioner.numbering.plan import Plan

ES = Plan("ES", extensions=frozenset({"100", "101", "2214"}), services=frozenset({"*97"}))
RU, US, GB = Plan("RU"), Plan("US"), Plan("GB")
DE = Plan("DE", area="30")
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("plan", "text", "form", "low"),
    [
        (RU, "7912345....", "pattern", "+7912345...."),
        (RU, "8912345xxxx", "pattern", "+7912345...."),
        (RU, "912345....", "pattern", "+7912345...."),
        (RU, "+7912XXXXXXX", "pattern", "+7912......."),
        (RU, "7912*", "beginning", "+7912"),
        (RU, "8800*", "beginning", "+7800"),
        (RU, "810 34*", "beginning", "+34"),
        (RU, "00 44*", "beginning", "+44"),
        (ES, "+34 9xx", "beginning", "+349.."),
        (ES, "912*", "beginning", "+34912"),
        (ES, "806*", "beginning", "+34806"),
        (ES, "2*", "beginning", "2"),
        (ES, "22..", "pattern", "22.."),
        (ES, "100-199", "range", "100"),
        (ES, "+34912340000-+34912340099", "range", "+34912340000"),
        (ES, "912 340 000 - 912 340 099", "range", "+34912340000"),
        (ES, "912-345-678", "exact", "+34912345678"),
        (ES, "*97", "exact", "*97"),
        (ES, "112", "exact", "112"),
        (ES, "350", "exact", "350"),
        (DE, "0900*", "beginning", "+49900"),
        (DE, "030 9018..", "pattern", "+49309018.."),
        (US, "1900*", "beginning", "+1900"),
        (US, "212-555-xxxx", "pattern", "+1212555...."),
        (GB, "020 7946 0...", "pattern", "+442079460..."),
        (GB, "070*", "beginning", "+4470"),
        (Plan("SG"), "6123-4567", "exact", "+6561234567"),
    ],
)
def test_masks(plan: Plan, text: str, form: str, low: str) -> None:
    mask = read_mask(text, plan)
    assert (mask.form, mask.low) == (form, low)
    assert mask.written == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("foo", "'foo' is no number in ES"),
        ("9999999999", "'9999999999' is no number"),
        ("....", "means every number"),
        ("912xx56", "neither a whole number in ES nor extensions"),
        ("12.*34x", "is no number; digits"),
        ("anonymous", "callers without one have their own setting"),
        ("91234567-99999999", "both ends must be whole numbers"),
    ],
)
def test_what_is_no_mask_is_named(text: str, said: str) -> None:
    with pytest.raises(NumberError, match=said.replace("(", r"\(")):
        read_mask(text, ES)


DIGITS = st.text(alphabet="0123456789", min_size=6, max_size=6)


@settings(max_examples=200, deadline=None)
@given(DIGITS, st.sets(st.integers(0, 5), min_size=1), DIGITS)
def test_a_pattern_means_what_it_says(tail: str, wild: set[int], other: str) -> None:
    """Of national masks in any spelling, against a comparison digit by digit."""
    mask_tail = "".join("x" if place in wild else digit for place, digit in enumerate(tail))
    wanted = all(place in wild or tail[place] == other[place] for place in range(6))
    for head in ("912", "+34912", "34912", "0034 912"):
        mask = read_mask(head + mask_tail, ES)
        assert mask.matches(ES.read("912" + tail))
        assert mask.matches(ES.read("912" + other)) == wanted


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 9998), st.integers(0, 9999), st.integers(0, 9999))
def test_a_range_means_what_it_says(low: int, span: int, other: int) -> None:
    high = min(9999, low + 1 + span)
    mask = read_mask(f"+3491234{low:04}-+3491234{high:04}", ES)
    assert mask.matches(ES.read(f"91234{other:04}")) == (low <= other <= high)


def test_nothing_means_a_caller_without_a_number() -> None:
    assert not read_mask("+34*", ES).matches(Number(Kind.ANONYMOUS, ""))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("912345678,600111222", ["912345678", "600111222"]),
        ("912345678 600111222", ["912345678", "600111222"]),
        ("912 345 678, +34 600 111 222", ["912 345 678", "+34 600 111 222"]),
        ("+34 912 345 678 +34 600 111 222", ["+34 912 345 678", "+34 600 111 222"]),
        ("912 345 678 600 111 222", ["912 345 678", "600 111 222"]),
        ("100 101\n100-199;2214", ["100", "101", "100-199", "2214"]),
        ("912345678 600 111 222", ["912345678", "600 111 222"]),
        ("\n 7* ,, ; 0034 912 34 56 79\t*97 ", ["7*", "0034 912 34 56 79", "*97"]),
        ("+34 9xx, group:spam", ["+34 9xx", "group:spam"]),
        ("", []),
    ],
)
def test_a_pasted_list_is_parted(text: str, wanted: list[str]) -> None:
    assert list(split_pasted(text, ES)) == wanted


def test_what_cannot_be_read_in_a_pasted_list_is_named() -> None:
    with pytest.raises(NumberError) as caught:
        read_pasted("912345678, foo, 600111222 bar", ES)
    assert "'foo'" in str(caught.value)
    assert "'bar'" in str(caught.value)
    with pytest.raises(NumberError, match="and 4 more"):
        read_pasted(",".join(f"wrong{n}" for n in range(9)), ES)


CSV = """\ufeffNumber;Group;Comment;Expires
"912 345 678";spam;"calls at night; twice";2027-01-31
100-199;;;
+34 9xx;fixed;all fixed lines;
"""


def test_csv_in() -> None:
    night, inside, fixed = read_csv(CSV, ES)
    assert night.mask.low == "+34912345678"
    assert night.comment == "calls at night; twice"
    assert night.expires == date(2027, 1, 31)
    assert (inside.mask.form, fixed.group) == ("range", "fixed")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one of them 'number'"),
        ("nummer\n1", "one of them 'number'"),
        ("number,colour\n1,red", "column 'colour'"),
        ("number\nfoo", "line 2: 'foo'"),
        ("number,comment\n,x", "line 2: no number"),
        ("number,expires\n912345678,soon", "line 2: 'soon' is no day"),
        ("number\n912345678,x", "line 2: more columns"),
        ('number\n"912345678', "no CSV"),
        ('"number', "no CSV"),
    ],
)
def test_what_is_wrong_in_csv_is_named(text: str, said: str) -> None:
    with pytest.raises(NumberError, match=said):
        read_csv(text, ES)


TEXT = st.text(alphabet="abc,;\"'\n =é", max_size=12).map(lambda t: t.strip())
ENTRY = st.builds(
    lambda number, group, comment, reason, expires: NumberEntry(
        read_mask(number, ES), group, comment, reason, expires
    ),
    st.sampled_from(["912 345 678", "+34 9xx", "100-199", "7*", "*97", "22.."]),
    st.sampled_from(["", "spam"]),
    TEXT,
    TEXT,
    st.none() | st.dates(date(2026, 1, 1), date(2030, 1, 1)),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(ENTRY, max_size=6))
def test_csv_there_and_back(entries: list[NumberEntry]) -> None:
    assert list(read_csv(write_csv(entries), ES)) == entries


def test_the_entry_with_most_digits_decides() -> None:
    entries = read_pasted("+34*, +34 91*, 91234...., 912345678, 100-199", ES)
    index = NumberIndex(entries)
    assert len(index) == 5
    found = {
        text: (entry.mask.written if (entry := index.match(ES.read(text), TODAY)) else "")
        for text in ("912345678", "912340000", "913000000", "600000000", "100", "2214", "")
    }
    assert found == {
        "912345678": "912345678",
        "912340000": "91234....",
        "913000000": "+34 91*",
        "600000000": "+34*",
        "100": "100-199",
        "2214": "",
        "": "",
    }


def test_what_has_expired_no_longer_counts() -> None:
    last = NumberEntry(read_mask("912345678", ES), expires=TODAY)
    index = NumberIndex([last])
    number = ES.read("912345678")
    assert index.match(number, TODAY) is last
    assert index.match(number, date(2026, 11, 23)) is None


VALUES = st.sampled_from(["+34912345678", "+34912345679", "+34912", "2214", "100", "150"])
MASKS = st.one_of(
    VALUES.map(lambda v: Mask("exact", v)),
    VALUES.map(lambda v: Mask("beginning", v[:3])),
    VALUES.map(lambda v: Mask("pattern", v[:-2] + "..")),
    st.just(Mask("range", "100", "149")),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(MASKS, max_size=8), VALUES)
def test_the_index_finds_what_trying_every_entry_finds(masks: list[Mask], value: str) -> None:
    number = Number(Kind.UNKNOWN, value)
    fitting = [mask for mask in masks if mask.matches(number)]
    found = NumberIndex(map(NumberEntry, masks)).match(number, TODAY)
    assert (found is None) == (not fitting)
    if found:
        exact = [m for m in fitting if m.form == "exact"]
        best = max(mask.fixed_digits for mask in exact or fitting)
        assert found.mask.fixed_digits == best


def test_destinations() -> None:
    closed = read_destinations(["premium", "CU", "satellite", "+882*, 0044 7*"], ES)
    found = {
        text: closed.match(ES.read(text), TODAY)
        for text in (
            "806123456",
            "11818",
            "+5371234567",
            "+447911123456",
            "912345678",
            "+870773111632",
        )
    }
    assert found == {
        "806123456": "premium",
        "11818": "premium",
        "+5371234567": "CU",
        "+447911123456": "0044 7*",
        "912345678": "",
        "+870773111632": "satellite",
    }


@pytest.mark.parametrize(
    ("word", "said"), [("XX", "no country"), ("premuim", "none of"), ("12a4", "no number")]
)
def test_what_is_no_destination_is_named(word: str, said: str) -> None:
    with pytest.raises(NumberError, match=said):
        read_destinations([word], ES)
