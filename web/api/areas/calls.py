"""Guarded calls: use of limits, live calls, blocks, toll-free callers, reports."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeVar

from pydantic import Field

from monitors.calls.donotcall import Checked
from web.accounts.people import Scope
from web.api.areas.call_blocks import block_json, paged
from web.api.areas.health import Language
from web.api.operation import Call, Operation, Reply
from web.api.paging import Asked, Page, Paged, Words, page
from web.api.problems import invalid
from web.api.shapes.calls import (
    CallGuardEntry,
    CheckEntry,
    LiveEntry,
    ReportEntry,
    UseEntry,
)
from web.calls.ground import Guarded, guarded_site
from web.calls.reports import Days, days_of, read_checks, read_report
from web.calls.showing import read_guard
from web.calls.using import LiveCall, Standing, fitting, read_live, read_standings

TAG = "calls"
Json = dict[str, Any]
Item = TypeVar("Item")


class UsageAsked(Paged):
    """Whose use is wanted."""

    find: Words | None = Field(default=None, description="an extension or a room, or part of it")
    language: Language = Field(default="en", description="of the sentences")


class Span(Asked):
    """Days of the site's clock."""

    first: Words | None = Field(default=None, description="a day; by default that of the month")
    last: Words | None = Field(default=None, description="a day; by default today")


class ReportAsked(Span):
    """Which sums are wanted; no more than 366 days."""

    by: Literal["extension", "destination", "day"] = "extension"


class ChecksAsked(Paged, Span):
    """Which checks are wanted; no more than 366 days."""


def _site(call: Call) -> Guarded:
    return guarded_site(call.installation, call.site)


def guard(call: Call) -> Reply:
    """Say whether the guard does its work."""
    site = _site(call)
    standing = read_guard(call.installation, site, call.now)
    seen = standing.seen
    return Reply(
        {
            "guarded": site.calls is not None, "currency": site.currency, "state": standing.state,
            "seen_at": seen.seen_at if seen else None,
            "connected": bool(seen and seen.connected),
            "reconciled_at": seen.reconciled_at if seen else None,
            "problem": seen.problem if seen else "",
        }
    )  # fmt: skip


def usage(call: Call) -> Reply:
    """List what is used of every limit, by name, so that pages hold still."""
    site, asked = _site(call), call.query
    found = fitting(read_standings(call.installation, site, call.now), asked.find or "")
    rows = {" ".join(each.scope): each for each in found}
    return paged(call, rows, lambda each: _use(each, site.currency, asked.language))


def _use(each: Standing, currency: str, language: str) -> Json:
    return {
        "scope": each.scope[0], "name": each.scope[1], "room": each.room, "currency": currency,
        "limits": [
            {"limit": m.name, "used": Decimal(m.used), "share": m.share,
             "most": None if m.most is None else Decimal(m.most)}
            for m in each.meters
        ],
        "block": block_json(each.block, language) if each.block is not None else None,
    }  # fmt: skip


def live(call: Call) -> Reply:
    """List the calls to the outside that go on."""
    found = read_live(call.installation, _site(call), call.now)
    return paged(call, {each.kept.call.id: each for each in found}, _live)


def _live(each: LiveCall) -> Json:
    kept = each.kept
    return {
        "id": kept.call.id, "account": kept.account, "room": kept.room, "number": kept.call.to,
        "country": kept.call.country, "international": kept.call.international,
        "answered": each.is_answered, "since": each.since, "cost": each.cost,
        "currency": kept.currency, "cut_at": each.cut_at, "left_s": each.left_s,
    }  # fmt: skip


def days_asked(call: Call, site: Guarded) -> Days:
    """Return the days that are asked for; what is no day is refused."""
    given = {name: getattr(call.query, name) for name in ("first", "last")}
    for name, text in given.items():
        if text is not None:
            try:
                date.fromisoformat(text)
            except ValueError:
                raise invalid(f"#{name}", "must be a day such as 2026-11-22") from None
    return days_of(site, call.now, given["first"] or "", given["last"] or "")


def report(call: Call) -> Reply:
    """Sum up the calls of some days."""
    site = _site(call)
    made = read_report(call.installation, site, days_asked(call, site), call.query.by)
    days = {"first": made.days.first, "last": made.days.last, "by": call.query.by}
    return Reply({**days, "rows": made.rows, "totals": made.totals})


def checks(call: Call) -> Reply:
    """List what was checked before commercial calls, newest first."""
    site, asked = _site(call), call.query
    days = days_asked(call, site)
    found = read_checks(call.installation, site, days, asked.limit + 1, asked.after or "")
    return page(call, [(key, _check(each)) for key, each in found])


def _check(each: Checked) -> Json:
    names = ("extension", "number", "found", "consent", "stale", "result")
    lists = [{"name": name, "dated": dated} for name, dated in each.lists]
    at = each.at.replace(tzinfo=None)
    return {**{name: getattr(each, name) for name in names}, "at": at, "lists": lists}


_READ: Json = {"tag": TAG, "method": "GET", "scope": Scope.READ}
OPERATIONS = (
    Operation(
        id="get_call_guard", path="/sites/{site}/calls", handler=guard,
        summary="Whether calls are guarded, and whether the guard does its work",
        answers={200: CallGuardEntry}, **_READ,
    ),
    Operation(
        id="list_call_usage", path="/sites/{site}/calls/usage", handler=usage, query=UsageAsked,
        summary="Use of every limit: of the site, and of rooms and accounts that have called",
        answers={200: Page[UseEntry]}, **_READ,
    ),
    Operation(
        id="list_live_calls", path="/sites/{site}/calls/live", handler=live, query=Paged,
        summary="Calls to the outside that go on", answers={200: Page[LiveEntry]}, **_READ,
    ),
    Operation(
        id="get_call_report", path="/sites/{site}/calls/report", handler=report, query=ReportAsked,
        summary="Sums of the calls of some days", answers={200: ReportEntry}, **_READ,
    ),
    Operation(
        id="list_do_not_call_checks", path="/sites/{site}/calls/checks", handler=checks,
        summary="What was checked before commercial calls, newest first", query=ChecksAsked,
        answers={200: Page[CheckEntry]}, **_READ,
    ),
)  # fmt: skip
