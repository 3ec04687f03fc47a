"""Rates as CSV, in and out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from monitors.calls.rates import Rate, RateTable

COLUMNS = (
    "prefix", "name", "per_minute", "currency", "connection_fee", "first_s", "step_s",
    "valid_from", "valid_to",
)  # fmt: skip
NEEDED = ("prefix", "per_minute")
_LONGEST = 15
_SHOWN = 5
_HIGHEST = Decimal(100_000)


class RateError(ValueError):
    """A list of rates is wrong; the message names line and column.

    Attributes:
        problems: all of them, as the line and what is wrong in it; empty: the list as a whole is.
    """

    def __init__(self, sentence: str, problems: tuple[tuple[int, str], ...] = ()) -> None:
        super().__init__(sentence)
        self.problems = problems


def read_rates(text: str, currency: str) -> RateTable:
    """Read rates from CSV whose first line names the columns.

    ``prefix`` (digits, with or without + or 00) and ``per_minute`` are needed; all others may be
    left out. Commas, semicolons and tabs part the columns. All rates must be in the site's
    currency.

    Args:
        text: the file.
        currency: of the site, three letters.

    Raises:
        RateError: a column nobody knows or that is missing; a value that is wrong; the same
            prefix twice from the same day. The message names the line.
    """
    body = text.removeprefix("\ufeff")
    heading = body.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    rows = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        places = _places(names)
        return RateTable(_rates(rows, places, len(names), currency), currency)
    except csv.Error as problem:
        raise RateError(f"line {rows.line_num}: no CSV: {problem}") from problem


def write_rates(rates: Iterable[Rate], currency: str) -> str:
    """Return rates as CSV; ``read_rates`` gives the same rates."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r in rates:
        days = (day.isoformat() if day else "" for day in (r.valid_from, r.valid_to))
        money = (f"{r.per_minute:f}", currency, f"{r.connection_fee:f}")
        writer.writerow((r.prefix, r.name, *money, r.first_s, r.step_s, *days))
    return out.getvalue()


def _places(names: list[str]) -> tuple[int | None, ...]:
    for name in NEEDED:
        if name not in names:
            raise RateError(f"the first line must name the columns, one of them {name!r}")
    for name in names:
        if name not in COLUMNS:
            raise RateError(f"column {name!r} is none of {', '.join(COLUMNS)}")
    return tuple(names.index(name) if name in names else None for name in COLUMNS)


class _Reader:
    """Reads lines; texts of money come again and again, so each is read once."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._money: dict[str, Decimal] = {}
        self._seen: set[tuple[str, date | None]] = set()

    def rate(self, cells: Sequence[str]) -> Rate:
        prefix, name, per_minute, currency, fee, first_s, step_s, begin, end = cells
        digits = prefix.removeprefix("+").removeprefix("00")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST):
            raise RateError(f"prefix {prefix!r} is not digits such as 34 or +34600")
        if currency and currency.upper() != self._currency:
            raise RateError(f"currency {currency!r}, but the site counts in {self._currency}")
        made = Rate(
            digits,
            self._amount("per_minute", per_minute),
            name,
            self._amount("connection_fee", fee or "0"),
            _seconds("first_s", first_s),
            _seconds("step_s", step_s),
            _day("valid_from", begin),
            _day("valid_to", end),
        )
        if made.valid_from and made.valid_to and made.valid_to < made.valid_from:
            raise RateError("valid_to is before valid_from")
        if (digits, made.valid_from) in self._seen:
            since = f" from {made.valid_from}" if made.valid_from else ""
            raise RateError(f"prefix {digits}{since} is there twice")
        self._seen.add((digits, made.valid_from))
        return made

    def _amount(self, column: str, text: str) -> Decimal:
        known = self._money.get(text)
        if known is not None:
            return known
        try:
            amount = Decimal(text.replace(",", "."))
        except InvalidOperation:
            amount = Decimal(-1)
        if not (amount.is_finite() and 0 <= amount <= _HIGHEST):
            raise RateError(f"{column} {text!r} is no amount such as 0.25")
        self._money[text] = amount
        return amount


def _rates(
    rows: Iterable[list[str]], places: tuple[int | None, ...], width: int, currency: str
) -> list[Rate]:
    reader = _Reader(currency)
    made: list[Rate] = []
    problems: list[tuple[int, str]] = []
    for number, row in enumerate(rows, start=2):
        if not any(row):
            continue
        try:
            made.append(reader.rate(_cells(row, places, width)))
        except RateError as problem:
            problems.append((number, str(problem)))
    if problems:
        more = len(problems) - _SHOWN
        shown = "; ".join(f"line {number}: {told}" for number, told in problems[:_SHOWN])
        raise RateError(f"{shown}; and {more} more" if more > 0 else shown, tuple(problems))
    return made


def _cells(row: list[str], places: tuple[int | None, ...], width: int) -> list[str]:
    if len(row) != width:
        raise RateError(f"{len(row)} columns, the first line names {width}")
    return [row[place].strip() if place is not None else "" for place in places]


def _seconds(column: str, text: str) -> int:
    if not text:
        return 1
    # int() refuses more than 4300 digits with an error of its own
    if not text.isdecimal() or len(text) > _LONGEST or not 0 < int(text) <= 3600:  # noqa: PLR2004 - an hour
        raise RateError(f"{column} {text!r} is not 1 to 3600 seconds")
    return int(text)


def _day(column: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise RateError(f"{column} {text!r} is no day such as 2027-01-31") from problem
