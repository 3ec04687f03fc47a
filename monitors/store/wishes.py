"""What people ask for on a page: a remedy is looked at, then done, by a process that can.

look -> looking -> looked -> asked -> taken -> ended. A page writes ``look`` and ``asked`` and
never waits; the monitor does the rest. Nothing is done that was asked for long ago.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select, update

from monitors.remedies.case import Guard, Verdict
from monitors.store.tables import remedy_wish
from monitors.store.upsert import changed
from provisioner.db import Database

PATIENCE = timedelta(minutes=2)
"""Older wishes are not taken any more: whoever asked does not expect it now."""
LOOKED_FRESH = timedelta(minutes=10)
KEPT = timedelta(days=1)
DETAIL_MAX = 500


class WishState(StrEnum):
    """How far it is."""

    LOOK = "look"  # somebody wants to know whether it may be done
    LOOKING = "looking"
    LOOKED = "looked"  # the guards have spoken; the person decides
    ASKED = "asked"
    TAKEN = "taken"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Wish:
    """One row.

    Attributes:
        at: naive UTC, when it came into its state.
        confirmed: the person has said that what the guards doubt is meant.
        guards: what they said.
        result: what came of it, a word of ``monitors.remedies.treating.Result``; empty: not yet.
        action_id: its row in the journal.
    """

    id: int
    site: str
    mac: str
    remedy: str
    who: str
    incident_id: int | None
    state: WishState
    at: datetime
    confirmed: bool
    guards: tuple[Guard, ...]
    port: str
    result: str
    detail: str
    action_id: int | None

    @property
    def verdict(self) -> Verdict:
        """The severest word of the guards."""
        said = {guard.verdict for guard in self.guards}
        severe = (v for v in (Verdict.REFUSED, Verdict.CONFIRM) if v in said)
        return next(severe, Verdict.OK)


def wish_to_look(
    database: Database, site: str, mac: str, remedy: str, who: str, now: datetime,
    incident_id: int | None = None,
) -> int:  # fmt: skip
    """Ask whether a remedy may be done; returns the wish's number."""
    fresh = _fresh(site, mac, remedy, who, now, incident_id)
    return _put(database, fresh | {"state": str(WishState.LOOK)})


def wish_to_do(  # noqa: PLR0913 - what a wish is made of
    database: Database, site: str, mac: str, remedy: str, who: str, now: datetime,
    incident_id: int | None = None, *, confirmed: bool = False,
) -> int:  # fmt: skip
    """Ask at once that a remedy be done, if the guards allow it; returns the wish's number."""
    fresh = _fresh(site, mac, remedy, who, now, incident_id)
    return _put(database, fresh | {"state": str(WishState.ASKED), "confirmed": confirmed})


def _fresh(
    site: str, mac: str, remedy: str, who: str, now: datetime, incident_id: int | None
) -> dict[str, Any]:  # fmt: skip
    return {
        "site": site, "mac": mac, "remedy": remedy, "who": who[:100], "incident_id": incident_id,
        "at": now, "confirmed": False, "guards": [], "port": "", "result": "", "detail": "",
    }  # fmt: skip


def _put(database: Database, values: dict[str, Any]) -> int:
    with database.write() as session:
        put = insert(remedy_wish).values(**values).returning(remedy_wish.c.id)
        return int(session.execute(put).scalar_one())


def ask(database: Database, number: int, now: datetime, *, confirmed: bool) -> bool:
    """Ask that it be done; False: it was asked already, or looked at too long ago."""
    row = remedy_wish.c
    fresh = row.id == number, row.state == str(WishState.LOOKED), row.at > now - LOOKED_FRESH
    values = {"state": str(WishState.ASKED), "at": now, "confirmed": confirmed}
    with database.write() as session:
        return bool(changed(session, update(remedy_wish).where(*fresh).values(**values)))


def wish_of(database: Database, number: int) -> Wish | None:
    """Return a wish."""
    with database.read() as session:
        found = session.execute(select(remedy_wish).where(remedy_wish.c.id == number)).first()
    return _wish(found) if found else None


def wishes_of(database: Database, mac: str, since: datetime) -> list[Wish]:
    """Return what was asked to be done to a phone and is not ended, newest first."""
    row = remedy_wish.c
    asked = row.state.in_([str(WishState.ASKED), str(WishState.TAKEN)])
    query = select(remedy_wish).where(row.mac == mac, asked, row.at > since)
    with database.read() as session:
        return [_wish(found) for found in session.execute(query.order_by(row.id.desc()))]


def take_wishes(database: Database, now: datetime) -> Iterable[Wish]:
    """Take what waits, one after the other; no other worker gets the same.

    Each is as it was before it was taken: ``look`` or ``asked``.
    """
    row = remedy_wish.c
    waits = {str(WishState.LOOK): WishState.LOOKING, str(WishState.ASKED): WishState.TAKEN}
    query = select(remedy_wish).where(row.state.in_(list(waits)), row.at > now - PATIENCE)
    with database.read() as session:
        found = list(session.execute(query.order_by(row.id)))
    for each in found:
        mine = update(remedy_wish).where(row.id == each.id, row.state == each.state)
        with database.write() as session:
            if not changed(session, mine.values(state=str(waits[each.state]))):
                continue
        yield _wish(each)


def looked(
    database: Database, number: int, guards: Iterable[Guard], port: str, now: datetime
) -> None:
    """Note what the guards say."""
    said = [{"name": g.name, "verdict": str(g.verdict), "sentence": g.sentence} for g in guards]
    values = {"state": str(WishState.LOOKED), "at": now, "guards": said, "port": port[:300]}
    _change(database, number, WishState.LOOKING, values)


def ended(
    database: Database, number: int, result: str, detail: str, action_id: int | None, now: datetime
) -> None:
    """Note what came of it."""
    values = {
        "state": str(WishState.ENDED), "at": now, "result": result,
        "detail": detail[:DETAIL_MAX], "action_id": action_id,
    }  # fmt: skip
    _change(database, number, WishState.TAKEN, values)


def unanswerable(database: Database, number: int, detail: str, now: datetime) -> None:
    """Note that it could not even be looked at, and why."""
    values = {
        "state": str(WishState.ENDED), "at": now, "result": "failed", "detail": detail[:DETAIL_MAX]
    }  # fmt: skip
    for state in (WishState.LOOKING, WishState.TAKEN):
        _change(database, number, state, values)


def forget_wishes(database: Database, now: datetime) -> int:
    """Delete old ones; the journal keeps what was done. Returns how many."""
    with database.write() as session:
        return changed(session, delete(remedy_wish).where(remedy_wish.c.at < now - KEPT))


def _change(database: Database, number: int, state: WishState, values: dict[str, Any]) -> None:
    mine = remedy_wish.c.id == number, remedy_wish.c.state == str(state)
    with database.write() as session:
        session.execute(update(remedy_wish).where(*mine).values(**values))


def _wish(row: Any) -> Wish:  # noqa: ANN401 - a row
    guards = tuple(Guard(g["name"], Verdict(g["verdict"]), g["sentence"]) for g in row.guards)
    values = {n: getattr(row, n) for n in Wish.__slots__ if n not in {"state", "guards"}}
    return Wish(state=WishState(row.state), guards=guards, **values)
