"""Whether a call to the outside may be made, and for how long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from monitors.calls.book import OutgoingCall, Scope, Usage
from monitors.calls.decision import Because, Decision, Verdict, passed, refused
from monitors.calls.rates import Rate, RateTable
from monitors.calls.spending import MOST_S, promised, purses, seconds_together
from monitors.calls.times import any_holds, at_site
from provisioner.inventory.calls import Calls, Limits, ScopeLimits
from provisioner.numbering.countries import NOWHERE
from provisioner.numbering.destinations import read_destinations
from provisioner.numbering.number import OUTSIDE, Kind, Number
from provisioner.numbering.plan import Plan

ALWAYS = frozenset({Kind.INTERNAL, Kind.SERVICE, Kind.EMERGENCY})
COUNTED = ("hour", "day", "month")


@dataclass(frozen=True, slots=True)
class ScopeState:
    """An account, room or site that a call is counted for.

    Attributes:
        scope: which.
        limits: of it.
        usage: what it has used.
        blocked: what blocked its outgoing calls; empty: nothing.
    """

    scope: Scope
    limits: ScopeLimits
    usage: Usage
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that a phone of the site wants to make.

    Attributes:
        to: the number, as the site dials it.
        at: when, with a zone.
        scopes: whom it is counted for, the account first.
        new_country: the account never called this country.
    """

    to: Number
    at: datetime
    scopes: tuple[ScopeState, ...]
    new_country: bool = False


