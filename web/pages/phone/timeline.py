"""What happened to a phone, from all that is kept of it, newest first, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, select

from monitors.diagnosis.wording import known_rules
from monitors.phone_events import meaning_of
from monitors.signals import PhoneEvent
from monitors.store.tables import incident, incident_phone, remedy_action
from provisioner.answers import Outcome
from provisioner.db import Database
from provisioner.inventory.fetches import fetch_table
from provisioner.inventory.phone_reports import report_table
from provisioner.inventory.tables import AuditRow
from provisioner.mac import MacAddress
from web.installation import Installation
from web.overview.reading import StoredSite
from web.overview.sentences import diagnosis_words

PER_PAGE = 30
BOOT = timedelta(minutes=2)
"""Fetches of the same kind within this time are one boot."""
_GOOD = frozenset({Outcome.SENT, Outcome.PART, Outcome.NOT_MODIFIED})


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened.

    Attributes:
        kind: ``fetch``, ``report``, ``incident-opened``, ``incident-closed``, ``action`` or
            ``audit``.
        good: whether it is good, bad, or neither (None).
        word: what exactly, for its sentence: an outcome, an event, a remedy.
        text: a sentence, a path, a detail: as it was recorded.
        more: further facts: an address, a state.
        count: how many were put together.
    """

    at: datetime
    kind: str
    good: bool | None
    word: str
    text: str = ""
    more: str = ""
    who: str = ""
    count: int = 1
    number: int = 0


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of it; ``older``: the time to go on from, or None."""

    moments: tuple[Moment, ...]
    older: datetime | None


def read_timeline(
    installation: Installation, stored: StoredSite, mac: str, before: datetime | None
) -> Timeline:
    """Return a page of what happened to a phone; five queries.

    Args:
        installation: the opened data folder.
        stored: its site, in whose words incidents are said.
        mac: of the phone.
        before: only what was earlier; None: the newest.
    """
    monitoring, events = installation.monitoring, installation.events
    found = [
        *_fetches(_rows(events, fetch_table, mac, before)),
        *_reports(_rows(events, report_table, mac, before)),
        *_actions(_rows(monitoring, remedy_action, mac, before)),
        *_incidents(monitoring, stored, mac, before),
        *_audit(installation.database, mac, before),
    ]
    found.sort(key=lambda moment: moment.at, reverse=True)
    return page_of(found)


def page_of(found: Sequence[Moment]) -> Timeline:
    """Return the first page of what was found, newest first. Pure.

    What happened at the same moment is never on two pages.
    """
    if len(found) <= PER_PAGE:
        return Timeline(tuple(put_together(found)), None)
    last = found[PER_PAGE - 1].at
    page = [moment for moment in found if moment.at >= last]
    return Timeline(tuple(put_together(page)), last if len(page) < len(found) else None)


def put_together(found: Iterable[Moment]) -> list[Moment]:
    """Return moments, newest first, with the fetches of one boot as one. Pure."""
    made: list[Moment] = []
    for moment in found:
        last = made[-1] if made else None
        if (
            last is not None
            and moment.kind == last.kind == "fetch"
            and (moment.good, moment.word, moment.more) == (last.good, last.word, last.more)
            and last.at - moment.at <= BOOT
        ):
            made[-1] = replace(last, count=last.count + 1)
        else:
            made.append(moment)
    return made


def _rows(database: Database, table: Table, mac: str, before: datetime | None) -> list[Any]:
    query = select(table).where(table.c.mac == mac)
    if before is not None:
        query = query.where(table.c.at < before)
    with database.read() as session:
        # the moment that ends a page may hold several: one more than a page shows that
        return list(session.execute(query.order_by(table.c.at.desc()).limit(PER_PAGE + 1)))


def _fetches(rows: Iterable[Any]) -> Iterable[Moment]:
    for row in rows:
        is_good = row.outcome in _GOOD
        word = row.outcome if is_good else row.reason or row.outcome
        yield Moment(row.at, "fetch", is_good, word, row.path, f"{row.protocol} {row.address}")


def _reports(rows: Iterable[Any]) -> Iterable[Moment]:
    goods = {PhoneEvent.REGISTERED: True, PhoneEvent.SETUP: None}
    for row in rows:
        meaning = meaning_of(row.model.partition("/")[0], row.event)
        good = None if meaning is None else goods.get(meaning, False)
        word = str(meaning) if meaning is not None else ""
        yield Moment(row.at, "report", good, word, row.event, row.ip or row.address)


def _actions(rows: Iterable[Any]) -> Iterable[Moment]:
    goods = {"verified": True, "failed": False, "refused": None}
    for row in rows:
        told = row.detail or f"{row.switch} {row.port}".strip()
        who = row.who or "bellwire"
        good = goods.get(row.state)
        yield Moment(row.at, "action", good, row.remedy, told, row.state, who, number=row.id)


def _incidents(
    database: Database, stored: StoredSite, mac: str, before: datetime | None
) -> Iterable[Moment]:
    query = (
        select(
            incident.c.id, incident.c.rule, incident.c.facts, incident.c.grouped,
            incident.c.ending, incident_phone.c.joined_at, incident_phone.c.left_at,
        )
        .join(incident, incident.c.id == incident_phone.c.incident_id)
        .where(incident_phone.c.mac == mac)
    )  # fmt: skip
    if before is not None:
        query = query.where(incident_phone.c.joined_at < before)
    with database.read() as session:
        rows = list(
            session.execute(query.order_by(incident_phone.c.joined_at.desc()).limit(PER_PAGE + 1))
        )
    for row in rows:
        said = row.rule
        if row.rule in known_rules("en"):
            alone = None if row.grouped else mac
            said = diagnosis_words(stored, alone, row.rule, row.facts).sentence
        yield Moment(row.joined_at, "incident-opened", good=False, word=row.rule, text=said,
                     number=row.id)  # fmt: skip
        if row.left_at is not None and (before is None or row.left_at < before):
            yield Moment(row.left_at, "incident-closed", good=True, word=row.ending, text=said,
                         number=row.id)  # fmt: skip


def _audit(database: Database, mac: str, before: datetime | None) -> Iterable[Moment]:
    """What people did to it, but for remedies, which the journal has."""
    colons = MacAddress(mac).colons
    named = AuditRow.target.in_([colons, mac, f"phone {colons}"])
    query = select(AuditRow.at, AuditRow.who, AuditRow.action, AuditRow.detail).where(
        named, AuditRow.action != "mend"
    )
    if before is not None:
        query = query.where(AuditRow.at < before)
    with database.read() as session:
        rows = list(session.execute(query.order_by(AuditRow.id.desc()).limit(PER_PAGE + 1)))
    for row in rows:
        yield Moment(row.at, "audit", None, row.action, row.detail, "", row.who)
