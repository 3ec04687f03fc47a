"""Firmware versions and the ranges that choose a dialect."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from provisioner.catalogue.versions import VersionRange, version_tuple


@pytest.mark.parametrize(
    ("text", "skip", "numbers"),
    [
        ("108.86.0.20", 1, (86, 0, 20)),
        ("2.12.20.2", 0, (2, 12, 20, 2)),
        ("10.1.169.16", 0, (10, 1, 169, 16)),
        ("T1.2b3", 0, (1, 2, 3)),
        ("", 0, ()),
        ("53", 1, ()),
        ("unknown", 1, ()),
    ],
)
def test_numbers_of_a_version(text: str, skip: int, numbers: tuple[int, ...]) -> None:
    assert version_tuple(text, skip) == numbers


@pytest.mark.parametrize(
    ("wanted", "version", "allowed"),
    [
        ("", (1,), True),
        ("", (), True),
        (">=81", (81,), True),
        (">=81", (81, 0, 5), True),
        (">=81", (80, 9, 9), False),
        ("<81", (80, 99), True),
        ("<81", (81, 0), False),
        ("<=81", (81, 7), True),
        ("<=81", (82,), False),
        (">81", (81, 7), False),
        (">81", (82,), True),
        ("==2.4", (2, 4, 99), True),
        ("==2.4", (2, 5), False),
        (">=2.4.1", (2, 4), False),
        (">=2.4.0", (2, 4), True),
        (">=2.4.1", (2, 10), True),
        (">=81,<87", (86, 9), True),
        (">=81,<87", (87,), False),
        (" >= 81 , < 87 ", (81,), True),
    ],
)
def test_ranges(wanted: str, version: tuple[int, ...], allowed: bool) -> None:
    assert VersionRange(wanted).allows(version) is allowed


@pytest.mark.parametrize("text", ["81", "=>81", ">=", ">=x", "~81", ">=81 <87", "!=3"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a range"):
        VersionRange(text)


def test_a_data_file_gives_a_range_or_an_error() -> None:
    class File(BaseModel):
        firmware: VersionRange

    assert File.model_validate({"firmware": ">=81"}).firmware.allows((82,))
    for wrong in ("newest", 81):
        with pytest.raises(ValidationError):
            File.model_validate({"firmware": wrong})
