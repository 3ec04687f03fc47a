"""Decisions as channel variables: what the generated dial plan goes by.

``BW_VERDICT`` is always the last one, so a call that was answered by halves has none and is treated
as if nobody had answered. See ``templates/pbx/asterisk/call_contexts.j2``.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

from monitors.calls.decision import Decision, Verdict
from monitors.calls.incoming import ANONYMOUS_REFUSED, REFUSED
from monitors.calls.tollfree import CODES, SPARE_S, begin
from provisioner.inventory.calls import CallAction, CallPbx
from provisioner.numbering.countries import country_of
from provisioner.numbering.number import OUTSIDE, Kind, Number, NumberError
from provisioner.numbering.plan import Plan

Variables = dict[str, str]
MOST_ACTIONS = 20
EARLY_S = 0.3
"""A call is cut so long before its next second begins: cutting takes a moment, too."""
SHORTEST_S = 0.5
SOUNDS = {REFUSED: "ss-noservice", ANONYMOUS_REFUSED: "privacy-unident"}
"""Announcements of bellwire's own, as Asterisk's core sounds call them."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_SOUND = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:/[A-Za-z0-9][A-Za-z0-9_-]*){0,8}")
_DIALLED = re.compile(r"\+?[0-9]{1,40}")


def inside(number: Number) -> Variables:
    """A number of the house: the dial plan knows it better."""
    return {"BW_TO": number.value, "BW_VERDICT": "inside"}


def refuse(decided: Decision) -> Variables:
    """A call that is not made."""
    return {"BW_RULE": decided.because.rule, "BW_VERDICT": "refuse"}


def dial(number: Number, decided: Decision, plan: Plan, pbx: CallPbx) -> Variables:
    """A call that is made; ``free`` ones are neither counted nor cut."""
    to = as_dialled(number, plan, pbx)
    if not _DIALLED.fullmatch(to):
        return {"BW_RULE": "unknown_number", "BW_VERDICT": "refuse"}
    cut_s = "" if decided.most_s is None else f"{max(SHORTEST_S, decided.most_s - EARLY_S):.1f}"
    return {
        "BW_TO": to,
        "BW_NUMBER": number.value,
        "BW_MOST_S": cut_s,
        "BW_RULE": decided.because.rule,
        "BW_VERDICT": "dial" if cut_s else "free",
    }


def as_dialled(number: Number, plan: Plan, pbx: CallPbx) -> str:
    """Return what is sent to the operator: the value that was decided on, not the keyed digits."""
    if number.kind not in OUTSIDE:
        return number.value
    digits = number.value.removeprefix("+")
    if pbx.dial_as == "double-zero":
        return country_of(plan.country).international_prefix + digits
    return digits if pbx.dial_as == "digits" else number.value


def taken_in(decided: tuple[Decision, str, int], plan: Plan) -> Variables:
    """An incoming call: it rings, gets its actions, or must key a code."""
    decision, caller, interval_s = decided
    rule = {"BW_RULE": decision.because.rule}
    if decision.verdict is Verdict.CODE:
        dialogue = begin(secrets.randbelow(CODES), interval_s)
        wait_s = dialogue.interval_s - SPARE_S
        code = {"BW_CODE": dialogue.code, "BW_CODE_S": str(wait_s), "BW_CALLER": caller}
        return {**rule, **code, "BW_VERDICT": "code"}
    actions = [*_steps(decision.actions, plan)]
    if decision.verdict is Verdict.REFUSE and not actions:
        actions = [("hang_up", "", 0)]
    if not actions:
        return {**rule, "BW_VERDICT": "ring"}
    made = {**rule, "BW_ACTIONS": str(len(actions))}
    for place, (do, to, ring_s) in enumerate(actions, start=1):
        made |= {f"BW_DO_{place}": do, f"BW_TO_{place}": to, f"BW_RING_{place}": str(ring_s)}
    return {**made, "BW_VERDICT": "do"}


def _steps(actions: tuple[CallAction, ...], plan: Plan) -> Iterator[tuple[str, str, int]]:
    for action in actions[:MOST_ACTIONS]:
        step = _step(action, plan)
        if step is not None:
            yield *step, action.ring_s


def _step(action: CallAction, plan: Plan) -> tuple[str, str] | None:
    """An action as the dial plan's extension and its argument; None: it cannot be done."""
    to = action.to
    if action.do == "forward":
        return _forward(to, plan)
    if action.do == "announcement":
        sound = SOUNDS.get(to, to)
        return ("announcement", sound) if _SOUND.fullmatch(sound) else None
    if to and not _NAME.fullmatch(to):
        return None
    return action.do, to


def _forward(to: str, plan: Plan) -> tuple[str, str] | None:
    try:
        number = plan.read(to)
    except NumberError:
        return None
    if number.kind is Kind.INTERNAL:
        return ("ring", number.value) if _NAME.fullmatch(number.value) else None
    return ("forward", number.value) if _DIALLED.fullmatch(number.value) else None
