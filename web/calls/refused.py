"""Calls that were refused on some days, and first calls to a country: for pages and programs."""

from __future__ import annotations

from dataclasses import dataclass

from monitors.store.calls import Refusals
from monitors.store.calls_blocks import CallWarning
from monitors.store.calls_refused import (
    RefusedCalls,
    count_refused,
    count_warnings,
    page_of_refusals,
    page_of_warnings,
)
from web.calls.ground import Guarded
from web.calls.reports import Days, moments_of
from web.installation import Installation


@dataclass(frozen=True, slots=True)
class Asked:
    """Which are wanted.

    Attributes:
        accounts: of these extensions only; none: of all.
        limit: how many at most.
        refused_after: what came with the last refused call of the page before.
        warned_before: the number of the last warning of the page before.
    """

    days: Days
    accounts: tuple[str, ...] = ()
    limit: int = 10
    refused_after: str = ""
    warned_before: int | None = None


@dataclass(frozen=True, slots=True)
class KeptBack:
    """A page of refused calls, and a page of warnings.

    Attributes:
        refused: newest first; calls of one extension, rule and country in a day are one.
        counted: all of these days.
        refused_older: where the next page begins; empty: this is the last one.
        warned: newest first.
        warnings: all of these days.
        warned_older: where the next page begins; None: this is the last one.
    """

    refused: tuple[Refusals, ...]
    counted: RefusedCalls
    refused_older: str
    warned: tuple[CallWarning, ...]
    warnings: int
    warned_older: int | None


def read_refused(
    installation: Installation, guarded: Guarded, asked: Asked
) -> list[tuple[str, Refusals]]:
    """Return refused calls, the newest first, each with what the next page is after."""
    days = asked.days
    return page_of_refusals(
        installation.monitoring, guarded.id, days.first, days.last, asked.limit,
        asked.refused_after, asked.accounts,
    )  # fmt: skip


def read_warnings(
    installation: Installation, guarded: Guarded, asked: Asked
) -> list[tuple[int, CallWarning]]:
    """Return warnings, the newest first, each with its number."""
    since, until = moments_of(guarded, asked.days)
    return page_of_warnings(
        installation.monitoring, guarded.id, since, until, asked.limit, asked.warned_before,
        asked.accounts,
    )  # fmt: skip


def read_kept_back(installation: Installation, guarded: Guarded, asked: Asked) -> KeptBack:
    """Return a page of both; four queries."""
    monitoring, days = installation.monitoring, asked.days
    more = Asked(
        days, asked.accounts, asked.limit + 1, asked.refused_after, asked.warned_before
    )  # fmt: skip
    refused = read_refused(installation, guarded, more)
    warned = read_warnings(installation, guarded, more)
    here, now = refused[: asked.limit], warned[: asked.limit]
    return KeptBack(
        tuple(each for _, each in here),
        count_refused(monitoring, guarded.id, days.first, days.last, asked.accounts),
        here[-1][0] if len(refused) > asked.limit else "",
        tuple(each for _, each in now),
        count_warnings(monitoring, guarded.id, *moments_of(guarded, days), asked.accounts),
        now[-1][0] if len(warned) > asked.limit else None,
    )
