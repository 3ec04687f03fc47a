"""Changing a site safely: its settings, what a change would do, and what was changed."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provisioner.edits.documents import etag_of, kept_secrets, site_document
from provisioner.edits.edit import Edit, EditError, StaleError
from provisioner.edits.history import Entry, Kept
from provisioner.errors import InventoryError, UnknownThingError
from provisioner.inventory.site_yaml import Path_, dotted
from web.accounts.people import Role
from web.pages.access import is_inside, needs, now, person
from web.pages.change.drafts import Draft, DraftError, open_draft, seal_draft
from web.pages.change.head_form import GROUPS, HeadForm, head_form, read_head, refuse
from web.pages.change.rollouts import read_rollout
from web.pages.change.showing import marked, shown, target_words
from web.pages.change.yaml_parts import differences
from web.pages.desk import desk
from web.pages.forms import Form, FormModel
from web.pages.language import N_, gettext, retell
from web.pages.phone.words import person_name
from web.pages.words import ACTIONS

PAGES = Blueprint("change", __name__)
PAGES.add_app_template_filter(person_name)
PAGES.add_app_template_filter(marked)
PER_PAGE = 30
SHOWN_TARGETS = 60
CHANGED_MEANWHILE = N_(
    "Somebody else has changed these settings meanwhile. What you wrote is still here; "
    "the preview shows what it would change now."
)
TOO_OLD = N_("This preview is too old. Look at the change again.")
NOTHING = N_("Nothing is different: there is nothing to save.")


@PAGES.get("/sites/<site>/settings")
@needs(Role.INSTALLER)
def site(site: str) -> ResponseReturnValue:
    """Show the head of a site as a form."""
    with desk().installation.database.read() as session:
        document = site_document(session, desk().installation.box, site)
    return _form_page(site, head_form(document), etag_of(document))


@PAGES.post("/sites/<site>/settings")
@needs(Role.ADMIN)
def look(site: str) -> ResponseReturnValue:
    """Show what a changed head would do; nothing is stored."""
    installation = desk().installation
    with installation.database.read() as session:
        document = site_document(session, installation.box, site)
    etag, based_on = etag_of(document), request.form.get("etag", "")
    made = read_head(request.form, document)
    if made.form.errors:
        return _form_page(site, made.form, based_on), 422
    if based_on != etag:
        made.form.refuse("", gettext(CHANGED_MEANWHILE))
        return _form_page(site, made.form, etag), 409
    if not made.head:
        made.form.refuse("", gettext(NOTHING))
        return _form_page(site, made.form, etag), 422
    edit = Edit(site, head=made.head, if_match={"head": etag})
    try:
        return preview_page(edit, url_for(".site", site=site))
    except EditError as problem:
        return _refused(site, made, etag, problem)


def _refused(site: str, made: HeadForm, etag: str, problem: EditError) -> ResponseReturnValue:
    if isinstance(problem, StaleError):
        made.form.refuse("", gettext(CHANGED_MEANWHILE))
        return _form_page(site, made.form, etag), 409
    refuse(made, problem.problems)
    return _form_page(site, made.form, etag), 422


def _form_page(site: str, form: Form[FormModel], etag: str) -> str:
    g.tab = "change.site"
    with desk().installation.database.read() as session:
        secrets = _by_part(kept_secrets(session, desk().installation.box, site))
    return render_template(
        "change-site.html", form=form, etag=etag, groups=GROUPS, secrets=secrets,
        may_change=person().is_at_least(Role.ADMIN),
    )  # fmt: skip


def _by_part(paths: tuple[Path_, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(str(path[0]), []).append(dotted(path[1:]).lstrip("."))
    return found


def preview_page(edit: Edit, back: str) -> str:
    """Return the page that shows what an edit would do, with the edit sealed in its form.

    Raises:
        EditError: it cannot be.
    """
    g.tab = "change.site"
    installation = desk().installation
    preview = installation.edits.preview(edit)
    draft = seal_draft(installation.box, Draft(edit, back), person().signature, now())
    return render_template(
        "change-preview.html", preview=shown(preview, installation, edit.site), draft=draft,
        back=back, steps=[(back, gettext("Change"))],
        is_staged=edit.head is not None and len(preview.affected) > 1,
    )  # fmt: skip


@PAGES.post("/sites/<site>/settings/save")
@needs(Role.INSTALLER)
def save(site: str) -> ResponseReturnValue:
    """Carry out an edit that was looked at."""
    draft = the_draft(site)
    if draft is None:
        flash(gettext(TOO_OLD), "warn")
        return redirect(url_for(".site", site=site), 303)
    note = request.form.get("note", "").strip()[:500]
    try:
        applied = desk().installation.edits.apply(draft.edit, who=person().signature, note=note)
    except InventoryError as problem:
        flash(retell(problem), "bad")
        return redirect(draft.back, 303)
    flash(gettext(NOTHING) if not applied.plan.changes else gettext("Saved."), "good")
    return redirect(url_for(".history", site=site), 303)


def the_draft(site: str) -> Draft | None:
    """Return the edit of a preview's form; None: it is too old. Aborts where it may not be."""
    try:
        draft = open_draft(
            desk().installation.box, request.form.get("draft", ""), person().signature, now()
        )
    except DraftError:
        return None
    if draft.edit.site != site or not is_inside(draft.back):
        abort(400)
    if draft.edit.head is not None and not person().is_at_least(Role.ADMIN):
        abort(403)
    return draft


