"""How a site's guarded calls are written into its dial plan: the decisions behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from provisioner.inventory.calls import Calls
from provisioner.inventory.calls_plan import extensions_of, site_plan
from provisioner.numbering.countries import country_of
from provisioner.numbering.index import NumberIndex
from provisioner.numbering.number import Kind
from provisioner.numbering.plan import Plan, spellings
from provisioner.pbx.asterisk_syntax import dialled
from provisioner.pbx.call_fallback import Fallback, fallback
from provisioner.pbx.endpoints import Endpoint
from provisioner.pbx.site import PbxSite

VOICES = frozenset({"en", "es", "ru"})
"""Languages of Asterisk's own sound packages that prompts are spoken in."""
RING_OUT_S = 120
ASK_S = 2.5
"""So long a call waits for bellwire; longer than the two seconds of Asterisk's own for a host that
is down, so that those two cannot come together."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A number that is dialled as another one."""

    dialled: str
    means: str


@dataclass(frozen=True, slots=True)
class RingGroup:
    """Accounts that ring together."""

    name: str
    extensions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallPlan:
    """Guarded calls in a dial plan.

    Attributes:
        ask: where bellwire answers, as a URL of FastAGI.
        ask_s: so long a call waits for an answer.
        trunk: PJSIP endpoint by which calls leave; empty: by a context of the owner's.
        outgoing: whose phones may call to the outside.
        emergency: emergency numbers of the country that the dial plan has not yet.
        emergency_aliases: other ways to dial emergency numbers.
        own_codes: codes of digits that only the owner's contexts know.
        numbers: every spelling of the site's own numbers, and the extension of each.
        voice: language of prompts.
    """

    ask: str
    ask_s: float
    trunk: str
    outgoing: tuple[str, ...]
    emergency: tuple[str, ...]
    emergency_aliases: tuple[Alias, ...]
    own_codes: tuple[str, ...]
    numbers: tuple[Alias, ...]
    groups: tuple[RingGroup, ...]
    fallback: Fallback
    voice: str
    ring_s: int
    remarks: tuple[str, ...]


def call_plan(
    pbx: PbxSite, made: tuple[Endpoint, ...], emergency: tuple[str, ...], taken: Iterable[str]
) -> CallPlan | None:
    """Decide how guarded calls are written; None: the site's calls are not guarded.

    Args:
        pbx: the site.
        made: its endpoints.
        emergency: emergency numbers that the dial plan has already.
        taken: numbers that mean something else.
    """
    calls = pbx.site.calls
    if calls is None:
        return None
    accounts = [endpoint.extension for endpoint in made]
    plan = site_plan(pbx.site, accounts, calls)
    country = country_of(plan.country)
    inside = {*accounts, *taken}
    found = sorted({*country.emergency_numbers(), *plan.emergency})
    more = tuple(n for n in found if n not in inside and n not in emergency)
    everyone = (*emergency, *more)
    host = f"[{calls.pbx.host}]" if ":" in calls.pbx.host else calls.pbx.host
    groups = tuple(_groups(calls, plan, accounts))
    return CallPlan(
        ask=f"agi://{host}:{calls.pbx.port}",
        ask_s=ASK_S,
        trunk=calls.pbx.trunk,
        outgoing=calls.pbx.outgoing,
        emergency=tuple(map(dialled, more)),
        emergency_aliases=tuple(_aliases(everyone, plan, country.calling_code, inside)),
        own_codes=tuple(
            dialled(code) for code in sorted(plan.services) if code.isdecimal()
            if code not in {*inside, *everyone}
        ),
        numbers=tuple(_numbers(calls, plan)),
        groups=groups,
        fallback=fallback(plan, calls.pbx),
        voice=next((each for each in pbx.site.languages if each in VOICES), "en"),
        ring_s=RING_OUT_S,
        remarks=tuple(_remarks(pbx, calls, {group.name for group in groups})),
    )  # fmt: skip


def _aliases(numbers: Iterable[str], plan: Plan, code: str, inside: set[str]) -> Iterator[Alias]:
    """Emergency numbers behind the digit for a line, and with the calling code."""
    known = {*inside, *numbers}
    for number in numbers:
        ways = (plan.outside and plan.outside + number, code and f"+{code}{number}")
        for way in filter(None, ways):
            if way not in known:
                known.add(way)
                yield Alias(dialled(way) if way[0] != "+" else way, number)


def _numbers(calls: Calls, plan: Plan) -> Iterator[Alias]:
    seen: set[str] = set()
    for written, extension in calls.pbx.numbers.items():
        for text in spellings(plan.read(written), plan):
            if text not in seen and text not in plan.extensions:
                seen.add(text)
                yield Alias(text, extension)


def _groups(calls: Calls, plan: Plan, accounts: Iterable[str]) -> Iterator[RingGroup]:
    for name in sorted(_ring_groups(calls) & set(calls.extension_groups)):
        index = NumberIndex(extensions_of((f"group:{name}",), plan, calls))
        members = (a for a in accounts if _is_in(index, plan, a))
        yield RingGroup(name, tuple(members))


def _is_in(index: NumberIndex, plan: Plan, account: str) -> bool:
    number = plan.read(account)
    return number.kind is Kind.INTERNAL and index.match(number, date.min) is not None


def _ring_groups(calls: Calls) -> set[str]:
    return {
        action.to for each in calls.actions for action in each.actions if action.do == "ring_group"
    }


def _remarks(pbx: PbxSite, calls: Calls, groups: set[str]) -> Iterator[str]:
    for name in sorted(_ring_groups(calls) - groups):
        yield f"ring group {name}: there is no extension group of that name, so nobody rings"
    if not calls.pbx.trunk:
        yield (
            f"calls.pbx.trunk is not set: guarded calls leave by your context "
            f"[bw-{pbx.site.id}-line]"
        )
    if pbx.site.pbx is None or not pbx.site.pbx.host:
        yield (
            "pbx.ami is not set: bellwire cuts no call that shares its money with another, and "
            "calls made while it was away are not counted"
        )
