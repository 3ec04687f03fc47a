"""Guarded calls of a site: use of limits, live calls, who is blocked, and what people change."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field

from monitors.calls.book import Scope
from monitors.calls.tollfree import HIGHEST
from provisioner.errors import UnknownThingError
from provisioner.numbering.number import NumberError
from web.accounts.people import Role
from web.calls import acting
from web.calls.ground import Guarded, guarded_site
from web.calls.refused import Asked, KeptBack, read_kept_back
from web.calls.reports import Days
from web.calls.showing import (
    names_of,
    read_guard,
    read_listed,
    read_shut_out,
    with_counts,
)
from web.calls.using import fitting, read_blocked, read_live, read_standings
from web.overview.wording import voice
from web.pages import language
from web.pages.access import is_inside, needs, now, person
from web.pages.calls import refusals, words
from web.pages.calls.navigation import call_pages
from web.pages.calls.paging import Slice, page_asked, slice_of
from web.pages.desk import desk
from web.pages.formats import zone_named
from web.pages.forms import Form, FormModel, blank, filled
from web.pages.language import gettext, retell

PAGES = Blueprint("calls", __name__)
PAGES.add_app_template_global(call_pages)
PER_PAGE = 20
CALLERS_PER_PAGE = 50
_TEXT_MAX = 100


class BlockForm(FormModel):
    """Somebody's outgoing calls are to be blocked."""

    kind: Literal["account", "room", "site"] = "account"
    name: Annotated[str, Field(max_length=64)] = ""
    reason: Annotated[str, Field(max_length=acting.REASON_MAX)] = ""


class CallerForm(FormModel):
    """A caller is to be put on the toll-free list."""

    caller: Annotated[str, Field(max_length=64)]
    level: Annotated[int, Field(ge=1, le=HIGHEST)] = 1


def the_site(site: str) -> Guarded:
    """Return the site of a page, whose clock its times follow."""
    try:
        found = guarded_site(desk().installation, site)
    except UnknownThingError:
        abort(404)
    g.zone = zone_named(found.timezone)
    return found


def shown(template: str, guarded: Guarded, **values: Any) -> str:  # noqa: ANN401 - a template's
    """Return a page; of a site without the part ``calls``, what that is."""
    here = {
        "site": guarded.id, "currency": guarded.currency, "words": words, "guarded": guarded,
        "voice": voice(language.current(), g.zone, now()),
    }  # fmt: skip
    if guarded.calls is None:
        return render_template("calls-off.html", **here)
    return render_template(template, **here, **values)


@PAGES.get("/sites/<site>/calls")
def today(site: str) -> ResponseReturnValue:
    """Show the use of every limit, blocked ones first, then the highest."""
    guarded, installation = the_site(site), desk().installation
    if guarded.calls is None:
        return shown("", guarded)
    text = request.args.get("q", "").strip()[:_TEXT_MAX]
    found = fitting(read_standings(installation, guarded, now()), text)
    part = slice_of(found, page_asked(request.args), PER_PAGE)
    day = guarded.day_of(now())
    mine = (text, *(each.scope[1] for each in found if each.scope[0] == "account")) if text else ()
    kept_back = read_kept_back(installation, guarded, Asked(Days(day, day), mine))
    scopes = {each.scope for each in part.shown} | accounts_in(kept_back)
    return shown(
        "calls-today.html", guarded, part=part, text=text, kept_back=kept_back, day=day,
        names=names_of(installation, site, scopes), refusals=refusals,
        guard=read_guard(installation, guarded, now()),
        here_on=installation.settings.calls.enabled,
        poll=url_for(".today", site=site, q=text or None, page=part.page),
    )  # fmt: skip


def accounts_in(found: KeptBack) -> set[Scope]:
    """Return the extensions whose calls were refused or warned of."""
    refused = {each.account for each in found.refused}
    return {("account", each) for each in refused | {each.account for each in found.warned}}


@PAGES.get("/sites/<site>/calls/live")
def live(site: str) -> ResponseReturnValue:
    """Show the calls to the outside that go on."""
    guarded, installation = the_site(site), desk().installation
    if guarded.calls is None:
        return shown("", guarded)
    found = read_live(installation, guarded, now())
    part = slice_of(found, page_asked(request.args), CALLERS_PER_PAGE)
    names = names_of(installation, site, {("account", each.kept.account) for each in part.shown})
    guard = read_guard(installation, guarded, now())
    return shown("calls-live.html", guarded, part=part, names=names, guard=guard)


@PAGES.get("/sites/<site>/calls/blocked")
def blocked(site: str) -> ResponseReturnValue:
    """Show who is blocked, listed callers, and addresses that are shut out."""
    return _blocked_page(site, blank(BlockForm), blank(CallerForm))


