"""A site's numbering plan from its inventory, and what of its call rules the plan cannot read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from provisioner.inventory.calls import Calls, WrittenNumber
from provisioner.inventory.records import Site
from provisioner.numbering.destinations import read_destinations
from provisioner.numbering.lists import GROUP, NumberEntry, split_pasted
from provisioner.numbering.masks import read_mask
from provisioner.numbering.number import Kind, NumberError
from provisioner.numbering.plan import Plan
from provisioner.settings import PhoneSettings

VOICEMAIL = "*97"
CALLER_WORDS = frozenset({"any", "anonymous"})


def site_plan(site: Site, extensions: Iterable[str], calls: Calls | None = None) -> Plan:
    """Return how a site dials.

    Codes are the site's numbers that are no extensions and no numbers of the outside, those of
    ``calls.numbering``, and the usual ones for voice mail and for picking up a call.
    """
    given = (calls or Calls()).numbering
    known = frozenset(extensions)
    named = [n for name, n in site.numbers.items() if name != "emergency"]
    emergency = {*given.emergency, *filter(None, [site.numbers.get("emergency")])}
    plain = Plan(
        country=site.country,
        area=given.area,
        trunk_prefix=given.trunk_prefix,
        international_prefix=given.international_prefix,
        outside=given.outside,
        extensions=known,
        emergency=frozenset(emergency - known),
        home=frozenset(given.home),
        reception=site.numbers.get("reception", ""),
    )
    codes = {number for number in named if plain.read(number).kind is Kind.UNKNOWN}
    usual = {VOICEMAIL, PhoneSettings().sip.pickup_code}
    services = frozenset({*given.services, *codes, *usual} - {""})
    return replace(plain, services=services)


def entries_of(
    written: Iterable[WrittenNumber], plan: Plan, groups: dict[str, tuple[NumberEntry, ...]]
) -> tuple[NumberEntry, ...]:
    """Return written entries as the plan reads them; a group stands for all of its entries.

    Raises:
        NumberError: an entry cannot be read, or a group is not there.
    """
    return tuple(entry for each in written for entry in _entries(each, plan, groups))


def _entries(
    each: WrittenNumber, plan: Plan, groups: dict[str, tuple[NumberEntry, ...]]
) -> Iterator[NumberEntry]:
    for text in split_pasted(each.number, plan):
        if found := GROUP.fullmatch(text):
            if found[1] not in groups:
                raise NumberError(f"there is no group {found[1]!r}")
            yield from groups[found[1]]
        else:
            yield NumberEntry(read_mask(text, plan), "", each.comment, each.reason, each.expires)


def groups_of(calls: Calls, plan: Plan) -> dict[str, tuple[NumberEntry, ...]]:
    """Return the groups of callers; each entry says which group it is of.

    Raises:
        NumberError: an entry cannot be read.
    """
    return {
        name: tuple(
            NumberEntry(e.mask, name, e.comment, e.reason, e.expires)
            for e in entries_of(written, plan, {})
        )
        for name, written in calls.groups.items()
    }


def callers_of(
    words: Iterable[str], plan: Plan, groups: dict[str, tuple[NumberEntry, ...]]
) -> tuple[frozenset[str], tuple[NumberEntry, ...]]:
    """Return which of ``any`` and ``anonymous`` are named, and the entries of all others.

    Raises:
        NumberError: an entry cannot be read.
    """
    named = list(words)
    rest = tuple(WrittenNumber(word) for word in named if word not in CALLER_WORDS)
    return CALLER_WORDS.intersection(named), entries_of(rest, plan, groups)


def extensions_of(words: Iterable[str], plan: Plan, calls: Calls) -> tuple[NumberEntry, ...]:
    """Return extensions and masks of them; a group stands for all of its own.

    Raises:
        NumberError: an entry cannot be read, or a group is not there.
    """
    made: list[NumberEntry] = []
    for word in words:
        found = GROUP.fullmatch(word)
        if found and found[1] not in calls.extension_groups:
            raise NumberError(f"there is no group {found[1]!r} of extensions")
        inside = calls.extension_groups[found[1]] if found else (word,)
        made += entries_of(map(WrittenNumber, inside), plan, {})
    return tuple(made)


def unreadable(calls: Calls, plan: Plan) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield where in the part ``calls`` something cannot be read, and why.

    The path is that of the site file, below ``calls``.
    """
    groups: dict[str, tuple[NumberEntry, ...]] = {}
    for name, written in calls.groups.items():
        groups[name] = ()
        try:
            groups[name] = entries_of(written, plan, {})
        except NumberError as problem:
            yield ("groups", name), str(problem)
    for name, words in calls.extension_groups.items():
        yield from _tried(("extension_groups", name), partial(extensions_of, words, plan, calls))
    for place, rule in enumerate(calls.incoming):
        here = ("incoming", place)
        yield from _tried((*here, "white"), partial(entries_of, rule.white, plan, groups))
        yield from _tried((*here, "black"), partial(entries_of, rule.black, plan, groups))
        yield from _tried((*here, "called"), partial(extensions_of, rule.called, plan, calls))
    for place, each in enumerate(calls.actions):
        here = ("actions", place)
        yield from _tried((*here, "callers"), partial(callers_of, each.callers, plan, groups))
        yield from _tried((*here, "called"), partial(extensions_of, each.called, plan, calls))
    yield from _others(calls, plan)


def _others(calls: Calls, plan: Plan) -> Iterator[tuple[tuple[str | int, ...], str]]:
    toll_free = tuple(map(WrittenNumber, calls.toll_free.numbers))
    yield from _tried(("toll_free", "numbers"), partial(entries_of, toll_free, plan, {}))
    yield from _tried(("limits", "closed"), partial(read_destinations, calls.limits.closed, plan))
    for extension in calls.limits.accounts:
        if extension not in plan.extensions:
            yield ("limits", "accounts", extension), f"there is no extension {extension!r}"
    for number, extension in calls.pbx.numbers.items():
        here = ("pbx", "numbers", number)
        yield from _tried(here, partial(plan.read, number))
        if extension not in plan.extensions:
            yield here, f"there is no extension {extension!r}"
    commercial = calls.do_not_call.extensions
    yield from _tried(
        ("do_not_call", "extensions"), partial(extensions_of, commercial, plan, calls)
    )


def _tried(
    where: tuple[str | int, ...], read: Callable[[], object]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    try:
        read()
    except NumberError as problem:
        yield where, str(problem)