@PAGES.get("/sites/<site>/changes")
def history(site: str) -> ResponseReturnValue:
    """List what was changed, the newest first."""
    before = request.args.get("before", "")
    first = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None  # noqa: PLR2004 - what a column holds
    found = desk().installation.edits.history(site, PER_PAGE + 1, first)
    rows = found[:PER_PAGE]
    return render_template(
        "change-history.html", rollout=read_rollout(desk().installation, site), rows=rows,
        action_words=ACTIONS, may_undo=_may_undo,
        target_words=target_words,
        older=rows[-1].id if len(found) > PER_PAGE else None, newest=first is not None,
    )  # fmt: skip


@PAGES.get("/sites/<site>/changes/<int:number>")
def one(site: str, number: int) -> ResponseReturnValue:
    """Show one change: what was before, and after."""
    g.tab = "change.history"
    entry, kept = _change(site, number)
    before, after = kept.shown()
    diffs = [
        (target_words(target), differences(before[target], after[target])) for target in before
    ]
    return render_template(
        "change-one.html", entry=entry, diffs=diffs, action_words=ACTIONS,
        may_undo=_may_undo, target_words=target_words, shown_targets=SHOWN_TARGETS,
        is_first=before.get("head", {}) is None,
        steps=[(url_for(".history", site=site), gettext("Changes"))],
    )  # fmt: skip


@PAGES.post("/sites/<site>/changes/<int:number>/undo")
@needs(Role.INSTALLER)
def undo(site: str, number: int) -> ResponseReturnValue:
    """Take a change back."""
    entry, _ = _change(site, number)
    if not _may_undo(entry):
        abort(403)
    try:
        desk().installation.edits.undo(number, who=person().signature)
    except EditError as problem:
        flash(gettext("It cannot be undone: %(why)s") % {"why": retell(problem)}, "bad")
    else:
        flash(gettext("Undone. The phones concerned get their former files."), "good")
    return redirect(url_for(".history", site=site), 303)


def _change(site: str, number: int) -> tuple[Entry, Kept]:
    try:
        entry, kept = desk().installation.edits.change(number)
    except UnknownThingError:
        abort(404)
    if entry.site != site:
        abort(404)
    return entry, kept


def _may_undo(entry: Entry) -> bool:
    """Whether somebody may take a change back: of the site's settings only an administrator."""
    role = Role.ADMIN if "head" in entry.targets else Role.INSTALLER
    return entry.undone_by is None and not entry.is_lasting and person().is_at_least(role)
