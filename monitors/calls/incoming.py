"""What becomes of an incoming call: lists, anonymous callers, actions by caller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from monitors.calls.decision import Because, Decision, Verdict, passed, refused
from monitors.calls.times import any_holds, at_site
from monitors.calls.tollfree import SOFT_MOST, TollFreeCall
from provisioner.inventory.calls import (
    CallAction,
    CallerActions,
    Calls,
    IncomingRule,
)
from provisioner.inventory.calls_plan import callers_of, entries_of, extensions_of, groups_of
from provisioner.numbering.index import NumberIndex
from provisioner.numbering.lists import GROUP, NumberEntry
from provisioner.numbering.number import Kind, Number
from provisioner.numbering.plan import Plan

REFUSED = "number-refused"
"""Name of the announcement that a refused caller hears."""
ANONYMOUS_REFUSED = "anonymous-refused"


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """A call from outside, or between extensions.

    Attributes:
        caller: who calls.
        extension: the account that is called.
        at: when, with a zone.
        from_outside: it came over a trunk; an operator cannot deliver an extension.
        toll_free: what the toll-free protection knows of the caller; None: not such a number.
    """

    caller: Number
    extension: str
    at: datetime
    from_outside: bool = True
    toll_free: TollFreeCall | None = None


@dataclass(frozen=True)
class _Rule:
    rule: IncomingRule
    called: NumberIndex
    white: NumberIndex
    black: NumberIndex
    width: int
    """0: of single extensions, 1: of masks and groups, 2: of the whole site."""


@dataclass(frozen=True)
class _Actions:
    written: CallerActions
    words: frozenset[str]
    callers: NumberIndex
    called: NumberIndex


class IncomingRules:
    """A site's rules of incoming calls, read once.

    Args:
        calls: the site's part ``calls``.
        plan: how the site reads numbers.
        timezone: of the site, IANA.

    Raises:
        NumberError: an entry cannot be read.
    """

    def __init__(self, calls: Calls, plan: Plan, timezone: str = "UTC") -> None:
        groups = groups_of(calls, plan)
        rules = [_rule(rule, calls, plan, groups) for rule in calls.incoming]
        self._rules = sorted(rules, key=lambda rule: rule.width)
        self._actions = [_actions(each, calls, plan, groups) for each in calls.actions]
        self._timezone = timezone
        self._plan = plan

    def decide(self, call: IncomingCall) -> Decision:
        """Decide what becomes of a call.

        1 An emergency number always gets through. 2 So does a colleague. 3 White and black lists:
        the narrowest rule that knows the caller decides; in one rule, white wins. 4 A caller
        without a number: the narrowest rule that says something. 5 The protection of toll-free
        numbers, never for a white-listed caller. 6 Actions by caller, whose times hold.
        """
        if call.caller.emergency:
            return passed("emergency", number=call.caller.value)
        if call.caller.kind is Kind.INTERNAL and not call.from_outside:
            return passed("internal", number=call.caller.value)
        local = at_site(call.at, self._timezone)
        decided = self._by_lists(call, local.date())
        if decided is None:
            shown = self._anonymous(call, local.date())
            due = shown is None or shown.passes
            decided = (_by_toll_free(call) if due else None) or shown
        if decided is not None and (decided.actions or decided.verdict is not Verdict.PASS):
            return decided
        return self._by_actions(call, local, decided)

    def is_white(self, call: IncomingCall) -> bool:
        """Whether a white list has the caller, and no narrower black one."""
        decided = self._by_lists(call, at_site(call.at, self._timezone).date())
        return decided is not None and decided.passes

    def _fitting(self, extension: str, on: date) -> Iterator[_Rule]:
        called = self._plan.read(extension)
        for rule in self._rules:
            if not rule.rule.called or rule.called.match(called, on):
                yield rule

    def _by_lists(self, call: IncomingCall, on: date) -> Decision | None:
        for rule in self._fitting(call.extension, on):
            if entry := rule.white.match(call.caller, on):
                return passed("white_list", **_facts(call, rule, entry))
            if entry := rule.black.match(call.caller, on):
                decided = refused("black_list", **_facts(call, rule, entry))
                return replace(decided, actions=(_refusal(rule.rule),))
        return None

    def _anonymous(self, call: IncomingCall, on: date) -> Decision | None:
        if call.caller.kind is not Kind.ANONYMOUS:
            return None
        for rule in self._fitting(call.extension, on):
            name = rule.rule.name
            match rule.rule.anonymous:
                case None:
                    continue
                case "allow":
                    return passed("anonymous_allowed", name=name)
                case "refuse":
                    decided = refused("anonymous_refused", name=name)
                    return replace(decided, actions=(CallAction("hang_up"),))
                case "announcement":
                    decided = refused("anonymous_refused", name=name)
                    spoken = CallAction("announcement", ANONYMOUS_REFUSED)
                    return replace(decided, actions=(spoken,))
                case "reception":
                    decided = passed("anonymous_reception", name=name)
                    to = CallAction("forward", self._plan.reception)
                    return replace(decided, actions=(to,) if self._plan.reception else ())
        return None

    def _by_actions(
        self, call: IncomingCall, local: datetime, decided: Decision | None
    ) -> Decision:
        for each in self._actions:
            if not self._concerns(each, call, local.date()):
                continue
            due = tuple(a for a in each.written.actions if not a.when or any_holds(a.when, local))
            if due:
                because = Because("caller_actions", {**_caller(call), "name": each.written.name})
                return Decision(Verdict.PASS, because, actions=due)
        return decided or passed("no_rule", **_caller(call))

    def _concerns(self, each: _Actions, call: IncomingCall, on: date) -> bool:
        if each.written.called and not each.called.match(self._plan.read(call.extension), on):
            return False
        if "any" in each.words:
            return True
        if call.caller.kind is Kind.ANONYMOUS:
            return "anonymous" in each.words
        return each.callers.match(call.caller, on) is not None


def _rule(
    rule: IncomingRule, calls: Calls, plan: Plan, groups: dict[str, tuple[NumberEntry, ...]]
) -> _Rule:
    called = extensions_of(rule.called, plan, calls)
    single = all(entry.mask.form == "exact" for entry in called)
    grouped = any(GROUP.fullmatch(word) for word in rule.called)
    return _Rule(
        rule,
        NumberIndex(called),
        NumberIndex(entries_of(rule.white, plan, groups)),
        NumberIndex(entries_of(rule.black, plan, groups)),
        width=2 if not called else int(grouped or not single),
    )


def _actions(
    each: CallerActions, calls: Calls, plan: Plan, groups: dict[str, tuple[NumberEntry, ...]]
) -> _Actions:
    words, entries = callers_of(each.callers, plan, groups)
    called = NumberIndex(extensions_of(each.called, plan, calls))
    return _Actions(each, words, NumberIndex(entries), called)


def _by_toll_free(call: IncomingCall) -> Decision | None:
    level = call.toll_free.level if call.toll_free else 0
    facts = {**_caller(call), "level": str(level)}
    if level > SOFT_MOST:
        return refused("toll_free_refused", **facts)
    return Decision(Verdict.CODE, Because("toll_free_code", facts)) if level else None


def _refusal(rule: IncomingRule) -> CallAction:
    if rule.refusal == "announcement":
        return CallAction("announcement", REFUSED)
    return CallAction(rule.refusal)


def _caller(call: IncomingCall) -> dict[str, str]:
    return {"caller": call.caller.value or "anonymous"}


def _facts(call: IncomingCall, rule: _Rule, entry: NumberEntry) -> dict[str, str]:
    why: Iterable[str] = filter(None, (entry.reason, entry.comment))
    group = f"group:{entry.group} " if entry.group else ""
    said = f" ({'; '.join(why)})" if entry.reason or entry.comment else ""
    listed = f"{group}{entry.mask.written}{said}"
    return {**_caller(call), "name": rule.rule.name, "entry": listed}
