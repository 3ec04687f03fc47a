"""Parts of a file, as HTTP asks for them (RFC 9110 section 14)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.answers import Outcome, answer_with
from provisioner.identify import FetchRequest
from provisioner.resources import Resource, byte_range

BODY = bytes(range(100))
FILE = Resource("a.rom", "application/octet-stream", memoryview(BODY), "d" * 64)


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=50-1000", (50, 100)),
        ("bytes=99-99", (99, 100)),
        ("bytes=100-", (0, 0)),
        ("bytes=200-300", (0, 0)),
        ("bytes=-0", (0, 0)),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=" + "9" * 5000 + "-", None),
        ("", None),
    ],
)
def test_ranges_are_read(header: str, part: tuple[int, int] | None) -> None:
    assert byte_range(header, 100) == part


@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 200))
def test_a_range_never_leaves_the_file(start: int, end: int, size: int) -> None:
    part = byte_range(f"bytes={start}-{end}", size)
    if part is not None:
        assert 0 <= part[0] <= part[1] <= size


def request(**given_: str) -> FetchRequest:
    return FetchRequest("http", "/p/x/a.rom", "10.0.0.1", **given_)


def test_a_part_says_where_it_belongs() -> None:
    answer = answer_with(request(byte_range="bytes=10-19"), FILE)
    assert (answer.outcome, bytes(answer.body)) == (Outcome.PART, BODY[10:20])
    assert (answer.start, answer.size_bytes) == (10, 100)


def test_a_part_that_is_not_there_is_told_the_size() -> None:
    answer = answer_with(request(byte_range="bytes=500-"), FILE)
    assert (answer.outcome, answer.size_bytes, len(answer.body)) == (Outcome.NO_SUCH_PART, 100, 0)


def test_what_the_phone_has_already_is_not_sent_again_whatever_part_it_wants() -> None:
    answer = answer_with(request(byte_range="bytes=0-1", if_none_match=f'"{"d" * 64}"'), FILE)
    assert answer.outcome is Outcome.NOT_MODIFIED


@pytest.mark.parametrize(
    ("if_range", "outcome"), [(f'"{"d" * 64}"', Outcome.PART), ('"older"', Outcome.SENT)]
)
def test_a_part_of_an_older_file_is_answered_with_the_whole_new_one(
    if_range: str, outcome: Outcome
) -> None:
    answer = answer_with(request(byte_range="bytes=10-19", if_range=if_range), FILE)
    assert answer.outcome is outcome


def test_without_a_range_all_of_it_is_sent() -> None:
    answer = answer_with(request(), FILE)
    assert (answer.outcome, answer.body, answer.size_bytes) == (Outcome.SENT, FILE.body, 100)
