"""What all parts of a site file are made of."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import time
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from provisioner.inventory.site_yaml import WrittenInt
from provisioner.setting_values import SecretLine, one_line


def as_written(value: object) -> object:
    """Return a number that may have begun with a zero as it stands in the file."""
    return value.written if isinstance(value, WrittenInt) else value


class Part(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Text = Annotated[str, BeforeValidator(as_written), Field(max_length=200), AfterValidator(one_line)]
Secret = Annotated[SecretLine, BeforeValidator(as_written)]


def time_of_day(value: object) -> object:
    """Return the time of a text such as ``07:00``; raises ValueError."""
    if isinstance(value, str) and re.fullmatch(r"\d\d:\d\d", value):
        with suppress(ValueError):
            return time.fromisoformat(value)
    if isinstance(value, time):
        return value
    raise ValueError(f"{value!r} is not a time such as 07:00")