class OutgoingRules:
    """A site's limits of outgoing calls, read once.

    Args:
        calls: the site's part ``calls``.
        plan: how the site reads numbers.
        rates: what calls cost; None: nobody knows, so only calls are counted.
        timezone: of the site, IANA.

    Raises:
        NumberError: a closed destination cannot be read.
    """

    def __init__(
        self, calls: Calls, plan: Plan, rates: RateTable | None = None, timezone: str = "UTC"
    ) -> None:
        self._limits = calls.limits
        self._currency = calls.currency
        self._closed = read_destinations(calls.limits.closed, plan)
        self._reception = plan.read(plan.reception).value if plan.reception else ""
        self._rates = rates
        self._timezone = timezone

    def limits_of(self, account: str, room: str, site: str) -> Iterator[tuple[Scope, ScopeLimits]]:
        """Yield the scopes of an account with their limits; a phone without a room has two."""
        named = (("account", account), *((("room", room),) if room else ()), ("site", site))
        for scope in named:
            yield scope, limits_of_scope(self._limits, scope)

    def day(self, at: datetime) -> date:
        """Return the day of the site's clock, to which a call that begins now belongs."""
        return at_site(at, self._timezone).date()

    def rate(self, number: Number, at: datetime) -> Rate | None:
        """Return what a number costs, if anybody knows."""
        if self._rates is None or number.kind not in OUTSIDE:
            return None
        return self._rates.rate(number.value, self.day(at))

    def call(self, call_id: str, asked: Asked) -> OutgoingCall:
        """Return what the book keeps of a call that was let through."""
        return OutgoingCall(
            call_id,
            tuple(each.scope for each in asked.scopes),
            self.day(asked.at),
            asked.at.timestamp(),
            asked.to.value,
            counts_as_international(asked.to),
            asked.to.country,
            self.rate(asked.to, asked.at),
        )

    def always_passes(self, number: Number) -> Decision | None:
        """Return the decision of a call that no limit concerns; None: limits do."""
        if number.emergency:
            return passed("emergency", number=number.value)
        if self._reception and number.value == self._reception:
            return passed("reception", number=number.value)
        if number.kind in ALWAYS:
            return passed(number.kind.value, number=number.value)
        return None

    def decide(self, asked: Asked) -> Decision:
        """Decide whether a call may be made.

        1 Emergency, reception, internal and codes of the PBX always pass. 2 A scope that is
        blocked. 3 A number nobody can read. 4 Closed destinations. 5 Times in which international
        calls are closed. 6 Calls at the same time. 7 International calls of the hour, day and
        month. 8 Money: nothing left, or a destination without a rate; else the seconds until the
        call is cut. What passes may carry a warning.
        """
        free = self.always_passes(asked.to)
        if free is not None:
            return free
        refusal = (
            self._blocked(asked)
            or self._closed_destination(asked)
            or self._simultaneous(asked)
            or self._too_many(asked)
        )
        if refusal is not None:
            return refusal
        decided = self._money(asked)
        new = asked.new_country and self._limits.warn_new_country
        if not decided.passes or not new or asked.to.kind is not Kind.INTERNATIONAL:
            return decided
        warning = Because("new_country", {**_to(asked), "country": _country(asked.to)})
        return replace(decided, warnings=(warning,))

    def _blocked(self, asked: Asked) -> Decision | None:
        for each in asked.scopes:
            if each.blocked:
                return refused("blocked", **_whom(each), why=each.blocked)
        if asked.to.kind in {Kind.UNKNOWN, Kind.ANONYMOUS}:
            return refused("unknown_number", **_to(asked))
        return None

    def _closed_destination(self, asked: Asked) -> Decision | None:
        local = at_site(asked.at, self._timezone)
        if word := self._closed.match(asked.to, local.date()):
            return refused("closed_destination", **_to(asked), entry=word)
        abroad = counts_as_international(asked.to)
        if abroad and any_holds(self._limits.closed_times, local):
            return refused("closed_time", **_to(asked), time=f"{local:%H:%M}")
        return None

    def _simultaneous(self, asked: Asked) -> Decision | None:
        for each in asked.scopes:
            most = each.limits.simultaneous
            if most is not None and len(each.usage.running) >= most:
                return refused("simultaneous", **_whom(each), most=str(most))
        return None

    def _too_many(self, asked: Asked) -> Decision | None:
        if not counts_as_international(asked.to):
            return None
        for each in asked.scopes:
            for window in COUNTED:
                most: int | None = getattr(each.limits, f"international_{window}")
                used: int = getattr(each.usage, window)
                if most is not None and used >= most:
                    facts = {**_whom(each), "used": str(used), "most": str(most)}
                    return refused(f"calls_{window}", blocks=each.scope[0], **facts)
        return None

    def _money(self, asked: Asked) -> Decision:
        rate = self.rate(asked.to, asked.at)
        if rate is None:
            abroad = counts_as_international(asked.to)
            if self._rates is not None and abroad and self._limits.unrated == "refuse":
                return refused("no_rate", **_to(asked))
            decided = passed("within_limits", **_to(asked))
            return replace(decided, most_s=MOST_S)
        now_s, most_s = asked.at.timestamp(), MOST_S
        for each in asked.scopes:
            for purse in purses(each.limits, each.usage):
                left = purse.rest - promised(purse.calls, now_s)
                seconds = seconds_together(purse.calls, rate, purse.rest, now_s)
                if rate.least > left or seconds == 0:
                    facts = {**_whom(each), "most": f"{purse.most:.2f} {self._currency}"}
                    return refused(purse.name, blocks=each.scope[0], **facts)
                most_s = most_s if seconds is None else min(most_s, seconds)
        return Decision(Verdict.PASS, Because("within_limits", _to(asked)), most_s=most_s)

    @staticmethod
    def cut_after(states: Iterable[ScopeState], at: datetime) -> dict[str, int]:
        """Return after how many seconds from now calls that go on are cut, by their id.

        All calls of a scope draw on the same purse, so this is asked again whenever one of them
        begins, is answered or ends. A call that began yesterday draws on yesterday's purse:
        there must be a state with the usage of every day on which such calls began.
        """
        cuts: dict[str, int] = {}
        for each in states:
            for purse in purses(each.limits, each.usage):
                calls = [call for call in purse.calls if call.rate is not None]
                seconds = seconds_together(calls, None, purse.rest, at.timestamp())
                if seconds is not None:
                    cuts |= {c.id: min(cuts.get(c.id, MOST_S), seconds) for c in calls}
        return cuts


def limits_of_scope(limits: Limits, scope: Scope) -> ScopeLimits:
    """Return the limits of an account, a room or the site."""
    kind, name = scope
    if kind == "account":
        return limits.accounts.get(name, limits.account)
    return limits.room if kind == "room" else limits.site


def counts_as_international(number: Number) -> bool:
    """Whether limits of international calls concern a number: also of no country."""
    return number.kind is Kind.INTERNATIONAL or number.country == NOWHERE


def unknown_account(account: str) -> Decision:
    """Return the decision of a call of which nobody can say who makes it."""
    return refused("unknown_account", account=account or "-")


def blocked_by_hand(who: str, reason: str = "") -> Because:
    """Return why somebody's outgoing calls are blocked when a person did it."""
    if reason:
        return Because("by_hand_because", {"who": who, "reason": reason})
    return Because("by_hand", {"who": who})


def _to(asked: Asked) -> dict[str, str]:
    return {"number": asked.to.value or "anonymous"}


def _whom(state: ScopeState) -> dict[str, str]:
    return {"scope": f"{state.scope[0]} {state.scope[1]}"}


def _country(number: Number) -> str:
    return number.country or "?"
