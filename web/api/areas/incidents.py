"""Incidents: what is wrong, what was, and who sees to it; and maintenance."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import select

from monitors.incident_steps import Incident
from monitors.policy import Window
from monitors.store.incident_pages import incident_of, page_of_incidents
from monitors.store.incidents import acknowledge as acknowledge_stored
from monitors.store.maintenance import end_maintenance, set_maintenance
from provisioner.inventory.audit import note
from provisioner.inventory.tables import RoomRow, SiteRow
from web.accounts.people import Role, Scope
from web.api.areas.health import InLanguage, Language
from web.api.operation import Call, Operation, Reply
from web.api.paging import Page, PagedByNumber, Words, page
from web.api.problems import ProblemError, invalid, not_found
from web.api.shapes.health import IncidentEntry, WindowEntry
from web.api.shapes.values import Answer, Line, Moment, Sent
from web.overview.incidents import incident_view
from web.overview.json_form import incident_json, window_json
from web.overview.narrow import read_some
from web.overview.reading import StoredSite

TAG = "incidents"
Json = dict[str, Any]
YEAR_MINUTES = 366 * 24 * 60


class IncidentsAsked(PagedByNumber):
    """Which incidents are wanted."""

    site: Words | None = Field(default=None, description="only of this site")
    state: Literal["open", "closed", "all"] = "open"
    language: Language = Field(default="en", description="of the sentences")


class Acknowledgement(Sent):
    """Somebody sees to it."""

    note: Annotated[Line, Field(description="what is done about it")] = ""


class NewWindow(Sent):
    """Maintenance from now on; without rooms and switches of the whole site."""

    minutes: Annotated[int, Field(ge=1, le=YEAR_MINUTES)] | None = Field(
        default=None, description="how long; or say until when"
    )
    until: Moment | None = Field(default=None, description="until when; or say minutes")
    rooms: Annotated[tuple[Line, ...], Field(max_length=1000)] = ()
    switches: Annotated[tuple[Line, ...], Field(max_length=1000)] = ()
    reason: Line = ""


class Windows(Answer):
    """Maintenance of a site that goes on or is to come."""

    maintenance: list[WindowEntry]


def incidents(call: Call) -> Reply:
    """List incidents of the sites that the user of the token sees, newest first."""
    asked: IncidentsAsked = call.query
    if asked.site is not None and not call.who.sees(asked.site):
        raise invalid("#site", f"there is no site {asked.site!r}")
    sites = None if call.who.sees_all else call.who.sites
    found = page_of_incidents(
        call.installation.monitoring,
        asked.limit + 1,
        sites=[asked.site] if asked.site is not None else sites,
        is_open=None if asked.state == "all" else asked.state == "open",
        before=asked.after,
    )
    stored = _sites(call, found)
    return page(call, [(i.id, _shown(i, stored)) for i in found if i.site in stored])


def _sites(call: Call, found: Iterable[Incident]) -> dict[str, StoredSite]:
    """The sites of some incidents, each with the phones that are in them."""
    macs: dict[str, set[str]] = {}
    for each in found:
        macs.setdefault(each.site, set()).update(each.macs)
    known = _known(call, macs)
    here, language = call.installation, call.query.language
    return {s: read_some(here, s, macs[s], language, call.now, states=False) for s in known}


def _known(call: Call, sites: Iterable[str]) -> list[str]:
    """Of these sites those that are still there."""
    with call.installation.database.read() as session:
        return list(session.scalars(select(SiteRow.id).where(SiteRow.id.in_(sorted(sites)))))


def _shown(incident: Incident, stored: dict[str, StoredSite]) -> Json:
    return incident_json(incident_view(incident, stored[incident.site]))


def _the_incident(call: Call) -> Incident:
    found = incident_of(call.installation.monitoring, call.path["number"])
    if found is None or not call.who.sees(found.site):
        raise not_found(f"there is no incident {call.path['number']}")
    return found


def get(call: Call) -> Reply:
    """Answer with an incident and its timeline."""
    found = _the_incident(call)
    stored = _sites(call, [found])
    if not stored:
        raise not_found(f"there is no incident {found.id}")
    return Reply(_shown(found, stored))


def acknowledge(call: Call) -> Reply:
    """Note that somebody sees to it: it is not told of again while it goes on."""
    found, here, who = _the_incident(call), call.installation, call.who.signature
    if not acknowledge_stored(here.monitoring, found.id, who, call.now, call.body.note):
        told = f"{found.acknowledged_by} sees to it already"
        if found.closed_at is not None:
            told = f"incident {found.id} is over"
        raise ProblemError("conflict", told)
    with here.database.write() as session:
        note(session, call.now, who, "acknowledge", f"incident {found.id}", call.body.note)
    return get(call)


def windows(call: Call) -> Reply:
    """List the maintenance of a site that goes on or is to come."""
    stored = _site(call)
    return Reply({"maintenance": [window_json(w, stored.id) for w in stored.windows]})


def _site(call: Call) -> StoredSite:
    return read_some(call.installation, call.site, (), "en", call.now, states=False)


def begin(call: Call) -> Reply:
    """Begin maintenance: nobody is told of troubles meanwhile, and nothing is mended."""
    wish: NewWindow = call.body
    stored = _site(call)
    ends = _end(wish, call.now)
    for field, given, there in (
        ("rooms", wish.rooms, _rooms(call, wish.rooms)),
        ("switches", wish.switches, set(stored.switches)),
    ):
        for number, name in enumerate(given):
            if name not in there:
                raise invalid(f"/{field}/{number}", f"site {stored.id} has none called {name!r}")
    window = Window(call.now, ends, frozenset(wish.rooms), frozenset(wish.switches))
    here, who = call.installation, call.who.signature
    number = set_maintenance(here.monitoring, stored.id, window, wish.reason, who)
    what = ", ".join([*wish.rooms, *wish.switches]) or "everything"
    told = f"{what} until {ends:%Y-%m-%d %H:%M} UTC; {wish.reason}"
    with here.database.write() as session:
        note(session, call.now, who, "maintenance-start", stored.id, told)
    made = {
        "id": number, "site": stored.id, "start": call.now, "end": ends, "reason": wish.reason,
        "rooms": sorted(window.rooms), "switches": sorted(window.switches), "who": who,
    }  # fmt: skip
    return Reply(made, 201, location=f"/sites/{stored.id}/maintenance")


def _rooms(call: Call, names: Iterable[str]) -> set[str]:
    """Of these rooms those that the site has."""
    query = select(RoomRow.id).where(RoomRow.site_id == call.site, RoomRow.id.in_(list(names)))
    with call.installation.database.read() as session:
        return set(session.scalars(query))


def _end(wish: NewWindow, now: datetime) -> datetime:
    if (wish.minutes is None) == (wish.until is None):
        raise invalid("/minutes", "say either minutes or until")
    if wish.until is None:
        return now + timedelta(minutes=wish.minutes or 0)
    try:
        ends = wish.until.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        ends = now  # nobody means the year 9999
    if not now < ends <= now + timedelta(minutes=YEAR_MINUTES):
        raise invalid("/until", "must be in the future, and within a year")
    return ends


def end(call: Call) -> Reply:
    """End maintenance that was begun by a person."""
    number, here = call.path["number"], call.installation
    if number not in {window.id for window in _site(call).windows}:
        raise not_found(f"site {call.site} has no maintenance {number} that a person has begun")
    if end_maintenance(here.monitoring, number, call.now):
        with here.database.write() as session:
            about = f"number {number}"
            note(session, call.now, call.who.signature, "maintenance-end", call.site, about)
    return Reply(status=204)


_CHANGE: Json = {"tag": TAG, "scope": Scope.CHANGE, "role": Role.INSTALLER}
_READ: Json = {"tag": TAG, "method": "GET", "scope": Scope.READ}
OPERATIONS = (
    Operation(
        id="list_incidents", path="/incidents", summary="Incidents, newest first",
        handler=incidents, query=IncidentsAsked, answers={200: Page[IncidentEntry]}, **_READ,
    ),
    Operation(
        id="get_incident", path="/incidents/{number}", summary="An incident with its timeline",
        handler=get, query=InLanguage, answers={200: IncidentEntry}, **_READ,
    ),
    Operation(
        id="acknowledge_incident", method="POST", path="/incidents/{number}/acknowledge",
        summary="Say that somebody sees to it", handler=acknowledge, query=InLanguage,
        body=Acknowledgement, body_needed=False, answers={200: IncidentEntry}, refusals=(409,),
        note="It is not told of again while it goes on.", **_CHANGE,
    ),
    Operation(
        id="list_maintenance", path="/sites/{site}/maintenance", answers={200: Windows},
        summary="Maintenance that goes on or is to come", handler=windows, **_READ,
    ),
    Operation(
        id="begin_maintenance", method="POST", path="/sites/{site}/maintenance", body=NewWindow,
        summary="Begin maintenance: nobody is told of troubles, nothing is mended",
        handler=begin, answers={201: WindowEntry}, **_CHANGE,
    ),
    Operation(
        id="end_maintenance", method="DELETE", path="/sites/{site}/maintenance/{number}",
        summary="End maintenance that a person has begun", handler=end, answers={204: None},
        **_CHANGE,
    ),
)  # fmt: skip
