"""Changes of a site that go to its phones in stages, and stop by themselves."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from provisioner.edits.documents import etag_of
from provisioner.edits.edit import Edit, EditError
from provisioner.edits.rollout import Member, Policy, Standing, State
from provisioner.edits.staging import Staged
from provisioner.errors import InventoryError
from web.accounts.people import Role, Scope
from web.api.areas.editing import merged, refused, removed
from web.api.areas.reading import head
from web.api.operation import Call, Operation, Reply
from web.api.problems import ProblemError, invalid, not_found
from web.api.shapes.values import Answer, Line, MacText, Sent, UtcTime
from web.staging import stage_desk

TAG = "changes"
Json = dict[str, Any]


class StagedWish(Sent):
    """A change of the site's head, first for one room, then its floor, then all."""

    patch: dict[str, Any] = Field(description="a merge patch of the site's head")
    note: Line = Field(default="", description="why, for the history")
    return_minutes: int = Field(
        default=Policy().return_minutes, ge=5, le=1440,
        description="phones that take longer to work again stop it",
    )  # fmt: skip
    take_back: bool = Field(default=False, description="give old files back when it stops")


class StagedStep(Sent):
    """What is to become of it."""

    step: Literal["pause", "resume", "next", "back"] = Field(
        description="next: go on without waiting; back: phones get their old files again"
    )


class StagedPhone(Answer):
    """A phone that it reaches."""

    mac: MacText
    stage: int
    standing: Standing


class StagedChange(Answer):
    """A change on its way to the phones."""

    number: int
    site: str
    state: State
    reason: str = Field(description="why it stands still, or empty")
    stages: list[str]
    stage: int = Field(description="which is open, counted from 0")
    since: UtcTime
    made_at: UtcTime
    made_by: str
    note: str
    summary: str
    change: int | None = Field(description="its number in the history, when it is through")
    phones: list[StagedPhone]


def latest(call: Call) -> Reply:
    """Show the last staged change of a site."""
    return Reply(_shown(call))


def _the_last(call: Call) -> tuple[Staged, list[Member]]:
    found = stage_desk(call.installation).shown(call.site)
    if found is None:
        raise not_found(f"site {call.site} never had a change in stages")
    return found


def _shown(call: Call) -> Json:
    staged, members = _the_last(call)
    names = (
        "site", "state", "reason", "stages", "stage", "since", "made_at", "made_by", "note",
        "summary", "change",
    )  # fmt: skip
    phones = [{"mac": m.mac, "stage": m.stage, "standing": m.how} for m in members]
    told = {name: getattr(staged, name) for name in names}
    return {**told, "stages": list(staged.stages), "number": staged.id, "phones": phones}


def begin(call: Call) -> Reply:
    """Begin a change in stages: its first stage is open at once."""
    wish: StagedWish = call.body
    before = head(call)
    if before is None:
        raise not_found(f"there is no site {call.site!r}")
    wanted = merged(before, wish.patch)
    if wanted.get("id") != call.site:
        raise invalid("/patch/id", "one site cannot become another")
    parts = {n: v for n, v in wanted.items() if n not in before or before[n] != v}
    parts |= dict.fromkeys(removed(before, wanted))
    edit = Edit(call.site, head=parts, if_match={"head": etag_of(before)})
    policy = Policy(return_minutes=wish.return_minutes, take_back=wish.take_back)
    try:
        stage_desk(call.installation).begin(
            edit, policy, call.who.signature, wish.note, call.now
        )  # fmt: skip
    except EditError as problem:
        raise refused(problem, ("head",)) from problem
    return Reply(_shown(call), 202, location=f"/sites/{call.site}/staged")


def move(call: Call) -> Reply:
    """Hold it, take it up again, hurry it, or take it back."""
    number, step, who = call.path["number"], call.body.step, call.who.signature
    if _the_last(call)[0].id != number:
        raise not_found(f"change {number} is not the last one of {call.site} in stages")
    desk = stage_desk(call.installation)
    try:
        if step == "pause":
            desk.pause(number, who, call.now)
        elif step == "back":
            desk.take_back(number, who, call.now)
        else:
            desk.resume(number, who, call.now, skip=step == "next")
    except InventoryError as problem:
        raise ProblemError("conflict", str(problem)) from problem
    return Reply(_shown(call))


_CHANGE: Json = {
    "tag": TAG, "method": "POST", "scope": Scope.CHANGE, "role": Role.ADMIN, "refusals": (409,)
}  # fmt: skip
OPERATIONS = (
    Operation(
        id="get_staged", method="GET", path="/sites/{site}/staged", tag=TAG, scope=Scope.READ,
        summary="The last change in stages, with its phones", handler=latest,
        answers={200: StagedChange},
    ),
    Operation(
        id="begin_staged", path="/sites/{site}/staged", handler=begin, body=StagedWish,
        summary="Change a site in stages: one room, its floor, then all",
        answers={202: StagedChange},
        note="It stops by itself when phones do not work again.", **_CHANGE,
    ),
    Operation(
        id="move_staged", path="/sites/{site}/staged/{number}", handler=move, body=StagedStep,
        summary="Hold it, take it up again, hurry it, or take it back",
        answers={200: StagedChange}, **_CHANGE,
    ),
)  # fmt: skip
