"""The phones that are watched, as values, read from the inventory when it has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Kind, Model
from provisioner.catalogue.schema import Role
from provisioner.inventory.tables import PhoneRow, RenderedRow, RoomRow
from provisioner.mac import MacAddress

_OWN_ROLES = frozenset({Role.DEVICE, Role.BOOT})


@dataclass(frozen=True, slots=True)
class Subject:
    """A phone of the inventory with what judging it needs.

    Attributes:
        room_name: what people call the room.
        model: None: the catalogue does not know it any more.
        accounts: its extensions, in account order; of a DECT base those of its handsets.
        handsets: names of handsets by extension; empty for anything but a base.
        files: digest of each own file, by the lower-case names it is fetched under.
        device_files: names of those that hold its own settings.
        problem: why its files could not be made, or empty.
        token_seen_at: naive UTC, when it first fetched with its token.
        reports: it was told to report what happens to it.
        voice_vlan: the VLAN it was told to use; None: untagged, or not known.
        emergency: it has the emergency key it should have.
    """

    mac: MacAddress
    site: str
    room: str
    room_name: str
    position: str
    model_id: str
    model: Model | None
    firmware: str
    accounts: tuple[str, ...]
    handsets: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    device_files: frozenset[str] = frozenset()
    problem: str = ""
    token_seen_at: datetime | None = None
    transport: str = "udp"
    only_from_registrar: bool = True
    reports: bool = False
    voice_vlan: int | None = None
    emergency: bool = True

    @property
    def digest(self) -> str:
        """One digest of all its files: another one means another configuration."""
        made = hashlib.sha256("".join(sorted(set(self.files.values()))).encode())
        return made.hexdigest()[:16] if self.files else ""

    @property
    def is_base(self) -> bool:
        """Whether its accounts are those of DECT handsets."""
        return bool(self.handsets) or (self.model is not None and self.model.kind is Kind.DECT_BASE)


_COLUMNS = (
    PhoneRow.mac, PhoneRow.room_id, PhoneRow.position, PhoneRow.model, PhoneRow.firmware,
    PhoneRow.accounts, PhoneRow.handsets, PhoneRow.problem, PhoneRow.token_seen_at,
    PhoneRow.watched,
)  # fmt: skip


def read_subjects(session: Session, catalogue: Catalogue, site: str) -> tuple[Subject, ...]:
    """Return the phones of a site, in a constant number of queries."""
    rooms = {
        row.id: row.name or row.id
        for row in session.execute(select(RoomRow.id, RoomRow.name).where(RoomRow.site_id == site))
    }
    files = _files(session, site)
    rows = session.execute(select(*_COLUMNS).where(PhoneRow.site_id == site).order_by(PhoneRow.mac))
    return tuple(
        _subject(row, site, rooms.get(row.room_id, row.room_id), catalogue, files) for row in rows
    )


def _subject(
    row: Any,  # noqa: ANN401 - a row
    site: str,
    room_name: str,
    catalogue: Catalogue,
    files: Mapping[str, list[_File]],
) -> Subject:
    told = row.watched
    handsets = {str(h["extension"]): str(h["name"]) for h in row.handsets}
    own = files.get(row.mac, [])
    return Subject(
        mac=MacAddress(row.mac),
        site=site,
        room=row.room_id,
        room_name=room_name,
        position=row.position,
        model_id=row.model,
        model=catalogue.models.get(row.model),
        firmware=row.firmware,
        accounts=tuple(dict.fromkeys([*row.accounts, *handsets])),
        handsets=handsets,
        files={name: file.digest for file in own for name in file.names},
        device_files=frozenset(
            name for file in own if file.role is Role.DEVICE for name in file.names
        ),
        problem=row.problem,
        token_seen_at=row.token_seen_at,
        transport=told.get("transport", "udp"),
        only_from_registrar=told.get("only_from_registrar", True),
        reports=told.get("reports", False),
        voice_vlan=told.get("voice_vlan") or None,
        emergency=told.get("emergency", True),
    )


@dataclass(frozen=True, slots=True)
class _File:
    names: tuple[str, ...]
    role: Role
    digest: str


def _files(session: Session, site: str) -> dict[str, list[_File]]:
    """The finished own files of a site's phones, without their bodies."""
    columns = (
        RenderedRow.mac, RenderedRow.name, RenderedRow.aliases, RenderedRow.role,
        RenderedRow.digest,
    )  # fmt: skip
    query = select(*columns).join(PhoneRow, PhoneRow.mac == RenderedRow.mac)
    found: dict[str, list[_File]] = {}
    for row in session.execute(query.where(PhoneRow.site_id == site)):
        names = tuple(str(name).lower() for name in (row.name, *row.aliases))
        if Role(row.role) in _OWN_ROLES:
            found.setdefault(row.mac, []).append(_File(names, Role(row.role), row.digest))
    return found


def by_extension(subjects: Iterable[Subject]) -> dict[str, list[Subject]]:
    """Return who uses each extension."""
    users: dict[str, list[Subject]] = {}
    for subject in subjects:
        for extension in subject.accounts:
            users.setdefault(extension, []).append(subject)
    return users
