"""Reports of a site's calls: by extension, destination and day, refused ones, checked ones."""

from __future__ import annotations

from flask import Response, request
from flask.typing import ResponseReturnValue

from monitors.calls.donotcall import write_report
from monitors.store.calls_sums import By
from web.calls.ground import Guarded
from web.calls.refused import Asked, read_kept_back
from web.calls.reports import (
    Days,
    all_checks,
    call_list,
    count_checks,
    days_of,
    read_checks,
    read_report,
)
from web.calls.showing import names_of
from web.pages.access import now
from web.pages.calls import refusals
from web.pages.calls.drawing import draw
from web.pages.calls.paging import page_asked, slice_of
from web.pages.desk import desk
from web.pages.views import calls
from web.pages.views.calls import accounts_in, shown, the_site

PAGES = calls.PAGES
PER_PAGE = 50
REFUSED_PER_PAGE = 25
_AFTER_MAX = 200
_NAME_MAX = 64
_NUMBER_DIGITS_MAX = 9
_FOR_SPREADSHEETS = "\ufeff"  # tells them that it is UTF-8
WAYS: dict[str, By] = {"extension": "extension", "destination": "destination", "day": "day"}


def _asked(guarded: Guarded) -> Days:
    return days_of(
        guarded, now(), request.args.get("from", "")[:20], request.args.get("to", "")[:20]
    )


@PAGES.get("/sites/<site>/calls/reports")
def reports(site: str) -> ResponseReturnValue:
    """Show what the calls of some days came to."""
    guarded, installation = the_site(site), desk().installation
    if guarded.calls is None:
        return shown("", guarded)
    by, days = WAYS.get(request.args.get("by", ""), "extension"), _asked(guarded)
    report = read_report(installation, guarded, days, by)
    part = slice_of(report.rows, page_asked(request.args), PER_PAGE)
    names = {}
    if by == "extension":
        names = names_of(installation, site, {("account", row.name) for row in part.shown})
    return shown(
        "calls-reports.html", guarded, by=by, days=days, report=report, part=part, names=names,
        drawn=draw(report, guarded.currency, by),
    )  # fmt: skip


@PAGES.get("/sites/<site>/calls/reports.csv")
def reports_csv(site: str) -> ResponseReturnValue:
    """Hand out every call of some days."""
    guarded = the_site(site)
    days = _asked(guarded)
    text = "".join(call_list(desk().installation, guarded, days))
    return _csv(text, f"calls-{site}-{days.first}-{days.last}")


@PAGES.get("/sites/<site>/calls/reports/do-not-call")
def checks(site: str) -> ResponseReturnValue:
    """Show what was checked before commercial calls."""
    guarded, installation = the_site(site), desk().installation
    if guarded.calls is None:
        return shown("", guarded)
    days, after = _asked(guarded), request.args.get("after", "")[:_AFTER_MAX]
    found = read_checks(installation, guarded, days, PER_PAGE + 1, after)
    rows = found[:PER_PAGE]
    older = rows[-1][0] if len(found) > PER_PAGE else ""
    return shown(
        "calls-checks.html", guarded, days=days, rows=[row for _, row in rows], older=older,
        after=after, counts=count_checks(installation, guarded, days),
    )  # fmt: skip


@PAGES.get("/sites/<site>/calls/reports/do-not-call.csv")
def checks_csv(site: str) -> ResponseReturnValue:
    """Hand out what was checked before commercial calls."""
    guarded = the_site(site)
    days = _asked(guarded)
    text = write_report(all_checks(desk().installation, guarded, days))
    return _csv(text, f"do-not-call-{site}-{days.first}-{days.last}")


@PAGES.get("/sites/<site>/calls/refused")
def refused(site: str) -> ResponseReturnValue:
    """Show which calls were refused on some days, and first calls to a country."""
    guarded, installation = the_site(site), desk().installation
    if guarded.calls is None:
        return shown("", guarded)
    account = request.args.get("extension", "").strip()[:_NAME_MAX]
    after, before = request.args.get("after", "")[:_AFTER_MAX], _number(request.args.get("before"))
    asked = Asked(_asked(guarded), (account,) if account else (), REFUSED_PER_PAGE, after, before)
    found = read_kept_back(installation, guarded, asked)
    return shown(
        "calls-refused.html", guarded, days=asked.days, account=account, found=found, after=after,
        before=before, names=names_of(installation, site, accounts_in(found)), refusals=refusals,
    )  # fmt: skip


def _number(text: str | None) -> int | None:
    """The number that an address names; what is none is left out."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > _NUMBER_DIGITS_MAX:
        return None
    return int(text)


def _csv(text: str, name: str) -> Response:
    return Response(
        _FOR_SPREADSHEETS + text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
