"""Long lists in pages: ``limit`` and ``after`` are asked, ``items`` and ``next`` are answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from web.api.operation import Call, Reply
from web.api.paths import NUMBER_MAX

Item = TypeVar("Item")
LIMIT = 100
LIMIT_MAX = 500


def _whole(value: object) -> object:
    """Refuse what is a whole number only to a generous reader."""
    if isinstance(value, str) and not (value.isascii() and value.lstrip("-").isdigit()):
        raise ValueError("must be a whole number")
    return value


def _flag(value: object) -> object:
    if isinstance(value, str):
        if value not in {"true", "false"}:
            raise ValueError("must be true or false")
        return value == "true"
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of text")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Words = Annotated[str, AfterValidator(_printable), Field(max_length=200)]
"""A text of a query, looked for as it is."""


class Asked(BaseModel):
    """Query parameters; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DryRun(Asked):
    """A write that may be tried."""

    dry_run: Flag = Field(default=False, description="only say what would change")


class Paged(Asked):
    """A page of a list whose items are known by a text."""

    limit: Annotated[Whole, Field(ge=1, le=LIMIT_MAX)] = LIMIT
    after: Words | None = Field(default=None, description="as the link to the next page has it")


class PagedByNumber(Asked):
    """A page of a list whose items are numbered, newest first."""

    limit: Annotated[Whole, Field(ge=1, le=LIMIT_MAX)] = LIMIT
    after: Annotated[Whole, Field(ge=1, le=NUMBER_MAX)] | None = Field(
        default=None, description="as the link to the next page has it"
    )


class Page(BaseModel, Generic[Item]):
    """A page of a list."""

    model_config = ConfigDict(extra="forbid")
    items: list[Item]
    next: str | None = Field(description="address of the next page; null: this is the last one")


def page(call: Call, found: Sequence[tuple[str | int, Any]]) -> Reply:
    """Return a page.

    Args:
        call: with ``limit`` in its query.
        found: key and item of one more than ``limit``, if there are so many.
    """
    limit = call.query.limit
    shown = found[:limit]
    following = None
    if len(found) > limit:
        following = _address(call, str(shown[-1][0]))
    return Reply({"items": [item for _, item in shown], "next": following})


def _address(call: Call, after: str) -> str:
    kept = [(n, v) for n, values in call.arguments.items() if n != "after" for v in values]
    return f"{quote(call.where)}?{urlencode([*kept, ('after', after)])}"
