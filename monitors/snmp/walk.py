"""How a walk goes on: which columns to ask next, what to take of an answer, when to stop. Pure.

Several columns go into one GETBULK (RFC 3416, 4.2.3). The first request asks one row of many
columns, so that tables the agent does not have cost one variable each. Small agents cannot fill
a large answer: repetitions, then columns, are halved when they say so, or say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from monitors.snmp.values import Failure, FailureKind, Oid, Varbind, within

REPETITIONS = 25
COLUMNS = 4
OPENING_COLUMNS = 16
SILENCES = 3
"""How often an agent may say nothing in a row before the walk is given up."""
MOST_ROWS = 50_000


class End(StrEnum):
    """Why the walk of a column ended; all but the first leave it incomplete."""

    COMPLETE = "complete"
    NOT_INCREASING = "not-increasing"  # the agent goes in circles
    TOO_MANY = "too-many"
    EMPTY_ANSWER = "empty-answer"
    ERROR = "error"
    TOO_BIG = "too-big"
    SILENT = "silent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is asked at once. ``opening``: columns of a request for first rows."""

    repetitions: int = REPETITIONS
    columns: int = COLUMNS
    opening: int = OPENING_COLUMNS
    silences: int = 0


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the walk of one column has come."""

    column: Oid
    at: Oid
    rows: int = 0
    end: End | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask next: places in the list of cursors, and how many rows of each."""

    places: tuple[int, ...]
    repetitions: int


def opened(columns: Sequence[Oid]) -> list[Cursor]:
    """Return a cursor before the first row of each column; a column counts once."""
    return [Cursor(column, column) for column in dict.fromkeys(columns)]


def next_request(cursors: Sequence[Cursor], pace: Pace) -> Request | None:
    """Return the next request; None when every column has ended."""
    unseen = [n for n, c in enumerate(cursors) if c.end is None and c.rows == 0]
    if unseen:
        return Request(tuple(unseen[: pace.opening]), 1)
    unfinished = [n for n, c in enumerate(cursors) if c.end is None]
    if not unfinished:
        return None
    return Request(tuple(unfinished[: pace.columns]), pace.repetitions)


def taken(
    asked: Sequence[Cursor], answer: Sequence[Varbind]
) -> tuple[list[Cursor], list[tuple[Oid, Varbind]]]:
    """Return the cursors after an answer, and the variables that belong to their columns.

    Args:
        asked: the cursors of the request, in its order.
        answer: row by row, as GETBULK answers; it may end in the middle of a row.

    Returns:
        The cursors moved on or ended; column and variable of each one accepted.
    """
    after = list(asked)
    kept: list[tuple[Oid, Varbind]] = []
    if not answer:
        return [replace(c, end=c.end or End.EMPTY_ANSWER) for c in after], kept
    for number, varbind in enumerate(answer):
        place = number % len(after)
        cursor = after[place]
        if cursor.end is not None:
            continue
        moved = _moved(cursor, varbind)
        after[place] = moved
        if moved.end is None:
            kept.append((cursor.column, varbind))
    return after, kept


def _moved(cursor: Cursor, varbind: Varbind) -> Cursor:
    if varbind.value is None:
        return replace(cursor, end=End.COMPLETE)
    if varbind.oid <= cursor.at:
        return replace(cursor, end=End.NOT_INCREASING)
    if not within(varbind.oid, cursor.column):
        return replace(cursor, end=End.COMPLETE)
    if cursor.rows >= MOST_ROWS:
        return replace(cursor, end=End.TOO_MANY)
    return Cursor(cursor.column, varbind.oid, cursor.rows + 1)


def answered(pace: Pace) -> Pace:
    """Return the pace after an answer: silence before it is forgotten, the size is not."""
    return replace(pace, silences=0)


def slower(pace: Pace, request: Request, failure: Failure) -> Pace | None:
    """Return the pace after a request failed for its size or for silence; None: give up.

    Args:
        pace: at which it was asked.
        request: what was asked.
        failure: too big, or silent.
    """
    if failure.kind is FailureKind.SILENT:
        if pace.silences + 1 >= SILENCES:
            return None
        pace = replace(pace, silences=pace.silences + 1)
        return _halved(pace, request) or pace
    return _halved(pace, request)


def _halved(pace: Pace, request: Request) -> Pace | None:
    """Ask less than ``request`` did; None: it cannot be less."""
    if request.repetitions > 1:
        return replace(pace, repetitions=request.repetitions // 2)
    if len(request.places) <= 1:
        return None
    half = len(request.places) // 2
    return replace(pace, columns=min(pace.columns, half), opening=half)


def blamed(request: Request, failure: Failure) -> tuple[int, ...]:
    """Return the places of the columns to give up after an error of the agent's own."""
    if 1 <= failure.index <= len(request.places):
        return (request.places[failure.index - 1],)
    return request.places
