"""Forms: what a browser sends, what is wrong with it, and what is shown again."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field, SecretStr, field_validator
from werkzeug.datastructures import MultiDict

from web.pages.forms import FormModel, blank, filled, wrong
from web.pages.language import N_


class Room(FormModel):
    """A form of every kind of field."""

    number: Annotated[str, Field(max_length=8, pattern=r"^\d+$")]
    floor: Annotated[int, Field(ge=-2, le=60)] = 0
    name: str = "nameless"
    template: Literal["guest", "suite"] = "guest"
    doors: bool = True
    phones: Annotated[tuple[str, ...], Field(max_length=3)] = ()
    pin: SecretStr = SecretStr("")
    beds: int | None = None

    @field_validator("name")
    @classmethod
    def _no_hotel(cls, value: str) -> str:
        if value == "hotel":
            raise wrong(N_("This is needed."))
        return value


def sent(*pairs: tuple[str, str]) -> MultiDict[str, str]:
    return MultiDict(pairs)


def test_a_blank_form_shows_the_defaults() -> None:
    form = blank(Room, floor=2)
    assert form.value("floor") == 2
    assert form.value("name") == "nameless"
    assert form.value("number") == ""
    assert form.data is None
    assert form.errors == {}


def test_a_right_form() -> None:
    form = filled(
        Room,
        sent(("number", " 214 "), ("floor", "2"), ("doors", "yes"), ("phones", "a"),
             ("phones", " "), ("phones", "b"), ("pin", " 12 "), ("beds", ""), ("name", ""),
             ("unknown", "x")),
    )  # fmt: skip
    assert form.errors == {}
    assert form.data is not None
    assert form.data.number == "214"
    assert form.data.doors is True
    assert form.data.phones == ("a", "b")
    assert form.data.pin.get_secret_value() == " 12 "  # a password is taken as it is
    assert form.data.beds is None
    assert form.data.name == ""  # somebody emptied it
    assert "pin" not in form.values


def test_what_was_not_sent_has_its_default_but_a_box_that_is_not_ticked_is_not() -> None:
    form = filled(Room, sent(("number", "1")))
    assert form.data is not None
    assert form.data.name == "nameless"
    assert form.data.doors is False


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("number", "", "This is needed."),
        ("number", "123456789", "At most 8 characters are possible."),
        ("number", "12a", "This has not the form that is needed."),
        ("floor", "x", "This must be a whole number."),
        ("floor", "99", "At most 60 is possible."),
        ("floor", "-9", "At least -2 is needed."),
        ("template", "barn", "Choose one of these."),
        ("name", "hotel", "This is needed."),
    ],
)
def test_what_is_wrong_is_a_sentence(name: str, value: str, sentence: str) -> None:
    pairs = {"number": "1", name: value}
    form = filled(Room, sent(*pairs.items()))
    assert form.data is None
    assert form.errors == {name: sentence}
    assert form.error(name) == sentence
    if value:
        assert form.value(name) == value  # what was typed is shown again


def test_a_form_can_be_refused_later() -> None:
    form = filled(Room, sent(("number", "1")))
    form.refuse("number", "Taken.")
    form.refuse("number", "Not said.")
    assert form.error("number") == "Taken."


def test_an_error_that_nobody_foresaw_is_still_a_sentence() -> None:
    form = filled(Room, sent(("number", "1"), *(("phones", c) for c in "abcd")))
    assert form.error("phones") == "This cannot be right."
