"""A conversation with one agent: asks again after silence, and walks what it is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from monitors.snmp import walk
from monitors.snmp.transport import Exchange, Walked
from monitors.snmp.values import Answer, Failure, FailureKind, Oid, Value
from monitors.snmp.walk import Cursor, End, Pace, Request

_FATAL = frozenset({FailureKind.REFUSED, FailureKind.CLOSED, FailureKind.UNREACHABLE})


class Session:
    """A ``Transport`` and ``Writer`` over an ``Exchange``.

    Args:
        exchange: sends one request and waits for its answer.
        why_silent: asked once when the agent has said nothing at all; returns what is wrong.
    """

    def __init__(
        self, exchange: Exchange, why_silent: Callable[[], Awaitable[Failure]] | None = None
    ) -> None:
        self._exchange = exchange
        self._why_silent = why_silent

    async def get(self, oids: Sequence[Oid]) -> Answer:
        """Ask for variables by name; asks again after silence."""
        answer: Answer = Failure(FailureKind.SILENT, "not asked")
        for _ in range(walk.SILENCES):
            answer = await self._exchange.get(oids)
            if not (isinstance(answer, Failure) and answer.kind is FailureKind.SILENT):
                return answer
        return await self._why_silent() if self._why_silent else answer

    async def set_integers(self, values: Mapping[Oid, int]) -> Answer:
        """Set INTEGER variables, once."""
        return await self._exchange.set_integers(values)

    async def bulk_walk(self, columns: Sequence[Oid], pace: Pace | None = None) -> Walked:
        """Read columns of tables; what was read before a failure is kept."""
        cursors = walk.opened(columns)
        found: dict[Oid, dict[Oid, Value]] = {}
        pace, failure = pace or Pace(), None
        while (request := walk.next_request(cursors, pace)) is not None:
            asked = [cursors[place] for place in request.places]
            answer = await self._exchange.get_bulk([c.at for c in asked], request.repetitions)
            if isinstance(answer, Failure):
                pace, failure = _after(answer, request, pace, cursors)
                if failure is not None:
                    break
                continue
            pace = walk.answered(pace)
            moved, kept = walk.taken(asked, answer)
            for place, cursor in zip(request.places, moved, strict=True):
                cursors[place] = cursor
            for column, varbind in kept:
                if varbind.value is not None:
                    rows = found.setdefault(column, {})
                    rows[varbind.oid[len(column) :]] = varbind.value
        ends = {c.column: c.end or End.SILENT for c in cursors}
        return Walked(found, ends, failure, pace)


def _after(
    failure: Failure, request: Request, pace: Pace, cursors: list[Cursor]
) -> tuple[Pace, Failure | None]:
    """Go on after a failed request: slower, without the column to blame, or not at all."""
    if failure.kind in _FATAL:
        _end(cursors, range(len(cursors)), End.REFUSED)
        return pace, failure
    if failure.kind is FailureKind.AGENT:
        _end(cursors, walk.blamed(request, failure), End.ERROR)
        return pace, None
    calmer = walk.slower(pace, request, failure)
    if calmer is not None:
        return calmer, None
    if failure.kind is FailureKind.SILENT:
        _end(cursors, range(len(cursors)), End.SILENT)
        return pace, failure
    _end(cursors, request.places, End.TOO_BIG)
    return pace, None


def _end(cursors: list[Cursor], places: Sequence[int], why: End) -> None:
    for place in places:
        if cursors[place].end is None:
            cursors[place] = replace(cursors[place], end=why)
