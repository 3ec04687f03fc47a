"""What is stored of sites and their phones' health, read in a fixed number of queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from monitors.incident_steps import Incident
from monitors.store.incident_pages import all_open, recent_incidents
from monitors.store.maintenance import windows_of
from monitors.store.statuses import KeptStatus, statuses
from provisioner.catalogue.presets import RoomTemplate
from provisioner.inventory.fetches import FetchEvent, last_fetches
from provisioner.inventory.monitoring import Maintenance
from provisioner.inventory.phones import require_site
from provisioner.inventory.records import Site
from provisioner.inventory.store import site_of
from provisioner.inventory.tables import PhoneRow, RoomRow, SiteRow
from web.installation import Installation
from web.overview.values import WindowView
from web.overview.wording import Voice, place_name, room_name, voice


@dataclass(frozen=True, slots=True)
class StoredPhone:
    """A phone of the inventory; ``place`` and ``room_inside`` say in words where it stands."""

    mac: str
    site: str
    room: str
    position: str
    model: str
    armed_until: datetime | None
    token_seen_at: datetime | None
    problem: str
    place: str
    room_inside: str


@dataclass(frozen=True, slots=True)
class StoredSite:
    """A site as it is stored at one moment.

    Attributes:
        phones: by MAC, in the order of rooms and positions.
        statuses, fetched: by MAC, as far as there are any.
        incidents: the open ones, and those that were asked for.
        switches: their names.
    """

    id: str
    name: str
    voice: Voice
    phones: Mapping[str, StoredPhone]
    rooms: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, KeptStatus] = field(default_factory=dict)
    fetched: Mapping[str, FetchEvent] = field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()
    windows: tuple[WindowView, ...] = ()
    switches: tuple[str, ...] = ()


def read_sites(
    installation: Installation,
    site: str | None,
    language: str,
    now: datetime,
    *,
    closed_since: datetime | None = None,
) -> tuple[StoredSite, ...]:
    """Return a site, or all of them, with what is known of their phones.

    Args:
        installation: the opened data folder.
        site: its id; None: all.
        language: of the words.
        now: naive UTC.
        closed_since: incidents that ended after this are read too; None: only open ones.

    Raises:
        UnknownThingError: there is no such site.
    """
    sites, grounds = _inventory(installation, site, language, now)
    kept = statuses(installation.monitoring, site)
    fetched = last_fetches(installation.events)
    going = _incidents(installation, [s.id for s in sites], closed_since)
    return tuple(
        StoredSite(
            id=found.id,
            name=found.name,
            voice=ground.voice,
            phones=ground.phones,
            rooms=ground.rooms,
            statuses={mac: kept[mac] for mac in ground.phones if mac in kept},
            fetched={mac: fetched[mac] for mac in ground.phones if mac in fetched},
            incidents=tuple(i for i in going if i.site == found.id),
            windows=windows(installation, found, now),
            switches=tuple(s.name or s.host for s in found.switches),
        )
        for found, ground in zip(sites, grounds, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """A site's phones and rooms, with the words for where they are."""

    voice: Voice
    phones: Mapping[str, StoredPhone]
    rooms: Mapping[str, str]


def _inventory(
    installation: Installation, site: str | None, language: str, now: datetime
) -> tuple[list[Site], list[Ground]]:
    with installation.database.read() as session:
        if site is not None:
            require_site(session, site)
        rows = session.scalars(_of(select(SiteRow), SiteRow.id, site).order_by(SiteRow.id))
        sites = [site_of(row, installation.box) for row in rows]
        of_rooms = select(RoomRow.site_id, RoomRow.id, RoomRow.name, RoomRow.template)
        rooms = _by_site(session.execute(_of(of_rooms, RoomRow.site_id, site)))
        phone = PhoneRow
        of_phones = select(
            phone.site_id, phone.mac, phone.room_id, phone.position, phone.model,
            phone.armed_until, phone.token_seen_at, phone.problem,
        ).order_by(phone.site_id, phone.room_id, phone.position)  # fmt: skip
        phones = _by_site(session.execute(_of(of_phones, phone.site_id, site)))
    grounds = []
    for found in sites:
        speaking = voice(language, ZoneInfo(found.timezone), now)
        templates = {**installation.catalogue.rooms, **found.room_templates}
        here = {row.id: (row.name, row.template) for row in rooms.get(found.id, ())}
        grounds.append(ground_of(phones.get(found.id, ()), here, templates, speaking))
    return sites, grounds


