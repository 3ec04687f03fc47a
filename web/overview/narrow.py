"""Some phones of a site with what is known of them: a page never reads all of a hotel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitors.store.statuses import statuses_of
from provisioner.catalogue.presets import RoomTemplate
from provisioner.inventory.fetches import last_fetches
from provisioner.inventory.monitoring import monitoring_of
from provisioner.inventory.phones import require_site
from provisioner.inventory.tables import PhoneRow, RoomRow
from web.installation import Installation
from web.overview.reading import Ground, StoredSite, ground_of, windows_with
from web.overview.wording import Voice, voice

OTHER = "other_room"
"""The fact of a diagnosis that names another room."""
MANY = 900
"""More phones than this are found by their site, not by their names."""


def read_some(
    installation: Installation,
    site: str,
    macs: Iterable[str],
    language: str,
    now: datetime,
    *,
    states: bool = True,
    also_rooms: Iterable[str] = (),
) -> StoredSite:
    """Return a site with its maintenance and only some of its phones; without incidents.

    The number of queries is fixed; MACs that are not of the site are left out. Rooms are those of
    the phones, and those that their diagnoses name.

    Args:
        installation: the opened data folder.
        site: its id.
        macs: of the phones.
        language: of the words.
        now: naive UTC.
        states: with the phones' statuses and last fetches.
        also_rooms: further rooms whose names are needed.

    Raises:
        UnknownThingError: there is no such site.
    """
    wanted = set(macs)
    kept = statuses_of(installation.monitoring, wanted) if states else {}
    others = {*also_rooms, *(k.facts[OTHER] for k in kept.values() if k.facts.get(OTHER))}
    with installation.database.read() as session:
        row = require_site(session, site)
        own = {name: RoomTemplate.model_validate({**kept, "settings": {}})
               for name, kept in row.room_templates.items()}  # fmt: skip
        speaking = voice(language, ZoneInfo(row.timezone), now)
        templates = {**installation.catalogue.rooms, **own}
        ground = _ground(session, site, wanted, others, templates, speaking)
        name, switches = row.name, tuple(s["name"] or s["host"] for s in row.switches)
        planned = monitoring_of(row.monitoring, installation.box).maintenance
    there = list(ground.phones) if states else []
    return StoredSite(
        id=site,
        name=name,
        voice=speaking,
        phones=ground.phones,
        rooms=ground.rooms,
        statuses={mac: kept[mac] for mac in there if mac in kept},
        fetched=last_fetches(installation.events, there) if there else {},
        windows=windows_with(installation, site, planned, speaking.zone, now),
        switches=switches,
    )


def _ground(
    session: Session,
    site: str,
    wanted: set[str],
    others: set[str],
    templates: Mapping[str, RoomTemplate],
    speaking: Voice,
) -> Ground:
    phone, room = PhoneRow, RoomRow
    query = select(
        phone.site_id, phone.mac, phone.room_id, phone.position, phone.model,
        phone.armed_until, phone.token_seen_at, phone.problem,
    ).where(phone.site_id == site).order_by(phone.room_id, phone.position)  # fmt: skip
    if len(wanted) <= MANY:
        query = query.where(phone.mac.in_(wanted))
    rows = [row for row in session.execute(query) if row.mac in wanted] if wanted else []
    names = {row.room_id for row in rows}
    of_rooms = select(room.id, room.name, room.template).where(room.site_id == site)
    of_crowd = select(phone.room_id, func.count()).where(phone.site_id == site)
    if len(names) <= MANY:
        of_rooms = of_rooms.where(room.id.in_(names | others))
        of_crowd = of_crowd.where(phone.room_id.in_(names))
    rooms = {row.id: (row.name, row.template) for row in session.execute(of_rooms)}
    crowd = {row[0]: row[1] for row in session.execute(of_crowd.group_by(phone.room_id))}
    return ground_of(rows, rooms, templates, speaking, crowd)
