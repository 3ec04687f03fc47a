"""What of a site's calls is to be written: gathered while calls go on, written together.

A decision waits for no database. What it changed is noted here and written some moments later; what
must not be lost meanwhile, the PBX keeps in a journal of its own (``monitors.guarding.line``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from monitors.calls.book import OutgoingCall, Scope
from monitors.calls.decision import Because
from monitors.calls.donotcall import Checked
from monitors.calls.tollfree import Listed
from monitors.store.calls import Refusals
from monitors.store.calls_blocks import CallWarning


@dataclass(frozen=True, slots=True)
class NewBlock:
    """A scope that passed a limit; ``at`` is naive UTC."""

    scope: Scope
    because: Because
    at: datetime


@dataclass(slots=True)
class Batch:
    """What is written together, for one site.

    Attributes:
        calls: by id, as they are now.
        unlisted: callers of toll-free numbers that came off the list.
    """

    calls: dict[str, OutgoingCall] = field(default_factory=dict)
    refusals: dict[tuple[date, str, str, str], Refusals] = field(default_factory=dict)
    warnings: list[CallWarning] = field(default_factory=list)
    blocks: list[NewBlock] = field(default_factory=list)
    toll_free: list[tuple[str, str, float]] = field(default_factory=list)
    listed: dict[str, Listed | None] = field(default_factory=dict)
    checks: list[tuple[str, Checked]] = field(default_factory=list)

    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (
            self.calls
            or self.refusals
            or self.warnings
            or self.blocks
            or self.toll_free
            or self.listed
            or self.checks
        )

    def refuse(self, refusal: Refusals) -> None:
        """Count a refused call with those of the same day, account, rule and country."""
        key = (refusal.day, refusal.account, refusal.rule, refusal.country)
        before = self.refusals.get(key)
        count = refusal.count + (before.count if before else 0)
        self.refusals[key] = replace(refusal, count=count)

    def after(self, earlier: Batch) -> None:
        """Take back what could not be written, before what came meanwhile."""
        self.calls = {**earlier.calls, **self.calls}
        mine, self.refusals = self.refusals, dict(earlier.refusals)
        for refusal in mine.values():
            self.refuse(refusal)
        self.warnings = [*earlier.warnings, *self.warnings]
        self.blocks = [*earlier.blocks, *self.blocks]
        self.toll_free = [*earlier.toll_free, *self.toll_free]
        self.listed = {**earlier.listed, **self.listed}
        self.checks = [*earlier.checks, *self.checks]


class Ledger:
    """The batch that is being gathered, and the one that is being written."""

    def __init__(self) -> None:
        self.now = Batch()
        self._writing: Batch | None = None
        self._gathering = 1
        self._stored = 0

    def take(self) -> Batch | None:
        """Return what is to be written; None: nothing, or a batch is under way."""
        if self._writing is not None or self.now.is_empty():
            return None
        self._writing, self.now = self.now, Batch()
        self._gathering += 1
        return self._writing

    def written(self) -> None:
        """The batch is in the database."""
        self._writing = None
        self._stored = self._gathering - 1

    def failed(self) -> None:
        """The batch is not in the database: it is tried again."""
        if self._writing is not None:
            self.now.after(self._writing)
            self._writing = None

    def pending_blocks(self) -> dict[Scope, str]:
        """Return blocks that are not in the database yet, and their rules."""
        writing = self._writing.blocks if self._writing is not None else []
        return {each.scope: each.because.rule for each in (*writing, *self.now.blocks)}

    @property
    def mark(self) -> int:
        """The batch that holds what was noted until now; ``has_stored`` says when it is written."""
        if not self.now.is_empty():
            return self._gathering
        return self._gathering - 1 if self._writing is not None else self._stored

    def has_stored(self, mark: int) -> bool:
        """Whether all that was noted until a mark is in the database, whatever came after it."""
        return self._stored >= mark

    @property
    def is_settled(self) -> bool:
        """Whether everything is in the database."""
        return self._writing is None and self.now.is_empty()
