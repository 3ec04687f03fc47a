"""Mending: what is asked for is looked at, then done, by the monitor; and what was done."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from sqlalchemy import select

from monitors.remedies.action import Action, ActionState
from monitors.remedies.case import Verdict
from monitors.remedies.choosing import by_rule
from monitors.remedies.kinds import Remedy
from monitors.store.action_pages import actions_of, read_actions
from monitors.store.incident_pages import incidents_of_phone
from monitors.store.statuses import statuses_of
from monitors.store.tables import remedy_action
from monitors.store.wishes import (
    PATIENCE,
    Wish,
    WishState,
    ask,
    wish_of,
    wish_to_do,
    wish_to_look,
)
from provisioner.inventory.audit import note
from web.accounts.people import Role, Scope
from web.api.areas.reading import phone_place
from web.api.operation import Call, Operation, Reply
from web.api.paging import DryRun, Page, PagedByNumber, Words, page
from web.api.problems import ProblemError, invalid, not_found
from web.api.shapes.values import Answer, MacText, Sent, UtcTime

TAG = "mending"
Json = dict[str, Any]
_LATEST = 5


class Mending(Sent):
    """What is to be done to a phone."""

    remedy: Remedy | None = Field(
        default=None, description="default: the gentlest that fits its diagnosis"
    )
    confirm: bool = Field(default=False, description="do it although a guard wants to be sure")


class Confirmation(Sent):
    """Somebody has read what the guards say."""

    confirm: bool = False


class GuardEntry(Answer):
    """What one guard says."""

    name: str
    verdict: Verdict
    sentence: str


class Errand(Answer):
    """What somebody has asked for, and how far it is."""

    number: int
    site: str
    mac: MacText
    remedy: Remedy
    state: WishState = Field(
        description="look and looking: the guards are asked; looked: they have spoken; "
        "asked and taken: it is being done; ended: see result"
    )
    at: UtcTime = Field(description="when it came into this state")
    who: str
    confirmed: bool
    verdict: Verdict | None = Field(description="the severest word of the guards; null: none yet")
    guards: list[GuardEntry]
    port: str = Field(description="switch and port, of what concerns power")
    result: str = Field(description="done, failed, refused or stranded; empty: not yet")
    detail: str
    action: int | None = Field(description="its number in the journal")
    expired: bool = Field(description="nobody took it in time: the monitor does not run")


class ActionEntry(Answer):
    """Something that was done to a phone, or refused."""

    id: int
    mac: MacText
    site: str
    remedy: Remedy
    way: str | None
    switch: str | None
    port: str | None
    state: ActionState
    who: str
    incident: int | None
    at: UtcTime
    off_at: UtcTime | None
    done_at: UtcTime | None
    ended_at: UtcTime | None
    detail: str


class ActionsAsked(PagedByNumber):
    """Which actions are wanted."""

    mac: Words | None = Field(default=None, description="only of this phone")


def mend(call: Call) -> Reply:
    """Ask that something be done to a phone; with dry_run only whether it may be."""
    phone_place(call)
    here, mac, who = call.installation, str(call.path["mac"]), call.who.signature
    remedy, incident = _chosen(call, mac)
    if call.dry_run:
        number = wish_to_look(
            here.monitoring, call.site, mac, str(remedy), who, call.now, incident
        )  # fmt: skip
    else:
        number = wish_to_do(
            here.monitoring, call.site, mac, str(remedy), who, call.now, incident,
            confirmed=call.body.confirm,
        )  # fmt: skip
        _note(call, f"phone {call.path['mac'].colons}", str(remedy))
    return _queued(call, number)


def _queued(call: Call, number: int) -> Reply:
    return Reply(_errand(call, number), 202, location=f"/sites/{call.site}/errands/{number}")


def _chosen(call: Call, mac: str) -> tuple[Remedy, int | None]:
    """The remedy that is asked for, or that fits, and the open incident it is for."""
    monitoring = call.installation.monitoring
    going = [i for i in incidents_of_phone(monitoring, mac, _LATEST) if i.is_open]
    incident = going[0].id if going else None
    if call.body.remedy is not None:
        return call.body.remedy, incident
    kept = statuses_of(monitoring, [mac]).get(mac)
    before = actions_of(monitoring, incidents=[incident]) if incident else []
    found = by_rule(kept.status.rule, (a for a in before if a.mac == mac)) if kept else None
    if found is None:
        told = f"its diagnosis ({kept.status.rule})" if kept else "a phone that was not judged yet"
        raise invalid("/remedy", f"nothing fits {told}; name a remedy")
    return found, incident


def _note(call: Call, about: str, detail: str) -> None:
    with call.installation.database.write() as session:
        note(session, call.now, call.who.signature, "mend", about, detail)


def errand(call: Call) -> Reply:
    """Say how far something is that was asked for."""
    return Reply(_errand(call, call.path["number"]))


def _the_wish(call: Call, number: int) -> Wish:
    found = wish_of(call.installation.monitoring, number)
    if found is None or found.site != call.site:
        raise not_found(f"site {call.site} has no errand {number}")
    return found


def _errand(call: Call, number: int) -> Json:
    wish = _the_wish(call, number)
    waits = wish.state in {WishState.LOOK, WishState.ASKED}
    names = ("site", "mac", "remedy", "state", "at", "who", "confirmed", "port", "result", "detail")
    return {
        **{name: getattr(wish, name) for name in names},
        "number": wish.id,
        "verdict": wish.verdict if wish.guards else None,
        "guards": wish.guards,
        "action": wish.action_id,
        "expired": waits and call.now - wish.at > PATIENCE,
    }


def confirm(call: Call) -> Reply:
    """Ask that what the guards have looked at be done."""
    number = call.path["number"]
    wish = _the_wish(call, number)
    if wish.verdict is Verdict.REFUSED:
        raise ProblemError("conflict", "the guards refuse it")
    if wish.verdict is Verdict.CONFIRM and not call.body.confirm:
        raise ProblemError("conflict", "a guard wants to be sure: send confirm")
    monitoring = call.installation.monitoring
    if not ask(monitoring, number, call.now, confirmed=call.body.confirm):
        told = "it is being looked at, was asked for already, or was looked at too long ago"
        raise ProblemError("conflict", told)
    _note(call, f"phone {wish.mac}", wish.remedy)
    return _queued(call, number)


def actions(call: Call) -> Reply:
    """List what was done to phones of a site, newest first."""
    row = remedy_action.c
    query = select(remedy_action).where(row.site == call.site).order_by(row.id.desc())
    if call.query.after is not None:
        query = query.where(row.id < call.query.after)
    if call.query.mac is not None:
        query = query.where(row.mac == call.query.mac.lower().replace(":", "").replace("-", ""))
    with call.installation.monitoring.read() as session:
        found = read_actions(session, query.limit(call.query.limit + 1))
    return page(call, [(action.id, _action(action)) for action in found])


def _action(action: Action) -> Json:
    names = ("id", "mac", "site", "remedy", "state", "at", "off_at", "done_at", "ended_at")
    return {
        **{name: getattr(action, name) for name in names},
        "way": action.way or None,
        "switch": action.switch or None,
        "port": action.port or None,
        "who": action.who or "bellwire",
        "incident": action.incident_id,
        "detail": action.detail,
    }


_CHANGE: Json = {"tag": TAG, "method": "POST", "scope": Scope.CHANGE, "role": Role.INSTALLER}
_READ: Json = {"tag": TAG, "method": "GET", "scope": Scope.READ}
OPERATIONS = (
    Operation(
        id="mend_phone", path="/sites/{site}/phones/{mac}/mend", handler=mend, query=DryRun,
        summary="Resync, restart or power-cycle a phone", body=Mending, body_needed=False,
        answers={202: Errand}, note="The monitor does it; Location is where to look. With dry_run "
        "only the guards are asked.", **_CHANGE,
    ),
    Operation(
        id="get_errand", path="/sites/{site}/errands/{number}", handler=errand,
        summary="How far something is that was asked for", answers={200: Errand}, **_READ,
    ),
    Operation(
        id="confirm_errand", path="/sites/{site}/errands/{number}/do", handler=confirm,
        summary="Have it done, after the guards have spoken", body=Confirmation,
        body_needed=False, answers={202: Errand}, refusals=(409,), **_CHANGE,
    ),
    Operation(
        id="list_actions", path="/sites/{site}/actions", handler=actions, query=ActionsAsked,
        summary="What was done to phones, newest first", answers={200: Page[ActionEntry]}, **_READ,
    ),
)  # fmt: skip
