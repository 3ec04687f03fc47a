"""Rates, do-not-call lists and consents of a site, and numbers checked against its rules."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, timedelta
from typing import Any

from pydantic import Field

from monitors.calls.donotcall import Consent as GivenConsent
from monitors.calls.explain import NumberChecker
from monitors.calls.rate_csv import RateError, read_rates
from monitors.calls.times import at_site
from monitors.guarding.facts import rooms_of
from monitors.store.calls_blocks import blocks_of
from monitors.store.calls_lists import Imported, consents_of, imports_of, rates_text
from provisioner.numbering.number import NumberError
from web.accounts.people import Role, Scope
from web.api.areas.health import InLanguage
from web.api.operation import BODY_BYTES_MAX, Call, Operation, Reply
from web.api.paging import Asked, DryRun, Flag, Page, PagedByNumber, Words, page
from web.api.problems import ProblemError, invalid, not_found
from web.api.shapes.call_lists import (
    TEXT_MAX,
    Consent,
    ConsentWish,
    DoNotCall,
    DoNotCalls,
    DoNotCallWish,
    NumberChecked,
    RateFound,
    Rates,
    RatesTaken,
    RatesWish,
)
from web.call_rules.checking import checked_site, described
from web.call_rules.importing import Importer, customer_number
from web.call_rules.part import CallsPart, read_part
from web.call_rules.rates import rates_in_force, summary

TAG = "calls"
Json = dict[str, Any]
PROBLEMS_SHOWN = 50


class RatesAsked(Asked):
    """Whether the rates themselves are wanted."""

    csv: Flag = Field(default=False, description="also the CSV")


class RateAsked(Asked):
    """A number whose price is wanted."""

    number: Words = Field(min_length=1, max_length=64, description="in any spelling")


class NumberAsked(InLanguage):
    """A number to be checked."""

    number: Words = Field(max_length=64, description="in any spelling; empty: not shown")
    extension: Words = Field(
        default="", description="that calls or is called; empty: one without rules of its own"
    )


def _importer(call: Call, part: CallsPart) -> Importer:
    return Importer(call.installation, part.site, call.who.signature, call.now)


def rates(call: Call) -> Reply:
    """Say which rates are in force."""
    monitoring = call.installation.monitoring
    found = next((each for each in imports_of(monitoring, call.site) if not each.name), None)
    stored = rates_text(monitoring, call.site)
    if found is None or stored is None:
        raise not_found(f"site {call.site} has no rates")
    text, currency = stored
    shown = {"entries": found.entries, "imported_at": found.at, "who": found.who}
    return Reply({**shown, "currency": currency, "csv": text if call.query.csv else None})


def put_rates(call: Call) -> Reply:
    """Take rates in place of those of before."""
    part, text = read_part(call.installation, call.site), call.body.csv
    currency = part.calls.currency
    try:
        made = read_rates(text, currency)
        before = rates_in_force(call.installation.monitoring, call.site) or ()
        found = summary(made, before, _today(call, part))
        if not call.dry_run:
            _importer(call, part).rates(text, "the API")
    except RateError as problem:
        told = tuple(("/csv", f"line {line}: {why}") for line, why in problem.problems)
        raise ProblemError(
            "invalid", str(problem), told[:PROBLEMS_SHOWN] or (("/csv", str(problem)),)
        ) from None
    counts = {n: v for n, v in asdict(found).items() if n != "count"}
    return Reply(
        {"dry_run": call.dry_run, "currency": currency, "entries": found.count, **counts}
    )  # fmt: skip


def look_up(call: Call) -> Reply:
    """Say what a number costs today."""
    part = read_part(call.installation, call.site)
    try:
        number = part.plan.dialled(call.query.number)
    except NumberError as problem:
        raise invalid("#number", str(problem)) from None
    table = rates_in_force(call.installation.monitoring, call.site)
    rate = table.rate(number.value, _today(call, part)) if table else None
    shown = {"number": number.value, "kind": number.kind.value, "currency": part.calls.currency}
    return Reply({**shown, "rate": None if rate is None else asdict(rate)})


def lists(call: Call) -> Reply:
    """List the do-not-call lists."""
    part = read_part(call.installation, call.site)
    found = imports_of(call.installation.monitoring, call.site)
    return Reply({"lists": [_list(call, part, each) for each in found if each.name]})


def _list(call: Call, part: CallsPart, each: Imported) -> Json:
    oldest = _today(call, part) - timedelta(days=part.calls.do_not_call.list_days)
    names = ("name", "dated", "form", "entries", "who")
    is_old = each.dated is not None and each.dated < oldest
    return {**{n: getattr(each, n) for n in names}, "imported_at": each.at, "is_old": is_old}


def put_list(call: Call) -> Reply:
    """Take a do-not-call list in place of the one of the same name."""
    part = read_part(call.installation, call.site)
    today = _today(call, part)
    dated = call.body.dated or today
    if dated > today:
        raise invalid("/dated", "this day has not come yet")
    try:
        made = _importer(call, part).list(call.path["list"], dated, call.body.text, part.plan)
    except NumberError as problem:
        raise invalid("/text", str(problem)) from None
    return Reply(_list(call, part, made))


def drop_list(call: Call) -> Reply:
    """Delete a do-not-call list."""
    part, name = read_part(call.installation, call.site), call.path["list"]
    if not _importer(call, part).drop(name):
        raise not_found(f"site {call.site} has no list {name!r}")
    return Reply(status=204)


def consents(call: Call) -> Reply:
    """List who agreed to be called, also who does no more; the newest first."""
    found = list(enumerate(consents_of(call.installation.monitoring, call.site), start=1))
    after = call.query.after
    rows = [(n, each) for n, each in reversed(found) if after is None or n < after]
    return page(call, [(n, _consent(each)) for n, each in rows[: call.query.limit + 1]])


def _consent(each: GivenConsent) -> Json:
    given, withdrawn = each.given.replace(tzinfo=None), each.withdrawn
    ended = withdrawn.replace(tzinfo=None) if withdrawn else None
    return {**asdict(each), "given": given, "withdrawn": ended}


def add_consent(call: Call) -> Reply:
    """Write that somebody agrees to commercial calls."""
    part, wish = read_part(call.installation, call.site), call.body
    try:
        value = customer_number(wish.number, part.plan)
    except NumberError as problem:
        raise invalid("/number", str(problem)) from None
    _importer(call, part).consent(value, wish.how)
    given = GivenConsent(value, call.now.replace(tzinfo=UTC), wish.how, call.who.signature)
    return Reply(_consent(given), 201, location=f"/sites/{call.site}/calls/consents")


def end_consent(call: Call) -> Reply:
    """Write that somebody agrees no more."""
    part, caller = read_part(call.installation, call.site), call.path["caller"]
    try:
        ended = _importer(call, part).withdraw(customer_number(caller, part.plan))
    except NumberError:
        ended = False
    if not ended:
        raise not_found(f"{caller} has no consent that stands")
    return Reply(status=204)


def check(call: Call) -> Reply:
    """Say what would happen to a call from a number and to it, and which rule decides."""
    part, asked = read_part(call.installation, call.site), call.query
    if asked.extension and asked.extension not in part.accounts:
        raise invalid("#extension", f"site {call.site} has no account {asked.extension!r}")
    here = call.installation
    table = rates_in_force(here.monitoring, call.site)
    with here.database.read() as session:
        rooms = rooms_of(session, call.site)
    blocked = {each.scope: each.rule for each in blocks_of(here.monitoring, call.site)}
    checker = NumberChecker(checked_site(part.site, tuple(part.accounts), table), blocked, rooms)
    try:
        found = checker.check(asked.number, asked.extension, call.now.replace(tzinfo=UTC))
    except NumberError as problem:
        raise invalid("#number", str(problem)) from None
    made = described(found, asked.language)
    return Reply({**made, "incoming": made["from"], "outgoing": made["to"]})


def _today(call: Call, part: CallsPart) -> date:
    return at_site(call.now.replace(tzinfo=UTC), part.site.timezone).date()


_CALLS = "/sites/{site}/calls"
_LIST = f"{_CALLS}/dnc/{{list}}"
_READ: Json = {"tag": TAG, "method": "GET", "scope": Scope.READ, "role": Role.INSTALLER}
_CHANGE: Json = {"tag": TAG, "scope": Scope.CHANGE, "role": Role.ADMIN}
_CONSENT: Json = {"tag": TAG, "scope": Scope.CHANGE, "role": Role.INSTALLER}
_LARGE = TEXT_MAX + BODY_BYTES_MAX
OPERATIONS = (
    Operation(
        id="get_rates", path=f"{_CALLS}/rates", handler=rates, query=RatesAsked,
        summary="Which rates are in force", answers={200: Rates}, **_READ,
    ),
    Operation(
        id="put_rates", method="PUT", path=f"{_CALLS}/rates", handler=put_rates, query=DryRun,
        body=RatesWish, summary="Take rates in place of those of before",
        answers={200: RatesTaken}, bytes_max=_LARGE,
        note="All rows or none; those that cannot be read are named with their lines.", **_CHANGE,
    ),
    Operation(
        id="look_up_rate", path=f"{_CALLS}/rates/lookup", handler=look_up, query=RateAsked,
        summary="What a number costs", answers={200: RateFound}, **_READ,
    ),
    Operation(
        id="list_do_not_call", path=f"{_CALLS}/dnc", handler=lists,
        summary="The do-not-call lists", answers={200: DoNotCalls}, **_READ,
    ),
    Operation(
        id="put_do_not_call", method="PUT", path=_LIST, handler=put_list, body=DoNotCallWish,
        summary="Take a do-not-call list in place of the one of the same name",
        answers={200: DoNotCall}, bytes_max=_LARGE, **_CHANGE,
    ),
    Operation(
        id="drop_do_not_call", method="DELETE", path=_LIST, handler=drop_list,
        summary="Delete a do-not-call list", answers={204: None}, **_CHANGE,
    ),
    Operation(
        id="list_consents", path=f"{_CALLS}/consents", handler=consents, query=PagedByNumber,
        summary="Who agreed to commercial calls", answers={200: Page[Consent]}, **_READ,
    ),
    Operation(
        id="add_consent", method="POST", path=f"{_CALLS}/consents", handler=add_consent,
        body=ConsentWish, summary="Write that somebody agrees to commercial calls",
        answers={201: Consent}, **_CONSENT,
    ),
    Operation(
        id="end_consent", method="DELETE", path=f"{_CALLS}/consents/{{caller}}",
        handler=end_consent, summary="Write that somebody agrees no more",
        answers={204: None}, **_CONSENT,
    ),
    Operation(
        id="check_number", path=f"{_CALLS}/numbers/check", handler=check, query=NumberAsked,
        summary="What would happen to a number, and which rule decides",
        answers={200: NumberChecked}, **{**_READ, "role": Role.VIEWER},
    ),
)  # fmt: skip
