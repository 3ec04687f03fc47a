"""Guarded calls that were refused, and first calls to a country."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from monitors.guarding.keeping import reason
from monitors.store.calls import Refusals
from monitors.store.calls_blocks import CallWarning
from web.accounts.people import Scope
from web.api.areas.calls import Span, days_asked
from web.api.areas.health import Language
from web.api.operation import Call, Operation, Reply
from web.api.paging import Page, Paged, PagedByNumber, Words, page
from web.api.shapes.calls import RefusedEntry, WarningEntry
from web.calls.ground import guarded_site
from web.calls.refused import Asked, read_refused, read_warnings

TAG = "calls"
Json = dict[str, Any]


class RefusedAsked(Paged, Span):
    """Which refused calls are wanted; no more than 366 days."""

    account: Words | None = Field(default=None, description="of this extension only")


class WarningsAsked(PagedByNumber, Span):
    """Which warnings are wanted; no more than 366 days."""

    account: Words | None = Field(default=None, description="of this extension only")
    language: Language = Field(default="en", description="of the sentences")


def _accounts(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def refused(call: Call) -> Reply:
    """List refused calls, newest first."""
    site, asked = guarded_site(call.installation, call.site), call.query
    days, limit = days_asked(call, site), asked.limit + 1
    wanted = Asked(days, _accounts(asked.account), limit, refused_after=asked.after or "")
    found = read_refused(call.installation, site, wanted)
    return page(call, [(key, _refused(each)) for key, each in found])


def _refused(each: Refusals) -> Json:
    names = ("day", "account", "rule", "country", "last_number", "last_at")
    return {**{name: getattr(each, name) for name in names}, "calls": each.count}


def warnings(call: Call) -> Reply:
    """List warnings, newest first."""
    site, asked = guarded_site(call.installation, call.site), call.query
    days, limit = days_asked(call, site), asked.limit + 1
    wanted = Asked(days, _accounts(asked.account), limit, warned_before=asked.after)
    found = read_warnings(call.installation, site, wanted)
    return page(call, [(key, _warning(key, each, asked.language)) for key, each in found])


def _warning(number: int, each: CallWarning, language: str) -> Json:
    sentence = reason(each.because, language)
    because = {"rule": each.because.rule, "sentence": sentence}
    return {"id": number, "at": each.at, "account": each.account, **because}


_READ: Json = {"tag": TAG, "method": "GET", "scope": Scope.READ}
OPERATIONS = (
    Operation(
        id="list_refused_calls", path="/sites/{site}/calls/refused", handler=refused,
        summary="Calls to the outside that a rule or a limit refused, newest first",
        note="Calls of one account, rule and country are one entry a day.", query=RefusedAsked,
        answers={200: Page[RefusedEntry]}, **_READ,
    ),
    Operation(
        id="list_call_warnings", path="/sites/{site}/calls/warnings", handler=warnings,
        summary="First calls to a country, newest first", query=WarningsAsked,
        answers={200: Page[WarningEntry]}, **_READ,
    ),
)  # fmt: skip
