"""Numbers that are too long for Python, in every query of every page: no page breaks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provisioner.whole_numbers import whole_number
from tests.api import hotel
from tests.unit.test_pages_security import filled, routes

ODD = ("9" * 5000, "\u00b2", "\u0663", "-1")
NAMES = ("page", "before", "from", "edit", "number", "minutes", "floor", "limit", "since", "until")


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), (" 07 ", 7), ("0", 0), ("9" * 18, int("9" * 18)), ("9" * 19, None), ("9" * 5000, None),
     ("", None), ("-1", None), ("\u00b2", None), ("\u0663", None), ("1_0", None), ("1.0", None)],
)  # fmt: skip
def test_whole_numbers(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_no_number_in_an_address_breaks_a_page(tmp_path: Path) -> None:
    with hotel(tmp_path) as made:
        client = made.office.client("maria")
        for rule in routes(made.office, "GET"):
            address = filled(made.office, rule)
            for odd in ODD:
                query = dict.fromkeys(NAMES, odd)
                assert client.get(address, query_string=query).status_code < 500, (rule, odd[:9])
            for name in rule.arguments:
                path = re.sub(rf"<(?:[^<:]+:)?{name}>", ODD[0], rule.rule)
                path = re.sub(r"<(?:\w+:)?\w+>", "1", path)
                assert client.get(path).status_code < 500, (rule, name)
