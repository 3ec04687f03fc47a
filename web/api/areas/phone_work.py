"""What is done with one phone: arm it, and what it is told: settings, keys, files, fetches."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select

from provisioner.explain import explain_keys, explain_settings
from provisioner.inventory.audit import note
from provisioner.inventory.fetches import fetches_of
from provisioner.inventory.phones import arm as arm_phone
from provisioner.inventory.phones import phone_row
from provisioner.inventory.tables import RenderedRow
from provisioner.kit import PhoneKit
from provisioner.render import render
from web.accounts.people import Role, Scope
from web.api.areas.reading import phone_place
from web.api.operation import Call, Operation, Reply
from web.api.paging import Asked, Flag, Whole, Words
from web.api.problems import ProblemError, not_found
from web.api.shapes.values import Answer, MacText, Sent, UtcTime

TAG = "phones"
Json = dict[str, Any]
HOURS_MAX = 168


class Arming(Sent):
    """For how long."""

    hours: Annotated[int, Field(ge=1, le=HOURS_MAX)] | None = Field(
        default=None, description="default: as the server is set"
    )


class Armed(Answer):
    """Until when a phone may make first contact."""

    mac: MacText
    armed_until: UtcTime


class Setting(Answer):
    """A setting as the phone is told it."""

    setting: str
    value: Any = Field(description="secrets are masked")
    origin: str = Field(description="the layer that says so")


class KeyLine(Answer):
    """A key of the phone and what it does."""

    slot: str
    key: str


class Explained(Answer):
    """All that a phone is told, and why."""

    settings: list[Setting]
    keys: list[KeyLine]
    warnings: list[str]


class ExplainAsked(Asked):
    """Which settings are wanted."""

    setting: Words | None = Field(default=None, description="one, or a section; default: all")


class FileEntry(Answer):
    """A file as the phone asks for it."""

    name: str
    role: str
    aliases: list[str] = Field(description="other names it has")
    media_type: str
    version: int
    digest: str


class Files(Answer):
    """The files of a phone."""

    files: list[FileEntry]
    rendered: bool = Field(description="they are up to date")
    problem: str = Field(description="why they could not be made, or empty")


class FileText(Answer):
    """A file with its content."""

    name: str
    media_type: str
    revealed: bool = Field(description="secrets are in the clear; else they are masked")
    text: str


class FileAsked(Asked):
    """Which file is wanted, and how."""

    name: Words = Field(description="as the phone asks for it")
    reveal: Flag = Field(default=False, description="secrets in the clear; needs scope secrets")


class Link(Answer):
    """The phone's provisioning URL: it holds its token."""

    mac: MacText
    url: str


class Fetch(Answer):
    """A request of the phone."""

    at: UtcTime
    protocol: str
    path: str
    address: str
    agent: str
    firmware: str
    outcome: str
    reason: str
    size_bytes: int
    duration_us: int


class Fetches(Answer):
    """The last requests, newest first."""

    fetches: list[Fetch]


class FetchesAsked(Asked):
    """How many are wanted."""

    limit: Whole = Field(default=50, ge=1, le=500)


def arm(call: Call) -> Reply:
    """Let a phone make first contact again."""
    phone_place(call)
    here, mac = call.installation, call.path["mac"]
    hours = call.body.hours or here.settings.access.armed_hours
    until = arm_phone(here.database, mac, hours, call.who.signature)
    return Reply({"mac": mac, "armed_until": until})


def explain(call: Call) -> Reply:
    """Say what a phone is told, and which layer said so."""
    kit = _kit(call)
    return Reply(
        {
            "settings": explain_settings(kit, call.query.setting),
            "keys": explain_keys(kit) if call.query.setting is None else [],
            "warnings": list(kit.warnings),
        }
    )


def _kit(call: Call) -> PhoneKit:
    phone_place(call)
    with call.installation.database.read() as session:
        return call.installation.press.kit(session, call.path["mac"])


