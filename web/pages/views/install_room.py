"""One room for installers: its template, a phone for each position, and the line turning green."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provisioner.edits.edit import EditError, StaleError
from web.accounts.people import Role
from web.overview.wording import room_name
from web.pages.access import needs, now, person
from web.pages.desk import desk
from web.pages.formats import zone_named
from web.pages.install.acting import ActError, edit_of
from web.pages.install.considering import Outcome, look_at
from web.pages.install.draft import Draft, draft_of
from web.pages.install.live import Rung, is_green, read_signs, rungs
from web.pages.install.room import RoomView, Standing, Wish, read_room, read_standing
from web.pages.install.sentences import say
from web.pages.install.tools import tools
from web.pages.language import N_, current, gettext, ngettext
from web.pages.speaking import site_voice
from web.pages.views.install import PAGES, templates_to_choose

__all__ = ["PAGES"]
POLL_S, POLL_SLOWLY_S = 2, 20
STALE = N_("Somebody else has changed this room meanwhile. This is how it is now.")


@dataclass(slots=True)
class Act:
    """What was asked of a phone that stands in the room, and refused."""

    position: str = ""
    what: str = ""
    error: str = ""
    values: dict[str, str] = field(default_factory=dict)

    def at(self, position: str, what: str, name: str) -> str:
        """Return what was typed in a field."""
        return self.values.get(name, "") if (self.position, self.what) == (position, what) else ""


def _view(site: str, room: str) -> RoomView:
    if request.method == "POST":
        wish = Wish(request.form.get("template", ""))
    else:
        wish = Wish(request.args.get("template", ""), request.args.get("instead"))
    found = read_room(desk().installation, site, room, wish, current(), tools().ports)
    if found is None:
        abort(404)
    g.zone = zone_named(found.ground.site.timezone)
    return found


@PAGES.get("/sites/<site>/rooms/<room>")
@needs(Role.INSTALLER)
def room(site: str, room: str) -> ResponseReturnValue:
    """Show a room: what it has, and what may be put into it."""
    return _page(_view(site, room))


def _page(
    view: RoomView,
    draft: Draft | None = None,
    outcome: Outcome | None = None,
    act: Act | None = None,
    based_on: str = "",
) -> str:
    texts = {name: view.text(name) for name in ("name", "floor", "extension")}
    lines = _lines(view.ground.site.id, Standing(view.phones, view.ground.site.pbx))
    return render_template(
        "install-room.html", view=view, outcome=outcome, act=act or Act(), say=say,
        fields={**texts, **(draft.fields if draft else {})}, picks=draft.picks if draft else {},
        templates=templates_to_choose(view.ground), lines=lines, etag=based_on or view.etag,
        all_green=_all_green(lines), poll_s=_poll_s(lines),
        model_name=view.ground.model_name, title=_title(view),
    )  # fmt: skip


def _title(view: RoomView) -> str:
    """What people call the room."""
    speaking = site_voice(desk().installation, view.ground.site.id, now())
    return room_name(view.id, view.text("name"), speaking)


@PAGES.post("/sites/<site>/rooms/<room>")
@needs(Role.INSTALLER)
def save(site: str, room: str) -> ResponseReturnValue:
    """Look at what was chosen, or store it."""
    view = _view(site, room)
    draft = draft_of(request.form, view)
    etag = request.form.get("etag", "")
    installation = desk().installation
    if request.form.get("do") == "template":
        return _page(view, draft)
    outcome = look_at(installation, view, draft, etag)
    if outcome.is_stale:
        etag, outcome.refusals = "", {"": [gettext(STALE)]}
    if request.form.get("do") == "check":
        return _page(view, draft, outcome, based_on=etag)
    if not outcome.is_good or outcome.edit is None:
        return _page(view, draft, outcome, based_on=etag), 422
    try:
        applied = installation.edits.apply(outcome.edit, who=person().signature)
    except StaleError:
        outcome.refusals = {"": [gettext(STALE)]}
        return _page(view, draft, outcome), 422
    except EditError as problem:
        outcome.refusals = {"": [each.sentence for each in problem.problems]}
        return _page(view, draft, outcome), 422
    placed = len(outcome.considered.choices)
    if placed:
        sentence = ngettext("One phone is placed.", "%(num)s phones are placed.", placed)
        flash(sentence % {"num": placed}, "good")
    else:
        flash(
            gettext("Saved.") if applied.plan.changes else gettext("Nothing was changed."), "good"
        )
    return redirect(_address_after(view), 303)


def _address_after(view: RoomView) -> str:
    """The same room; if its template was changed, the next room will do as it did."""
    shown = view.template.id if view.template else ""
    instead = view.planned if view.planned != shown else request.args.get("instead")
    kept = {"template": shown or None, "instead": instead}
    return url_for(".room", site=view.ground.site.id, room=view.id, **kept)  # type: ignore[arg-type]


@PAGES.get("/sites/<site>/rooms/<room>/waiting")
@needs(Role.INSTALLER)
def waiting(site: str, room: str) -> ResponseReturnValue:
    """Return the lists of waiting phones anew, with what was chosen."""
    view = _view(site, room)
    picks = draft_of(request.args, view).picks
    return render_template("install-waiting.html", view=view, picks=picks)


@PAGES.get("/sites/<site>/rooms/<room>/live")
@needs(Role.INSTALLER)
def live(site: str, room: str) -> ResponseReturnValue:
    """Return the lines of the phones that stand in the room."""
    standing = read_standing(desk().installation, site, room)
    if standing is None:
        abort(404)
    lines = _lines(site, standing, ask=True)
    return render_template(
        "install-live.html", site=site, room=room, lines=lines, all_green=_all_green(lines),
        poll_s=_poll_s(lines),
    )  # fmt: skip


@PAGES.post("/sites/<site>/rooms/<room>/phones/<position>")
@needs(Role.INSTALLER)
def act(site: str, room: str, position: str) -> ResponseReturnValue:
    """Replace, move or retire the phone at a position."""
    view = _view(site, room)
    here = url_for(".room", site=site, room=room)
    if position not in view.phones:
        flash(gettext(STALE), "warn")
        return redirect(here, 303)
    installation, what = desk().installation, request.form.get("do", "")
    refused = Act(position, what, values=request.form.to_dict())
    try:
        edit, done = edit_of(installation, view, position, request.form)
        installation.edits.apply(edit, who=person().signature)
    except ActError as problem:
        refused.error = problem.sentence
    except StaleError:
        refused.error = gettext(STALE)
    except EditError as problem:
        refused.error = problem.problems[0].sentence
    else:
        flash(done, "good")
        return redirect(here, 303)
    return _page(view, act=refused), 422


def _lines(site: str, standing: Standing, *, ask: bool = False) -> dict[str, tuple[Rung, ...]]:
    board = tools().switchboard
    signs = read_signs(desk().installation, site, standing, board, now(), ask=ask)
    return {position: rungs(each, now()) for position, each in signs.items()}


def _all_green(lines: dict[str, tuple[Rung, ...]]) -> bool:
    return bool(lines) and all(is_green(line) for line in lines.values())


def _poll_s(lines: dict[str, tuple[Rung, ...]]) -> int:
    """Often while something is still to turn green."""
    return POLL_SLOWLY_S if not lines or _all_green(lines) else POLL_S
