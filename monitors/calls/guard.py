"""The outgoing calls of a site from question to end: rules, book and what is blocked, together.

The only thing here that remembers; whoever asks it brings the clock and keeps what it says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from monitors.calls.book import CallBook, Scope
from monitors.calls.decision import Decision, passed
from monitors.calls.limits import Asked, OutgoingRules, ScopeState
from monitors.calls.spending import MOST_S
from provisioner.inventory.calls import ScopeLimits
from provisioner.numbering.number import Number


class CallGuard:
    """Asks the rules with what the book says, and writes what they let through into the book.

    Args:
        site: its id.
        rules: limits of the site.
        book: the calls of the site until now.
        blocked: scopes whose outgoing calls are blocked, and why.
    """

    def __init__(
        self,
        site: str,
        rules: OutgoingRules,
        book: CallBook | None = None,
        blocked: dict[Scope, str] | None = None,
    ) -> None:
        self.book = book or CallBook()
        self.blocked = dict(blocked or {})
        self._site = site
        self._rules = rules
        self._limits: dict[Scope, ScopeLimits] = {}
        self._learn_limits()

    def renew(self, rules: OutgoingRules, blocked: dict[Scope, str]) -> None:
        """Go on with other rules; calls that go on keep the rate with which they began."""
        self._rules = rules
        self.blocked = dict(blocked)
        self._learn_limits()

    def hear(self, call_id: str, account: str, to: Number, at: datetime, room: str = "") -> bool:
        """Write a call that was made without asking; returns whether it is new."""
        mine = dict(self._rules.limits_of(account, room, self._site))
        self._limits |= mine
        states = tuple(self._state(scope, limits, at) for scope, limits in mine.items())
        return self.book.start(self._rules.call(call_id, Asked(to, at, states)))

    def ask(self, call_id: str, account: str, to: Number, at: datetime, room: str = "") -> Decision:
        """Decide on a call; it is written at once, so that the next one finds it there.

        Asked again for a call that goes on, it says how long that may still go on.

        Raises:
            ValueError: the id is that of another call.
        """
        free = self._rules.always_passes(to)
        if free is not None:
            return free
        known = self.book.call(call_id)
        if known is not None:
            if known.to != to.value or known.ended_s is not None:
                raise ValueError(f"call {call_id!r} is another call, to {known.to}")
            most_s = self.cuts(at, known.scopes).get(call_id, MOST_S)
            return replace(passed("within_limits", number=to.value), most_s=most_s)
        mine = dict(self._rules.limits_of(account, room, self._site))
        self._limits |= mine
        states = tuple(self._state(scope, limits, at) for scope, limits in mine.items())
        new = bool(to.country) and not self.book.knows_country(("account", account), to.country)
        asked = Asked(to, at, states, new)
        decided = self._rules.decide(asked)
        if decided.passes:
            self.book.start(self._rules.call(call_id, asked))
        elif decided.blocks:
            scope = next(s for s in mine if s[0] == decided.blocks)
            self.blocked.setdefault(scope, decided.because.rule)
        return decided

    def cuts(self, at: datetime, only: Iterable[Scope] | None = None) -> dict[str, int]:
        """Return after how many seconds from now each call that goes on is cut, by its id.

        Args:
            at: now.
            only: calls that share money with these scopes; None: all.
        """
        if only is None:
            calls = {call.id: call for call in self.book.running()}
        else:
            sharing = filter(self._has_money, only)
            calls = {c.id: c for scope in sharing for c in self.book.running_of(scope)}
        days = {(scope, call.day) for call in calls.values() for scope in call.scopes}
        states = (
            ScopeState(scope, self._limits[scope], self.book.usage(scope, day, at.timestamp()))
            for scope, day in days
            if self._has_money(scope)
        )
        cuts = self._rules.cut_after(states, at)
        return {call_id: left_s for call_id, left_s in cuts.items() if call_id in calls}

    def is_shared(self, account: str, room: str = "", but: str = "") -> bool:
        """Whether a call that goes on draws on money of an account, its room or the site.

        Args:
            account: whose call it would be.
            room: of it.
            but: id of a call that does not count.
        """
        mine = dict(self._rules.limits_of(account, room, self._site))
        self._limits |= mine
        drawing = (c for s in filter(self._has_money, mine) for c in self.book.running_of(s))
        return any(call.rate is not None and call.id != but for call in drawing)

    def _has_money(self, scope: Scope) -> bool:
        limits = self._limits.get(scope)
        if limits is None:
            return False
        return limits.spend_day is not None or limits.spend_month is not None

    def unblock(self, scope: Scope) -> bool:
        """A person lets a scope call out again; returns whether it was blocked."""
        return self.blocked.pop(scope, None) is not None

    def _learn_limits(self) -> None:
        """Limits of the calls that go on: their cuts are asked for without another call."""
        self._limits = {}
        for call in self.book.running():
            names = dict(call.scopes)
            account, room = names.get("account", ""), names.get("room", "")
            self._limits |= dict(self._rules.limits_of(account, room, self._site))

    def _state(self, scope: Scope, limits: ScopeLimits, at: datetime) -> ScopeState:
        usage = self.book.usage(scope, self._rules.day(at), at.timestamp())
        return ScopeState(scope, limits, usage, self.blocked.get(scope, ""))
