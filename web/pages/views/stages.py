"""A change in stages, by its page: begun, paused, taken up again, hurried, taken back."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from provisioner.edits.rollout import Policy
from provisioner.errors import InventoryError
from web.accounts.people import Role
from web.pages.access import needs, now, person
from web.pages.change.rollouts import read_rollout
from web.pages.desk import desk
from web.pages.language import gettext, retell
from web.pages.views.change import TOO_OLD, the_draft
from web.staging import stage_desk

PAGES = Blueprint("stages", __name__)


@PAGES.post("/sites/<site>/settings/stage")
@needs(Role.ADMIN)
def stage(site: str) -> ResponseReturnValue:
    """Begin to roll a change out that was looked at."""
    draft = the_draft(site)
    if draft is None:
        flash(gettext(TOO_OLD), "warn")
        return redirect(url_for("change.site", site=site), 303)
    note = request.form.get("note", "").strip()[:500]
    minutes = request.form.get("minutes", type=int) or Policy().return_minutes
    policy = Policy(
        return_minutes=min(max(minutes, 5), 1440), take_back="take_back" in request.form
    )
    desk_of_stages = stage_desk(desk().installation)
    try:
        desk_of_stages.begin(draft.edit, policy, person().signature, note, now())
    except InventoryError as problem:
        flash(retell(problem), "bad")
        return redirect(draft.back, 303)
    flash(gettext("The roll-out has begun with its first stage."), "good")
    return redirect(url_for("change.history", site=site), 303)


@PAGES.post("/sites/<site>/changes/stages/<int:number>/<act>")
@needs(Role.ADMIN)
def act(site: str, number: int, act: str) -> ResponseReturnValue:
    """Pause, resume, hurry or take back the roll-out of a site."""
    installation = desk().installation
    stages, who = stage_desk(installation), person().signature
    shown = read_rollout(installation, site)
    if shown is None or shown.staged.id != number:
        abort(404)
    try:
        if act == "pause":
            stages.pause(number, who, now())
        elif act in {"resume", "next"}:
            stages.resume(number, who, now(), skip=act == "next")
        elif act == "back":
            stages.take_back(number, who, now())
        else:
            abort(404)
    except InventoryError as problem:
        flash(retell(problem), "bad")
    return redirect(url_for("change.history", site=site), 303)
