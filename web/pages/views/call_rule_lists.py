"""Groups of numbers and lists of rules: pasted, changed, in and out as CSV."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from provisioner.numbering.number import NumberError
from provisioner.whole_numbers import whole_number
from web.accounts.people import Role
from web.call_rules.part import CallsPart, Json
from web.pages.access import needs
from web.pages.call_rules.entries import (
    KINDS,
    PER_PAGE,
    ListKind,
    ListPlace,
    added,
    as_csv,
    from_csv,
    joined,
    rows,
    without,
)
from web.pages.call_rules.rule_forms import (
    UNREAD,
    EntriesForm,
    GroupForm,
    read_listed,
    refuse_taken,
)
from web.pages.call_rules.uploads import csv_answer, uploaded
from web.pages.call_rules.words import is_day
from web.pages.forms import Form, blank, filled
from web.pages.language import N_, gettext, ngettext, retell
from web.pages.views.call_rules import PAGES, page, rules_of, save, save_at_once, today

__all__ = ["PAGES"]
DAY = N_("A day such as 2027-01-31 is needed.")
NO_GROUP_COLUMN = N_("Every line needs a group: lower-case letters, digits and hyphens.")


@PAGES.get("/sites/<site>/calls/incoming/lists/<any(group, white, black):kind>/<name>")
@needs(Role.INSTALLER)
def incoming_entries(site: str, kind: ListKind, name: str) -> ResponseReturnValue:
    """Show a list of numbers."""
    part = rules_of(site)
    place = ListPlace(kind, name)
    form = blank(EntriesForm, numbers="")
    edit = request.args.get("edit", default=-1, type=int)
    found = place.entries(part.document)
    if found is not None and 0 <= edit < len(found):
        form.values |= {"numbers": found[edit]["number"], **found[edit], "place": edit}
    return _page(part, place, form)


def _page(
    part: CallsPart, place: ListPlace, form: Form[EntriesForm], status: int = 200
) -> ResponseReturnValue:
    stored = place.entries(part.document)
    if stored is None:
        abort(404)
    sought = request.args.get("q", "").strip()
    found = rows(stored, today(part), sought)
    first = max(request.args.get("from", default=0, type=int), 0)
    return page(
        "call-entries.html", part, status, form=form, place=place, sought=sought,
        rows=found[first : first + PER_PAGE], count=len(stored), found=len(found),
        newer=max(first - PER_PAGE, 0) if first else None, kinds=KINDS,
        older=first + PER_PAGE if first + PER_PAGE < len(found) else None,
    )  # fmt: skip


@PAGES.post("/sites/<site>/calls/incoming/lists/<any(group, white, black):kind>/<name>")
@needs(Role.ADMIN)
def incoming_entries_save(site: str, kind: ListKind, name: str) -> ResponseReturnValue:
    """Add numbers to a list, change one, take some out, or read a file."""
    part, place = rules_of(site), ListPlace(kind, name)
    stored = place.entries(part.document)
    if stored is None:
        abort(404)
    does = request.form.get("do", "add")
    if does == "remove":
        return _remove(part, place, stored)
    form = Form[EntriesForm]() if does == "file" else filled(EntriesForm, request.form)
    made, told = _made(part, form, stored, does)
    wanted = part.copied()
    place.put(wanted, made)
    if status := save(part, form, wanted, place.path(part.document), {"": "numbers"}):
        return _page(part, place, form, status)
    if told:
        flash(told, "good")
    return redirect(url_for(".incoming_entries", site=site, kind=kind, name=name), 303)


def _made(
    part: CallsPart, form: Form[EntriesForm], stored: list[Json], does: str
) -> tuple[list[Json], str]:
    """The list as it should be, and what to say of it; what is wrong is said in the form."""
    field = "file" if does == "file" else "numbers"
    try:
        if does == "file":
            found = [entry for _, entry in from_csv(uploaded("file"), part.plan)]
            before = [] if request.form.get("how") == "replace" else stored
            made, new = joined(before, found, part.plan)
            return made, _counted(new)
        if form.data is None:
            return stored, ""
        if form.data.expires and not is_day(form.data.expires):
            form.refuse("expires", gettext(DAY))
            return stored, ""
        edited = request.form.get("place", default=-1, type=int)
        details = form.data.model_dump()
        if 0 <= edited < len(stored):
            form.values["place"] = edited
            changed, _ = added((), form.data.numbers, details, part.plan)
            return [*stored[:edited], *changed, *stored[edited + 1 :]], ""
        made, new = added(stored, form.data.numbers, details, part.plan)
        return made, _counted(new)
    except NumberError as problem:
        form.refuse(field, gettext(UNREAD) % {"why": retell(problem)})
        return stored, ""


def _counted(new: int) -> str:
    return ngettext("One number is new.", "%(num)s numbers are new.", new) % {"num": new}


def _remove(part: CallsPart, place: ListPlace, stored: list[Json]) -> ResponseReturnValue:
    told = map(whole_number, request.form.getlist("gone"))
    gone = [place for place in told if place is not None]
    wanted = part.copied()
    place.put(wanted, without(stored, gone))
    if gone and save_at_once(part, wanted):
        many = ngettext("One number is removed.", "%(num)s numbers are removed.", len(gone))
        flash(many % {"num": len(gone)}, "good")
    address = url_for(".incoming_entries", site=part.site.id, kind=place.kind, name=place.name)
    return redirect(address, 303)


@PAGES.get("/sites/<site>/calls/incoming/lists/<any(group, white, black):kind>/<name>/csv")
@needs(Role.INSTALLER)
def incoming_entries_csv(site: str, kind: ListKind, name: str) -> Response:
    """Send a list as CSV."""
    place = ListPlace(kind, name)
    found = place.entries(rules_of(site).document)
    if found is None:
        abort(404)
    group = name if kind == "group" else ""
    return csv_answer(as_csv([(group, found)]), f"{site}-{kind}-{name}.csv")


@PAGES.get("/sites/<site>/calls/incoming/groups/csv")
@needs(Role.INSTALLER)
def incoming_groups_csv(site: str) -> Response:
    """Send all groups of callers as CSV."""
    groups = rules_of(site).document.get("groups", {})
    return csv_answer(as_csv(groups.items()), f"{site}-groups.csv")


@PAGES.get("/sites/<site>/calls/incoming/add-group")
@needs(Role.INSTALLER)
def incoming_group(site: str) -> ResponseReturnValue:
    """Ask for a new group of callers, or for a file with several."""
    return _group_page(rules_of(site), blank(GroupForm, name=""))


def _group_page(part: CallsPart, form: Form[GroupForm], status: int = 200) -> ResponseReturnValue:
    return page("call-group.html", part, status, form=form)


@PAGES.post("/sites/<site>/calls/incoming/add-group")
@needs(Role.ADMIN)
def incoming_group_save(site: str) -> ResponseReturnValue:
    """Store a new group, or those of a file in place of the ones of the same names."""
    part = rules_of(site)
    wanted = part.copied()
    groups: dict[str, list[Json]] = wanted.setdefault("groups", {})
    if request.form.get("do") == "file":
        form = Form[GroupForm]()
        groups |= _groups_of_file(part, form)
    else:
        form = filled(GroupForm, request.form)
        refuse_taken(form, groups, "")
        found = read_listed(form, "numbers", part.plan, ())
        if form.data is not None:
            groups[form.data.name] = [{"number": each} for each in found]
    if status := save(part, form, wanted, ("groups",), {"": "numbers"}):
        return _group_page(part, form, status)
    return redirect(url_for(".incoming", site=site, _anchor="groups"), 303)


def _groups_of_file(part: CallsPart, form: Form[GroupForm]) -> dict[str, list[Json]]:
    made: dict[str, list[Json]] = {}
    try:
        for name, entry in from_csv(uploaded("file"), part.plan):
            made.setdefault(name, []).append(entry)
    except NumberError as problem:
        form.refuse("file", gettext(UNREAD) % {"why": retell(problem)})
    if "" in made:
        form.refuse("file", gettext(NO_GROUP_COLUMN))
    return made


@PAGES.post("/sites/<site>/calls/incoming/<any(groups, extension_groups):what>/<name>/remove")
@needs(Role.ADMIN)
def incoming_group_remove(site: str, what: str, name: str) -> ResponseReturnValue:
    """Remove a group that nothing uses."""
    part = rules_of(site)
    wanted = part.copied()
    if wanted.get(what, {}).pop(name, None) is None:
        abort(404)
    if save_at_once(part, wanted):
        flash(gettext("Removed. The history of changes takes it back."), "good")
    return redirect(url_for(".incoming", site=site, _anchor="groups"), 303)


@PAGES.get("/sites/<site>/calls/incoming/extensions/<name>")
@PAGES.get("/sites/<site>/calls/incoming/add-extensions")
@needs(Role.INSTALLER)
def incoming_extensions(site: str, name: str = "") -> ResponseReturnValue:
    """Show a group of extensions as a form."""
    part = rules_of(site)
    found = part.calls.extension_groups.get(name)
    if name and found is None:
        abort(404)
    form = Form[GroupForm]({"name": name, "numbers": "\n".join(found or ())})
    return page("call-extensions.html", part, form=form, name=name)


@PAGES.post("/sites/<site>/calls/incoming/extensions/<name>")
@PAGES.post("/sites/<site>/calls/incoming/add-extensions")
@needs(Role.ADMIN)
def incoming_extensions_save(site: str, name: str = "") -> ResponseReturnValue:
    """Store a group of extensions."""
    part = rules_of(site)
    wanted = part.copied()
    groups = wanted.setdefault("extension_groups", {})
    if name and name not in groups:
        abort(404)
    sent = request.form.copy()
    sent["name"] = name or sent.get("name", "")
    form = filled(GroupForm, sent)
    refuse_taken(form, groups, name)
    found = read_listed(form, "numbers", part.plan, ())
    if not found:
        form.refuse("numbers", gettext("At least one extension is needed."))
    if form.data is not None:
        groups[form.data.name] = found
    below = ("extension_groups", form.data.name if form.data else "")
    if status := save(part, form, wanted, below, {"": "numbers"}):
        return page("call-extensions.html", part, status, form=form, name=name)
    return redirect(url_for(".incoming", site=site, _anchor="groups"), 303)
