"""Parts of a site file as the API takes and answers them; made from the site file's own shape."""

from __future__ import annotations

from typing import Any

from pydantic import Field, RootModel, create_model

from provisioner.inventory.file_values import Part
from provisioner.inventory.site_shape import FilePhone, FileSite, RoomId, Slug
from web.api.paging import Asked, Flag, Whole, Words
from web.api.shapes.values import Answer, MacText

APART = frozenset({"rooms", "accounts"})
_HEAD: Any = {n: (f.annotation, f) for n, f in FileSite.model_fields.items() if n not in APART}

SiteHead: type[Part] = create_model(
    "SiteHead",
    __base__=Part,
    __doc__="A site without its rooms and accounts. Secrets are sent, and never answered.",
    **_HEAD,
)


class PhoneDocument(FilePhone):
    """A phone, and where it stands."""

    room: RoomId
    position: Slug


class MergePatch(RootModel[dict[str, Any]]):
    """Changes of a document (RFC 7396): what is null is removed, what is left out stays."""


class Write(Asked):
    """How a document is written."""

    dry_run: Flag = Field(default=False, description="only say what would change")
    diffs: Whole = Field(
        default=5, ge=0, le=50, description="with dry_run: of so many phones' files"
    )
    note: Words = Field(default="", description="why, for the history")


class ChangeEntry(Answer):
    """One thing that is added, changed or retired."""

    action: str = Field(description="add, change or retire")
    kind: str = Field(description="site, room, account or phone")
    site: str
    id: str = Field(description="of the site or room; the extension; the MAC")
    title: str = Field(description="in words")
    fields: list[str] = Field(description="what differs; values are not said")


class Doubt(Answer):
    """What phones will not do as asked."""

    sentence: str
    phones: int


class FileDiff(Answer):
    """What changes in the files of a phone, as a unified diff; secrets are masked."""

    mac: MacText
    diff: str


class Written(Answer):
    """What a write has changed, or would change; nothing at all when ``changes`` is empty."""

    dry_run: bool = Field(description="nothing was stored")
    change: int | None = Field(description="its number in the history, by which it is undone")
    summary: str
    changes: list[ChangeEntry]
    affected: int = Field(description="phones whose files may change")
    phones: list[MacText] = Field(description="the first 200 of them")
    warnings: list[Doubt]
    diffs: list[FileDiff] = Field(description="with dry_run only")
