"""What many answers hold."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from provisioner.mac import MacAddress
from web.overview.json_form import time_text


def _line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of text, without control characters")
    return value


def _time(value: object) -> object:
    return time_text(value) if isinstance(value, datetime) else value


def _written(value: object) -> object:
    """A number would be taken for seconds since 1970."""
    if not isinstance(value, str | datetime) or (isinstance(value, str) and "-" not in value[1:]):
        raise ValueError("must be a time such as 2026-11-22T09:12:00Z")
    return value


def _colons(value: str) -> str:
    return MacAddress(value).colons


UtcTime = Annotated[
    str, BeforeValidator(_time), Field(json_schema_extra={"format": "date-time"})
]  # fmt: skip
"""A naive UTC time, or its text, as ``2026-11-22T09:12:00Z``."""
Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_written)]
"""A time as somebody sends it, with its zone."""
Line = Annotated[str, AfterValidator(_line), Field(max_length=200)]
"""A text that somebody sends."""
MacText = Annotated[str, BeforeValidator(_colons), Field(pattern=r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$")]
"""A MAC with colons, as it is answered."""
SentMac = Annotated[str, AfterValidator(_colons), Field(max_length=32)]
"""A MAC as somebody sends it, in any notation."""
Settings = dict[str, Any]


class Answer(BaseModel):
    """What is answered: what is declared here, and nothing else."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"additionalProperties": False}
    )


class Sent(BaseModel):
    """What is sent: of exactly the types declared, and without unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
