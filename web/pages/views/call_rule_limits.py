"""Limits of outgoing calls, toll-free numbers, dialling, and what if bellwire does not answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from monitors.store.calls_lists import rates_currency
from provisioner.inventory.calls import Calls, Limits, TollFree
from provisioner.inventory.site_yaml import Path_
from provisioner.numbering.countries import country_of
from web.accounts.people import Role
from web.call_rules.part import CallsPart, Json
from web.pages.access import needs
from web.pages.call_rules.limit_forms import (
    FIELDS,
    SCOPES,
    differing,
    limits_form,
    limits_sent,
    put_limits,
    scope_limits,
    usual_of,
)
from web.pages.call_rules.other_forms import (
    ClosedForm,
    MoneyForm,
    NumberingForm,
    TollFreeForm,
    WithoutForm,
    put_closed,
    put_money,
    put_numbering,
    put_toll_free,
    put_without,
    shown,
)
from web.pages.call_rules.times import times_sent, times_shown
from web.pages.call_rules.words import country_words, days_of_week
from web.pages.desk import desk
from web.pages.forms import Form, FormModel, filled
from web.pages.language import gettext
from web.pages.views.call_rules import PAGES, page, rules_of, save, save_at_once

__all__ = ["PAGES"]
Put = Callable[[Form[Any], Json, CallsPart], None]
FORMS: dict[str, tuple[type[FormModel], Put, Path_, dict[str, str]]] = {
    "money": (MoneyForm, lambda form, wanted, _: put_money(form, wanted), (), {}),
    "closed": (
        ClosedForm,
        lambda form, wanted, part: put_closed(
            form, times_sent(form, request.form), wanted, part.plan
        ),
        ("limits",),
        {"closed": "destinations"},
    ),
    "toll_free": (
        TollFreeForm,
        lambda form, wanted, part: put_toll_free(form, wanted, part.plan),
        ("toll_free",),
        {"numbers": "toll_numbers", "per_day": "per_day", "": "toll_numbers"},
    ),
    "numbering": (
        NumberingForm,
        lambda form, wanted, _: put_numbering(form, wanted),
        ("numbering",),
        {name: name for name in NumberingForm.model_fields},
    ),
    "without": (WithoutForm, lambda form, wanted, _: put_without(form, wanted), ("pbx",), {}),
}
"""Forms by name: their model, how they are written, where, and their fields by the names there."""


@PAGES.get("/sites/<site>/calls/limits")
@needs(Role.INSTALLER)
def limits(site: str) -> ResponseReturnValue:
    """Show the limits and all that goes with them as forms."""
    return _page(rules_of(site))


def _page(
    part: CallsPart, name: str = "", form: Form[Any] | None = None, status: int = 200
) -> ResponseReturnValue:
    """The page; one of its forms as it was sent."""
    found, values = part.calls.limits, shown(part.calls)
    forms: dict[str, Form[Any]] = {each: Form(values[each]) for each in FORMS}
    forms["closed"].values |= times_shown(found.closed_times)
    forms |= {scope: limits_form(scope_limits(found, scope)) for scope in SCOPES}
    if form is not None:
        forms[name] = form
    own = {
        number: differing(each, found.account) for number, each in sorted(found.accounts.items())
    }
    return page(
        "call-limits.html", part, status, forms_of=forms, wrong=name if form else "",
        fields=FIELDS, scopes=SCOPES, usual={scope: usual_of(scope) for scope in SCOPES},
        own=own, usual_closed=Limits().closed, toll=TollFree(),
        days=days_of_week(), country=country_of(part.site.country),
        country_name=country_words(part.site.country), usual_currency=Calls().currency,
        rates_in=_rates_in(part),
    )  # fmt: skip


def _rates_in(part: CallsPart) -> str:
    """The currency of the rates, where it is not that of the site."""
    found = rates_currency(desk().installation.monitoring, part.site.id)
    return found if found and found != part.calls.currency else ""


@PAGES.post("/sites/<site>/calls/limits/<name>")
@needs(Role.ADMIN)
def limits_save(site: str, name: str) -> ResponseReturnValue:
    """Store one of the forms."""
    part = rules_of(site)
    wanted = part.copied()
    if name in SCOPES:
        before = scope_limits(part.calls.limits, name)
        form, made = limits_sent(request.form, before, usual_of(name))
        put_limits(wanted, name, made)
        below: Path_ = ("limits", name)
        fields = {field.name: field.name for field in FIELDS}
    elif name in FORMS:
        model, write, below, fields = FORMS[name]
        form = filled(model, request.form)
        write(form, wanted, part)
    else:
        abort(404)
    if status := save(part, form, wanted, below, fields):
        return _page(part, name, form, status)
    return redirect(url_for(".limits", site=site, _anchor=name), 303)


@PAGES.get("/sites/<site>/calls/limits/accounts")
@needs(Role.INSTALLER)
def limits_choose(site: str) -> ResponseReturnValue:
    """Go to the limits of the account that was chosen."""
    wanted = request.args.get("extension", "")
    if wanted not in rules_of(site).accounts:
        flash(gettext("There is no account %(number)s.") % {"number": wanted}, "warn")
        return redirect(url_for(".limits", site=site, _anchor="accounts"), 303)
    return redirect(url_for(".limits_account", site=site, extension=wanted), 303)


@PAGES.get("/sites/<site>/calls/limits/accounts/<extension>")
@needs(Role.INSTALLER)
def limits_account(site: str, extension: str) -> ResponseReturnValue:
    """Show the limits of one account as a form."""
    part = rules_of(site)
    usual = part.calls.limits.account
    return _account_page(
        part, extension, limits_form(part.calls.limits.accounts.get(extension, usual))
    )


def _account_page(
    part: CallsPart, extension: str, form: Form[Any], status: int = 200
) -> ResponseReturnValue:
    found = part.calls.limits
    if extension not in part.accounts and extension not in found.accounts:
        abort(404)
    return page(
        "call-limits-account.html", part, status, form=form, fields=FIELDS, usual=found.account,
        extension=extension, is_own=extension in found.accounts,
    )  # fmt: skip


@PAGES.post("/sites/<site>/calls/limits/accounts/<extension>")
@needs(Role.ADMIN)
def limits_account_save(site: str, extension: str) -> ResponseReturnValue:
    """Store the limits of one account; those that are as usual are not its own."""
    part = rules_of(site)
    found, wanted = part.calls.limits, part.copied()
    before = found.accounts.get(extension, found.account)
    form, made = limits_sent(request.form, before, found.account)
    put_limits(wanted, "account", made, extension)
    fields = {field.name: field.name for field in FIELDS}
    if status := save(part, form, wanted, ("limits", "accounts", extension), fields):
        return _account_page(part, extension, form, status)
    return redirect(url_for(".limits", site=site, _anchor="accounts"), 303)


@PAGES.post("/sites/<site>/calls/limits/accounts/<extension>/remove")
@needs(Role.ADMIN)
def limits_account_remove(site: str, extension: str) -> ResponseReturnValue:
    """Let an account have the limits of all others again."""
    part = rules_of(site)
    wanted = part.copied()
    put_limits(wanted, "account", {}, extension)
    if save_at_once(part, wanted):
        flash(gettext("Account %(number)s has the usual limits again.") % {"number": extension},
              "good")  # fmt: skip
    return redirect(url_for(".limits", site=site, _anchor="accounts"), 303)
