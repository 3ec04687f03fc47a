"""A draft against the inventory: what it would do, in sheets and warnings, or what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from provisioner.edits.documents import room_document
from provisioner.edits.edit import Edit, EditError, Preview, StaleError
from provisioner.inventory.records import Room
from provisioner.inventory.store import room_of
from provisioner.inventory.tables import PhoneRow, RoomRow
from provisioner.mac import MacAddress
from web.installation import Installation
from web.pages.install.acts import setting_up
from web.pages.install.draft import Considered, Draft, consider, macs_of
from web.pages.install.room import RoomView
from web.pages.install.sheets import SheetView, sheets_of, shows_rooms

Document = dict[str, Any]
FIELD_OF = {"extension": "extension", "name": "name", "floor": "floor", "template": "template"}


@dataclass(slots=True)
class Outcome:
    """What a draft comes to.

    Attributes:
        edit: what would be done; None: something is wrong.
        sheets: keys of the phones that were chosen.
        warnings: what is to be known, beside what the sheets say.
        refusals: what the inventory refuses, in its own words, by position or field.
        is_stale: somebody else has changed the room since the form was made.
    """

    considered: Considered
    edit: Edit | None = None
    sheets: tuple[SheetView, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: dict[str, list[str]] = field(default_factory=dict)
    is_stale: bool = False

    @property
    def is_good(self) -> bool:
        """Whether it can be stored."""
        return self.edit is not None and self.considered.is_good and not self.refusals


def look_at(installation: Installation, view: RoomView, draft: Draft, etag: str = "") -> Outcome:
    """Return what a draft comes to; nothing is stored.

    Args:
        installation: the opened data folder.
        view: the room.
        draft: as sent.
        etag: what the form was based on; empty: what is stored now.
    """
    site = view.ground.site.id
    macs = set(macs_of(draft, view).values())
    considered = consider(draft, view, where_they_stand(installation, macs))
    outcome = Outcome(considered)
    if not considered.is_good:
        return outcome
    others = _rooms_left(installation, site, view, considered)
    edit = setting_up(view, draft, considered, others, etag)
    try:
        preview = installation.edits.preview(edit)
    except StaleError:
        outcome.is_stale = True
        return outcome
    except EditError as problem:
        outcome.refusals = refusals_of(problem)
        return outcome
    outcome.edit = edit
    return _with_sheets(installation, view, preview, outcome)


def where_they_stand(
    installation: Installation, macs: Iterable[MacAddress]
) -> dict[MacAddress, tuple[str, str, str]]:
    """Return site, room and position of those phones that are in the inventory."""
    wanted = [str(mac) for mac in macs]
    if not wanted:
        return {}
    query = select(PhoneRow.mac, PhoneRow.site_id, PhoneRow.room_id, PhoneRow.position)
    with installation.database.read() as session:
        rows = session.execute(query.where(PhoneRow.mac.in_(wanted)))
        return {MacAddress(r.mac): (r.site_id, r.room_id, r.position) for r in rows}


def _rooms_left(
    installation: Installation, site: str, view: RoomView, considered: Considered
) -> Mapping[str, Document]:
    names = {c.origin[0] for c in considered.choices.values() if c.origin is not None}
    with installation.database.read() as session:
        return {
            name: room_document(session, installation.box, site, name, view.ground.catalogue)
            for name in sorted(names - {view.id})
        }


def refusals_of(problem: EditError) -> dict[str, list[str]]:
    """Return the sentences of an edit that is refused, by position or field; else under ``""``."""
    found: dict[str, list[str]] = {}
    for each in problem.problems:
        parts = [str(part) for part in each.path]
        key = ""
        if parts[:1] == ["rooms"] and len(parts) > 2:  # noqa: PLR2004 - rooms, number, what
            is_phone = parts[2] == "phones" and len(parts) > 3  # noqa: PLR2004
            key = parts[3] if is_phone else FIELD_OF.get(parts[2], "")
        found.setdefault(key, []).append(each.sentence)
    return found


def _with_sheets(
    installation: Installation, view: RoomView, preview: Preview, outcome: Outcome
) -> Outcome:
    after, catalogue = preview.plan.after, view.ground.catalogue
    all_rooms: tuple[Room, ...] = ()
    if shows_rooms(catalogue, after, view.id):
        all_rooms = _all_rooms(installation, view, after.rooms)
    sheets = sheets_of(catalogue, after, view.id, all_rooms)
    chosen = outcome.considered.choices
    outcome.sheets = tuple(sheet for sheet in sheets if sheet.position in chosen)
    told = {warning for sheet in sheets for warning in sheet.warnings}
    outcome.warnings = tuple(warning for warning in preview.warnings if warning not in told)
    return outcome


def _all_rooms(
    installation: Installation, view: RoomView, changed: Iterable[Room]
) -> tuple[Room, ...]:
    with installation.database.read() as session:
        rows = session.scalars(select(RoomRow).where(RoomRow.site_id == view.ground.site.id))
        stored = {row.id: room_of(row, installation.box) for row in rows}
    return tuple((stored | {room.id: room for room in changed}).values())
