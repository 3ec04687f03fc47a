"""A site's rates: those in force, and what another list of them would change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from monitors.calls.rate_csv import read_rates
from monitors.calls.rates import Rate, RateTable
from monitors.store.calls_lists import imports_of, rates_text
from provisioner.db import Database


@dataclass(frozen=True, slots=True)
class RateSummary:
    """What a list of rates holds.

    Attributes:
        valid, later, over: rates in force on a day, and those that begin later or have ended.
        new, changed, gone: in comparison with the rates in force.
    """

    count: int
    valid: int
    later: int
    over: int
    new: int
    changed: int
    gone: int


def summary(made: Iterable[Rate], before: Iterable[Rate], today: date) -> RateSummary:
    """Return what a list of rates holds, beside the one in force. Pure."""
    fresh = {(rate.prefix, rate.valid_from): rate for rate in made}
    old = {(rate.prefix, rate.valid_from): rate for rate in before}
    valid = sum(rate.valid_on(today) for rate in fresh.values())
    later = sum(r.valid_from is not None and r.valid_from > today for r in fresh.values())
    return RateSummary(
        count=len(fresh),
        valid=valid,
        later=later,
        over=len(fresh) - valid - later,
        new=len(fresh.keys() - old.keys()),
        changed=sum(fresh[key] != old[key] for key in fresh.keys() & old.keys()),
        gone=len(old.keys() - fresh.keys()),
    )


def rates_in_force(database: Database, site: str) -> RateTable | None:
    """Return a site's rates, read once for each import of them.

    Raises:
        RateError: they cannot be read any more.
    """
    imported = next((each for each in imports_of(database, site) if not each.name), None)
    found = rates_text(database, site) if imported else None
    return None if found is None else _table(*found)


@lru_cache(maxsize=4)
def _table(text: str, currency: str) -> RateTable:
    return read_rates(text, currency)