def _by_site(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.site_id, []).append(row)
    return found


def _of(query: Any, column: Any, site: str | None) -> Any:  # noqa: ANN401 - SQLAlchemy's own forms
    return query if site is None else query.where(column == site)


def ground_of(
    rows: Sequence[Any],
    rooms: Mapping[str, tuple[str, str]],
    templates: Mapping[str, RoomTemplate],
    speaking: Voice,
    crowd: Mapping[str, int] | None = None,
) -> Ground:
    """Return phones with the words for where they are.

    Args:
        rows: of phones, with the columns that ``StoredPhone`` is made of.
        rooms: name and template by id.
        templates: room templates by name.
        speaking: who is spoken to.
        crowd: how many phones each room has; None: those of ``rows``.
    """
    if crowd is None:
        crowd = Counter(row.room_id for row in rows)
    phones: dict[str, StoredPhone] = {}
    for row in rows:
        room = row.room_id
        name, template = rooms[room]
        said = ""
        if crowd.get(room, 0) > 1:
            said = position_name(templates.get(template), row.position, speaking.language)
        phones[row.mac] = StoredPhone(
            mac=row.mac,
            site=row.site_id,
            room=room,
            position=row.position,
            model=row.model,
            armed_until=row.armed_until,
            token_seen_at=row.token_seen_at,
            problem=row.problem,
            place=place_name(room_name(room, name, speaking), said, speaking),
            room_inside=room_name(room, name, speaking, inside=True),
        )
    names = {room: name for room, (name, _) in rooms.items()}
    return Ground(speaking, phones, names)


def position_name(template: RoomTemplate | None, position: str, language: str) -> str:
    """Return what a room template calls a position; without one its own name."""
    found = template.position(position) if template else None
    if found is None:
        return position
    return found.name.get(language) or found.name.get("en") or position


def _incidents(
    installation: Installation, sites: Iterable[str], closed_since: datetime | None
) -> tuple[Incident, ...]:
    if closed_since is None:
        return all_open(installation.monitoring)
    found = (recent_incidents(installation.monitoring, s, closed_since) for s in sites)
    return tuple(incident for some in found for incident in some)


def windows(installation: Installation, site: Site, now: datetime) -> tuple[WindowView, ...]:
    """Return a site's maintenance that has not ended, set by persons and planned, by its start."""
    zone = ZoneInfo(site.timezone)
    return windows_with(installation, site.id, site.monitoring.maintenance, zone, now)


def windows_with(
    installation: Installation,
    site: str,
    planned: Iterable[Maintenance],
    zone: ZoneInfo,
    now: datetime,
) -> tuple[WindowView, ...]:
    """Return what persons have set, and of what is planned that which has not ended."""
    set_now = (
        WindowView(
            kept.id, kept.window.start, kept.window.end, tuple(sorted(kept.window.rooms)),
            tuple(sorted(kept.window.switches)), kept.reason, kept.who,
        )
        for kept in windows_of(installation.monitoring, site, now)
    )  # fmt: skip
    to_come = (_planned(window, zone) for window in planned)
    found = [*set_now, *(window for window in to_come if window.end > now)]
    return tuple(sorted(found, key=lambda window: window.start))


def _planned(window: Maintenance, zone: ZoneInfo) -> WindowView:
    start, end = (utc_of(wall, zone) for wall in (window.start, window.end))
    return WindowView(None, start, end, window.rooms, window.switches, window.reason, "")


def utc_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return naive UTC of a site's wall time; of an hour that comes twice, the first."""
    return wall.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
