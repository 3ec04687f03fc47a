"""Rates, do-not-call lists, consents, and a number checked."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from web.api.shapes.values import Answer, Line, Sent, UtcTime

TEXT_MAX = 24 * 1024 * 1024


def _day(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _amount(value: object) -> object:
    return f"{value:f}" if hasattr(value, "as_tuple") else value


DayText = Annotated[str, BeforeValidator(_day), Field(json_schema_extra={"format": "date"})]
"""A day, as ``2027-01-31``."""
Amount = Annotated[str, BeforeValidator(_amount)]
"""Exact money, as text."""
Csv = Annotated[str, Field(max_length=TEXT_MAX)]


class Rates(Answer):
    """The rates in force."""

    currency: str
    entries: int
    imported_at: UtcTime
    who: str
    csv: str | None = Field(description="as they were imported; null: not asked for")


class RatesWish(Sent):
    """Rates that take the place of those of before."""

    csv: Csv = Field(description="with a first line that names the columns")


class RatesTaken(Answer):
    """What was taken, or would be."""

    dry_run: bool = Field(description="nothing was stored")
    currency: str
    entries: int
    valid: int = Field(description="in force today")
    later: int
    over: int
    new: int = Field(description="in comparison with those of before")
    changed: int
    gone: int


class Rate(Answer):
    """What calls to a prefix cost."""

    prefix: str
    name: str
    per_minute: Amount
    connection_fee: Amount
    first_s: int
    step_s: int
    valid_from: DayText | None
    valid_to: DayText | None


class RateFound(Answer):
    """What a number costs."""

    number: str
    kind: str
    currency: str
    rate: Rate | None = Field(description="null: nobody knows")


class DoNotCall(Answer):
    """A do-not-call list."""

    name: str
    dated: DayText = Field(description="the day of its content")
    form: Literal["plain", "sha1", "sha256"]
    entries: int
    imported_at: UtcTime
    who: str
    is_old: bool = Field(description="older than the site's list_days")


class DoNotCalls(Answer):
    """The do-not-call lists of a site, by name."""

    lists: list[DoNotCall]


class DoNotCallWish(Sent):
    """A list that takes the place of the one of the same name."""

    text: Csv = Field(description="an entry a line: numbers, or their SHA-1 or SHA-256")
    dated: date | None = Field(default=None, description="null: today, by the site's clock")


class Consent(Answer):
    """Somebody agreed to commercial calls."""

    number: str
    given: UtcTime
    how: str = Field(description="what proves it")
    by: str
    withdrawn: UtcTime | None = Field(description="null: it stands")


class ConsentWish(Sent):
    """Somebody agrees to commercial calls."""

    number: Annotated[Line, Field(min_length=1, max_length=64)]
    how: Annotated[Line, Field(min_length=1)] = Field(description="what proves it")


class NumberAction(Answer):
    """What is done with a call."""

    do: str
    to: str


class NumberFate(Answer):
    """What becomes of a call."""

    verdict: Literal["pass", "refuse", "code"]
    rule: str = Field(description="which rule decides")
    sentence: str
    actions: list[NumberAction]
    most_s: int | None = Field(description="it is cut after so long; null: never")
    warnings: list[str]


class NumberChecked(Answer):
    """A number, in every spelling, and what would become of its calls."""

    kind: str
    value: str
    country: str
    nature: str
    valid: bool = Field(description="its range is in use")
    spellings: list[str]
    incoming: NumberFate = Field(description="a call from it")
    outgoing: NumberFate = Field(description="a call to it, as if no limit were used yet")
