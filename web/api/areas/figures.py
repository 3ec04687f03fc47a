"""What was measured of a phone, over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import Field

from monitors.history import DAY_S, HOUR_S, MINUTE_S, Quantity
from monitors.store.samples import series
from web.accounts.people import Scope
from web.api.areas.reading import phone_place
from web.api.operation import Call, Operation, Reply
from web.api.paging import Asked
from web.api.problems import invalid
from web.api.shapes.values import Answer, MacText, Moment, UtcTime

_WIDTHS = {"minute": MINUTE_S, "hour": HOUR_S, "day": DAY_S}
_NAMES = {quantity.column: quantity for quantity in Quantity}
Name = Literal["rtt_us", "power_mw", "registered", "mos_hundredths"]


class FiguresAsked(Asked):
    """Which figures are wanted."""

    quantity: Name
    width: Literal["minute", "hour", "day"] = "hour"
    since: Moment | None = Field(default=None, description="default: 48 of them before until")
    until: Moment | None = Field(default=None, description="default: now")


class Figure(Answer):
    """All that was measured in a minute, an hour or a day."""

    at: UtcTime
    count: int
    mean: float
    least: int
    most: int


class Figures(Answer):
    """Figures of a phone, oldest first; those that nobody measured are left out."""

    mac: MacText
    quantity: Name
    width: str
    figures: list[Figure]


def figures(call: Call) -> Reply:
    """Say what was measured of a phone."""
    phone_place(call)
    asked: FiguresAsked = call.query
    width_s = _WIDTHS[asked.width]
    until = _seconds(asked.until, call.now, "until")
    start = _seconds(asked.since, call.now, "since") if asked.since else until - 48 * width_s
    try:
        found = series(
            call.installation.monitoring, str(call.path["mac"]), _NAMES[asked.quantity], start,
            until, width_s,
        )  # fmt: skip
    except ValueError as problem:
        raise invalid("#since", str(problem)) from problem
    rows = [
        {
            "at": datetime.fromtimestamp(b.at_s, UTC).replace(tzinfo=None),
            "count": b.count, "mean": round(b.total / b.count, 2), "least": b.least, "most": b.most,
        }
        for b in found.buckets
    ]  # fmt: skip
    shown = {"mac": call.path["mac"], "quantity": asked.quantity, "width": asked.width}
    return Reply({**shown, "figures": rows})


def _seconds(at: datetime | None, now: datetime, name: str) -> int:
    """Seconds since 1970, of a time that somebody may have meant."""
    wanted = at or now.replace(tzinfo=UTC)
    seconds = int(wanted.timestamp())
    if abs(seconds - now.replace(tzinfo=UTC).timestamp()) > timedelta(days=3660).total_seconds():
        raise invalid(f"#{name}", "must be within ten years")
    return seconds


OPERATIONS = (
    Operation(
        id="get_figures", method="GET", path="/sites/{site}/phones/{mac}/figures", tag="phones",
        scope=Scope.READ, summary="What was measured of it, over time", handler=figures,
        query=FiguresAsked, answers={200: Figures},
    ),
)  # fmt: skip