def files(call: Call) -> Reply:
    """List the files of a phone."""
    phone_place(call)
    here, mac = call.installation, str(call.path["mac"])
    here.press.render_phone(call.path["mac"])
    columns = (
        RenderedRow.name, RenderedRow.role, RenderedRow.aliases, RenderedRow.media_type,
        RenderedRow.version, RenderedRow.digest,
    )  # fmt: skip
    with here.database.read() as session:
        query = select(*columns).where(RenderedRow.mac == mac).order_by(RenderedRow.name)
        rows = [dict(row) for row in session.execute(query).mappings()]
        phone = phone_row(session, call.path["mac"])
    return Reply({"files": rows, "rendered": not phone.dirty, "problem": phone.problem})


def file(call: Call) -> Reply:
    """Show a file of a phone; with its secrets only where that is asked for, and audited."""
    kit, name = _kit(call), call.query.name
    here, mac, reveal = call.installation, call.path["mac"], call.query.reveal
    if reveal:
        _check_reveal(call)
    with here.database.read() as session:
        versions = here.press.versions(session, mac)
    made = render(
        here.catalogue.folder, kit, version_for=lambda n, _d: versions.get(n, 1), masked=not reveal
    )
    for each in made:
        if name in {each.name, *each.aliases}:
            if reveal:
                _note(call, "file-reveal", each.name)
            text = each.body.decode("utf-8", "replace")
            return Reply(
                {"name": each.name, "media_type": each.media_type, "revealed": reveal, "text": text}
            )
    raise not_found(f"phone {mac.colons} has no file {name!r}")


def _check_reveal(call: Call) -> None:
    if not call.who.is_at_least(Role.ADMIN):
        raise ProblemError("role", "reveal needs a user with the role admin, as on the pages")
    if not call.who.may(Scope.SECRETS):
        raise ProblemError("scope", "reveal needs a token with the scope secrets")


def _note(call: Call, action: str, detail: str = "") -> None:
    with call.installation.database.write() as session:
        about = call.path["mac"].colons
        note(session, call.now, call.who.signature, action, about, detail)


def url(call: Call) -> Reply:
    """Tell the provisioning URL of a phone; the audit log notes it."""
    address = _kit(call).urls.directory.text
    _note(call, "url-reveal")
    return Reply({"mac": call.path["mac"], "url": address})


def fetches(call: Call) -> Reply:
    """List the last requests of a phone, newest first."""
    phone_place(call)
    found = fetches_of(call.installation.events, str(call.path["mac"]), call.query.limit)
    names = Fetch.model_fields
    return Reply({"fetches": [{n: getattr(e, n) for n in names} for e in found]})


_READ: Json = {"tag": TAG, "method": "GET", "scope": Scope.READ}
_ONE = "/sites/{site}/phones/{mac}"
OPERATIONS = (
    Operation(
        id="arm_phone", method="POST", path=f"{_ONE}/arm", handler=arm, tag=TAG,
        scope=Scope.CHANGE, role=Role.INSTALLER, summary="Let it make first contact again",
        body=Arming, body_needed=False, answers={200: Armed},
    ),
    Operation(
        id="explain_phone", path=f"{_ONE}/settings", handler=explain, query=ExplainAsked,
        summary="What it is told, and which layer says so", answers={200: Explained}, **_READ,
    ),
    Operation(
        id="list_phone_files", path=f"{_ONE}/files", handler=files, answers={200: Files},
        summary="Its files", **_READ,
    ),
    Operation(
        id="get_phone_file", path=f"{_ONE}/file", handler=file, query=FileAsked,
        summary="A file of it, secrets masked", answers={200: FileText},
        note="The audit log notes what is revealed.", **_READ,
    ),
    Operation(
        id="get_phone_url", method="GET", path=f"{_ONE}/url", handler=url, tag=TAG,
        scope=Scope.SECRETS, role=Role.ADMIN, summary="Its provisioning URL, with its token",
        answers={200: Link}, note="The audit log notes it.",
    ),
    Operation(
        id="list_phone_fetches", path=f"{_ONE}/fetches", handler=fetches, query=FetchesAsked,
        summary="Its last requests", answers={200: Fetches}, **_READ,
    ),
)  # fmt: skip
