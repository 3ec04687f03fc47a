"""Checking a number: what it is, in every spelling, and what would become of its calls."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from monitors.calls.rate_csv import RateError
from provisioner.numbering.number import NumberError
from web.accounts.people import Role
from web.call_rules.part import CallsPart
from web.pages.access import now, person
from web.pages.call_rules.checking import Checked, check_at
from web.pages.call_rules.words import about_number
from web.pages.desk import desk
from web.pages.forms import Form, FormModel
from web.pages.language import N_, gettext, retell
from web.pages.views.call_rules import PAGES, page, rules_of

__all__ = ["PAGES"]
SHOWN_EXTENSIONS = 12
TOO_LONG = N_("This is longer than any number.")


@PAGES.get("/sites/<site>/calls/check")
def check(site: str) -> ResponseReturnValue:
    """Say what would happen to a call from a number, and to it."""
    part = rules_of(site)
    number = request.args.get("number", "").strip()
    extension = request.args.get("extension", "").strip()
    form = Form[FormModel]({"number": number, "extension": extension})
    found = _checked(part, form) if number else None
    return page(
        "call-check.html", part, 422 if form.errors else 200, form=form, found=found,
        about=about_number, shown_extensions=SHOWN_EXTENSIONS,
        may_edit=person().is_at_least(Role.INSTALLER),
    )  # fmt: skip


def _checked(part: CallsPart, form: Form[FormModel]) -> Checked | None:
    number, extension = form.value("number"), form.value("extension")
    if extension and extension not in part.accounts:
        form.refuse("extension", gettext("There is no account %(number)s.") % {"number": extension})
        return None
    try:
        return check_at(desk().installation, part, number, extension, now())
    except NumberError:
        form.refuse("number", gettext(TOO_LONG))
    except RateError as problem:
        form.refuse("", retell(problem))
    return None