def _blocked_page(site: str, form: Form[BlockForm], caller_form: Form[CallerForm]) -> str:
    guarded, installation = the_site(site), desk().installation
    if guarded.calls is None:
        return shown("", guarded)
    standing = read_blocked(installation, guarded, now())
    part: Slice[Any] = slice_of(standing, page_asked(request.args), CALLERS_PER_PAGE)
    listed = read_listed(installation, guarded)
    callers: Slice[Any] = slice_of(
        listed, page_asked(request.args, "callers"), CALLERS_PER_PAGE
    )  # fmt: skip
    return shown(
        "calls-blocked.html", guarded, form=form, caller_form=caller_form, part=part,
        names=names_of(installation, site, [each.scope for each in part.shown]),
        callers=callers, counted=with_counts(installation, guarded, callers.shown, now()),
        addresses=read_shut_out(installation, guarded, now()),
    )  # fmt: skip


def _back(site: str) -> ResponseReturnValue:
    wanted = request.form.get("back", "")
    address = wanted if is_inside(wanted) else url_for(".blocked", site=site)
    return redirect(address, 303)


@PAGES.post("/sites/<site>/calls/block")
@needs(Role.INSTALLER)
def block(site: str) -> ResponseReturnValue:
    """Block outgoing calls of an extension, a room or the site."""
    form, who = filled(BlockForm, request.form), person().signature
    wish = form.data
    if wish is None:
        return _blocked_page(site, form, blank(CallerForm)), 422
    scope = (wish.kind, site if wish.kind == "site" else wish.name)
    try:
        made = acting.block(desk().installation, site, scope, who, now(), wish.reason)
    except UnknownThingError:
        form.refuse("name", gettext("This site has nothing of this name."))
        return _blocked_page(site, form, blank(CallerForm)), 422
    told = gettext("%(what)s is blocked.") if made else gettext("%(what)s is blocked already.")
    flash(told % {"what": words.scope_text(scope)}, "good" if made else "info")
    return _back(site)


@PAGES.post("/sites/<site>/calls/unblock")
@needs(Role.INSTALLER)
def unblock(site: str) -> ResponseReturnValue:
    """Let an extension, a room or the site call out again; its incident closes."""
    scope = (request.form.get("kind", ""), request.form.get("name", ""))
    if scope[0] not in acting.KINDS:
        abort(400)
    if acting.unblock(desk().installation, site, scope, person().signature, now()):
        told = gettext("%(what)s calls out again. A limit that is still passed blocks it anew.")
        flash(told % {"what": words.scope_text(scope)}, "good")
    else:
        flash(gettext("It was not blocked any more."), "info")
    return _back(site)


@PAGES.post("/sites/<site>/calls/toll-free")
@needs(Role.INSTALLER)
def list_caller(site: str) -> ResponseReturnValue:
    """Put a caller on the list of the toll-free numbers."""
    form = filled(CallerForm, request.form)
    if form.data is not None and _listed(site, form, form.data):
        return _back(site)
    return _blocked_page(site, blank(BlockForm), form), 422


def _listed(site: str, form: Form[CallerForm], wish: CallerForm) -> bool:
    who, installation = person().signature, desk().installation
    try:
        value = acting.list_caller(installation, site, wish.caller, wish.level, who, now())
    except NumberError:
        form.refuse("caller", gettext("This is no number of this site's country."))
        return False
    told = gettext("%(who)s is on the list with level %(level)s.")
    flash(told % {"who": words.caller_text(value), "level": wish.level}, "good")
    return True


@PAGES.post("/sites/<site>/calls/toll-free/off")
@needs(Role.INSTALLER)
def unlist_caller(site: str) -> ResponseReturnValue:
    """Take a caller off the list of the toll-free numbers."""
    caller, who = request.form.get("caller", ""), person().signature
    try:
        value = acting.list_caller(desk().installation, site, caller, 0, who, now())
    except (NumberError, UnknownThingError):
        flash(gettext("This caller was not on the list any more."), "info")
    else:
        flash(gettext("%(who)s is off the list.") % {"who": words.caller_text(value)}, "good")
    return _back(site)


@PAGES.post("/sites/<site>/calls/let-in")
@needs(Role.INSTALLER)
def let_in(site: str) -> ResponseReturnValue:
    """Let an address in again that was shut out."""
    address, who = request.form.get("address", ""), person()
    try:
        done = acting.let_in(desk().installation, address, who.signature, now(), who.sees)
    except UnknownThingError:
        flash(gettext("This address was not shut out any more."), "info")
        return _back(site)
    flash(gettext("%(address)s is let in again.") % {"address": done.address}, "good")
    for problem in done.problems:
        told = gettext("The firewall still drops it: %(why)s") % {"why": retell(problem)}
        flash(told, "warn")
    return _back(site)
