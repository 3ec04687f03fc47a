"""Another device in the place of a phone, or none: pages below that of the phone."""

from __future__ import annotations

from typing import Annotated

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field

from provisioner.edits.edit import Edit, EditError, StaleError
from provisioner.mac import MacAddress, parse_mac
from web.accounts.people import Role
from web.pages import language
from web.pages.access import needs, now, person
from web.pages.desk import desk
from web.pages.forms import Form, FormModel, blank, filled
from web.pages.language import N_, gettext, retell
from web.pages.phone.changing import waiting_for
from web.pages.phone.reading import PhonePage, read_phone_page
from web.pages.views import phone

PAGES = phone.PAGES
STALE = N_("Somebody has changed this room meanwhile. Look again.")


class ReplaceForm(FormModel):
    """The new device: typed, or one of those that wait."""

    by: Annotated[str, Field(max_length=40)] = ""
    waiting: Annotated[str, Field(max_length=12)] = ""


def _found(site: str, mac: str) -> PhonePage:
    address = parse_mac(mac)
    found = None
    if address is not None:
        installation, speech = desk().installation, language.current()
        found = read_phone_page(installation, site, str(address), speech, now())
    if found is None:
        abort(404)
    g.zone = found.stored.voice.zone
    return found


@PAGES.get("/sites/<site>/phones/<mac>/change")
@needs(Role.INSTALLER)
def change(site: str, mac: str) -> ResponseReturnValue:
    """Ask which device takes its place, or whether it is to go."""
    return _page(site, _found(site, mac), blank(ReplaceForm))


def _page(site: str, found: PhonePage, form: Form[ReplaceForm], refusal: str = "") -> str:
    installation = desk().installation
    models = installation.catalogue.models
    return render_template(
        "phone-change.html", page=found, phone=found.facts, form=form, refusal=refusal,
        waiting=waiting_for(installation, site, found.facts.model), models=models,
        model=models.get(found.facts.model), where=found.view.phone.place,
    )  # fmt: skip


@PAGES.post("/sites/<site>/phones/<mac>/replace")
@needs(Role.INSTALLER)
def replace_by(site: str, mac: str) -> ResponseReturnValue:
    """Put another device in its place; it gets all that this one had, and is armed."""
    found, form = _found(site, mac), filled(ReplaceForm, request.form)
    wish, old = form.data, MacAddress(found.facts.mac)
    new = parse_mac(wish.waiting or wish.by) if wish is not None else None
    if new is None:
        form.refuse("by", gettext("This is no MAC: twelve digits 0-9 and a-f."))
    elif new == old:
        form.refuse("by", gettext("This is the phone itself."))
    if new is None or form.errors:
        return _page(site, found, form), 422
    edits = desk().installation.edits
    try:
        edits.apply(edits.replacement(old, new), who=person().signature)
    except StaleError:
        form.refuse("by", gettext(STALE))
    except EditError as problem:
        form.refuse("by", "; ".join(each.sentence for each in problem.problems))
    if form.errors:
        return _page(site, found, form), 422
    flash(gettext("It is replaced. Plug the new one in."), "good")
    return redirect(url_for(".one", site=site, mac=str(new)), 303)


@PAGES.post("/sites/<site>/phones/<mac>/retire")
@needs(Role.INSTALLER)
def retire(site: str, mac: str) -> ResponseReturnValue:
    """Take it out of its room: its files are served no longer."""
    found = _found(site, mac)
    edit = Edit(site, remove_phones=(MacAddress(found.facts.mac),))
    try:
        desk().installation.edits.apply(edit, who=person().signature)
    except EditError as problem:
        told = "; ".join(retell(each.sentence) for each in problem.problems)
        return _page(site, found, blank(ReplaceForm), told), 422
    flash(gettext("It is retired."), "good")
    return redirect(url_for("hotel.plan", site=site), 303)
