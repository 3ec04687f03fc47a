"""Forms of one rule of incoming calls, of actions by caller, and of one action."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from provisioner.inventory.calls import CallAction
from web.accounts.people import Role
from web.call_rules.part import CallsPart, Json
from web.pages.access import needs
from web.pages.call_rules.entries import rows, rule_named
from web.pages.call_rules.rule_forms import (
    ActionForm,
    RuleForm,
    SetForm,
    action_written,
    ends_early,
    refuse_taken,
    rule_shown,
    rule_written,
    set_shown,
    set_written,
)
from web.pages.call_rules.times import times_sent, times_shown
from web.pages.call_rules.words import (
    ANONYMOUS,
    DOES,
    REFUSALS,
    TARGETS,
    chosen,
    days_of_week,
)
from web.pages.forms import Form, blank, filled
from web.pages.views.call_rules import PAGES, page, rules_of, save, today

__all__ = ["PAGES"]
RULE_FIELDS = {n: n for n in ("name", "called", "white", "black", "anonymous", "refusal")}
SET_FIELDS = {n: n for n in ("name", "callers", "called")}
ACTION_FIELDS = {"do": "do", "to": "to", "ring_s": "ring_s", "when": ""}
SHOWN_ENTRIES = 5


@PAGES.get("/sites/<site>/calls/incoming/rules/<name>")
@PAGES.get("/sites/<site>/calls/incoming/add-rule")
@needs(Role.INSTALLER)
def incoming_rule(site: str, name: str = "") -> ResponseReturnValue:
    """Show a rule as a form."""
    part = rules_of(site)
    if not name:
        return _rule_page(part, blank(RuleForm, name=""), "")
    found = next((each for each in part.calls.incoming if each.name == name), None)
    if found is None:
        abort(404)
    return _rule_page(part, Form(rule_shown(found)), name)


@PAGES.post("/sites/<site>/calls/incoming/rules/<name>")
@PAGES.post("/sites/<site>/calls/incoming/add-rule")
@needs(Role.ADMIN)
def incoming_rule_save(site: str, name: str = "") -> ResponseReturnValue:
    """Store a rule."""
    part = rules_of(site)
    form = filled(RuleForm, request.form)
    wanted, place = part.copied(), _place(part, "incoming", name)
    rules = wanted.setdefault("incoming", [])
    refuse_taken(form, [each["name"] for each in rules], name)
    before = rules[place] if name else {}
    rules[place:] = [
        rule_written(form, before, wanted, part.plan), *rules[place + 1 if name else place :],
    ]  # fmt: skip
    if status := save(part, form, wanted, ("incoming", place), RULE_FIELDS):
        return _rule_page(part, form, name, status)
    return redirect(url_for(".incoming", site=site, _anchor="rules"), 303)


def _rule_page(
    part: CallsPart, form: Form[RuleForm], name: str, status: int = 200
) -> ResponseReturnValue:
    stored = rule_named(part.document, "incoming", name) or {}
    lists = {
        colour: rows(stored.get(colour, ()), today(part)) for colour in ("white", "black")
    }  # fmt: skip
    return page(
        "call-rule.html", part, status, form=form, name=name, lists=lists,
        shown_entries=SHOWN_ENTRIES, anonymous=chosen(ANONYMOUS), refusals=chosen(REFUSALS),
    )  # fmt: skip


@PAGES.get("/sites/<site>/calls/incoming/actions/<name>")
@PAGES.get("/sites/<site>/calls/incoming/add-actions")
@needs(Role.INSTALLER)
def incoming_actions(site: str, name: str = "") -> ResponseReturnValue:
    """Show whose calls get some actions; a new one with the form of its first action."""
    part = rules_of(site)
    if not name:
        first = {**_first_action(), **times_shown(())}
        return _set_page(part, blank(SetForm, name="", callers="", **first), "")
    found = next((each for each in part.calls.actions if each.name == name), None)
    if found is None:
        abort(404)
    return _set_page(part, Form(set_shown(found)), name)


@PAGES.post("/sites/<site>/calls/incoming/actions/<name>")
@PAGES.post("/sites/<site>/calls/incoming/add-actions")
@needs(Role.ADMIN)
def incoming_actions_save(site: str, name: str = "") -> ResponseReturnValue:
    """Store whose calls get some actions."""
    part = rules_of(site)
    form = filled(SetForm, request.form)
    wanted, place = part.copied(), _place(part, "actions", name)
    entries = wanted.setdefault("actions", [])
    refuse_taken(form, [each["name"] for each in entries], name)
    made = set_written(form, entries[place] if name else {}, wanted, part.plan)
    fields = SET_FIELDS
    if not name:
        made["actions"] = [_first_sent(form, wanted, part)]
        fields = {**SET_FIELDS, "actions": ""}
    entries[place:] = [made, *entries[place + 1 if name else place :]]
    if status := save(part, form, wanted, ("actions", place), fields):
        return _set_page(part, form, name, status)
    return redirect(url_for(".incoming", site=site, _anchor="actions"), 303)


def _first_sent(form: Form[SetForm], wanted: Json, part: CallsPart) -> Json:
    """The first action of a new entry; its fields and errors become those of the whole form."""
    first = filled(ActionForm, request.form)
    times = times_sent(first, request.form)
    made = action_written(first, times, wanted, part.plan)
    form.values |= first.values
    for field, sentence in first.errors.items():
        form.refuse(field, sentence)
    return made


def _set_page(
    part: CallsPart, form: Form[SetForm], name: str, status: int = 200
) -> ResponseReturnValue:
    return page("call-actions.html", part, status, form=form, name=name, **_choices(part))


@PAGES.get("/sites/<site>/calls/incoming/actions/<name>/<int:place>")
@PAGES.get("/sites/<site>/calls/incoming/actions/<name>/add")
@needs(Role.INSTALLER)
def incoming_action(site: str, name: str, place: int | None = None) -> ResponseReturnValue:
    """Show one action as a form."""
    part = rules_of(site)
    found = part.calls.actions[_place(part, "actions", name)].actions
    if place is None:
        form = Form[ActionForm]({**_first_action(), **times_shown(())})
    elif place < len(found):
        form = Form(_action_shown(found[place]))
    else:
        abort(404)
    return _action_page(part, form, name, place)


@PAGES.post("/sites/<site>/calls/incoming/actions/<name>/<int:place>")
@PAGES.post("/sites/<site>/calls/incoming/actions/<name>/add")
@needs(Role.ADMIN)
def incoming_action_save(site: str, name: str, place: int | None = None) -> ResponseReturnValue:
    """Store one action; a new one is the last."""
    part = rules_of(site)
    form = filled(ActionForm, request.form)
    times = times_sent(form, request.form)
    wanted, here = part.copied(), _place(part, "actions", name)
    queue: list[Any] = wanted["actions"][here]["actions"]
    if place is not None and place >= len(queue):
        abort(404)
    made = action_written(form, times, wanted, part.plan)
    at = len(queue) if place is None else place
    queue[at : at + 1] = [made]
    if not form.errors and (problem := ends_early(queue)):
        form.refuse("", problem)
    below = ("actions", here, "actions", at)
    if status := save(part, form, wanted, below, ACTION_FIELDS):
        return _action_page(part, form, name, place, status)
    if "more" in request.form:
        return redirect(
            url_for(".incoming_action", site=site, name=name, place=at, _anchor="times"), 303
        )  # fmt: skip
    return redirect(url_for(".incoming", site=site, _anchor="actions"), 303)


def _action_page(
    part: CallsPart, form: Form[ActionForm], name: str, place: int | None, status: int = 200
) -> ResponseReturnValue:
    return page(
        "call-action.html", part, status, form=form, name=name, place=place, **_choices(part)
    )  # fmt: skip


def _choices(part: CallsPart) -> dict[str, Any]:
    return {
        "does": chosen(DOES), "targets": chosen(TARGETS), "days": days_of_week(),
        "ring_groups": sorted(part.calls.extension_groups),
        "caller_groups": sorted(part.calls.groups),
    }  # fmt: skip


def _first_action() -> dict[str, Any]:
    return {"do": "forward", "to": "", "ring_s": 20}


def _action_shown(found: CallAction) -> dict[str, Any]:
    shown = {"do": found.do, "to": found.to, "ring_s": found.ring_s}
    return {**shown, **times_shown(found.when)}


def _place(part: CallsPart, what: str, name: str) -> int:
    """Where a rule stands; a new one behind all others. Answers 404 for one that is not there."""
    names = [each["name"] for each in part.document.get(what, ())]
    if not name:
        return len(names)
    if name not in names:
        abort(404)
    return names.index(name)
