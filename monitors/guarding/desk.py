"""The calls of one site: asked about, answered, ended. Everything is decided from memory.

Not for several threads: it belongs to the event loop that answers the PBX.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

from monitors.calls.book import CallBook, Scope, whole_seconds
from monitors.calls.decision import Because, Decision
from monitors.calls.donotcall import DoNotCallRules, check
from monitors.calls.guard import CallGuard
from monitors.calls.limits import OutgoingRules, unknown_account
from monitors.guarding.answers import EARLY_S, Variables, dial, inside, refuse, taken_in
from monitors.guarding.callers import CallerDesk
from monitors.guarding.facts import SiteFacts
from monitors.guarding.ledger import Ledger, NewBlock
from monitors.guarding.room import SLACK_S, Ends
from monitors.store.calls import Refusals
from monitors.store.calls_blocks import CallWarning
from provisioner.inventory.calls import Calls
from provisioner.inventory.calls_plan import extensions_of, site_plan
from provisioner.numbering.index import NumberIndex
from provisioner.numbering.number import Kind, Number, NumberError

_SILENT = "list_stale"
"""A warning that would come with every call; ``bellwire calls status`` says it once."""


@dataclass(frozen=True, slots=True)
class OverRecord:
    """What the PBX kept of a call that is over. Times are Unix time.

    Attributes:
        number: that was dialled, E.164 where it is one.
        since_s: when it was dialled to the outside; None: it never was.
        answered_s: None: it was not.
        ended_s: None: it goes on.
    """

    call_id: str
    account: str
    number: str
    since_s: float | None
    answered_s: float | None
    ended_s: float | None


class CallDesk:
    """What is remembered of a site's calls.

    Args:
        facts: of the site.
        book: its calls until now.
        toll_free: calls to its toll-free numbers in the last 24 hours: id, caller, Unix time.

    Raises:
        NumberError: a rule cannot be read.
    """

    def __init__(
        self,
        facts: SiteFacts,
        book: CallBook | None = None,
        toll_free: tuple[tuple[str, str, float], ...] = (),
    ) -> None:
        self.ledger = Ledger()
        self._ends, self._ringing = dict[str, float](), dict[str, float]()
        self._moved: set[Scope] | None = None
        self._read(facts)
        self._guard = CallGuard(facts.site.id, self._rules, book, dict(facts.blocked))
        self._callers = CallerDesk(self.calls, self._plan, facts, self.ledger)
        self._callers.remember(toll_free)

    @property
    def calls(self) -> Calls:
        """The site's rules."""
        return self.facts.site.calls or Calls()

    @property
    def book(self) -> CallBook:
        """The calls of the site."""
        return self._guard.book

    def renew(self, facts: SiteFacts) -> None:
        """Go on with what was read anew.

        Raises:
            NumberError: a rule cannot be read; all stays as it was.
        """
        before = self.facts
        try:
            self._read(facts)
            self._callers.renew(self.calls, self._plan, facts)
        except NumberError:
            self._read(before)
            raise
        blocked = {**facts.blocked, **self.ledger.pending_blocks()}
        self._guard.renew(self._rules, blocked)
        self._moved = None

    def outgoing(
        self, call_id: str, account: str, keyed: str, at: datetime, *, can_cut: bool = True
    ) -> Variables:
        """Decide on a call to the outside, or to whatever else the dial plan does not know.

        While calls cannot be cut, none is decided on that would share its money with another: an
        empty answer leaves it to the PBX's own rules.
        """
        try:
            number = self._plan.dialled(keyed)
        except NumberError:
            number = Number(Kind.UNKNOWN, keyed[:64], valid=False)
        if number.kind in {Kind.INTERNAL, Kind.SERVICE} and not number.emergency:
            return inside(number)
        if not can_cut and self._rules.always_passes(number) is None and self.is_shared(account):
            return {}
        decided = self._decide(call_id, account, number, at)
        for warning in decided.warnings:
            if warning.rule != _SILENT:
                entry = CallWarning(_naive(at), account, warning)
                self.ledger.now.warnings.append(entry)
        if not decided.passes:
            self._refused(decided, account, number, at)
            return refuse(decided)
        self._note(call_id)
        return dial(number, decided, self._plan, self.calls.pbx)

    def incoming(
        self, call_id: str, extension: str, dialled: str, caller: str, at: datetime
    ) -> Variables:
        """Decide on a call from the outside; ``caller`` is empty when none is shown."""
        return taken_in(self._callers.decide(call_id, extension, dialled, caller, at), self._plan)

    def code_missed(self, caller: str) -> None:
        """A caller of a toll-free number keyed a wrong code, or none."""
        self._callers.missed(caller)

    def answered(self, call_id: str, at_s: float) -> bool:
        """A call was answered; returns whether that is new."""
        new = self.book.answer(call_id, at_s)
        if new:
            self._note(call_id)
        return new

    def over(self, record: OverRecord) -> bool:
        """Take what the PBX kept of a call, over or not; returns whether anything is new."""
        new = self._heard_first(record)
        call = self.book.call(record.call_id)
        if call is None:
            return False
        if record.since_s is None:  # it found no line
            new = call.answered_s is None and call.ended_s is None
            new = new and self.book.end(call.id, record.ended_s or call.started_s)
        elif record.ended_s is not None:
            new = self.book.end(call.id, record.ended_s, record.answered_s) or new
        elif record.answered_s is not None:
            new = self.book.answer(call.id, record.answered_s) or new
        if new:
            self._note(record.call_id)
        return new

    def is_shared(self, account: str, but: str = "") -> bool:
        """Whether a call that goes on, but one, draws on the money that an account's would."""
        return self._guard.is_shared(account, self.facts.rooms.get(account, ""), but)

    def is_over(self, call_id: str) -> bool:
        """Whether a call is known to have ended."""
        call = self.book.call(call_id)
        return call is not None and call.ended_s is not None

    def lost(self, call_id: str, at_s: float) -> bool:
        """A call is gone and nobody kept its end; returns whether that is new."""
        call = self.book.call(call_id)
        if call is None or call.ended_s is not None:
            return False
        self.book.end(call_id, max(at_s, call.answered_s or call.started_s))
        self._note(call_id)
        return True

    def cuts(self, at: datetime) -> dict[str, float]:
        """Return when each call that was answered is to be cut, Unix time, by its id."""
        self.news(at)
        return dict(self._ends)

    def news(self, at: datetime) -> Ends:
        """Return when calls are to be cut for which that has changed since this was last asked."""
        now_s, news, shrinks = at.timestamp(), Ends(), False
        for call_id, left_s in self._guard.cuts(at, self._moved).items():  # others are as they were
            call = self.book.call(call_id)
            if call is None:
                continue
            before = self._ends.get(call_id, self._ringing.get(call_id))
            if call.answered_s is None:
                end = self._ringing[call_id] = news.ringing[call_id] = left_s - EARLY_S
            else:
                if call_id in self._ringing:
                    before = call.answered_s + self._ringing.pop(call_id)
                gone_s = whole_seconds(now_s - call.answered_s)
                end = call.answered_s + gone_s + left_s - EARLY_S
                self._ends[call_id] = news.answered[call_id] = end
            shrinks = shrinks or (before is not None and end < before - SLACK_S)
        self._moved = set()
        return Ends(news.answered, news.ringing, shrinks)

    def forget(self, at: datetime) -> None:
        """Drop what no limit can reach any more."""
        first = self._rules.day(at).replace(day=1)
        self.book.forget(first, at.timestamp() - 3600)
        self._callers.forget(at)

    def _note(self, call_id: str) -> None:
        """A call began, was answered or ended: it is written, and what shares its money is cut."""
        call = self.book.call(call_id)
        if call is None:
            return
        self.ledger.now.calls[call_id] = call
        if self._moved is not None:
            self._moved.update(call.scopes)
        if call.ended_s is not None:
            self._ends.pop(call_id, None)
            self._ringing.pop(call_id, None)

    def _read(self, facts: SiteFacts) -> None:
        """Read the rules of a site; raises NumberError."""
        self.facts = facts
        calls = facts.site.calls or Calls()
        plan = site_plan(facts.site, facts.extensions, calls)
        rules = OutgoingRules(calls, plan, facts.rates, facts.site.timezone)
        commercial = NumberIndex(extensions_of(calls.do_not_call.extensions, plan, calls))
        self._plan, self._rules, self._commercial = plan, rules, commercial
        block = calls.do_not_call.action == "block"
        days = calls.do_not_call.list_days
        self._dnc = DoNotCallRules(plan, facts.lists, facts.consents, days, block)

    def _decide(self, call_id: str, account: str, number: Number, at: datetime) -> Decision:
        known = account in self.facts.extensions
        if not known and not number.emergency:
            return unknown_account(account)
        warnings: tuple[Because, ...] = ()
        if known and self._commercial.match(self._plan.read(account), self._rules.day(at)):
            decided, row = check(self._dnc, number, account, at)
            if row is not None:
                self.ledger.now.checks.append((call_id, row))
            if not decided.passes:
                return decided
            warnings = decided.warnings
        room = self.facts.rooms.get(account, "")
        asked = self._guard.ask(call_id, account, number, at, room)
        return _with(asked, warnings)

    def _refused(self, decided: Decision, account: str, number: Number, at: datetime) -> None:
        rule, day = decided.because.rule, self._rules.day(at)
        self.ledger.now.refuse(
            Refusals(day, account, rule, number.country, 1, number.value[:64], _naive(at))
        )
        if decided.blocks:
            scope = self._scope(decided.blocks, account)
            self.ledger.now.blocks.append(NewBlock(scope, decided.because, _naive(at)))

    def _scope(self, kind: str, account: str) -> Scope:
        names: Mapping[str, str] = {
            "account": account,
            "room": self.facts.rooms.get(account, ""),
            "site": self.facts.site.id,
        }
        return kind, names[kind]

    def _heard_first(self, record: OverRecord) -> bool:
        """Write a call that was made while nobody was asked."""
        if self.book.call(record.call_id) is not None or record.since_s is None:
            return False
        at = datetime.fromtimestamp(record.since_s, UTC)
        try:
            number = self._plan.read(record.number)
        except NumberError:
            return False
        if self._rules.always_passes(number) is not None:
            return False
        room = self.facts.rooms.get(record.account, "")
        return self._guard.hear(record.call_id, record.account, number, at, room)


def _with(decided: Decision, warnings: tuple[Because, ...]) -> Decision:
    if not warnings:
        return decided
    both = tuple(chain(warnings, decided.warnings))
    return Decision(
        decided.verdict, decided.because, decided.actions, decided.most_s, decided.blocks, both
    )


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)
