"""Forms for rules of incoming calls, and for actions by caller: what was typed as a site file."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from provisioner.inventory.calls import CallerActions, Does, IncomingRule
from provisioner.inventory.calls_incoming_shape import NEEDS_NO_TARGET
from provisioner.inventory.calls_plan import CALLER_WORDS
from provisioner.numbering.lists import GROUP, split_pasted
from provisioner.numbering.number import Kind, NumberError
from provisioner.numbering.plan import Plan
from web.pages.call_rules.words import DOES
from web.pages.call_rules.writing import put
from web.pages.forms import Form, FormModel, wrong
from web.pages.language import N_, gettext, retell

Json = dict[str, Any]
NAME = N_("Lower-case letters, digits and hyphens are needed, such as night-calls.")
TAKEN = N_("There is one of this name already.")
UNREAD = N_("Not all of this can be read: %(why)s")
NO_GROUP = N_("There is no group %(name)s. Known: %(known)s.")
NONE_KNOWN = N_("none")
NEEDS_TARGET = N_("This action needs a target.")
NO_TARGET = N_("Neither an extension nor a number that can be dialled from here.")
ALREADY_ENDS = N_("%(what)s ends the call, so nothing after it is reached. Move it to the end.")
_PARTED = re.compile(r"[,;\n\r]+")


def _named(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", text):
        raise wrong(NAME)
    return text


RuleName = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_named)]
LongText = Annotated[str, Field(max_length=100_000)]
Short = Annotated[str, Field(max_length=200)]


class RuleForm(FormModel):
    """A rule: whom it is about and what becomes of callers; its lists have their own pages."""

    name: RuleName
    called: LongText = ""
    anonymous: Literal["", "allow", "refuse", "announcement", "reception"] = ""
    refusal: Literal["hang_up", "busy", "announcement"] = "hang_up"
    white: LongText = ""
    black: LongText = ""


class GroupForm(FormModel):
    """A new group of callers, or a group of extensions."""

    name: RuleName
    numbers: LongText = ""


class SetForm(FormModel):
    """Whose calls get some actions."""

    name: RuleName
    callers: Annotated[str, Field(min_length=1, max_length=100_000)]
    called: LongText = ""


class ActionForm(FormModel):
    """One action."""

    do: Does
    to: Short = ""
    ring_s: Annotated[int, Field(ge=1, le=600)] = 20


class EntriesForm(FormModel):
    """Numbers to be added to a list, with what is said of all of them."""

    numbers: Annotated[str, Field(min_length=1, max_length=500_000)]
    reason: Short = ""
    comment: Short = ""
    expires: str = ""


def listed(text: str, plan: Plan, words: frozenset[str] = frozenset()) -> list[str]:
    """Return the entries of a pasted list; some words stand for themselves.

    Raises:
        NumberError: some cannot be read; they are named.
    """
    found: list[str] = []
    for piece in filter(None, map(str.strip, _PARTED.split(text))):
        known = [word.lower() for word in piece.split() if word.lower() in words]
        rest = " ".join(word for word in piece.split() if word.lower() not in words)
        found += [*known, *(split_pasted(rest, plan) if rest else ())]
    return list(dict.fromkeys(found))


def read_listed(
    form: Form[Any],
    name: str,
    plan: Plan,
    groups: Collection[str],
    words: frozenset[str] = frozenset(),
) -> list[str]:
    """Return the entries of a field; what cannot be read is said there.

    Args:
        form: filled and right so far.
        name: of the field.
        plan: how the site reads numbers.
        groups: names of the groups that may stand in it.
        words: that stand for themselves.
    """
    try:
        found = listed(str(form.value(name)), plan, words)
    except NumberError as problem:
        form.refuse(name, gettext(UNREAD) % {"why": retell(problem)})
        return []
    for each in found:
        group = GROUP.fullmatch(each)
        if group and group[1] not in groups:
            known = ", ".join(sorted(groups)) or gettext(NONE_KNOWN)
            form.refuse(name, gettext(NO_GROUP) % {"name": group[1], "known": known})
    return found


def refuse_taken(form: Form[Any], names: Collection[str], own: str) -> None:
    """Say at the name that another one has it."""
    if form.data is not None and form.data.name != own and form.data.name in names:
        form.refuse("name", gettext(TAKEN))


def rule_shown(rule: IncomingRule) -> dict[str, Any]:
    """Return what the form shows of a rule."""
    return {
        "name": rule.name, "called": "\n".join(rule.called), "anonymous": rule.anonymous or "",
        "refusal": rule.refusal,
    }  # fmt: skip


def rule_written(form: Form[RuleForm], before: Json, document: Json, plan: Plan) -> Json:
    """Return a rule as a site file has it; what cannot be is said at its field."""
    data = form.data
    if data is None:
        return {}
    made = {**before, "name": data.name, "refusal": data.refusal}
    put(made, "called", read_listed(form, "called", plan, document.get("extension_groups", {})))
    put(made, "anonymous", data.anonymous)
    for colour in ("white", "black"):
        if getattr(data, colour):
            found = read_listed(form, colour, plan, document.get("groups", {}))
            made[colour] = [{"number": each} for each in found]
    return made


def set_shown(actions: CallerActions) -> dict[str, Any]:
    """Return what the form shows of actions of some callers."""
    return {
        "name": actions.name, "callers": "\n".join(actions.callers),
        "called": "\n".join(actions.called),
    }  # fmt: skip


def set_written(form: Form[SetForm], before: Json, document: Json, plan: Plan) -> Json:
    """Return whose calls get some actions, as a site file has it."""
    data = form.data
    if data is None:
        return {}
    made = {**before, "name": data.name}
    groups = document.get("groups", {})
    made["callers"] = read_listed(form, "callers", plan, groups, CALLER_WORDS)
    put(made, "called", read_listed(form, "called", plan, document.get("extension_groups", {})))
    return made


def action_written(form: Form[ActionForm], times: list[Json], document: Json, plan: Plan) -> Json:
    """Return an action as a site file has it; what cannot be is said at its field."""
    data = form.data
    if data is None:
        return {}
    _check_target(form, data, document, plan)
    ends = data.do in {"busy", "hang_up"}
    made: Json = {"do": data.do, "ring_s": data.ring_s}
    put(made, "to", "" if ends else data.to)
    put(made, "when", times)
    return made


def ends_early(actions: Sequence[Json]) -> str:
    """Return why some actions would never be reached; empty: all can be."""
    for action in actions[:-1]:
        if action["do"] in {"busy", "hang_up"} and not action.get("when"):
            words = DOES[action["do"]]
            return gettext(ALREADY_ENDS) % {"what": gettext(words)}
    return ""


def _check_target(form: Form[ActionForm], data: ActionForm, document: Json, plan: Plan) -> None:
    if data.do not in NEEDS_NO_TARGET and not data.to:
        form.refuse("to", gettext(NEEDS_TARGET))
    elif data.do == "forward" and not _can_be_dialled(data.to, plan):
        form.refuse("to", gettext(NO_TARGET))
    elif data.do == "ring_group" and data.to not in document.get("extension_groups", {}):
        known = ", ".join(document.get("extension_groups", {})) or gettext(NONE_KNOWN)
        form.refuse("to", gettext(NO_GROUP) % {"name": data.to, "known": known})


def _can_be_dialled(text: str, plan: Plan) -> bool:
    try:
        return plan.read(text).kind not in {Kind.UNKNOWN, Kind.ANONYMOUS}
    except NumberError:
        return False
