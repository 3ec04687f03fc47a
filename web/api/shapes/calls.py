"""Guarded calls, as the API says them. Money is a decimal number as a text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from monitors.calls.tollfree import HIGHEST
from web.api.shapes.values import Answer, Line, Sent, UtcTime


def _plain(value: object) -> object:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _iso(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


Money = Annotated[str, BeforeValidator(_plain), Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
Day = Annotated[str, BeforeValidator(_iso), Field(json_schema_extra={"format": "date"})]
Kind = Literal["account", "room", "site"]


class CallGuardEntry(Answer):
    """Whether calls are guarded, and whether the guard does its work."""

    guarded: bool = Field(description="the site has the part calls")
    currency: str
    state: Literal["off", "never", "silent", "apart", "well"] = Field(
        description="off: not guarded; never: no guard has run; silent: it was heard of, and is no "
        "more; apart: it has no connection with the PBX, or cannot read its record; well"
    )
    seen_at: UtcTime | None
    connected: bool = Field(description="with the PBX, when it was heard of last")
    reconciled_at: UtcTime | None = Field(
        description="when what the PBX had kept of calls was compared last"
    )
    problem: str


class BlockEntry(Answer):
    """Somebody's outgoing calls are blocked, or were."""

    id: int
    scope: Kind
    name: str
    rule: str = Field(description="the limit that was passed; by_hand...: a person did it")
    sentence: str
    since: UtcTime
    who: str = Field(description="empty: bellwire")
    ended_at: UtcTime | None
    ended_by: str


class MeterEntry(Answer):
    """A limit and what is used of it."""

    limit: str = Field(description="as in a site file")
    used: Money = Field(description="money, or a number of calls")
    most: Money | None = Field(description="null: there is no such limit")
    share: float = Field(description="how much of it is used: 1 is all")


class UseEntry(Answer):
    """What an account, a room or the site has used of its limits."""

    scope: Kind
    name: str
    room: str = Field(description="of an account: where it has called from")
    currency: str
    limits: list[MeterEntry]
    block: BlockEntry | None


class LiveEntry(Answer):
    """A call to the outside that goes on."""

    id: str
    account: str
    room: str
    number: str
    country: str = Field(description="two letters; empty: not known")
    international: bool
    answered: bool
    since: UtcTime = Field(description="when it was answered, or began to ring")
    cost: Money = Field(description="by now; one that rings is charged its first increment")
    currency: str
    cut_at: UtcTime | None = Field(description="when its money is used up, if that is near")
    left_s: int | None = Field(description="seconds until then; of one that rings: to be spoken")


class RefusedEntry(Answer):
    """Calls of an extension that one rule refused on a day, all together."""

    day: Day = Field(description="of the site's clock")
    account: str
    rule: str = Field(description="the rule or limit that refused them")
    country: str = Field(description="two letters; empty: not known")
    calls: int
    last_number: str
    last_at: UtcTime


class WarningEntry(Answer):
    """What a person should hear of, although the call was made."""

    id: int
    at: UtcTime
    account: str
    rule: str = Field(description="new_country: the first call of the account to a country")
    sentence: str


class CallerEntry(Answer):
    """A caller on the list of the toll-free numbers."""

    caller: str = Field(description="E.164, or anonymous")
    level: int = Field(description="1 to 5: must key a code; 6 and more: is refused")
    since: UtcTime
    last_call: UtcTime
    by_hand: bool
    calls_hour: int
    calls_day: int = Field(description="in the last 24 hours")


class ShutOutEntry(Answer):
    """An address that guessed passwords, and is shut out."""

    address: str
    account: str = Field(description="that was tried most; empty: ones that do not exist")
    tries: int
    times: int = Field(description="how often by now")
    since: UtcTime
    until: UtcTime
    problem: str = Field(description="why the firewall does not do it; empty: it does")


class SumEntry(Answer):
    """Calls that have something in common, all together."""

    name: str = Field(description="extension, country or day; of totals: empty")
    currency: str
    calls: int
    answered: int
    international: int
    seconds: int
    cost: Money


class ReportEntry(Answer):
    """What the calls of some days came to."""

    first: Day
    last: Day
    by: Literal["extension", "destination", "day"]
    rows: list[SumEntry]
    totals: list[SumEntry] = Field(description="one for each currency")


class ListAsked(Answer):
    """A do-not-call list that was asked."""

    name: str
    dated: Day


class CheckEntry(Answer):
    """What was checked before a commercial call."""

    at: UtcTime
    extension: str
    number: str
    lists: list[ListAsked]
    found: str = Field(description="the list that has the number, or empty")
    consent: str = Field(description="how the person agreed, or empty")
    stale: bool = Field(description="a list was missing or older than it may be")
    result: Literal["free", "consent", "warned", "blocked"]


class BlockWish(Sent):
    """Somebody's outgoing calls are to be blocked."""

    reason: Line = ""


class CallerWish(Sent):
    """A caller is to be on the list."""

    level: Annotated[int, Field(ge=1, le=HIGHEST)]
