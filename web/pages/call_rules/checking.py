"""What would happen to a number at a site; extensions that fare alike are one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from monitors.calls.book import Scope
from monitors.calls.decision import Because, Decision, Verdict
from monitors.calls.donotcall import DoNotCallRules, check
from monitors.calls.explain import NumberCheck, NumberChecker
from monitors.guarding.facts import rooms_of
from monitors.store.calls_blocks import blocks_of
from monitors.store.calls_lists import consents_of, lists_of
from provisioner.inventory.calls import Calls
from provisioner.inventory.calls_plan import extensions_of
from provisioner.numbering.index import NumberIndex
from provisioner.numbering.number import Number
from web.call_rules.checking import checked_site
from web.call_rules.part import CallsPart
from web.call_rules.rates import rates_in_force
from web.installation import Installation
from web.pages.call_rules.words import action_words, seconds_words, why
from web.pages.language import N_, gettext

VERDICTS = {
    Verdict.PASS: (N_("passes"), "working", "check"),
    Verdict.REFUSE: (N_("is refused"), "down", "cross"),
    Verdict.CODE: (N_("must key a code"), "warning", "key"),
}
_OF_RULES = ("white_list", "black_list", "anonymous_")
_OF_LIMITS = {
    "closed_destination": "closed", "closed_time": "closed", "simultaneous": "account",
    "calls_hour": "account", "calls_day": "account", "calls_month": "account",
    "spend_day": "account", "spend_month": "account", "new_country": "closed",
    "toll_free_code": "toll_free", "toll_free_refused": "toll_free",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """Where a rule is changed: endpoint, the name it needs, and the place on the page."""

    endpoint: str
    name: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a call.

    Attributes:
        verdict: word, kind and icon.
        sentence: which rule decides, and why.
        actions: what is done with it, in order, in words.
        cut: after how long it ends, in words; empty: it is not cut.
        extensions: whose calls these are; none: of every account.
    """

    verdict: tuple[str, str, str]
    sentence: str
    actions: tuple[str, ...]
    warnings: tuple[str, ...]
    cut: str
    link: Link | None
    extensions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A number, and what becomes of calls from it and to it.

    Attributes:
        commercial: of calls of those who make commercial ones; None: nobody does.
    """

    number: Number
    dialled: Number
    spellings: tuple[str, ...]
    incoming: tuple[Outcome, ...]
    outgoing: tuple[Outcome, ...]
    commercial: Outcome | None


def check_at(
    installation: Installation, part: CallsPart, text: str, extension: str, now: datetime
) -> Checked:
    """Say what would happen to a number at a site, with what is blocked just now.

    Args:
        installation: the opened data folder.
        part: the site's rules.
        text: the number, in any spelling.
        extension: only of this one; empty: of every account.
        now: naive UTC.

    Raises:
        NumberError: longer than any number.
        RateError: the rates cannot be read any more.
    """
    rates = rates_in_force(installation.monitoring, part.site.id)
    site = checked_site(part.site, tuple(part.accounts), rates)
    with installation.database.read() as session:
        rooms = rooms_of(session, part.site.id)
    blocked = {b.scope: b.rule for b in blocks_of(installation.monitoring, part.site.id)}
    checker, at = NumberChecker(site, blocked, rooms), now.replace(tzinfo=UTC)
    asked = [extension] if extension else list(part.accounts) or [""]
    kinds = _kinds(part.calls, asked, rooms, blocked)
    found = _checked(lambda each: checker.check(text, each, at), kinds, rooms)
    one = found[asked[0]]
    return Checked(
        one.number,
        one.dialled,
        one.spellings,
        _alike({each: check.incoming for each, check in found.items()}),
        _alike({each: check.outgoing for each, check in found.items()}),
        _commercial(installation, part, one, at, extension),
    )


def _kinds(
    calls: Calls, asked: Iterable[str], rooms: Mapping[str, str], blocked: Mapping[Scope, str]
) -> dict[str, object]:
    """Each extension with what of the rules is its own: those with the same fare alike."""
    named = {word for rule in calls.incoming for word in rule.called}
    named |= {word for each in calls.actions for word in each.called}
    single = named <= {*asked, *filter(str.isdecimal, named)}  # no mask and no group
    return {
        each: (
            calls.limits.accounts.get(each), blocked.get(("account", each)),
            blocked.get(("room", rooms.get(each, ""))),
            each if each in named or not single else "",
        )
        for each in asked
    }  # fmt: skip


def _checked(
    check: Callable[[str], NumberCheck], kinds: Mapping[str, object], rooms: Mapping[str, str]
) -> dict[str, NumberCheck]:
    """Check one of each kind, and all of a kind whose answer names the extension or its room."""
    known: dict[object, NumberCheck] = {}
    for each, kind in kinds.items():
        if kind not in known:
            made = check(each)
            facts = {
                value
                for decided in (made.incoming, made.outgoing)
                for value in decided.because.facts.values()
            }
            own = {f"account {each}", f"room {rooms.get(each, '')}", each} & facts
            known[(kind, each) if own else kind] = made
    return {
        each: known.get(kind) or known.get((kind, each)) or check(each)
        for each, kind in kinds.items()
    }


def _alike(decided: Mapping[str, Decision]) -> tuple[Outcome, ...]:
    """One outcome for all extensions that fare alike, the most frequent first."""
    groups: dict[str, list[str]] = {}
    firsts: dict[str, Decision] = {}
    written = {id(each): repr(each) for each in {id(d): d for d in decided.values()}.values()}
    for extension, decision in decided.items():
        key = written[id(decision)]
        groups.setdefault(key, []).append(extension)
        firsts.setdefault(key, decision)
    ordered = sorted(groups, key=lambda key: -len(groups[key]))
    everybody = len(groups) == 1
    return tuple(_outcome(firsts[k], () if everybody else tuple(groups[k])) for k in ordered)


def _outcome(decided: Decision, extensions: tuple[str, ...]) -> Outcome:
    word, kind, icon = VERDICTS[decided.verdict]
    return Outcome(
        verdict=(gettext(word), kind, icon),
        sentence=why(decided.because),
        actions=tuple(map(action_words, decided.actions)),
        warnings=tuple(map(why, decided.warnings)),
        cut=seconds_words(decided.most_s),
        link=link_of(decided.because),
        extensions=extensions,
    )


def link_of(because: Because) -> Link | None:
    """Return where the rule that decided is changed; None: nobody wrote it. Pure."""
    rule, name = because.rule, because.facts.get("name", "")
    if rule.startswith(_OF_RULES):
        return Link("call_rules.incoming_rule", name)
    if rule == "caller_actions":
        return Link("call_rules.incoming_actions", name)
    if rule in _OF_LIMITS:
        return Link("call_rules.limits", anchor=_OF_LIMITS[rule])
    if rule == "no_rate":
        return Link("call_rules.lists", anchor="rates")
    if rule.startswith("do_not_call"):
        return Link("call_rules.lists", anchor="dnc")
    return Link("calls.blocked") if rule == "blocked" else None


def _commercial(
    installation: Installation, part: CallsPart, one: NumberCheck, at: datetime, extension: str
) -> Outcome | None:
    """What the do-not-call lists say of a call to a number."""
    given = part.calls.do_not_call
    if not given.extensions:
        return None
    callers = NumberIndex(extensions_of(given.extensions, part.plan, part.calls))
    if extension and callers.match(part.plan.read(extension), at.date()) is None:
        return None
    monitoring, site = installation.monitoring, part.site.id
    rules = DoNotCallRules(
        part.plan, lists_of(monitoring, site), consents_of(monitoring, site), given.list_days,
        given.action == "block",
    )  # fmt: skip
    decided, _ = check(rules, one.dialled, extension, at)
    return _outcome(decided, given.extensions)
