"""Rates and do-not-call lists of sites, consents, and what was checked."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from monitors.calls.donotcall import Checked, Consent, DoNotCallList
from monitors.calls.rate_csv import read_rates
from monitors.calls.rates import RateTable
from monitors.store.calls_tables import (
    call_rates,
    do_not_call_check,
    do_not_call_consent,
    do_not_call_list,
)
from monitors.store.upsert import changed, inserting
from provisioner.db import Database


@dataclass(frozen=True, slots=True)
class Imported:
    """What is known of a list that was imported; ``dated`` is that of a do-not-call list."""

    name: str
    entries: int
    at: datetime
    who: str
    dated: date | None = None
    form: str = ""


def keep_rates(session: Session, site: str, text: str, currency: str, imported: Imported) -> None:
    """Store a site's rates, which were read already; they replace those of before."""
    _replace(
        session, call_rates, ["site"],
        {"site": site, "currency": currency, "entries": imported.entries,
         "imported_at": imported.at, "who": imported.who, "body": zlib.compress(text.encode())},
    )  # fmt: skip


def rates_of(database: Database, site: str) -> RateTable | None:
    """Return a site's rates; None: it has none.

    Raises:
        RateError: what is stored cannot be read, which it could when it was imported.
    """
    found = rates_text(database, site)
    return None if found is None else read_rates(*found)


def rates_text(database: Database, site: str) -> tuple[str, str] | None:
    """Return a site's rates as CSV, and their currency."""
    query = select(call_rates.c.body, call_rates.c.currency).where(call_rates.c.site == site)
    with database.read() as session:
        row = session.execute(query).one_or_none()
    return None if row is None else (zlib.decompress(row.body).decode(), row.currency)


def rates_currency(database: Database, site: str) -> str | None:
    """Return the currency of a site's rates; None: it has none."""
    query = select(call_rates.c.currency).where(call_rates.c.site == site)
    with database.read() as session:
        found: str | None = session.scalar(query)
    return found


def keep_list(session: Session, site: str, made: DoNotCallList, imported: Imported) -> None:
    """Store a do-not-call list; it replaces the one of the same name."""
    body = zlib.compress("\n".join(sorted(made.entries)).encode())
    _replace(
        session, do_not_call_list, ["site", "name"],
        {"site": site, "name": made.name, "dated": made.dated, "form": made.form,
         "entries": len(made.entries), "imported_at": imported.at, "who": imported.who,
         "body": body},
    )  # fmt: skip


def drop_list(session: Session, site: str, name: str) -> bool:
    """Delete a do-not-call list; returns whether there was one."""
    mine = (do_not_call_list.c.site == site, do_not_call_list.c.name == name)
    return bool(changed(session, delete(do_not_call_list).where(*mine)))


def lists_of(database: Database, site: str) -> tuple[DoNotCallList, ...]:
    """Return a site's do-not-call lists with their entries."""
    query = select(do_not_call_list).where(do_not_call_list.c.site == site)
    with database.read() as session:
        rows = list(session.execute(query.order_by(do_not_call_list.c.name)))
    return tuple(
        DoNotCallList(
            r.name, r.dated, r.form, frozenset(zlib.decompress(r.body).decode().split("\n"))
        )
        for r in rows
    )


def imports_of(database: Database, site: str) -> list[Imported]:
    """Return what was imported for a site: its rates (with an empty name) and its lists."""
    rates = select(call_rates.c.entries, call_rates.c.imported_at, call_rates.c.who)
    kept = do_not_call_list.c
    lists = select(kept.name, kept.entries, kept.imported_at, kept.who, kept.dated, kept.form)
    with database.read() as session:
        found = [
            Imported("", r.entries, r.imported_at, r.who)
            for r in session.execute(rates.where(call_rates.c.site == site))
        ]
        rows = session.execute(lists.where(kept.site == site).order_by(kept.name))
        found += [Imported(r.name, r.entries, r.imported_at, r.who, r.dated, r.form) for r in rows]
    return found


