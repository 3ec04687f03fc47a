"""Incoming calls of one site: lists, anonymous callers, the protection of toll-free numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from monitors.calls.decision import Decision
from monitors.calls.incoming import IncomingCall, IncomingRules
from monitors.calls.tollfree import (
    DAY_S,
    Listed,
    TollFreeCall,
    after_dialogue,
    counts_of,
    judge,
)
from monitors.calls.windows import SlidingCount
from monitors.guarding.facts import SiteFacts
from monitors.guarding.ledger import Ledger
from provisioner.inventory.calls import Calls, WrittenNumber
from provisioner.inventory.calls_plan import entries_of
from provisioner.numbering.index import NumberIndex
from provisioner.numbering.number import Kind, Number, NumberError
from provisioner.numbering.plan import Plan

ANONYMOUS = "anonymous"
"""All callers who show no number are one caller to a toll-free number."""


class CallerDesk:
    """What is remembered of callers.

    Args:
        calls: the site's rules.
        plan: how it reads numbers.
        facts: of the site.
        ledger: where changes are noted.

    Raises:
        NumberError: a rule cannot be read.
    """

    def __init__(self, calls: Calls, plan: Plan, facts: SiteFacts, ledger: Ledger) -> None:
        self._windows = SlidingCount(DAY_S)
        self._ledger = ledger
        self._listed: dict[str, Listed] = {}
        self.renew(calls, plan, facts)

    def renew(self, calls: Calls, plan: Plan, facts: SiteFacts) -> None:
        """Go on with what was read anew; raises NumberError."""
        rules = IncomingRules(calls, plan, facts.site.timezone)
        written = map(WrittenNumber, calls.toll_free.numbers)
        free = NumberIndex(entries_of(written, plan, {}))
        self._rules, self._free = rules, free
        self._plan, self._settings = plan, calls.toll_free
        self._interval_s = calls.toll_free.interval_s
        self._listed = dict(facts.listed)
        for caller, listed in self._ledger.now.listed.items():
            self._keep(caller, listed)

    def remember(self, calls: Iterable[tuple[str, str, float]]) -> None:
        """Count calls of before: id, caller, Unix time."""
        for call_id, caller, at_s in calls:
            self._windows.add(caller, at_s, call_id)

    def decide(
        self, call_id: str, extension: str, dialled: str, caller: str, at: datetime
    ) -> tuple[Decision, str, int]:
        """Decide on a call from the outside.

        Returns:
            the decision, the caller as the list knows it, and the operator's interval in seconds.
        """
        number = self._read(caller)
        call = IncomingCall(number, extension, at)
        key = number.value or ANONYMOUS
        if self._is_free(dialled, at):
            judged = self._judge(call, call_id, key)
            call = IncomingCall(number, extension, at, toll_free=judged)
        return self._rules.decide(call), key, self._interval_s

    def missed(self, caller: str) -> None:
        """The code was wrong or missing: the level rises."""
        listed = self._listed.get(caller)
        if listed is not None:
            self._note(caller, after_dialogue(listed, right=False))

    def forget(self, at: datetime) -> None:
        """Drop calls that no window reaches."""
        self._windows.forget(at.timestamp())

    def _judge(self, call: IncomingCall, call_id: str, key: str) -> TollFreeCall:
        now_s = call.at.timestamp()
        if self._windows.add(key, now_s, call_id):
            self._ledger.now.toll_free.append((call_id, key, now_s))
        counts, listed = counts_of(self._windows, key, now_s), self._listed.get(key)
        white = self._rules.is_white(call)
        judged = judge(self._settings, counts, listed, call.at, white=white)
        if judged.listed is not None or (listed is not None and not white):
            self._note(key, judged.listed)
        return judged

    def _note(self, caller: str, listed: Listed | None) -> None:
        self._keep(caller, listed)
        self._ledger.now.listed[caller] = listed

    def _keep(self, caller: str, listed: Listed | None) -> None:
        if listed is None:
            self._listed.pop(caller, None)
        else:
            self._listed[caller] = listed

    def _read(self, caller: str) -> Number:
        try:
            return self._plan.read(caller)
        except NumberError:
            return Number(Kind.UNKNOWN, caller[:64], valid=False)

    def _is_free(self, dialled: str, at: datetime) -> bool:
        if not self._settings.numbers or not dialled:
            return False
        return self._free.match(self._read(dialled), at.date()) is not None
