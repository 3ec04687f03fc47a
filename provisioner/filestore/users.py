"""Who uses a file of the library: rollouts, and settings of any layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.filestore.formats import SETTINGS
from provisioner.filestore.tables import LibraryFileRow, RolloutRow
from provisioner.inventory.tables import PhoneRow, RoomRow, SiteRow
from provisioner.mac import MacAddress

SCHEME = "library:"


def names_in(layer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (setting, name) for each file of the library that a layer of settings names. Pure."""
    for setting in SETTINGS:
        section, key = setting.split(".")
        inside = layer.get(section)
        value = inside.get(key) if isinstance(inside, Mapping) else None
        if isinstance(value, str) and value.startswith(SCHEME):
            yield setting, value.removeprefix(SCHEME)


def users_of(session: Session, row: LibraryFileRow) -> list[str]:
    """Return who uses a file, in words; a setting counts for every file of the name it gives."""
    return [
        *(
            f"rollout {number} of {site}"
            for number, site in session.execute(
                select(RolloutRow.id, RolloutRow.site_id).where(RolloutRow.file_id == row.id)
            )
        ),
        *(
            where
            for where, site, layer in _layers(session)
            if row.site_id in {"", site}
            and row.name.lower() in {name.lower() for _, name in names_in(layer)}
        ),
    ]


def _layers(session: Session) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each stored layer: what it is called, its site, its settings."""
    columns = (SiteRow.id, SiteRow.settings, SiteRow.presets, SiteRow.room_templates)
    for site in session.execute(select(*columns)):
        yield f"site {site.id}", site.id, site.settings
        for what, things in (("preset", site.presets), ("room template", site.room_templates)):
            for name, thing in things.items():
                yield f"{what} {name} of {site.id}", site.id, thing.get("settings") or {}
    for room in session.execute(select(RoomRow.site_id, RoomRow.id, RoomRow.settings)):
        yield f"room {room.id} of {room.site_id}", room.site_id, room.settings
    for phone in session.execute(select(PhoneRow.site_id, PhoneRow.mac, PhoneRow.settings)):
        yield f"phone {MacAddress(phone.mac).colons}", phone.site_id, phone.settings
