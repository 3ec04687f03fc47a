"""Rates on the pages: what a list of them holds, and a list on its way to being taken."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from babel.numbers import format_currency

from monitors.calls.rate_csv import RateError
from provisioner.errors import SecretsError
from provisioner.secrets import Box
from web.pages.language import locale

KEEPS = timedelta(hours=2)
SHOWN_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read: its line, its text, and why."""

    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class RateDraft:
    """Rates that somebody looks at before they are taken."""

    site: str
    text: str
    source: str


def bad_rows(text: str, problem: RateError) -> list[BadRow]:
    """Return the rows that cannot be read, as they were sent. Pure."""
    lines = text.splitlines()
    return [
        BadRow(line, lines[line - 1] if line <= len(lines) else "", why)
        for line, why in problem.problems[:SHOWN_PROBLEMS]
    ]


def money_words(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency, with as many decimals as it has."""
    plain = amount.normalize()
    return str(format_currency(plain, currency, locale=locale(), decimal_quantization=False))


def seal_rates(box: Box, draft: RateDraft, who: str, now: datetime) -> str:
    """Return rates as a text for the form of their preview; only this server opens it."""
    values = [draft.site, draft.text, draft.source, who, now.isoformat()]
    return box.seal_body(json.dumps(values).encode("utf-8", "surrogatepass")).decode("ascii")


def open_rates(box: Box, text: str, site: str, who: str, now: datetime) -> RateDraft | None:
    """Return rates of a preview; None: it is too old, another person's, or of another site."""
    try:
        values = json.loads(box.open_body(text.encode("ascii")).decode("utf-8", "surrogatepass"))
    except (SecretsError, ValueError):
        return None
    at = datetime.fromisoformat(values[4])
    is_good = values[0] == site and values[3] == who and now - at <= KEEPS
    return RateDraft(values[0], values[1], values[2]) if is_good else None