def keep_consent(session: Session, site: str, consent: Consent) -> bool:
    """Write that somebody agreed; returns whether that is new."""
    put = inserting(session, do_not_call_consent).values(
        site=site, number=consent.number, given=_naive(consent.given), how=consent.how,
        who=consent.by,
    )  # fmt: skip
    return bool(changed(session, put.on_conflict_do_nothing()))


def withdraw_consent(session: Session, site: str, number: str, at: datetime) -> bool:
    """Write that somebody agrees no more; returns whether there was a consent that stood."""
    kept = do_not_call_consent.c
    mine = (kept.site == site, kept.number == number, kept.withdrawn.is_(None))
    return bool(changed(session, update(do_not_call_consent).where(*mine).values(withdrawn=at)))


def consents_of(database: Database, site: str) -> tuple[Consent, ...]:
    """Return who agreed to be called, also who does no more."""
    query = select(do_not_call_consent).where(do_not_call_consent.c.site == site)
    with database.read() as session:
        return tuple(
            Consent(
                r.number, _aware(r.given), r.how, r.who,
                _aware(r.withdrawn) if r.withdrawn else None,
            )
            for r in session.execute(query.order_by(do_not_call_consent.c.id))
        )  # fmt: skip


def keep_checks(session: Session, site: str, checks: Iterable[tuple[str, Checked]]) -> None:
    """Write what was checked before calls, each once by its id."""
    rows = [
        {"site": site, "call_id": call_id, "at": _naive(c.at), "extension": c.extension,
         "number": c.number, "lists": [[name, day.isoformat()] for name, day in c.lists],
         "found": c.found, "consent": c.consent, "stale": c.stale, "result": c.result}
        for call_id, c in checks
    ]  # fmt: skip
    if rows:
        session.execute(inserting(session, do_not_call_check).on_conflict_do_nothing(), rows)


def checks_of(database: Database, site: str, since: datetime, until: datetime) -> list[Checked]:
    """Return what was checked between two moments, naive UTC."""
    kept = do_not_call_check.c
    query = select(do_not_call_check).where(kept.site == site, kept.at >= since, kept.at < until)
    with database.read() as session:
        return [_checked(r) for r in session.execute(query.order_by(kept.at, kept.call_id))]


def page_of_checks(
    database: Database, site: str, since: datetime, until: datetime, limit: int, after: str = ""
) -> list[tuple[str, Checked]]:
    """Return checks between two moments, naive UTC, the newest first.

    Args:
        database: the monitor's.
        site: its id.
        since: the first moment that counts.
        until: the first that does not.
        limit: how many at most.
        after: what came with the last one of the page before; empty: the first page. One that
            nobody gave is the end.

    Returns:
        each check with what the page after it begins after.
    """
    kept = do_not_call_check.c
    query = select(do_not_call_check).where(kept.site == site, kept.at >= since, kept.at < until)
    if after:
        moment, _, call_id = after.partition(" ")
        try:
            at = datetime.fromisoformat(moment)
        except ValueError:
            return []
        if at.tzinfo is not None:
            return []
        query = query.where(or_(kept.at < at, and_(kept.at == at, kept.call_id < call_id)))
    newest = query.order_by(kept.at.desc(), kept.call_id.desc()).limit(limit)
    with database.read() as session:
        rows = list(session.execute(newest))
    return [(f"{r.at.isoformat()} {r.call_id}", _checked(r)) for r in rows]


def _checked(row: Any) -> Checked:  # noqa: ANN401 - a row
    lists = tuple((name, date.fromisoformat(day)) for name, day in row.lists)
    return Checked(
        _aware(row.at), row.extension, row.number, lists, row.found, row.consent, row.stale,
        row.result,
    )  # fmt: skip


def _replace(session: Session, table: Any, keys: list[str], values: dict[str, Any]) -> None:  # noqa: ANN401 - a table
    put = inserting(session, table).values(**values)
    rest = {name: put.excluded[name] for name in values if name not in keys}
    session.execute(put.on_conflict_do_update(index_elements=keys, set_=rest))


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)
