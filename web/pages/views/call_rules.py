"""Rules of incoming calls: who may call in, and what is done with whose calls, in which order."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitors.calls.times import at_site
from provisioner.edits.edit import EditError, StaleError
from provisioner.errors import UnknownThingError
from provisioner.inventory.site_yaml import Path_
from web.accounts.people import Role
from web.call_rules.part import CallsPart, Json, read_part, store_part
from web.pages.access import needs, now, person
from web.pages.call_rules.ordering import arranged, moved
from web.pages.call_rules.rule_forms import ends_early
from web.pages.call_rules.words import ANONYMOUS, action_words, day_words, times_words
from web.pages.call_rules.writing import refuse
from web.pages.desk import desk
from web.pages.forms import Form
from web.pages.language import N_, gettext, retell

PAGES = Blueprint("call_rules", __name__)
CHANGED_MEANWHILE = N_(
    "Somebody else has changed these rules meanwhile. What you typed is still here; "
    "saving again puts it in place of theirs."
)
LOOK_AGAIN = N_("Somebody else has changed these rules meanwhile. This is how they are now.")
SAVED = N_("Saved.")
NOTHING = N_("Nothing was changed.")
IS_LAST = N_("This is the only action. Remove the whole entry instead.")


def rules_of(site: str) -> CallsPart:
    """Return the rules of a site, for one of its pages."""
    g.tab = "calls.today"
    try:
        return read_part(desk().installation, site)
    except UnknownThingError:
        abort(404)


def page(template: str, part: CallsPart, status: int = 200, **values: Any) -> ResponseReturnValue:  # noqa: ANN401 - a template's
    """Return a page about the rules of a site."""
    words = {
        "action_words": action_words, "times_words": times_words, "day_words": day_words,
        "anonymous_words": ANONYMOUS, "part": part, "calls": part.calls, "etag": part.etag,
        "may_change": person().is_at_least(Role.ADMIN), "site": part.site.id,
    }  # fmt: skip
    return render_template(template, **words, **values), status


def save(
    part: CallsPart, form: Form[Any], wanted: Json, below: Path_, fields: dict[str, str]
) -> int:
    """Store what a form asks for; returns 0, or the HTTP status with which it is shown again.

    Args:
        part: the rules as they are.
        form: what was sent; it learns what is wrong.
        wanted: the rules as they should be.
        below: where in them the form stands.
        fields: of the form, by their names in the rules.
    """
    if form.errors:
        return 422
    if request.form.get("etag") != part.etag:
        form.refuse("", gettext(CHANGED_MEANWHILE))
        return 409
    try:
        is_changed = store_part(desk().installation, part, wanted, person().signature)
    except StaleError:
        form.refuse("", gettext(CHANGED_MEANWHILE))
        return 409
    except EditError as problem:
        refuse(form, problem, below, fields)
        return 422
    flash(gettext(SAVED if is_changed else NOTHING), "good")
    return 0


def save_at_once(part: CallsPart, wanted: Json) -> bool:
    """Store what a button asks for; what is wrong is said on the next page."""
    if request.form.get("etag") != part.etag:
        flash(gettext(LOOK_AGAIN), "warn")
        return False
    try:
        store_part(desk().installation, part, wanted, person().signature)
    except StaleError:
        flash(gettext(LOOK_AGAIN), "warn")
        return False
    except EditError as problem:
        flash(retell(problem), "bad")
        return False
    return True


def today(part: CallsPart) -> date:
    """Return the day at a site."""
    return at_site(now().replace(tzinfo=UTC), part.site.timezone).date()


@PAGES.get("/sites/<site>/calls/incoming")
@needs(Role.INSTALLER)
def incoming(site: str) -> ResponseReturnValue:
    """Show the rules of incoming calls."""
    return page("call-rules.html", rules_of(site), moved=request.args.get("moved", ""))


@PAGES.post("/sites/<site>/calls/guard")
@needs(Role.ADMIN)
def guard(site: str) -> ResponseReturnValue:
    """Begin to guard the calls of a site, with the limits of the product."""
    part = rules_of(site)
    if not part.is_guarded and save_at_once(part, {}):
        flash(gettext("The calls of this site are guarded now."), "good")
    return redirect(url_for(".incoming", site=site), 303)


@PAGES.post("/sites/<site>/calls/incoming/order")
@needs(Role.ADMIN)
def incoming_order(site: str) -> ResponseReturnValue:
    """Put the entries, or the actions of one of them, in another order."""
    part, name = rules_of(site), request.form.get("list", "")
    wanted = part.copied()
    things = _things(wanted, name)
    step, places = request.form.get("move", ""), request.form.get("order", "")
    found = moved(things, step) if step else _dragged(things, places)
    if found is None:
        abort(400)
    things[:], there = found
    problem = ends_early(things) if name else ""
    if problem:
        flash(problem, "bad")
    elif save_at_once(part, wanted):
        mark = f"{name}:{there}:{step.partition(':')[2] or 'drag'}"
        return redirect(url_for(".incoming", site=site, moved=mark, _anchor="actions"), 303)
    if request.headers.get("HX-Request"):  # the message stands at the top of the page
        return Response(status=204, headers={"HX-Redirect": url_for(".incoming", site=site)})
    return redirect(url_for(".incoming", site=site), 303)


def _dragged(things: list[Json], places: str) -> tuple[list[Json], int] | None:
    made = arranged(things, places)
    if made is None:
        return None
    first = next((n for n, thing in enumerate(made) if thing is not things[n]), 0)
    return made, first


def _things(document: Json, name: str) -> list[Json]:
    """The list that is put in order: all entries, or the actions of the one of this name."""
    entries: list[Json] = document.get("actions", [])
    if not name:
        return entries
    found = next((each for each in entries if each["name"] == name), None)
    if found is None:
        abort(404)
    actions: list[Json] = found["actions"]
    return actions


@PAGES.post("/sites/<site>/calls/incoming/<any(incoming, actions):what>/<name>/remove")
@needs(Role.ADMIN)
def incoming_remove(site: str, what: str, name: str) -> ResponseReturnValue:
    """Remove a rule, or an entry of actions."""
    part = rules_of(site)
    wanted = part.copied()
    kept = [each for each in wanted.get(what, []) if each["name"] != name]
    if len(kept) == len(wanted.get(what, [])):
        abort(404)
    wanted[what] = kept
    if save_at_once(part, wanted):
        flash(gettext("Removed. The history of changes takes it back."), "good")
    return redirect(url_for(".incoming", site=site), 303)


@PAGES.post("/sites/<site>/calls/incoming/actions/<name>/<int:place>/remove")
@needs(Role.ADMIN)
def incoming_action_remove(site: str, name: str, place: int) -> ResponseReturnValue:
    """Remove one action."""
    part = rules_of(site)
    wanted = part.copied()
    actions = _things(wanted, name)
    if place >= len(actions):
        abort(404)
    if len(actions) == 1:
        flash(gettext(IS_LAST), "warn")
    else:
        del actions[place]
        if save_at_once(part, wanted):
            flash(gettext("Removed. The history of changes takes it back."), "good")
    return redirect(url_for(".incoming", site=site, _anchor="actions"), 303)
