"""What the part ``calls`` of a site file is written in: numbers, lists of them, times, money."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from provisioner.inventory.file_values import Text, as_written, time_of_day
from provisioner.inventory.site_yaml import WrittenInt
from provisioner.setting_values import one_line


def _day(value: object) -> object:
    if isinstance(value, str):
        with suppress(ValueError):
            return date.fromisoformat(value)
    if isinstance(value, date):
        return value
    raise ValueError(f"{value!r} is not a day such as 2027-01-31")


def _money(value: object) -> object:
    if isinstance(value, Decimal):
        return value
    with suppress(InvalidOperation):
        amount = Decimal(str(as_written(value)))
        if amount.is_finite():
            return amount
    raise ValueError(f"{value!r} is no amount such as 10 or 12.50")


def one_or_more(value: object) -> object:
    """Return the entries of a list that was pasted as one text.

    Commas, semicolons and lines part them; blanks are parted where the site's plan is known.
    """
    if isinstance(value, str | WrittenInt):
        text = value.written if isinstance(value, WrittenInt) else value
        return [part.strip() for part in re.split(r"[,;\n]+", text) if part.strip()]
    return value


Name = Annotated[Text, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Digits = Annotated[Text, Field(pattern=r"^[0-9]*$", max_length=12)]
Code = Annotated[Text, Field(pattern=r"^[0-9*#]+$", max_length=20)]
Number = Annotated[
    str,
    BeforeValidator(as_written),
    Field(min_length=1, max_length=10_000),
    AfterValidator(one_line),
]
Numbers = Annotated[tuple[Number, ...], BeforeValidator(one_or_more)]
Land = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Time = Annotated[time, BeforeValidator(time_of_day)]
Day = Annotated[date, BeforeValidator(_day)]
Money = Annotated[Decimal, BeforeValidator(_money), Field(ge=0, max_digits=14, decimal_places=4)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
