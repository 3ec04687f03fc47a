"""The history of a site: what was changed, by whom, and taking it back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import Field

from provisioner.edits.edit import EditError
from provisioner.edits.history import Entry, Kept
from provisioner.errors import UnknownThingError
from web.accounts.people import Role, Scope
from web.api.areas.editing import refused, written
from web.api.operation import Call, Operation, Reply
from web.api.paging import Page, PagedByNumber, page
from web.api.problems import ProblemError, not_found
from web.api.shapes.documents import Written
from web.api.shapes.values import Answer, UtcTime

TAG = "changes"
HEAD = "head"


class HistoryEntry(Answer):
    """A change of a site."""

    id: int
    at: UtcTime
    who: str
    action: str
    note: str = Field(description="why, in somebody's words")
    summary: str
    targets: list[str] = Field(description="what was touched: head, room/214, account/214")
    affected: int = Field(description="so many phones")
    undoes: int | None
    undone_by: int | None
    lasting: bool = Field(description="it is never taken back: new secrets")


class WholeChange(HistoryEntry):
    """A change with what it changed, as documents without their secrets."""

    before: dict[str, dict[str, Any] | None] = Field(description="by target; null: not there")
    after: dict[str, dict[str, Any] | None]


def changes(call: Call) -> Reply:
    """List the changes of a site, newest first."""
    asked: PagedByNumber = call.query
    found = call.installation.edits.history(call.site, asked.limit + 1, asked.after)
    return page(call, [(entry.id, _entry(entry)) for entry in found])


def _entry(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "lasting": entry.is_lasting}


def _the_change(call: Call) -> tuple[Entry, Kept]:
    number = call.path["number"]
    try:
        entry, kept = call.installation.edits.change(number)
    except UnknownThingError:
        entry, kept = None, None
    if entry is None or kept is None or entry.site != call.site:
        raise not_found(f"site {call.site} has no change {number}; the last 500 are kept")
    return entry, kept


def change(call: Call) -> Reply:
    """Show a change: what was there before, and after."""
    entry, kept = _the_change(call)
    before, after = kept.shown()
    return Reply({**_entry(entry), "before": before, "after": after})


def undo(call: Call) -> Reply:
    """Take a change back, if nothing of it was changed since."""
    entry, _ = _the_change(call)
    if HEAD in entry.targets and not call.who.is_at_least(Role.ADMIN):
        raise ProblemError("role", "a change of the site itself is undone by an administrator")
    try:
        done = call.installation.edits.undo(entry.id, who=call.who.signature)
    except EditError as problem:
        raise refused(problem, (), "conflict") from problem
    value = written(done.plan, done.affected, done.warnings, change=done.change, stored=True)
    return Reply(value)


_READ: dict[str, Any] = {"tag": TAG, "method": "GET", "scope": Scope.READ}
OPERATIONS = (
    Operation(
        id="list_changes", path="/sites/{site}/changes", handler=changes, query=PagedByNumber,
        summary="What was changed, newest first", answers={200: Page[HistoryEntry]}, **_READ,
    ),
    Operation(
        id="get_change", path="/sites/{site}/changes/{number}", handler=change,
        summary="A change: what was there before, and after", answers={200: WholeChange}, **_READ,
    ),
    Operation(
        id="undo_change", method="POST", path="/sites/{site}/changes/{number}/undo", tag=TAG,
        scope=Scope.CHANGE, role=Role.INSTALLER, summary="Take a change back", handler=undo,
        answers={200: Written}, refusals=(409,),
        note="Refused when something that it touched was changed since.",
    ),
)  # fmt: skip
