"""What all vendor data files are made of: frozen records, and facts with their sources."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
ModelId = Annotated[str, Field(pattern=r"^[a-z0-9]+/[a-z0-9][a-z0-9-]*$", max_length=64)]
Texts = dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], str]


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as problem:
        raise ValueError(f"not a regular expression: {problem}") from problem
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]


class Record(BaseModel):
    """Frozen, with unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Confidence(StrEnum):
    """How sure we are of a fact, surest first."""

    VENDOR_DOC = "vendor-doc"
    FIELD = "field"
    PEER = "peer"
    UNVERIFIED = "unverified"


class Source(Record):
    """Where facts of a file come from."""

    title: str
    url: str = ""
    section: str = ""
    checked: str = Field(pattern=r"^\d{4}-\d{2}(-\d{2})?$")
    confidence: Confidence
    covers: str = Field(description="which facts of the file this source is for")


class Disagreement(Record):
    """A fact on which sources differ, and what was chosen."""

    fact: str
    values: dict[str, str]
    chosen: str
    reason: str
