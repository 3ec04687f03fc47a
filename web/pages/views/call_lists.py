"""Rates, do-not-call lists and consents of a site: uploaded, looked at, tried, ended."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any

from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import AfterValidator, Field

from monitors.calls.donotcall import Consent
from monitors.calls.rate_csv import RateError, read_rates
from monitors.store.calls_lists import consents_of, imports_of, rates_text
from provisioner.inventory.calls import DoNotCall
from provisioner.numbering.number import NumberError
from web.accounts.people import Role
from web.call_rules.importing import Importer, customer_number
from web.call_rules.part import CallsPart
from web.call_rules.rates import rates_in_force, summary
from web.pages.access import needs, now, person
from web.pages.call_rules.other_forms import DoNotCallForm, put_commercial, shown
from web.pages.call_rules.rates import (
    RateDraft,
    bad_rows,
    money_words,
    open_rates,
    seal_rates,
)
from web.pages.call_rules.rule_forms import UNREAD, Short
from web.pages.call_rules.uploads import csv_answer, uploaded
from web.pages.call_rules.words import FORMS, about_number, is_day
from web.pages.desk import desk
from web.pages.forms import Form, FormModel, filled, wrong
from web.pages.language import N_, gettext, retell
from web.pages.views.call_rules import PAGES, page, rules_of, save, today

__all__ = ["PAGES"]
FILE_BYTES_MAX = 24 * 1024 * 1024
LARGE = frozenset({"call_rules.lists_rates", "call_rules.lists_rates_take", "call_rules.lists_add"})
PER_PAGE = 50
TRIED_MINUTES = 3
DAY = N_("A day such as 2027-01-31 is needed.")
LATER = N_("This day has not come yet.")
LIST_NAME = N_("Letters, digits and hyphens are needed, such as robinson.")
TOO_OLD = N_("This preview is too old. Send the file again.")
NO_NUMBER = N_("No number of somebody outside. Write it with + and the code of its country.")


def _list_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", text):
        raise wrong(LIST_NAME)
    return text


def _day(text: str) -> str:
    if not is_day(text):
        raise wrong(DAY)
    return text


class ListForm(FormModel):
    """A do-not-call list."""

    list_name: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_list_name)]
    dated: Annotated[str, AfterValidator(_day)]


class ConsentForm(FormModel):
    """Somebody who agrees to be called."""

    number: Annotated[str, Field(min_length=1, max_length=64)]
    how: Annotated[Short, Field(min_length=1)]


@PAGES.url_value_preprocessor
def _files_may_be_large(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """Lists of operators have many megabytes; nothing is read before it is known who sends it."""
    if endpoint in LARGE:
        request.max_content_length = request.max_form_memory_size = FILE_BYTES_MAX


@PAGES.get("/sites/<site>/calls/lists")
@needs(Role.INSTALLER)
def lists(site: str) -> ResponseReturnValue:
    """Show rates, do-not-call lists and consents."""
    return _page(rules_of(site))


def _page(part: CallsPart, status: int = 200, **forms: Form[Any]) -> ResponseReturnValue:
    site, monitoring = part.site.id, desk().installation.monitoring
    imported = imports_of(monitoring, site)
    sought = request.args.get("q", "").strip()
    found = _consents(part, sought)
    first = max(request.args.get("from", default=0, type=int), 0)
    kept = {
        "rates_form": Form[FormModel](),
        "list_form": Form[FormModel]({"dated": today(part).isoformat()}),
        "consent_form": Form[FormModel](),
        "commercial": Form[FormModel](shown(part.calls)["commercial"]),
        **forms,
    }
    return page(
        "call-lists.html", part, status, **kept,
        rates=next((each for each in imported if not each.name), None),
        lists=[each for each in imported if each.name], forms_of_lists=FORMS,
        oldest=today(part) - timedelta(days=part.calls.do_not_call.list_days),
        consents=found[first : first + PER_PAGE], count=len(found), sought=sought,
        newer=max(first - PER_PAGE, 0) if first else None,
        older=first + PER_PAGE if first + PER_PAGE < len(found) else None,
        tried=_tried(part), money=money_words, usual_days=DoNotCall().list_days,
    )  # fmt: skip


def _consents(part: CallsPart, sought: str) -> list[Consent]:
    """Consents, the newest first; times are those of the pages."""
    found = reversed(consents_of(desk().installation.monitoring, part.site.id))
    wanted = sought.casefold()
    digits = "".join(filter(str.isdigit, sought)) or "-"
    return [c for c in found if wanted in c.how.casefold() or digits in c.number]


def _tried(part: CallsPart) -> dict[str, Any] | None:
    """What a number costs, which somebody wants to know."""
    text = request.args.get("number", "").strip()
    if not text:
        return None
    said: dict[str, Any] = {"text": text, "rate": None, "problem": "", "value": ""}
    try:
        number = part.plan.dialled(text)
        table = rates_in_force(desk().installation.monitoring, part.site.id)
    except (NumberError, RateError) as problem:
        return {**said, "problem": retell(problem)}
    rate = table.rate(number.value, today(part)) if table else None
    cost = rate.cost(TRIED_MINUTES * 60) if rate else None
    about = ", ".join(about_number(number))
    return {**said, "value": number.value, "about": about, "rate": rate, "cost": cost}


def _importer(part: CallsPart) -> Importer:
    return Importer(desk().installation, part.site, person().signature, now())


@PAGES.post("/sites/<site>/calls/lists/rates")
@needs(Role.ADMIN)
def lists_rates(site: str) -> ResponseReturnValue:
    """Read rates and show what they are; nothing is stored."""
    part, form = rules_of(site), Form[FormModel]()
    try:
        text = uploaded("rates")
        made = read_rates(text, part.calls.currency)
        before = rates_in_force(desk().installation.monitoring, site) or ()
    except RateError as problem:
        rows = bad_rows(text, problem)
        form.refuse("rates", gettext(UNREAD) % {"why": "" if rows else retell(problem)})
        form.values |= {"rows": rows, "more": max(len(problem.problems) - len(rows), 0)}
        return _page(part, 422, rates_form=form)
    except NumberError as problem:
        form.refuse("rates", retell(problem))
        return _page(part, 422, rates_form=form)
    source = (request.files["rates"].filename or "")[:100]
    draft = RateDraft(site, text, source)
    sealed = seal_rates(desk().installation.box, draft, person().signature, now())
    return page(
        "call-rates.html", part, source=source, draft=sealed, money=money_words,
        made=summary(made, before, today(part)), some=list(made)[:8],
    )  # fmt: skip


@PAGES.post("/sites/<site>/calls/lists/rates/take")
@needs(Role.ADMIN)
def lists_rates_take(site: str) -> ResponseReturnValue:
    """Take rates that were looked at."""
    part = rules_of(site)
    sealed, box = request.form.get("draft", ""), desk().installation.box
    draft = open_rates(box, sealed, site, person().signature, now())
    if draft is None:
        flash(gettext(TOO_OLD), "warn")
        return redirect(url_for(".lists", site=site), 303)
    try:
        _importer(part).rates(draft.text, draft.source)
        flash(gettext("These rates are in force now."), "good")
    except RateError as problem:  # the currency was changed meanwhile
        flash(retell(problem), "bad")
    return redirect(url_for(".lists", site=site), 303)


@PAGES.get("/sites/<site>/calls/lists/rates.csv")
@needs(Role.INSTALLER)
def lists_rates_csv(site: str) -> Response:
    """Send the rates as they were imported."""
    found = rates_text(desk().installation.monitoring, site)
    if found is None:
        abort(404)
    return csv_answer(found[0], f"{site}-rates.csv")


@PAGES.post("/sites/<site>/calls/lists/dnc")
@needs(Role.ADMIN)
def lists_add(site: str) -> ResponseReturnValue:
    """Take a do-not-call list."""
    part = rules_of(site)
    form = filled(ListForm, request.form)
    if form.data is not None:
        dated = datetime.fromisoformat(form.data.dated).date()
        if dated > today(part):
            form.refuse("dated", gettext(LATER))
        try:
            text = uploaded("list")
            if not form.errors:
                _importer(part).list(form.data.list_name, dated, text, part.plan)
        except NumberError as problem:
            form.refuse("list", gettext(UNREAD) % {"why": retell(problem)})
    if form.errors:
        return _page(part, 422, list_form=form)
    flash(gettext("The list is in force now."), "good")
    return redirect(url_for(".lists", site=site, _anchor="dnc"), 303)


@PAGES.post("/sites/<site>/calls/lists/dnc/<name>/remove")
@needs(Role.ADMIN)
def lists_remove(site: str, name: str) -> ResponseReturnValue:
    """Delete a do-not-call list."""
    if not _importer(rules_of(site)).drop(name):
        abort(404)
    flash(gettext("The list is deleted."), "good")
    return redirect(url_for(".lists", site=site, _anchor="dnc"), 303)


@PAGES.post("/sites/<site>/calls/lists/commercial")
@needs(Role.ADMIN)
def lists_commercial(site: str) -> ResponseReturnValue:
    """Store whose calls are commercial."""
    part = rules_of(site)
    form, wanted = filled(DoNotCallForm, request.form), part.copied()
    put_commercial(form, wanted, part.plan)
    if status := save(part, form, wanted, ("do_not_call",), {"": "extensions"}):
        return _page(part, status, commercial=form)
    return redirect(url_for(".lists", site=site, _anchor="dnc"), 303)


@PAGES.post("/sites/<site>/calls/lists/consents")
@needs(Role.INSTALLER)
def lists_consent(site: str) -> ResponseReturnValue:
    """Write that somebody agrees to be called."""
    part = rules_of(site)
    form = filled(ConsentForm, request.form)
    if form.data is not None:
        try:
            value = customer_number(form.data.number, part.plan)
        except NumberError:
            form.refuse("number", gettext(NO_NUMBER))
        else:
            _importer(part).consent(value, form.data.how)
            flash(gettext("%(number)s agrees to be called.") % {"number": value}, "good")
    if form.errors:
        return _page(part, 422, consent_form=form)
    return redirect(url_for(".lists", site=site, _anchor="consents"), 303)


@PAGES.post("/sites/<site>/calls/lists/consents/end")
@needs(Role.INSTALLER)
def lists_consent_end(site: str) -> ResponseReturnValue:
    """Write that somebody agrees no more."""
    number = request.form.get("ended", "")
    if _importer(rules_of(site)).withdraw(number):
        flash(gettext("%(number)s agrees no more.") % {"number": number}, "good")
    else:
        flash(gettext("There is no consent of this number any more."), "warn")
    return redirect(url_for(".lists", site=site, _anchor="consents"), 303)
