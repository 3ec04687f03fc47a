"""The audit log: who did what to what, and when. For administrators."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from provisioner.inventory.tables import AuditRow
from provisioner.whole_numbers import whole_number
from web.accounts.people import Role
from web.pages.access import needs
from web.pages.desk import desk
from web.pages.words import ACTIONS

PAGES = Blueprint("audit", __name__)
PER_PAGE = 50
_LIKE_ESCAPE = "\\"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the log is wanted; empty fields choose everything.

    Attributes:
        text: somewhere in target or detail.
        since, until: days, as ``2026-11-22``.
        before: only entries with a smaller number: the page after.
    """

    who: str = ""
    action: str = ""
    text: str = ""
    since: str = ""
    until: str = ""
    before: str = ""

    @property
    def is_filtered(self) -> bool:
        """Whether something is left out."""
        return any((self.who, self.action, self.text, self.since, self.until))

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what an entry must be like. What cannot be read is not asked for."""
        made: list[ColumnElement[bool]] = []
        if self.who:
            made.append(AuditRow.who == self.who)
        if self.action:
            made.append(AuditRow.action == self.action)
        if self.text:
            within = _like(self.text)
            made.append(
                or_(
                    AuditRow.target.ilike(within, escape=_LIKE_ESCAPE),
                    AuditRow.detail.ilike(within, escape=_LIKE_ESCAPE),
                )
            )
        since, until = _day(self.since), _day(self.until)
        if since:
            made.append(AuditRow.at >= since)
        if until:
            made.append(AuditRow.at < until + timedelta(days=1))
        before = whole_number(self.before)
        if before is not None:
            made.append(AuditRow.id < min(before, 2**31 - 1))
        return made


def _like(text: str) -> str:
    for sign in (_LIKE_ESCAPE, "%", "_"):
        text = text.replace(sign, _LIKE_ESCAPE + sign)
    return f"%{text}%"


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time()) if text else None
    except ValueError:
        return None


@PAGES.get("/audit")
@needs(Role.ADMIN)
def log() -> ResponseReturnValue:
    """Show a page of the log, the newest first."""
    wanted = Wanted(
        **{field.name: request.args.get(field.name, "").strip()[:200] for field in fields(Wanted)}
    )
    with desk().installation.database.read() as reading:
        query = select(AuditRow).where(*wanted.conditions()).order_by(AuditRow.id.desc())
        rows = list(reading.scalars(query.limit(PER_PAGE + 1)))
        people, actions = _each(reading, AuditRow.who), _each(reading, AuditRow.action)
    older = None
    if len(rows) > PER_PAGE:
        rows = rows[:PER_PAGE]
        older = _address(wanted, before=str(rows[-1].id))
    newest = _address(wanted, before="") if wanted.before else None
    return render_template(
        "audit.html", rows=rows, wanted=wanted, older=older, newest=newest, people=people,
        actions=actions, action_words=ACTIONS,
    )  # fmt: skip


def _each(reading: Session, column: Any) -> list[str]:  # noqa: ANN401 - a column of texts
    return sorted(reading.scalars(select(column).distinct()))


def _address(wanted: Wanted, **changes: str) -> str:
    values = {field.name: getattr(wanted, field.name) for field in fields(Wanted)} | changes
    return url_for("audit.log", **{name: value for name, value in values.items() if value})
