"""The audit log, and the library with its roll-outs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import or_, select

from provisioner.filestore.files import all_files
from provisioner.filestore.formats import FileKind
from provisioner.filestore.reports import file_report, rollout_report
from provisioner.filestore.rollouts import Assignment, assign, pause, resume, withdraw
from provisioner.filestore.stages import read_stages
from provisioner.inventory.tables import AuditRow
from web.accounts.people import Role, Scope
from web.api.operation import Call, Operation, Reply
from web.api.paging import Asked, Page, PagedByNumber, Words, page
from web.api.problems import invalid, not_found
from web.api.shapes.values import Answer, Line, MacText, Moment, Sent, UtcTime

Json = dict[str, Any]


class AuditEntry(Answer):
    """Who did what to what."""

    id: int
    at: UtcTime
    who: str
    action: str
    target: str
    detail: str


class AuditAsked(PagedByNumber):
    """Which entries are wanted."""

    who: Words | None = Field(default=None, description="only of this person or program")
    action: Words | None = Field(default=None, description="only this action")
    find: Words | None = Field(default=None, description="in target or detail")
    since: Moment | None = None
    until: Moment | None = None


class FileInfo(Answer):
    """A file of the library."""

    id: int
    name: str
    kind: FileKind
    site: str = Field(description="empty: for all")
    vendor: str
    models: list[str]
    handset: str
    version: str
    size_bytes: int
    sha256: str
    facts: str
    added_at: UtcTime
    added_by: str
    problem: str


class LibraryFiles(Answer):
    """Files of the library."""

    files: list[FileInfo]


class LibraryAsked(Asked):
    """Which files are wanted."""

    kind: FileKind | None = Field(default=None, description="only of this kind")


class RolloutPhone(Answer):
    """How far a phone is."""

    mac: MacText
    room: str
    position: str
    stage: int
    standing: str
    version: str
    fetches: int
    detail: str


class Rollout(Answer):
    """A firmware on its way to the phones of a site."""

    id: int
    site: str
    image: str
    version: str
    handset: str
    state: str
    stage: int
    stages: int
    stage_name: str
    since: UtcTime
    downgrade: bool
    counts: str
    reason: str = Field(description="why it stands still, or empty")
    made_at: UtcTime
    made_by: str
    phones: list[RolloutPhone]


class Rollouts(Answer):
    """Roll-outs of firmware, newest first."""

    rollouts: list[Rollout]


class RolloutWish(Sent):
    """Which firmware is given to whom."""

    image: Line = Field(description="its name or number in the library")
    site: Line
    stages: Line = Field(default="", description="such as: rooms=214,215 floor=2 all")
    downgrade: bool = Field(default=False, description="also to phones that run something newer")


class RolloutStep(Sent):
    """What is to become of a roll-out."""

    step: Literal["pause", "resume", "next", "withdraw"] = Field(
        description="next: open the next stage without waiting"
    )


def audit(call: Call) -> Reply:
    """List the audit log, newest first."""
    asked: AuditAsked = call.query
    query = select(AuditRow).order_by(AuditRow.id.desc())
    if asked.after is not None:
        query = query.where(AuditRow.id < asked.after)
    if asked.who is not None:
        query = query.where(AuditRow.who == asked.who)
    if asked.action is not None:
        query = query.where(AuditRow.action == asked.action)
    if asked.find:
        texts = (AuditRow.target, AuditRow.detail)
        query = query.where(or_(*(t.icontains(asked.find, autoescape=True) for t in texts)))
    if asked.since is not None:
        query = query.where(AuditRow.at >= _naive(asked.since, "since"))
    if asked.until is not None:
        query = query.where(AuditRow.at < _naive(asked.until, "until"))
    with call.installation.database.read() as session:
        rows = list(session.scalars(query.limit(asked.limit + 1)))
    return page(call, [(row.id, row) for row in rows])


def _naive(at: datetime, name: str) -> datetime:
    try:
        return at.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise invalid(f"#{name}", "no such time") from None


def files(call: Call) -> Reply:
    """List firmware, wallpapers, logos and ring tones."""
    here = call.installation
    kinds = tuple(FileKind) if call.query.kind is None else (call.query.kind,)
    with here.database.read() as session:
        rows = [file_report(row, here.vault) for row in all_files(session, kinds)]
    return Reply({"files": [r for r in rows if not r["site"] or call.who.sees(str(r["site"]))]})


def rollouts(call: Call) -> Reply:
    """List the roll-outs of firmware."""
    rows = rollout_report(call.installation.database)
    return Reply({"rollouts": [row for row in rows if call.who.sees(str(row["site"]))]})


def begin(call: Call) -> Reply:
    """Begin to give a firmware to the phones of a site, stage by stage."""
    wish: RolloutWish = call.body
    if not call.who.sees(wish.site):
        raise invalid("/site", f"there is no site {wish.site!r}")
    stages = read_stages(wish.stages) if wish.stages else ()
    wanted = Assignment(wish.image, wish.site, stages, downgrade=wish.downgrade)
    made, _ = assign(call.installation.database, wanted, call.who.signature)
    return Reply(_the_rollout(call, made.id), 201, location="/rollouts")


def _the_rollout(call: Call, number: int) -> Json:
    for row in rollout_report(call.installation.database):
        if row["id"] == number and call.who.sees(str(row["site"])):
            return row
    raise not_found(f"there is no roll-out {number}")


def move(call: Call) -> Reply:
    """Hold a roll-out, take it up again, or end it for good."""
    number, who = call.path["number"], call.who.signature
    before, database = _the_rollout(call, number), call.installation.database
    if call.body.step == "pause":
        pause(database, number, who)
    elif call.body.step == "withdraw":
        withdraw(database, number, who)
        return Reply({**before, "state": "withdrawn", "reason": ""})
    else:
        resume(database, number, who, skip=call.body.step == "next")
    return Reply(_the_rollout(call, number))


_CHANGE: Json = {
    "tag": "library", "method": "POST", "scope": Scope.CHANGE, "role": Role.ADMIN,
    "refusals": (409,),
}  # fmt: skip
OPERATIONS = (
    Operation(
        id="begin_rollout", path="/rollouts", summary="Give a firmware to the phones of a site",
        handler=begin, body=RolloutWish, answers={201: Rollout}, **_CHANGE,
    ),
    Operation(
        id="move_rollout", path="/rollouts/{number}", summary="Hold a roll-out, or let it go on",
        handler=move, body=RolloutStep, answers={200: Rollout}, **_CHANGE,
    ),
    Operation(
        id="list_audit", method="GET", path="/audit", tag="audit", scope=Scope.USERS,
        role=Role.ADMIN, summary="Who did what to what, newest first", handler=audit,
        query=AuditAsked, answers={200: Page[AuditEntry]},
    ),
    Operation(
        id="list_library", method="GET", path="/library", tag="library", scope=Scope.READ,
        summary="Firmware, wallpapers, logos and ring tones", handler=files, query=LibraryAsked,
        answers={200: LibraryFiles},
    ),
    Operation(
        id="list_rollouts", method="GET", path="/rollouts", tag="library", scope=Scope.READ,
        summary="Roll-outs of firmware", handler=rollouts, answers={200: Rollouts},
    ),
)  # fmt: skip
