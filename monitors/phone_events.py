"""From a phone's own reports to the signal: what did it say of itself last? Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from monitors.signals import PhoneEvent, Signal
from provisioner.inventory.phone_reports import PhoneReport

SOURCE = "the phone's report"
_FILE = Path(__file__).with_name("phone_events.toml")


def meaning_of(vendor: str, word: str) -> PhoneEvent | None:
    """Return what a vendor's word says; None: nothing of whether the phone works."""
    return _words().get((vendor, word))


def event_signal(
    reports: Iterable[PhoneReport], extension: str, now: datetime, *, is_told: bool
) -> Signal[PhoneEvent]:
    """Return what a phone reported last.

    Args:
        reports: of one phone, in any order.
        extension: of the account that is looked at; reports about others do not count.
        now: naive UTC.
        is_told: the phone was told to report; without a report that is then news too.
    """
    found = [(r, meaning) for r in reports if (meaning := _meaning(r, extension)) is not None]
    if not found:
        return Signal(PhoneEvent.NONE if is_told else PhoneEvent.UNKNOWN, source=SOURCE)
    last, meaning = max(found, key=lambda pair: pair[0].at)
    age_s = max(0.0, (now - last.at).total_seconds())
    return Signal(meaning, age_s, SOURCE, f"{last.event} from {last.address}")


def _meaning(report: PhoneReport, extension: str) -> PhoneEvent | None:
    account = report.account.partition("@")[0]
    if account and extension and account != extension:
        return None
    return meaning_of(report.model.partition("/")[0], report.event)


def reported_address(reports: Iterable[PhoneReport]) -> str:
    """Return the address a phone gave itself last; empty: it never did."""
    told = [r for r in reports if r.ip]
    return max(told, key=lambda r: r.at).ip if told else ""


@cache
def _words() -> Mapping[tuple[str, str], PhoneEvent]:
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        (vendor, word): PhoneEvent(row["means"])
        for vendor, words in table.items()
        for word, row in words.items()
    }
